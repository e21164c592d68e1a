// The configuration APIs of a project, for which Google has no emulator: Security Rules, Remote
// Config and the administration of Firestore. It takes the calls that their references describe, as
// they describe them, and answers anything else with an error; firebase-tools is its judge.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import http from 'node:http';
import {gzipSync} from 'node:zlib';

class Refusal extends Error {
  constructor(code, status, message) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
const invalid = (message) => new Refusal(400, 'INVALID_ARGUMENT', message);
const missing = (what) => new Refusal(404, 'NOT_FOUND', `${what} not found`);

function onlyFields(object, permitted, what) {
  if (object === null || typeof object !== 'object' || Array.isArray(object)) {
    throw invalid(`${what}: an object is expected`);
  }
  for (const name of Object.keys(object)) {
    if (!permitted.includes(name)) {
      throw invalid(`Invalid JSON payload received. Unknown name "${name}" at '${what}'`);
    }
  }
}

class Project {
  constructor(id) {
    this.id = id;
    this.rulesets = new Map();
    this.releases = new Map();
    this.templates = {client: {}, server: null};
    this.versions = {client: 0, server: 0};
    this.databases = new Map();
    this.operations = new Map();
    this.addDatabase('(default)');
  }

  addDatabase(id, settings = {}) {
    const name = `projects/${this.id}/databases/${id}`;
    this.databases.set(id, {
      about: {name, uid: createHash('md5').update(name).digest('hex'), type: 'FIRESTORE_NATIVE',
              locationId: 'nam5', databaseEdition: 'STANDARD', concurrencyMode: 'PESSIMISTIC',
              pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_DISABLED',
              deleteProtectionState: 'DELETE_PROTECTION_DISABLED', ...settings},
      indexes: new Map(),
      fields: new Map(),
    });
  }
}

const PAGE = 2;  // where a size is asked for: it is a hint, and small pages the service's right

export class ConfigServer {
  static async start() {
    const server = new ConfigServer();
    server.http.listen(0, '127.0.0.1');
    await once(server.http, 'listening');
    server.host = `127.0.0.1:${server.http.address().port}`;
    server.environment = {FIREBREAK_CONFIG_EMULATOR_HOST: server.host};
    return server;
  }

  constructor() {
    this.projects = new Map();
    this.calls = [];             // "GET /v1/…"
    this.denied = new Set();     // words: whose paths have them is refused
    this.loses = new Set();      // "METHOD word": done, and answered by 503, once each
    this.buildsIn = 5;           // calls until an operation is done
    this.onCall = () => {};
    this.clock = 1_700_000_000;
    this.http = http.createServer((request, response) => this.answer(request, response));
  }

  async stop() {
    this.http.closeAllConnections?.();
    await new Promise((resolve) => this.http.close(resolve));
  }

  project(id) {
    if (!this.projects.has(id)) this.projects.set(id, new Project(id));
    return this.projects.get(id);
  }

  now() {
    return new Date(++this.clock * 1000).toISOString();
  }

  async answer(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const send = (code, body, {etag} = {}) => {
      const packed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      const text = JSON.stringify(body);
      // As the service: who does not take gzip gets no ETag.
      response.writeHead(code, {
        'content-type': 'application/json',
        ...(etag && packed ? {etag} : {}), ...(packed ? {'content-encoding': 'gzip'} : {}),
      });
      response.end(packed ? gzipSync(text) : text);
    };
    this.calls.push(`${request.method} ${request.url}`);
    try {
      if (request.headers.authorization !== 'Bearer owner') {
        throw new Refusal(401, 'UNAUTHENTICATED', 'no credentials');
      }
      const url = new URL(request.url, 'http://server');
      for (const word of this.denied) {
        if (url.pathname.includes(word)) {
          throw new Refusal(403, 'PERMISSION_DENIED', 'The caller does not have permission');
        }
      }
      let body;
      if (chunks.length > 0) {
        assert.match(request.headers['content-type'] ?? '', /application\/json/);
        body = JSON.parse(Buffer.concat(chunks).toString());
      }
      this.goOn();
      this.onCall(request.method, url.pathname);
      const {content, headers} = this.route(request.method, url, body, request.headers);
      for (const lost of this.loses) {
        const [method, word] = lost.split(' ');
        if (method === request.method && url.pathname.includes(word)) {
          this.loses.delete(lost);
          throw new Refusal(503, 'UNAVAILABLE', 'The answer is lost');
        }
      }
      send(200, content, headers);
    } catch (problem) {
      const {code, status} =
          problem instanceof Refusal ? problem : {code: 500, status: 'INTERNAL'};
      if (code === 500) console.error(request.method, request.url, problem);
      send(code, {error: {code, message: problem.message, status}});
    }
  }

