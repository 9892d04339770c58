import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@moldau/io';
import { ErrorCode } from '@moldau/protocol';
import { ManualTime, settled } from '@moldau/testing';
import { RateLimitedLog } from '../../network/rate-limited-log.ts';
import { type LoginSettings, SaslAuthentication } from './connection-authentication.ts';
import { LoginThrottle } from './login-throttle.ts';
import { SaslError, type SaslMechanism, type SaslStep } from './sasl-mechanism.ts';

const METADATA = 3;
const SASL_HANDSHAKE = 17;
const API_VERSIONS = 18;
const SASL_AUTHENTICATE = 36;
const LATE_MS = 30_000;

const text = (token: Buffer): string => token.toString();
const identityOf = (user: string) => ({ principal: `User:${user}`, isTokenAuthenticated: false });

/** Lets in whoever names a user: 'alice', or 'alice until 5000' (of the wall clock). */
const naming: SaslMechanism = {
  name: 'NAMING',
  start: () => ({
    next(token): SaslStep {
      const [, user, expiresAtMs] = /^(\w+)(?: until (\d+))?$/.exec(text(token)) ?? [];
      if (user === undefined || user === 'mallory') throw new SaslError('not you', 'mallory is known');
      const until = expiresAtMs === undefined ? {} : { expiresAtMs: Number(expiresAtMs) };
      return { challenge: Buffer.from('welcome'), identity: identityOf(user), ...until };
    },
  }),
};

/** Asks twice, takes its time, and breaks when it is told to. */
const asking: SaslMechanism = {
  name: 'ASKING',
  start() {
    let count = 0;
    return {
      async next(token): Promise<SaslStep> {
        await settled();
        if (text(token) === 'break') throw new Error('hunter2 was not expected');
        if (text(token) === 'wrong') throw new SaslError('');
        return ++count === 3 ? { challenge: token, identity: identityOf('alice') } : { challenge: token };
      },
    };
  },
};

function started(changed: Partial<LoginSettings> = {}, { rate = 50, address = '10.0.0.1' } = {}) {
  const time = new ManualTime(1_000_000);
  const lines: string[] = [];
  const warn = (fields: object, message: string): void =>
    void lines.push(`${JSON.stringify(fields)} ${message}`);
  const mechanisms = [naming, asking];
  const settings: LoginSettings = {
    securityProtocol: 'SASL_PLAINTEXT',
    mechanisms: () => mechanisms.map(({ name }) => name),
    mechanism: (name) => mechanisms.find((each) => each.name === name),
    maxTokenBytes: () => 512,
    failureDelayMs: () => 100,
    timeoutMs: () => LATE_MS,
    maxSessionMs: () => 0,
    ...changed,
  };
  const throttle = new LoginThrottle({ rate: () => rate });
  const log = new RateLimitedLog({ ...silentLogger, warn }, time);
  const open = () =>
    new SaslAuthentication({
      ...{ settings, throttle, log },
      ...{ clock: time, timers: time, remoteAddress: address },
      connection: { listenerName: 'CLIENTS', clientHost: `/${address}` },
    });
  const login = open();
  const send = (token: string) => login.authenticate(Buffer.from(token));
  const mayCome = (apiKey: number) => login.refusal(apiKey, time.monotonicMs()) === undefined;
  /** What it comes to once its delay is over. */
  const late = async <Value>(answer: Promise<Value>): Promise<Value> => {
    await time.advance(100);
    return answer;
  };
  return { time, lines, login, open, send, mayCome, late };
}

/** Logged in as alice, by a mechanism whose logins last so long. */
async function loggedIn(maxSessionMs = 0) {
  const all = started({ maxSessionMs: () => maxSessionMs });
  await all.login.handshake('NAMING', 1);
  const answer = await all.send('alice');
  return { ...all, answer };
}

