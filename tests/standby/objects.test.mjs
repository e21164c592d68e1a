// Objects of the stand-in's Cloud Storage: the official client finds what it wrote, and is refused
// what the service refuses.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdtemp, rm} from 'node:fs/promises';
import {request as httpRequest} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import {gzipSync} from 'node:zlib';
import {BucketServer, Ledger, ODD_NAMES, randomBytes, sha256} from './bucket.mjs';
import {PROGRAM} from './stand_in.mjs';

const run = promisify(execFile);
const CHUNK = 256 * 1024;
let folder, server, bucket;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firebreak-objects-'));
  server = await BucketServer.standIn();
  [bucket] = await server.storage.createBucket('objects');
});
after(async () => {
  await server.stop();
  await rm(folder, {recursive: true});
});

const refusedWith = (promise, code) => assert.rejects(promise, (error) => {
  assert.equal(error.response?.status ?? error.code, code, error.message);
  return true;
});
const text = async (file, options) => (await file.download(options))[0].toString();

// A request as it is, for what the client never sends.
function raw(method, path, {headers = {}, body = ''} = {}) {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(new URL(path, server.url), {method, headers}, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve({
        status: response.statusCode, headers: response.headers, bytes: Buffer.concat(parts)}));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
const json = (answer) => JSON.parse(answer.bytes.toString());

test('every kind of upload, of every size, is read back', async () => {
  const ledger = new Ledger(bucket);
  for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 5_000_000]) {
    const content = randomBytes(size, size);
    for (const [kind, options] of Object.entries({
      multipart: {resumable: false},
      resumable: {resumable: true},
      chunked: {resumable: true, chunkSize: CHUNK},
      sized: {resumable: true, chunkSize: 2 * CHUNK, metadata: {contentLength: size}},
    })) {
      const name = `${kind} ${size}`;
      ledger.objects.set(name, {sha256: sha256(content), size, metadata: {contentType: 'a/b'}});
      await pipeline(Readable.from([content]), bucket.file(name).createWriteStream(
          {validation: 'crc32c', ...options, metadata: {...options.metadata, contentType: 'a/b'}}));
    }
    ledger.objects.set(`media ${size}`, {sha256: sha256(content), size, metadata: {}});
    const made = await raw('POST', `/upload/storage/v1/b/objects/o?uploadType=media&name=media%20${size}`,
                           {headers: {'Content-Type': 'c/d'}, body: content});
    const object = json(made);
    assert.deepEqual([made.status, object.size, object.contentType], [200, String(size), 'c/d']);
    assert.equal(object.md5Hash, createHash('md5').update(content).digest('base64'));
  }
  await ledger.expectIn(bucket);
  await bucket.deleteFiles();
});

test('names that are no paths are names', async () => {
  const ledger = new Ledger(bucket);
  for (const name of [...ODD_NAMES, 'nul\0 and \x01', 'o', 'a\u{10ffff}']) {
    await ledger.put(name, Buffer.from(`of ${name}`), {metadata: {[`k ${name.slice(0, 20)}`]: name.slice(0, 99)}});
  }
  await ledger.expectIn(bucket);
  for (const name of ledger.objects.keys()) {
    assert.equal((await bucket.file(name).getMetadata())[0].name, name);
  }
  for (const name of ['.', '..', 'a\rb', 'a\nb', 'x'.repeat(1025), '.well-known/acme-challenge/x']) {
    await refusedWith(bucket.file(name).save('x', {resumable: false}), 400);
    await refusedWith(bucket.file(name).save('x', {resumable: true}), 400);
  }
  for (const name of ['ab', 'A-bucket', '-a-bucket', 'a..b', '192.168.5.4', 'goog-x', 'my-google-x',
                      'a'.repeat(64)]) {
    await refusedWith(server.storage.createBucket(name), 400);
  }
  await bucket.deleteFiles();
});