  route(method, url, body, headers) {
    const path = decodeURIComponent(url.pathname);
    const query = Object.fromEntries(url.searchParams);
    const table = [
      ['GET', /^\/v1\/projects\/([^/]+)\/releases$/, this.listReleases],
      ['POST', /^\/v1\/projects\/([^/]+)\/releases$/, this.createRelease],
      ['PATCH', /^\/v1\/projects\/([^/]+)\/releases\/(.+)$/, this.updateRelease],
      ['DELETE', /^\/v1\/projects\/([^/]+)\/releases\/(.+)$/, this.deleteRelease],
      ['GET', /^\/v1\/projects\/([^/]+)\/rulesets\/([^/]+)$/, this.getRuleset],
      ['POST', /^\/v1\/projects\/([^/]+)\/rulesets$/, this.createRuleset],
      ['GET', /^\/v1\/projects\/([^/]+)\/(remoteConfig)$/, this.getTemplate],
      ['PUT', /^\/v1\/projects\/([^/]+)\/(remoteConfig)$/, this.putTemplate],
      ['GET', /^\/v1\/projects\/([^/]+)\/(namespaces\/firebase-server\/serverRemoteConfig)$/,
       this.getTemplate],
      ['PUT', /^\/v1\/projects\/([^/]+)\/(namespaces\/firebase-server\/serverRemoteConfig)$/,
       this.putTemplate],
      ['GET', /^\/v1\/projects\/([^/]+)\/databases$/, this.listDatabases],
      ['PATCH', /^\/v1\/projects\/([^/]+)\/databases\/([^/]+)$/, this.patchDatabase],
      ['GET', /^\/v1\/projects\/([^/]+)\/databases\/([^/]+)\/collectionGroups\/-\/indexes$/,
       this.listIndexes],
      ['POST', /^\/v1\/projects\/([^/]+)\/databases\/([^/]+)\/collectionGroups\/([^/]+)\/indexes$/,
       this.createIndex],
      ['DELETE',
       /^\/v1\/projects\/([^/]+)\/databases\/([^/]+)\/collectionGroups\/([^/]+)\/indexes\/([^/]+)$/,
       this.deleteIndex],
      ['GET', /^\/v1\/projects\/([^/]+)\/databases\/([^/]+)\/collectionGroups\/-\/fields$/,
       this.listFields],
      ['PATCH',
       /^\/v1\/projects\/([^/]+)\/databases\/([^/]+)\/collectionGroups\/([^/]+)\/fields\/([^/]+)$/,
       this.patchField],
      ['GET', /^\/v1\/projects\/([^/]+)\/databases\/([^/]+)\/operations\/([^/]+)$/,
       this.getOperation],
    ];
    for (const [verb, shape, handle] of table) {
      const found = verb === method && shape.exec(path);
      if (!found) continue;
      const [id, ...names] = found.slice(1);
      const answered = handle.call(this, this.project(id), names, query, body, headers);
      return answered.content === undefined ? {content: answered} : answered;
    }
    throw new Refusal(404, 'NOT_FOUND', `no such method: ${method} ${path}`);
  }