test('begins as nobody, and ends as whom the mechanism says', async () => {
  const { login, send, mayCome } = started();
  assert.equal(login.identity.principal, 'User:ANONYMOUS');
  assert.equal(login.isComplete, false);
  assert.equal(login.maxFrameBytes, 512);
  assert.ok(mayCome(SASL_HANDSHAKE));
  assert.deepEqual(await login.handshake('NAMING', 1), {
    errorCode: ErrorCode.NONE,
    mechanisms: ['NAMING', 'ASKING'],
  });
  assert.equal(login.identity.principal, 'User:ANONYMOUS');
  assert.deepEqual(await send('alice'), {
    errorCode: ErrorCode.NONE,
    errorMessage: '',
    authBytes: Buffer.from('welcome'),
    sessionLifetimeMs: 0,
  });
  assert.equal(login.identity.principal, 'User:alice');
  assert.ok(login.isComplete && !login.hasFailed);
  assert.equal(login.maxFrameBytes, undefined);
  assert.ok(mayCome(METADATA));
});

test('goes on until the mechanism has seen enough', async () => {
  const { login, send } = started();
  await login.handshake('ASKING', 1);
  for (const token of ['one', 'two']) {
    assert.equal((await send(token))?.authBytes.toString(), token);
    assert.ok(!login.isComplete);
    assert.equal(login.identity.principal, 'User:ANONYMOUS');
  }
  await send('three');
  assert.equal(login.identity.principal, 'User:alice');
});

test('before a login only ApiVersions may come, once, and SaslHandshake', () => {
  const { mayCome } = started();
  for (const apiKey of [0, 1, METADATA, SASL_AUTHENTICATE, 19, 22, 50, 68])
    assert.ok(!mayCome(apiKey), String(apiKey));
  assert.ok(mayCome(API_VERSIONS));
  assert.ok(!mayCome(API_VERSIONS));
  assert.ok(mayCome(SASL_HANDSHAKE));
});

test('in the middle of a login only its next token may come: no other request, no other mechanism', async () => {
  const { login, mayCome, send } = started();
  await login.handshake('ASKING', 1);
  await send('one');
  for (const apiKey of [METADATA, API_VERSIONS, SASL_HANDSHAKE]) assert.ok(!mayCome(apiKey), String(apiKey));
  assert.ok(mayCome(SASL_AUTHENTICATE));
});

test('after a failed login nothing may come', async () => {
  const { login, mayCome, send, late } = started();
  await login.handshake('NAMING', 1);
  await late(send('mallory'));
  for (const apiKey of [METADATA, API_VERSIONS, SASL_HANDSHAKE, SASL_AUTHENTICATE])
    assert.ok(!mayCome(apiKey));
  assert.equal(login.identity.principal, 'User:ANONYMOUS');
});

test('tokens are bare after SaslHandshake v0, until the login is complete', async () => {
  const { login, send } = started();
  assert.equal(login.expectsBareToken, false);
  await login.handshake('NAMING', 0);
  assert.equal(login.expectsBareToken, true);
  await send('alice');
  assert.equal(login.expectsBareToken, false);
});

test('a failure is told after the delay, and ends the connection', async () => {
  const { login, time, send } = started();
  await login.handshake('NAMING', 1);
  let answer: unknown;
  const answered = send('mallory').then((value) => {
    answer = value;
  });
  await time.advance(99);
  assert.equal(answer, undefined);
  await time.advance(1);
  await answered;
  assert.deepEqual(answer, {
    errorCode: ErrorCode.SASL_AUTHENTICATION_FAILED,
    errorMessage: 'not you',
    authBytes: Buffer.alloc(0),
    sessionLifetimeMs: 0,
  });
  assert.ok(login.hasFailed && !login.isComplete);
});

test('a connection that goes meanwhile leaves no timer and no waiting promise', async () => {
  const { login, time, send } = started();
  await login.handshake('NAMING', 1);
  const answer = send('mallory');
  await settled();
  assert.equal(time.pendingCount, 1);
  login.closed();
  await answer;
  assert.equal(time.pendingCount, 0);
});

test('a connection that goes while its token is looked at is nobody', async () => {
  const { login, send } = started();
  await login.handshake('ASKING', 1);
  await send('one');
  await send('two');
  const answer = send('three');
  login.closed();
  assert.equal(await answer, undefined);
  assert.equal(login.identity.principal, 'User:ANONYMOUS');
  assert.ok(!login.isComplete);
});

test('a failure without words of its own is told as Kafka tells it', async () => {
  const { login, send, late } = started();
  await login.handshake('ASKING', 1);
  const answer = await late(send('wrong'));
  const expected =
    'Authentication failed during authentication due to invalid credentials with SASL mechanism ASKING';
  assert.equal(answer?.errorMessage, expected);
});