test('metadata are what they were set to, and null takes one away', async () => {
  const file = bucket.file('described');
  const given = {contentType: 'text/plain', contentDisposition: 'inline; filename="ü"', cacheControl: 'no-store',
                 contentLanguage: 'de', customTime: '2026-01-02T03:04:05.000Z', metadata: {a: '1', b: 'ü'}};
  await file.save('words', {resumable: false, metadata: given});
  const [first] = await file.getMetadata();
  for (const [field, value] of Object.entries(given)) assert.deepEqual(first[field], value);
  assert.deepEqual([first.metageneration, first.storageClass, first.size], ['1', 'STANDARD', '5']);
  const [patched] = await file.setMetadata({cacheControl: null, metadata: {a: null, c: 'new'}});
  assert.deepEqual(patched.metadata, {b: 'ü', c: 'new'});
  assert.equal(patched.cacheControl, undefined);
  assert.deepEqual([patched.generation, patched.metageneration], [first.generation, '2']);
  assert.notEqual(patched.etag, first.etag);
  await file.setMetadata({metadata: {b: null, c: null}});
  assert.equal((await file.getMetadata())[0].metadata, undefined);
  await refusedWith(file.setMetadata({customTime: '2025-01-02T03:04:05Z'}), 400);
  await refusedWith(file.setMetadata({metadata: {a: 'x'.repeat(9000)}}), 400);
  await file.setMetadata({temporaryHold: true});
  await refusedWith(file.delete(), 403);
  await refusedWith(file.save('other', {resumable: false}), 403);
  await file.setMetadata({temporaryHold: false});
  await file.delete();
  await refusedWith(file.getMetadata(), 404);
});

test('writes happen to what their caller has seen, and to nothing else', async () => {
  const file = bucket.file('guarded');
  const save = (content, preconditionOpts, resumable = false) =>
      file.save(content, {resumable, preconditionOpts});
  await refusedWith(save('x', {ifGenerationMatch: 7}), 412);
  await save('first', {ifGenerationMatch: 0});
  const [{generation}] = await file.getMetadata();
  for (const resumable of [false, true]) {
    await refusedWith(save('again', {ifGenerationMatch: 0}, resumable), 412);
    await refusedWith(save('again', {ifGenerationNotMatch: generation}, resumable), 412);
    await refusedWith(save('again', {ifMetagenerationMatch: 2}, resumable), 412);
  }
  assert.equal(await text(file), 'first');
  await save('second', {ifGenerationMatch: generation, ifMetagenerationMatch: 1});
  const [after] = await file.getMetadata();
  assert.ok(BigInt(after.generation) > BigInt(generation));
  await refusedWith(file.setMetadata({contentType: 'a/b'}, {ifMetagenerationMatch: 9}), 412);
  await refusedWith(file.delete({ifGenerationMatch: generation}), 412);
  const path = `/storage/v1/b/objects/o/guarded?ifGenerationNotMatch=${after.generation}`;
  for (const suffix of ['', '&alt=media']) {
    const answer = await raw('GET', path + suffix);
    assert.deepEqual([answer.status, answer.bytes.length], [304, 0]);
  }
  assert.equal((await raw('GET', '/b/objects/o/guarded?ifGenerationMatch=1')).status, 412);
  assert.equal((await raw('GET', '/b/objects/o/guarded?ifGenerationMatch=x')).status, 400);
  // Two who create the same: one does.
  const race = await Promise.allSettled(Array.from({length: 8}, (_, i) => bucket.file('race').save(
      `writer ${i}`, {resumable: false, preconditionOpts: {ifGenerationMatch: 0}})));
  assert.equal(race.filter(({status}) => status === 'fulfilled').length, 1);
  await bucket.deleteFiles();
});

test('a copy has the bytes and the fields of its source', async () => {
  const content = randomBytes(CHUNK + 9, 3);
  const file = bucket.file('source/a');
  await file.save(content, {resumable: false, metadata: {contentType: 'a/b', metadata: {k: 'v'}}});
  const [other] = await server.storage.createBucket('copies');
  await file.copy(other.file('copy'));
  const [metadata] = await other.file('copy').getMetadata();
  assert.deepEqual([metadata.contentType, metadata.metadata], ['a/b', {k: 'v'}]);
  await file.copy(other.file('copy'), {contentType: 'c/d', metadata: {x: 'y'}});
  assert.deepEqual((await other.file('copy').getMetadata())[0].metadata, {x: 'y'});
  await refusedWith(file.copy(other.file('copy'), {preconditionOpts: {ifGenerationMatch: 0}}), 412);
  await file.move('source/b');
  await refusedWith(file.getMetadata(), 404);
  for (const copy of [other.file('copy'), bucket.file('source/b')]) {
    assert.deepEqual((await copy.download())[0], content);
  }
  await refusedWith(file.copy(other.file('copy')), 404);
  await other.file('copy').setStorageClass('nearline');
  assert.equal((await other.file('copy').getMetadata())[0].storageClass, 'NEARLINE');
  await other.deleteFiles();
  await bucket.deleteFiles();
});

