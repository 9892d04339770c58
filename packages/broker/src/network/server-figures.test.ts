// What a server counts and tells of, for those who watch.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { nodeClock, nodeNetwork, nodeTimers, silentLogger } from '@moldau/io';
import { ANONYMOUS_AUTHENTICATION } from '../security/authentication/open-authentication.ts';
import { DEFAULT_NETWORK_LIMITS, shareDescriptors } from './network-limits.ts';
import type { ServedApi } from './request.ts';
import { Server, type ServerOptions } from './server.ts';

const api = (apiKey: number) => ({
  ...{ apiKey, name: `api ${apiKey}`, minVersion: 0, maxVersion: 3 },
  ...{ request: { flexibleSince: 2 }, response: { flexibleSince: 2 } },
});

const open: { stop(graceMs: number): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop(0)));
});

async function started(options: Partial<ServerOptions<ServedApi>>) {
  const server = new Server<ServedApi>({
    ...{ network: nodeNetwork, clock: nodeClock, timers: nodeTimers, logger: silentLogger },
    ...{ limits: DEFAULT_NETWORK_LIMITS, apis: [api(0), api(1)] },
    authenticationFor: () => ANONYMOUS_AUTHENTICATION,
    dispatch: () => undefined,
    ...options,
  });
  open.push(server);
  const { port } = await server.listen({ name: 'PLAINTEXT', host: '127.0.0.1', port: 0 });
  const dial = async () => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  return { server, dial };
}

/** A request without a client id. */
function request(correlationId: number, { apiKey = 0, bodyBytes = 0 } = {}): Buffer {
  const bytes = Buffer.alloc(14 + bodyBytes);
  bytes.writeInt32BE(bytes.length - 4, 0);
  bytes.writeInt16BE(apiKey, 4);
  bytes.writeInt32BE(correlationId, 8);
  bytes.writeInt16BE(-1, 12);
  return bytes;
}

async function read(socket: Socket, bytes: number): Promise<void> {
  for (let got = 0; got < bytes; ) got += ((await once(socket, 'data')) as [Buffer])[0].length;
}

test('connections are counted by listener, with those that were refused', async () => {
  const { server, dial } = await started({ limits: { ...DEFAULT_NETWORK_LIMITS, maxConnections: 1 } });
  const first = await dial();
  const second = await dial();
  second.resume();
  await once(second, 'close');
  first.destroy();
  while (server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve));
  const none = { loginsFailed: 0, loginsSucceeded: 0 };
  assert.deepEqual(
    [...server.listenerFigures()],
    [{ name: 'PLAINTEXT', connections: 0, made: 1, closed: 1, refused: 1, ...none }],
  );
});

test('a request is told of when its answer has been sent, with the times of its way', async () => {
  const finished: { times: number[]; waitedMs: number; sizeBytes: number; apiKey: number }[] = [];
  const { dial } = await started({
    dispatch(_api, frame, _bodyOffset, context) {
      context.waited(3);
      return frame.length > 20 ? undefined : Promise.resolve([Buffer.from('answer')]);
    },
    finished({ arrivedMs, startedMs, answeredMs, waitedMs, sizeBytes, apiKey }, sentMs) {
      finished.push({ times: [arrivedMs, startedMs, answeredMs, sentMs], waitedMs, sizeBytes, apiKey });
    },
  });
  const before = nodeClock.monotonicMs();
  const client = await dial();
  // The first wants no answer.
  client.write(Buffer.concat([request(1, { bodyBytes: 100 }), request(2), request(3, { apiKey: 1 })]));
  await read(client, 2 * (8 + 'answer'.length));
  assert.deepEqual(
    finished.map(({ apiKey, waitedMs, sizeBytes }) => [apiKey, waitedMs, sizeBytes]),
    [
      [0, 3, 110],
      [0, 3, 10],
      [1, 3, 10],
    ],
  );
  for (const { times } of finished) {
    const inOrder = [before, ...times, nodeClock.monotonicMs()];
    assert.deepEqual(
      inOrder,
      inOrder.toSorted((one, other) => one - other),
    );
  }
});

test('connections leave files to the logs', async () => {
  assert.deepEqual(shareDescriptors(undefined, 512, 1), {
    logs: 512,
    connections: Number.POSITIVE_INFINITY,
    handshakes: 1000,
  });
  assert.deepEqual(shareDescriptors(1024, 512, 0), { logs: 256, connections: 512, handshakes: 1000 });
  assert.deepEqual(shareDescriptors(1024, 512, 2), { logs: 256, connections: 384, handshakes: 64 });
  assert.deepEqual(shareDescriptors(20_000, 512, 2), { logs: 512, connections: 17_232, handshakes: 1000 });
  const told: string[] = [];
  const { server, dial } = await started({
    limits: { ...DEFAULT_NETWORK_LIMITS, maxDescriptors: 2 },
    logger: { ...silentLogger, warn: (_fields, message) => void told.push(message) },
  });
  await dial();
  await dial();
  const third = await dial();
  third.resume();
  await once(third, 'close');
  assert.equal(server.connectionCount, 2);
  assert.match(told.join(), /refused a connection: the limit of open files \(ulimit -n, .*\) is reached/);
});
