// What strangers may try with a listener that wants a login, over real sockets and a whole broker.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  apiVersionsRequest,
  apiVersionsResponse,
  ErrorCode,
  encodeRequestFrame,
  fetchRequest,
  metadataRequest,
  metadataResponse,
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from '@moldau/protocol';
import {
  GoodClient,
  RawClient,
  SeededRandom,
  seedOf,
  startTestBroker,
  type TestBroker,
} from '@moldau/testing';

const TIMEOUT_MS = 1_000;
const MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const ALICE = '\0alice\0hunter2';
const BOB = '\0bob\0hunter3';
const WRONG = '\0alice\0hunter9';

const lines: string[] = [];
const keep = (fields: object, message: string): void =>
  void lines.push(`${message} ${JSON.stringify(fields)}`);
const logger = { debug: keep, info: keep, warn: keep, error: keep };

let broker: TestBroker;
/** Where a login is wanted; and where its sessions are short. */
let sasl: { port: number };
let short: { port: number };
let good: GoodClient;

before(async () => {
  broker = await startTestBroker({
    logger,
    settings: [
      'listeners=OPEN://127.0.0.1:0,CLIENTS://127.0.0.1:0,SHORT://127.0.0.1:0',
      'listener.security.protocol.map=OPEN:PLAINTEXT,CLIENTS:SASL_PLAINTEXT,SHORT:SASL_PLAINTEXT',
      'sasl.enabled.mechanisms=PLAIN',
      `sasl.jaas.config=${MODULE} required user_alice="hunter2" user_bob="hunter3";`,
      'listener.name.short.plain.connections.max.reauth.ms=1500',
      'sasl.server.max.receive.size=4096',
      'connection.failed.authentication.delay.ms=50',
      `moldau.authentication.timeout.ms=${TIMEOUT_MS}`,
    ],
  });
  const portOf = (name: string) => ({
    port: broker.broker.listeners.find((each) => each.name === name)!.port,
  });
  sasl = portOf('CLIENTS');
  short = portOf('SHORT');
  good = await GoodClient.dial(portOf('OPEN'));
});
after(async () => {
  good?.close();
  await broker.stop();
});

const handshake = (client: RawClient, mechanism = 'PLAIN', version = 1) =>
  client.request(saslHandshakeRequest, saslHandshakeResponse, version, { mechanism });
const authenticate = (client: RawClient, token: string, version = 2) =>
  client.request(saslAuthenticateRequest, saslAuthenticateResponse, version, {
    authBytes: Buffer.from(token),
  });
const metadata = (client: RawClient) =>
  client.request(metadataRequest, metadataResponse, 9, { topics: null });

async function loggedIn(token = ALICE, address = sasl): Promise<RawClient> {
  const client = await RawClient.dial(address);
  await handshake(client);
  assert.equal((await authenticate(client, token)).errorCode, ErrorCode.NONE);
  return client;
}

/** The connection ends, and says nothing more. */
async function isCut(client: RawClient): Promise<void> {
  await assert.rejects(client.frame(), /closed the connection/);
  assert.equal(client.unframed().length, 0);
}