test('versions stay in a bucket that keeps them', async () => {
  const [versioned] = await server.storage.createBucket('versioned', {versioning: {enabled: true}});
  const file = versioned.file('a');
  const contents = ['first', 'second', 'third'];
  for (const content of contents) await file.save(content, {resumable: false});
  const [versions] = await versioned.getFiles({versions: true});
  const generations = versions.map((version) => version.metadata.generation);
  assert.deepEqual(generations, [...generations].sort((a, b) => Number(BigInt(a) - BigInt(b))));
  for (const [i, generation] of generations.entries()) {
    assert.equal(await text(versioned.file('a', {generation})), contents[i]);
    assert.equal(versions[i].metadata.timeDeleted === undefined, i === 2);
  }
  assert.equal((await versioned.getFiles())[0].length, 1);
  await file.delete();
  await refusedWith(file.getMetadata(), 404);
  assert.equal((await versioned.getFiles())[0].length, 0);
  assert.equal((await versioned.getFiles({versions: true}))[0].length, 3);
  await refusedWith(versioned.delete(), 409);
  for (const generation of generations) await versioned.file('a', {generation}).delete();
  assert.equal((await versioned.getFiles({versions: true}))[0].length, 0);
  await versioned.setMetadata({versioning: {enabled: false}, labels: {of: 'test'}});
  await file.save('x', {resumable: false});
  await file.save('y', {resumable: false});
  assert.equal((await versioned.getFiles({versions: true}))[0].length, 1);
  await file.delete();
  await versioned.delete();
  await refusedWith(versioned.getMetadata(), 404);
});

test('buckets are made, described, changed and listed', async () => {
  const [made] = await server.storage.createBucket('described', {
    location: 'europe-west1', storageClass: 'NEARLINE', labels: {a: 'b'},
    lifecycle: {rule: [{action: {type: 'Delete'}, condition: {age: 3}}]}});
  const [metadata] = await made.getMetadata();
  assert.deepEqual([metadata.location, metadata.storageClass, metadata.labels, metadata.metageneration],
                   ['EUROPE-WEST1', 'NEARLINE', {a: 'b'}, '1']);
  await refusedWith(server.storage.createBucket('described'), 409);
  const [changed] = await made.setMetadata({labels: {a: null, c: 'd'}, lifecycle: null});
  assert.deepEqual([changed.labels, changed.lifecycle, changed.metageneration], [{c: 'd'}, undefined, '2']);
  await refusedWith(made.setMetadata({labels: {x: 'y'}}, {ifMetagenerationMatch: 1}), 412);
  await made.setMetadata({defaultEventBasedHold: true});
  await made.file('held').save('x', {resumable: false});
  await refusedWith(made.file('held').delete(), 403);
  await made.file('held').setMetadata({eventBasedHold: false});
  await made.file('held').delete();
  await refusedWith(made.setMetadata({retentionPolicy: {retentionPeriod: 3600}}), 501);
  await refusedWith(made.setMetadata({encryption: {defaultKmsKeyName: 'k'}}), 501);
  const names = [];
  for (let i = 0; i < 5; ++i) names.push((await server.storage.createBucket(`page-${i}`))[0].name);
  let token, pages = 0;
  const found = [];
  do {
    const [buckets, next] = await server.storage.getBuckets(
        {prefix: 'page-', maxResults: 2, autoPaginate: false, pageToken: token});
    found.push(...buckets.map(({name}) => name));
    token = next?.pageToken;
    ++pages;
  } while (token);
  assert.deepEqual([found, pages], [names, 3]);
  for (const name of [...names, 'described']) await server.storage.bucket(name).delete();
  await refusedWith(server.storage.bucket('nothing-here').getFiles(), 404);
  await refusedWith(server.storage.bucket('nothing-here').file('a').save('x', {resumable: false}), 404);
});