  page(all, query, name, permitted = []) {
    onlyFields(query, ['pageSize', 'pageToken', ...permitted], 'query');
    const from = Number(query.pageToken || 0);
    const items = all.slice(from, query.pageSize ? from + PAGE : undefined);
    const next = from + items.length < all.length ? {nextPageToken: String(from + items.length)} : {};
    return {...(items.length > 0 ? {[name]: items} : {}), ...next};
  }

  // Security Rules.
  listReleases(project, names, query) {
    return this.page([...project.releases.values()], query, 'releases', ['filter']);
  }
  writeRelease(project, given, isNew) {
    onlyFields(given, ['name', 'rulesetName'], 'release');
    const prefix = `projects/${project.id}/releases/`;
    if (!given.name?.startsWith(prefix)) throw invalid('release.name is of another project');
    const id = given.name.slice(prefix.length);
    if (!/^(cloud\.firestore(\/[^/]+)?|firebase\.storage\/[^/]+)$/.test(id)) {
      throw invalid(`${id} is no release`);
    }
    const before = project.releases.get(id);
    if (isNew && before) throw new Refusal(409, 'ALREADY_EXISTS', 'Requested entity already exists');
    if (!isNew && !before) throw missing(given.name);
    if (!project.rulesets.has(given.rulesetName)) throw missing(given.rulesetName);
    const release = {name: given.name, rulesetName: given.rulesetName,
                     createTime: before?.createTime ?? this.now(), updateTime: this.now()};
    project.releases.set(id, release);
    return release;
  }
  createRelease(project, names, query, body) {
    onlyFields(query, [], 'query');
    return this.writeRelease(project, body, true);
  }
  updateRelease(project, [id], query, body) {
    onlyFields(query, [], 'query');
    onlyFields(body, ['release', 'updateMask'], 'body');
    if (body.release?.name !== `projects/${project.id}/releases/${id}`) {
      throw invalid('release.name is not that of the path');
    }
    return this.writeRelease(project, body.release, false);
  }
  deleteRelease(project, [id]) {
    if (!project.releases.delete(id)) throw missing(id);
    return {};
  }
  getRuleset(project, [id]) {
    const ruleset = project.rulesets.get(`projects/${project.id}/rulesets/${id}`);
    if (!ruleset) throw missing(id);
    return ruleset;
  }
  createRuleset(project, names, query, body) {
    onlyFields(body, ['source', 'attachmentPoint', 'attachment_point'], 'body');
    onlyFields(body.source, ['files'], 'source');
    const files = body.source.files.map((file) => {
      onlyFields(file, ['name', 'content', 'fingerprint'], 'file');
      if (!file.content.includes('service ')) throw invalid(`${file.name}: Missing 'service'`);
      const fingerprint = createHash('sha256').update(file.content).digest('base64');
      return {name: file.name, content: file.content, fingerprint};
    });
    const id = createHash('md5').update(`${this.now()}`).digest('hex');
    const name = `projects/${project.id}/rulesets/${id}`;
    const attachmentPoint = body.attachmentPoint ?? body.attachment_point;
    const services = [...new Set(files.flatMap((file) =>
      [...file.content.matchAll(/service ([a-z.]+)/g)].map((found) => found[1])))];
    project.rulesets.set(name, {name, source: {files}, createTime: this.now(),
                                metadata: {services},
                                ...(attachmentPoint ? {attachmentPoint} : {})});
    return {name, createTime: this.now()};
  }

