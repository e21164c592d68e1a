// The users of a project come back: the official client finds whom it put there before the capture.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdtemp, readFile, readdir, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import {AuthServer, importAll, lookOf, manyUsers, usersIn} from './auth.mjs';
import {PROGRAM} from './stand_in.mjs';

process.env.FIREBREAK_PASSWORD = 'secret';
process.env.RESTIC_PASSWORD = 'secret';
const RESTIC = process.env.RESTIC_PROGRAM ?? 'restic';
const COUNT = 2500;

let folder, repository, server, users, ledger, tenant, point;

const run = promisify(execFile);
const options = () => ({maxBuffer: 64 << 20, env: {...process.env, ...server.environment}});
const firebreak = async (...words) => {
  const {stdout} = await run(PROGRAM, [...words, '-r', repository, '--json'], options());
  return JSON.parse(stdout.trim().split('\n').at(-1));
};
const restore = (project, ...words) => firebreak(
    'restore', point, '--to', `auth://${project}`, '--confirm', project, ...words);
const refused = async (words, code, says) => {
  await assert.rejects(run(PROGRAM, [...words, '-r', repository], options()), (error) => {
    assert.match(error.stderr, says);
    assert.equal(error.code, code, error.stderr);
    return true;
  });
};

// Of every file below a folder, name by name in the order of bytes: each is records, a length before
// each. Whole paths would not do, because '%' in a name sorts before the '/' that ends one.
async function recordsBelow(path) {
  const records = [];
  const entries = await readdir(path, {withFileTypes: true});
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory()) records.push(...await recordsBelow(join(path, entry.name)));
    if (!entry.isFile() || entry.name === '!keys') continue;
    const bytes = await readFile(join(path, entry.name));
    for (let at = 0; at < bytes.length;) {
      let size = 0, shift = 0, byte;
      do {
        byte = bytes[at++];
        size += (byte & 127) * 2 ** shift;
        shift += 7;
      } while (byte & 128);
      records.push(JSON.parse(bytes.subarray(at, at + size).toString()));
      at += size;
    }
  }
  return records;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firebreak-users-'));
  repository = join(folder, 'repository');
  server = await AuthServer.start();
  users = server.users('demo');
  ledger = manyUsers(COUNT);
  await importAll(users, ledger);
  const created = await users.tenantManager().createTenant({displayName: 'tenant-one'});
  tenant = created.tenantId;
  const inside = users.tenantManager().authForTenant(tenant);
  await inside.createUser({uid: 'u0001', email: 'user1@example.com', password: 'secret1'});
  await inside.createUser({uid: 'only-there'});
  await firebreak('init');
  point = (await firebreak('backup', 'auth://demo')).snapshot_id;
});
after(async () => {
  await server.stop();
  await rm(folder, {recursive: true});
});

