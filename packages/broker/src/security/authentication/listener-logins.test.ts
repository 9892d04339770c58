import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Connection, nodeClock, nodeTimers, silentLogger } from '@moldau/io';
import { ErrorCode } from '@moldau/protocol';
import { BrokerConfig } from '../../config/broker-config.ts';
import { ConfigError } from '../../config/config-error.ts';
import { ListenerLogins, type ListenerLoginsOptions } from './listener-logins.ts';

const JAAS = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="hunter2";';
const transport = { remoteAddress: '10.0.0.1' } as Connection;

function configOf(settings: Record<string, string>): BrokerConfig {
  return new BrokerConfig({
    values: new Map([
      ['listeners', 'CLIENTS://127.0.0.1:9092,OPEN://127.0.0.1:9093'],
      ['listener.security.protocol.map', 'CLIENTS:SASL_PLAINTEXT,OPEN:PLAINTEXT'],
      ...Object.entries(settings),
    ]),
  });
}

/** PLAIN needs no more of what mechanisms are made of. */
const loginsOf = (config: BrokerConfig) =>
  new ListenerLogins({
    config,
    clock: nodeClock,
    timers: nodeTimers,
    logger: silentLogger,
  } as ListenerLoginsOptions);

function problems(settings: Record<string, string>): readonly string[] {
  try {
    loginsOf(configOf(settings));
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return assert.fail('it started');
}

test('each listener has its own logins, and those without share one that is complete', () => {
  const logins = loginsOf(configOf({ 'sasl.enabled.mechanisms': 'PLAIN', 'sasl.jaas.config': JAAS }));
  const open = logins.authenticationFor('OPEN', transport);
  assert.equal(open, logins.authenticationFor('OPEN', transport));
  assert.deepEqual(
    [open.isComplete, open.securityProtocol, open.identity.principal],
    [true, 'PLAINTEXT', 'User:ANONYMOUS'],
  );
  const login = logins.authenticationFor('CLIENTS', transport);
  assert.notEqual(login, logins.authenticationFor('CLIENTS', transport));
  assert.deepEqual([login.isComplete, login.securityProtocol], [false, 'SASL_PLAINTEXT']);
});

test('a listener of logins does not open without mechanisms, or with ones that are not served', () => {
  const jaas = { 'sasl.jaas.config': JAAS };
  assert.match(
    problems({ ...jaas, 'sasl.enabled.mechanisms': '' })[0]!,
    /CLIENTS enables no SASL mechanism.*PLAIN/,
  );
  const [problem, ...others] = problems({
    ...jaas,
    'listener.name.clients.sasl.enabled.mechanisms': 'PLAIN,DIGEST-MD5',
  });
  assert.deepEqual(others, []);
  assert.match(
    problem!,
    /CLIENTS enables the SASL mechanism DIGEST-MD5, which is not served: set sasl\.enabled\.mechanisms, or listener\.name\.clients\.sasl\.enabled\.mechanisms, to one or more of .*PLAIN/,
  );
});

test('a class of the JVM that names principals stops the start', () => {
  const settings = { 'sasl.enabled.mechanisms': 'PLAIN', 'sasl.jaas.config': JAAS };
  const [problem, ...others] = problems({
    ...settings,
    'listener.name.open.principal.builder.class': 'org.example.Builder',
  });
  assert.deepEqual(others, []);
  assert.match(
    problem!,
    /OPEN sets principal\.builder\.class=org\.example\.Builder, a class of the JVM, which cannot run here/,
  );
});

test('all that is wrong is told at once, and no password', () => {
  const found = problems({
    'sasl.enabled.mechanisms': 'PLAIN,FOO',
    'principal.builder.class': 'org.example.Builder',
  });
  assert.equal(found.length, 4);
  assert.doesNotMatch(
    problems({ 'sasl.enabled.mechanisms': 'FOO', 'sasl.jaas.config': JAAS }).join(),
    /hunter/,
  );
});

test('mechanisms come and go with the setting', async () => {
  const config = configOf({
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.jaas.config': JAAS,
    'connection.failed.authentication.delay.ms': '0',
  });
  const logins = loginsOf(config);
  const enable = (names: string) =>
    config.update(new Map([['listener.name.clients.sasl.enabled.mechanisms', names]]), new Map());
  const asked = () => logins.authenticationFor('CLIENTS', transport).handshake('PLAIN', 1);
  assert.deepEqual(await asked(), { errorCode: ErrorCode.NONE, mechanisms: ['PLAIN'] });
  enable('FOO');
  assert.deepEqual(await asked(), { errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM, mechanisms: ['FOO'] });
  enable('FOO,PLAIN');
  assert.equal((await asked()).errorCode, ErrorCode.NONE);
  const other = await logins.authenticationFor('CLIENTS', transport).handshake('FOO', 1);
  assert.equal(other.errorCode, ErrorCode.UNSUPPORTED_SASL_MECHANISM);
});
