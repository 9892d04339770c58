import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection, ConnectionHandler } from '@moldau/io';
import { settled } from './manual-time.ts';
import { MemoryNetwork } from './memory-network.ts';

/** Keeps what comes, and says when the end has come. */
function collector() {
  const parts: Buffer[] = [];
  let drains = 0;
  let isClosed = false;
  const handler: ConnectionHandler = {
    readBuffer: () => undefined,
    bytesRead() {},
    received: (bytes) => void parts.push(Buffer.from(bytes)),
    drained: () => void drains++,
    closed: () => {
      isClosed = true;
    },
  };
  return {
    handler,
    text: () => Buffer.concat(parts).toString(),
    bytes: () => parts.reduce((total, part) => total + part.length, 0),
    drains: () => drains,
    isClosed: () => isClosed,
  };
}

async function pair() {
  const network = new MemoryNetwork();
  const [client, server] = [collector(), collector()];
  let accepted: Connection | undefined;
  const listener = await network.listen({ host: 'h', port: 0 }, (connection) => {
    accepted = connection;
    return server.handler;
  });
  const dialled = await network.dial({ host: 'h', port: listener.port, timeoutMs: 1 }, client.handler);
  return { network, listener, client, server, dialled, accepted: accepted! };
}

describe('the network in memory', () => {
  it('carries bytes both ways, in a later turn than they were written', async () => {
    const { client, server, dialled, accepted } = await pair();
    dialled.write([Buffer.from('one '), Buffer.from('two')]);
    accepted.write([Buffer.from('three')]);
    assert.equal(server.text(), '');
    await settled();
    assert.equal(server.text(), 'one two');
    assert.equal(client.text(), 'three');
  });

  it('refuses where nobody listens, and takes an address once', async () => {
    const { network, listener, client } = await pair();
    const { host, port } = listener;
    await assert.rejects(
      network.listen({ host, port }, () => client.handler),
      { code: 'EADDRINUSE' },
    );
    await listener.close();
    await assert.rejects(network.dial({ host, port, timeoutMs: 1 }, client.handler), {
      code: 'ECONNREFUSED',
    });
  });

  it('tells a writer to wait while its reader pauses, and when to go on', async () => {
    const { client, server, dialled, accepted } = await pair();
    accepted.pause();
    assert.equal(dialled.write([Buffer.alloc(1024 * 1024)]), false);
    await settled();
    assert.equal(server.bytes(), 0);
    assert.equal(dialled.unsentBytes, 1024 * 1024);
    accepted.resume();
    await settled();
    assert.equal(server.bytes(), 1024 * 1024);
    assert.equal(client.drains(), 1);
  });

  it('hands on what was written before close(), and nothing after destroy()', async () => {
    const first = await pair();
    first.dialled.write([Buffer.from('last words')]);
    first.dialled.close();
    await settled();
    await settled();
    assert.equal(first.server.text(), 'last words');
    assert.ok(first.server.isClosed() && first.client.isClosed());
    const second = await pair();
    second.dialled.write([Buffer.from('unheard')]);
    second.dialled.destroy();
    await settled();
    await settled();
    assert.equal(second.server.text(), '');
    assert.ok(second.server.isClosed() && second.client.isClosed());
  });

  it('breaks the connection of a handler that throws, and no other', async () => {
    const { server, client, dialled } = await pair();
    server.handler.received = () => {
      throw new Error('cannot read this');
    };
    dialled.write([Buffer.from('x')]);
    await settled();
    await settled();
    assert.ok(server.isClosed() && client.isClosed());
  });
});
