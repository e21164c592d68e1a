// Writes: preconditions, masks, transforms, and what a write answers.
import assert from 'node:assert/strict';
import {after, before, beforeEach, test} from 'node:test';
import firestore from '@google-cloud/firestore';
import {ALREADY_EXISTS, DATABASE, DOCUMENTS, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND,
        StandIn, refusal} from './stand_in.mjs';

const {FieldPath, FieldValue, Timestamp} = firestore;
let standIn;
let one;
before(async () => { standIn = await StandIn.start(); });
after(() => standIn.stop());
beforeEach(async () => {
  one = standIn.database.doc('writes/one');
  await one.delete();
});

const data = async () => (await one.get()).data();

test('set replaces, merge adds, update goes into maps', async () => {
  await one.set({a: 1, m: {x: 1, y: 2}});
  await one.set({b: 2}, {merge: true});
  assert.deepEqual(await data(), {a: 1, b: 2, m: {x: 1, y: 2}});
  await one.update({'m.x': FieldValue.delete(), 'm.z': 3});
  assert.deepEqual((await data()).m, {y: 2, z: 3});
  await one.update(new FieldPath('odd.`\\name', 'é'), 4);
  assert.deepEqual((await data())['odd.`\\name'], {é: 4});
  await one.update({'a.b': 5});
  assert.deepEqual((await data()).a, {b: 5});
  await one.set({c: 3});
  assert.deepEqual(await data(), {c: 3});
});

test('a merge of nothing makes the document', async () => {
  await one.set({}, {merge: true});
  assert.deepEqual(await data(), {});
});

test('preconditions fail with the codes and words of the service', async () => {
  const absent = await refusal(one.update({a: 1}));
  assert.equal(absent.code, NOT_FOUND);
  assert.equal(absent.text, `No document to update: ${DOCUMENTS}/writes/one`);
  const {writeTime} = await one.create({a: 1});
  const twice = await refusal(one.create({a: 2}));
  assert.equal(twice.code, ALREADY_EXISTS);
  assert.equal(twice.text, `Document already exists: ${DOCUMENTS}/writes/one`);
  await one.set({a: 3});
  const stale = await refusal(one.delete({lastUpdateTime: writeTime}));
  assert.equal(stale.code, FAILED_PRECONDITION);
  assert.match(stale.text, /does not match the required base version/);
  const future = await refusal(one.delete({lastUpdateTime: new Timestamp(32503680000, 0)}));
  assert.equal(future.code, INVALID_ARGUMENT);
  const {updateTime} = await one.get();
  await one.delete({lastUpdateTime: updateTime});
  assert.equal((await one.get()).exists, false);
});

test('a commit is all or nothing, and its writes see each other', async () => {
  const batch = standIn.database.batch();
  batch.set(one, {a: 1});
  batch.update(one, {a: FieldValue.increment(1)});
  batch.create(standIn.database.doc('writes/two'), {});
  const results = await batch.commit();
  assert.deepEqual(await data(), {a: 2});
  assert.equal(results.length, 3);
  const failing = standIn.database.batch();
  failing.set(one, {a: 10});
  failing.create(standIn.database.doc('writes/two'), {});
  assert.equal((await refusal(failing.commit())).code, ALREADY_EXISTS);
  assert.deepEqual(await data(), {a: 2});
  await standIn.database.doc('writes/two').delete();
});

test('a write that changes nothing keeps the time', async () => {
  const {writeTime: first} = await one.set({a: 1});
  const {writeTime: same} = await one.set({a: 1});
  assert.ok(first.isEqual(same));
  const {writeTime: other} = await one.set({a: 2});
  assert.ok(other.valueOf() > first.valueOf());
  const created = (await one.get()).createTime;
  await one.delete();
  await one.set({a: 2});
  assert.ok((await one.get()).createTime.valueOf() > created.valueOf());
});

async function transform(fieldTransforms, fields) {
  await standIn.raw('commit', {
    database: DATABASE, writes: [{update: {name: `${DOCUMENTS}/writes/one`, fields}}]});
  const [answer] = [await standIn.raw('commit', {
    database: DATABASE,
    writes: [{update: {name: `${DOCUMENTS}/writes/one`}, updateMask: {fieldPaths: []},
              updateTransforms: fieldTransforms}],
  })];
  const [{found}] = await standIn.rawStream(
      'batchGetDocuments', {database: DATABASE, documents: [`${DOCUMENTS}/writes/one`]});
  return {results: answer.writeResults[0].transformResults, fields: found.fields};
}
const integer = (value) => ({integerValue: String(value)});
const real = (value) => ({doubleValue: value});

