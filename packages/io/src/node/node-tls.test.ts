import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Connection, ConnectionHandler, Listener } from '../network.ts';
import type { FailedHandshake, TlsServerOptions } from '../tls.ts';
import { nodeNetwork } from './node-network.ts';

const read = (name: string) =>
  readFileSync(new URL(`../../../testing/certificates/${name}`, import.meta.url), 'utf8');
const pair = (name: string) => ({ key: read(`${name}.key`), certificates: read(`${name}.pem`) });
const ca = read('ca.pem');

function options(changes: Partial<TlsServerOptions> = {}): TlsServerOptions {
  return {
    ...pair('server'),
    trusted: [ca],
    clientAuthentication: 'none',
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ...changes,
  };
}

interface Served {
  readonly connection: Connection;
  readonly bytes: Buffer[];
  readonly ended: Promise<void>;
  drains: number;
}

class Server {
  readonly served: Served[] = [];
  readonly failures: FailedHandshake[] = [];
  readonly #waiting: (() => void)[] = [];
  listener!: Listener;

  static async open(
    tls = options(),
    place: () => Uint8Array | undefined = () => undefined,
    maxHandshakes?: number,
  ): Promise<Server> {
    const server = new Server();
    server.listener = await nodeNetwork.listen(
      {
        ...{ host: '127.0.0.1', port: 0, tls },
        ...(maxHandshakes === undefined ? {} : { maxHandshakes }),
        handshakeFailed(failure) {
          server.failures.push(failure);
          server.#wake();
        },
      },
      (connection) => server.#accept(connection, place),
    );
    opened.push(server);
    return server;
  }

