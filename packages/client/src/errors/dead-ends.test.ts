// What people meet at the beginning, against real brokers and sockets: each dead end says what it is and what to do.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { certificate, certificateFile, freePort, keyPair, startTestBroker } from '@moldau/testing';
import type { KafkaOptions } from '../clusters.ts';
import { Kafka } from '../kafka.ts';

const SASL_SETTINGS = [
  'listeners=PLAINTEXT://127.0.0.1:0,LOGIN://127.0.0.1:0,SECURE://127.0.0.1:0,MUTUAL://127.0.0.1:0',
  'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,LOGIN:SASL_PLAINTEXT,SECURE:SASL_SSL,MUTUAL:SSL',
  'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
  ...['login', 'secure'].map(
    (name) =>
      `listener.name.${name}.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="a secret, too";`,
  ),
  'moldau.users=bob:bobs-secret',
  `ssl.keystore.location=${certificateFile('server.p12')}`,
  'ssl.keystore.password=changeit',
  'listener.name.mutual.ssl.client.auth=required',
  `listener.name.mutual.ssl.truststore.location=${certificateFile('ca.pem')}`,
  'listener.name.login.connections.max.reauth.ms=1200',
  'connection.failed.authentication.delay.ms=1',
];

async function brokersSeen(options: KafkaOptions): Promise<number> {
  await using kafka = new Kafka(options);
  return (await kafka.admin().cluster.describe()).brokers.length;
}

/** What the client is told. What may pass is tried until time is over: little of it at first, and more where the machine is busy. */
async function failure(options: KafkaOptions, expected: RegExp): Promise<string> {
  for (let apiTimeoutMs = 250; ; apiTimeoutMs *= 2) {
    const message = await brokersSeen({ ...options, apiTimeoutMs }).then(
      (count) => `it sees ${count} brokers`,
      (error: Error) => error.message,
    );
    if (expected.test(message) || apiTimeoutMs > 20_000) return message;
  }
}

describe('a client', () => {
  it('warns who waits for a broker that is not there, without a logger too', {
    timeout: 30_000,
  }, async ({ signal }) => {
    const port = await freePort();
    await using kafka = new Kafka({ brokers: `127.0.0.1:${port}` });
    const consumer = kafka.consumer({ groupId: 'waits' }).subscribe('orders');
    const waiting = consumer[Symbol.asyncIterator]().next();
    waiting.catch(() => {});
    for (;;) {
      const [{ name, message }] = (await once(process, 'warning', { signal })) as [Error];
      if (name !== 'MoldauWarning' || !message.includes(`:${port}`)) continue;
      assert.match(message, /nothing listens there.*: start the broker, or correct the address/);
      break;
    }
  });

  it('logs in by every mechanism, over TLS and without, and is told what is wrong when it cannot', async () => {
    await using started = await startTestBroker({ settings: SASL_SETTINGS });
    const [plain, login, secure, mutual] = started.broker.listeners.map(({ port }) => port) as [
      number,
      number,
      number,
      number,
    ];
    const attempt = (port: number, options: Omit<KafkaOptions, 'brokers'> = {}) =>
      brokersSeen({ brokers: `127.0.0.1:${port}`, apiTimeoutMs: 20_000, ...options });
    const alice = { username: 'alice', password: 'a secret, too' };
    const bob = { username: 'bob', password: 'bobs-secret' };
    const tls = { trusted: certificate('ca') };
    assert.equal(await attempt(plain), 1);
    assert.equal(await attempt(login, { sasl: { mechanism: 'plain', ...alice } }), 1);
    assert.equal(await attempt(login, { sasl: { mechanism: 'SCRAM-SHA-256', ...bob } }), 1);
    assert.equal(await attempt(secure, { tls, sasl: { mechanism: 'scram-sha-512', ...bob } }), 1);
    assert.equal(await attempt(mutual, { tls: { ...tls, ...keyPair('alice') } }), 1);
    const jaas = `org.apache.kafka.common.security.scram.ScramLoginModule required username="bob" password="bobs-secret";`;
    const properties = {
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config': jaas,
      'ssl.truststore.certificates': certificate('ca'),
    };
    assert.equal(await attempt(secure, { properties }), 1);

    const refused = async (expected: RegExp, port: number, options: Omit<KafkaOptions, 'brokers'> = {}) => {
      const message = await failure({ brokers: `127.0.0.1:${port}`, ...options }, expected);
      assert.match(message, expected);
      assert.doesNotMatch(message, /secret/);
    };
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
      const sasl = { mechanism, username: 'bob', password: 'wrong' };
      await refused(/the login by .* was refused: .*\. Check sasl\.username and sasl\.password/, login, {
        sasl,
      });
    }
    await refused(
      /does not let clients log in by OAUTHBEARER; it has PLAIN, SCRAM-SHA-256, SCRAM-SHA-512/,
      login,
      {
        sasl: { mechanism: 'OAUTHBEARER', token: () => 'a.b.c' },
      },
    );
    await refused(/may demand a login \(then set the option sasl\)/, login);
    await refused(/leave the option sasl out/, plain, { sasl: { mechanism: 'plain', ...alice } });
    await refused(/may not speak TLS|does not speak TLS/, plain, { tls });
    await refused(/speaks TLS|one that speaks TLS \(then set the option tls\)/, secure);
    const typed = (...texts: string[]) => ({
      properties: Object.fromEntries(texts.map((each) => each.split('='))),
    });
    await refused(/set security\.protocol to ssl or sasl_ssl/, secure, typed('client.id=a'));
    await refused(/may demand a login \(then set security\.protocol to sasl/, login, typed('client.id=a'));
    await refused(/set security\.protocol to plaintext/, plain, typed('security.protocol=ssl'));
    await refused(/as ssl\.truststore\.certificates/, secure, typed('security.protocol=ssl'));
    await refused(
      /no logins: set security\.protocol to plaintext or ssl/,
      plain,
      typed(
        ...['security.protocol=sasl_plaintext', 'sasl.mechanism=PLAIN'],
        ...['sasl.username=a', 'sasl.password=secret'],
      ),
    );
    await refused(/nobody you trust vouches for the broker's certificate/, secure, { tls: true });
    await refused(/certificate is for another name/, secure, {
      tls: { ...tls, serverName: 'elsewhere.example' },
    });
    await refused(/wants a client certificate.*tls\.key and tls\.certificates/, mutual, { tls });
  });

  it('renews its login while it works (KIP-368)', async () => {
    await using started = await startTestBroker({ settings: SASL_SETTINGS });
    const [, login] = started.broker.listeners.map(({ port }) => port);
    await using kafka = new Kafka({
      brokers: `127.0.0.1:${login}`,
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'bob', password: 'bobs-secret' },
    });
    const admin = kafka.admin();
    const endMs = performance.now() + 1_700;
    for (let count = 0; performance.now() < endMs; count++) {
      assert.equal((await admin.topics.list({ timeoutMs: 20_000 })).length, 0, `request ${count}`);
    }
  });

  it('says what answers there when it is no broker', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const unused = await freePort();
    const nothing = /nothing listens there \(connection refused\)/;
    const message = await failure({ brokers: [`127.0.0.1:${port}`, `127.0.0.1:${unused}`] }, nothing);
    assert.match(message, nothing);
    assert.match(message, /tried these 2 addresses/);
    assert.match(message, /speaks HTTP|closed before the first answer/);
    server.close();
  });
});
