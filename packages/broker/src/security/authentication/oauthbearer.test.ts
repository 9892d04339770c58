// Logins with tokens, good ones and those of an attacker.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { silentLogger } from '@moldau/io';
import { ManualTime, MemoryDisk } from '@moldau/testing';
import { BrokerConfig } from '../../config/broker-config.ts';
import { ConfigError } from '../../config/config-error.ts';
import { oauthBearerMechanism } from './oauthbearer.ts';
import { SaslError } from './sasl-mechanism.ts';
import {
  AUDIENCE,
  encoded,
  FakeHttp,
  goodClaims,
  ISSUER,
  KEYS_URL,
  keySet,
  SigningKey,
} from './testing-identity-provider.ts';

const key = new SigningKey('current');
const rsa = new SigningKey('rsa', 'RS256');
const foreign = new SigningKey('current');
const connection = { listenerName: 'CLIENTS', clientHost: '/127.0.0.1' };

const SETTINGS = {
  listeners: 'CLIENTS://127.0.0.1:9092',
  'listener.security.protocol.map': 'CLIENTS:SASL_PLAINTEXT',
  'sasl.enabled.mechanisms': 'OAUTHBEARER',
  'inter.broker.listener.name': 'CLIENTS',
  'sasl.oauthbearer.jwks.endpoint.url': KEYS_URL,
  'sasl.oauthbearer.expected.issuer': ISSUER,
  'sasl.oauthbearer.expected.audience': `other,${AUDIENCE}`,
};

function mechanismOf(settings: Record<string, string> = {}, http = new FakeHttp(keySet(key, rsa))) {
  const texts = new Map(Object.entries({ ...SETTINGS, ...settings }));
  const listener = new BrokerConfig({ values: texts }).listenerSecurity('CLIENTS');
  const time = new ManualTime();
  const disk = new MemoryDisk();
  const mechanism = oauthBearerMechanism({
    ...{ listener, clock: time, timers: time, disk, http, logger: silentLogger },
  });
  return { mechanism, time, http };
}

function message(token: string, { authorizationId = '', extensions = '' } = {}): Buffer {
  const header = authorizationId === '' ? 'n,,' : `n,a=${authorizationId},`;
  return Buffer.from(`${header}\x01auth=Bearer ${token}\x01${extensions}\x01`);
}

/** One login from the first message to its end; what the operator is told when it fails. */
async function login(
  { mechanism }: ReturnType<typeof mechanismOf>,
  bytes: Buffer,
): Promise<{ principal?: string; expiresAtMs?: number | undefined; refusedBecause?: string }> {
  const exchange = mechanism.start(connection);
  const step = await exchange.next(bytes);
  if (step.identity !== undefined) {
    assert.equal(step.challenge.length, 0);
    return { principal: step.identity.principal, expiresAtMs: step.expiresAtMs };
  }
  assert.equal(step.challenge.toString(), '{"status":"invalid_token"}');
  const error = await Promise.resolve(exchange.next(Buffer.of(1))).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof SaslError);
  assert.equal(error.message, '{"status":"invalid_token"}');
  return { refusedBecause: error.detail ?? '' };
}

test('a token is good for its subject until it expires', async () => {
  const world = mechanismOf();
  const nowMs = world.time.wallMs();
  assert.deepEqual(await login(world, message(key.token(goodClaims(nowMs)))), {
    principal: 'User:alice',
    expiresAtMs: nowMs + 300_000,
  });
});

test('any of the audiences will do, also in a list', async () => {
  const world = mechanismOf();
  for (const aud of ['other', AUDIENCE, ['elsewhere', AUDIENCE]]) {
    const claims = goodClaims(world.time.wallMs(), { aud });
    assert.equal((await login(world, message(key.token(claims)))).principal, 'User:alice');
  }
});

test('the name may come from another claim', async () => {
  const world = mechanismOf({ 'sasl.oauthbearer.sub.claim.name': 'client_id' });
  const claims = goodClaims(world.time.wallMs(), { client_id: 'orders-service', sub: '4711' });
  assert.equal((await login(world, message(key.token(claims)))).principal, 'User:orders-service');
});

test('settings of the listener and of the mechanism win over general ones', async () => {
  const world = mechanismOf({
    'listener.name.clients.sasl.oauthbearer.expected.issuer': 'https://elsewhere.example.com/',
    'listener.name.clients.oauthbearer.sasl.oauthbearer.expected.audience': 'only-this',
  });
  const changes = { iss: 'https://elsewhere.example.com/', aud: 'only-this' };
  const claims = goodClaims(world.time.wallMs(), changes);
  assert.equal((await login(world, message(key.token(claims)))).principal, 'User:alice');
  const general = key.token(goodClaims(world.time.wallMs()));
  assert.match((await login(world, message(general))).refusedBecause ?? '', /"(aud|iss)" claim/);
});

