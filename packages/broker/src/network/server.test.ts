import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { type Logger, nodeClock, nodeNetwork, nodeTimers } from '@moldau/io';
import { MalformedError } from '@moldau/protocol';
import { ANONYMOUS_AUTHENTICATION } from '../security/authentication/open-authentication.ts';
import type { ConnectionAuthentication } from './authentication.ts';
import { DEFAULT_NETWORK_LIMITS, type NetworkLimits } from './network-limits.ts';
import type { RequestContext } from './request-context.ts';
import { Server } from './server.ts';

interface Lines extends Logger {
  lines: { fields: object; message: string }[];
}

function recordingLogger(): Lines {
  const lines: Lines['lines'] = [];
  const keep = (fields: object, message: string): void => void lines.push({ fields, message });
  return { lines, debug() {}, info: keep, warn: keep, error: keep };
}

type Answer = Uint8Array[] | undefined | Promise<Uint8Array[] | undefined>;
type Handle = (body: Buffer, context: RequestContext) => Answer;

const api = (apiKey: number, name: string, maxVersion: number, flexibleSince: number) => ({
  apiKey,
  name,
  minVersion: 0,
  maxVersion,
  request: { flexibleSince },
  response: { flexibleSince },
});
const PRODUCE = api(0, 'Produce', 3, 2);
const FETCH = api(1, 'Fetch', 3, 2);
const API_VERSIONS = api(18, 'ApiVersions', 4, 3);

const open: { stop(graceMs: number): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop(0)));
});

async function started(
  handle: Handle,
  changed: Partial<NetworkLimits> = {},
  authenticationFor: () => ConnectionAuthentication = () => ANONYMOUS_AUTHENTICATION,
) {
  const logger = recordingLogger();
  const limits = { ...DEFAULT_NETWORK_LIMITS, ...changed };
  const server = new Server({
    network: nodeNetwork,
    clock: nodeClock,
    timers: nodeTimers,
    logger,
    limits,
    apis: [PRODUCE, FETCH, API_VERSIONS],
    authenticationFor,
    dispatch: (_api, frame, bodyOffset, context) => handle(frame.subarray(bodyOffset), context),
  });
  open.push(server);
  const { port } = await server.listen({ name: 'PLAINTEXT', host: '127.0.0.1', port: 0 });
  return { server, port, logger, limits, dial: () => dial(port) };
}