test('a mechanism that breaks tells neither the client nor the log why, only where', async () => {
  const { login, send, late, lines } = started();
  await login.handshake('ASKING', 1);
  const answer = await late(send('break'));
  assert.match(answer!.errorMessage!, /invalid credentials with SASL mechanism ASKING$/);
  assert.match(lines.join(), /unexpectedly, by Error at .*connection-authentication\.test\.ts/);
  assert.doesNotMatch(lines.join(), /hunter2/);
});

test('a mechanism that is not enabled is refused after the delay, with those that are', async () => {
  for (const name of ['PLAIN', 'naming', '', 'NAMING\0', 'N'.repeat(30_000)]) {
    const { login, late, lines } = started();
    assert.deepEqual(await late(login.handshake(name, 1)), {
      errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM,
      mechanisms: ['NAMING', 'ASKING'],
    });
    assert.ok(login.hasFailed);
    assert.match(lines[0]!, /choose one of NAMING, ASKING/);
    assert.ok(lines[0]!.length < 500);
  }
});

test('is overdue when it has not finished in time, however busy it was', async () => {
  const { login, time, send } = started();
  await login.handshake('ASKING', 1);
  await time.advance(LATE_MS - 1);
  await send('one');
  assert.ok(!login.isOverdue(time.monotonicMs()));
  await time.advance(1);
  assert.ok(login.isOverdue(time.monotonicMs()));
});

test('a complete login is never overdue', async () => {
  const { login, time } = await loggedIn();
  await time.advance(10 * LATE_MS);
  assert.ok(!login.isOverdue(time.monotonicMs()));
});

test('without an end of the session SaslHandshake and SaslAuthenticate are out of place, and harm nothing', async () => {
  const { login, send, mayCome, answer } = await loggedIn();
  assert.equal(answer?.sessionLifetimeMs, 0);
  assert.ok(mayCome(SASL_HANDSHAKE));
  assert.deepEqual(await login.handshake('NAMING', 1), {
    errorCode: ErrorCode.ILLEGAL_SASL_STATE,
    mechanisms: [],
  });
  assert.equal((await send('bob'))?.errorCode, ErrorCode.ILLEGAL_SASL_STATE);
  assert.equal(login.identity.principal, 'User:alice');
  assert.ok(login.isComplete);
});

test('a session lasts as long as the setting says, or as the credential if that ends sooner', async () => {
  const lifetime = async (maxSessionMs: number, token: string) => {
    const { login, send } = started({ maxSessionMs: () => maxSessionMs });
    await login.handshake('NAMING', 1);
    return (await send(token))?.sessionLifetimeMs;
  };
  assert.equal(await lifetime(0, 'alice'), 0);
  assert.equal(await lifetime(60_000, 'alice'), 60_000);
  assert.equal(await lifetime(0, 'alice until 1005000'), 5_000);
  assert.equal(await lifetime(60_000, 'alice until 1005000'), 5_000);
  assert.equal(await lifetime(60_000, 'alice until 9000000'), 60_000);
});

test('a credential that has ended lets nobody in', async () => {
  const { login, send, late } = started();
  await login.handshake('NAMING', 1);
  assert.equal((await late(send('alice until 1000000')))?.errorCode, ErrorCode.SASL_AUTHENTICATION_FAILED);
  assert.equal(login.identity.principal, 'User:ANONYMOUS');
});

test('after the end of the session only a renewal may come', async () => {
  const { login, time, send, mayCome } = await loggedIn(5_000);
  await time.advance(4_999);
  assert.ok(mayCome(METADATA));
  await time.advance(1);
  for (const apiKey of [0, 1, METADATA, API_VERSIONS, SASL_AUTHENTICATE])
    assert.ok(!mayCome(apiKey), String(apiKey));
  assert.ok(mayCome(SASL_HANDSHAKE));
  assert.equal((await login.handshake('NAMING', 1)).errorCode, ErrorCode.NONE);
  assert.ok(!login.isComplete);
  assert.equal(login.identity.principal, 'User:alice');
  assert.equal((await send('alice'))?.sessionLifetimeMs, 5_000);
  assert.ok(mayCome(METADATA));
  await time.advance(5_000);
  assert.ok(!mayCome(METADATA));
});

