// Who is asked, and whether the log is still the one that was read: sessions, leaders, replicas, epochs, topics made anew, lost connections.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, fetchRequest, metadataRequest } from '@moldau/protocol';
import { SeededRandom, seedOf } from '@moldau/testing';
import { OffsetOutOfRangeError, TruncationError } from '../../errors/consumer-errors.ts';
import { LogCluster, TOPIC, TOPIC_ID } from './testing-logs.ts';

const tp = (partition = 0) => ({ topic: TOPIC, partition });
const range = (from: number, to: number, partition = 0): string[] =>
  Array.from({ length: to - from }, (_, index) => `${partition}:${from + index}`);

describe('a fetch session', () => {
  it('tells only what has changed, and forgets what is not wanted', async () => {
    const logs = new LogCluster(1, { partitions: 3 });
    logs.append(5);
    const client = logs.client();
    client.fetcher.assign([tp(0), tp(1), tp(2)]);
    await client.take();
    await logs.world.time.advance(1_200);
    const { fetches } = logs.broker;
    const asked = (index: number): number[] =>
      fetches[index]!.request.topics.flatMap(({ partitions }) =>
        partitions.map(({ partition }) => partition),
      );
    assert.deepEqual(asked(0), [0, 1, 2]);
    assert.deepEqual(asked(1), [0], 'only its offset has changed');
    assert.deepEqual(asked(2), []);
    const epochs = fetches.map(({ request }) => request.sessionEpoch);
    assert.deepEqual(epochs, [...epochs.keys()]);
    client.fetcher.pause([tp(1)]);
    await logs.world.time.advance(600);
    const [forgotten] = fetches.flatMap(({ request }) => request.forgottenTopicsData);
    assert.deepEqual(forgotten, { topic: '', topicId: TOPIC_ID, partitions: [1] });
    await client.close();
  });

  it('begins anew when the broker has lost it, or refuses it', async () => {
    for (const errorCode of [
      ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
      ErrorCode.INVALID_FETCH_SESSION_EPOCH,
      ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
    ]) {
      const logs = new LogCluster(2);
      logs.append(1);
      const client = logs.client();
      client.fetcher.assign([tp()]);
      assert.deepEqual(await client.take(), ['0:0']);
      let refusals = 1;
      logs.broker.refuse = ({ sessionEpoch }) => (sessionEpoch > 0 && refusals-- > 0 ? errorCode : 0);
      logs.append(1);
      assert.deepEqual(await client.take(), ['0:1']);
      logs.append(1);
      assert.deepEqual(await client.take(), ['0:2']);
      const [lost, again] = logs.broker.fetches.slice(2).map(({ request }) => request);
      assert.ok(lost!.sessionEpoch > 0);
      const isForgotten = errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
      assert.deepEqual([again!.sessionEpoch, again!.sessionId], [0, isForgotten ? 0 : lost!.sessionId]);
      await client.close();
    }
  });

  it('does without when the broker has no room for it', async () => {
    const logs = new LogCluster(3);
    logs.broker.sessionsLeft = 0;
    const client = logs.client();
    client.fetcher.assign([tp()]);
    for (let offset = 0; offset < 5; offset++) {
      logs.append(1);
      assert.deepEqual(await client.take(), [`0:${offset}`]);
    }
    for (const { request } of logs.broker.fetches) assert.equal(request.sessionEpoch, 0);
    await client.close();
  });

  it('is of names with brokers that know no ids, and none with those that know no sessions', async () => {
    for (const [maxVersion, epochs] of [
      [12, [0, 1]],
      [6, [-1, -1]],
      [4, [-1, -1]],
    ] as const) {
      const logs = new LogCluster(4);
      logs.broker.versions.set(fetchRequest.apiKey, [0, maxVersion]);
      logs.append(3);
      const client = logs.client();
      client.fetcher.assign([tp()]);
      assert.deepEqual(await client.take(), range(0, 3));
      logs.append(1);
      assert.deepEqual(await client.take(), ['0:3']);
      const [first, second] = logs.broker.fetches;
      assert.deepEqual([first!.version, first!.request.topics[0]!.topic], [maxVersion, TOPIC]);
      assert.deepEqual([first!.request.sessionEpoch, second!.request.sessionEpoch], epochs);
      await client.close();
    }
  });

  it('is of names while a topic has no id', async () => {
    const logs = new LogCluster(5);
    logs.topics.get(TOPIC)!.id = 'AAAAAAAAAAAAAAAAAAAAAA';
    logs.append(1);
    const client = logs.client();
    client.fetcher.assign([tp()]);
    assert.deepEqual(await client.take(), ['0:0']);
    assert.equal(logs.broker.fetches[0]!.version, 12);
    await client.close();
  });
});

