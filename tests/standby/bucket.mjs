// A bucket in fake-gcs-server or in a stand-in for a test, with the official client, and what a
// test puts into it: the ledger is written before the object is.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {createCipheriv, createHash} from 'node:crypto';
import {createServer} from 'node:net';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';
import {Storage} from '@google-cloud/storage';
import {StandIn} from './stand_in.mjs';

const SERVER = fileURLToPath(new URL('../../build/tools/fake-gcs-server', import.meta.url));

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class BucketServer {
  // Which of the two, says BUCKET_SERVER.
  static async start() {
    return process.env.BUCKET_SERVER === 'stand-in' ? BucketServer.standIn() : BucketServer.fakeGcs();
  }

  static async fakeGcs() {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const child = spawn(
        process.env.FAKE_GCS_PROGRAM ?? SERVER,
        ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory',
         '-public-host', `127.0.0.1:${port}`, '-external-url', url],
        {stdio: 'ignore'});
    const ended = new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`fake-gcs-server ended with ${code}`)));
      child.once('error', reject);
    });
    ended.catch(() => {});
    for (;;) {
      try {
        await Promise.race([fetch(`${url}/storage/v1/b?project=demo`), ended]);
        break;
      } catch (error) {
        if (child.exitCode !== null || error.code === 'ENOENT') throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));  // until it listens
      }
    }
    return new BucketServer(url, () => child.kill());
  }

  // `options` go to `firebreak serve`.
  static async standIn(...options) {
    const standIn = await StandIn.start('--storage-port', '0', ...options);
    return new BucketServer(standIn.storageAddress, (signal) => standIn.stop(signal));
  }

  // `stop` ends it; the stand-in says how by the signal, and is waited for.
  constructor(url, stop) {
    this.url = url;
    this.stop = stop;
    this.environment = {STORAGE_EMULATOR_HOST: url};
    this.storage = new Storage({apiEndpoint: url, projectId: 'demo', useAuthWithCustomEndpoint: false});
  }
}

// Names that are legal for objects and not for files, or that come out of order once escaped.
export const ODD_NAMES = [
  'a', 'a/b', 'a b', 'a!', 'a//b', 'a/../b', '/x//y', 'trailing/', '.hidden', '..b', '50%', '%41',
  '#?&=+', "it's \"quoted\"", 'caf\u00e9', 'cafe\u0301', '\u{1f600}/\u{1f4a5}', 'tab\there',
  'x'.repeat(201), `long/${'y'.repeat(1000)}`, `${'d/'.repeat(40)}deep`,
];

export class Ledger {
  constructor(bucket) {
    this.bucket = bucket;
    this.objects = new Map();
  }
  async put(name, content, metadata = {}) {
    this.objects.set(name, {sha256: sha256(content), size: content.length, metadata});
    await this.bucket.file(name).save(content, {resumable: false, metadata});
  }
  async remove(name) {
    this.objects.delete(name);
    await this.bucket.file(name).delete();
  }

  // What the official client finds in a bucket is what was written.
  async expectIn(bucket) {
    const [files] = await bucket.getFiles();
    assert.deepEqual(files.map((file) => file.name).sort(), [...this.objects.keys()].sort());
    for (let at = 0; at < files.length; at += 50) {
      await Promise.all(files.slice(at, at + 50).map(async (file) => {
        const wanted = this.objects.get(file.name);
        const [bytes] = await file.download({decompress: false});
        assert.equal(sha256(bytes), wanted.sha256, file.name);
        for (const [field, value] of Object.entries(wanted.metadata)) {
          assert.deepEqual(file.metadata[field], value, `${file.name}: ${field}`);
        }
      }));
    }
  }

  async fill() {
    let number = 0;
    for (const name of ODD_NAMES) {
      await this.put(name, Buffer.from(`content ${++number} of ${name}`), {
        contentType: 'text/plain', cacheControl: 'no-store', metadata: {number: String(number)},
      });
    }
    await this.put('empty', Buffer.alloc(0));
    await this.put('large', randomBytes(5_000_000, 1), {contentType: 'image/png'});
    await this.put('zipped', gzipSync(Buffer.from('words '.repeat(1000))), {contentEncoding: 'gzip'});
    const images = Array.from({length: 1500}, (_, i) => i);
    for (let i = 0; i < images.length; i += 50) {
      await Promise.all(images.slice(i, i + 50).map(
          (image) => this.put(`images/${sha256(`image ${image}`).slice(0, 12)}.jpg`,
                              randomBytes(200 + image, image))));
    }
    for (let user = 0; user < 40; ++user) await this.put(`users/u${user}/p.png`, randomBytes(99, user));
  }
}

// The same for the same seed.
export function randomBytes(size, seed) {
  const key = createHash('sha256').update(String(seed)).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}
