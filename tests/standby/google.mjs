// Google's way in, in front of a stand-in: TLS, tokens that are handed out, expire and are refused,
// permissions that are missing. What is let through is answered by the stand-in.
import {execFile} from 'node:child_process';
import {once} from 'node:events';
import {readFile, writeFile} from 'node:fs/promises';
import http from 'node:http';
import http2 from 'node:http2';
import {join} from 'node:path';
import {Transform} from 'node:stream';
import {promisify} from 'node:util';

// Passes on those of gRPC's messages that `passes`, given their number, says yes to.
function sieve(passes) {
  let waiting = Buffer.alloc(0);
  let seen = 0;
  return new Transform({
    transform(data, encoding, done) {
      waiting = Buffer.concat([waiting, data]);
      while (waiting.length >= 5 && waiting.length >= 5 + waiting.readUInt32BE(1)) {
        const size = 5 + waiting.readUInt32BE(1);
        if (passes(++seen)) this.push(waiting.subarray(0, size));
        waiting = waiting.subarray(size);
      }
      done();
    },
  });
}

const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;

export class Google {
  static async start(standIn, folder) {
    const google = new Google(folder);
    const key = join(folder, 'key.pem');
    await promisify(execFile)('openssl', [
      'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', google.certificate,
      '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
    ]);
    google.upstream = http2.connect(`http://${standIn.address}`);
    google.server = http2.createSecureServer(
        {key: await readFile(key), cert: await readFile(google.certificate)});
    google.server.on('stream', (stream, headers) => google.serve(stream, headers));
    google.server.listen(0, '127.0.0.1');
    await once(google.server, 'listening');
    google.tokens = http.createServer((request, response) => google.handOut(request, response));
    google.tokens.listen(0, '127.0.0.1');
    await once(google.tokens, 'listening');
    await writeFile(google.credentials, JSON.stringify({
      type: 'authorized_user', client_id: 'me', client_secret: 'mine', refresh_token: 'again',
      quota_project_id: 'billed', token_uri: `http://127.0.0.1:${google.tokens.address().port}/token`,
    }));
    return google;
  }

  constructor(folder) {
    this.certificate = join(folder, 'certificate.pem');
    this.credentials = join(folder, 'credentials.json');
    this.handedOut = 0;
    this.good = new Set();
    this.expireAfter = Infinity;  // calls that a token is good for
    this.calls = [];              // the methods asked for, with what became of them
    this.denied = new Set();      // methods
    this.loses = 0;               // the answer of each query that is not given
    this.breaksAfter = Infinity;  // answers of a query
    this.broken = 0;
  }

  // What `firebreak` needs to get here.
  get environment() {
    return {GOOGLE_APPLICATION_CREDENTIALS: this.credentials, FIRESTORE_EMULATOR_HOST: '',
            METADATA_SERVER_DETECTION: 'none'};
  }
  get options() {
    return ['--firestore-endpoint', `127.0.0.1:${this.server.address().port}`,
            '--cacert', this.certificate];
  }

  async handOut(request, response) {
    let form = '';
    for await (const data of request) form += data;
    const given = new URLSearchParams(form);
    if (given.get('refresh_token') !== 'again' || given.get('client_secret') !== 'mine') {
      response.writeHead(400, {'content-type': 'application/json'});
      response.end('{"error":"invalid_grant"}');
      return;
    }
    const token = `token-${++this.handedOut}`;
    this.good.add(token);
    response.writeHead(200, {'content-type': 'application/json'});
    response.end(JSON.stringify({access_token: token, expires_in: 3600, token_type: 'Bearer'}));
  }

  refuse(stream, code, message) {
    stream.respond({':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(code),
                    'grpc-message': message}, {endStream: true});
  }

  serve(stream, headers) {
    const method = headers[':path'].split('/').pop();
    const token = headers.authorization?.replace('Bearer ', '');
    const isGood = this.good.has(token) && headers['x-goog-user-project'] === 'billed';
    this.calls.push(`${method} ${isGood}`);
    if (!isGood) return this.refuse(stream, UNAUTHENTICATED, 'invalid authentication credentials');
    if (this.denied.has(method)) {
      return this.refuse(stream, PERMISSION_DENIED, 'Missing or insufficient permissions.');
    }
    if (this.calls.length % this.expireAfter === 0) this.good.delete(token);
    const {':path': path, ':method': verb, ...rest} = headers;
    const forwarded = Object.fromEntries(Object.entries(rest).filter(
        ([name]) => !name.startsWith(':') && name !== 'authorization'));
    const above = this.upstream.request({':path': path, ':method': verb, ...forwarded});
    let trailers = {};
    above.on('response', (answer, flags) => {
      const {':status': status, ...others} = answer;
      const clean = Object.fromEntries(Object.entries(others));
      stream.respond({':status': status, ...clean}, {waitForTrailers: !(flags & 1)});
    });
    above.on('trailers', (given) => { trailers = Object.fromEntries(Object.entries(given)); });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('close', () => above.close());
    above.on('error', () => stream.close());
    stream.on('error', () => above.close());
    stream.pipe(above);
    if (method !== 'RunQuery') return void above.pipe(stream);
    above.pipe(sieve((number) => {
      if (number > this.breaksAfter) {
        if (!stream.closed) this.broken += 1;
        stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      }
      return number !== this.loses && number <= this.breaksAfter;
    })).pipe(stream);
  }

  async stop() {
    this.upstream.destroy();
    this.tokens.close();
    this.server.close();
  }
}