for (const algorithm of ['RS256', 'PS512', 'ES384', 'ES512', 'EdDSA', 'Ed25519']) {
  test(`tokens signed with ${algorithm} are taken`, async () => {
    const signer = new SigningKey('it', algorithm);
    const world = mechanismOf({}, new FakeHttp(keySet(signer)));
    const token = signer.token(goodClaims(world.time.wallMs()));
    assert.equal((await login(world, message(token))).principal, 'User:alice');
  });
}

test('clocks may differ by as much as is configured', async () => {
  const world = mechanismOf();
  const nowMs = world.time.wallMs();
  const now = nowMs / 1000;
  const late = goodClaims(nowMs, { iat: now - 100, exp: now - 29 });
  // What is left of the tolerance is left of the session: one that ended in the past would never end.
  assert.equal((await login(world, message(key.token(late)))).expiresAtMs, nowMs + 1_000);
  const early = goodClaims(nowMs, { iat: now + 30, nbf: now + 30 });
  assert.equal((await login(world, message(key.token(early)))).principal, 'User:alice');
});

test('extensions are taken and mean nothing', async () => {
  const world = mechanismOf();
  const token = key.token(goodClaims(world.time.wallMs()));
  assert.equal((await login(world, message(token, { extensions: 'sub=admin\x01' }))).principal, 'User:alice');
});

test("an authorization id must be the token's own name", async () => {
  const world = mechanismOf();
  const token = key.token(goodClaims(world.time.wallMs()));
  assert.equal((await login(world, message(token, { authorizationId: 'alice' }))).principal, 'User:alice');
  for (const authorizationId of ['admin', 'Alice', 'alice ', 'User:alice']) {
    await assert.rejects(login(world, message(token, { authorizationId })), {
      name: 'SaslError',
      message: `Authentication failed: Client requested an authorization id (${authorizationId}) that is different from the token's principal name (alice)`,
    });
  }
});

test('a first message that is none ends the login, and tells nothing', async () => {
  const world = mechanismOf();
  for (const bytes of [Buffer.alloc(0), Buffer.of(1), Buffer.from('\0alice\0secret')]) {
    await assert.rejects(login(world, bytes), { name: 'SaslError', message: '' });
  }
});

test('after a bad token there is no second try in the same exchange', async () => {
  const world = mechanismOf();
  const exchange = world.mechanism.start(connection);
  await exchange.next(message('x.y.z'));
  const good = message(key.token(goodClaims(world.time.wallMs())));
  await assert.rejects(Promise.resolve(exchange.next(good)), SaslError);
});

const now = new ManualTime().wallMs() / 1000;
const claims = (changes: Record<string, unknown> = {}) => goodClaims(now * 1000, changes);
const without = (name: string) =>
  Object.fromEntries(Object.entries(claims()).filter(([each]) => each !== name));
const unsigned = (header: object, body: object = claims()) => `${encoded(header)}.${encoded(body)}.`;