/** A raw client that cuts what it gets into frames. */
class Client {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      this.received = Buffer.concat([this.received, data]);
      this.#wake();
    });
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  async frame(): Promise<Buffer> {
    for (;;) {
      const size = this.received.length >= 4 ? this.received.readInt32BE(0) : -1;
      if (size >= 0 && this.received.length >= 4 + size) {
        const frame = this.received.subarray(4, 4 + size);
        this.received = this.received.subarray(4 + size);
        return frame;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

async function dial(port: number): Promise<Client> {
  const socket = connect(port, '127.0.0.1');
  const client = new Client(socket);
  await once(socket, 'connect');
  return client;
}

function request(
  correlationId: number,
  body = Buffer.alloc(0),
  apiKey = 0,
  version = 0,
  clientId = 'me',
): Buffer {
  const head = Buffer.alloc(14 + clientId.length);
  head.writeInt32BE(10 + clientId.length + body.length, 0);
  head.writeInt16BE(apiKey, 4);
  head.writeInt16BE(version, 6);
  head.writeInt32BE(correlationId, 8);
  head.writeInt16BE(clientId.length, 12);
  head.write(clientId, 14);
  return Buffer.concat([head, body]);
}

function deferred<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: Error): void } {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
};

test('requests start in order and are answered in order, whichever handler is done first', async () => {
  const begun: number[] = [];
  const answers = new Map<number, ReturnType<typeof deferred<Uint8Array[]>>>();
  const { dial } = await started((_body, context) => {
    begun.push(context.correlationId);
    const answer = deferred<Uint8Array[]>();
    answers.set(context.correlationId, answer);
    return answer.promise;
  });
  const client = await dial();
  client.send(request(1), request(2), request(3));
  await until(() => begun.length === 3);
  assert.deepEqual(begun, [1, 2, 3]);
  for (const id of [3, 2, 1]) answers.get(id)!.resolve([Buffer.from(`answer ${id}`)]);
  for (const id of [1, 2, 3]) {
    const frame = await client.frame();
    assert.equal(frame.readInt32BE(0), id);
    assert.equal(frame.toString('utf8', 4), `answer ${id}`);
  }
});

test('handlers see the body and who asked; headers of both kinds are read and written', async () => {
  const seen: RequestContext[] = [];
  const { dial } = await started((body, context) => {
    seen.push(context);
    return [Buffer.from(body)];
  });
  const client = await dial();
  client.send(request(7, Buffer.from('old'), 0, 1, 'someone'));
  assert.equal((await client.frame()).toString('utf8', 4), 'old');
  // Two tagged fields in the header: tag 0 of 1 byte, tag 200 of 2 bytes.
  client.send(
    request(8, Buffer.from([2, 0, 1, 9, 0xc8, 1, 2, 9, 9, ...Buffer.from('new')]), 0, 2, 'someone'),
  );
  const frame = await client.frame();
  assert.equal(frame[4], 0, 'the empty tagged fields of a flexible response header');
  assert.equal(frame.toString('utf8', 5), 'new');
  const [context] = seen;
  assert.equal(context?.clientId, 'someone');
  assert.equal(context?.clientHost, '/127.0.0.1');
  assert.equal(context?.clientPort, client.socket.localPort);
  assert.equal(context?.listenerName, 'PLAINTEXT');
  assert.equal(context?.principal, 'User:ANONYMOUS');
  assert.equal(context?.isClosed(), false);
  let told = 0;
  context?.onClosed(() => told++);
  const takeBack = context?.onClosed(() => assert.fail('taken back'));
  takeBack?.();
  client.socket.destroy();
  await until(() => told === 1);
  assert.equal(context?.isClosed(), true);
});

test('frames arrive whole however they are cut, and large ones grow in place', async () => {
  const sizes = [0, 1, 100, 8000, 65_530, 65_536, 70_000, 300_000, 1_000_000, 300_000, 5];
  const { dial, server } = await started((body) => [Buffer.from(body)]);
  const bodies = sizes.map((size, index) => Buffer.alloc(size, index + 1));
  const all = Buffer.concat(bodies.map((body, index) => request(index, body)));
  for (const piece of [all.length, 1_000, 65_536, 77_777]) {
    const client = await dial();
    for (let at = 0; at < all.length; at += piece) {
      client.socket.write(all.subarray(at, at + piece));
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const [index, body] of bodies.entries()) {
      const frame = await client.frame();
      assert.equal(frame.readInt32BE(0), index);
      assert.ok(frame.subarray(4).equals(body), `frame ${index} in pieces of ${piece}`);
    }
    client.socket.destroy();
  }
  await until(() => server.connectionCount === 0);
  assert.equal(server.bufferedBytes, 0);
});

test('a request that wants no answer gets none, and those after it theirs', async () => {
  const { dial } = await started((_body, context) => (context.correlationId === 1 ? undefined : []));
  const client = await dial();
  client.send(request(1), request(2));
  assert.equal((await client.frame()).readInt32BE(0), 2);
});

test('an unknown version of ApiVersions is answered in the oldest form with the range that is served', async () => {
  const { dial } = await started(() => assert.fail('not dispatched'));
  const client = await dial();
  client.send(request(5, Buffer.from([1, 2, 3]), 18, 99));
  assert.equal(
    (await client.frame()).toString('hex'),
    '00000005' + '0023' + '00000001' + '0012' + '0000' + '0004',
  );
});

test('what is no request ends its connection, after the answers before it, with a line that says what came', async () => {
  const cases: [what: string, bytes: Buffer, line: RegExp][] = [
    ['unknown API', request(2, undefined, 99), /an API that is not served/],
    ['unknown version', request(2, undefined, 0, 9), /a version of an API that is not served/],
    ['negative version', request(2, undefined, 0, -1), /a version of an API that is not served/],
    ['empty frame', Buffer.from([0, 0, 0, 0]), /too short for its header/],
    ['header only in part', Buffer.from([0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1]), /malformed header/],
    [
      'client id beyond the end',
      Buffer.from([0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 0xff]),
      /malformed header/,
    ],
    ['tagged fields beyond the end', request(2, Buffer.from([0x85, 1]), 0, 2), /malformed header/],
    ['endless varint', request(2, Buffer.from([255, 255, 255, 255, 255, 255]), 0, 2), /malformed header/],
    ['size -1', Buffer.from([255, 255, 255, 255]), /claimed a request of -1 bytes/],
    ['size over the limit', Buffer.from([0x7f, 255, 255, 255]), /claimed a request of 2147483647 bytes/],
    ['body that is malformed', request(2, Buffer.from('malformed')), /malformed request/],
    ['handler that has no answer', request(2, Buffer.from('broken')), /could not be answered/],
  ];
  const { dial, logger, server } = await started((body) => {
    if (body.toString() === 'malformed') throw new MalformedError('bad count');
    if (body.toString() === 'broken') return Promise.reject(new Error('nothing to say'));
    return new Promise((resolve) => setTimeout(() => resolve([Buffer.from('good')]), 2));
  });
  for (const [what, bytes, line] of cases) {
    logger.lines.length = 0;
    const client = await dial();
    client.send(request(1), bytes, request(3));
    await client.closed;
    const frame = await client.frame();
    assert.equal(frame.toString('utf8', 4), 'good', what);
    assert.equal(client.received.length, 0, what);
    assert.match(logger.lines.map(({ message }) => message).join('\n'), line, what);
  }
  await until(() => server.connectionCount === 0);
  // A request behind the one that failed holds its memory until its handler is done.
  await until(() => server.bufferedBytes === 0);
});

test('other protocols are named', async () => {
  const { dial, logger } = await started(() => []);
  const hellos: [text: string | Buffer, name: RegExp][] = [
    ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', /HTTP: .*point browsers/],
    [Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]), /TLS: .*security.protocol/],
    ['SSH-2.0-OpenSSH_9\r\n', /SSH/],
    ['PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n', /PROXY/],
  ];
  for (const [text, name] of hellos) {
    const client = await dial();
    client.socket.write(text);
    await client.closed;
    assert.match(logger.lines.at(-1)?.message ?? '', name);
    if (String(text).startsWith('GET')) assert.match(String(client.received), /^HTTP\/1.1 400 .*Kafka/s);
  }
});

