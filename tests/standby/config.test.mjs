// The configuration of a project comes back: firebase-tools puts it there before the capture and
// finds it after the restore.
import assert from 'node:assert/strict';
import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import {ConfigServer} from './config_server.mjs';
import {PROGRAM} from './stand_in.mjs';

process.env.FIREBREAK_PASSWORD = process.env.RESTIC_PASSWORD = 'secret';
const RESTIC = process.env.RESTIC_PROGRAM ?? 'restic';

let folder, repository, server, tools, point;

const run = promisify(execFile);
const options = () => ({maxBuffer: 64 << 20, env: {...process.env, ...server.environment}});
const firebreak = async (...words) => {
  const {stdout} = await run(PROGRAM, [...words, '-r', repository, '--json'], options());
  return JSON.parse(stdout.trim().split('\n').at(-1));
};
// What is said of a run that ends with this code.
const fails = async (code, ...words) => {
  const error = await run(PROGRAM, [...words, '-r', repository], options()).then(
      () => assert.fail(`${words.join(' ')} succeeds`), (problem) => problem);
  assert.equal(error.code, code, error.stderr);
  return error.stderr;
};
const to = (project) => ['--to', `config://${project}`, '--confirm', project];

const FIRESTORE_RULES = `rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    // \u00e9 \u{1f600}, "quoted", \\back\\slashed\r
    match /dreams/{dream} { allow read: if request.auth.uid == resource.data.owner; }
  }
}
`;
const STORAGE_RULES = `service firebase.storage { match /b/{bucket}/o { match /{all=**} { allow read; } } }`;
const INDEXES = [
  {collectionGroup: 'dreams', queryScope: 'COLLECTION', fields: [
    {fieldPath: 'owner', order: 'ASCENDING'}, {fieldPath: 'at', order: 'DESCENDING'}]},
  {collectionGroup: 'dreams', queryScope: 'COLLECTION_GROUP', fields: [
    {fieldPath: 'tags', arrayConfig: 'CONTAINS'}, {fieldPath: 'at', order: 'ASCENDING'}]},
  {collectionGroup: 'comments', queryScope: 'COLLECTION', fields: [
    {fieldPath: 'a.`b c`', order: 'ASCENDING'}, {fieldPath: 'at', order: 'ASCENDING'}]},
];
const FIELDS = [
  {collectionGroup: 'dreams', fieldPath: 'text', indexes: []},
  {collectionGroup: 'sessions', fieldPath: 'expires', ttl: true,
   indexes: [{order: 'ASCENDING', queryScope: 'COLLECTION_GROUP'}]},
];
const TEMPLATE = {
  conditions: [{name: 'second', expression: 'true', tagColor: 'BLUE'},
               {name: 'first', expression: "app.id == '1:2:web:3'"}],
  parameters: {
    welcome: {defaultValue: {value: 'hello \u00e9'}, description: 'of the first page',
              conditionalValues: {first: {value: '1'}, second: {useInAppDefault: true}},
              valueType: 'STRING'},
  },
  parameterGroups: {group: {description: 'g', parameters: {inside: {defaultValue: {value: ''}}}}},
};

// What firebase-tools finds of a project.
async function look(project, database = '(default)') {
  const api = new tools.FirestoreApi();
  const indexes = await api.listIndexes(project, database);
  const fields = await api.listFieldOverrides(project, database);
  const releases = {};
  for (const {name, rulesetName} of await tools.rules.listAllReleases(project)) {
    const id = name.split('/releases/')[1].replace(project, 'PROJECT');
    releases[id] = (await tools.rules.getRulesetContent(rulesetName)).map(
        ({name: file, content}) => [file, content]);
  }
  const {version, ...template} = await tools.remoteConfig.getTemplate(project);
  return {releases, template, ...api.makeIndexSpec(indexes, fields)};
}

async function deployRules(project, release, files) {
  const ruleset = await tools.rules.createRuleset(project, files);
  await tools.rules.updateOrCreateRelease(project, ruleset, release);
}

