// Queries, lists and counts over a small project with missing parents and nested collections.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import firestore from '@google-cloud/firestore';
import {DOCUMENTS, INVALID_ARGUMENT, StandIn, refusal} from './stand_in.mjs';

const {AggregateField, FieldPath, Filter} = firestore;
let standIn;
let database;
let numbers;
before(async () => {
  standIn = await StandIn.start();
  database = standIn.database;
  numbers = database.collection('numbers');
  const batch = database.batch();
  for (let i = 0; i < 20; ++i) {
    batch.set(numbers.doc(`n${String(i).padStart(2, '0')}`),
              {i, third: i % 3, tags: [i % 2 ? 'odd' : 'even', i], ...(i % 5 ? {} : {five: null})});
  }
  batch.set(database.doc('users/u1'), {name: 'one'});
  for (const path of ['users/u1/dreams/d1', 'users/u2/dreams/d1', 'users/u2/dreams/d2',
                      'rooms/r1/users/u1/dreams/d3', 'dreams/top', 'users/u3/notes/n/dreams/d']) {
    batch.set(database.doc(path), {path});
  }
  await batch.commit();
});
after(() => standIn.stop());

const ids = async (query) => (await query.get()).docs.map((document) => document.id);
const numbersOf = async (query) => (await query.get()).docs.map((document) => document.get('i'));
const paths = async (query) => (await query.get()).docs.map((document) => document.ref.path);

