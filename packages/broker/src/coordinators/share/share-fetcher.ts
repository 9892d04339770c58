// Reads share partitions for one ShareFetch, gives the member what it may have, and waits until there is enough.
//
// Invariants: a share partition is read for one fetch at a time; a member is given a record only if its answer holds the
// record; no bytes are copied but whole batches of the log left out.

import type { Clock, Timers } from '@moldau/io';
import { batches, ErrorCode, KafkaError, type RecordBatch, readMarker } from '@moldau/protocol';
import type { Partition } from '../../replication/partition.ts';
import { Wait } from '../../replication/waits.ts';
import { toKafkaError } from '../runtime/coordinator-errors.ts';
import type { AcquiredRange } from './share-acquisition.ts';
import type { ShareConfig } from './share-config.ts';
import { SharePartitionLeader } from './share-partition-leader.ts';
import type { SharePartitions } from './share-partitions.ts';
import type { ShareSessionView, TopicPartition } from './share-sessions.ts';

export interface ShareFetchRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly partitions: readonly TopicPartition[];
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly batchSize: number;
  readonly isRecordLimit: boolean;
  /** How many partitions to pass over at first, so that every one gets its turn. */
  readonly rotation: number;
}

export interface SharePart extends TopicPartition {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly chunks: readonly Buffer[];
  readonly acquired: readonly AcquiredRange[];
}

interface Read {
  readonly leader: SharePartitionLeader;
  readonly fetchOffset: number;
  readonly batches: readonly RecordBatch[];
  readonly abortedBatches: readonly RecordBatch[];
  readonly sizeBytes: number;
  readonly error: KafkaError | undefined;
}

/** The member's session: what is acquired for a closed one would never be released. */
type OpenSession = Pick<ShareSessionView, 'isOpen' | 'onClosed'>;

export interface ShareFetcherOptions {
  readonly sharePartitions: SharePartitions;
  readonly config: ShareConfig;
  readonly clock: Clock;
  readonly timers: Timers;
}

const NO_CHUNKS: readonly Buffer[] = [];

export class ShareFetcher {
  readonly #options: ShareFetcherOptions;
  readonly #waits = new Set<Wait>();
  #isStopping = false;

  constructor(options: ShareFetcherOptions) {
    this.#options = options;
  }

  /** The parts of partitions that were read, or have errors. */
  async fetch(request: ShareFetchRequest, session: OpenSession): Promise<SharePart[]> {
    if (request.partitions.length === 0 || request.maxRecords <= 0 || request.maxBytes <= 0) return [];
    const { clock, timers } = this.#options;
    const deadlineMs = clock.monotonicMs() + request.maxWaitMs;
    const { leaders, failed } = await this.#leaders(request);
    if (leaders.length === 0) return failed;
    for (;;) {
      const remainingMs = deadlineMs - clock.monotonicMs();
      // Hung up before reading: what comes meanwhile must not be missed.
      const wait = new Wait(0);
      for (const { waits, partition } of leaders) {
        wait.hangOn(waits);
        wait.hangOn(partition.waits);
      }
      const woken = wait.done(timers, Math.max(0, remainingMs));
      const forget = session.onClosed(() => wait.end());
      this.#waits.add(wait);
      try {
        const mustAnswer = remainingMs <= 0 || this.#isStopping || failed.length > 0;
        const parts = await this.#tryOnce(request, leaders, { mustAnswer, session, wait });
        if (parts !== undefined) return [...parts, ...failed];
        await woken;
      } finally {
        forget();
        wait.end();
        this.#waits.delete(wait);
      }
    }
  }