test('a renewal that is not finished in time is overdue', async () => {
  const { login, time } = await loggedIn(60_000);
  await time.advance(50_000);
  await login.handshake('NAMING', 1);
  assert.ok(!login.isOverdue(time.monotonicMs()));
  await time.advance(LATE_MS);
  assert.ok(login.isOverdue(time.monotonicMs()));
});

test('a renewal as somebody else is refused, and ends the connection', async () => {
  const { login, send, late, time } = await loggedIn(60_000);
  await time.advance(2_000);
  await login.handshake('NAMING', 1);
  const answer = await late(send('bob'));
  assert.equal(answer?.errorCode, ErrorCode.SASL_AUTHENTICATION_FAILED);
  assert.equal(
    answer?.errorMessage,
    'Cannot change principals during re-authentication from User.alice: User.bob',
  );
  assert.ok(login.hasFailed);
  assert.equal(login.identity.principal, 'User:alice');
});

test('a renewal by another mechanism is refused before its token is looked at', async () => {
  const { login, send, late, time } = await loggedIn(60_000);
  await time.advance(2_000);
  assert.equal((await login.handshake('ASKING', 1)).errorCode, ErrorCode.NONE);
  const answer = await late(send('one'));
  assert.match(
    answer!.errorMessage!,
    /'ASKING' requested by client is not supported for re-authentication of mechanism 'NAMING'/,
  );
  assert.ok(login.hasFailed);
});

test('a renewal that fails ends the connection', async () => {
  const { login, send, late, time, mayCome } = await loggedIn(60_000);
  await time.advance(2_000);
  await login.handshake('NAMING', 1);
  assert.ok(!mayCome(METADATA));
  await late(send('mallory'));
  assert.ok(login.hasFailed);
  assert.ok(!mayCome(METADATA));
});

test('logins are not renewed more than once a second', async () => {
  const { login, send, time } = await loggedIn(60_000);
  await login.handshake('NAMING', 1);
  await send('alice');
  assert.equal((await login.handshake('NAMING', 1)).errorCode, ErrorCode.ILLEGAL_SASL_STATE);
  assert.ok(login.isComplete);
  await time.advance(1_000);
  assert.equal((await login.handshake('NAMING', 1)).errorCode, ErrorCode.NONE);
});

test('an address that fails too often is met with silence, even with the right words, until it has waited', async () => {
  const { open, late, time } = started({}, { rate: 1 });
  const attempt = async (token: string) => {
    const login = open();
    await login.handshake('NAMING', 1);
    return { answer: await late(login.authenticate(Buffer.from(token))), login };
  };
  for (let count = 0; count < 12; count++) {
    assert.equal((await attempt('mallory')).answer?.errorCode, ErrorCode.SASL_AUTHENTICATION_FAILED);
  }
  const { answer, login } = await attempt('alice');
  assert.equal(answer, undefined);
  assert.ok(login.hasFailed);
  assert.equal(login.identity.principal, 'User:ANONYMOUS');
  await time.advance(1_000);
  assert.equal((await attempt('alice')).login.identity.principal, 'User:alice');
});

test('guesses that are made all at once learn no more than those made one after the other', async () => {
  const { open, time } = started({}, { rate: 1 });
  const logins = Array.from({ length: 100 }, open);
  await Promise.all(logins.map((login) => login.handshake('NAMING', 1)));
  const answers = logins.map((login, index) =>
    login.authenticate(Buffer.from(index === 99 ? 'alice' : 'mallory')),
  );
  await time.advance(100);
  const told = (await Promise.all(answers)).filter((answer) => answer !== undefined);
  assert.equal(told.length, 10);
  assert.ok(!logins[99]!.isComplete);
});

test('the log tells of a failure what an operator needs, a few times a minute, and no token', async () => {
  const { open, late, lines } = started();
  for (let count = 0; count < 100; count++) {
    const login = open();
    await login.handshake('NAMING', 1);
    await late(login.authenticate(Buffer.from('token hunter2')));
  }
  assert.equal(lines.length, 5);
  assert.match(
    lines[0]!,
    /"listenerName":"CLIENTS","client":"10\.0\.0\.1","mechanism":"NAMING".*a login failed: not you \(mallory is known\)/,
  );
  assert.doesNotMatch(lines.join(), /hunter2/);
});