  // Remote Config.
  kind(name) {
    return name === 'remoteConfig' ? 'client' : 'server';
  }
  etag(project, kind) {
    return `etag-${project.id}-${project.versions[kind]}`;
  }
  getTemplate(project, [name], query) {
    onlyFields(query, ['versionNumber'], 'query');
    const kind = this.kind(name);
    if (!project.templates[kind]) throw missing('template');
    return {content: project.templates[kind], headers: {etag: this.etag(project, kind)}};
  }
  putTemplate(project, [name], query, body, headers) {
    onlyFields(query, ['validateOnly'], 'query');
    onlyFields(body, ['conditions', 'parameters', 'parameterGroups', 'version'], 'body');
    const kind = this.kind(name);
    const match = headers['if-match'];
    if (!match) throw new Refusal(400, 'FAILED_PRECONDITION', 'If-Match is missing');
    if (match !== '*' && match !== this.etag(project, kind)) {
      throw new Refusal(409, 'ABORTED', 'ETag mismatch');
    }
    const conditions = new Set((body.conditions ?? []).map((one) => one.name));
    for (const parameter of Object.values(body.parameters ?? {})) {
      for (const used of Object.keys(parameter.conditionalValues ?? {})) {
        if (!conditions.has(used)) throw invalid(`condition ${used} is not defined`);
      }
    }
    const {version, ...template} = body;
    ++project.versions[kind];
    project.templates[kind] = {...template, version: {
      versionNumber: String(project.versions[kind]), updateTime: this.now(),
      updateOrigin: 'REST_API', updateType: 'INCREMENTAL_UPDATE',
      ...(version?.description ? {description: version.description} : {})}};
    return {content: project.templates[kind], headers: {etag: this.etag(project, kind)}};
  }