test('parts of an object are what they are', async () => {
  const content = randomBytes(2 * CHUNK + 77, 5);
  const file = bucket.file('ranges/a b');
  await file.save(content, {resumable: false});
  for (const [start, end] of [[0, 0], [5, 99], [CHUNK - 1, CHUNK], [CHUNK, 2 * CHUNK], [3, undefined],
                              [2 * CHUNK + 76, 2 * CHUNK + 76], [10, 1e12]]) {
    const [part] = await file.download({start, end});
    assert.deepEqual(part, content.subarray(start, end === undefined ? undefined : end + 1));
  }
  for (const base of ['/storage/v1/b', '/b', '/download/storage/v1/b']) {
    const path = `${base}/objects/o/ranges%2Fa%20b?alt=media`;
    const tail = await raw('GET', path, {headers: {Range: 'bytes=-7'}});
    assert.deepEqual([tail.status, tail.bytes], [206, content.subarray(-7)]);
    assert.equal(tail.headers['content-range'], `bytes ${content.length - 7}-${content.length - 1}/${content.length}`);
    assert.equal((await raw('GET', path, {headers: {Range: `bytes=${content.length}-`}})).status, 416);
    const whole = await raw('GET', path, {headers: {Range: 'lines=1-2'}});
    assert.deepEqual([whole.status, whole.bytes], [200, content]);
    assert.match(whole.headers['x-goog-hash'], /^crc32c=.{8},md5=.{24}$/);
  }
  await file.delete();
});

test('gzip is given to who reads it, and unpacked for who does not', async () => {
  const words = 'words '.repeat(100_000);
  const zipped = Buffer.concat([gzipSync(words), gzipSync('and more')]);
  const file = bucket.file('zipped');
  await file.save(zipped, {resumable: false, metadata: {contentEncoding: 'gzip', contentType: 'text/plain'}});
  const path = '/storage/v1/b/objects/o/zipped?alt=media';
  const stored = await raw('GET', path, {headers: {'Accept-Encoding': 'gzip', Range: 'bytes=2-9'}});
  assert.deepEqual([stored.status, stored.bytes], [206, zipped.subarray(2, 10)]);
  const unpacked = await raw('GET', path, {headers: {Range: 'bytes=0-9'}});
  assert.equal(unpacked.status, 200);
  assert.equal(unpacked.bytes.toString(), words + 'and more');
  assert.equal(unpacked.headers['content-encoding'], undefined);
  assert.equal(unpacked.headers['x-goog-stored-content-length'], String(zipped.length));
  assert.deepEqual((await file.download({decompress: false}))[0], zipped);
  await file.save('no gzip', {resumable: false, metadata: {contentEncoding: 'gzip'}});
  await assert.rejects(raw('GET', path));  // cut: the status has gone out
  await file.setMetadata({cacheControl: 'no-transform'});
  assert.equal((await raw('GET', path)).bytes.toString(), 'no gzip');
  await file.delete();
});

test('bytes that are not what was said of them are refused', async () => {
  const name = 'checked';
  const upload = (query, headers, body) =>
      raw('POST', `/upload/storage/v1/b/objects/o?name=${name}&${query}`, {headers, body});
  for (const hash of ['crc32c=AAAAAA==', 'md5=AAAAAAAAAAAAAAAAAAAAAA==']) {
    const answer = await upload('uploadType=media', {'X-Goog-Hash': hash}, 'bytes');
    assert.equal(answer.status, 400);
    assert.equal(json(answer).error.errors[0].reason, 'invalid');
  }
  const multipart = (metadata, content) => upload(
      'uploadType=multipart', {'Content-Type': 'multipart/related; boundary="b"'},
      `--b\r\nContent-Type: application/json\r\n\r\n${metadata}\r\n--b\r\nContent-Type: a/b\r\n\r\n${content}`);
  assert.equal((await multipart('{"crc32c":"AAAAAA=="}', 'bytes\r\n--b--')).status, 400);
  assert.equal((await multipart('{}', 'bytes')).status, 400);
  assert.equal((await multipart('{', 'bytes\r\n--b--')).status, 400);
  assert.equal((await multipart(`${'['.repeat(1e5)}`, 'bytes\r\n--b--')).status, 400);
  assert.equal((await multipart('{"metadata":{"a":{}}}', 'bytes\r\n--b--')).status, 400);
  await refusedWith(bucket.file(name).getMetadata(), 404);
  const done = await multipart('{"metadata":{"a":1}}', '\r\n--\r\n--a\r\n--b--\r\n');
  assert.deepEqual([done.status, json(done).metadata], [200, {a: '1'}]);
  assert.equal(await text(bucket.file(name)), '\r\n--\r\n--a');
  await bucket.file(name).delete();
});

