// A bucket is captured into a point: restic gives back what the official client wrote, byte for
// byte, and the manifest tells everything else about it.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import {BucketServer, Ledger, randomBytes, sha256} from './bucket.mjs';
import {PROGRAM} from './stand_in.mjs';

const RESTIC = process.env.RESTIC_PROGRAM ?? 'restic';
const BUCKET = 'demo.appspot.com';
const SOURCE = `gs://${BUCKET}`;
process.env.FIREBREAK_PASSWORD = process.env.RESTIC_PASSWORD = 'secret';

let folder, repository, server, ledger;

const run = promisify(execFile);
const options = {maxBuffer: 64 << 20};
const firebreak = async (...words) => {
  const env = {...process.env, ...server.environment};
  const {stdout} =
      await run(PROGRAM, [...words, '-r', repository, '--json'], {...options, env});
  return JSON.parse(stdout.trim().split('\n').at(-1));
};
const refused = async (words, code, says, environment = server.environment) => {
  const env = {...process.env, ...environment};
  await assert.rejects(run(PROGRAM, [...words, '-r', repository], {...options, env}), (error) => {
    assert.match(error.stderr, says);
    assert.equal(error.code, code);
    return true;
  });
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firebreak-buckets-'));
  repository = join(folder, 'repository');
  server = await BucketServer.start();
  const [bucket] = await server.storage.createBucket(BUCKET);
  ledger = new Ledger(bucket);
  await ledger.fill();
  await firebreak('init');
});
after(async () => {
  await server.stop();
  await rm(folder, {recursive: true});
});

// The point as restic restores it, as paths of files.
async function restored(snapshot) {
  const target = join(folder, `restored-${snapshot}`);
  await run(RESTIC, ['-r', repository, 'check', '--read-data'], options);
  await run(RESTIC, ['-r', repository, 'restore', snapshot, '--target', target], options);
  const root = join(target, 'firebase', 'demo', 'storage', BUCKET);
  const files = await readdir(root, {recursive: true, withFileTypes: true});
  const paths = files.filter((file) => file.isFile())
                    .map((file) => join(file.parentPath ?? file.path, file.name));
  return {root, paths};
}

// The records of a manifest's leaves: a varint and so many bytes of JSON, again and again.
function records(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    let size = 0;
    for (let shift = 0;; shift += 7) {
      const byte = bytes[at++];
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    found.push(JSON.parse(bytes.subarray(at, at + size)));
    at += size;
  }
  return found;
}

async function expectCaptured(snapshot) {
  const {root, paths} = await restored(snapshot);
  const manifest = [];
  const contents = [];
  for (const path of paths) {
    const name = path.slice(root.length + 1);
    const bytes = await readFile(path);
    if (name.startsWith('objects/')) contents.push(sha256(bytes));
    if (name.startsWith('manifest/') && !name.endsWith('!keys')) manifest.push(...records(bytes));
  }
  const wanted = [...ledger.objects.entries()];
  assert.equal(manifest.length, wanted.length);
  assert.deepEqual(contents.sort(), wanted.map(([, object]) => object.sha256).sort());
  const byName = new Map(manifest.map((record) => [record.object.name, record]));
  for (const [name, object] of wanted) {
    const record = byName.get(name);
    assert.ok(record, name);
    assert.equal(record.sha256, object.sha256, name);
    assert.equal(Number(record.object.size), object.size, name);
    for (const [field, value] of Object.entries(object.metadata)) {
      assert.deepEqual(record.object[field], value, `${name}: ${field}`);
    }
  }
  return {root, paths};
}

