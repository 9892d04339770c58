import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemoryDisk } from '@moldau/testing';
import { BrokerConfig } from './broker-config.ts';
import { ConfigError } from './config-error.ts';
import { ConfigSource } from './description.ts';
import { brokerKeyHint, parseListenerKey } from './listener-configs.ts';
import { loadConfig } from './load.ts';
import { validateBrokerConfig } from './validate.ts';

function configOf(values: Record<string, string>): BrokerConfig {
  return new BrokerConfig({
    values: new Map(Object.entries({ 'listener.security.protocol.map': MAP, ...values })),
  });
}

const MAP = 'INTERNAL:SASL_PLAINTEXT,OUTSIDE:SASL_SSL,MUTUAL:SSL';

describe('listeners', () => {
  it('have the protocol that the map gives them, by default that of their name', () => {
    const listeners = 'SSL://:1,SASL_SSL://:2,SASL_PLAINTEXT://:3,PLAINTEXT://:4';
    assert.deepEqual(
      BrokerConfig.of({ listeners }).listeners.map(({ protocol }) => protocol),
      ['SSL', 'SASL_SSL', 'SASL_PLAINTEXT', 'PLAINTEXT'],
    );
    const named = configOf({ listeners: 'internal://:1,Outside://:2,MUTUAL://:3,PLAINTEXT://:4' });
    assert.deepEqual(
      named.listeners.map(({ name, protocol }) => `${name} ${protocol}`),
      ['INTERNAL SASL_PLAINTEXT', 'OUTSIDE SASL_SSL', 'MUTUAL SSL', 'PLAINTEXT PLAINTEXT'],
    );
  });

  it('are each advertised with their own address and protocol', () => {
    const config = configOf({
      listeners: 'INTERNAL://127.0.0.1:1,OUTSIDE://:2',
      'advertised.listeners': 'OUTSIDE://kafka.example.org:443,INTERNAL://broker:1',
    });
    assert.deepEqual(config.advertisedListeners, [
      { name: 'INTERNAL', protocol: 'SASL_PLAINTEXT', host: 'broker', port: 1, isGuessed: false },
      { name: 'OUTSIDE', protocol: 'SASL_SSL', host: 'kafka.example.org', port: 443, isGuessed: false },
    ]);
  });

  it('for brokers are found by name, by protocol, or without a word', () => {
    const listeners = 'OUTSIDE://:2,INTERNAL://:1';
    const chosen = (values: Record<string, string>) => configOf({ listeners, ...values }).interBrokerListener;
    assert.equal(chosen({}), 'OUTSIDE');
    assert.equal(chosen({ 'inter.broker.listener.name': 'internal' }), 'INTERNAL');
    assert.equal(chosen({ 'security.inter.broker.protocol': 'SASL_PLAINTEXT' }), 'INTERNAL');
    const refused = (values: Record<string, string>, message: RegExp) =>
      assert.throws(
        () => chosen(values),
        (error: Error) => error instanceof ConfigError && message.test(error.message),
      );
    refused({ 'inter.broker.listener.name': 'OTHER' }, /names OTHER, but listeners has only OUTSIDE/);
    refused({ 'security.inter.broker.protocol': 'SSL' }, /protocol is SSL, but listeners has only/);
    refused(
      { 'security.inter.broker.protocol': 'SASL_SSL', 'inter.broker.listener.name': 'OUTSIDE' },
      /Only one of/,
    );
    refused(
      { 'inter.broker.listener.name': 'CONTROLLER', 'controller.listener.names': 'CONTROLLER' },
      /controller.listener.names has as well/,
    );
  });
});

