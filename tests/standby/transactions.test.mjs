// Transactions are serializable, reads at a time are of that time, and what was acknowledged
// survives kill -9.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import firestore from '@google-cloud/firestore';
import {ABORTED, DATABASE, DOCUMENTS, FAILED_PRECONDITION, INVALID_ARGUMENT, StandIn, refusal}
  from './stand_in.mjs';

const {FieldValue, Timestamp} = firestore;
let standIn;
let database;
before(async () => {
  standIn = await StandIn.start();
  database = standIn.database;
});
after(() => standIn.stop());

test('transfers between accounts keep the sum, at every moment', async () => {
  const ACCOUNTS = 20;
  const accounts = Array.from({length: ACCOUNTS}, (_, at) => database.doc(`accounts/${at}`));
  for (const account of accounts) await account.set({balance: 100});
  let done = 0;
  const transfer = (from, to) => database.runTransaction(async (transaction) => {
    const [a, b] = await transaction.getAll(accounts[from], accounts[to]);
    transaction.update(a.ref, {balance: a.get('balance') - 1});
    transaction.update(b.ref, {balance: b.get('balance') + 1});
  }, {maxAttempts: 50}).then(() => { ++done; });
  const running = Array.from({length: 30},
                             (_, at) => transfer(at % ACCOUNTS, (at * 3 + 1) % ACCOUNTS));
  const total = (snapshot) =>
    snapshot.docs.reduce((sum, document) => sum + document.get('balance'), 0);
  while (done < running.length) {
    assert.equal(total(await database.collection('accounts').get()), 100 * ACCOUNTS);
  }
  await Promise.all(running);
  assert.equal(total(await database.collection('accounts').get()), 100 * ACCOUNTS);
});

test('a commit fails where what was read has changed, also by a query', async () => {
  const one = database.doc('contended/one');
  await one.set({a: 1});
  const begin = async () => (await standIn.raw('beginTransaction', {
    database: DATABASE, options: {readWrite: {}}})).transaction;
  const commit = (transaction) => standIn.raw('commit', {
    database: DATABASE, transaction,
    writes: [{update: {name: `${DOCUMENTS}/contended/two`, fields: {}}}]});
  const reads = [
    (transaction) => standIn.rawStream('batchGetDocuments', {
      database: DATABASE, transaction, documents: [`${DOCUMENTS}/contended/one`]}),
    (transaction) => standIn.rawStream('runQuery', {
      parent: DOCUMENTS, transaction, structuredQuery: {from: [{collectionId: 'contended'}]}}),
    (transaction) => standIn.rawStream('runAggregationQuery', {
      parent: DOCUMENTS, transaction, structuredAggregationQuery: {
        structuredQuery: {from: [{collectionId: 'contended'}]}, aggregations: [{count: {}}]}}),
    (transaction) => standIn.raw('getDocument', {
      transaction, name: `${DOCUMENTS}/contended/one`}),
    (transaction) => standIn.raw('listDocuments', {
      transaction, parent: DOCUMENTS, collectionId: 'contended'}),
    (transaction) => standIn.raw('listDocuments', {
      transaction, parent: DOCUMENTS, collectionId: 'contended', showMissing: true}),
  ];
  for (const read of reads) {
    const transaction = await begin();
    await read(transaction);
    await one.update({a: FieldValue.increment(1)});
    const refused = await refusal(commit(transaction));
    assert.equal(refused.code, ABORTED);
    const again = await refusal(commit(transaction));
    assert.equal(again.code, INVALID_ARGUMENT);
    assert.match(again.text, /transaction has expired/);  // clients retry by these words
  }
  const untouched = await begin();
  await reads[0](untouched);
  await database.doc('elsewhere/one').set({});
  await commit(untouched);
});

test('a read at a time is of that time', async () => {
  const one = database.doc('past/one');
  const {writeTime: first} = await one.set({a: 1});
  const {writeTime: second} = await one.set({a: 2});
  await one.delete();
  const at = async (readTime) => (await database.runTransaction(
      (transaction) => transaction.get(one), {readOnly: true, readTime})).data();
  assert.deepEqual(await at(first), {a: 1});
  assert.deepEqual(await at(second), {a: 2});
  const before = new Timestamp(first.seconds - 1, first.nanoseconds);
  assert.equal(await at(before), undefined);
  const ask = (readTime) => refusal(standIn.rawStream('runQuery', {
    parent: DOCUMENTS, readTime, structuredQuery: {from: [{collectionId: 'past'}]}}));
  const future = await ask({seconds: first.seconds + 3600, nanos: 0});
  assert.equal(future.code, INVALID_ARGUMENT);
  assert.match(future.text, /read_time cannot be in the future/);
  assert.equal((await ask({seconds: first.seconds - 7200, nanos: 0})).code, FAILED_PRECONDITION);
});

test('what was acknowledged survives kill -9, at the times it had', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'standby-'));
  try {
    const acknowledged = new Map();
    for (let round = 0; round < 3; ++round) {
      const own = await StandIn.start('--overlay', folder);
      const stored = await own.database.collection('kept').get();
      const times = new Map(stored.docs.map((one) => [one.id, one.updateTime.valueOf()]));
      for (const [id, time] of acknowledged) assert.equal(times.get(id), time, id);
      let killed = false;
      const writer = async (lane) => {
        for (let at = 0; !killed; ++at) {
          const id = `${round}-${lane}-${at}`;
          try {
            const {writeTime} = await own.database.doc(`kept/${id}`).set({at});
            if (!killed) acknowledged.set(id, writeTime.valueOf());
          } catch (error) {
            if (!killed) throw error;
          }
        }
      };
      const lanes = [0, 1, 2, 3].map(writer);
      while (acknowledged.size < 100 * (round + 1)) await own.database.doc('kept/0-0-0').get();
      killed = true;
      const ended = new Promise((resolve) => own.child.once('exit', resolve));
      own.child.kill('SIGKILL');
      await ended;
      void lanes;  // their clients try again for minutes: nobody waits for them
    }
  } finally {
    rmSync(folder, {recursive: true});
  }
});