test('an upload in parts goes on where it broke off', async () => {
  const content = randomBytes(3 * CHUNK + 5, 9);
  const begin = async (query = '', headers = {}) => {
    const answer = await raw('POST', `/upload/storage/v1/b/objects/o?uploadType=resumable&name=parts${query}`,
                             {headers: {...headers, 'Content-Type': 'application/json'}, body: '{"contentType":"a/b"}'});
    assert.equal(answer.status, 200);
    return answer.headers.location;
  };
  const put = (session, range, body = '', headers = {}) =>
      raw('PUT', session, {headers: {'Content-Range': range, ...headers}, body});
  const session = await begin();
  const asked = await put(session, 'bytes */*');
  assert.deepEqual([asked.status, asked.headers.range], [308, undefined]);
  const hidden = await put(session, 'bytes */*', '', {'X-GUploader-No-308': 'yes'});
  assert.deepEqual([hidden.status, hidden.headers['x-http-status-code-override']], [200, '308']);
  const first = await put(session, `bytes 0-${CHUNK - 1}/*`, content.subarray(0, CHUNK));
  assert.deepEqual([first.status, first.headers.range], [308, `bytes=0-${CHUNK - 1}`]);
  assert.equal((await put(session, `bytes ${CHUNK}-${CHUNK + 9}/*`, content.subarray(CHUNK, CHUNK + 10))).status, 400);
  assert.equal((await put(session, `bytes ${2 * CHUNK}-${3 * CHUNK - 1}/*`, content.subarray(0, CHUNK))).status, 400);
  // Bytes that it has are not taken twice.
  const second = await put(session, `bytes 0-${2 * CHUNK - 1}/${content.length}`, content.subarray(0, 2 * CHUNK));
  assert.equal(second.headers.range, `bytes=0-${2 * CHUNK - 1}`);
  // The connection breaks within the rest.
  await assert.rejects(new Promise((resolve, reject) => {
    const sent = httpRequest(new URL(session), {method: 'PUT', headers: {
      'Content-Range': `bytes ${2 * CHUNK}-*/${content.length}`, 'Content-Length': CHUNK + 5}});
    sent.on('error', reject);
    sent.write(content.subarray(2 * CHUNK, 3 * CHUNK + 2), () => setTimeout(() => sent.destroy(new Error('cut')), 200));
  }), /cut/);
  const state = await put(session, `bytes */${content.length}`);
  assert.deepEqual([state.status, state.headers.range], [308, `bytes=0-${3 * CHUNK - 1}`]);
  await refusedWith(bucket.file('parts').getMetadata(), 404);
  const end = await put(session, `bytes ${3 * CHUNK}-${content.length - 1}/${content.length}`, content.subarray(3 * CHUNK));
  assert.deepEqual([end.status, json(end).size, json(end).contentType], [200, String(content.length), 'a/b']);
  assert.deepEqual((await bucket.file('parts').download())[0], content);
  const again = await put(session, 'bytes */*');
  assert.deepEqual([again.status, json(again).generation], [200, json(end).generation]);

  const empty = await begin();
  assert.equal((await put(empty, 'bytes */0')).status, 200);
  const wrong = await begin();
  assert.equal((await put(wrong, 'bytes 0-*/*', 'abc', {'X-Goog-Hash': 'crc32c=AAAAAA=='})).status, 400);
  assert.equal((await put(wrong, 'bytes */*')).status, 404);
  const declared = await begin('', {'X-Upload-Content-Length': '3'});
  assert.equal((await put(declared, 'bytes 0-3/4', 'abcd')).status, 400);
  assert.equal((await put(declared, 'bytes 0-*/*', 'abcd')).status, 400);
  assert.equal((await put(declared, 'bytes 0-*/*', 'abc')).status, 200);
  const cancelled = await begin();
  assert.equal((await raw('DELETE', cancelled)).status, 499);
  assert.equal((await put(cancelled, 'bytes */*')).status, 404);
  // What it was begun with holds at its end.
  const [{generation}] = await bucket.file('parts').getMetadata();
  const guarded = await begin(`&ifGenerationMatch=${generation}`);
  await bucket.file('parts').save('other', {resumable: false});
  assert.equal((await put(guarded, 'bytes 0-*/*', 'abc')).status, 412);
  assert.equal(await text(bucket.file('parts')), 'other');
  await bucket.file('parts').delete();
});