describe('the settings of a listener', () => {
  const listeners = 'INTERNAL://:1,OUTSIDE://:2';

  it('are those of its mechanism, else its own, else those of all listeners', () => {
    const config = configOf({
      listeners,
      'connections.max.reauth.ms': '1',
      'listener.name.internal.connections.max.reauth.ms': '2',
      'listener.name.internal.scram-sha-256.connections.max.reauth.ms': '3',
      'listener.name.outside.sasl.enabled.mechanisms': 'plain, SCRAM-SHA-512',
    });
    const internal = config.listenerSecurity('INTERNAL');
    const outside = config.listenerSecurity('OUTSIDE');
    assert.equal(internal.get('connections.max.reauth.ms', 'SCRAM-SHA-256'), 3);
    assert.equal(internal.get('connections.max.reauth.ms', 'PLAIN'), 2);
    assert.equal(internal.get('connections.max.reauth.ms'), 2);
    assert.equal(outside.get('connections.max.reauth.ms', 'SCRAM-SHA-256'), 1);
    assert.deepEqual(outside.mechanisms, ['PLAIN', 'SCRAM-SHA-512']);
    assert.deepEqual(internal.mechanisms, ['GSSAPI']);
    assert.equal(outside.protocol, 'SASL_SSL');
  });

  it('change while the broker runs, and go back', () => {
    const config = configOf({ listeners, 'listener.name.outside.ssl.keystore.location': '/old' });
    const outside = config.listenerSecurity('OUTSIDE');
    config.update(new Map([['listener.name.outside.ssl.keystore.location', '/new']]), new Map());
    assert.equal(outside.get('ssl.keystore.location'), '/new');
    config.update(new Map(), new Map());
    assert.equal(outside.get('ssl.keystore.location'), '/old');
  });

  it('are described where they are set, secrets without their value', () => {
    const config = configOf({
      listeners,
      'ssl.keystore.type': 'PEM',
      'listener.name.outside.ssl.keystore.type': 'PKCS12',
      'listener.name.outside.ssl.keystore.password': 'hunter2',
    });
    const [type] = config.describe(['listener.name.outside.ssl.keystore.type']);
    assert.equal(type!.value, 'PKCS12');
    assert.deepEqual(
      type!.synonyms.map(({ name, value, source }) => [name, value, source]),
      [
        ['listener.name.outside.ssl.keystore.type', 'PKCS12', ConfigSource.STATIC_BROKER],
        ['ssl.keystore.type', 'PEM', ConfigSource.STATIC_BROKER],
        ['ssl.keystore.type', 'JKS', ConfigSource.DEFAULT],
      ],
    );
    const all = config.describe();
    const password = all.find(({ name }) => name === 'listener.name.outside.ssl.keystore.password')!;
    assert.equal(password.isSensitive, true);
    assert.doesNotMatch(JSON.stringify(all), /hunter2/);
    assert.deepEqual(config.describe(['listener.name.internal.ssl.keystore.type']), []);
  });
});

describe('names of the settings of listeners', () => {
  it('are read by their parts', () => {
    assert.deepEqual(parseListenerKey('listener.name.a_b-c.scram-sha-256.sasl.jaas.config'), {
      listener: 'a_b-c',
      mechanism: 'scram-sha-256',
      key: 'sasl.jaas.config',
    });
    assert.equal(parseListenerKey('listener.name.x.ssl.keystore.location')!.mechanism, undefined);
    assert.equal(parseListenerKey('listener.name.x.plain.ssl.keystore.location'), undefined);
    assert.equal(parseListenerKey('listener.name.x.num.partitions'), undefined);
    assert.equal(parseListenerKey('ssl.keystore.location'), undefined);
  });

  it('that are misspelt are told with those that were meant', async () => {
    const hint = (name: string) => brokerKeyHint(name).replace(/^ \(did you mean (.*)\?\)$/, '$1');
    assert.equal(hint('listener.name.x.ssl.keystor.location'), 'listener.name.x.ssl.keystore.location');
    assert.equal(hint('listener.name.x.plain.sasl.jas.config'), 'listener.name.x.plain.sasl.jaas.config');
    const disk = new MemoryDisk();
    const warningsOf = async (...settings: string[]) =>
      (await loadConfig({ settings, disk })).warnings.join('\n');
    assert.match(
      await warningsOf('listener.name.plaintext.ssl.keystor.type=PEM'),
      /unknown configuration .*keystor.type is ignored \(did you mean listener.name.plaintext.ssl.keystore.type\?\)/,
    );
    assert.match(
      await warningsOf('listener.name.outside.sasl.enabled.mechanisms=PLAIN'),
      /mechanisms is ignored: listeners has only PLAINTEXT/,
    );
    assert.match(
      await warningsOf('listener.name.PLAINTEXT.sasl.enabled.mechanisms=PLAIN'),
      /write listener.name.plaintext.sasl.enabled.mechanisms/,
    );
    assert.doesNotMatch(
      await warningsOf('listener.name.plaintext.sasl.enabled.mechanisms=PLAIN'),
      /is ignored/,
    );
  });

  it('may be set for one broker while it runs, for one listener where certificates come from', () => {
    const name = 'listener.name.outside.ssl.keystore.location';
    assert.equal(validateBrokerConfig(name, '/new', false), undefined);
    assert.match(validateBrokerConfig(name, '/new', true)!, /Cannot set .* for all brokers/);
    assert.match(
      validateBrokerConfig('ssl.keystore.location', '/new', false)!,
      /set listener.name.<listener in lower case>.ssl.keystore.location/,
    );
    assert.match(validateBrokerConfig('listener.name.outside.ssl.key', '', false)!, /Unknown broker config/);
  });
});