describe('a fetcher follows leaders', () => {
  it('at once when the broker that was asked tells the new one', async () => {
    const logs = new LogCluster(6, { brokers: 2 });
    logs.append(2);
    const client = logs.client();
    client.fetcher.assign([tp()]);
    assert.deepEqual(await client.take(), range(0, 2));
    const metadataCount = (): number =>
      logs.brokers
        .flatMap(({ received }) => received)
        .filter((each) => each.startsWith(`${metadataRequest.apiKey}/`)).length;
    const before = metadataCount();
    logs.leaders[0] = 2;
    logs.epoch = 2;
    logs.broker.endpoints = [{ nodeId: 2, host: 'b2', port: 9092, rack: null }];
    logs.broker.script = () => ({
      errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
      currentLeader: { leaderId: 2, leaderEpoch: 2 },
    });
    logs.append(2);
    assert.deepEqual(await client.take(), range(2, 4));
    assert.equal(metadataCount(), before);
    assert.equal(logs.brokers[1]!.fetches[0]!.request.topics[0]!.partitions[0]!.currentLeaderEpoch, 2);
    await client.close();
  });

  it('by asking for metadata when the broker does not', async () => {
    const logs = new LogCluster(7, { brokers: 2 });
    const client = logs.client();
    client.fetcher.assign([tp()]);
    const taken = client.take();
    await logs.world.time.advance(700);
    logs.leaders[0] = 2;
    logs.epoch = 2;
    logs.append(2);
    assert.deepEqual(await taken, range(0, 2));
    await client.close();
  });

  it('to the replica that the leader prefers, and back when that lacks the offset or is gone', async () => {
    const logs = new LogCluster(8, { brokers: 2 });
    logs.append(1);
    const client = logs.client({ rack: 'r1' });
    const [leader, replica] = logs.brokers as [(typeof logs.brokers)[0], (typeof logs.brokers)[0]];
    leader.script = () => ({ preferredReadReplica: 2 });
    let isLagging = false;
    replica.script = ({ fetchOffset }) => {
      if (isLagging) return { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE };
      const records = logs.log().read(fetchOffset, 1_000, true);
      return records.length > 0 ? { records, highWatermark: logs.log().endOffset } : undefined;
    };
    client.fetcher.assign([tp()]);
    const first = await client.records();
    assert.deepEqual(
      first.map(({ offset, brokerId }) => ({ offset, brokerId })),
      [{ offset: 0, brokerId: 2 }],
    );
    assert.equal(leader.fetches[0]!.request.rackId, 'r1');
    assert.equal(replica.fetches.length > 0, true);
    isLagging = true;
    leader.script = undefined;
    logs.append(1);
    const [next] = await client.records();
    assert.deepEqual([next?.offset, next?.brokerId], [1, 1]);
    leader.script = () => ({ preferredReadReplica: 2 });
    isLagging = false;
    logs.append(1);
    assert.deepEqual(await client.take(), ['0:2']);
    leader.script = undefined;
    logs.world.network.remove('b2:9092');
    logs.append(1);
    assert.deepEqual(await client.take(), ['0:3']);
    await client.close();
  });
});

describe('a fetcher whose log was cut back', () => {
  const elect = async (logs: LogCluster): Promise<void> => {
    logs.epoch++;
    logs.broker.script = () => ({
      errorCode: ErrorCode.FENCED_LEADER_EPOCH,
      currentLeader: { leaderId: 1, leaderEpoch: logs.epoch },
    });
    logs.tell();
    await logs.world.time.advance(10);
    logs.broker.script = undefined;
  };

  it('asks after each election, and goes on when nothing is lost', async () => {
    const logs = new LogCluster(9);
    logs.append(5);
    const client = logs.client();
    client.fetcher.assign([tp()]);
    assert.deepEqual(await client.take(), range(0, 5));
    await elect(logs);
    logs.append(2);
    assert.deepEqual(await client.take(), range(5, 7));
    const [asked] = logs.broker.validations;
    assert.deepEqual(asked!.topics[0]!.partitions[0], {
      partition: 0,
      currentLeaderEpoch: 2,
      leaderEpoch: 1,
    });
    await client.close();
  });

  for (const how of ['after an election', 'by a fetch', 'before the first fetch'] as const) {
    const cutBack = async (autoOffsetReset: 'latest' | 'none') => {
      const logs = new LogCluster(10);
      logs.append(5);
      const client = logs.client({ autoOffsetReset });
      const position = { offset: 0 };
      if (how !== 'before the first fetch') {
        client.fetcher.assign([{ ...tp(), position }]);
        assert.deepEqual(await client.take(), range(0, 5));
        logs.append(5);
        assert.deepEqual(await client.take(), range(5, 10));
      }
      logs.log().cutBack(5);
      if (how === 'after an election') await elect(logs);
      else logs.epoch = 2;
      logs.append(2);
      if (how === 'before the first fetch')
        client.fetcher.assign([{ ...tp(), position: { offset: 10, leaderEpoch: 1 } }]);
      return { logs, client };
    };

    it(`goes back to where it differs, noticed ${how}`, async () => {
      const { client } = await cutBack('latest');
      assert.deepEqual(await client.take(), range(5, 7));
      await client.close();
    });

    it(`says so when autoOffsetReset is 'none', noticed ${how}`, async () => {
      const { client } = await cutBack('none');
      const error = await client.error();
      assert.ok(error instanceof TruncationError, String(error));
      assert.deepEqual([error.offset, error.divergentOffset, error.code], [10, 5, 'LOG_TRUNCATED']);
      client.fetcher.seek(tp(), { offset: error.divergentOffset! });
      assert.deepEqual(await client.take(), range(5, 7));
      await client.close();
    });
  }
});