  // Firestore.
  database(project, id) {
    const database = project.databases.get(id);
    if (!database) throw missing(`database ${id}`);
    return database;
  }
  operation(project, id, finish) {
    const name = `projects/${project.id}/databases/${id}/operations/op${project.operations.size}`;
    project.operations.set(name, {age: 0, isDone: false, finish});
    return {name, metadata: {state: 'PROCESSING'}};
  }
  getOperation(project, [database, id]) {
    const name = `projects/${project.id}/databases/${database}/operations/${id}`;
    const operation = project.operations.get(name);
    if (!operation) throw missing(name);
    if (!operation.isDone) return {name, metadata: {state: 'PROCESSING'}};
    return {name, done: true, ...(operation.error ? {error: operation.error} : {response: {}})};
  }
  // What takes its time goes on whoever looks.
  goOn() {
    for (const {operations} of this.projects.values()) {
      for (const operation of operations.values()) {
        if (operation.isDone || ++operation.age < this.buildsIn) continue;
        operation.error = operation.finish();
        operation.isDone = true;
      }
    }
  }
  listDatabases(project, names, query) {
    onlyFields(query, ['showDeleted', 'pageSize', 'pageToken'], 'query');
    const databases = [...project.databases.values()].map(({about}) =>
      ({...about, etag: `e${++this.clock}`, earliestVersionTime: this.now()}));
    return {databases};
  }
  patchDatabase(project, [id], query, body) {
    const {about} = this.database(project, id);
    for (const name of query.updateMask.split(',')) {
      if (!['pointInTimeRecoveryEnablement', 'deleteProtectionState'].includes(name)) {
        throw invalid(`${name} cannot be changed`);
      }
      about[name] = body[name];
    }
    return this.operation(project, id, () => {});
  }
  listIndexes(project, [id], query) {
    return this.page([...this.database(project, id).indexes.values()], query, 'indexes', ['filter']);
  }
  createIndex(project, [id, group], query, body) {
    const {indexes} = this.database(project, id);
    onlyFields(body, ['queryScope', 'apiScope', 'density', 'multikey', 'unique', 'shardCount',
                      'fields'], 'index');
    const fields = body.fields.map((field) => {
      onlyFields(field, ['fieldPath', 'order', 'arrayConfig', 'vectorConfig'], 'field');
      return field;
    });
    if (fields.filter((field) => field.fieldPath !== '__name__').length < 2) {
      throw invalid('this index is not necessary, configure using single field index controls');
    }
    if (fields.at(-1).fieldPath !== '__name__') {
      const order = fields.at(-1).order ?? 'ASCENDING';
      fields.push({fieldPath: '__name__', order});
    }
    const index = {queryScope: body.queryScope ?? 'COLLECTION', fields, density: 'SPARSE_ALL'};
    const same = JSON.stringify(index);
    for (const [name, {state, name: ignored, ...other}] of indexes) {
      if (name.includes(`/collectionGroups/${group}/`) && JSON.stringify(other) === same) {
        throw new Refusal(409, 'ALREADY_EXISTS', 'index already exists');
      }
    }
    const short = createHash('md5').update(`${group}${same}${this.now()}`).digest('hex').slice(0, 12);
    const name =
        `projects/${project.id}/databases/${id}/collectionGroups/${group}/indexes/${short}`;
    indexes.set(name, {...index, name, state: 'CREATING'});
    return this.operation(project, id, () => {
      if (indexes.has(name)) indexes.get(name).state = 'READY';
    });
  }
  deleteIndex(project, [id, group, index]) {
    const name = `projects/${project.id}/databases/${id}/collectionGroups/${group}/indexes/${index}`;
    if (!this.database(project, id).indexes.delete(name)) throw missing(name);
    return {};
  }
  listFields(project, [id], query) {
    // firebase-tools spells it with '='.
    if (!/^indexConfig\.usesAncestorConfig[:=]false OR ttlConfig:\*$/.test(query.filter)) {
      throw invalid('only fields that are overridden can be listed');
    }
    const prefix = `projects/${project.id}/databases/${id}/collectionGroups`;
    const everywhere = {name: `${prefix}/__default__/fields/*`, indexConfig: {indexes: [
      ...['ASCENDING', 'DESCENDING'].map((order) => ({queryScope: 'COLLECTION', state: 'READY',
                                                      fields: [{fieldPath: '*', order}]})),
      {queryScope: 'COLLECTION', state: 'READY', fields: [{fieldPath: '*', arrayConfig: 'CONTAINS'}]},
    ]}};
    const fields = [everywhere, ...this.database(project, id).fields.values()];
    return this.page(fields, query, 'fields', ['filter']);
  }
  patchField(project, [id, group, path], query, body) {
    const {fields} = this.database(project, id);
    const name = `projects/${project.id}/databases/${id}/collectionGroups/${group}/fields/${path}`;
    onlyFields(query, ['updateMask'], 'query');
    onlyFields(body, ['name', 'indexConfig', 'ttlConfig'], 'field');
    const masked = query.updateMask?.split(',') ?? ['indexConfig', 'ttlConfig'];
    onlyFields(Object.fromEntries(masked.map((one) => [one, 0])), ['indexConfig', 'ttlConfig'],
               'updateMask');
    const field = {name, ...fields.get(name)};
    if (masked.includes('indexConfig')) {
      if (body.indexConfig) onlyFields(body.indexConfig, ['indexes'], 'indexConfig');
      const indexes = (body.indexConfig?.indexes ?? []).map((index) => {
        onlyFields(index, ['queryScope', 'fields'], 'index');
        assert.equal(index.fields.length, 1);
        return {queryScope: index.queryScope ?? 'COLLECTION', fields: index.fields, state: 'READY'};
      });
      if (body.indexConfig) {
        field.indexConfig = indexes.length > 0 ? {indexes} : {};
      } else {
        field.indexConfig = {usesAncestorConfig: true,
                             ancestorField: name.replace(/collectionGroups.*/, '') +
                                            'collectionGroups/__default__/fields/*'};
      }
    }
    if (masked.includes('ttlConfig')) {
      delete field.ttlConfig;
      if (body.ttlConfig) field.ttlConfig = {...body.ttlConfig, state: 'CREATING'};
    }
    if (field.indexConfig === undefined) {
      field.indexConfig = {usesAncestorConfig: true};
    }
    if (field.indexConfig.usesAncestorConfig && !field.ttlConfig) {
      fields.delete(name);
    } else {
      fields.set(name, field);
    }
    return this.operation(project, id, () => {
      if (fields.get(name)?.ttlConfig) fields.get(name).ttlConfig.state = 'ACTIVE';
    });
  }
}