before(async () => {
  server = await ConfigServer.start();
  for (const name of ['FIREBASE_RULES_URL', 'FIRESTORE_URL', 'FIREBASE_REMOTE_CONFIG_URL']) {
    process.env[name] = `http://${server.host}`;
  }
  const require = createRequire(import.meta.url);
  tools = {
    rules: require('firebase-tools/lib/gcp/rules'),
    FirestoreApi: require('firebase-tools/lib/firestore/api').FirestoreApi,
    remoteConfig: {...require('firebase-tools/lib/remoteconfig/get'),
                   ...require('firebase-tools/lib/deploy/remoteconfig/functions')},
  };
  folder = await mkdtemp(join(tmpdir(), 'firebreak-config-'));
  repository = join(folder, 'repository');
  await firebreak('init');
  server.project('demo').addDatabase('second', {
    pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_ENABLED'});
  await deployRules('demo', 'cloud.firestore', [{name: 'firestore.rules', content: FIRESTORE_RULES},
                                                {name: 'more/of it', content: FIRESTORE_RULES}]);
  await deployRules('demo', 'cloud.firestore/second',
                    [{name: 'second.rules', content: FIRESTORE_RULES}]);
  await deployRules('demo', 'firebase.storage/demo.appspot.com',
                    [{name: 'storage.rules', content: STORAGE_RULES}]);
  await new tools.FirestoreApi().deploy({project: 'demo', nonInteractive: true, force: true},
                                        INDEXES, FIELDS);
  await tools.remoteConfig.deployTemplate('demo', TEMPLATE, '*');
  server.project('demo').templates.server = {parameters: {of: {defaultValue: {value: 'servers'}}}};
  point = (await firebreak('backup', 'config://demo')).snapshot_id;
});
after(async () => {
  await server.stop();
  await rm(folder, {recursive: true});
});

test('restic gives back the rules as files', async () => {
  await run(RESTIC, ['-r', repository, 'check', '--read-data', '--no-cache']);
  const target = join(folder, 'restored');
  await run(RESTIC, ['-r', repository, 'restore', point, '--target', target, '--no-cache']);
  const root = join(target, 'firebase/demo/config');
  const file = (...parts) => readFile(join(root, ...parts), 'utf8');
  assert.equal(await file('rules/cloud.firestore/firestore.rules'), FIRESTORE_RULES);
  assert.equal(await file('rules/cloud.firestore/more%2Fof it'), FIRESTORE_RULES);
  assert.equal(await file('rules/firebase.storage%2Fdemo.appspot.com/storage.rules'),
               STORAGE_RULES);
  const config = JSON.parse(await file('config.json'));
  assert.deepEqual(config.remoteConfig.client.parameters, TEMPLATE.parameters);
  assert.deepEqual(config.remoteConfig.client.conditions, TEMPLATE.conditions);
  const about = JSON.parse(await readFile(join(target, 'firebase/demo/point.json')));
  // Three rulesets, two templates, two databases, three indexes, of fields two and what all others
  // have in each database, and one policy.
  assert.equal(about.parts[0].items, 3 + 2 + 2 + 3 + (2 + 2) + 1);
});

test('what has not changed is the same tree', async () => {
  const again = await firebreak('backup', 'config://demo');
  const {stdout} = await run(RESTIC, ['-r', repository, 'diff', '--json', '--no-cache', point,
                                      again.snapshot_id], options());
  const changed = stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line))
      .filter((line) => line.message_type === 'change').map((line) => line.path);
  assert.deepEqual(changed, ['/firebase/demo/point.json']);
});