describe('a topic that is made anew', () => {
  const madeAnew = async (autoOffsetReset: 'latest' | 'none') => {
    const logs = new LogCluster(11);
    logs.append(5);
    const client = logs.client({ autoOffsetReset });
    client.fetcher.assign([{ ...tp(), position: { offset: 0 } }]);
    assert.deepEqual(await client.take(), range(0, 5));
    logs.make(TOPIC, 'AAAAAAAAAAAAAAAAAAAAAw');
    logs.append(9);
    return { logs, client };
  };

  it('is read from its beginning', async () => {
    const { client } = await madeAnew('latest');
    assert.deepEqual(await client.take(), range(0, 9));
    await client.close();
  });

  it("is an error when autoOffsetReset is 'none'", async () => {
    const { client } = await madeAnew('none');
    const error = await client.error();
    assert.ok(error instanceof OffsetOutOfRangeError);
    assert.match(error.message, /offset 5 cannot be read: the topic was deleted, and another was made/);
    await client.close();
  });
});

describe('a fetcher whose connections are cut', () => {
  it('gives every record once and in order, whatever happens', async () => {
    const seed = seedOf();
    console.log(`seed ${seed}: repeat with SEED=${seed}`);
    for (let round = 0; round < 25; round++) {
      const random = new SeededRandom(seed + round);
      const logs = new LogCluster(seed + round, { brokers: 2, partitions: 4 });
      const client = logs.client({ partitionMaxBytes: 2_000, maxBufferedBytes: 6_000 });
      client.fetcher.assign([0, 1, 2, 3].map(tp));
      const next = [0, 0, 0, 0];
      const misfortune = (): void => {
        const kind = random.below(6);
        if (kind === 0)
          logs.world.network.cut = {
            direction: random.pick(['requests', 'answers']),
            afterBytes: logs.world.network.passedBytes.answers + random.below(3_000),
          };
        else if (kind === 1) for (const connection of logs.world.network.connections) connection.destroy();
        else if (kind === 2) {
          logs.leaders[random.below(4)] = 1 + random.below(2);
          logs.epoch++;
        } else if (kind === 3) for (const { sessions } of logs.brokers) sessions.clear();
        else if (kind === 4) client.fetcher.pause([tp(random.below(4))]);
        else client.fetcher.resume([0, 1, 2, 3].map(tp));
      };
      for (let step = 0; step < 30; step++) {
        for (const partition of next.keys()) logs.append(random.below(30), { partition });
        if (random.chance(0.4)) misfortune();
        const taken = client.fetcher.take(1 + random.below(20));
        if (taken === undefined) await logs.world.time.advance(random.below(300));
        for (const { partition, offset } of taken?.records ?? [])
          assert.equal(offset, next[partition]!++, `SEED=${seed + round}`);
      }
      client.fetcher.resume([0, 1, 2, 3].map(tp));
      while (next.some((offset, partition) => offset < logs.log(partition).endOffset)) {
        for (const record of await client.take(500)) {
          const [partition, offset] = record.split(':').map(Number) as [number, number];
          assert.equal(offset, next[partition]!++, `SEED=${seed + round}`);
        }
      }
      await client.close();
      await logs.world.time.advance(10_000);
      assert.equal(logs.world.time.pendingCount, 0);
    }
  });
});
