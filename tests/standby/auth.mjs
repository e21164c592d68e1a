// Google's own Auth emulator for a test, with the official client, and the users that a test puts
// into it: the ledger is written before the user is.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import admin from 'firebase-admin';

const require = createRequire(import.meta.url);
const {createApp} = require('firebase-tools/lib/emulator/auth/server');

export class AuthServer {
  static async start() {
    const server = createServer(await createApp('demo'));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new AuthServer(server, `127.0.0.1:${server.address().port}`);
  }

  constructor(server, host) {
    this.server = server;
    this.host = host;
    this.environment = {FIREBASE_AUTH_EMULATOR_HOST: host};
    process.env.FIREBASE_AUTH_EMULATOR_HOST = host;
    this.apps = [];
  }

  users(project) {
    const app = admin.initializeApp({projectId: project}, randomUUID());
    this.apps.push(app);
    return app.auth();
  }

  // What the official client does not do or show.
  async raw(method, path, body) {
    const answer = await fetch(`http://${this.host}/identitytoolkit.googleapis.com${path}`, {
      method,
      headers: {Authorization: 'Bearer owner', 'Content-Type': 'application/json'},
      body: body && JSON.stringify(body),
    });
    assert.equal(answer.status, 200, `${method} ${path}`);
    return answer.json();
  }

  async stop() {
    await Promise.all(this.apps.map((app) => app.delete()));
    this.server.closeAllConnections?.();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const digit = (i) => String(i).padStart(4, '0');

// As importUsers() takes them; every field that it takes is in some of them.
export function manyUsers(count) {
  const users = [];
  for (let i = 0; i < count; ++i) {
    const user = {
      uid: `u${digit(i * 7919 % count)}`,
      email: `user${i}@example.com`,
      emailVerified: i % 2 === 0,
      disabled: i % 5 === 0,
      metadata: {creationTime: new Date(1.6e12 + i * 1000).toUTCString(),
                 lastSignInTime: new Date(1.7e12 + i * 1000).toUTCString()},
    };
    if (i % 3 === 0) user.displayName = `Zo\u00eb \u{1f600} ${i}`;
    if (i % 4 === 0) user.photoURL = `https://example.com/${i}.png`;
    if (i % 6 === 0) user.phoneNumber = `+1555555${digit(i)}`;
    if (i % 7 === 0) user.customClaims = {admin: true, level: i, of: {deep: ['\u00e9', null]}};
    if (i % 2 === 0) {
      user.passwordHash = Buffer.from(`hash-${i}-\u00ff\u00fe?>`);
      user.passwordSalt = Buffer.from(`salt-${i}`);
    }
    if (i % 8 === 0) {
      user.providerData = [
        {uid: `google-${i}`, providerId: 'google.com', email: user.email, displayName: 'G'},
        {uid: `facebook-${i}`, providerId: 'facebook.com'},
      ];
    }
    if (i % 10 === 0) {
      user.multiFactor = {enrolledFactors: [{uid: `factor-${i}`, factorId: 'phone',
        phoneNumber: `+1555666${digit(i)}`, displayName: 'mine',
        enrollmentTime: new Date(1.65e12 + i * 1000).toUTCString()}]};
    }
    users.push(user);
  }
  users.push({uid: '0', displayName: 'first'}, {uid: 'a b/c?%\u00e9\u{1f600}', displayName: 'odd'},
             {uid: 'Z'.repeat(128)}, {uid: '~', phoneNumber: '+15557770001'});
  return users;
}

export const HASH = {hash: {algorithm: 'SCRYPT', key: Buffer.from('signer'), saltSeparator: Buffer.from('sep'),
                            rounds: 8, memoryCost: 14}};

export async function importAll(auth, users) {
  for (let at = 0; at < users.length; at += 1000) {
    const {errors} = await auth.importUsers(users.slice(at, at + 1000), HASH);
    assert.deepEqual(errors, []);
  }
}

// What a user is to the official client, but for what moves by itself.
export function lookOf(user) {
  const look = user.toJSON();
  delete look.tokensValidAfterTime;
  delete look.metadata.lastRefreshTime;
  return look;
}

export async function usersIn(auth) {
  const found = new Map();
  let token;
  do {
    const page = await auth.listUsers(1000, token);
    for (const user of page.users) found.set(user.uid, lookOf(user));
    token = page.pageToken;
  } while (token);
  return found;
}
