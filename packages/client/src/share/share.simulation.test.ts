// Members of a share group, and a broker that keeps their locks as brokers do, with connections that end, answers that get lost, locks that run out and handlers
// that fail at random: what was accepted is never given again, and all is accepted at last.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ErrorCode,
  encodeBatch,
  type ShareAcknowledgeRequest,
  type ShareFetchRequest,
  shareAcknowledgeRequest,
  shareFetchRequest,
} from '@moldau/protocol';
import { seedsOf } from '@moldau/testing';
import type { MemoryConnection } from '../network/testing-network.ts';
import { Acknowledgement } from './acknowledgements.ts';
import type { ShareRecord } from './share-record.ts';
import { ShareWorld, TOPIC_ID } from './testing-share.ts';

const LOCK_MS = 5_000;
const RECORDS = 200;
const WORLDS = 8;

interface Lock {
  readonly memberId: string;
  readonly untilMs: number;
}

/** One share partition, and the sessions with its leader. */
class Leader {
  readonly share: ShareWorld;
  readonly done = new Map<number, number>();
  readonly deliveries = new Array<number>(RECORDS).fill(0);
  /** Fetches that wait for records, some of nobody who is still there. */
  waitingCount = 0;
  readonly #locks = new Map<number, Lock>();
  readonly #sessions = new Map<string, { epoch: number; connection: MemoryConnection }>();

  constructor(share: ShareWorld) {
    this.share = share;
    const [broker] = share.brokers;
    broker!.serve(shareFetchRequest.apiKey, [1, 2], this.#fetch);
    broker!.serve(shareAcknowledgeRequest.apiKey, [1, 2], this.#acknowledge);
  }

  get #nowMs(): number {
    return this.share.world.time.monotonicMs();
  }

  readonly #fetch = async (request: ShareFetchRequest, _: number, connection: MemoryConnection) => {
    const errorCode = this.#enter(request, connection);
    const acknowledged = errorCode === ErrorCode.NONE ? this.#note(request) : ErrorCode.NONE;
    let acquired = errorCode === ErrorCode.NONE ? this.#acquire(request) : [];
    if (errorCode === ErrorCode.NONE && acquired.length === 0) {
      this.waitingCount++;
      await new Promise<void>((resolve) => this.share.world.time.after(request.maxWaitMs, resolve));
      this.waitingCount--;
      if (this.share.world.network.connections.has(connection)) acquired = this.#acquire(request);
    }
    const [first = 0] = acquired;
    const partition = {
      ...{ partitionIndex: 0, errorCode: 0, acknowledgeErrorCode: acknowledged },
      currentLeader: { leaderId: -1, leaderEpoch: -1 },
      records:
        acquired.length === 0
          ? Buffer.alloc(0)
          : encodeBatch({
              baseOffset: first,
              records: acquired.map((offset) => ({
                ...{ timestamp: 1, key: null, value: Buffer.from(`${offset}`), offsetDelta: offset - first },
              })),
            }),
      acquiredRecords: acquired.map((offset) => ({
        ...{ firstOffset: offset, lastOffset: offset, deliveryCount: this.deliveries[offset]! },
      })),
    };
    const responses = errorCode === ErrorCode.NONE ? [{ topicId: TOPIC_ID, partitions: [partition] }] : [];
    return { errorCode, acquisitionLockTimeoutMs: LOCK_MS, nodeEndpoints: [], responses };
  };