test('lists have prefixes, delimiters, offsets and pages', async () => {
  const [listed] = await server.storage.createBucket('listed');
  const names = ['a', 'a/', 'a/b', 'a/b/c', 'a/b/d', 'a0', 'b', 'b/x', 'c/y', 'c/z', '\u00e9', '\u{10000}', '\uffff'];
  await Promise.all(names.map((name) => listed.file(name).save(name, {resumable: false})));
  const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const list = async (query) => {
    const found = {items: [], prefixes: [], pages: 0};
    for (let next = {...query, autoPaginate: false}; next; ++found.pages) {
      const [files, more, answer] = await listed.getFiles(next);
      found.items.push(...files.map(({name}) => name));
      found.prefixes.push(...(answer.prefixes ?? []));
      next = more;
    }
    return found;
  };
  for (const maxResults of [undefined, 1, 2, 3, 100]) {
    assert.deepEqual((await list({maxResults})).items, sorted);
    const top = await list({maxResults, delimiter: '/'});
    assert.deepEqual([top.items, top.prefixes],
                     [sorted.filter((name) => !name.includes('/')), ['a/', 'b/', 'c/']]);
    const below = await list({maxResults, delimiter: '/', prefix: 'a/'});
    assert.deepEqual([below.items, below.prefixes], [['a/', 'a/b'], ['a/b/']]);
    assert.deepEqual((await list({maxResults, startOffset: 'a/b', endOffset: 'b/x'})).items,
                     ['a/b', 'a/b/c', 'a/b/d', 'a0', 'b']);
    assert.deepEqual((await list({maxResults, prefix: 'c', startOffset: 'c/z'})).items, ['c/z']);
    assert.deepEqual((await list({maxResults, prefix: 'zz'})).items, []);
  }
  assert.equal((await list({maxResults: 4})).pages, 4);
  // What is written between two pages is neither listed twice nor in the way.
  const [[first], next] = await listed.getFiles({maxResults: 1, autoPaginate: false});
  assert.equal(first.name, 'a');
  await first.save('replaced', {resumable: false});
  assert.equal((await listed.getFiles(next))[0][0].name, 'a/');
  await listed.file('a/').delete();
  assert.equal((await listed.getFiles(next))[0][0].name, 'a/b');
  assert.equal((await raw('GET', '/b/listed/o?pageToken=x')).status, 400);
  assert.equal((await raw('GET', '/b/listed/o?maxResults=-1')).status, 400);
  assert.equal((await raw('GET', '/b/listed/o?matchGlob=*')).status, 501);
  await listed.deleteFiles();
});

test('the client of an emulator variable is answered, too', async () => {
  const words = `
    import {Storage} from '@google-cloud/storage';
    const bucket = new Storage({projectId: 'demo'}).bucket('objects');
    await bucket.file('a b/c').save('by variable', {resumable: false});
    await bucket.file('a b/d').save('in parts', {resumable: true});
    for (const [file] of [await bucket.getFiles({prefix: 'a b/'})]) {
      console.log((await Promise.all(file.map((one) => one.download()))).join());
    }
    await bucket.deleteFiles({prefix: 'a b/'});
  `;
  const {stdout} = await run(process.execPath, ['--input-type=module', '-e', words],
                             {cwd: import.meta.dirname, env: {...process.env, ...server.environment}});
  assert.equal(stdout.trim(), 'by variable,in parts');
});