test('into another project', async () => {
  const dry = await fails(1, 'restore', point, '--to', 'config://other', '--dry-run');
  assert.match(dry, /time to live by sessions\.expires: not turned on.*--with-ttl/);
  assert.match(dry, /settings of database second: there is no such database/);
  const nothing = await look('other');
  assert.deepEqual([nothing.releases, nothing.template, nothing.indexes], [{}, {}, []]);
  assert.match(await fails(1, 'restore', point, ...to('other')), /--with-ttl/);
  const wanted = await look('demo');
  const found = await look('other');
  assert.deepEqual(found.releases, wanted.releases);
  assert.deepEqual(found.template, wanted.template);
  assert.deepEqual(found.indexes, wanted.indexes);
  assert.deepEqual(found.fieldOverrides,
                   wanted.fieldOverrides.map((field) => ({...field, ttl: false})));
  assert.deepEqual(server.project('other').templates.server.parameters,
                   {of: {defaultValue: {value: 'servers'}}});
  server.project('other').addDatabase('second');
  const whole = await firebreak('restore', point, ...to('other'), '--with-ttl',
                                '--mode', 'overwrite');
  assert.equal(whole.refused, 0);
  assert.deepEqual(await look('other'), wanted);
  assert.equal(server.project('other').databases.get('second').about.pointInTimeRecoveryEnablement,
               'POINT_IN_TIME_RECOVERY_ENABLED');
  // It waited until everything was built.
  for (const {indexes} of server.project('other').databases.values()) {
    for (const index of indexes.values()) assert.equal(index.state, 'READY', index.name);
  }
  server.calls = [];
  const again = await firebreak('restore', point, ...to('other'), '--with-ttl', '--mode', 'exact');
  assert.deepEqual([again.same, again.written, again.in_point], [15, 0, 15]);
  assert.ok(server.calls.every((call) => call.startsWith('GET ')), server.calls.join('\n'));
});

test('what was changed, deleted and added, and the way back', async () => {
  const before = await look('demo');
  await deployRules('demo', 'cloud.firestore', [
    {name: 'firestore.rules', content: 'service cloud.firestore { /* nobody */ }'}]);
  await deployRules('demo', 'firebase.storage/more', [
    {name: 'storage.rules', content: STORAGE_RULES}]);
  await tools.remoteConfig.deployTemplate('demo', {parameters: {}}, '*');
  await new tools.FirestoreApi().deploy(
      {project: 'demo', nonInteractive: true, force: true},
      [INDEXES[0], {...INDEXES[1], collectionGroup: 'new'}],
      [{collectionGroup: 'dreams', fieldPath: 'text', indexes: [{order: 'ASCENDING',
                                                                  queryScope: 'COLLECTION'}]},
       {collectionGroup: 'dreams', fieldPath: 'new', indexes: []}]);
  const changed = await look('demo');
  const missing = await firebreak('restore', point, ...to('demo'), '--with-ttl');
  // Rules, a field's indexes and the database of another project stay as they are.
  assert.deepEqual([missing.changed, missing.deleted], [0, 0]);
  const half = await look('demo');
  assert.deepEqual(half.releases, changed.releases);
  assert.deepEqual(half.template, before.template);
  assert.equal(half.indexes.length, 4);
  const exact = await firebreak('restore', point, ...to('demo'), '--with-ttl', '--mode', 'exact');
  assert.deepEqual(await look('demo'), before);
  const back = await firebreak('restore', exact.undo_point, ...to('demo'), '--with-ttl',
                               '--mode', 'exact');
  assert.equal(back.refused, 0);
  assert.deepEqual(await look('demo'), half);
  await firebreak('restore', point, ...to('demo'), '--with-ttl', '--mode', 'exact');
  assert.deepEqual(await look('demo'), before);
});

test('answers that are lost', async () => {
  server.loses = new Set(['PUT remoteConfig', 'PUT serverRemoteConfig', 'POST rulesets',
                          'PATCH releases', 'POST releases', 'POST indexes', 'PATCH fields']);
  server.project('lost').addDatabase('second');
  const whole = await firebreak('restore', point, ...to('lost'), '--with-ttl', '--mode', 'exact');
  assert.equal(server.loses.size, 0);
  assert.equal(whole.refused + whole.conflicts, 0);
  assert.deepEqual(await look('lost'), await look('demo'));
});

