import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import type { Connection, ConnectionHandler, Listener } from '../network.ts';
import { nodeNetwork } from './node-network.ts';

interface Peer extends ConnectionHandler {
  connection: Connection;
  bytes: Buffer[];
  closings: (Error | undefined)[];
  drains: number;
  ended: Promise<void>;
}

/** A handler that keeps what comes; place decides where it is read to. */
function peer(connection: Connection, place: () => Uint8Array | undefined = () => undefined): Peer {
  let last: Uint8Array | undefined;
  let end: () => void = () => {};
  const self: Peer = {
    connection,
    bytes: [],
    closings: [],
    drains: 0,
    ended: new Promise((resolve) => {
      end = resolve;
    }),
    readBuffer() {
      last = place();
      return last;
    },
    bytesRead(count) {
      self.bytes.push(Buffer.from(last!.subarray(0, count)));
    },
    received(bytes) {
      self.bytes.push(Buffer.from(bytes));
    },
    drained() {
      self.drains++;
    },
    closed(error) {
      self.closings.push(error);
      end();
    },
  };
  return self;
}

async function listening(
  place?: () => Uint8Array | undefined,
): Promise<{ listener: Listener; next(): Promise<Peer>; dial(): Promise<Socket> }> {
  const waiting: ((peer: Peer) => void)[] = [];
  const listener = await nodeNetwork.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    const made = peer(connection, place);
    waiting.shift()?.(made);
    return made;
  });
  return {
    listener,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    async dial() {
      const socket = connect(listener.port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      return socket;
    },
  };
}

const digest = (parts: Buffer[]): string => createHash('sha256').update(Buffer.concat(parts)).digest('hex');

test('every byte arrives in order, whether in the handler’s memory, in none, or now one and now the other', async () => {
  const sent = randomBytes(3_000_000);
  let asked = 0;
  const places: (() => Uint8Array | undefined)[] = [
    () => undefined,
    () => Buffer.alloc(300_000),
    () => (asked++ % 2 === 0 ? undefined : Buffer.alloc((asked % 7) * 1000 + 1)),
  ];
  for (const place of places) {
    const { listener, next, dial } = await listening(place);
    const accepted = next();
    const client = await dial();
    client.end(sent);
    const server = await accepted;
    await server.ended;
    assert.equal(digest(server.bytes), digest([sent]));
    assert.deepEqual(server.closings, [undefined]);
    assert.equal(server.connection.remotePort > 0, true);
    assert.equal(server.connection.remoteAddress, '127.0.0.1');
    await listener.close();
  }
});

test('a paused connection reads nothing more until it is resumed', async () => {
  const { listener, next, dial } = await listening();
  const accepted = next();
  const client = await dial();
  const server = await accepted;
  server.connection.pause();
  client.write(Buffer.alloc(20_000_000));
  // Another connection's round trip shows that the loop has had its chance to read.
  const second = next();
  const other = await dial();
  await second;
  other.end('x');
  await (await second).ended;
  assert.deepEqual(server.bytes, []);
  assert.ok(client.writableLength > 0, 'the sender feels it');
  server.connection.resume();
  client.end();
  await server.ended;
  assert.equal(Buffer.concat(server.bytes).length, 20_000_000);
  await listener.close();
});

