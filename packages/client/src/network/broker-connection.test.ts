import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  apiVersionsRequest,
  apiVersionsResponse,
  describeQuorumRequest,
  describeQuorumResponse,
  metadataRequest,
  metadataResponse,
  produceRequest,
  produceResponse,
  shareFetchRequest,
  shareFetchResponse,
} from '@moldau/protocol';
import { settled } from '@moldau/testing';
import { BrokerConnection } from './broker-connection.ts';
import type { BrokerConnectionOptions } from './connection-options.ts';
import { ClientWorld, metadataOf, ScriptedBroker } from './testing-network.ts';

const METADATA = { request: metadataRequest, response: metadataResponse };
const NO_TOPICS = { topics: [], allowAutoTopicCreation: false };

function world(): { world: ClientWorld; broker: ScriptedBroker; options: BrokerConnectionOptions } {
  const made = new ClientWorld(1);
  const broker = new ScriptedBroker(() => metadataOf(['one:9092']));
  made.network.place('one:9092', broker);
  const { clientId, requestTimeoutMs, connectTimeoutMs, maxAnswerBytes } = made.settings();
  const options = {
    ...{ address: { host: 'one', port: 9092 }, clientId, tls: undefined, requestTimeoutMs, connectTimeoutMs },
    ...{ maxAnswerBytes, ...made.ports, renewalDelayMs: (lifetimeMs: number) => lifetimeMs * 0.9 },
  };
  return { world: made, broker, options };
}