test('restic gives back what the official client wrote', async () => {
  await run(RESTIC, ['-r', repository, 'check', '--read-data', '--no-cache']);
  const target = join(folder, 'restored');
  await run(RESTIC, ['-r', repository, 'restore', point, '--target', target, '--no-cache']);
  const root = join(target, 'firebase/demo');
  const about = JSON.parse(await readFile(join(root, 'point.json')));
  assert.equal(about.parts[0].users, ledger.length + 2);
  const records = await recordsBelow(join(root, 'auth/users'));
  assert.equal(records.length, ledger.length + 2);
  const keys = records.map((one) => `${one.tenantId ?? ''}\0${one.localId}`);
  assert.deepEqual(keys, keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  const found = new Map(records.filter((one) => !one.tenantId).map((one) => [one.localId, one]));
  for (const user of ledger) {
    const record = found.get(user.uid);
    assert.ok(record, user.uid);
    assert.equal(record.email, user.email);
    assert.equal(record.displayName, user.displayName);
    assert.equal(record.phoneNumber, user.phoneNumber);
    assert.equal(record.emailVerified ?? false, user.emailVerified ?? false);
    assert.equal(record.disabled ?? false, user.disabled ?? false);
    const claims = record.customAttributes && JSON.parse(record.customAttributes);
    assert.deepEqual(claims, user.customClaims);
    const hash = record.passwordHash && Buffer.from(record.passwordHash, 'base64url');
    assert.deepEqual(hash, user.passwordHash);
    const salt = record.salt && Buffer.from(record.salt, 'base64url');
    assert.deepEqual(salt, user.passwordSalt);
    assert.equal(record.mfaInfo?.[0].phoneInfo, user.multiFactor?.enrolledFactors[0].phoneNumber);
  }
  const config = JSON.parse(await readFile(join(root, 'auth/config.json')));
  assert.equal(config.tenants[0].displayName, 'tenant-one');
});

test('into another project', async () => {
  const there = server.users('other');
  const dry = await firebreak('restore', point, '--to', 'auth://other', '--dry-run', '-q')
      .catch((error) => JSON.parse(error.stdout.trim().split('\n').at(-1)));
  assert.deepEqual([dry.created, dry.written], [ledger.length + 2, 0]);
  assert.equal((await usersIn(there)).size, 0);
  // The tenant is not there, and no one can make it with that id.
  await refused(['restore', point, '--to', 'auth://other', '--confirm', 'other'], 1,
                /only-there: auth:\/\/other has no such tenant/);
  assert.deepEqual(await usersIn(there), await usersIn(users));
  const hashes = async (project) => {
    const {users} = await server.raw('GET', `/v1/projects/${project}/accounts:batchGet?maxResults=1000`);
    return users.map(({localId, passwordHash, salt}) => ({localId, passwordHash, salt}));
  };
  assert.deepEqual(await hashes('other'), await hashes('demo'));
});

test('what was changed, deleted and added, and the way back', async () => {
  const before = await usersIn(users);
  const inside = users.tenantManager().authForTenant(tenant);
  const insideBefore = await usersIn(inside);
  await users.updateUser('u0001', {displayName: 'changed', email: 'changed@example.com'});
  await users.updateUser('u0002', {disabled: true, phoneNumber: null});
  await users.deleteUsers(['u0003', '0', 'Z'.repeat(128)]);
  // Who takes an address that somebody in the point has.
  const freed = before.get('u0003').email;
  await users.createUser({uid: 'squatter', email: freed});
  await inside.deleteUser('only-there');
  await inside.createUser({uid: 'new-there', email: 'new@example.com'});
  const changed = await usersIn(users);

  // Only whom nobody is in the way of.
  const dry = await firebreak('restore', point, '--to', 'auth://demo', '--dry-run');
  assert.deepEqual([dry.created, dry.changed, dry.deleted, dry.kept], [4, 0, 0, 4]);
  await refused(['restore', point, '--to', 'auth://demo', '--confirm', 'demo'], 1,
                /u0003: its email is that of user squatter now/);
  const half = await usersIn(users);
  assert.equal(half.get('u0001').displayName, 'changed');
  assert.deepEqual(half.get('0'), before.get('0'));
  assert.ok(!half.has('u0003'));
  assert.ok(half.has('squatter'));

  const exact = await restore('demo', '--mode', 'exact');
  assert.deepEqual([exact.created, exact.changed, exact.deleted], [1, 2, 2]);
  assert.deepEqual(await usersIn(users), before);
  assert.deepEqual([...(await usersIn(inside)).keys()], [...insideBefore.keys()]);
  assert.deepEqual((await usersIn(inside)).get('u0001').email, 'user1@example.com');
  const again = await restore('demo', '--mode', 'exact');
  assert.deepEqual([again.same, again.written], [ledger.length + 2, 0]);

  // Back to what was there before the exact restore.
  const undone = await firebreak('restore', exact.undo_point, '--to', 'auth://demo', '--confirm',
                                 'demo', '--mode', 'exact');
  assert.equal(undone.deleted, 1);
  assert.deepEqual(await usersIn(users), half);
  assert.equal(changed.size, half.size - 2);
  await restore('demo', '--mode', 'exact');
  assert.deepEqual(await usersIn(users), before);
});

test('a second point stores what has changed, and no more', async () => {
  const same = await firebreak('backup', 'auth://demo');
  assert.equal(same.auth.users, ledger.length + 2);
  await users.updateUser('u0007', {displayName: 'somebody else'});
  const next = await firebreak('backup', 'auth://demo');
  assert.ok(next.data_added < same.auth.bytes / 4, `${next.data_added} of ${same.auth.bytes}`);
  const shown = lookOf(await users.getUser('u0007'));
  assert.equal(shown.displayName, 'somebody else');
});

test('bad input is refused in a line', async () => {
  await refused(['backup', 'auth://demo/tenant'], 1, /users of all tenants, auth:\/\/demo/);
  await refused(['backup', 'auth://NO'], 1, /auth:\/\/PROJECT/);
  await refused(['backup', 'auth://demo', 'firestore://other/(default)'], 1, /of the project demo/);
  await refused(['restore', point, '--to', 'auth://demo'], 1, /--dry-run first.*--confirm demo/);
  await refused(['restore', point, '--to', 'auth://demo', '--confirm', 'dmeo'], 1, /dmeo/);
  await refused(['restore', point, '--to', 'auth://demo', '--confirm', 'demo', '--below', 'u'], 1,
                /--below/);
  await refused(['restore', point, '--to', 'firestore://demo/(default)', '--dry-run'], 1,
                /has 0 databases|FIRESTORE_EMULATOR_HOST/);
});
