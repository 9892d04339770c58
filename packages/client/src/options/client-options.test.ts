import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveClientOptions } from './client-options.ts';
import { plainTable } from './properties.ts';

const BROKERS = { brokers: 'one:9092' };

describe('options', () => {
  it('have defaults, and take addresses as people write them', () => {
    const settings = resolveClientOptions({ brokers: 'one, two:1,[::1]:2,PLAINTEXT://three:3' });
    assert.deepEqual(settings.brokers, [
      { host: 'one', port: 9092 },
      { host: 'two', port: 1 },
      { host: '::1', port: 2 },
      { host: 'three', port: 3 },
    ]);
    assert.equal(settings.clientId, 'moldau');
    assert.equal(settings.requestTimeoutMs, 30_000);
    assert.equal(resolveClientOptions({ ...BROKERS, tls: true }).tls !== undefined, true);
  });

  it('say what is wrong with them', () => {
    for (const [options, expected] of [
      [{}, /brokers: \['localhost:9092'\]/],
      [{ brokers: ['one:99999'] }, /'one:99999' is no address/],
      [{ brokers: ['http://one:1/'] }, /is no address/],
      [{ ...BROKERS, requestTimeoutMs: -1 }, /requestTimeoutMs is -1/],
      [{ ...BROKERS, timeout: 1 }, /Kafka has no option timeout: the options are apiTimeoutMs, /],
      [{ ...BROKERS, 'linger.ms': 1 }, /give it as properties: \{ 'linger.ms'/],
      [
        { ...BROKERS, sasl: { mechanism: 'gssapi' } },
        /it can be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER/,
      ],
      [{ ...BROKERS, sasl: { mechanism: 'plain' } }, /PLAIN takes sasl.username and sasl.password/],
      [{ ...BROKERS, sasl: { mechanism: 'oauthbearer' } }, /a function that returns a token/],
      [{ ...BROKERS, tls: { key: '-----BEGIN' } }, /give both, or neither/],
      [{ ...BROKERS, tls: { trusted: '/etc/ca.pem' } }, /as PEM texts/],
    ] as const) {
      assert.throws(() => resolveClientOptions(options as object), {
        code: 'INVALID_OPTIONS',
        message: expected,
      });
    }
  });

  it('may be given by the names of Kafka and librdkafka, and ours win', () => {
    const settings = resolveClientOptions({
      requestTimeoutMs: 7,
      properties: {
        'bootstrap.servers': 'one:1,two:2',
        'request.timeout.ms': '5',
        'socket.connection.setup.timeout.ms': 9,
        'security.protocol': 'SASL_SSL',
        'sasl.mechanisms': 'PLAIN',
        'sasl.username': 'alice',
        'sasl.password': 'secret',
      },
    });
    assert.equal(settings.brokers.length, 2);
    assert.deepEqual([settings.requestTimeoutMs, settings.connectTimeoutMs], [7, 9]);
    assert.deepEqual(settings.tls, {});
    assert.deepEqual(settings.sasl, { mechanism: 'PLAIN', username: 'alice', password: 'secret' });
    const jaas = `ScramLoginModule required username='a' password="quo\\"ted";`;
    const { sasl } = resolveClientOptions({
      ...BROKERS,
      properties: { 'sasl.mechanism': 'SCRAM-SHA-256', 'sasl.jaas.config': jaas },
    });
    assert.deepEqual(sasl, { mechanism: 'SCRAM-SHA-256', username: 'a', password: 'quo"ted' });
    const byToken = `ScramLoginModule required username="id" password="aG0=" tokenauth="true";`;
    const properties = { 'sasl.mechanism': 'SCRAM-SHA-256', 'sasl.jaas.config': byToken };
    assert.deepEqual(resolveClientOptions({ ...BROKERS, properties }).sasl, {
      ...{ mechanism: 'SCRAM-SHA-256', username: 'id', password: 'aG0=', isDelegationToken: true },
    });
    const plain = resolveClientOptions({ ...BROKERS, properties: { 'security.protocol': 'plaintext' } });
    assert.deepEqual([plain.tls, plain.sasl], [undefined, undefined]);
  });

  it('suggest the name that is nearest to an unknown one', () => {
    const reject = (properties: Record<string, string>, expected: RegExp): void =>
      assert.throws(() => resolveClientOptions({ ...BROKERS, properties }), {
        code: 'INVALID_OPTIONS',
        message: expected,
      });
    reject(
      { 'request.timeout': '1' },
      /no property request.timeout of the client: did you mean request.timeout.ms\?/,
    );
    reject({ bootstrap_servers: 'a' }, /did you mean bootstrap.servers\?/);
    reject({ clientId: 'a' }, /did you mean client.id\?/);
    reject({ 'completely.different': 'a' }, /no property completely.different of the client\.$/);
    reject({ 'request.timeout.ms': 'soon' }, /is 'soon', and takes a number/);
    reject({ 'security.protocol': 'TLS' }, /takes one of plaintext, ssl, sasl_plaintext, sasl_ssl/);
    reject({ 'ssl.ca.location': '/ca.pem' }, /give its PEM text as tls.trusted/);
  });

  it('say where options and properties of others belong, and what those of other clients are called here', () => {
    const others = [
      plainTable('producer', [
        { name: 'linger.ms', origin: 'both', option: 'lingerMs', type: 'number' },
        { name: 'partitioner', origin: 'librdkafka', option: 'partitioner', type: 'text' },
        { name: 'send.buffer.bytes', origin: 'kafka', option: undefined, type: 'ignored' },
      ]),
    ];
    const reject = (options: object, message: RegExp): void =>
      assert.throws(() => resolveClientOptions({ ...BROKERS, ...options }, others), { message });
    reject(
      { lingerMs: 5 },
      /Kafka has no option lingerMs: it belongs to the producer, kafka.producer\(\{ lingerMs \}\)\.$/,
    );
    reject({ createPartitioner: 5 }, /it belongs to the producer, kafka.producer\(\{ partitioner \}\)\.$/);
    reject(
      { properties: { 'linger.ms': 5 } },
      /The property linger.ms belongs to the producer: give it there\.$/,
    );
    reject({ ssl: true }, /Kafka has no option ssl: it is tls here\.$/);
    reject({ clientID: 'a' }, /did you mean clientId\?$/);
    reject({ broker: 'a' }, /did you mean brokers\?$/);
  });
});
