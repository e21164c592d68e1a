// A stand-in of its own for a test, and the official clients connected to it.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import firestore from '@google-cloud/firestore';

export const PROGRAM = process.env.FIREBREAK_PROGRAM ??
    fileURLToPath(new URL('../../build/firebreak', import.meta.url));
export const PROJECT = 'demo';
export const DATABASE = `projects/${PROJECT}/databases/(default)`;
export const DOCUMENTS = `${DATABASE}/documents`;

// No credentials are looked for where the host is an emulator's, and these tests never leave it.
process.env.METADATA_SERVER_DETECTION = 'none';

export class StandIn {
  // `options` go to `firebreak serve`. Returns once it answers.
  static async start(...options) {
    return StandIn.serve('--empty', ...options);
  }
  static async serve(...options) {
    const child = spawn(
        PROGRAM, ['serve', '--firestore-port', '0', '--json', ...options],
        {stdio: ['ignore', 'pipe', 'inherit']});
    const serving = await new Promise((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (data) => {
        text += data;
        if (text.includes('\n')) resolve(JSON.parse(text));
      });
      child.once('exit', (code) => reject(new Error(`serve ended with ${code}`)));
    });
    return new StandIn(child, serving);
  }

  constructor(child, {firestore: address, storage}) {
    this.child = child;
    this.address = address;
    this.storageAddress = storage;  // "http://127.0.0.1:PORT", where it was asked for
    const [servicePath, port] = address.split(':');
    // What FIRESTORE_EMULATOR_HOST does, for several stand-ins in one process.
    const settings = {projectId: PROJECT, host: address, ssl: false,
                      customHeaders: {Authorization: 'Bearer owner'}};
    this.database = new firestore.Firestore({...settings, ignoreUndefinedProperties: false});
    const raw = new firestore.Firestore({...settings, servicePath, port: Number(port)});
    this.raw = (method, request) => raw.request(method, request, 'test');
    this.rawStream = async (method, request) => {
      const stream = await raw.requestStream(method, false, request, 'test');
      const parts = [];
      for await (const part of stream) parts.push(part);
      return parts;
    };
    this.clients = [this.database, raw];
  }

  async stop(signal = 'SIGTERM') {
    await Promise.all(this.clients.map((client) => client.terminate()));
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    const code = await ended;
    if (signal !== 'SIGKILL') assert.equal(code, 0);
  }
}

// The code of the status that a call fails with, and its words.
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return {code: error.code, text: error.details ?? error.message};
  }
  return assert.fail('the call succeeded');
}
export const INVALID_ARGUMENT = 3;
export const NOT_FOUND = 5;
export const ALREADY_EXISTS = 6;
export const FAILED_PRECONDITION = 9;
export const ABORTED = 10;

// A set() of fields as the API has them, which the convenience layer cannot express: a double 1.0.
export function setRaw(standIn, path, fields) {
  return standIn.raw('commit', {
    database: DATABASE,
    writes: [{update: {name: `${DOCUMENTS}/${path}`, fields}}],
  });
}
