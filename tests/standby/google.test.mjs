// Captures and restores by Google's way in: with application default credentials over TLS.
import assert from 'node:assert/strict';
import {execFile, spawn} from 'node:child_process';
import {mkdtemp, readdir, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import {everything, expectLedger, generate, writeAll} from './dataset.mjs';
import {Google} from './google.mjs';
import {DATABASE, PROGRAM, PROJECT, StandIn} from './stand_in.mjs';

const SOURCE = `firestore://${PROJECT}/(default)`;
process.env.FIREBREAK_PASSWORD = 'secret';

let folder, repository, standIn, google, ledger;

const run = promisify(execFile);
async function attempt(...words) {
  const env = {...process.env, ...google.environment};
  const whole = [...words, '-r', repository, '--retry-for', '5s', '--json', ...google.options];
  try {
    const {stdout} = await run(PROGRAM, whole, {env});
    return JSON.parse(stdout.trim().split('\n').at(-1));
  } catch (problem) {
    if (problem.stderr === undefined) throw problem;
    return {code: problem.code, said: problem.stderr};
  }
}

before(async () => {
  const seed = Date.now() % 1_000_000_000;
  console.log(`seed ${seed}`);
  folder = await mkdtemp(join(tmpdir(), 'firebreak-google-'));
  repository = join(folder, 'repository');
  standIn = await StandIn.start();
  google = await Google.start(standIn, folder);
  await run(PROGRAM, ['init', '-r', repository]);
  ledger = generate(seed);
  await writeAll(standIn, ledger);
});
after(async () => {
  await google.stop();
  await standIn.stop();
  await rm(folder, {recursive: true});
});

test('a capture is made with one token, which counts for the quota project', async () => {
  const summary = await attempt('backup', SOURCE);
  assert.equal(summary.databases?.[0].documents, ledger.size, JSON.stringify(summary));
  assert.equal(google.handedOut, 1);
  assert.ok(google.calls.every((call) => call.endsWith(' true')), google.calls.join());
});

test('tokens that expire on the way are replaced, and nothing is lost or read twice', async () => {
  google.expireAfter = 3;
  const before = google.handedOut;
  const summary = await attempt('backup', SOURCE, '--readers', '1');
  google.expireAfter = Infinity;
  assert.equal(summary.databases?.[0].documents, ledger.size, JSON.stringify(summary));
  assert.ok(google.handedOut > before + 3, `${google.handedOut - before} tokens`);
  const served = await StandIn.serve('-r', repository, summary.snapshot_id);
  expectLedger(await everything(served), ledger);
  await served.stop();
});

test('queries that break go on behind the last document they gave', async () => {
  google.breaksAfter = 2000;
  const summary = await attempt('backup', SOURCE, '--readers', '1');
  google.breaksAfter = Infinity;
  assert.equal(summary.databases?.[0].documents, ledger.size, JSON.stringify(summary));
  const broken = google.broken;
  assert.ok(broken > 2, `${broken} broken`);
  const served = await StandIn.serve('-r', repository, summary.snapshot_id);
  expectLedger(await everything(served), ledger);
  await served.stop();
});

test('Ctrl-C ends a capture, and leaves neither a point nor a lock', async () => {
  google.breaksAfter = 100;
  const points = (await run(PROGRAM, ['snapshots', '-r', repository, '--json'])).stdout;
  const child = spawn(PROGRAM, ['backup', SOURCE, '-r', repository, ...google.options],
                      {env: {...process.env, ...google.environment}});
  let said = '';
  child.stderr.on('data', (data) => {
    if (!said.includes('trying again') && `${data}`.includes('trying again')) child.kill('SIGINT');
    said += data;
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  google.breaksAfter = Infinity;
  assert.equal(code, 130, said);
  assert.match(said, /firebreak: stopped/);
  assert.equal((await run(PROGRAM, ['snapshots', '-r', repository, '--json'])).stdout, points);
  assert.deepEqual(await readdir(join(repository, 'locks')), []);
});

test('points of an emulator do not come among those of a real project', async () => {
  const env = {...process.env, FIRESTORE_EMULATOR_HOST: standIn.address};
  await assert.rejects(
      run(PROGRAM, ['backup', SOURCE, '-r', repository], {env}),
      ({code, stderr}) => code === 1 &&
          /is of the real project demo; a capture of an emulator goes into another/.test(stderr));
});

test('a restore goes the same way', async () => {
  const {snapshot_id: point} = await attempt('backup', SOURCE);
  const paths = [...ledger.keys()].slice(0, 300);
  await standIn.raw('commit', {database: DATABASE, writes: paths.map(
      (path) => ({delete: `${DATABASE}/documents/${path}`}))});
  google.expireAfter = 5;
  const summary = await attempt(
      'restore', point, '--to', SOURCE, '--confirm', PROJECT, '--initial-rate', '0',
      '--writers', '1');
  google.expireAfter = Infinity;
  assert.equal(summary.written, 300, JSON.stringify(summary));
  assert.ok(summary.undo_point);
  expectLedger(await everything(standIn), ledger);
});

test('each missing permission is named at once, and no point is made', async () => {
  const count = async () => (await run(
      PROGRAM, ['snapshots', '-r', repository, '--json'])).stdout.split('short_id').length;
  const before = await count();
  for (const method of ['RunQuery', 'ListCollectionIds', 'PartitionQuery']) {
    google.denied.add(method);
    const {code, said} = await attempt('backup', SOURCE);
    google.denied.delete(method);
    assert.equal(code, 1);
    assert.match(said, new RegExp(`${method}: Missing or insufficient permissions`));
  }
  assert.equal(await count(), before);
});

test('a service that gives fewer documents than it counts is noticed', async () => {
  google.loses = 100;
  const {code, said} = await attempt('backup', SOURCE);
  google.loses = 0;
  assert.equal(code, 1);
  assert.match(said, /the service gave \d+ documents and counts \d+ at the same time/);
});

test('credentials that are not taken any more end it with one line', async () => {
  const handOut = google.handOut;
  google.handOut = (request, response) => {
    response.writeHead(400, {'content-type': 'application/json'});
    response.end('{"error":"invalid_grant","error_description":"Token has been revoked."}');
  };
  const {code, said} = await attempt('backup', SOURCE);
  google.handOut = handOut;
  assert.equal(code, 1);
  assert.match(said, /revoked/);
});

test('a server that nobody vouches for is told nothing', async () => {
  const before = google.calls.length;
  const env = {...process.env, ...google.environment};
  const options = google.options.slice(0, 2);  // without the certificate
  await assert.rejects(
      run(PROGRAM, ['backup', SOURCE, '-r', repository, '--retry-for', '1s', ...options], {env}),
      ({code, stderr}) => code === 1 && /certificate|handshake|SSL/i.test(stderr));
  assert.equal(google.calls.length, before);
});