test('log lines that clients cause are few', async () => {
  const { dial, logger } = await started(() => []);
  for (let index = 0; index < 20; index++) {
    const client = await dial();
    client.send(Buffer.from([255, 255, 255, 255]));
    await client.closed;
  }
  assert.equal(logger.lines.length, 5);
});

test('claims of large requests cost nothing until their bytes come', async () => {
  const { dial, server } = await started(() => []);
  const before = process.memoryUsage();
  const clients = await Promise.all(Array.from({ length: 200 }, dial));
  for (const client of clients) client.send(Buffer.from([6, 0, 0, 0, 1, 2, 3]));
  await until(() => server.bufferedBytes > 0);
  await until(() => server.bufferedBytes === 200 * 4096);
  const grownBytes = process.memoryUsage().external - before.external;
  assert.ok(grownBytes < 200 * 20_000, `${grownBytes}`);
  for (const client of clients) client.socket.destroy();
  await until(() => server.connectionCount === 0);
  assert.equal(server.bufferedBytes, 0);
});

test('a client that never reads is held to its bound, others are served, and at last it is closed', async () => {
  let begun = 0;
  const { dial, server } = await started(
    (body) => {
      if (body.length === 0) return [Buffer.from('quick')];
      begun++;
      return [Buffer.alloc(200_000)];
    },
    { unsentBytesPerConnection: 500_000, connectionsMaxIdleMs: 300 },
  );
  const deaf = await dial();
  deaf.socket.pause();
  deaf.send(...Array.from({ length: 1000 }, (_, index) => request(index, Buffer.alloc(1))));
  const good = await dial();
  const deadline = performance.now() + 10_000;
  let worstBytes = 0;
  while (server.connectionCount > 1 && performance.now() < deadline) {
    good.send(request(1));
    await good.frame();
    worstBytes = Math.max(worstBytes, server.bufferedBytes);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(server.connectionCount, 1, 'the idle timeout closes it');
  assert.ok(worstBytes < 900_000, `${worstBytes}`);
  assert.ok(begun < 100, `${begun} were started`);
});

test('a slow reader gets all its answers', async () => {
  const { dial, server } = await started((body) => [Buffer.alloc(300_000, body[0])], {
    unsentBytesPerConnection: 1000,
  });
  const client = await dial();
  client.socket.pause();
  client.send(...Array.from({ length: 50 }, (_, index) => request(index, Buffer.from([index]))));
  await until(() => server.bufferedBytes > 0);
  client.socket.resume();
  for (let index = 0; index < 50; index++) {
    const frame = await client.frame();
    assert.equal(frame.readInt32BE(0), index);
    assert.equal(frame.at(-1), index);
  }
});

test('a client with too much in process is not read until there is room', async () => {
  let begun = 0;
  const gate = deferred<Uint8Array[]>();
  const { dial } = await started(
    () => {
      begun++;
      return gate.promise;
    },
    { requestsInProcessPerConnection: 3, requestBytesPerConnection: 500_000 },
  );
  const many = await dial();
  many.send(...Array.from({ length: 10 }, (_, index) => request(index)));
  await until(() => begun === 3);
  const large = await dial();
  for (let index = 0; index < 100; index++) large.socket.write(request(index, Buffer.alloc(300_000)));
  await until(() => begun === 5);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(begun, 5);
  gate.resolve([]);
  for (const [client, count] of [
    [many, 10],
    [large, 100],
  ] as const) {
    for (let index = 0; index < count; index++) assert.equal((await client.frame()).readInt32BE(0), index);
  }
});

test('one Fetch of a connection is in the making at a time', async () => {
  const answers: ReturnType<typeof deferred<Uint8Array[]>>[] = [];
  const { dial } = await started(() => {
    answers.push(deferred());
    return answers.at(-1)!.promise;
  });
  const client = await dial();
  client.send(request(0, undefined, 1), request(1), request(2, undefined, 1), request(3));
  await until(() => answers.length === 2);
  answers[1]!.resolve([]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(answers.length, 2);
  answers[0]!.resolve([]);
  await until(() => answers.length === 4);
  answers[3]!.resolve([]);
  answers[2]!.resolve([]);
  for (let id = 0; id < 4; id++) assert.equal((await client.frame()).readInt32BE(0), id);
});

test('all connections together hold little more than the budget, and all are served in the end', async () => {
  const { dial, server } = await started(
    async (body) => {
      await new Promise((resolve) => setTimeout(resolve, 3));
      return [Buffer.from([body[0]!])];
    },
    { bufferedBytes: 3_000_000 },
  );
  const clients = await Promise.all(Array.from({ length: 20 }, dial));
  let worstBytes = 0;
  const watch = setInterval(() => {
    worstBytes = Math.max(worstBytes, server.bufferedBytes);
  }, 1);
  for (const [index, client] of clients.entries())
    client.send(request(index, Buffer.alloc(1_500_000, index)));
  for (const [index, client] of clients.entries()) assert.equal((await client.frame()).readInt32BE(0), index);
  clearInterval(watch);
  assert.ok(worstBytes <= 3_000_000 + 1_500_000 + 20 * 131_072, `${worstBytes}`);
});

/** Is logged in from when it is told so. */
function login() {
  let isComplete = false;
  const authentication: ConnectionAuthentication = {
    ...{ securityProtocol: 'SASL_PLAINTEXT', identity: ANONYMOUS_AUTHENTICATION.identity },
    ...{ hasFailed: false, expectsBareToken: false },
    get isComplete() {
      return isComplete;
    },
    get maxFrameBytes() {
      return isComplete ? undefined : 524_288;
    },
    refusal: () => undefined,
    isOverdue: () => false,
    handshake: () => ANONYMOUS_AUTHENTICATION.handshake(),
    authenticate: () => ANONYMOUS_AUTHENTICATION.authenticate(),
    closed() {},
  };
  const complete = (): void => {
    isComplete = true;
  };
  return { authentication, complete };
}

test('those who have not logged in take no memory from those who have, nor keep others from it', async () => {
  const logins: ReturnType<typeof login>[] = [];
  const { dial, server, logger } = await started(
    (body) => {
      if (body[0] === 1) logins.at(-1)!.complete();
      return [body.subarray(0, 1)];
    },
    { bufferedBytes: 4_000_000 },
    () => {
      logins.push(login());
      return logins.at(-1)!.authentication;
    },
  );
  const logIn = async (): Promise<Client> => {
    const client = await dial();
    client.send(request(1, Buffer.of(1)));
    await client.frame();
    return client;
  };
  const good = await logIn();
  const strangers: Client[] = [];
  let worstBytes = 0;
  for (let round = 0; round < 5; round++) {
    for (let count = 0; count < 20; count++) {
      const stranger = await dial();
      stranger.send(request(1, Buffer.alloc(500_000)).subarray(0, 400_000));
      strangers.push(stranger);
    }
    const beganMs = performance.now();
    (await logIn()).socket.destroy();
    good.send(request(2, Buffer.alloc(3_000_000)));
    await good.frame();
    assert.ok(performance.now() - beganMs < 1_000);
    worstBytes = Math.max(worstBytes, server.bufferedBytes);
  }
  assert.ok(worstBytes < 2_000_000 + 20 * 131_072, `${worstBytes}`);
  assert.ok(logger.lines.some(({ message }) => /had not logged in, so that others can/.test(message)));
  await Promise.all(strangers.slice(0, 20).map(({ closed }) => closed));
  for (const { socket } of strangers) socket.destroy();
  good.socket.destroy();
  await until(() => server.connectionCount === 0);
  assert.equal(server.bufferedBytes, 0);
});

test('what arrives behind a login is charged to those who have logged in', async () => {
  const { authentication, complete } = login();
  const answer = deferred<Uint8Array[]>();
  const { dial, server } = await started(
    (body) => (body.length === 1 ? answer.promise : []),
    { bufferedBytes: 4_000_000 },
    () => authentication,
  );
  const client = await dial();
  client.send(request(1, Buffer.of(1)), request(2, Buffer.alloc(500_000)).subarray(0, 300_000));
  await until(() => server.bufferedBytes > 100_000);
  complete();
  answer.resolve([]);
  await client.frame();
  client.send(request(2, Buffer.alloc(500_000)).subarray(300_000), request(3, Buffer.alloc(3_000_000)));
  assert.equal((await client.frame()).readInt32BE(0), 2);
  assert.equal((await client.frame()).readInt32BE(0), 3);
  client.socket.destroy();
  await until(() => server.connectionCount === 0);
  assert.equal(server.bufferedBytes, 0);
});

test('connections over the limit of their listener are refused, those of others are not', async () => {
  const { server, port, logger } = await started(() => [], {
    maxConnectionsByListener: new Map([['PLAINTEXT', 1]]),
  });
  const other = await server.listen({ name: 'OTHER', host: '127.0.0.1', port: 0 });
  const first = await dial(port);
  await until(() => server.connectionCount === 1);
  await (await dial(port)).closed;
  assert.match(logger.lines.at(-1)?.message ?? '', /listener\.name\.plaintext\.max\.connections is reached/);
  const second = await dial(other.port);
  second.send(request(1));
  await second.frame();
  first.socket.destroy();
  await until(() => server.connectionCount === 1);
  const third = await dial(port);
  third.send(request(1));
  await third.frame();
});

test('connections over max.connections and per address are refused', async () => {
  const { dial, server, limits, logger } = await started(() => [], { maxConnectionsPerIp: 2 });
  const first = await dial();
  const second = await dial();
  await until(() => server.connectionCount === 2);
  await (await dial()).closed;
  assert.match(logger.lines.at(-1)?.message ?? '', /max.connections.per.ip is reached/);
  limits.maxConnectionsPerIpOverrides = new Map([['127.0.0.1', 3]]);
  const third = await dial();
  third.send(request(1));
  await third.frame();
  limits.maxConnections = 3;
  limits.maxConnectionsPerIpOverrides = new Map([['127.0.0.1', 9]]);
  await (await dial()).closed;
  assert.match(logger.lines.at(-1)?.message ?? '', /max.connections is reached/);
  first.socket.destroy();
  await until(() => server.connectionCount === 2);
  const fourth = await dial();
  fourth.send(request(1));
  await fourth.frame();
  second.socket.destroy();
});

test('idle connections are closed; one with a request in process is not', async () => {
  const gate = deferred<Uint8Array[]>();
  const { dial, server } = await started(() => gate.promise, { connectionsMaxIdleMs: 60 });
  const idle = await dial();
  const waiting = await dial();
  waiting.send(request(1));
  await idle.closed;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(server.connectionCount, 1);
  gate.resolve([]);
  await waiting.frame();
  await waiting.closed;
});

test('stopping lets what is in process be answered, within a bound', async () => {
  const gate = deferred<Uint8Array[]>();
  const { dial, server, port } = await started((body) =>
    body.length > 0 ? gate.promise : new Promise(() => {}),
  );
  const answered = await dial();
  const idle = await dial();
  const stuck = await dial();
  answered.send(request(1, Buffer.from('x')));
  stuck.send(request(1));
  await until(() => server.connectionCount === 3);
  await new Promise((resolve) => setTimeout(resolve, 10));
  const stopped = server.stop(200);
  await idle.closed;
  await assert.rejects(dial2(port));
  gate.resolve([Buffer.from('late')]);
  assert.equal((await answered.frame()).toString('utf8', 4), 'late');
  await answered.closed;
  await stopped;
  await stuck.closed;
  assert.equal(server.connectionCount, 0);
});

async function dial2(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
}