function framed(bytes: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

const encoded = {
  handshake: (mechanism = 'PLAIN') => encodeRequestFrame(saslHandshakeRequest, 1, 1, 'x', { mechanism }),
  authenticate: (token: string) =>
    encodeRequestFrame(saslAuthenticateRequest, 1, 2, 'x', { authBytes: Buffer.from(token) }),
  metadata: () => encodeRequestFrame(metadataRequest, 1, 3, 'x', { topics: null }),
};

test('who has logged in is served, and is who it says', async () => {
  const client = await loggedIn();
  const { topics } = await metadata(client);
  assert.deepEqual(
    topics.map(({ name }) => name),
    [good.topic],
  );
  client.close();
});

test('every API but three ends a connection that has not logged in, and is not even read', async () => {
  const probe = await RawClient.dial(sasl);
  const { apiKeys } = await probe.request(apiVersionsRequest, apiVersionsResponse, 0, {});
  probe.close();
  assert.ok(apiKeys.length > 50);
  for (const { apiKey, maxVersion } of apiKeys) {
    if (apiKey === 17 || apiKey === 18) continue;
    const client = await RawClient.dial(sasl);
    const header = Buffer.alloc(40);
    header.writeInt16BE(apiKey, 0);
    header.writeInt16BE(maxVersion, 2);
    client.send(framed(header));
    await isCut(client);
  }
  await good.roundTrip();
});

test('a request that is sent along with a login that fails is never looked at', async () => {
  const client = await RawClient.dial(sasl);
  client.send(...encoded.handshake(), ...encoded.authenticate(WRONG), ...encoded.metadata());
  await client.frame();
  const answer = saslAuthenticateResponse.decode(await client.frame(), 1, 4);
  assert.equal(answer.errorCode, ErrorCode.SASL_AUTHENTICATION_FAILED);
  await isCut(client);
});

test('a request that is sent along with a login that succeeds is answered after it', async () => {
  const client = await RawClient.dial(sasl);
  client.send(...encoded.handshake(), ...encoded.authenticate(ALICE), ...encoded.metadata());
  for (const correlationId of [1, 2, 3]) assert.equal((await client.frame()).readInt32BE(0), correlationId);
  client.close();
});

test('a request in the middle of a login ends the connection', async () => {
  for (const between of [encoded.metadata(), encoded.handshake(), encoded.handshake('SCRAM-SHA-256')]) {
    const client = await RawClient.dial(sasl);
    client.send(...encoded.handshake(), ...between, ...encoded.authenticate(ALICE));
    await client.frame();
    await isCut(client);
  }
});

test('old clients log in with bare tokens, whole or byte by byte, and one that is wrong is cut without a word', async () => {
  const client = await RawClient.dial(sasl);
  await handshake(client, 'PLAIN', 0);
  for (const byte of framed(Buffer.from(ALICE))) client.send(Buffer.of(byte));
  assert.equal((await client.frame()).length, 0);
  assert.equal((await metadata(client)).topics.length, 1);
  client.close();
  const other = await RawClient.dial(sasl);
  await handshake(other, 'PLAIN', 0);
  other.send(framed(Buffer.from(WRONG)), ...encoded.metadata());
  await isCut(other);
});

test('after SaslHandshake v0 a SaslAuthenticate is a bare token that is wrong', async () => {
  const client = await RawClient.dial(sasl);
  await handshake(client, 'PLAIN', 0);
  client.send(...encoded.authenticate(ALICE));
  await isCut(client);
});

test('frames are small until the login is complete', async () => {
  const tooLarge = Buffer.alloc(4);
  tooLarge.writeInt32BE(4097);
  for (const before of [[], encoded.handshake()]) {
    const client = await RawClient.dial(sasl);
    client.send(...before);
    if (before.length > 0) await client.frame();
    client.send(tooLarge);
    await isCut(client);
  }
  assert.ok(lines.some((line) => line.includes('raise sasl.server.max.receive.size')));
  const client = await loggedIn();
  const topics = Array.from({ length: 1_000 }, (_, index) => ({ name: `a-name-of-some-length-${index}` }));
  const answer = await client.request(metadataRequest, metadataResponse, 9, {
    topics,
    allowAutoTopicCreation: false,
  });
  assert.equal(answer.topics.length, 1_000);
  client.close();
});

test('a thousand logins that never finish are closed in time, and hold up nobody meanwhile', async () => {
  const ways: ((client: RawClient) => void)[] = [
    () => {},
    (client) => client.send(Buffer.of(0)),
    (client) => client.send(...encoded.handshake()),
    (client) => client.send(...encoded.handshake(), framed(Buffer.alloc(100)).subarray(0, 50)),
  ];
  const clients = await Promise.all(Array.from({ length: 1_000 }, () => RawClient.dial(sasl)));
  const drips = setInterval(() => {
    for (const client of clients.slice(0, 20)) if (!client.isClosed) client.send(Buffer.of(0));
  }, 300);
  for (const [index, client] of clients.entries()) ways[index % ways.length]!(client);
  for (let count = 0; count < 5; count++) {
    const client = await loggedIn();
    await good.roundTrip();
    client.close();
  }
  await Promise.all(clients.map(({ closed }) => closed));
  clearInterval(drips);
  assert.ok(
    lines.some((line) => /did not log in in time: raise moldau\.authentication\.timeout\.ms/.test(line)),
  );
});

test('a failure is answered late, and its connection closed', async () => {
  const client = await RawClient.dial(sasl);
  await handshake(client);
  const beganMs = performance.now();
  const answer = await authenticate(client, WRONG);
  assert.ok(performance.now() - beganMs >= 49);
  assert.equal(answer.errorCode, ErrorCode.SASL_AUTHENTICATION_FAILED);
  await client.closed;
});

test('a mechanism that is not enabled is answered with those that are, and its connection closed', async () => {
  const client = await RawClient.dial(sasl);
  const answer = await handshake(client, 'SCRAM-SHA-512');
  assert.equal(answer.errorCode, ErrorCode.UNSUPPORTED_SASL_MECHANISM);
  assert.deepEqual(answer.mechanisms, ['PLAIN']);
  await client.closed;
});

test('a session ends with the first request after its time, and a renewal before that goes on with it', async () => {
  const [renewing, idle] = [await loggedIn(ALICE, short), await loggedIn(ALICE, short)];
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  assert.equal((await handshake(renewing)).errorCode, ErrorCode.NONE);
  assert.equal((await authenticate(renewing, ALICE)).sessionLifetimeMs, 1_500);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await metadata(renewing);
  idle.send(...encoded.metadata());
  await isCut(idle);
  renewing.close();
});

test('a session is not renewed for somebody else, whoever was logged in keeps nothing', async () => {
  const client = await loggedIn(ALICE, short);
  await handshake(client);
  client.send(...encoded.authenticate(BOB), ...encoded.metadata());
  const answer = saslAuthenticateResponse.decode(await client.frame(), 1, 4);
  assert.match(answer.errorMessage ?? '', /^Cannot change principals/);
  await isCut(client);
});

test('a renewal waits for the requests before it, and those behind it wait for the renewal', async () => {
  const client = await loggedIn(ALICE, short);
  const fetchOffset = (await good.produce(Buffer.from('the last one'))) + 1;
  const waiting = encodeRequestFrame(fetchRequest, 4, 7, 'x', {
    ...{ maxWaitMs: 300, minBytes: 1, maxBytes: 1_000_000 },
    topics: [{ topic: good.topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000 }] }],
  });
  const beganMs = performance.now();
  client.send(...waiting, ...encoded.handshake(), ...encoded.authenticate(ALICE), ...encoded.metadata());
  for (const correlationId of [7, 1, 2, 3]) {
    assert.equal((await client.frame()).readInt32BE(0), correlationId);
  }
  assert.ok(performance.now() - beganMs >= 299);
  client.close();
});