  #accept(connection: Connection, place: () => Uint8Array | undefined): ConnectionHandler {
    let end: () => void = () => {};
    let last: Uint8Array | undefined;
    const served: Served = {
      connection,
      bytes: [],
      drains: 0,
      ended: new Promise((resolve) => {
        end = resolve;
      }),
    };
    this.served.push(served);
    this.#wake();
    return {
      readBuffer() {
        last = place();
        return last;
      },
      bytesRead: (count) => void served.bytes.push(Buffer.from(last!.subarray(0, count))),
      received: (bytes) => void served.bytes.push(Buffer.from(bytes)),
      drained: () => void served.drains++,
      closed: end,
    };
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async until<T>(value: () => T | undefined): Promise<T> {
    for (;;) {
      const found = value();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  failure(index = 0): Promise<string> {
    return this.until(() => this.failures[index]?.code);
  }

  /** A client that is not our own. */
  dial(more: object = {}): TLSSocket {
    const socket = connectTls({ host: '127.0.0.1', port: this.listener.port, ca, ...more });
    socket.on('error', () => {});
    return socket;
  }

  dialPlainly(): Socket {
    const socket = connect(this.listener.port, '127.0.0.1');
    socket.on('error', () => {});
    return socket;
  }
}

const opened: Server[] = [];
after(async () => {
  for (const server of opened) {
    for (const { connection } of server.served) connection.destroy();
    await server.listener.close();
  }
});

const digest = (parts: readonly Buffer[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex');
const loopTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('a connection with TLS', () => {
  it('carries every byte in order, whether into the handler’s memory, into none, or now one and now the other', async () => {
    const sent = randomBytes(3_000_000);
    let asked = 0;
    const places: (() => Uint8Array | undefined)[] = [
      () => undefined,
      () => Buffer.alloc(300_000),
      () => (asked++ % 2 === 0 ? undefined : Buffer.alloc((asked % 7) * 1000 + 1)),
    ];
    for (const place of places) {
      const server = await Server.open(options(), place);
      server.dial().end(sent);
      const served = await server.until(() => server.served[0]);
      await served.ended;
      assert.equal(digest(served.bytes), digest([sent]));
      assert.equal(served.connection.remoteAddress, '127.0.0.1');
      assert.ok(served.connection.remotePort > 0);
      assert.equal(served.connection.tls?.version, 'TLSv1.3');
      assert.equal(served.connection.tls?.peerCertificate, undefined);
    }
  });

  it('keeps what comes while it is paused until it is resumed, in order', async () => {
    let asked = 0;
    const server = await Server.open(options(), () => (asked++ % 3 === 0 ? undefined : Buffer.alloc(5000)));
    const sent = randomBytes(5_000_000);
    server.dial().end(sent);
    const served = await server.until(() => server.served[0]);
    let ended = false;
    void served.ended.then(() => {
      ended = true;
    });
    while (!ended) {
      served.connection.pause();
      const before = served.bytes.length;
      for (let turn = 0; turn < 3; turn++) await loopTurn();
      assert.equal(served.bytes.length, before, 'nothing comes while it is paused');
      served.connection.resume();
      await loopTurn();
    }
    assert.equal(digest(served.bytes), digest([sent]));
  });

  it('counts what is unsent, tells when all has left, and sends what was written before it closes', async () => {
    const server = await Server.open();
    const client = server.dial();
    client.pause();
    const { connection, ...served } = await server.until(() => server.served[0]);
    const chunks = Array.from({ length: 20 }, () => randomBytes(1_000_000));
    assert.equal(connection.write(chunks), false);
    const unsent = connection.unsentBytes;
    // What is encrypted already counts with its envelope.
    assert.ok(unsent > 10_000_000 && unsent <= 20_020_000, `${unsent}`);
    const parts: Buffer[] = [];
    let isHalf = false;
    client.on('data', (data: Buffer) => {
      parts.push(data);
      isHalf ||= parts.length === 300;
    });
    client.resume();
    while (!isHalf) await loopTurn();
    assert.ok(connection.unsentBytes < unsent);
    connection.close();
    await Promise.all([once(client, 'end'), served.ended]);
    assert.equal(digest(parts), digest(chunks));
    assert.equal(connection.unsentBytes, 0);
  });

  it('is dialled as well, and says who is at the other end', async () => {
    const server = await Server.open(options({ clientAuthentication: 'required' }));
    const parts: Buffer[] = [];
    const handler: ConnectionHandler = {
      readBuffer: () => undefined,
      bytesRead() {},
      received: (bytes) => void parts.push(Buffer.from(bytes)),
      drained() {},
      closed() {},
    };
    const address = { host: '127.0.0.1', port: server.listener.port, timeoutMs: 5000 };
    const made = await nodeNetwork.dial({ ...address, tls: { trusted: [ca], ...pair('alice') } }, handler);
    const { connection } = await server.until(() => server.served[0]);
    assert.match(connection.tls!.peerCertificate!.toString('latin1'), /alice/);
    assert.match(made.tls!.peerCertificate!.toString('latin1'), /localhost/);
    const answer = randomBytes(700_000);
    connection.write([answer.subarray(0, 100), answer.subarray(100)]);
    while (Buffer.concat(parts).length < answer.length) await loopTurn();
    assert.equal(digest(parts), digest([answer]));
    made.destroy();
    await assert.rejects(
      nodeNetwork.dial({ ...address, tls: { trusted: [read('other-ca.pem')] } }, handler),
      { code: 'SELF_SIGNED_CERT_IN_CHAIN' },
    );
  });
});

describe('a handshake', () => {
  it('fails for a client without a certificate, or with one that is not to be believed, and for nobody else', async () => {
    const verdicts: [
      name: string | undefined,
      required: string | undefined,
      requested: string | undefined,
    ][] = [
      ['alice', undefined, undefined],
      [undefined, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', undefined],
      ['stranger', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
      ['expired', 'CERT_HAS_EXPIRED', 'CERT_HAS_EXPIRED'],
    ];
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      for (const [name, ...expected] of verdicts) {
        for (const [index, clientAuthentication] of (['required', 'requested'] as const).entries()) {
          const server = await Server.open(options({ clientAuthentication, maxVersion }));
          const client = server.dial(
            name === undefined ? {} : { key: pair(name).key, cert: pair(name).certificates },
          );
          const code = await server.until(() => server.failures[0]?.code ?? server.served[0] ?? undefined);
          assert.equal(typeof code === 'string' ? code : undefined, expected[index], `${name} ${maxVersion}`);
          client.destroy();
        }
      }
    }
  });

  it('is not of use to those who speak something else', async () => {
    const server = await Server.open();
    const kafka = server.dialPlainly();
    kafka.write(Buffer.from('00000023001200040000000100046f6e6c7900', 'hex'));
    assert.match(
      await server.failure(0),
      /^ERR_SSL_(WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|PACKET_LENGTH_TOO_LONG)$/,
    );
    server.dialPlainly().write('GET / HTTP/1.1\r\n\r\n');
    assert.equal(await server.failure(1), 'ERR_SSL_HTTP_REQUEST');
    server.dialPlainly().end();
    assert.equal(await server.failure(2), 'ECONNRESET');
    assert.equal(server.served.length, 0);
  });

  it('is refused where no version or cipher is common', async () => {
    const server = await Server.open(options({ minVersion: 'TLSv1.3' }));
    server.dial({ maxVersion: 'TLSv1.2' });
    assert.equal(await server.failure(), 'ERR_SSL_UNSUPPORTED_PROTOCOL');
    const choosy = await Server.open(
      options({ maxVersion: 'TLSv1.2', ciphers: ['ECDHE-ECDSA-AES256-GCM-SHA384'] }),
    );
    choosy.dial({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' });
    assert.equal(await choosy.failure(), 'ERR_SSL_NO_SHARED_CIPHER');
    const client = choosy.dial();
    const served = await choosy.until(() => choosy.served[0]);
    assert.equal(served.connection.tls!.cipher, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384');
    client.destroy();
  });

  it('that never ends gives way to newer ones, however many there are', { timeout: 20_000 }, async () => {
    const server = await Server.open();
    const slow: Socket[] = [];
    for (let count = 0; count < 1500; count++) {
      const socket = server.dialPlainly();
      slow.push(socket);
      // The first bytes of a ClientHello of 512 bytes, which never comes.
      socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
      if (count % 100 === 99) await once(socket, 'connect');
    }
    const client = server.dial();
    await once(client, 'secureConnect');
    client.end('still there');
    const served = await server.until(() => server.served[0]);
    await served.ended;
    assert.equal(String(Buffer.concat(served.bytes)), 'still there');
    await server.until(() => (server.failures.length >= 500 ? true : undefined));
    assert.deepEqual([...new Set(server.failures.map(({ code }) => code))], ['HANDSHAKE_EVICTED']);
    for (const socket of slow) socket.destroy();
  });

  it('gives way where fewer may be under way, for each is a file that is open', async () => {
    const server = await Server.open(options(), undefined, 2);
    const slow = [server.dialPlainly(), server.dialPlainly(), server.dialPlainly()];
    const code = await server.until(() => server.failures[0]?.code);
    assert.equal(code, 'HANDSHAKE_EVICTED');
    for (const socket of slow) socket.destroy();
  });

  it('uses the certificates that came last, while connections live on and sessions of before are not resumed', async () => {
    const server = await Server.open(options({ clientAuthentication: 'requested' }));
    const identity = { key: pair('alice').key, cert: pair('alice').certificates };
    const first = server.dial({ ...identity, maxVersion: 'TLSv1.2' });
    const [session] = await once(first, 'session');
    const resumed = server.dial({ ...identity, session, maxVersion: 'TLSv1.2' });
    await once(resumed, 'secureConnect');
    assert.equal(resumed.isSessionReused(), true);
    const [, second] = await server.until(() => (server.served.length === 2 ? server.served : undefined));
    assert.match(second!.connection.tls!.peerCertificate!.toString('latin1'), /alice/);

    assert.throws(
      () => server.listener.updateTls(options({ key: pair('alice').key })),
      /key values mismatch/,
    );
    server.listener.updateTls(
      options({ ...pair('renewed'), trusted: [read('other-ca.pem')], clientAuthentication: 'required' }),
    );
    const after = server.dial({ ...identity, session, maxVersion: 'TLSv1.2' });
    assert.equal(await server.failure(), 'SELF_SIGNED_CERT_IN_CHAIN');
    assert.equal(after.isSessionReused(), false);
    first.end('still there');
    await server.served[0]!.ended;
    assert.equal(String(Buffer.concat(server.served[0]!.bytes)), 'still there');
  });

  it('is over when bytes come that are no TLS: the connection breaks, and only that one', async () => {
    const server = await Server.open();
    const raw = server.dialPlainly();
    const client = connectTls({ socket: raw, ca, host: '127.0.0.1' });
    client.on('error', () => {});
    await once(client, 'secureConnect');
    const served = await server.until(() => server.served[0]);
    raw.write(Buffer.from(`17030300ff${'ab'.repeat(255)}`, 'hex'));
    raw.write('and what is this?');
    await served.ended;
    const other = server.dial();
    await once(other, 'secureConnect');
    other.destroy();
  });

  it('is never made again on a connection', async () => {
    const server = await Server.open(options({ maxVersion: 'TLSv1.2' }));
    const client = server.dial({ maxVersion: 'TLSv1.2' });
    await once(client, 'secureConnect');
    const refused = await new Promise((resolve) => {
      client.renegotiate({}, resolve);
      client.on('error', resolve);
      client.on('close', () => resolve(new Error('closed')));
    });
    assert.ok(refused instanceof Error);
    client.destroy();
    const other = server.dial();
    await once(other, 'secureConnect');
    other.destroy();
  });
});