test('numbers are added, raised and lowered as the service does', async () => {
  const MAX = 2n ** 63n - 1n;
  const cases = [
    ['increment', integer(MAX), integer(1), integer(MAX)],
    ['increment', integer(-MAX - 1n), integer(-1), integer(-MAX - 1n)],
    ['increment', integer(1), real(0.5), real(1.5)],
    ['increment', {stringValue: 'x'}, integer(3), integer(3)],
    ['maximum', integer(3), real(3), integer(3)],
    ['maximum', integer(3), real(3.5), real(3.5)],
    ['maximum', integer(3), real(NaN), real(NaN)],
    ['minimum', real(-0), integer(0), real(-0)],
    ['minimum', integer(3), integer(2), integer(2)],
    ['minimum', undefined, integer(2), integer(2)],
  ];
  for (const [kind, before, operand, wanted] of cases) {
    const {fields, results} = await transform(
        [{fieldPath: 'x', [kind]: operand}], before ? {x: before} : {});
    const key = Object.keys(wanted)[0];
    assert.ok(Object.is(fields.x[key], wanted[key]), `${kind} ${JSON.stringify(before)}`);
    assert.ok(Object.is(results[0][key], wanted[key]));
  }
});

test('arrays gain what is missing and lose what is equal', async () => {
  const array = (...values) => ({arrayValue: {values}});
  const none = {nullValue: 'NULL_VALUE'};
  const cases = [
    ['appendMissingElements', array(integer(1)), [real(1), integer(2), integer(2)], [1, 2]],
    ['appendMissingElements', array(real(NaN), none), [real(NaN), none], [NaN, null]],
    ['appendMissingElements', {stringValue: 'x'}, [integer(1), integer(1)], [1]],
    ['removeAllFromArray', array(integer(1), real(1), integer(2)), [integer(1)], [2]],
    ['removeAllFromArray', {stringValue: 'x'}, [integer(1)], []],
  ];
  for (const [kind, before, values, wanted] of cases) {
    const {results} = await transform([{fieldPath: 'x', [kind]: {values}}], {x: before});
    assert.equal(results[0].nullValue, 'NULL_VALUE');
    assert.deepEqual((await data()).x, wanted);
  }
});

test('one server timestamp a commit, not after it', async () => {
  const batch = standIn.database.batch();
  batch.set(one, {a: FieldValue.serverTimestamp(), b: {c: FieldValue.serverTimestamp()}});
  const [{writeTime}] = await batch.commit();
  const {a, b} = await data();
  assert.ok(a.isEqual(b.c));
  assert.equal(a.nanoseconds % 1_000_000, 0);
  assert.ok(a.valueOf() <= writeTime.valueOf());
});

test('a bulk of writes answers each for itself', async () => {
  const name = (id) => `${DOCUMENTS}/bulk/${id}`;
  const answer = await standIn.raw('batchWrite', {
    database: DATABASE,
    writes: [{update: {name: name('a'), fields: {}}},
             {update: {name: name('b'), fields: {}}, currentDocument: {exists: true}},
             {delete: name('c')}],
  });
  assert.deepEqual(answer.status.map((status) => status.code), [0, NOT_FOUND, 0]);
  assert.equal(answer.writeResults.length, 3);
  const twice = await refusal(standIn.raw('batchWrite', {
    database: DATABASE, writes: [{delete: name('a')}, {delete: name('a')}]}));
  assert.equal(twice.code, INVALID_ARGUMENT);
});

test('documents are made, changed and removed by calls of their own', async () => {
  const name = `${DOCUMENTS}/single/a`;
  const made = await standIn.raw('createDocument', {
    parent: DOCUMENTS, collectionId: 'single', documentId: 'a',
    document: {fields: {x: integer(1), y: integer(2)}}});
  assert.equal(made.name, name);
  const twice = await refusal(standIn.raw('createDocument', {
    parent: DOCUMENTS, collectionId: 'single', documentId: 'a', document: {}}));
  assert.equal(twice.code, ALREADY_EXISTS);
  const unnamed = await standIn.raw('createDocument', {
    parent: DOCUMENTS, collectionId: 'single', document: {}});
  assert.match(unnamed.name, /\/single\/[A-Za-z0-9]{20}$/);
  const changed = await standIn.raw('updateDocument', {
    document: {name, fields: {x: integer(3)}}, updateMask: {fieldPaths: ['x']},
    mask: {fieldPaths: ['x']}});
  assert.deepEqual(Object.keys(changed.fields), ['x']);
  const read = await standIn.raw('getDocument', {name});
  assert.equal(read.fields.x.integerValue, '3');
  assert.equal(read.fields.y.integerValue, '2');
  await standIn.raw('deleteDocument', {name});
  assert.equal((await refusal(standIn.raw('getDocument', {name}))).code, NOT_FOUND);
  const gone = await refusal(standIn.raw('deleteDocument', {
    name, currentDocument: {exists: true}}));
  assert.equal(gone.code, NOT_FOUND);
});

test('too large a request is refused in the words of the service', async () => {
  const fields = {x: {stringValue: 'a'.repeat(1_000_000)}};
  const writes = Array.from({length: 11}, (_, at) =>
    ({update: {name: `${DOCUMENTS}/large/${at}`, fields}}));
  const refused = await refusal(standIn.raw('commit', {database: DATABASE, writes}));
  assert.equal(refused.code, INVALID_ARGUMENT);
  assert.match(refused.text, /Request payload size exceeds the limit: 10485760 bytes/);
});

test('a name of another database is refused', async () => {
  const name = 'projects/demo/databases/other/documents/a/b';
  const refused = await refusal(
      standIn.raw('commit', {database: DATABASE, writes: [{delete: name}]}));
  assert.equal(refused.code, INVALID_ARGUMENT);
});