test('random bytes in the middle of a login harm nobody', async () => {
  const seed = seedOf();
  const random = new SeededRandom(seed);
  const beginnings = [
    [],
    encoded.handshake(),
    encodeRequestFrame(saslHandshakeRequest, 0, 1, 'x', { mechanism: 'PLAIN' }),
  ];
  for (let count = 0; count < 150; count++) {
    const client = await RawClient.dial(sasl);
    const bytes = random.bytes(1 + random.below(300));
    const isHeader = random.below(2) === 0;
    if (isHeader && bytes.length > 3) bytes.set([0, [17, 18, 36, 3][random.below(4)]!, 0, random.below(5)]);
    client.send(...beginnings[count % beginnings.length]!, framed(bytes), ...encoded.metadata());
    client.send(Buffer.from([0, 0, 0, 1]));
    await Promise.race([client.closed, new Promise((resolve) => setTimeout(resolve, 20))]);
    client.close();
  }
  await good.roundTrip();
  (await loggedIn()).close();
  assert.deepEqual(
    lines.filter((line) => line.includes('unexpected')),
    [],
    `seed ${seed}`,
  );
});

test('listeners without logins answer the SASL APIs, and go on', async () => {
  assert.equal((await handshake(good.raw)).errorCode, ErrorCode.ILLEGAL_SASL_STATE);
  assert.equal((await authenticate(good.raw, ALICE)).errorCode, ErrorCode.ILLEGAL_SASL_STATE);
  await good.roundTrip();
});

test('nothing that was logged has a password in it', () => {
  assert.ok(lines.length > 10);
  assert.doesNotMatch(lines.join('\n'), /hunter\d/);
});