describe('a connection to a broker', () => {
  it('asks what the broker speaks, and uses the newest that both know', async () => {
    const { broker, options } = world();
    broker.versions.set(3, [0, 7]);
    const connection = await BrokerConnection.open(options);
    assert.equal(connection.apis.pick(METADATA), 7);
    assert.throws(() => connection.apis.pick({ ...METADATA, minVersion: 9 }), {
      code: 'UNSUPPORTED_VERSION',
      message:
        'one:9092: the broker speaks Metadata (API 3) in versions 0 to 7, and 9 to 13 are needed: a newer broker is needed.',
    });
    assert.throws(() => connection.apis.pick({ ...METADATA, minVersion: 12, neededFor: 'topic ids' }), {
      message:
        'one:9092: the broker speaks Metadata (API 3) in versions 0 to 7, and 12 to 13 are needed for topic ids: these came with Kafka 3.1.',
    });
    assert.throws(
      () => connection.apis.pick({ request: shareFetchRequest, response: shareFetchResponse, minVersion: 2 }),
      {
        message:
          'one:9092: the broker does not know ShareFetch (API 78): it came with Kafka 4.2, if it is not switched off.',
      },
    );
    const quorum = { request: describeQuorumRequest, response: describeQuorumResponse, neededFor: 'voters' };
    assert.throws(() => connection.apis.pick(quorum), {
      message:
        'one:9092: the broker does not know DescribeQuorum (API 55), which is needed for voters: it came with Kafka 3.3 for clusters without ZooKeeper, if it is not switched off.',
    });
    assert.throws(() => connection.apis.pick({ request: produceRequest, response: produceResponse }), {
      message: /does not know Produce \(API 0\)/,
    });
    connection.close();
  });

  it('falls back to the ApiVersions of an older broker', async () => {
    const { broker, options } = world();
    const apiKeys = [{ apiKey: 18, minVersion: 0, maxVersion: 3 }];
    broker.answers.set(18, (_request, version, connection) => {
      if (version < 4) return { errorCode: 0, apiKeys };
      // A broker that does not know the version answers in version 0, whatever was asked.
      const body = apiVersionsResponse.encode({ errorCode: 35, apiKeys }, 0);
      const head = Buffer.alloc(8);
      head.writeInt32BE(4 + body.length);
      head.writeInt32BE(1, 4);
      connection.send(Buffer.concat([head, body]));
      return undefined;
    });
    const connection = await BrokerConnection.open(options);
    assert.deepEqual(broker.received, ['18/4', '18/3']);
    assert.deepEqual(connection.apis.range(apiVersionsRequest.apiKey), { min: 0, max: 3 });
    connection.close();
  });

  it('answers each of many pipelined requests with its own answer', async () => {
    const { broker, options } = world();
    let count = 0;
    broker.answers.set(3, () => ({ ...metadataOf(['one:9092']), controllerId: count++ }));
    const connection = await BrokerConnection.open(options);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => connection.request(METADATA, 12, NO_TOPICS)),
    );
    assert.deepEqual(
      answers.map(({ controllerId }) => controllerId),
      Array.from({ length: 100 }, (_, index) => index),
    );
    connection.close();
  });

  it('rejects a request at its deadline, keeps its place, and ends when the broker stays silent', async () => {
    const { world: made, broker, options } = world();
    let answer: (value: unknown) => void = () => {};
    broker.answers.set(3, () => new Promise((resolve) => (answer = resolve)));
    const connection = await BrokerConnection.open(options);
    const first = connection.request(METADATA, 12, NO_TOPICS, { timeoutMs: 100 });
    await assert.rejects(made.until(first), {
      code: 'TIMED_OUT',
      message: 'one:9092: the broker did not answer Metadata within 100 ms.',
    });
    assert.equal(connection.isOpen, true);
    answer(metadataOf(['one:9092']));
    await settled();
    assert.equal(connection.pendingCount, 0);
    const others = [{}, { timeoutMs: 500_000 }].map((limits) =>
      connection.request(METADATA, 12, NO_TOPICS, limits),
    );
    const outcomes = await made.until(Promise.allSettled(others));
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code),
      ['TIMED_OUT', 'CONNECTION_LOST'],
    );
    assert.equal(connection.isOpen, false);
    assert.equal(made.network.connections.size, 0);
    assert.equal(made.time.pendingCount, 0);
  });

  it('lets go of a request whose signal is aborted, and reads on', async () => {
    const { broker, options } = world();
    let answer: (value: unknown) => void = () => {};
    broker.answers.set(3, () => new Promise((resolve) => (answer = resolve)));
    const connection = await BrokerConnection.open(options);
    const stop = new AbortController();
    const first = connection.request(METADATA, 12, NO_TOPICS, { signal: stop.signal });
    await settled();
    stop.abort(new Error('no more'));
    await assert.rejects(first, /no more/);
    answer(metadataOf(['one:9092']));
    await settled();
    broker.answers.set(3, () => metadataOf(['one:9092']));
    assert.equal((await connection.request(METADATA, 12, NO_TOPICS)).brokers.length, 1);
    connection.close();
  });

  it('ends on answers that cannot be, with all that wait', async () => {
    for (const [garbage, expected] of [
      ['HTTP/1.1 400 Bad Request\r\n', /speaks HTTP/],
      ['\x15\x03\x03\x00\x02\x02\x50', /speaks TLS\. .*set the option tls/],
      ['SSH-2.0-OpenSSH', /no broker \(a size of/],
      ['\x00\x00\x00\x06\x00\x00\x00\x63\x00\x00', /answer to request 99, where 1 was due/],
      ['\x00\x00\x00\x06\x00\x00\x00\x01\x00\x00', /cannot be read/],
      ['\x00\x00\x00\x01', /size of 1/],
    ] as const) {
      const { world: made, broker, options } = world();
      broker.garbage = Buffer.from(garbage, 'latin1');
      await assert.rejects(made.until(BrokerConnection.open(options)), { message: expected });
      assert.equal(made.network.connections.size, 0);
      assert.equal(made.time.pendingCount, 0);
    }
  });

  it('says when a broker takes the connection and nothing more', async () => {
    const { world: made, broker, options } = world();
    broker.answers.set(18, () => undefined);
    await assert.rejects(made.until(BrokerConnection.open(options)), {
      code: 'CONNECTION_FAILED',
      message: /the connection was taken, and the broker says nothing/,
    });
    assert.equal(made.time.pendingCount, 0);
  });

  it('renews a login before it ends, and holds back what is asked for meanwhile', async () => {
    const { world: made, broker, options } = world();
    const logins: ((lifetimeMs: number) => void)[] = [];
    const opening = BrokerConnection.open({
      ...options,
      logIn: () => new Promise((resolve) => logins.push(resolve)),
    });
    await settled();
    logins[0]!(10_000);
    const connection = await opening;
    await made.time.advance(8_999);
    assert.equal(logins.length, 1);
    await made.time.advance(2);
    assert.equal(logins.length, 2);
    const held = connection.request(METADATA, 12, NO_TOPICS);
    const late = connection.request(METADATA, 12, NO_TOPICS, { timeoutMs: 50 });
    await assert.rejects(made.until(late), { code: 'TIMED_OUT' });
    assert.deepEqual(broker.received, ['18/4']);
    logins[1]!(0);
    await held;
    assert.deepEqual(broker.received, ['18/4', '3/12']);
    connection.close();
    assert.equal(made.time.pendingCount, 0);
  });

  it('ends when the login is not over in time', async () => {
    const { world: made, options } = world();
    const opening = BrokerConnection.open({ ...options, logIn: () => new Promise(() => {}) });
    await assert.rejects(made.until(opening), {
      code: 'TIMED_OUT',
      message: /the login was not over within 10000 ms/,
    });
    assert.equal(made.network.connections.size, 0);
    assert.equal(made.time.pendingCount, 0);
  });

  it('posts what is never answered', async () => {
    const { broker, options } = world();
    broker.serve(0, [0, 9], () => undefined);
    const connection = await BrokerConnection.open(options);
    await connection.post({ request: produceRequest, response: produceResponse }, 9, {
      acks: 0,
      timeoutMs: 1,
      topicData: [],
    });
    await connection.request(METADATA, 12, NO_TOPICS);
    assert.deepEqual(broker.received, ['18/4', '0/9', '3/12']);
    connection.close();
    await assert.rejects(connection.request(METADATA, 12, NO_TOPICS), { code: 'CLOSED' });
  });

  it('sends nothing while the broker throttles, and then all that was asked for (KIP-219)', async () => {
    const { world: made, broker, options } = world();
    let throttleTimeMs = 1_000;
    broker.answers.set(3, () => {
      const answer = { ...metadataOf(['one:9092']), throttleTimeMs };
      throttleTimeMs = 0;
      return answer;
    });
    const connection = await BrokerConnection.open(options);
    await connection.request(METADATA, 12, NO_TOPICS);
    const count = broker.received.length;
    const produce = { request: produceRequest, response: produceResponse };
    const posted = connection.post(produce, 9, { acks: 0, timeoutMs: 1, topicData: [] });
    const impatient = connection.request(METADATA, 12, NO_TOPICS, { timeoutMs: 500 });
    const refused = assert.rejects(impatient, {
      code: 'TIMED_OUT',
      message: /Metadata could not be sent within 500 ms/,
    });
    const patient = connection.request(METADATA, 12, NO_TOPICS);
    await made.time.advance(999);
    await refused;
    assert.equal(broker.received.length, count);
    await made.time.advance(1);
    await Promise.all([patient, posted]);
    await settled();
    assert.deepEqual(broker.received.slice(count).sort(), ['0/9', '3/12']);
    throttleTimeMs = 60_000;
    await connection.request(METADATA, 12, NO_TOPICS);
    const late = connection.post(produce, 9, { acks: 0, timeoutMs: 1, topicData: [] });
    const lost = assert.rejects(late, { code: 'CLOSED' });
    connection.close();
    await lost;
    assert.equal(made.time.pendingCount, 0);
  });

  it('counts the time of a broker from when a request that was held back is sent', async () => {
    const { world: made, broker, options } = world();
    let answer: unknown = { ...metadataOf(['one:9092']), throttleTimeMs: 20_000 };
    broker.answers.set(3, () => answer);
    const connection = await BrokerConnection.open(options);
    await connection.request(METADATA, 12, NO_TOPICS);
    answer = undefined;
    const outcome = assert.rejects(connection.request(METADATA, 12, NO_TOPICS), { code: 'TIMED_OUT' });
    await made.time.advance(options.requestTimeoutMs);
    await outcome;
    assert.equal(connection.isOpen, true);
    await made.time.advance(20_000);
    assert.equal(connection.isOpen, false);
  });
});
