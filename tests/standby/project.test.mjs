// All of a project in one point: what is in its databases, buckets, users and configuration.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import {Firestore} from '@google-cloud/firestore';
import {AuthServer, importAll, manyUsers} from './auth.mjs';
import {BucketServer} from './bucket.mjs';
import {ConfigServer} from './config_server.mjs';
import {PROGRAM, StandIn} from './stand_in.mjs';

process.env.FIREBREAK_PASSWORD = process.env.RESTIC_PASSWORD = 'secret';
const RESTIC = process.env.RESTIC_PROGRAM ?? 'restic';

let folder, repository, documents, objects, auth, config, environment, point;

const run = promisify(execFile);
const options = (without = []) => ({
  maxBuffer: 64 << 20,
  env: {...process.env, ...environment, ...Object.fromEntries(without.map((name) => [name, '']))},
});
const firebreak = async (...words) => {
  const {stdout} = await run(PROGRAM, [...words, '-r', repository, '--json'], options());
  return JSON.parse(stdout.trim().split('\n').at(-1));
};
const refused = async (says, ...words) => {
  await assert.rejects(run(PROGRAM, [...words, '-r', repository], options()), (error) => {
    assert.match(error.stderr, says);
    assert.equal(error.code, 1);
    return true;
  });
};
const database = (projectId, databaseId) => {
  const [servicePath, port] = documents.address.split(':');
  return new Firestore({projectId, databaseId, host: `${servicePath}:${port}`, ssl: false,
                        customHeaders: {Authorization: 'Bearer owner'}});
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firebreak-project-'));
  repository = join(folder, 'repository');
  documents = await StandIn.start();
  objects = await BucketServer.standIn();
  auth = await AuthServer.start();
  config = await ConfigServer.start();
  environment = {FIRESTORE_EMULATOR_HOST: documents.address, ...objects.environment,
                 ...auth.environment, ...config.environment};
  for (const [id, count] of [['(default)', 30], ['second', 7]]) {
    const firestore = database('demo', id);
    for (let i = 0; i < count; ++i) await firestore.doc(`of-${id.length}/d${i}`).set({i});
    await firestore.terminate();
  }
  for (const name of ['demo.appspot.com', 'another']) {
    const [bucket] = await objects.storage.createBucket(name);
    for (const object of ['a', 'b/c']) await bucket.file(object).save(`${name} ${object}`);
  }
  await importAll(auth.users('demo'), manyUsers(20));
  config.project('demo').addDatabase('second');
  config.project('demo').templates.client = {parameters: {n: {defaultValue: {value: '1'}}}};
  await firebreak('init');
});
after(async () => {
  await documents.stop();
  await objects.stop();
  await auth.stop();
  await config.stop();
  await rm(folder, {recursive: true});
});

test('one point has it all', async () => {
  const dry = await firebreak('backup', 'firebase://demo', '--dry-run');
  assert.deepEqual([dry.databases.length, dry.buckets.length], [2, 2]);
  const made = await firebreak('backup', 'firebase://demo');
  point = made.snapshot_id;
  assert.deepEqual(made.databases.map((one) => [one.database, one.documents]),
                   [['(default)', 30], ['second', 7]]);
  assert.deepEqual(made.buckets.map((one) => [one.bucket, one.objects]),
                   [['another', 2], ['demo.appspot.com', 2]]);
  assert.equal(made.auth.users, 24);
  assert.ok(made.config.items >= 2, JSON.stringify(made.config));
  await run(RESTIC, ['-r', repository, 'check', '--read-data', '--no-cache']);
  const {stdout} = await run(RESTIC, ['-r', repository, 'ls', point, '--no-cache'], options());
  for (const path of ['firestore/(default)/base', 'storage/another/objects/a', 'auth/users',
                      'storage/demo.appspot.com/objects', 'config/config.json', 'point.json']) {
    assert.ok(stdout.includes(`/firebase/demo/${path}\n`), path);
  }
});

test('what cannot be captured is named, in the point and by the exit code', async () => {
  config.project('demo').addDatabase('old', {type: 'DATASTORE_MODE'});
  const words = ['backup', 'firebase://demo', '-r', repository, '--json'];
  const error = await run(PROGRAM, words, options()).catch((problem) => problem);
  assert.equal(error.code, 3, error.stderr);
  const made = JSON.parse(error.stdout.trim().split('\n').at(-1));
  const missing = [{what: 'firestore://demo/old', reason: 'of the type DATASTORE_MODE'}];
  assert.deepEqual(made.uncovered, missing);
  const {stdout} = await run(RESTIC, ['-r', repository, 'dump', made.snapshot_id,
                                      '/firebase/demo/point.json', '--no-cache'], options());
  assert.deepEqual(JSON.parse(stdout).uncovered, missing);
  config.project('demo').databases.delete('old');
});

test('what no variable names is said to be missing', async () => {
  const {stderr} = await run(PROGRAM, ['backup', 'firebase://demo', '-r', repository],
                             options(['STORAGE_EMULATOR_HOST', 'FIREBREAK_CONFIG_EMULATOR_HOST']));
  assert.match(stderr, /not in the point: what STORAGE_EMULATOR_HOST would name/);
  assert.match(stderr, /not in the point: what FIREBREAK_CONFIG_EMULATOR_HOST would name/);
  assert.match(stderr, /users: 24/);
});

test('several databases are in one point, and each comes back from it', async () => {
  const made = await firebreak('backup', 'firestore://demo/(default)', 'firestore://demo/second');
  assert.deepEqual(made.databases.map((one) => [one.database, one.documents]),
                   [['(default)', 30], ['second', 7]]);
  for (const [id, count] of [['second', 7], ['(default)', 30]]) {
    const done = await firebreak('restore', made.snapshot_id, '--to', `firestore://other/${id}`,
                                 '--confirm', 'other');
    assert.equal(done.created, count);
    const restored = database('other', id);
    const found = await restored.collection(`of-${id.length}`).get();
    assert.deepEqual(found.docs.map((one) => one.data().i).sort((a, b) => a - b),
                     [...Array(count).keys()]);
    await restored.terminate();
  }
  await refused(/has 2 databases, and none is third/, 'restore', made.snapshot_id, '--to',
                'firestore://other/third', '--dry-run');
});

test('bad input is refused in a line', async () => {
  await refused(/firebase:\/\/PROJECT/, 'backup', 'firebase://NO');
  await refused(/name nothing beside it/, 'backup', 'firebase://demo', 'gs://another');
  await refused(/of the project demo/, 'backup', 'firebase://demo', 'auth://other');
  await refused(/named twice/, 'backup', 'firestore://demo', 'firestore://demo/(default)');
});
