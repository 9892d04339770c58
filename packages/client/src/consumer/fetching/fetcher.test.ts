import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, encodeBatch } from '@moldau/protocol';
import { settled } from '@moldau/testing';
import { CorruptRecordError, NoPositionError, OffsetOutOfRangeError } from '../../errors/consumer-errors.ts';
import { LogCluster, TOPIC } from './testing-logs.ts';

const tp = (partition = 0) => ({ topic: TOPIC, partition });
const range = (from: number, to: number, partition = 0): string[] =>
  Array.from({ length: to - from }, (_, index) => `${partition}:${from + index}`);

describe('a fetcher', () => {
  it('gives what is there, then what comes, and moves the position', async () => {
    const logs = new LogCluster(1);
    logs.append(10);
    const client = logs.client();
    client.fetcher.assign([tp()]);
    assert.equal(client.fetcher.position(tp()), undefined);
    assert.deepEqual(await client.take(4), range(0, 4));
    assert.deepEqual(client.fetcher.position(tp()), { offset: 4, leaderEpoch: 1 });
    assert.deepEqual(await client.take(), range(4, 10));
    const next = client.take();
    await settled();
    logs.append(2);
    assert.deepEqual(await next, range(10, 12));
    assert.deepEqual(client.fetcher.lagOf(tp()), {
      ...{ records: 0, highWatermark: 12, lastStableOffset: 12, logStartOffset: 0 },
    });
    await client.close();
    assert.equal(logs.world.network.connections.size, 0);
  });

  it('begins where it is told: at an offset, or where autoOffsetReset says', async () => {
    const logs = new LogCluster(2);
    const startMs = logs.world.time.wallMs();
    for (const ageMs of [3_000_000, 2_000_000, 1_000_000]) logs.append(10, { timestampMs: startMs - ageMs });
    const first = async (settings: Parameters<LogCluster['client']>[0], position?: { offset: number }) => {
      const client = logs.client(settings);
      client.fetcher.assign([{ ...tp(), position }]);
      const taken = client.take(1);
      await logs.world.time.advance(1_000);
      logs.append(1, { timestampMs: logs.world.time.wallMs() });
      const [record] = await taken;
      await client.close();
      return record;
    };
    assert.equal(await first({ autoOffsetReset: 'earliest' }), '0:0');
    assert.equal(await first({ autoOffsetReset: { durationMs: 2_500_000 } }), '0:10');
    assert.equal(await first({ autoOffsetReset: 'none' }, { offset: 5 }), '0:5');
    const end = logs.log().endOffset;
    assert.equal(await first({ autoOffsetReset: 'latest' }), `0:${end}`);
  });

  it('begins at the end when no record is as young as autoOffsetReset wants', async () => {
    const logs = new LogCluster(3);
    logs.append(10, { timestampMs: 1_000 });
    const client = logs.client({ autoOffsetReset: { durationMs: 5_000 } });
    client.fetcher.assign([tp()]);
    const taken = client.take();
    await logs.world.time.advance(500);
    logs.append(1);
    assert.deepEqual(await taken, ['0:10']);
    await client.close();
  });

  it('throws, and goes on when it is sought elsewhere, where there is no offset and none is to be chosen', async () => {
    const logs = new LogCluster(4, { partitions: 2 });
    logs.append(3);
    const client = logs.client({ autoOffsetReset: 'none' });
    client.fetcher.assign([tp(0), { ...tp(1), position: { offset: 7 } }]);
    const noPosition = await client.error();
    assert.ok(noPosition instanceof NoPositionError && noPosition.partition === 0);
    assert.equal(await client.error(), noPosition, 'thrown until it is sought elsewhere');
    await logs.world.time.advance(100);
    const outOfRange = [await client.error(), await client.error()].find(
      (error) => error instanceof OffsetOutOfRangeError,
    )!;
    assert.match(outOfRange.message, /^orders, partition 1: offset 7 cannot be read: .* seek to where/);
    client.fetcher.unassign([tp(1)]);
    client.fetcher.seek(tp(0), 'earliest');
    assert.deepEqual(await client.take(), range(0, 3));
    client.fetcher.seek(tp(0), { timestampMs: 0 });
    assert.deepEqual(await client.take(1), ['0:0']);
    assert.throws(() => client.fetcher.seek(tp(1), 'latest'), /Partition 1 of orders is not assigned/);
    await client.close();
  });

  it('begins anew where autoOffsetReset says when its offset is gone', async () => {
    const logs = new LogCluster(5);
    logs.append(5);
    logs.append(5);
    logs.log().startOffset = 5;
    const client = logs.client({ autoOffsetReset: 'earliest' });
    client.fetcher.assign([{ ...tp(), position: { offset: 2 } }]);
    assert.deepEqual(await client.take(), range(5, 10));
    await client.close();
  });

  it('gives partitions in turn', async () => {
    const logs = new LogCluster(6, { partitions: 3 });
    for (const partition of [0, 1, 2]) logs.append(20, { partition });
    const client = logs.client();
    client.fetcher.assign([tp(0), tp(1), tp(2)]);
    const order = [];
    for (let round = 0; round < 6; round++) order.push((await client.take(10))[0]!.split(':')[0]);
    assert.deepEqual([...new Set(order.slice(0, 3))].length, 3);
    assert.deepEqual(order.slice(0, 3), order.slice(3));
    await client.close();
  });

  it('keeps what a paused partition has, and asks for no more of it', async () => {
    const logs = new LogCluster(7, { partitions: 2 });
    logs.append(10);
    logs.append(10, { partition: 1 });
    const client = logs.client();
    client.fetcher.assign([tp(0), tp(1)]);
    await client.take(1);
    await client.take(1);
    client.fetcher.pause([tp(0)]);
    assert.deepEqual(client.fetcher.paused(), [tp(0)]);
    assert.deepEqual(await client.take(), range(1, 10, 1));
    const { fetches } = logs.broker;
    await logs.world.time.advance(2_000);
    const count = fetches.length;
    await logs.world.time.advance(600);
    assert.ok(fetches.length > count, 'the other is asked for');
    assert.ok(
      fetches
        .slice(count)
        .every(({ request }) =>
          request.topics.every(({ partitions }) => partitions.every(({ partition }) => partition === 1)),
        ),
    );
    assert.equal(client.fetcher.take(1), undefined);
    client.fetcher.resume([tp(0)]);
    assert.deepEqual(
      client.fetcher.take(100)?.records.map(({ offset }) => offset),
      range(1, 10).map((each) => Number(each.slice(2))),
    );
    await client.close();
  });

  it('drops what is buffered or on its way when it is sought elsewhere or unassigned', async () => {
    const logs = new LogCluster(8, { partitions: 2 });
    logs.append(10);
    logs.append(10, { partition: 1 });
    const client = logs.client();
    client.fetcher.assign([tp(0), tp(1)]);
    await client.take(1);
    client.fetcher.seek(tp(0), { offset: 8 });
    assert.deepEqual(client.fetcher.position(tp(0)), { offset: 8 });
    client.fetcher.unassign([tp(1)]);
    assert.deepEqual(await client.take(), range(8, 10));
    // The request that waits at the broker is for offset 10.
    client.fetcher.seek(tp(0), { offset: 3 });
    logs.append(1);
    assert.deepEqual(await client.take(), range(3, 11));
    assert.deepEqual(client.fetcher.assigned(), [tp(0)]);
    await client.close();
  });

  it('takes in partitions that are assigned while a request waits at the broker', async () => {
    const logs = new LogCluster(9, { partitions: 2 });
    logs.append(3, { partition: 1 });
    const client = logs.client();
    client.fetcher.assign([tp(0)]);
    await logs.world.time.advance(100);
    client.fetcher.assign([tp(0), tp(1)]);
    assert.deepEqual(await client.take(), range(0, 3, 1));
    await client.close();
  });

  it('says which records it cannot read, gives those of other partitions, and goes on behind them when told so', async () => {
    const logs = new LogCluster(10, { partitions: 2 });
    for (const partition of [0, 1]) for (let count = 0; count < 3; count++) logs.append(5, { partition });
    const damaged = logs.log(0).entries[1]!;
    damaged.bytes[70]! ^= 4;
    const client = logs.client();
    client.fetcher.assign([tp(0), tp(1)]);
    const taken: string[] = [];
    let error: unknown;
    while (taken.length < 20) {
      try {
        taken.push(...(await client.take()));
      } catch (thrown) {
        error = thrown;
        if (taken.length === 20) break;
      }
    }
    error ??= await client.error();
    assert.ok(error instanceof CorruptRecordError);
    assert.deepEqual([error.topic, error.partition, error.offset, error.nextOffset], [TOPIC, 0, 5, 10]);
    assert.equal(await client.error(), error, 'thrown until it is sought elsewhere');
    assert.deepEqual(client.fetcher.position(tp(0)), { offset: 5, leaderEpoch: 1 });
    client.fetcher.seek(tp(0), { offset: error.nextOffset });
    assert.deepEqual(await client.take(), range(10, 15));
    await client.close();
  });

  it('tells of a right that is missing, and goes on when it is granted', async () => {
    const logs = new LogCluster(11);
    logs.append(2);
    logs.broker.script = () => ({ errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED });
    const client = logs.client();
    client.fetcher.assign([tp()]);
    const { code, topic } = (await client.error()) as { code: string; topic: string };
    assert.deepEqual([code, topic], ['TOPIC_AUTHORIZATION_FAILED', TOPIC]);
    logs.broker.script = undefined;
    assert.deepEqual(await client.take(), range(0, 2));
    await client.close();
  });

  it('tells after a while that a topic is not there, and reads it when it is', async () => {
    const logs = new LogCluster(12);
    const client = logs.client({}, { apiTimeoutMs: 5_000 });
    client.fetcher.assign([{ topic: 'late', partition: 0 }]);
    const { code } = (await client.error()) as { code: string };
    assert.equal(code, 'UNKNOWN_TOPIC_OR_PARTITION');
    logs.make('late', 'AAAAAAAAAAAAAAAAAAAAAg');
    logs.log(0, 'late').append(2);
    assert.deepEqual(await client.take(), range(0, 2));
    await client.close();
  });

  it('asks for all of a record that is larger than what is asked for as a rule', async () => {
    const logs = new LogCluster(13);
    logs.broker.cutsOff = true;
    logs.append(1, { valueBytes: 300_000 });
    logs.append(1);
    const client = logs.client({
      partitionMaxBytes: 10_000,
      maxBufferedBytes: 50_000,
      fetchMaxBytes: 20_000,
    });
    client.fetcher.assign([tp()]);
    assert.deepEqual(await client.take(), ['0:0']);
    assert.deepEqual(await client.take(), ['0:1']);
    await client.close();
  });

  it('says so when a record is larger than it may take, and when it never comes whole', async () => {
    const logs = new LogCluster(14);
    logs.broker.cutsOff = true;
    logs.append(1, { valueBytes: 300_000 });
    const client = logs.client({ partitionMaxBytes: 10_000 }, { maxAnswerBytes: 100_000 });
    client.fetcher.assign([tp()]);
    assert.match(
      String(await client.error()),
      /claims 300\d+ bytes, more than maxAnswerBytes, 100000: raise/,
    );
    await client.close();
    logs.broker.script = () => ({ records: logs.log().entries[0]!.bytes.subarray(0, 100) });
    const other = logs.client();
    other.fetcher.assign([tp()]);
    assert.match(String(await other.error()), /the broker sends but a part of the next batch/);
    await other.close();
  });

  it('holds no more than maxBufferedBytes, and asks again when there is room', async () => {
    const logs = new LogCluster(15, { partitions: 4, brokers: 2 });
    for (const partition of [0, 1, 2, 3])
      for (let count = 0; count < 40; count++) logs.append(1, { partition, valueBytes: 10_000 });
    const client = logs.client({ partitionMaxBytes: 50_000, maxBufferedBytes: 200_000 });
    client.fetcher.assign([0, 1, 2, 3].map(tp));
    await logs.world.time.advance(5_000);
    const asked = (): number =>
      logs.brokers.flatMap(({ fetches }) => fetches).reduce((sum, { request }) => sum + request.maxBytes, 0);
    assert.ok(asked() <= 250_000, String(asked()));
    const seen = new Map<string, number>();
    for (let count = 0; count < 160; ) {
      for (const record of await client.take(3)) {
        const [partition, offset] = record.split(':') as [string, string];
        assert.equal(Number(offset), seen.get(partition) ?? 0);
        seen.set(partition, Number(offset) + 1);
        count++;
      }
    }
    await client.close();
  });

  it('lets go of what paused partitions hold when the others have no room', async () => {
    const logs = new LogCluster(16, { partitions: 2 });
    for (let count = 0; count < 10; count++) logs.append(1, { valueBytes: 10_000 });
    const client = logs.client({ partitionMaxBytes: 50_000, maxBufferedBytes: 60_000 });
    client.fetcher.assign([tp(0), tp(1)]);
    assert.deepEqual(await client.take(1), ['0:0']);
    client.fetcher.pause([tp(0)]);
    await logs.world.time.advance(2_000);
    logs.append(1, { partition: 1, valueBytes: 10_000 });
    assert.deepEqual(await client.take(), ['1:0']);
    client.fetcher.resume([tp(0)]);
    assert.deepEqual(await client.take(1), ['0:1']);
    await client.close();
  });

  it('does not let a partition without room wait behind others that have nothing new', async () => {
    const logs = new LogCluster(17, { partitions: 2 });
    for (let count = 0; count < 20; count++) logs.append(1, { valueBytes: 10_000 });
    const client = logs.client({ partitionMaxBytes: 20_000 });
    client.fetcher.assign([tp(0), tp(1)]);
    const startedMs = logs.world.time.monotonicMs();
    for (let count = 0; count < 20; ) count += (await client.take(1)).length;
    assert.ok(logs.world.time.monotonicMs() - startedMs < 400, 'no request waited at the broker');
    await client.close();
  });

  it('asks at once for a partition that got room while others were asked for', async () => {
    const logs = new LogCluster(20, { partitions: 2 });
    for (let count = 0; count < 100; count++) logs.append(1, { valueBytes: 10_000 });
    logs.broker.answerDelayMs = 10;
    const client = logs.client({ partitionMaxBytes: 20_000 });
    client.fetcher.assign([tp(0), tp(1)]);
    for (let count = 0; count < 100; count++) {
      const askedMs = logs.world.time.monotonicMs();
      await client.take(1);
      assert.ok(logs.world.time.monotonicMs() - askedMs < 100, `record ${count}`);
      await logs.world.time.advance(count % 40);
    }
    await client.close();
  });

  it('asks at once about what is new though nothing came for those that had room beside one that had none', async () => {
    for (const change of ['assign', 'seek', 'seek back', 'pause', 'unassign'] as const) {
      const logs = new LogCluster(21, { partitions: 3 });
      const { time } = logs.world;
      for (let count = 0; count < 10; count++) logs.append(1, { valueBytes: 10_000 });
      for (const partition of [1, 2]) logs.append(1, { partition });
      const client = logs.client({ partitionMaxBytes: 20_000 });
      client.fetcher.assign([tp(0), { ...tp(1), position: { offset: 1 } }]);
      await time.advance(600);
      if (change === 'assign') client.fetcher.assign([tp(2)]);
      else if (change === 'seek') client.fetcher.seek(tp(0), { offset: 5 });
      else if (change === 'seek back') client.fetcher.seek(tp(1), { offset: 0 });
      else {
        client.fetcher[change]([tp(0)]);
        await time.advance(0);
        logs.append(1, { partition: 1 });
      }
      await time.advance(50);
      const firsts = [client.fetcher.take(1), client.fetcher.take(1)].flatMap(
        (taken) => taken?.records ?? [],
      );
      const wanted = { assign: '2:0', seek: '0:5', 'seek back': '1:0', pause: '1:1', unassign: '1:1' }[
        change
      ];
      assert.ok(firsts.map(({ partition, offset }) => `${partition}:${offset}`).includes(wanted), change);
      await client.close();
    }
  });

  it('gives way to the event loop now and then', async () => {
    const logs = new LogCluster(18);
    for (let count = 0; count < 30; count++) logs.append(1_000);
    const client = logs.client();
    client.fetcher.assign([tp()]);
    await client.take(1);
    let taken = 0;
    for (let more = client.fetcher.take(1_000); more !== undefined; more = client.fetcher.take(1_000))
      taken += more.records.length;
    assert.ok(taken >= 8_000 && taken < 10_000, String(taken));
    await client.fetcher.whenReady();
    assert.equal(client.fetcher.take(1_000)?.records.length, 1_000);
    await client.close();
  });

  it('skips what was aborted, and what brokers write for themselves, when it reads what is committed', async () => {
    const logs = new LogCluster(19);
    const log = logs.log();
    const records = [{ timestamp: 1, key: null, value: null }];
    for (const producerId of [7, 8]) {
      const fields = { baseOffset: log.endOffset, producerId, isTransactional: true };
      log.append(1);
      log.entries.at(-1)!.bytes = encodeBatch({ records, ...fields });
    }
    log.abortedTransactions = [{ producerId: 7, firstOffset: 0 }];
    const client = logs.client({ isolation: 'read-committed' });
    client.fetcher.assign([tp()]);
    assert.deepEqual(await client.take(), ['0:1']);
    assert.equal(logs.broker.fetches[0]!.request.isolationLevel, 1);
    await client.close();
  });

  it('ends all waiting when it is closed or the signal says so, and leaves no timer', async () => {
    const logs = new LogCluster(20);
    const client = logs.client();
    client.fetcher.assign([tp()]);
    const abort = new AbortController();
    const aborted = client.fetcher.whenReady(abort.signal);
    const closed = client.fetcher.whenReady();
    await logs.world.time.advance(50);
    abort.abort(new Error('enough'));
    await assert.rejects(aborted, /enough/);
    const { sessions } = logs.broker;
    assert.equal(sessions.size, 1);
    void client.close();
    await assert.rejects(closed, { code: 'CLOSED' });
    assert.throws(() => client.fetcher.take(1), { code: 'CLOSED' });
    await settled();
    logs.tell();
    await logs.world.time.advance(1_000);
    assert.equal(logs.world.time.pendingCount, 0);
    assert.equal(logs.world.network.connections.size, 0);
  });
});
