// Every kind of value survives bit by bit, and all of them are ordered as Firestore orders them.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {array, bits, bytes, integer, map, ORDERED, place, sorted, text, time} from './matrix.mjs';
import {DATABASE, DOCUMENTS, INVALID_ARGUMENT, StandIn, refusal, setRaw} from './stand_in.mjs';

let standIn;
before(async () => {
  standIn = await StandIn.start();
  const writes = ORDERED.flatMap((group, at) => group.map((value, which) => ({
    update: {name: `${DOCUMENTS}/ordered/${at}-${which}`, fields: {value}},
  })));
  await standIn.raw('commit', {database: DATABASE, writes});
});
after(() => standIn.stop());

async function stored(path) {
  const [{found}] = await standIn.rawStream(
      'batchGetDocuments', {database: DATABASE, documents: [`${DOCUMENTS}/${path}`]});
  return found.fields;
}

test('every value comes back bit by bit, alone, in a map, in an array and deep down', async () => {
  for (const [at, group] of ORDERED.entries()) {
    for (const [which, value] of group.entries()) {
      assert.equal(bits(sorted((await stored(`ordered/${at}-${which}`)).value)), bits(sorted(value)));
      if (value.arrayValue) continue;  // not directly in an array
      let deep = map({value, list: array(value)});
      for (let depth = 3; depth < 17; ++depth) deep = map({deep});
      await setRaw(standIn, 'deep/one', {deep});
      const [one, two] = [await stored('deep/one'), {deep}];
      assert.equal(bits(sorted(one)), bits(sorted(two)));
    }
  }
});

for (const direction of ['asc', 'desc']) {
  test(`values are ordered across types, ${direction}`, async () => {
    const found = await standIn.database.collection('ordered').orderBy('value', direction).get();
    const groups = found.docs.map((document) => Number(document.id.split('-')[0]));
    const wanted = ORDERED.flatMap((group, at) => group.map(() => at));
    assert.deepEqual(groups, direction === 'asc' ? wanted : wanted.reverse());
  });
}

test('an equality filter finds its group, in all spellings of a value', async () => {
  for (const [at, group] of ORDERED.entries()) {
    const value = group[0];
    const parts = await standIn.rawStream('runQuery', {
      parent: DOCUMENTS,
      structuredQuery: {
        from: [{collectionId: 'ordered'}],
        where: {fieldFilter: {field: {fieldPath: 'value'}, op: 'EQUAL', value}},
      },
    });
    const names = parts.filter((part) => part.document)
        .map((part) => part.document.name.split('/').pop());
    assert.deepEqual(names, group.map((_, which) => `${at}-${which}`), bits(value));
  }
});

test('a range filter stays among values of its own type', async () => {
  const numbers = await standIn.database.collection('ordered').where('value', '<', 5).get();
  const groups = numbers.docs.map((document) => Number(document.id.split('-')[0]));
  assert.equal(Math.min(...groups), 3);
  assert.equal(Math.max(...groups), 13);
});

test('what Firestore does not take is refused with its words', async () => {
  const cases = [
    [{x: array(array(integer(1)))}, /Cannot convert an array value in an array value/],
    [{'': integer(1)}, /field name is empty/],
    [{__x__: integer(1)}, /reserved/],
    [{x: place(91, 0)}, /outside the world/],
    [{x: time(253402300800)}, /years 1 to 9999/],
    [{x: text('a'.repeat(1048488))}, /The value of property "x" is longer than 1048487 bytes/],
    [{x: text('a'.repeat(1000000)), y: text('a'.repeat(100000))},
     /cannot be written because its size \(1,100,0\d\d bytes\) exceeds .* 1,048,576 bytes/],
  ];
  for (const [fields, words] of cases) {
    const refused = await refusal(setRaw(standIn, 'refused/one', fields));
    assert.equal(refused.code, INVALID_ARGUMENT);
    assert.match(refused.text, words);
  }
  let deep = integer(1);
  for (let depth = 0; depth < 20; ++depth) deep = map({deep});
  assert.match((await refusal(setRaw(standIn, 'refused/one', {deep}))).text, /nested entity/);
  for (const path of ['refused/__id1__', 'refused/__x__', '__x__/one']) {
    assert.match((await refusal(setRaw(standIn, path, {}))).text, /reserved/);
  }
  assert.equal((await standIn.database.collection('refused').get()).size, 0);
});

test('a document of 1 MiB is taken', async () => {
  // Of the name 8 + 4 + 16, of the document 32, of each field 2 and each string 1.
  const left = 1048576 - 8 - 4 - 16 - 32 - 2 * 3 - 1000000;
  const fields = (size) => ({x: text('a'.repeat(1000000)), y: text('a'.repeat(size))});
  await setRaw(standIn, 'largest/one', fields(left));
  const refused = await refusal(setRaw(standIn, 'largest/one', fields(left + 1)));
  assert.match(refused.text, /1,048,577 bytes/);
});

test('times are cut down to microseconds', async () => {
  await setRaw(standIn, 'times/one', {x: time(1, 123456789), y: time(-1, 999)});
  const fields = await stored('times/one');
  assert.equal(fields.x.timestampValue.nanos, 123456000);
  assert.equal(fields.y.timestampValue.nanos, 0);
});