test('what somebody else changes meanwhile stays', async () => {
  const theirs = {parameters: {theirs: {defaultValue: {value: 'x'}}}};
  server.project('shared').addDatabase('second');
  server.onCall = (method, path) => {
    if (method !== 'POST' || !path.endsWith('/indexes')) return;
    server.onCall = () => {};
    const project = server.project('shared');
    ++project.versions.client;
    project.templates.client = theirs;
  };
  const said = await fails(1, 'restore', point, ...to('shared'), '--with-ttl');
  assert.match(said, /Remote Config \(client\): somebody has changed it meanwhile/);
  assert.deepEqual(server.project('shared').templates.client, theirs);
  assert.deepEqual((await look('shared')).releases, (await look('demo')).releases);
});

test('a configuration that changes is captured as it was at one time', async () => {
  let changes = 0;
  server.onCall = (method, path) => {
    if (!path.endsWith('/fields') || changes >= 3) return;
    const project = server.project('moving');
    project.templates.client = {parameters: {n: {defaultValue: {value: String(++changes)}}}};
    ++project.versions.client;
  };
  await firebreak('backup', 'config://moving');
  assert.equal(changes, 3);
  changes = -1000;
  const said = await fails(1, 'backup', 'config://moving');
  assert.match(said, /it changed each of the 6 times it was read/);
  server.onCall = () => {};
});

test('permissions that are missing are named, and leave no point', async () => {
  const count = async () => (await firebreak('snapshots')).length;
  const before = await count();
  for (const word of ['releases', 'rulesets', 'remoteConfig', 'serverRemoteConfig', 'databases',
                      'indexes', 'fields']) {
    server.denied = new Set([`/${word}`]);
    const said = await fails(1, 'backup', 'config://demo');
    assert.match(said, /PERMISSION_DENIED: The caller does not have permission/);
    assert.match(said, new RegExp(word === 'databases' ? 'databases of config://demo' : word, 'i'));
  }
  server.denied = new Set();
  assert.equal(await count(), before);
});

test('killed at every call that writes, a second run does the rest', async () => {
  const wanted = await look('demo');
  let kills = 0;
  for (let strike = 1; ; ++strike) {
    const project = `killed-${strike}`;
    server.project(project).addDatabase('second');
    const child = spawn(PROGRAM, ['restore', point, ...to(project), '--with-ttl', '-q',
                                  '--mode', 'overwrite', '-r', repository],
                        {env: options().env, stdio: 'ignore'});
    let writes = 0;
    server.onCall = (method) => {
      if (method !== 'GET' && ++writes === strike) child.kill('SIGKILL');
    };
    const [code] = await once(child, 'exit');
    server.onCall = () => {};
    if (code === 0) break;
    ++kills;
    await run(PROGRAM, ['unlock', '--remove-all', '-r', repository], options());
    const second = await firebreak('restore', point, ...to(project), '--with-ttl',
                                   '--mode', 'overwrite');
    assert.equal(second.refused + second.conflicts, 0);
    assert.deepEqual(await look(project), wanted);
    for (const {indexes} of server.project(project).databases.values()) {
      for (const index of indexes.values()) assert.equal(index.state, 'READY', index.name);
    }
  }
  assert.ok(kills >= 13, `${kills} kills`);
});

test('bad input is refused in a line', async () => {
  assert.match(await fails(1, 'backup', 'config://NO'), /config:\/\/PROJECT/);
  assert.match(await fails(1, 'backup', 'config://demo', 'config://demo'), /named twice/);
  assert.match(await fails(1, 'backup', 'config://demo', 'auth://other'), /of the project demo/);
  assert.match(await fails(1, 'restore', point, '--to', 'config://demo'),
               /--dry-run first.*--confirm demo/);
  assert.match(await fails(1, 'restore', point, ...to('demo'), '--below', 'x'), /--below/);
  assert.match(await fails(1, 'restore', point, '--to', 'auth://demo', '--dry-run'),
               /FIREBASE_AUTH_EMULATOR_HOST|has no users/);
});
