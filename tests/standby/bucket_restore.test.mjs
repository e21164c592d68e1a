// A bucket of a point is restored: the official client finds what it wrote before the capture.
import assert from 'node:assert/strict';
import {execFile, spawn} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import {BucketServer, Ledger, randomBytes} from './bucket.mjs';
import {PROGRAM} from './stand_in.mjs';

const BUCKET = 'demo.appspot.com';
process.env.FIREBREAK_PASSWORD = 'secret';

let folder, repository, server, ledger, point;

const run = promisify(execFile);
const environment = () => ({...process.env, ...server.environment});
const firebreak = async (...words) => {
  const {stdout} = await run(PROGRAM, [...words, '-r', repository, '--json'],
                             {maxBuffer: 64 << 20, env: environment()});
  return JSON.parse(stdout.trim().split('\n').at(-1));
};
const restore = (bucket, ...words) => firebreak(
    'restore', point, '--to', `gs://${bucket}`, '--confirm', bucket, ...words);
const refused = async (words, code, says) => {
  await assert.rejects(run(PROGRAM, [...words, '-r', repository], {env: environment()}), (error) => {
    assert.match(error.stderr, says);
    assert.equal(error.code, code);
    return true;
  });
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firebreak-bucket-restore-'));
  repository = join(folder, 'repository');
  server = await BucketServer.start();
  const [bucket] = await server.storage.createBucket(BUCKET);
  ledger = new Ledger(bucket);
  await ledger.fill();
  // Of so many blobs that a record does not name them.
  await ledger.put('huge', randomBytes(100_000_000, 77), {contentType: 'video/mp4'});
  await firebreak('init');
  point = (await firebreak('backup', `gs://${BUCKET}`, '-P', 'demo')).snapshot_id;
});
after(async () => {
  await server.stop();
  await rm(folder, {recursive: true});
});

test('into another bucket', async () => {
  const [bucket] = await server.storage.createBucket('copy');
  const dry = await firebreak('restore', point, '--to', 'gs://copy', '--dry-run');
  assert.deepEqual([dry.created, dry.written], [ledger.objects.size, 0]);
  assert.equal((await bucket.getFiles())[0].length, 0);
  const done = await restore('copy');
  assert.equal(done.written, ledger.objects.size);
  await ledger.expectIn(bucket);
  const again = await restore('copy', '--mode', 'exact');
  assert.deepEqual([again.same, again.written], [ledger.objects.size, 0]);
});

test('what was changed, deleted and added is what it was, and back', async () => {
  const bucket = server.storage.bucket(BUCKET);
  await bucket.file('a').save('other content', {resumable: false});
  await bucket.file('50%').setMetadata({cacheControl: 'public', metadata: {number: 'x'}});
  await bucket.file('huge').delete();
  await bucket.file('a/b').delete();
  await bucket.file('b, which is new').save('new', {resumable: false});
  const missing = await restore(BUCKET, '--no-undo');
  assert.deepEqual([missing.created, missing.changed, missing.kept, missing.written], [2, 0, 3, 2]);
  assert.equal((await bucket.file('a').download())[0].toString(), 'other content');
  const below = await restore(BUCKET, '--mode', 'exact', '--below', 'a', '--no-undo');
  assert.deepEqual([below.changed, below.deleted, below.written], [1, 0, 1]);
  const exact = await restore(BUCKET, '--mode', 'exact');
  assert.deepEqual([exact.changed, exact.deleted], [1, 1]);
  await ledger.expectIn(bucket);
  // The way back leads to what was there before the last restore.
  await firebreak('restore', exact.undo_point, '--to', `gs://${BUCKET}`, '--confirm', BUCKET,
                  '--mode', 'exact');
  assert.equal((await bucket.file('b, which is new').download())[0].toString(), 'new');
  assert.equal((await bucket.file('50%').getMetadata())[0].cacheControl, 'public');
  await restore(BUCKET, '--mode', 'exact', '--no-undo');
  await ledger.expectIn(bucket);
});

