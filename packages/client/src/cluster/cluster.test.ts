import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  findCoordinatorRequest,
  heartbeatRequest,
  heartbeatResponse,
  listOffsetsRequest,
  metadataRequest,
  metadataResponse,
} from '@moldau/protocol';
import { settled } from '@moldau/testing';
import { OffsetsAdmin } from '../admin/offsets.ts';
import { type KafkaError, NoBrokerReachableError } from '../errors/kafka-error.ts';
import { ClientWorld, metadataOf, ScriptedBroker } from '../network/testing-network.ts';
import { Cluster } from './cluster.ts';

const METADATA = { request: metadataRequest, response: metadataResponse, minVersion: 1 };
const HEARTBEAT = { request: heartbeatRequest, response: heartbeatResponse };
const NO_TOPICS = { topics: [], allowAutoTopicCreation: false };
const BEAT = { groupId: 'g', generationId: 1, memberId: 'm' };

describe('a cluster', () => {
  it('settles every request when a connection is cut at any byte, and with retry every one succeeds', async () => {
    const run = async (
      cut: { direction: 'requests' | 'answers'; afterBytes: number } | undefined,
      isRetried: boolean,
    ) => {
      const world = new ClientWorld(7);
      world.network.place('one:9092', new ScriptedBroker(() => metadataOf(['one:9092'])));
      world.network.cut = cut;
      const cluster = new Cluster(world.settings(), world.ports);
      const request = cluster.request(METADATA, NO_TOPICS, {
        to: { brokerId: 1 },
        ...(isRetried ? { retry: {} } : {}),
      });
      const outcome = await world.until(request).then(
        () => 'done',
        (error: KafkaError) => error.code,
      );
      await cluster.close();
      await settled();
      assert.equal(world.network.connections.size, 0);
      assert.equal(world.time.pendingCount, 0);
      return { outcome, passedBytes: world.network.passedBytes };
    };
    const { outcome, passedBytes } = await run(undefined, false);
    assert.equal(outcome, 'done');
    for (const direction of ['requests', 'answers'] as const) {
      const outcomes = new Set<string>();
      for (let afterBytes = 0; afterBytes < passedBytes[direction]; afterBytes++) {
        const where = `${direction} cut after ${afterBytes} bytes`;
        assert.equal((await run({ direction, afterBytes }, true)).outcome, 'done', where);
        outcomes.add((await run({ direction, afterBytes }, false)).outcome);
      }
      for (const outcome of outcomes) assert.match(outcome, /^(done|CONNECTION_LOST)$/);
    }
  });

  it('says of a partition what the broker said of it last, also when time is over while it is asked again', async () => {
    const world = new ClientWorld(1);
    const metadata = () => metadataOf(['one:9092'], [{ name: 't', leaders: [1] }]);
    const broker = new ScriptedBroker(metadata);
    let asked = 0;
    broker.serve(metadataRequest.apiKey, [0, 13], () => (++asked < 3 ? metadata() : new Promise(() => {})));
    broker.serve(listOffsetsRequest.apiKey, [1, 11], () => assert.fail('of no partition'));
    world.network.place('one:9092', broker);
    const cluster = new Cluster(world.settings(), world.ports);
    const offsets = new OffsetsAdmin(cluster);
    await assert.rejects(
      world.until(offsets.list({ topic: 't', partition: 7, at: 'latest' }, { timeoutMs: 1_000 })),
      { code: 'UNKNOWN_TOPIC_OR_PARTITION', topic: 't', partition: 7 },
    );
    assert.ok(asked >= 3);
    await cluster.close();
  });

  it('says which addresses it tried and what each said, when time is over', async () => {
    const world = new ClientWorld(1);
    world.network.place('three:9092', 'silent');
    const cluster = new Cluster(
      world.settings({ brokers: 'one:9092,two:1,three:9092', apiTimeoutMs: 30_000 }),
      world.ports,
    );
    await assert.rejects(
      world.until(cluster.request(METADATA, NO_TOPICS, { to: 'controller', retry: {} })),
      (error) => {
        assert.ok(error instanceof NoBrokerReachableError, String(error));
        assert.deepEqual(error.attempts.map(({ address }) => address).sort(), [
          'one:9092',
          'three:9092',
          'two:1',
        ]);
        assert.match(error.message, /tried these 3 addresses:/);
        assert.match(error.message, /\n- one:9092: nothing listens there \(connection refused\)/);
        assert.match(
          error.message,
          /\n- three:9092: (no answer within the time for connecting|there was no connection in time)/,
        );
        return true;
      },
    );
    assert.ok(world.network.dials.length > 6, 'it has tried again and again');
    await cluster.close();
    assert.equal(world.time.pendingCount, 0);
  });

  it('names each address and what it is about, also when no try has failed by the time', async () => {
    for (const apiTimeoutMs of [500, 60_000]) {
      const world = new ClientWorld(1);
      world.network.place('silent:9092', 'silent');
      const mute = new ScriptedBroker(() => metadataOf(['mute:9092']));
      mute.answers.delete(metadataRequest.apiKey);
      world.network.place('mute:9092', mute);
      const settings = world.settings({ brokers: 'silent:9092,mute:9092,gone:1', apiTimeoutMs });
      const cluster = new Cluster(settings, world.ports);
      // The one before has failed, and so there is nothing that this one knows itself.
      if (apiTimeoutMs === 500) await world.until(cluster.refresh({ reason: 'before' }).catch(() => {}));
      await assert.rejects(world.until(cluster.refresh({ reason: 'test' }, { timeoutMs: 400 })), (error) => {
        assert.ok(error instanceof NoBrokerReachableError, String(error));
        assert.match(error.message, /\n- silent:9092: there was no connection in time/);
        assert.match(error.message, /\n- mute:9092: (it has not answered|there was no connection) in time/);
        assert.match(error.message, /\n- gone:1: (nothing listens there|there was no connection in time)/);
        return true;
      });
      await cluster.close();
    }
  });

  it('does not wait for an address that is silent while another answers', async () => {
    for (const brokers of ['one:9092,down:1', 'down:1,one:9092', 'down:1,worse:1,one:9092']) {
      const world = new ClientWorld(1);
      world.network.place('one:9092', new ScriptedBroker(() => metadataOf(['one:9092'])));
      world.network.place('down:1', 'silent');
      world.network.place('worse:1', 'silent');
      const cluster = new Cluster(world.settings({ brokers }), world.ports);
      await world.until(cluster.refresh({ reason: 'test' }));
      assert.ok(world.time.monotonicMs() <= 2_000, `${world.time.monotonicMs()}`);
      await cluster.close();
      await settled();
      assert.equal(world.time.pendingCount, 0);
    }
  });

  it('says that the advertised address is wrong, when that is so', async () => {
    const world = new ClientWorld(1);
    world.network.place('one:9092', new ScriptedBroker(() => metadataOf(['broker.internal:19092'])));
    const cluster = new Cluster(world.settings({ apiTimeoutMs: 2_000 }), world.ports);
    await assert.rejects(
      world.until(cluster.request(METADATA, NO_TOPICS, { to: { brokerId: 1 }, retry: {} })),
      {
        message:
          /broker\.internal:19092: nothing listens there .* told by the broker at one:9092, which can be reached: so the broker's advertised\.listeners must name an address that works from here/,
      },
    );
    await cluster.close();
  });

  it('goes back to the first addresses when all known brokers are gone', async () => {
    const world = new ClientWorld(1);
    const first = new ScriptedBroker(() => metadataOf(['two:1', 'three:1']));
    const moved = new ScriptedBroker(() => metadataOf(['four:1']));
    world.network.place('one:9092', first);
    world.network.place('two:1', first);
    world.network.place('three:1', first);
    const cluster = new Cluster(world.settings(), world.ports);
    await world.until(cluster.request(METADATA, NO_TOPICS, { to: { brokerId: 2 } }));
    for (const address of ['one:9092', 'two:1', 'three:1']) world.network.remove(address);
    world.network.place('one:9092', moved);
    world.network.place('four:1', moved);
    await world.until(cluster.request(METADATA, NO_TOPICS, { to: { brokerId: 1 }, retry: {} }));
    assert.equal(cluster.metadata.brokers.get(1)?.host, 'four');
    assert.equal(cluster.metadata.brokers.size, 1);
    await cluster.close();
  });

  it('asks once for metadata that many want, and again for who comes later', async () => {
    const world = new ClientWorld(1);
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const broker = new ScriptedBroker(() => metadataOf(['one:9092']));
    broker.answers.set(3, async () => {
      await gate;
      return metadataOf(['one:9092']);
    });
    world.network.place('one:9092', broker);
    const cluster = new Cluster(world.settings(), world.ports);
    const early = Array.from({ length: 50 }, (_, index) =>
      cluster.refresh({ topics: [`t${index}`], reason: 'test' }),
    );
    await settled();
    const late = Array.from({ length: 50 }, () => cluster.refresh({ reason: 'test' }));
    await settled();
    assert.equal(broker.received.filter((request) => request.startsWith('3/')).length, 1);
    release();
    await world.until(Promise.all([...early, ...late]));
    assert.equal(broker.received.filter((request) => request.startsWith('3/')).length, 2);
    await cluster.close();
  });

  it('refreshes by age what is followed', async () => {
    const world = new ClientWorld(1);
    const asked: (string | null)[][] = [];
    const broker = new ScriptedBroker(() => metadataOf(['one:9092']));
    broker.answers.set(3, (request: { topics: { name: string }[] | null }) => {
      asked.push(request.topics?.map(({ name }) => name) ?? ['everything']);
      return metadataOf(['one:9092']);
    });
    world.network.place('one:9092', broker);
    const cluster = new Cluster(
      world.settings({ metadataMaxAgeMs: 60_000, connectionsMaxIdleMs: 0 }),
      world.ports,
    );
    const stop = cluster.follow(['a', 'b']);
    await world.until(cluster.refresh({ reason: 'test' }));
    await world.time.advance(60_500);
    stop();
    await world.time.advance(60_500);
    cluster.follow('all');
    await world.time.advance(60_500);
    assert.deepEqual(asked, [['a', 'b'], ['a', 'b'], [], ['everything']]);
    await cluster.close();
    assert.equal(world.time.pendingCount, 0);
  });

  it('finds the coordinator again when it has moved', async () => {
    const world = new ClientWorld(1);
    const addresses = ['one:9092', 'two:9092'];
    const brokers = addresses.map((address) => {
      const broker = new ScriptedBroker(() => metadataOf(addresses));
      broker.serve(findCoordinatorRequest.apiKey, [0, 6], () => ({
        coordinators: [
          {
            key: 'g',
            nodeId: where,
            host: ['one', 'two'][where - 1],
            port: 9092,
            errorCode: 0,
            errorMessage: null,
          },
        ],
      }));
      world.network.place(address, broker);
      return broker;
    });
    let where = 1;
    brokers[0]!.serve(heartbeatRequest.apiKey, [0, 4], () => {
      where = 2;
      return { errorCode: 16 };
    });
    brokers[1]!.serve(heartbeatRequest.apiKey, [0, 4], () => ({ errorCode: 0 }));
    const cluster = new Cluster(world.settings(), world.ports);
    const to = { coordinatorOf: 'group', key: 'g' } as const;
    const first = await world.until(cluster.request(HEARTBEAT, BEAT, { to }));
    assert.equal(first.errorCode, 16, 'without retry the caller sees it');
    where = 1;
    const retry = { errorOf: ({ errorCode }: { errorCode: number }) => errorCode };
    const second = await world.until(cluster.request(HEARTBEAT, BEAT, { to, retry }));
    assert.equal(second.errorCode, 0);
    await cluster.close();
  });

  it('asks leaders together, and again those that have moved', async () => {
    const world = new ClientWorld(1);
    const addresses = ['one:9092', 'two:9092'];
    let leaders = [1, 2, 1];
    for (const [index, address] of addresses.entries()) {
      const broker = new ScriptedBroker(() =>
        metadataOf(addresses, [{ name: 't', leaders, epoch: leaders[2]! }]),
      );
      broker.serve(
        listOffsetsRequest.apiKey,
        [1, 7],
        (request: { topics: { partitions: { partitionIndex: number }[] }[] }) => {
          const partitions = request.topics[0]!.partitions.map(({ partitionIndex }) => {
            const isMoved = partitionIndex === 2 && index === 0;
            if (isMoved) leaders = [1, 2, 2];
            return { partitionIndex, errorCode: isMoved ? 6 : 0, offset: 10 + partitionIndex };
          });
          return { topics: [{ name: 't', partitions }] };
        },
      );
      world.network.place(address, broker);
    }
    const cluster = new Cluster(world.settings(), world.ports);
    const found = await world.until(
      new OffsetsAdmin(cluster).list([2, 0, 1].map((partition) => ({ topic: 't', partition, at: 'latest' }))),
    );
    assert.deepEqual(
      found.map(({ offset }) => offset),
      [12, 10, 11],
    );
    await cluster.close();
    assert.equal(world.time.pendingCount, 0);
  });

  it('asks a leader for a partition once per request, however often it is asked about', async () => {
    const world = new ClientWorld(1);
    const broker = new ScriptedBroker(() => metadataOf(['one:9092'], [{ name: 't', leaders: [1, 1] }]));
    broker.serve(
      listOffsetsRequest.apiKey,
      [1, 7],
      (request: { topics: { partitions: { partitionIndex: number; timestamp: number }[] }[] }) => {
        const { partitions } = request.topics[0]!;
        const isRepeated = new Set(partitions.map((each) => each.partitionIndex)).size < partitions.length;
        const found = partitions.map(({ partitionIndex, timestamp }) => ({
          ...{ partitionIndex, errorCode: isRepeated ? 42 : 0 },
          offset: timestamp === -2 ? 0 : 10 + partitionIndex,
        }));
        return { topics: [{ name: 't', partitions: found }] };
      },
    );
    world.network.place('one:9092', broker);
    const cluster = new Cluster(world.settings(), world.ports);
    const found = await world.until(
      new OffsetsAdmin(cluster).list([
        { topic: 't', partition: 0, at: 'earliest' },
        { topic: 't', partition: 0, at: 'latest' },
        { topic: 't', partition: 1, at: 'latest' },
      ]),
    );
    assert.deepEqual(
      found.map(({ offset }) => offset),
      [0, 10, 11],
    );
    await cluster.close();
  });

  it('rejects what is under way when it is closed', async () => {
    const world = new ClientWorld(1);
    const broker = new ScriptedBroker(() => metadataOf(['one:9092']));
    world.network.place('one:9092', broker);
    world.network.place('gone:9092', 'silent');
    for (const brokers of ['one:9092', 'gone:9092', 'refused:1']) {
      broker.answers.set(3, () => undefined);
      const cluster = new Cluster(world.settings({ brokers }), world.ports);
      const requests = [
        cluster.request(METADATA, NO_TOPICS, { to: 'any', retry: {} }),
        cluster.request(METADATA, NO_TOPICS, { to: 'controller' }),
        cluster.request(HEARTBEAT, BEAT, { to: { coordinatorOf: 'group', key: 'g' }, retry: {} }),
        cluster.refresh({ topics: 'all', reason: 'test' }),
      ].map((request) =>
        request.then(
          () => 'done',
          (error: KafkaError) => error.code,
        ),
      );
      await settled();
      await cluster.close();
      await settled();
      for (const request of requests)
        assert.match(await request, /^(CLOSED|CONNECTION_FAILED|NO_BROKER_REACHABLE|UNSUPPORTED_VERSION)$/);
      await assert.rejects(cluster.request(METADATA, NO_TOPICS, { to: 'any' }), { code: 'CLOSED' });
      await cluster.close();
      await settled();
      assert.equal(world.time.pendingCount, 0, brokers);
      assert.equal(world.network.connections.size, 0, brokers);
    }
  });

  it('closes connections that nobody uses', async () => {
    const world = new ClientWorld(1);
    world.network.place('one:9092', new ScriptedBroker(() => metadataOf(['one:9092'])));
    const cluster = new Cluster(world.settings({ connectionsMaxIdleMs: 1_000 }), world.ports);
    await world.until(cluster.request(METADATA, NO_TOPICS, { to: { brokerId: 1 } }));
    assert.equal(world.network.connections.size, 1, 'the address of the start is that of the broker');
    await world.time.advance(3_000);
    assert.equal(world.network.connections.size, 0);
    await world.until(cluster.request(METADATA, NO_TOPICS, { to: { brokerId: 1 } }));
    await cluster.close();
  });
});