test('what is not served is refused in words', async () => {
  for (const [method, path, status] of [
    ['GET', '/', 404], ['GET', '/nothing', 404], ['GET', '/storage/v1/b', 400], ['POST', '/b/objects/o/a/acl', 501],
    ['GET', '/b/objects/iam', 501], ['GET', '/b/objects/o/%', 400], ['GET', '/b/objects/o/%ff', 400],
    ['GET', `/b/objects/o/${'x/'.repeat(5000)}`, 400], ['PUT', '/b/objects', 501],
    ['POST', '/b/objects/o/a/rewriteTo/b/objects/o/b', 404], ['POST', '/b?project=demo', 400],
    ['POST', '/b/objects/o/a/compose', 501], ['GET', '/b/objects/o/a/rewriteTo/b/objects/o/b', 501],
    ['POST', '/upload/storage/v1/b/objects/o?uploadType=other&name=a', 400],
    ['POST', '/upload/storage/v1/b/objects/o?uploadType=media', 400],
    ['POST', '/upload/storage/v1/b/objects/o?uploadType=multipart&name=a', 400],
    ['POST', '/upload/storage/v1/b/objects/o?uploadType=media&name=a&kmsKeyName=k', 501],
    ['PUT', '/upload/storage/v1/b/objects/o?upload_id=x', 404],
  ]) {
    const answer = await raw(method, path, {headers: method === 'GET' ? {} : {'Content-Type': 'a/b'}});
    assert.equal(answer.status, status, `${method} ${path.slice(0, 80)}`);
    assert.equal(json(answer).error.code, status);
    assert.ok(json(answer).error.errors[0].reason);
  }
  assert.equal((await raw('GET', '/b/objects', {headers: {'Sec-Fetch-Site': 'cross-site'}})).status, 403);
  assert.equal((await raw('GET', '/b/objects', {headers: {Host: 'evil.example'}})).status, 403);
  assert.equal((await raw('POST', '/b?project=demo', {body: Buffer.alloc(3 << 20, ' ')})).status, 400);
  assert.equal((await raw('GET', '/b/objects', {headers: {Long: 'x'.repeat(60_000)}})).status, 200);
  await assert.rejects(run(PROGRAM, ['serve', 'latest', '--storage-port', '0', '-r', folder]), /--empty/);
});

test('what was acknowledged is there after a kill', async () => {
  const overlay = join(folder, 'overlay');
  let standIn = await BucketServer.standIn('--overlay', overlay);
  await standIn.storage.createBucket('killed');
  const acknowledged = new Map();
  let session;
  for (let round = 0; round < 5; ++round) {
    const one = standIn.storage.bucket('killed');
    let isOver = false;
    const writers = Array.from({length: 6}, async (_, writer) => {
      for (let i = 0; !isOver; ++i) {
        const name = `${writer % 2 ? round : 'again'}/${writer}/${i % 20}`;
        const content = randomBytes(writer === 0 ? 700_000 : 10 + i, round * 1000 + i);
        const before = acknowledged.get(name) ?? [];
        // Until it is acknowledged, either may be there.
        acknowledged.set(name, [...before, sha256(content)]);
        try {
          await one.file(name).save(content, {resumable: writer < 2, metadata: {metadata: {sha256: sha256(content)}}});
          acknowledged.set(name, [sha256(content)]);
        } catch {
          if (before.length === 0) acknowledged.set(name, [undefined, sha256(content)]);
          return;
        }
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    const begun = await fetch(`${standIn.url}/upload/storage/v1/b/killed/o?uploadType=resumable&name=s${round}`, {method: 'POST'});
    session = new URL(begun.headers.get('location'));
    const part = await fetch(session, {method: 'PUT', body: randomBytes(CHUNK, round), headers: {'Content-Range': `bytes 0-${CHUNK - 1}/*`}});
    assert.equal(part.status, 308);
    isOver = round === 4;
    await standIn.stop('SIGKILL');
    isOver = true;
    await Promise.all(writers);
    standIn = await BucketServer.standIn('--overlay', overlay);
    const bucketNow = standIn.storage.bucket('killed');
    const [files] = await bucketNow.getFiles();
    const found = new Map(files.map((file) => [file.name, file]));
    for (const [name, hashes] of acknowledged) {
      const file = found.get(name);
      const hash = file && sha256((await file.download())[0]);
      assert.ok(hashes.includes(hash), `${name}: ${hash} is none of ${hashes}`);
      if (file) assert.equal(file.metadata.metadata.sha256, hash);
      acknowledged.set(name, [hash]);
    }
    for (const name of found.keys()) assert.ok(acknowledged.has(name), name);
    // What an upload in parts was told to be kept is, too.
    const resumed = await fetch(`${standIn.url}${session.pathname}${session.search}`, {
      method: 'PUT', body: 'end', headers: {'Content-Range': `bytes ${CHUNK}-*/*`}});
    assert.equal(resumed.status, 200);
    const [whole] = await bucketNow.file(`s${round}`).download();
    assert.deepEqual(whole, Buffer.concat([randomBytes(CHUNK, round), Buffer.from('end')]));
    acknowledged.set(`s${round}`, [sha256(whole)]);
    await bucketNow.file(`s${round}`).setMetadata({metadata: {sha256: sha256(whole)}});
  }
  assert.ok(acknowledged.size > 30, String(acknowledged.size));
  await standIn.stop();
});