  /** Answers whoever waits with what there is, now and from now on. */
  stop(): void {
    this.#isStopping = true;
    for (const wait of this.#waits) wait.end();
  }

  /** In the order in which they are to be read. */
  async #leaders({ groupId, partitions, rotation }: ShareFetchRequest) {
    const start = rotation % partitions.length;
    const rotated = [...partitions.slice(start), ...partitions.slice(0, start)];
    const found = await Promise.all(rotated.map((partition) => this.#leader(groupId, partition)));
    return {
      leaders: found.flatMap((each) => (each instanceof SharePartitionLeader ? [each] : [])),
      failed: found.flatMap((each) => (each instanceof SharePartitionLeader ? [] : [each])),
    };
  }

  async #leader(groupId: string, partition: TopicPartition): Promise<SharePartitionLeader | SharePart> {
    let leader: SharePartitionLeader | undefined;
    try {
      leader = this.#options.sharePartitions.leader(groupId, partition);
      if (leader.state === undefined) await leader.load();
      return leader;
    } catch (error) {
      leader?.fence();
      return failedPart(partition, toKafkaError(error));
    }
  }

  /** undefined when there is not enough yet, and it may still come. */
  async #tryOnce(
    request: ShareFetchRequest,
    leaders: readonly SharePartitionLeader[],
    { mustAnswer, session, wait }: { mustAnswer: boolean; session: OpenSession; wait: Wait },
  ): Promise<SharePart[] | undefined> {
    if (!session.isOpen()) return [];
    const fenced = leaders.filter(({ isFenced }) => isFenced);
    if (fenced.length > 0) {
      return fenced.map(({ key }) => failedPart(key, new KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER)));
    }
    for (const leader of leaders) if (leader.isFetching) leader.isWanted = true;
    const ready = leaders.filter(({ isFetching, state }) => !isFetching && state?.canAcquire() === true);
    if (ready.length === 0) return mustAnswer ? [] : undefined;
    for (const leader of ready) leader.isFetching = true;
    try {
      const maxBytes = Math.max(1, Math.floor(request.maxBytes / ready.length));
      const reads = await Promise.all(ready.map((leader) => this.#read(request.groupId, leader, maxBytes)));
      const sizeBytes = reads.reduce((sum, read) => sum + read.sizeBytes, 0);
      if (!session.isOpen()) return [];
      if (!mustAnswer && sizeBytes < request.minBytes && reads.every(({ error }) => error === undefined))
        return undefined;
      return this.#acquireAll(request, reads);
    } finally {
      for (const leader of ready) {
        leader.isFetching = false;
        if (!leader.isWanted) continue;
        leader.isWanted = false;
        leader.wake(wait);
      }
    }
  }

  async #read(groupId: string, leader: SharePartitionLeader, maxBytes: number): Promise<Read> {
    const { partition, state } = leader;
    const { isReadCommitted } = this.#options.config.of(groupId);
    const fetchOffset = state?.nextFetchOffset() ?? 0;
    const nothing = { leader, fetchOffset, batches: [], abortedBatches: [], sizeBytes: 0, error: undefined };
    try {
      const upToOffset = isReadCommitted ? partition.lastStableOffset : partition.highWatermark;
      if (fetchOffset === upToOffset) return nothing;
      const read = await partition.log.read(fetchOffset, { maxBytes, minOneBatch: true, upToOffset });
      const found = read.chunks.flatMap((chunk) => [...batches(chunk)]);
      const abortedBatches = isReadCommitted ? await abortedAmong(partition, found) : [];
      return { ...nothing, batches: found, abortedBatches, sizeBytes: read.sizeBytes };
    } catch (error) {
      return { ...nothing, error: toKafkaError(error) };
    }
  }

  #acquireAll(request: ShareFetchRequest, reads: readonly Read[]): SharePart[] {
    const { memberId, batchSize, isRecordLimit } = request;
    const nowMs = this.#options.clock.monotonicMs();
    let { maxRecords } = request;
    return reads.map((read) => {
      const { leader, fetchOffset, abortedBatches, error } = read;
      if (error !== undefined) return afterError(leader, error);
      const given = leader.state?.acquire({
        ...{ memberId, nowMs, fetchOffset, batches: read.batches, abortedBatches },
        ...{ maxRecords, batchSize, isRecordLimit },
      });
      leader.planExpiry();
      maxRecords -= given?.count ?? 0;
      const acquired = given?.ranges ?? [];
      return { ...emptyPart(leader.key), chunks: chunksOf(read.batches, acquired), acquired };
    });
  }
}

/** The log may start later than the group thinks: then the group catches up, and reads on at the next fetch. */
function afterError(leader: SharePartitionLeader, error: KafkaError): SharePart {
  if (error.code !== ErrorCode.OFFSET_OUT_OF_RANGE || leader.state === undefined)
    return failedPart(leader.key, error);
  leader.state.moveLogStart(leader.partition.log.logStartOffset);
  leader.state.advance();
  return emptyPart(leader.key);
}

async function abortedAmong(partition: Partition, found: readonly RecordBatch[]): Promise<RecordBatch[]> {
  if (!found.some(({ isTransactional }) => isTransactional)) return [];
  const aborted = await partition.log.abortedTransactions(found[0]!.baseOffset, found.at(-1)!.nextOffset);
  const unseen = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<number>();
  return found.filter((batch) => {
    while (unseen.length > 0 && unseen[0]!.firstOffset <= batch.lastOffset)
      open.add(unseen.shift()!.producerId);
    if (!batch.isControl) return batch.isTransactional && open.has(batch.producerId);
    if (readMarker(batch)?.committed === false) open.delete(batch.producerId);
    return false;
  });
}

/** The batches from the first to the last acquired offset. */
function chunksOf(found: readonly RecordBatch[], ranges: readonly AcquiredRange[]): readonly Buffer[] {
  const first = ranges[0];
  const last = ranges.at(-1);
  if (first === undefined || last === undefined) return NO_CHUNKS;
  return found
    .filter(({ baseOffset, lastOffset }) => lastOffset >= first.firstOffset && baseOffset <= last.lastOffset)
    .map((batch) => batch.bytes());
}

function failedPart({ topicId, partition }: TopicPartition, { code, message }: KafkaError): SharePart {
  return { ...emptyPart({ topicId, partition }), errorCode: code, errorMessage: message };
}

function emptyPart({ topicId, partition }: TopicPartition): SharePart {
  return {
    topicId,
    partition,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    chunks: NO_CHUNKS,
    acquired: [],
  };
}
