// Listeners with TLS, seen from outside of a whole broker.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { Logger } from '@moldau/io';
import { metadataRequest, metadataResponse, requestHeader, requestHeaderVersion } from '@moldau/protocol';
import { certificate, certificateFile, keyPair, startTestBroker } from '@moldau/testing';

const METADATA = 3;
const VERSION = 9;

function logger(lines: string[]): Logger {
  const warn = (_fields: object, message: string) => void lines.push(message);
  const made = { ...{ debug() {}, info() {}, error: warn, warn }, child: () => made } as Logger;
  return made;
}

/** A Metadata request over TLS, by Node's own client. Rejects when the connection is closed instead. */
async function brokersSeenBy(port: number, options: object): Promise<{ host: string; port: number }[]> {
  const socket = connectTls({ host: '127.0.0.1', port, ca: certificate('ca'), ...options });
  const header = requestHeader.encode(
    { requestApiKey: METADATA, requestApiVersion: VERSION, correlationId: 1, clientId: 'test' },
    requestHeaderVersion(METADATA, VERSION),
  );
  const body = metadataRequest.encode({ topics: [] }, VERSION);
  const size = Buffer.alloc(4);
  size.writeInt32BE(header.length + body.length);
  socket.write(Buffer.concat([size, header, body]));
  const parts: Buffer[] = [];
  try {
    for await (const part of socket) {
      parts.push(part as Buffer);
      const bytes = Buffer.concat(parts);
      if (bytes.length < 4 || bytes.length < 4 + bytes.readInt32BE(0)) continue;
      // A correlation id, and no tagged fields.
      return metadataResponse.decode(bytes, VERSION, 4 + 5).brokers;
    }
  } finally {
    socket.destroy();
  }
  throw new Error('the connection was closed');
}

const identity = (name: string) => {
  const { key, certificates } = keyPair(name);
  return { key, cert: certificates };
};

describe('a broker with TLS', () => {
  it('tells each client the address of the listener it came by, and lets in whom it should', async () => {
    const lines: string[] = [];
    await using started = await startTestBroker({
      logger: logger(lines),
      settings: [
        'listeners=OPEN://127.0.0.1:0,MUTUAL://127.0.0.1:0,RULES://127.0.0.1:0',
        'listener.security.protocol.map=OPEN:SSL,MUTUAL:SSL,RULES:SSL',
        'advertised.listeners=OPEN://open.example:1,MUTUAL://mutual.example:2,RULES://rules.example:3',
        `ssl.keystore.location=${certificateFile('server.p12')}`,
        'ssl.keystore.password=changeit',
        ...['mutual', 'rules'].flatMap((name) => [
          `listener.name.${name}.ssl.client.auth=required`,
          `listener.name.${name}.ssl.truststore.location=${certificateFile('truststore.p12')}`,
          `listener.name.${name}.ssl.truststore.password=changeit`,
        ]),
        `listener.name.mutual.ssl.truststore.location=${certificateFile('ca.pem')}`,
        'listener.name.rules.ssl.principal.mapping.rules=RULE:^CN=([a-z]+),OU=Clients,O=Moldau tests$/$1/',
      ],
    });
    const [open, mutual, rules] = started.broker.listeners.map(({ port }) => port) as [
      number,
      number,
      number,
    ];
    const hostOf = async (...at: Parameters<typeof brokersSeenBy>) => (await brokersSeenBy(...at))[0]!.host;
    assert.equal(await hostOf(open, {}), 'open.example');
    assert.equal(await hostOf(mutual, identity('alice')), 'mutual.example');
    for (const name of ['stranger', 'self-signed', 'expired']) {
      await assert.rejects(brokersSeenBy(mutual, identity(name)), name);
    }
    await assert.rejects(brokersSeenBy(mutual, {}));
    // These may be, under the names they have; where rules make names, no trick fits them.
    for (const name of ['wildcard', 'newline']) {
      assert.equal(await hostOf(mutual, identity(name)), 'mutual.example');
      await assert.rejects(brokersSeenBy(rules, identity(name)), name);
    }
    assert.equal(await hostOf(rules, identity('alice')), 'rules.example');
    assert.equal(started.broker.certificates().length, 3);
    assert.equal(started.broker.certificates()[0]!.subject, 'CN=localhost,O=Moldau tests');

    const plain = connect(open, '127.0.0.1');
    plain.on('error', () => {});
    plain.write(Buffer.from('00000023001200040000000100046f6e6c7900', 'hex'));
    await once(plain, 'close');
    for (const expected of [
      /no rule of ssl.principal.mapping.rules fits/,
      /nobody in ssl.truststore.location vouches/,
      /has expired/,
      /refused a TLS client without a certificate/,
      /did not speak TLS: this listener does, so set security.protocol=SSL/,
    ]) {
      assert.ok(
        lines.some((line) => expected.test(line)),
        `${expected} in ${lines.join('\n')}`,
      );
    }
  });

  it('does not start with a listener that cannot work', async () => {
    await assert.rejects(
      startTestBroker({ settings: ['listeners=SSL://127.0.0.1:0'] }),
      /The listener SSL cannot open: it speaks SSL and has no certificate/,
    );
    await assert.rejects(
      startTestBroker({
        settings: [
          'listeners=SSL://127.0.0.1:0',
          `ssl.keystore.location=${certificateFile('server.p12')}`,
          'ssl.keystore.password=changeit',
          'ssl.principal.mapping.rules=RULE:^CN=(/$1/',
        ],
      }),
      /ssl.principal.mapping.rules: the pattern/,
    );
  });
});