  readonly #acknowledge = (request: ShareAcknowledgeRequest, _: number, connection: MemoryConnection) => {
    const errorCode = this.#enter(request, connection);
    const partition = {
      ...{ partitionIndex: 0, currentLeader: { leaderId: -1, leaderEpoch: -1 } },
      errorCode: errorCode === ErrorCode.NONE ? this.#note(request) : ErrorCode.NONE,
    };
    if (request.shareSessionEpoch === -1) this.#end(request.memberId!);
    const responses = errorCode === ErrorCode.NONE ? [{ topicId: TOPIC_ID, partitions: [partition] }] : [];
    return { errorCode, acquisitionLockTimeoutMs: LOCK_MS, nodeEndpoints: [], responses };
  };

  #enter(
    { memberId, shareSessionEpoch }: { memberId: string | null; shareSessionEpoch: number },
    connection: MemoryConnection,
  ): number {
    for (const [id, session] of this.#sessions)
      if (!this.share.world.network.connections.has(session.connection)) this.#end(id);
    const session = this.#sessions.get(memberId!);
    if (shareSessionEpoch === 0) {
      this.#end(memberId!);
      this.#sessions.set(memberId!, { epoch: 1, connection });
      return ErrorCode.NONE;
    }
    if (session === undefined) return ErrorCode.SHARE_SESSION_NOT_FOUND;
    if (shareSessionEpoch === -1) return ErrorCode.NONE;
    if (session.epoch !== shareSessionEpoch) return ErrorCode.INVALID_SHARE_SESSION_EPOCH;
    session.epoch++;
    return ErrorCode.NONE;
  }

  /** What it had locked is free for others. */
  #end(memberId: string): void {
    this.#sessions.delete(memberId);
    for (const [offset, lock] of this.#locks) if (lock.memberId === memberId) this.#locks.delete(offset);
  }

  #acquire({ memberId, maxRecords }: ShareFetchRequest): number[] {
    const acquired: number[] = [];
    for (let offset = 0; offset < RECORDS && acquired.length < maxRecords; offset++) {
      const lock = this.#locks.get(offset);
      if (this.done.has(offset) || (lock !== undefined && lock.untilMs > this.#nowMs)) continue;
      this.#locks.set(offset, { memberId: memberId!, untilMs: this.#nowMs + LOCK_MS });
      this.deliveries[offset]!++;
      acquired.push(offset);
    }
    return acquired;
  }

  #note({ memberId, topics }: Pick<ShareFetchRequest, 'memberId' | 'topics'>): number {
    const batches = topics.flatMap(({ partitions }) =>
      partitions.flatMap((each) => each.acknowledgementBatches),
    );
    let errorCode: number = ErrorCode.NONE;
    for (const { firstOffset, lastOffset, acknowledgeTypes } of batches) {
      for (let offset = firstOffset; offset <= lastOffset; offset++) {
        const lock = this.#locks.get(offset);
        if (lock?.memberId !== memberId || lock.untilMs <= this.#nowMs) {
          errorCode = ErrorCode.INVALID_RECORD_STATE;
          continue;
        }
        const [type] = acknowledgeTypes;
        if (type === Acknowledgement.renew) {
          this.#locks.set(offset, { ...lock, untilMs: this.#nowMs + LOCK_MS });
          continue;
        }
        this.#locks.delete(offset);
        if (type === Acknowledgement.accept) this.done.set(offset, this.#nowMs);
      }
    }
    return errorCode;
  }
}

async function simulate(seed: number): Promise<void> {
  const share = new ShareWorld(seed);
  const { world } = share;
  const { random, time } = world;
  const leader = new Leader(share);
  const stop = new AbortController();
  const inHand = new Map<number, ShareRecord>();
  const wrong: unknown[] = [];
  const runs = Array.from({ length: 3 }, async () => {
    const consumer = share.consumer({ signal: stop.signal, onAcknowledgeFailed() {} });
    await consumer.subscribe('things').run({
      concurrency: 1 + random.below(8),
      renew: random.chance(0.5),
      onFailed(error) {
        if (error instanceof assert.AssertionError) wrong.push(error);
      },
      async handler(record) {
        assert.ok(!leader.done.has(record.offset), `${record.offset} was given again`);
        assert.equal(record.valueBytes!.toString(), `${record.offset}`);
        // A lock may be lost while its record is in hand.
        const isElsewhere = inHand.get(record.offset)?.isLocked === true;
        assert.ok(!isElsewhere, `${record.offset} is in two hands`);
        inHand.set(record.offset, record);
        const workMs = random.chance(0.05) ? random.below(3 * LOCK_MS) : random.below(20);
        await new Promise<void>((resolve) => time.after(workMs, resolve));
        if (inHand.get(record.offset) === record) inHand.delete(record.offset);
        if (random.chance(0.1)) throw new Error('not this time');
      },
    });
    await consumer.close();
  });
  const all = Promise.all(runs);
  all.catch(() => {});
  for (let steps = 0; leader.done.size < RECORDS; steps++) {
    assert.deepEqual(wrong, []);
    assert.ok(steps < 3_000, `only ${leader.done.size} are done after ${time.monotonicMs()} ms`);
    await time.advance(random.below(200));
    if (steps < 300 && random.chance(0.03))
      for (const connection of [...world.network.connections]) if (random.chance(0.5)) connection.destroy();
  }
  stop.abort();
  await world.until(all);
  assert.equal(time.pendingCount, leader.waitingCount, 'timers are left');
  assert.equal(world.network.connections.size, 0, 'connections are left');
}

/** What was said of a lock, and its renewal, were sent when it had run out, and counted for the next one. */
const FOUND = [2498449316, 70411];

describe('members of a share group, whatever happens', () => {
  for (const seed of seedsOf(WORLDS, FOUND)) {
    it(`have each record accepted once (seed ${seed})`, () => simulate(seed));
  }
});