test('unsent bytes fall as the peer reads, and drained is told at the end', async () => {
  const { listener, next, dial } = await listening();
  const accepted = next();
  const client = await dial();
  client.pause();
  const server = await accepted;
  const chunks = Array.from({ length: 20 }, () => Buffer.alloc(1_000_000));
  assert.equal(server.connection.write(chunks), false);
  const unsent = server.connection.unsentBytes;
  assert.ok(unsent > 1_000_000 && unsent < 20_000_000, `${unsent}`);
  let got = 0;
  await new Promise<void>((resolve) => {
    client.on('data', (data) => {
      got += data.length;
      if (got === 20_000_000) resolve();
    });
    client.resume();
  });
  while (server.drains === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(server.connection.unsentBytes, 0);
  server.connection.close();
  await once(client, 'end');
  await listener.close();
});

test('close sends what was written first; destroy does not wait', async () => {
  const { listener, next, dial } = await listening();
  for (const way of ['close', 'destroy'] as const) {
    const accepted = next();
    const client = await dial();
    const server = await accepted;
    const parts: Buffer[] = [];
    client.on('data', (data) => parts.push(data as Buffer));
    server.connection.write([Buffer.alloc(10_000_000)]);
    server.connection[way]();
    await Promise.all([once(client, 'close'), server.ended]);
    assert.equal(Buffer.concat(parts).length === 10_000_000, way === 'close');
    assert.deepEqual(server.closings, [undefined]);
    assert.equal(
      server.connection.write([Buffer.from('late')]),
      true,
      'writing to a closed one does nothing',
    );
  }
  await listener.close();
});

test('a peer that resets is an ordinary end, told once', async () => {
  const { listener, next, dial } = await listening();
  const accepted = next();
  const client = await dial();
  const server = await accepted;
  server.connection.write([Buffer.alloc(5_000_000)]);
  client.resetAndDestroy();
  await server.ended;
  server.connection.destroy();
  server.connection.close();
  assert.deepEqual(server.closings, [undefined]);
  await listener.close();
});

test('a handler that throws breaks its own connection only', async () => {
  const failing: ((connection: Connection) => ConnectionHandler)[] = [
    () => {
      throw new Error('accept');
    },
    (connection) => ({
      ...peer(connection),
      readBuffer() {
        throw new Error('readBuffer');
      },
    }),
    (connection) => ({
      ...peer(connection),
      received() {
        throw new Error('received');
      },
      closed(error) {
        reasons.push(error?.message);
        throw new Error('closed');
      },
    }),
  ];
  const reasons: (string | undefined)[] = [];
  let accepts = 0;
  const listener = await nodeNetwork.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
    const make = failing[accepts++];
    if (make !== undefined) return make(connection);
    const made = peer(connection);
    return { ...made, received: (bytes) => void connection.write([Buffer.from(bytes)]) };
  });
  for (const _ of failing) {
    const broken = connect(listener.port, '127.0.0.1');
    broken.on('error', () => {});
    broken.write('x');
    await once(broken, 'close');
  }
  const good = connect(listener.port, '127.0.0.1');
  good.write('echo');
  assert.equal(String((await once(good, 'data'))[0]), 'echo');
  good.destroy();
  assert.deepEqual(reasons, ['received']);
  await listener.close();
});

test('closing a listener frees its port while its connections live on', async () => {
  const { listener, next, dial } = await listening();
  const accepted = next();
  const client = await dial();
  const server = await accepted;
  await listener.close();
  const again = await nodeNetwork.listen({ host: '127.0.0.1', port: listener.port }, (connection) =>
    peer(connection),
  );
  client.write('still here');
  while (server.bytes.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(String(server.bytes[0]), 'still here');
  client.destroy();
  await server.ended;
  await again.close();
});

test('listening on a taken port and dialling a closed one say so', async () => {
  const { listener } = await listening();
  await assert.rejects(
    nodeNetwork.listen({ host: '127.0.0.1', port: listener.port }, (connection) => peer(connection)),
    { code: 'EADDRINUSE' },
  );
  await listener.close();
  const handler = peer(undefined as unknown as Connection);
  await assert.rejects(
    nodeNetwork.dial({ host: '127.0.0.1', port: listener.port, timeoutMs: 1000 }, handler),
    {
      code: 'ECONNREFUSED',
    },
  );
  assert.deepEqual(handler.closings, []);
});

test('a dial that is aborted rejects with the reason, before it begins and after', async () => {
  const { listener } = await listening();
  const address = { host: '127.0.0.1', port: listener.port, timeoutMs: 1000 };
  const handler = peer(undefined as unknown as Connection);
  const reason = new Error('no longer needed');
  await assert.rejects(nodeNetwork.dial({ ...address, signal: AbortSignal.abort(reason) }, handler), reason);
  const stop = new AbortController();
  const dialling = nodeNetwork.dial({ ...address, signal: stop.signal }, handler);
  stop.abort(reason);
  await assert.rejects(dialling, reason);
  assert.deepEqual(handler.closings, []);
  await listener.close();
});

test('a dialled connection carries bytes both ways', async () => {
  const listener = await nodeNetwork.listen({ host: '127.0.0.1', port: 0 }, (connection) => ({
    ...peer(connection),
    received: (bytes) => void connection.write([Buffer.from(bytes)]),
  }));
  let place: Buffer | undefined;
  const handler = peer(undefined as unknown as Connection, () => place);
  const connection = await nodeNetwork.dial(
    { host: '127.0.0.1', port: listener.port, timeoutMs: 1000 },
    handler,
  );
  const sent = randomBytes(1_000_000);
  connection.write([sent.subarray(0, 10), sent.subarray(10)]);
  place = Buffer.alloc(50_000);
  while (Buffer.concat(handler.bytes).length < sent.length)
    await new Promise((resolve) => setImmediate(resolve));
  assert.equal(digest(handler.bytes), digest([sent]));
  connection.destroy();
  await handler.ended;
  await listener.close();
});