test('restic gives back what the official client wrote', async () => {
  const estimate = await firebreak('backup', SOURCE, '--project', 'demo', '--dry-run');
  const bytes = [...ledger.objects.values()].reduce((sum, object) => sum + object.size, 0);
  assert.deepEqual(estimate.buckets, [{bucket: BUCKET, objects: ledger.objects.size, bytes}]);
  const summary = await firebreak('backup', SOURCE, '--project', 'demo');
  const [bucket] = summary.buckets;
  assert.equal(bucket.objects, ledger.objects.size);
  assert.equal(bucket.bytes, bytes);
  assert.equal(summary.object_bytes_read, bytes);
  assert.ok(bucket.interval[0] <= bucket.interval[1]);
  const {root, paths} = await expectCaptured(summary.snapshot_id);
  const places = new Set(paths.map((path) => path.slice(root.length + 1)));
  for (const place of ['a', 'a%2Fb', '50%25', 'cafe%CC%81', 'trailing%2F%_', 'users/u1%2Fp.png']) {
    assert.ok(places.has(`objects/${place}`), place);
  }
});

test('a second point reads what has changed, and no more', async () => {
  const before = await firebreak('backup', SOURCE, '--project', 'demo');
  assert.equal(before.object_bytes_read, 0);
  assert.ok(before.data_blobs <= 1, JSON.stringify(before));
  await ledger.put('images/new.jpg', randomBytes(1234, 5));
  await ledger.put('large', randomBytes(4_000_000, 6));
  await ledger.remove('users/u7/p.png');
  const summary = await firebreak('backup', SOURCE, '--project', 'demo');
  assert.equal(summary.object_bytes_read, 1234 + 4_000_000);
  await expectCaptured(summary.snapshot_id);
});

test('the number of readers leaves no trace in a point', async () => {
  for (const readers of ['1', '16']) {
    const summary =
        await firebreak('backup', SOURCE, '--project', 'demo', '--force', '--readers', readers);
    assert.ok(summary.object_bytes_read > 4_000_000);
    assert.ok(summary.data_blobs <= 1, `${summary.data_blobs} new blobs with ${readers} readers`);
  }
});

test('what is not captured is named, and is no success', async () => {
  const name = 'demo-versions';
  const [bucket] = await server.storage.createBucket(name, {versioning: {enabled: true}});
  await bucket.file('a').save('first', {resumable: false});
  await bucket.file('a').save('second', {resumable: false});
  const words = ['backup', `gs://${name}`, '-P', 'demo'];
  await refused(words, 3, /not captured: gs:\/\/demo-versions: generations that are not live/);
  const accepted = await firebreak(...words, '--live-only');
  assert.deepEqual([accepted.buckets[0].objects, accepted.buckets[0].uncovered], [1, []]);
});

test('bad input is refused in a line', async () => {
  await refused(['backup', SOURCE], 1, /which project\? give --project/);
  await refused(['backup', `${SOURCE}/images`, '-P', 'demo'], 1, /a point is of a whole bucket/);
  await refused(['backup', 'gs://No_Such', '-P', 'demo'], 1, /a bucket is written gs:\/\/BUCKET/);
  await refused(['backup', SOURCE, SOURCE, '-P', 'demo'], 1, /named twice/);
  await refused(['backup', SOURCE, '/etc', '-P', 'demo'], 1, /back up files on their own/);
  await refused(['backup', SOURCE, '-P', 'DEMO'], 1, /no id of a project/);
  await refused(['backup', 'gs://nothing-here', '-P', 'demo'], 1, /gs:\/\/nothing-here/);
  const credentials = join(folder, 'credentials.json');
  await writeFile(credentials, JSON.stringify({
    type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'c'}));
  await refused(['backup', SOURCE, 'firestore://demo', '-P', 'demo'], 1, /not of both/, {
    GOOGLE_APPLICATION_CREDENTIALS: credentials, FIRESTORE_EMULATOR_HOST: '127.0.0.1:1'});
  const gone = {STORAGE_EMULATOR_HOST: 'http://127.0.0.1:1'};
  await refused(['backup', SOURCE, '-P', 'demo', '--retry-for', '1s'], 1, /127\.0\.0\.1/, gone);
});
