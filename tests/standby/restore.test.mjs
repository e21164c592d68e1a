// A point is restored into databases in every state; the official client judges what comes of it.
import assert from 'node:assert/strict';
import {execFile, spawn} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, beforeEach, afterEach, test} from 'node:test';
import {promisify} from 'node:util';
import {chance, everything, expectLedger, generate, writeAll} from './dataset.mjs';
import {integer, text} from './matrix.mjs';
import {DOCUMENTS, PROGRAM, PROJECT, StandIn} from './stand_in.mjs';

const SOURCE = `firestore://${PROJECT}/(default)`;
process.env.FIREBREAK_PASSWORD = 'secret';

let folder, repository, point, ledger, below;
let target;  // empty at the start of each test

const run = promisify(execFile);
async function firebreak(standIn, ...words) {
  const env = {...process.env, FIRESTORE_EMULATOR_HOST: standIn.address};
  const {stdout} = await run(PROGRAM, [...words, '-r', repository, '--json'], {env});
  return JSON.parse(stdout.trim().split('\n').at(-1));
}
const restore = (...words) => firebreak(
    target, 'restore', point, '--to', SOURCE, '--confirm', PROJECT, '--no-undo', ...words);

before(async () => {
  const seed = Date.now() % 1_000_000_000;
  console.log(`seed ${seed}`);
  below = chance(seed);
  folder = await mkdtemp(join(tmpdir(), 'firebreak-restore-'));
  repository = join(folder, 'repository');
  const source = await StandIn.start();
  await firebreak(source, 'init');
  ledger = generate(seed, 2000);
  await writeAll(source, ledger);
  point = (await firebreak(source, 'backup', SOURCE)).snapshot_id;
  await source.stop();
});
after(() => rm(folder, {recursive: true}));
beforeEach(async () => { target = await StandIn.start(); });
afterEach(() => target.stop());

// The target gets some documents of the point, some of them changed, and others.
async function populate() {
  const present = new Map();
  for (const [path, fields] of ledger) {
    const choice = below(3);
    if (choice === 0) continue;
    present.set(path, choice === 1 ? fields : {...fields, later: integer(1)});
  }
  for (let count = 0; count < 300; ++count) {
    present.set(`${below(2) ? 'users' : 'later'}/new${count}`, {later: text('new')});
  }
  await writeAll(target, present);
  return present;
}

function expectedAfter(mode, present) {
  const wanted = new Map(ledger);
  for (const [path, fields] of present) {
    if (mode === 'missing' || (mode === 'overwrite' && !ledger.has(path))) wanted.set(path, fields);
  }
  return wanted;
}

for (const mode of ['missing', 'overwrite', 'exact']) {
  test(`mode ${mode}: what a dry run announces is done, and no more`, async () => {
    const present = await populate();
    const announced = await restore('--mode', mode, '--dry-run');
    assert.equal(announced.written, 0);
    expectLedger(await everything(target), present);
    const summary = await restore('--mode', mode);
    for (const count of ['in_point', 'in_target', 'created', 'changed', 'deleted', 'same', 'kept']) {
      assert.equal(summary[count], announced[count], count);
    }
    assert.equal(summary.in_point, ledger.size);
    assert.equal(summary.in_target, present.size);
    assert.equal(summary.written, summary.created + summary.changed + summary.deleted);
    const wanted = expectedAfter(mode, present);
    expectLedger(await everything(target), wanted);
    const again = await restore('--mode', mode);
    assert.equal(again.written, 0);
    assert.equal(again.in_target, wanted.size);
  });
}

test('another project and database get all of it, with references into themselves', async () => {
  const summary = await firebreak(
      target, 'restore', point, '--to', 'firestore://other/(default)', '--confirm', 'other');
  assert.equal(summary.created, ledger.size);
  assert.equal(summary.undo_point, undefined);  // there was nothing to go back to
  const other = DOCUMENTS.replace(`projects/${PROJECT}/`, 'projects/other/');
  const moved = (value) => {
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value === 'string') return value.replace(`${DOCUMENTS}/`, `${other}/`);
    if (value === null || typeof value !== 'object' || Buffer.isBuffer(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, moved(inner)]));
  };
  const wanted = new Map([...ledger].map(([path, fields]) => [path, moved(fields)]));
  expectLedger(await everything(target, other), wanted);
  assert.equal((await everything(target)).size, 0);
});

test('one document or collection comes back with all below it, and nothing else', async () => {
  const present = await populate();
  const user = [...ledger.keys()].find((path) => path.includes('/dreams/')).split('/')[1];
  for (const part of [`users/${user}`, 'names', `${'x'.repeat(1500)}/names`, 'values/v0']) {
    const wanted = await everything(target);
    await restore('--mode', 'exact', '--below', part);
    const isBelow = (path) => path === part || path.startsWith(`${part}/`);
    const fields = new Map([...wanted].map(([path, document]) => [path, document.fields]));
    for (const path of fields.keys()) if (isBelow(path)) fields.delete(path);
    for (const [path, stored] of ledger) if (isBelow(path)) fields.set(path, stored);
    expectLedger(await everything(target), fields);
  }
  assert.ok(present.size > 0);
});

