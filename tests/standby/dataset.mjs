// A database to be captured, written down as it is made, and what the official client finds.
import assert from 'node:assert/strict';
import {ORDERED, array, bits, integer, map, reference, sorted, text} from './matrix.mjs';
import {DATABASE, DOCUMENTS} from './stand_in.mjs';

// A stream of numbers below a limit that the seed decides.
export function chance(seed) {
  let state = BigInt(seed);
  return (limit) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & ((1n << 64n) - 1n);
    return Number((state >> 33n) % BigInt(limit));
  };
}

// Every kind of value in every place; odd names; missing parents; and many ordinary documents:
// path → fields.
export function generate(seed, ordinary = 8000) {
  const below = chance(seed);
  const documents = new Map();
  const values = ORDERED.flat();
  for (const [at, value] of values.entries()) {
    let deep = map({value, list: value.arrayValue ? array() : array(value)});
    for (let depth = 3; depth < 17; ++depth) deep = map({deep});
    const inArrays = value.arrayValue ? array(map({value})) : array(value, map({value}));
    documents.set(`values/v${at}`, {value, within: map({value}), inArrays, deep});
  }
  const ids = ['a', 'a b', 'ä', 'a\u0308', '.a', '..a', 'A', '%2F', '\u{1f600}', '\ufffd', '\u0001',
               '__a', 'a__', '-', '*', '?#[]', '\'"\\`', 'x'.repeat(1500), 'é'.repeat(750)];
  for (const id of ids) {
    documents.set(`names/${id}`, {id: text(id), [id.slice(0, 700)]: integer(1)});
    documents.set(`${id}/names`, {id: text(id)});
    documents.set(`names/${id}/below/${id}`, {self: reference(`names/${id}`)});
  }
  documents.set('missing/parent/of/document/and/another', {});
  documents.set('limits/big', {blob: {bytesValue: Buffer.alloc(1_000_000, 7)}});
  for (let count = 0; count < ordinary; ++count) {
    const user = `users/u${below(1 << 30)}`;
    documents.set(user, {name: text(`user ${count}`), bio: text('x'.repeat(below(800)))});
    if (below(3) === 0) documents.set(`${user}/dreams/d${count}`, {of: reference(user)});
    if (below(50) === 0) documents.set(`group${below(40)}/g${count}`, {count: integer(count)});
  }
  return documents;
}

export async function writeAll(standIn, documents) {
  const writes = [...documents].map(
      ([path, fields]) => ({update: {name: `${DOCUMENTS}/${path}`, fields}}));
  for (let at = 0; at < writes.length; at += 400) {
    await standIn.raw('commit', {database: DATABASE, writes: writes.slice(at, at + 400)});
  }
}

// All documents of any collection: path → document.
export async function everything(standIn, parent = DOCUMENTS) {
  const parts = await standIn.rawStream('runQuery', {
    parent, structuredQuery: {from: [{allDescendants: true}]},
  });
  return new Map(parts.filter((part) => part.document).map(
      ({document}) => [document.name.slice(parent.length + 1), document]));
}

export function expectLedger(found, wanted) {
  assert.deepEqual([...found.keys()].sort(), [...wanted.keys()].sort());
  for (const [path, fields] of wanted) {
    assert.equal(bits(sorted(found.get(path).fields)), bits(sorted(fields)), path);
  }
}
