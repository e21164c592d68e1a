// A database is captured as a point and served from it: the official client finds in it, bit by bit,
// what it wrote to the source.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import {chance, everything, expectLedger, generate, writeAll} from './dataset.mjs';
import {ORDERED, text} from './matrix.mjs';
import {PROGRAM, PROJECT, StandIn} from './stand_in.mjs';

const SOURCE = `firestore://${PROJECT}/(default)`;
const RESTIC = process.env.RESTIC_PROGRAM ?? 'restic';
process.env.FIREBREAK_PASSWORD = process.env.RESTIC_PASSWORD = 'secret';

let folder, repository, source;
let ledger;  // path → fields, written down before they are sent

const run = promisify(execFile);
const firebreak = async (...words) => {
  const env = {...process.env, FIRESTORE_EMULATOR_HOST: source.address};
  const {stdout} = await run(PROGRAM, [...words, '-r', repository, '--json'], {env});
  return JSON.parse(stdout.trim().split('\n').at(-1));
};

before(async () => {
  const seed = Date.now() % 1_000_000_000;
  console.log(`seed ${seed}`);
  folder = await mkdtemp(join(tmpdir(), 'firebreak-points-'));
  repository = join(folder, 'repository');
  source = await StandIn.start();
  await firebreak('init');
  ledger = generate(seed);
  await writeAll(source, ledger);
});
after(async () => {
  await source.stop();
  await rm(folder, {recursive: true});
});

test('a point serves, bit by bit, what was written to its source', async () => {
  const summary = await firebreak('backup', SOURCE);
  const [database] = summary.databases;
  assert.equal(database.documents, ledger.size);
  const reads = ledger.size + 1 + Math.ceil(ledger.size / 1000);
  assert.equal(database.reads, reads);
  const estimate = await firebreak('backup', SOURCE, '--dry-run');
  assert.deepEqual([estimate.databases[0].documents, estimate.databases[0].reads],
                   [ledger.size, reads]);
  await run(RESTIC, ['-r', repository, 'check', '--read-data']);

  const original = await everything(source);
  expectLedger(original, ledger);
  const served = await StandIn.serve('-r', repository, summary.snapshot_id);
  try {
    const found = await everything(served);
    expectLedger(found, ledger);
    for (const [path, document] of found) {
      assert.deepEqual(document.createTime, original.get(path).createTime, path);
      assert.deepEqual(document.updateTime, original.get(path).updateTime, path);
    }
    const groups = new Map(database.groups.map((group) => [group.collection, group.documents]));
    const paths = [...ledger.keys()].map((path) => path.split('/').at(-2));
    assert.deepEqual(new Set(groups.keys()), new Set(paths));
    for (const [id, count] of groups) {
      assert.equal(count, paths.filter((collection) => collection === id).length, id);
    }
    const missing = await served.database.collection('missing').listDocuments();
    assert.deepEqual(missing.map((document) => document.path), ['missing/parent']);
  } finally {
    await served.stop();
  }
});

test('what is written to a served point stays in its overlay', async () => {
  const overlay = join(folder, 'overlay');
  const change = async (database) => {
    await database.doc('values/v0').update({more: 1});
    await database.doc('values/v1').delete();
    await database.doc('values/new').set({made: true});
  };
  const look = async (database) => {
    const snapshots = await database.collection('values').get();
    return [snapshots.size, (await database.doc('values/v0').get()).data().more,
            (await database.doc('values/v1').get()).exists,
            (await database.doc('values/new').get()).exists];
  };
  const size = ORDERED.flat().length;
  for (const round of ['write', 'read again']) {
    const served = await StandIn.serve('-r', repository, 'latest', '--overlay', overlay);
    if (round === 'write') await change(served.database);
    assert.deepEqual(await look(served.database), [size, 1, false, true]);
    await served.stop(round === 'write' ? 'SIGKILL' : 'SIGTERM');
  }
  await assert.rejects(
      run(PROGRAM, ['serve', '--empty', '--overlay', overlay, '--firestore-port', '0']),
      ({code, stderr}) => code === 1 && /it was written over point/.test(stderr));
  const fresh = await StandIn.serve('-r', repository, 'latest');
  assert.deepEqual(await look(fresh.database), [size, undefined, true, false]);
  await fresh.stop();
});

test('a second point stores what has changed, and no more', async () => {
  const first = await firebreak('backup', SOURCE);
  assert.ok(first.data_blobs <= 1, `${first.data_blobs} blobs, though nothing has changed`);
  await source.database.doc('users/new').set({name: 'new'});
  ledger.set('users/new', {name: text('new')});
  const second = await firebreak('backup', SOURCE);
  assert.ok(second.data_blobs <= 6 && second.data_added < 2_000_000, JSON.stringify(second));
  const served = await StandIn.serve('-r', repository, second.snapshot_id);
  expectLedger(await everything(served), ledger);
  await served.stop();
});

test('the number of readers leaves no trace in a point', async () => {
  for (const readers of [1, 2, 7]) {
    const summary = await firebreak('backup', SOURCE, '--readers', String(readers));
    assert.ok(summary.data_blobs <= 1, `${summary.data_blobs} new blobs with ${readers} readers`);
  }
});