test('filters', async () => {
  assert.deepEqual(await numbersOf(numbers.where('i', '>=', 17)), [17, 18, 19]);
  assert.deepEqual(await numbersOf(numbers.where('i', '<', 2)), [0, 1]);
  assert.deepEqual(await numbersOf(numbers.where('third', '==', 1).where('i', '>', 12)),
                   [13, 16, 19]);
  assert.deepEqual(await numbersOf(numbers.where('i', 'in', [3, 1, 99])), [1, 3]);
  assert.deepEqual(await numbersOf(numbers.where('i', 'not-in', [...Array(9).keys()])),
                   [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  assert.equal((await numbersOf(numbers.where('i', '!=', 3))).length, 19);
  assert.deepEqual(await numbersOf(numbers.where('tags', 'array-contains', 4)), [4]);
  assert.deepEqual(await numbersOf(numbers.where('tags', 'array-contains-any', [4, 6])), [4, 6]);
  assert.deepEqual(await numbersOf(numbers.where('five', '==', null)), [0, 5, 10, 15]);
  assert.deepEqual(await numbersOf(numbers.where('five', '!=', 1)), []);
  assert.deepEqual(
      await numbersOf(numbers.where(Filter.or(
          Filter.where('i', '<', 2),
          Filter.and(Filter.where('third', '==', 0), Filter.where('i', '>', 16))))),
      [0, 1, 18]);
  assert.deepEqual(await ids(numbers.where(FieldPath.documentId(), '>', 'n17')), ['n18', 'n19']);
  assert.deepEqual(await ids(numbers.where(FieldPath.documentId(), 'in', ['n03', 'x', 'n01'])),
                   ['n01', 'n03']);
});

test('orders, cursors, limits and offsets', async () => {
  const byThird = numbers.orderBy('third', 'desc').orderBy('i');
  assert.deepEqual((await numbersOf(byThird)).slice(0, 8), [2, 5, 8, 11, 14, 17, 1, 4]);
  assert.deepEqual(await numbersOf(byThird.startAt(1, 16).endBefore(0, 6)), [16, 19, 0, 3]);
  assert.deepEqual(await numbersOf(byThird.startAfter(1, 16).endAt(0, 6)), [19, 0, 3, 6]);
  assert.deepEqual(await numbersOf(numbers.orderBy('i', 'desc').limit(2)), [19, 18]);
  assert.deepEqual(await numbersOf(numbers.orderBy('i').limitToLast(2)), [18, 19]);
  assert.deepEqual(await numbersOf(numbers.orderBy('i').offset(3).limit(2)), [3, 4]);
  assert.deepEqual(await numbersOf(numbers.orderBy('five')), [0, 5, 10, 15]);
  assert.deepEqual(await numbersOf(numbers.limit(0)), []);
  const third = await numbers.doc('n03').get();
  assert.deepEqual(await numbersOf(numbers.orderBy('i').startAfter(third).limit(1)), [4]);
  assert.deepEqual(await ids(numbers.orderBy(FieldPath.documentId(), 'desc').limit(2)),
                   ['n19', 'n18']);
  assert.deepEqual(await ids(numbers.startAt(third).endAt(third)), ['n03']);
});

test('selected fields', async () => {
  const [document] = (await numbers.select('third').limit(1).get()).docs;
  assert.deepEqual(document.data(), {third: 0});
  const [name] = (await numbers.select().limit(1).get()).docs;
  assert.deepEqual(name.data(), {});
});

test('collections do not hold what lies deeper, groups do', async () => {
  assert.deepEqual(await paths(database.collection('dreams')), ['dreams/top']);
  assert.deepEqual(await paths(database.collection('users/u2/dreams')),
                   ['users/u2/dreams/d1', 'users/u2/dreams/d2']);
  assert.deepEqual(await paths(database.collectionGroup('dreams')),
                   ['dreams/top', 'rooms/r1/users/u1/dreams/d3', 'users/u1/dreams/d1',
                    'users/u2/dreams/d1', 'users/u2/dreams/d2', 'users/u3/notes/n/dreams/d']);
  assert.deepEqual(await paths(database.collectionGroup('users')), ['users/u1']);
});

test('a query of all collections is in the order of names', async () => {
  const request = (parent, allDescendants) => ({
    parent, structuredQuery: {from: [{allDescendants}]}});
  const found = async (...query) => (await standIn.rawStream('runQuery', request(...query)))
      .filter((part) => part.document)
      .map((part) => part.document.name.slice(DOCUMENTS.length + 1));
  const all = await found(DOCUMENTS, true);
  assert.equal(all.length, 27);
  assert.deepEqual(all.slice(0, 2), ['dreams/top', 'numbers/n00']);
  assert.deepEqual(all.slice(-5), ['users/u1', 'users/u1/dreams/d1', 'users/u2/dreams/d1',
                                   'users/u2/dreams/d2', 'users/u3/notes/n/dreams/d']);
  assert.deepEqual(await found(`${DOCUMENTS}/users/u1`, true), ['users/u1/dreams/d1']);
  assert.deepEqual(await found(`${DOCUMENTS}/users/u3`, false), []);
});

test('counts, sums and averages', async () => {
  const answer = (await numbers.where('i', '<', 4).aggregate({
    count: AggregateField.count(), sum: AggregateField.sum('i'), mean: AggregateField.average('i'),
  }).get()).data();
  assert.deepEqual(answer, {count: 4, sum: 6, mean: 1.5});
  assert.equal((await numbers.limit(7).count().get()).data().count, 7);
  const none = (await numbers.where('i', '>', 99).aggregate({
    sum: AggregateField.sum('i'), mean: AggregateField.average('i')}).get()).data();
  assert.deepEqual(none, {sum: 0, mean: null});
  assert.equal((await database.collectionGroup('dreams').count().get()).data().count, 6);
});

test('lists name the missing, too', async () => {
  const listed = (await database.collection('users').listDocuments()).map(({id}) => id);
  assert.deepEqual(listed, ['u1', 'u2', 'u3']);
  const missing = (await database.collection('rooms/r1/users').listDocuments()).map(({id}) => id);
  assert.deepEqual(missing, ['u1']);
  const below = async (parent) => (await parent.listCollections()).map(({id}) => id);
  assert.deepEqual(await below(database), ['dreams', 'numbers', 'rooms', 'users']);
  assert.deepEqual(await below(database.doc('users/u3')), ['notes']);
  assert.deepEqual(await below(database.doc('users/u1')), ['dreams']);
});

test('lists go on from page to page', async () => {
  // The client asks for all at once, and is given 300 at a time.
  const many = database.collection('many');
  const writer = database.bulkWriter();
  for (let i = 0; i < 700; ++i) writer.set(many.doc(String(i).padStart(3, '0')), {});
  await writer.close();
  const names = (await many.listDocuments()).map(({id}) => id);
  assert.deepEqual(names, Array.from({length: 700}, (_, i) => String(i).padStart(3, '0')));
});

test('a list is in the order asked for, over pages', async () => {
  const list = (asked) => standIn.raw('listDocuments', {
    parent: DOCUMENTS, collectionId: 'numbers', pageSize: 7, ...asked});
  const ids = (documents) => documents.map(({name}) => name.split('/').pop());
  const named = Array.from({length: 20}, (_, i) => `n${String(i).padStart(2, '0')}`);
  assert.deepEqual(ids(await list({})), named);
  assert.deepEqual(ids(await list({showMissing: true})), named);
  assert.deepEqual(ids(await list({orderBy: 'i desc'})), [...named].reverse());
  const masked = await list({mask: {fieldPaths: ['third']}});
  assert.deepEqual(Object.keys(masked[4].fields), ['third']);
  for (const asked of [{pageToken: 'x'}, {pageToken: '-1'}, {pageToken: '9223372036854775807'},
                       {showMissing: true, pageToken: 'elsewhere/a'}, {pageSize: -1},
                       {showMissing: true, orderBy: 'i'}]) {
    assert.equal((await refusal(list(asked))).code, INVALID_ARGUMENT, JSON.stringify(asked));
  }
});

test('partitions join to the whole', async () => {
  const names = [];
  let partitions = 0;
  for await (const partition of database.collectionGroup('numbers').getPartitions(5)) {
    ++partitions;
    names.push(...await ids(partition.toQuery()));
  }
  assert.equal(partitions, 5);
  assert.deepEqual(names, await ids(numbers));
});

test('queries that the service refuses are refused', async () => {
  const query = (structuredQuery) =>
    refusal(standIn.rawStream('runQuery', {parent: DOCUMENTS, structuredQuery}));
  const from = [{collectionId: 'numbers'}];
  const field = {fieldPath: 'i'};
  const inList = (count) => ({fieldFilter: {field, op: 'IN', value: {arrayValue: {
    values: Array.from({length: count}, (_, at) => ({integerValue: at}))}}}});
  const cases = [
    [{from: []}, /exactly one collection selector/],
    [{from, where: inList(31)}, /30 disjunctions/],
    [{from, where: inList(0)}, /non-empty/],
    [{from, orderBy: [{field: {fieldPath: '__name__'}}, {field}]}, /after the key/],
    [{from, startAt: {values: [{integerValue: 1}, {integerValue: 2}]}}, /too many values/],
    [{from, limit: {value: -1}}, /negative/],
    [{from: [{allDescendants: true}], orderBy: [{field}]}, /by __name__ alone/],
    [{from, where: {compositeFilter: {op: 'AND', filters: []}}}, /no filters/],
    [{from, orderBy: [{field: {fieldPath: 'a..b'}}]}, /Invalid property path/],
  ];
  for (const [asked, words] of cases) {
    const refused = await query(asked);
    assert.equal(refused.code, INVALID_ARGUMENT);
    assert.match(refused.text, words);
  }
});