// fake-gcs-server keeps what a patch sets to null, so that this is the stand-in's alone to judge.
const onStandIn = (name, run) => process.env.BUCKET_SERVER === 'stand-in' && test(name, run);
onStandIn('custom metadata that the point lacks are taken away', async () => {
  const [bucket] = await server.storage.createBucket('patched');
  const written = new Ledger(bucket);
  await written.put('a', Buffer.from('without any'));
  await written.put('b', Buffer.from('with one'), {metadata: {kept: '1'}, cacheControl: 'no-store'});
  const before = (await firebreak('backup', 'gs://patched', '-P', 'demo')).snapshot_id;
  const generations = await Promise.all(['a', 'b'].map(async (name) => {
    const [{generation}] = await bucket.file(name).setMetadata({
      contentLanguage: 'de', metadata: {added: 'since', ...(name === 'b' && {kept: '2'})}});
    return generation;
  }));
  const done = await firebreak('restore', before, '--to', 'gs://patched', '--confirm', 'patched',
                               '--mode', 'overwrite');
  assert.deepEqual([done.changed, done.written], [2, 2]);
  await written.expectIn(bucket);
  for (const [i, name] of ['a', 'b'].entries()) {
    const [metadata] = await bucket.file(name).getMetadata();
    assert.deepEqual(metadata.metadata, name === 'b' ? {kept: '1'} : undefined);
    assert.equal(metadata.contentLanguage, undefined);
    assert.equal(metadata.generation, generations[i]);  // its bytes were not sent again
  }
});

onStandIn('what the service lets nobody take back, and what a hold keeps', async () => {
  const [bucket] = await server.storage.createBucket('kept');
  const written = new Ledger(bucket);
  for (const name of ['timed', 'held', 'other']) await written.put(name, Buffer.from(name));
  await written.put('earlier', Buffer.from('earlier'), {customTime: '2020-01-01T00:00:00Z'});
  const before = (await firebreak('backup', 'gs://kept', '-P', 'demo')).snapshot_id;
  await bucket.file('timed').setMetadata({customTime: '2024-05-06T07:08:09.123Z'});
  await bucket.file('earlier').setMetadata({customTime: '2024-05-06T07:08:09Z'});
  await bucket.file('held').save('changed since');
  await bucket.file('held').setMetadata({temporaryHold: true});
  await bucket.file('other').save('changed since');
  const run = ['restore', before, '--to', 'gs://kept', '--confirm', 'kept', '--mode', 'overwrite'];
  await refused(run, 1, /held: refused: .*under active hold/);
  for (const name of ['timed', 'earlier', 'other']) {
    const [metadata] = await bucket.file(name).getMetadata();
    assert.equal(metadata.customTime, name === 'earlier' ? '2020-01-01T00:00:00Z' : undefined, name);
    assert.equal((await bucket.file(name).download())[0].toString(), name);
  }
  assert.equal((await bucket.file('held').download())[0].toString(), 'changed since');
  await bucket.file('held').setMetadata({temporaryHold: false});
  await firebreak(...run);
  await written.expectIn(bucket);
});

test('killed, it does the rest the second time', async () => {
  const [bucket] = await server.storage.createBucket('killed');
  const child = spawn(
      PROGRAM, ['restore', point, '--to', 'gs://killed', '--confirm', 'killed', '-r', repository],
      {env: environment(), stdio: 'ignore'});
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while ((await bucket.getFiles({maxResults: 1}))[0].length === 0 && child.exitCode === null) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  child.kill('SIGKILL');
  await ended;
  const done = await restore('killed');
  assert.equal(done.created + done.same, ledger.objects.size);
  await ledger.expectIn(bucket);
});

test('bad input is refused in a line', async () => {
  await refused(['restore', point, '--to', 'gs://copy'], 1, /give --confirm copy/);
  await refused(['restore', point, '--to', 'gs://copy', '--confirm', 'demo'], 1, /is not what is written to: /);
  await refused(['restore', point, '--to', 'gs://copy/a', '--dry-run'], 1, /a whole bucket/);
  await refused(['restore', point, '--to', 'gs://nothing-here', '--dry-run'], 1, /nothing-here/);
  await refused(['restore', point, '--to', 'gs://copy', '--dry-run', '--below', 'zzz'], 1,
                /begins with zzz/);
  await refused(['restore', point, '--to', 'firestore://demo', '--dry-run'], 1,
                /FIRESTORE_EMULATOR_HOST|Google/);
});