test('an undo point brings back what was there before', async () => {
  const present = await populate();
  const summary = await firebreak(
      target, 'restore', point, '--to', SOURCE, '--confirm', PROJECT, '--mode', 'exact');
  expectLedger(await everything(target), ledger);
  await firebreak(target, 'restore', summary.undo_point, '--to', SOURCE, '--confirm', PROJECT,
                  '--mode', 'exact', '--no-undo');
  expectLedger(await everything(target), present);
});

test('killed at any time, a second run does the rest', async () => {
  for (const count of [1, 300, 1200]) {
    await target.database.recursiveDelete(target.database.collection('users'));
    const env = {...process.env, FIRESTORE_EMULATOR_HOST: target.address};
    const child = spawn(
        PROGRAM, ['restore', point, '-r', repository, '--to', SOURCE, '--confirm', PROJECT,
                  '--no-undo', '--initial-rate', '2000', '-v'], {env});
    let lines = 0;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stderr.on('data', (data) => {
      lines += data.toString().split('\n').length - 1;
      if (lines >= count) child.kill('SIGKILL');
    });
    assert.equal(await ended, null, 'killed');
    await restore();
    expectLedger(await everything(target), ledger);
  }
});

test('documents that somebody changes meanwhile are left alone and named', async () => {
  await writeAll(target, new Map([...ledger].map(([path]) => [path, {old: integer(1)}])));
  const env = {...process.env, FIRESTORE_EMULATOR_HOST: target.address};
  const child = spawn(
      PROGRAM, ['restore', point, '-r', repository, '--to', SOURCE, '--confirm', PROJECT,
                '--no-undo', '--mode', 'exact', '--initial-rate', '1000', '--writers', '1', '-v'],
      {env});
  let said = '';
  const changed = new Set();
  const writes = [];
  child.stderr.on('data', (data) => {
    said += data;
    // What was compared a moment ago still waits for its turn.
    for (const [, path] of data.toString().matchAll(/^change (users\/\w+)$/gm)) {
      if (below(20) !== 0) continue;
      writes.push(target.database.doc(path).set({later: true}).then(() => changed.add(path)));
    }
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  await Promise.all(writes);
  const conflicts = new Set([...said.matchAll(/^(users\/\w+): somebody else/gm)].map((one) => one[1]));
  assert.ok(conflicts.size > 0, said.slice(-500));
  assert.equal(code, 1);
  const found = await everything(target);
  for (const path of conflicts) assert.ok(found.get(path).fields.later, path);
  for (const path of changed) {
    if (!found.get(path).fields.later) assert.fail(`${path} was changed later, and that is lost`);
  }
  const wanted = new Map(ledger);
  for (const path of changed) wanted.set(path, {later: {booleanValue: true}});
  expectLedger(found, wanted);
});

test('what must not be restored is said in one line, and nothing is written', async () => {
  const attempt = async (...words) => {
    const env = {...process.env, FIRESTORE_EMULATOR_HOST: target.address};
    try {
      await run(PROGRAM, ['restore', '-r', repository, '--retry-for', '1s', ...words], {env});
    } catch ({code, stderr}) {
      return {code, line: stderr.trim().split('\n').at(-1)};
    }
    return assert.fail(`${words} succeeded`);
  };
  for (const [wanted, ...words] of [
    [/look at it with --dry-run first, then give --confirm demo/, point, '--to', SOURCE],
    [/--confirm other is not what is written to: demo/, point, '--to', SOURCE,
     '--confirm', 'other'],
    [/--mode all: missing, overwrite or exact/, point, '--to', SOURCE, '--mode', 'all'],
    [/an undo point cannot be saved with --no-lock/, point, '--to', SOURCE,
     '--confirm', 'demo', '--no-lock'],
    [/--to: gs:\/\/x: a bucket is written/, point, '--to', 'gs://x'],
    [/options for files do not go with it/, point, '--to', SOURCE, '--target', '/tmp/x'],
    [/go with --to/, point, '--target', join(folder, 'x'), '--mode', 'exact'],
    [/nothing in point .* is at or below nowhere/, point, '--to', SOURCE, '--below', 'nowhere',
     '--dry-run'],
    [/--below a\/\/b/, point, '--to', SOURCE, '--below', 'a//b', '--dry-run'],
    [/no snapshot/, '0123abcd', '--to', SOURCE, '--dry-run'],
  ]) {
    const {code, line} = await attempt(...words);
    assert.match(line, wanted);
    assert.ok(code === 1, `${code}: ${line}`);
  }
  assert.equal((await everything(target)).size, 0);
});