/** The public key as the secret: what a verifier that believes the header would check with. */
function hmacToken(secret: string | Buffer): string {
  const input = `${encoded({ alg: 'HS256', kid: 'rsa', typ: 'JWT' })}.${encoded(claims())}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

const ATTACKS: readonly [what: string, token: string, reason: RegExp][] = [
  ['no signature, algorithm none', unsigned({ alg: 'none' }), /alg/],
  ['no signature, algorithm NONE with a key', unsigned({ alg: 'NONE', kid: 'current' }), /alg/],
  ['no signature, algorithm as it should be', unsigned({ alg: 'ES256', kid: 'current' }), /signature/i],
  ['no algorithm', unsigned({ kid: 'current' }), /alg/i],
  [
    'HS256 with the public key as PEM',
    hmacToken(rsa.publicKey.export({ type: 'spki', format: 'pem' })),
    /alg/,
  ],
  [
    'HS256 with the public key as DER',
    hmacToken(rsa.publicKey.export({ type: 'spki', format: 'der' })),
    /alg/,
  ],
  ['HS256 with the published key', hmacToken(JSON.stringify(rsa.jwk)), /alg/],
  ['HS256 with an empty secret', hmacToken(''), /alg/],
  ['the key of somebody else under a known id', foreign.token(claims()), /signature verification failed/],
  ['a key id nobody has', key.token(claims(), { kid: 'other' }), /no applicable key/],
  ['a path as key id', key.token(claims(), { kid: '../../../../dev/null' }), /no applicable key/],
  ['a URL as key id', key.token(claims(), { kid: 'https://evil.example.com/keys' }), /no applicable key/],
  ['SQL as key id', key.token(claims(), { kid: "' OR '1'='1" }), /no applicable key/],
  ['a prototype as key id', key.token(claims(), { kid: '__proto__' }), /no applicable key/],
  ['a list as key id', key.token(claims(), { kid: ['current'] }), /no applicable key/],
  ['a key of its own in the header', foreign.token(claims(), { jwk: foreign.jwk }), /verification failed/],
  [
    'a key set of its own',
    foreign.token(claims(), { jku: 'https://evil.example.com/' }),
    /verification failed/,
  ],
  [
    'a certificate of its own',
    foreign.token(claims(), { x5u: 'https://evil.example.com/' }),
    /verification failed/,
  ],
  ['a certificate in the header', foreign.token(claims(), { x5c: ['AAAA'] }), /verification failed/],
  ['another algorithm than the key is for', rsa.token(claims(), { alg: 'RS512' }), /no applicable key/],
  [
    'an extension that must be understood',
    key.token(claims(), { crit: ['exp'], exp: 1 }),
    /crit|recognized/i,
  ],
  ['a payload that is not encoded', key.token(claims(), { crit: ['b64'], b64: false }), /unencoded payload/],
  ['another issuer', key.token(claims({ iss: 'https://evil.example.com/' })), /"iss"/],
  ['an issuer with another end', key.token(claims({ iss: ISSUER.slice(0, -1) })), /"iss"/],
  ['a list of issuers', key.token(claims({ iss: [ISSUER] })), /"iss"/],
  ['no issuer', key.token(without('iss')), /missing required "iss"/],
  ['another audience', key.token(claims({ aud: 'billing' })), /"aud"/],
  ['an empty list of audiences', key.token(claims({ aud: [] })), /"aud"/],
  ['no audience', key.token(without('aud')), /missing required "aud"/],
  ['a token that has expired', key.token(claims({ exp: now - 31 })), /"exp"/],
  ['a token that never expires', key.token(without('exp')), /missing required "exp"/],
  ['an expiry in words', key.token(claims({ exp: 'never' })), /"exp"/],
  ['an expiry beyond all time', key.token(claims({ exp: 1e300 })), /"exp"/],
  ['a token that is not valid yet', key.token(claims({ nbf: now + 31 })), /"nbf"/],
  ['a token from the future', key.token(claims({ iat: now + 31 })), /"iat"/],
  ['a token that does not say since when', key.token(without('iat')), /missing required "iat"/],
  ['a token that ends before it begins', key.token(claims({ iat: now, exp: now - 5 })), /"exp"/],
  ['no subject', key.token(without('sub')), /missing required "sub"/],
  ['an empty subject', key.token(claims({ sub: '' })), /"sub"/],
  ['a blank subject', key.token(claims({ sub: '  ' })), /"sub"/],
  ['a subject with a newline', key.token(claims({ sub: 'alice\nUser:admin' })), /"sub"/],
  ['a subject with a NUL', key.token(claims({ sub: 'alice\0' })), /"sub"/],
  ['a subject with a blank at its end', key.token(claims({ sub: 'alice ' })), /"sub"/],
  ['a subject that breaks lines by Unicode', key.token(claims({ sub: 'alice\u2028x' })), /"sub"/],
  ['a number as subject', key.token(claims({ sub: 4711 })), /"sub"/],
  ['a list as subject', key.token(claims({ sub: ['alice'] })), /"sub"/],
  ['scopes of another kind', key.token(claims({ scope: [1] })), /"scope"/],
  ['the same scope twice', key.token(claims({ scope: ['a', 'a'] })), /"scope"/],
  ['claims that are a list', key.token([] as unknown as Record<string, unknown>), /JSON object/],
  ['a token in two parts', 'eyJhbGciOiJFUzI1NiJ9.e30', /Invalid Compact JWS/],
  ['five parts', 'a.b.c.d.e', /Invalid Compact JWS/],
  ['a header that is no JSON', 'bm9uZQ.e30.AAAA', /Protected Header|Invalid/],
  ['64 KB of nothing', 'a'.repeat(64 * 1024 + 1), /longer than 65536/],
  ['a megabyte', key.token(claims({ padding: 'x'.repeat(1024 * 1024) })), /longer than 65536/],
];

for (const [what, token, reason] of ATTACKS) {
  test(`refused: ${what}`, async () => {
    const world = mechanismOf();
    const { refusedBecause = 'it was let in' } = await login(world, message(token));
    assert.match(refusedBecause, reason);
    assert.ok(!refusedBecause.includes(token.slice(-40)), 'the reason tells the token');
    assert.deepEqual(new Set(world.http.requests), new Set([KEYS_URL]), 'somebody else was asked');
  });
}

test('a changed byte anywhere in a token breaks it', async () => {
  const world = mechanismOf();
  const token = key.token(goodClaims(world.time.wallMs()));
  // The last character of a part carries bits that decode to nothing.
  for (let at = 0; at < token.length; at += 7) {
    if (token[at] === '.' || token[at + 1] === '.' || at === token.length - 1) continue;
    const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
    assert.notEqual((await login(world, message(changed))).refusedBecause, undefined, `at ${at}`);
  }
});

test('while there are no keys every token is refused, and the reason is for the log', async () => {
  const world = mechanismOf({}, new FakeHttp(new Error('connect ECONNREFUSED 192.0.2.1:443')));
  const { refusedBecause } = await login(world, message(key.token(goodClaims(world.time.wallMs()))));
  assert.equal(refusedBecause, 'there are no keys: connect ECONNREFUSED 192.0.2.1:443');
});

test('nothing goes on after a close', async () => {
  const world = mechanismOf();
  await login(world, message('x.y.z'));
  world.mechanism.close?.();
  assert.equal(world.time.pendingCount, 0);
});

const WRONG_SETTINGS: readonly [what: string, settings: Record<string, string>, advice: RegExp][] = [
  [
    'no URL',
    { 'sasl.oauthbearer.jwks.endpoint.url': '' },
    /so sasl.oauthbearer.jwks.endpoint.url must be set/,
  ],
  ['no issuer', { 'sasl.oauthbearer.expected.issuer': '' }, /expected.issuer must be set.*nobody signed/],
  ['no audience', { 'sasl.oauthbearer.expected.audience': '' }, /expected.audience must be set/],
  ['no URL at all', { 'sasl.oauthbearer.jwks.endpoint.url': 'keys' }, /expected a URL/],
  [
    'plain HTTP to another machine',
    { 'sasl.oauthbearer.jwks.endpoint.url': 'http://login.example.com/keys' },
    /expected https:, for http: is taken only from this machine/,
  ],
  [
    'plain HTTP to a name that only looks like this machine',
    { 'sasl.oauthbearer.jwks.endpoint.url': 'http://127.0.0.1.example.com/keys' },
    /expected https:/,
  ],
  ['another protocol', { 'sasl.oauthbearer.jwks.endpoint.url': 'ftp://localhost/keys' }, /https: or file:/],
  ['data in the URL', { 'sasl.oauthbearer.jwks.endpoint.url': 'data:,{}' }, /https: or file:/],
  [
    'a password in the URL',
    { 'sasl.oauthbearer.jwks.endpoint.url': 'https://a:b@x.example.com/' },
    /password/,
  ],
  [
    'a file of another machine',
    { 'sasl.oauthbearer.jwks.endpoint.url': 'file://etc/keys.json' },
    /as in file:\/\/\/keys.json/,
  ],
  [
    'a URL that is not allowed',
    { 'moldau.sasl.oauthbearer.allowed.urls': 'https://a.example.com/keys' },
    /not among those that moldau.sasl.oauthbearer.allowed.urls allows/,
  ],
  ['keys that are fetched all the time', { 'sasl.oauthbearer.jwks.endpoint.refresh.ms': '0' }, /at least 1/],
  ['clocks that differ by less than nothing', { 'sasl.oauthbearer.clock.skew.seconds': '-1' }, /at least 0/],
  [
    'tokens that nobody signed',
    {
      'listener.name.clients.oauthbearer.sasl.server.callback.handler.class':
        'org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler',
    },
    /checks the signature of every token/,
  ],
  [
    'a class that checks tokens',
    { 'sasl.oauthbearer.jwt.validator.class': 'com.example.Mine' },
    /no Java classes/,
  ],
];

for (const [what, settings, advice] of WRONG_SETTINGS) {
  test(`the start is refused: ${what}`, () => {
    assert.throws(
      () => mechanismOf(settings),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.problems.length, 1);
        assert.match(error.message, advice);
        return true;
      },
    );
  });
}

test('all that is missing is told at once', () => {
  const nothing = { 'sasl.oauthbearer.expected.issuer': '', 'sasl.oauthbearer.expected.audience': '' };
  assert.throws(
    () => mechanismOf({ ...nothing, 'sasl.oauthbearer.jwks.endpoint.url': '' }),
    (error) => error instanceof ConfigError && error.problems.length === 3,
  );
});

test("keys may come from this machine by plain HTTP, from a file, and with Kafka's own classes named", () => {
  for (const url of [
    'http://127.0.0.1:8080/keys',
    'http://[::1]/keys',
    'http://localhost/',
    'file:///etc/keys.json',
  ]) {
    mechanismOf({
      'sasl.oauthbearer.jwks.endpoint.url': url,
      'moldau.sasl.oauthbearer.allowed.urls': `https://a.example.com/,${url}`,
      'sasl.server.callback.handler.class':
        'org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler',
      'sasl.oauthbearer.jwt.validator.class':
        'org.apache.kafka.common.security.oauthbearer.BrokerJwtValidator',
    }).mechanism.close?.();
  }
});
