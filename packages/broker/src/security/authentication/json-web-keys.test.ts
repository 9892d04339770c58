import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Logger, silentLogger } from '@moldau/io';
import { ManualTime, MemoryDisk, settled } from '@moldau/testing';
import { JsonWebKeys } from './json-web-keys.ts';
import { FakeHttp, KEYS_URL, keySet, SigningKey } from './testing-identity-provider.ts';

const HOUR_MS = 3_600_000;
const KEYS_PATH = '/keys/set.json';
const first = new SigningKey('first');
const second = new SigningKey('second');

function world({ answer = keySet(first) as string | Error, url = new URL(KEYS_URL) } = {}) {
  const time = new ManualTime();
  const http = new FakeHttp(answer);
  const disk = new MemoryDisk();
  const lines: string[] = [];
  const tell = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { ...silentLogger, info: tell, warn: tell };
  const keys = new JsonWebKeys({
    ...{ url, refreshMs: HOUR_MS, retryBackoffMs: 100, retryBackoffMaxMs: 10_000 },
    ...{ clock: time, timers: time, disk, http, logger },
  });
  const find = (key: SigningKey, kid = key.id) =>
    keys.keyFor({ alg: key.algorithm, kid }, { payload: '', signature: '' });
  return { time, http, disk, lines, keys, find };
}

test('a key is found by its id, and the set is fetched once an hour', async () => {
  const { time, http, keys, find } = world();
  keys.start();
  await find(first);
  await find(first);
  assert.equal(http.requests.length, 1);
  await time.advance(HOUR_MS);
  assert.deepEqual(http.requests, [KEYS_URL, KEYS_URL]);
  keys.close();
  await time.advance(10 * HOUR_MS);
  assert.equal(http.requests.length, 2);
  assert.equal(time.pendingCount, 0);
});

test('a key that is not known is looked for at the provider, but only every ten seconds', async () => {
  const { time, http, keys, find } = world();
  keys.start();
  await find(first);
  http.answer = keySet(first, second);
  await assert.rejects(find(second), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  assert.equal(http.requests.length, 1, 'the set is too young to be fetched again');
  await time.advance(10_000);
  await Promise.all([find(second), find(second), find(first)]);
  assert.equal(http.requests.length, 2, 'those who wait share one request');
  for (let index = 0; index < 100; index++) {
    await assert.rejects(find(second, `../../etc/passwd-${index}`), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  }
  assert.equal(http.requests.length, 2, 'strange key ids cost the provider nothing');
});

test('a key that the provider has withdrawn is gone with the next fetch', async () => {
  const { time, http, keys, find } = world({ answer: keySet(first, second) });
  keys.start();
  await find(second);
  http.answer = keySet(first);
  await time.advance(HOUR_MS);
  await assert.rejects(find(second), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

test('while the keys cannot be had logins fail, fetches back off, and the log says why once', async () => {
  const { time, http, keys, find, lines } = world({ answer: new Error('connect ECONNREFUSED') });
  keys.start();
  await assert.rejects(find(first), /there are no keys: connect ECONNREFUSED/);
  await time.advance(60_000);
  // 100, 200, 400 ... 6,400 ms, then every 10 s.
  assert.equal(http.requests.length, 12);
  assert.equal(lines.length, 1);
  assert.match(
    lines[0]!,
    /sasl.oauthbearer.jwks.endpoint.url.*all logins with OAUTHBEARER fail.*ECONNREFUSED/,
  );
  http.answer = keySet(first);
  await time.advance(10_000);
  await find(first);
  assert.match(lines[1]!, /can be had again/);
});

test('keys from before stay in force while new ones cannot be had', async () => {
  const { time, http, keys, find, lines } = world();
  keys.start();
  await find(first);
  http.answer = new Error('the server answered 503 instead of 200');
  await time.advance(2 * HOUR_MS);
  await find(first);
  assert.match(lines.join('\n'), /those from before stay in force.*503/);
});

test('a login waits for the first fetch while it is under way', async () => {
  const { http, keys, find } = world();
  let answer = (): void => undefined;
  http.delay = new Promise((resolve) => {
    answer = resolve;
  });
  keys.start();
  const found = find(first);
  await settled();
  answer();
  await found;
});

const USELESS: readonly [what: string, answer: string, reason: RegExp][] = [
  ['no JSON', '<html>log in first</html>', /no JSON/],
  ['an empty document', '', /no JSON/],
  ['JSON without keys', '{"issuer":"x"}', /JSON Web Key Set malformed/],
  ['keys that are no objects', '{"keys":["a","b"]}', /JSON Web Key Set malformed/],
  ['a null', 'null', /JSON Web Key Set malformed/],
];

for (const [what, answer, reason] of USELESS) {
  test(`${what} instead of keys: logins fail, and the reason is told`, async () => {
    const { keys, find } = world({ answer });
    keys.start();
    await assert.rejects(find(first), reason);
  });
}

test('secret and private keys in a set are never used', async () => {
  const secret = { kty: 'oct', kid: 'first', k: 'c2VjcmV0', alg: 'HS256' };
  const { keys } = world({ answer: JSON.stringify({ keys: [secret] }) });
  keys.start();
  await assert.rejects(keys.keyFor({ alg: 'HS256', kid: 'first' }, { payload: '', signature: '' }));
  const privateJwk = { ...first.privateKey.export({ format: 'jwk' }), kid: 'first' };
  const other = world({ answer: JSON.stringify({ keys: [privateJwk] }) });
  other.keys.start();
  await assert.rejects(other.find(first), /must be public keys/);
});

test('keys in a file are read again within seconds', async () => {
  const { time, disk, http, keys, find } = world({ url: pathToFileURL(KEYS_PATH) });
  await disk.makeDirectory('/keys');
  await disk.replaceFile(KEYS_PATH, Buffer.from(keySet(first)));
  keys.start();
  await find(first);
  await disk.replaceFile(KEYS_PATH, Buffer.from(keySet(second)));
  await time.advance(10_000);
  await find(second);
  await assert.rejects(find(first), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  assert.deepEqual(http.requests, []);
});

test('a file that is absent, a folder, or huge is told of', async () => {
  const absent = world({ url: pathToFileURL(KEYS_PATH) });
  absent.keys.start();
  await assert.rejects(absent.find(first), /the file does not exist/);

  const folder = world({ url: pathToFileURL('/keys') });
  await folder.disk.makeDirectory('/keys');
  folder.keys.start();
  await assert.rejects(folder.find(first), /it is no file/);

  const huge = world({ url: pathToFileURL(KEYS_PATH) });
  await huge.disk.makeDirectory('/keys');
  await huge.disk.replaceFile(KEYS_PATH, Buffer.alloc(1024 * 1024 + 1, ' '));
  huge.keys.start();
  await assert.rejects(huge.find(first), /larger than 1048576 bytes/);
});