test('writers do not disturb the cut: transfers between accounts keep their sum', async () => {
  const {database} = source;
  const accounts = Array.from({length: 200}, (_, at) => database.doc(`accounts/a${at}`));
  await Promise.all(accounts.map((account) => account.set({balance: 1000})));
  let isOver = false;
  let transfers = 0;
  const transfer = async (below) => {
    while (!isOver) {
      const [from, to] = [accounts[below(100)], accounts[100 + below(100)]];
      const amount = below(50);
      await database.runTransaction(async (transaction) => {
        const [a, b] = await transaction.getAll(from, to);
        transaction.update(from, {balance: a.data().balance - amount});
        transaction.update(to, {balance: b.data().balance + amount});
      });
      ++transfers;
    }
  };
  const writers = Array.from({length: 8}, (_, at) => transfer(chance(at)));
  try {
    for (let round = 0; round < 5; ++round) {
      const before = transfers;
      const summary = await firebreak('backup', SOURCE);
      assert.ok(transfers > before, 'nobody wrote meanwhile');
      const served = await StandIn.serve('-r', repository, summary.snapshot_id);
      const balances = (await served.database.collection('accounts').get()).docs.map(
          (account) => account.data().balance);
      await served.stop();
      assert.equal(balances.length, 200);
      assert.equal(balances.reduce((sum, balance) => sum + balance, 0), 200_000);
    }
  } finally {
    isOver = true;
    await Promise.all(writers);
  }
});

test('what cannot be captured is said in one line, and no point is made', async () => {
  const points = async () => (await firebreak('snapshots')).length;
  const before = await points();
  const attempt = async (words, variables = {}) => {
    const env = {...process.env, FIRESTORE_EMULATOR_HOST: source.address, ...variables};
    try {
      await run(PROGRAM, ['backup', '-r', repository, '--retry-for', '1s', ...words], {env});
    } catch ({code, stderr}) {
      return {code, line: stderr.trim().split('\n').at(-1)};
    }
    return assert.fail(`${words} succeeded`);
  };
  for (const [words, variables, wanted] of [
    [[SOURCE], {FIRESTORE_EMULATOR_HOST: '', HOME: '/nowhere'},
     /no emulator is named by FIRESTORE_EMULATOR_HOST, and for Google/],
    [[SOURCE, '--firestore-endpoint', 'a:1'], {}, /name two services; unset one/],
    [[SOURCE], {FIRESTORE_EMULATOR_HOST: 'localhost'}, /"localhost" is not HOST:PORT/],
    [[SOURCE], {FIRESTORE_EMULATOR_HOST: '127.0.0.1:1'}, /gave up after .* failed to connect/],
    [['firestore://'], {}, /the project has no id that Google gives/],
    [['firestore://demo/a/b'], {}, /parts of a database cannot be captured alone/],
    [['firestore://demo/A B'], {}, /the database has no id that Firestore gives/],
    [['firestore:/demo'], {}, /a point is made of firebase:/],
    [['gs://bucket'], {}, /a bucket of which project/],
    [[SOURCE, '/etc'], {}, /back up files on their own/],
    [[SOURCE, '--exclude', 'x'], {}, /options that choose or compare files go with files/],
    [[SOURCE, '--readers', '0'], {}, /--readers 0: between 1 and 100/],
    [[SOURCE, '--max-reads', '100'], {}, /has more than the 100 documents that may be read/],
    [['/etc/hostname', '--max-reads', '100'], {}, /--max-reads and --firestore-endpoint go with a Firebase project/],
  ]) {
    const {code, line} = await attempt(words, variables);
    assert.match(line, wanted);
    assert.equal(code, 1, line);
  }
  assert.equal(await points(), before);
});

test('the difference of two points is what was written between them', async () => {
  const before = (await firebreak('backup', SOURCE)).snapshot_id;
  const paths = [...ledger.keys()].filter((path) => path.startsWith('users/'));
  const pick = chance(paths.length);
  const wanted = new Map();
  for (let count = 0; count < 60; ++count) {
    const path = paths[pick(paths.length)];
    if (wanted.has(path)) continue;
    const document = source.database.doc(path);
    const choice = pick(3);
    if (choice === 0) await document.delete();
    if (choice === 1) await document.update({changed: count});
    if (choice === 2) {
      const fields = (await document.get()).data();
      await document.delete();
      await document.set(fields);
    }
    wanted.set(path, ['-', 'M', 'U'][choice]);
  }
  for (const path of ['users/new0', 'aaa/first', 'zzz/last', `${paths[0]}/below/it`]) {
    await source.database.doc(path).set({});
    wanted.set(path, '+');
  }
  const after = (await firebreak('backup', SOURCE)).snapshot_id;
  const diff = async (...words) => {
    const {stdout} = await run(PROGRAM, ['diff', ...words, '-r', repository, '--json']);
    const lines = stdout.trim().split('\n').map((line) => JSON.parse(line));
    const changes = new Map(lines.slice(0, -1).map(({path, modifier}) => [path, modifier]));
    assert.equal(changes.size, lines.length - 1);
    return [changes, lines.at(-1)];
  };
  const sorted = (map) => [...map].sort();
  const [changes, statistics] = await diff(before, after, '--metadata');
  assert.deepEqual(sorted(changes), sorted(wanted));
  const [content] = await diff(before, after);
  assert.deepEqual(sorted(content), sorted([...wanted].filter(([, kind]) => kind !== 'U')));
  const [backwards] = await diff(after, before);
  const turned = {'+': '-', '-': '+', 'M': 'M'};
  assert.deepEqual(sorted(backwards), sorted([...content].map(([path, kind]) => [path, turned[kind]])));
  const counted = (kind) => [...wanted.values()].filter((one) => one === kind).length;
  assert.deepEqual(
      [statistics.added, statistics.removed, statistics.changed, statistics.times_changed],
      [counted('+'), counted('-'), counted('M'), counted('U')]);
});
