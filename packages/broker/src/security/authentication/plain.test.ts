import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokerConfig } from '../../config/broker-config.ts';
import { ConfigError } from '../../config/config-error.ts';
import { Plain } from './plain.ts';
import { SaslError, type SaslStep } from './sasl-mechanism.ts';

const MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const KEY = 'listener.name.clients.plain.sasl.jaas.config';
const USERS = `${MODULE} required user_alice="secret" user_bob='b"0 b' user_müller="geheim-ß" user_empty="";`;

function configOf(settings: Record<string, string>): BrokerConfig {
  return new BrokerConfig({
    values: new Map([
      ['listeners', 'CLIENTS://127.0.0.1:9092'],
      ['listener.security.protocol.map', 'CLIENTS:SASL_PLAINTEXT'],
      ...Object.entries(settings),
    ]),
  });
}

function plain(settings: Record<string, string> = { [KEY]: USERS }): Plain {
  return new Plain(configOf(settings).listenerSecurity('CLIENTS'));
}

const login = (token: string | Buffer, mechanism = plain()): SaslStep =>
  mechanism.start().next(Buffer.from(token as string)) as SaslStep;

function refused(token: string | Buffer): SaslError {
  try {
    login(token);
  } catch (error) {
    assert.ok(error instanceof SaslError);
    return error;
  }
  return assert.fail('the login was let in');
}

test('lets users in by their passwords', () => {
  for (const [user, password] of [
    ['alice', 'secret'],
    ['bob', 'b"0 b'],
    ['müller', 'geheim-ß'],
  ]) {
    const { identity, challenge } = login(`\0${user}\0${password}`);
    assert.deepEqual(identity, { principal: `User:${user}`, isTokenAuthenticated: false });
    assert.equal(challenge.length, 0);
  }
});

test('says the same of a wrong password and of a user that does not exist', () => {
  const wrong = refused('\0alice\0Secret');
  assert.equal(wrong.message, 'Authentication failed: Invalid username or password');
  assert.equal(refused('\0zoe\0secret').message, wrong.message);
  // A name that every object has is no user.
  for (const name of ['constructor', '__proto__', 'empty'])
    assert.equal(refused(`\0${name}\0x`).message, wrong.message);
});

test('an authorization id must be the user', () => {
  assert.equal(login('alice\0alice\0secret').identity?.principal, 'User:alice');
  assert.match(refused('bob\0alice\0secret').message, /authorization id that is different from username/);
  // With a wrong password nobody learns whether that would do.
  assert.match(refused('bob\0alice\0wrong').message, /Invalid username or password/);
});

test('refuses empty names and passwords', () => {
  assert.match(refused('\0\0secret').message, /username not specified/);
  assert.match(refused('\0alice\0').message, /password not specified/);
  assert.match(refused('\0empty\0').message, /password not specified/);
  assert.match(refused('alice\0\0secret').message, /username not specified/);
});

test('NULs make no other user or password of what stands before them', () => {
  for (const token of [
    '',
    '\0',
    'alice',
    'alice\0secret',
    '\0alice\0secret\0',
    '\0alice\0secret\0admin',
    '\0alice\0\0secret',
    '\0\0alice\0secret',
    '\0'.repeat(100_000),
  ]) {
    assert.match(refused(token).message, /^Invalid SASL\/PLAIN response: expected 3 tokens, got [124]$/);
  }
});

test('refuses bytes that are no text, and takes nothing off the text that is', () => {
  assert.equal(refused(Buffer.from([0, 0x61, 0xff, 0, 0x62])).message, '');
  // Half of a pair of surrogates, an overlong NUL.
  assert.equal(refused(Buffer.from([0, 0xed, 0xa0, 0x80, 0, 0x62])).message, '');
  assert.equal(refused(Buffer.from([0xc0, 0x80, 0x61, 0xc0, 0x80, 0x62])).message, '');
  assert.match(refused('\0\ufeffalice\0secret').message, /Invalid username/);
  assert.match(refused('\0alice\0secret\n').message, /Invalid username/);
});

test('what the log is told of a failure has no password, and no more of a name than a line holds', () => {
  for (const token of [
    '\0alice\0hunter2',
    '\0zoe\0hunter2',
    'bob\0alice\0secret',
    '\0\0hunter2',
    'hunter2',
  ]) {
    assert.doesNotMatch(`${refused(token).message} ${refused(token).detail}`, /hunter2|secret/);
  }
  const { detail } = refused(`\0${'x\n'.repeat(10_000)}\0x`);
  assert.ok(detail!.length < 300);
  assert.doesNotMatch(detail!, /\n/);
});

test('users change with the setting, and one that became wrong lets nobody in', () => {
  const config = configOf({ [KEY]: USERS });
  const mechanism = new Plain(config.listenerSecurity('CLIENTS'));
  const change = (text: string) => config.update(new Map([[KEY, text]]), new Map());
  change(`${MODULE} required user_alice="other";`);
  assert.throws(() => login('\0alice\0secret', mechanism), SaslError);
  assert.equal(login('\0alice\0other', mechanism).identity?.principal, 'User:alice');
  change('Another required user_alice="other";');
  assert.throws(() => login('\0alice\0other', mechanism), SaslError);
  change(USERS);
  assert.equal(login('\0alice\0secret', mechanism).identity?.principal, 'User:alice');
});

test('finds the setting of the listener and mechanism first, then that of the listener, then that of all', () => {
  const user = (name: string) => `${MODULE} required user_${name}="p";`;
  const keys = ['sasl.jaas.config', 'listener.name.clients.sasl.jaas.config', KEY];
  const settings: Record<string, string> = {};
  for (const key of keys) {
    settings[key] = user(`u${keys.indexOf(key)}`);
    assert.equal(
      login(`\0u${keys.indexOf(key)}\0p`, plain(settings)).identity?.principal,
      `User:u${keys.indexOf(key)}`,
    );
  }
});

test('a start without users, or with another login module, fails with the line that is missing', () => {
  const problem = (settings: Record<string, string>): string => {
    try {
      plain(settings);
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.message;
    }
    return assert.fail('it started');
  };
  assert.match(
    problem({}),
    /CLIENTS takes PLAIN logins.*set listener\.name\.clients\.plain\.sasl\.jaas\.config=/,
  );
  assert.match(
    problem({ [KEY]: 'a.ScramLoginModule required x="hunter2";' }),
    /exactly one login module, org\.apache/,
  );
  assert.match(problem({ [KEY]: `${USERS} ${USERS}` }), /exactly one login module/);
  assert.match(problem({ [KEY]: `${MODULE} required user_alice=hunter2` }), /semicolon/);
  for (const text of ['a.B required x="hunter2";', `${MODULE} required user_a="hunter2`]) {
    assert.doesNotMatch(problem({ [KEY]: text }), /hunter2/);
  }
});
