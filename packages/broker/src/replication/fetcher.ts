// Reads many partitions for one fetch, and waits until there is enough to answer.
//
// Invariants: an answer holds whole batches from each fetch offset, within maxBytes except that the first partition
// with data always gives at least one batch (or a client could never get past a big one); nothing at or above the high
// watermark is read; no bytes are copied; reads under way hold a bounded amount of memory, whatever many clients ask for.

import type { Clock, Logger, Timers } from '@moldau/io';
import type { AbortedTransaction, ReadResult } from '@moldau/log';
import { batches, ErrorCode, KafkaError, ZERO_UUID } from '@moldau/protocol';
import type { FetchedPartition } from './fetch-sessions.ts';
import type { Partition } from './partition.ts';
import type { PartitionRegistry } from './partition-registry.ts';
import { ReadGate } from './read-gate.ts';
import { Wait } from './waits.ts';

/** What was read of one partition; offsets are -1 where an error kept them from being known. */
export interface PartitionRead {
  readonly fetched: FetchedPartition;
  readonly partition: Partition | undefined;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly chunks: readonly Buffer[];
  readonly sizeBytes: number;
  /** Those whose records a reader of committed transactions must skip; null for other readers and with an error. */
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
  /** Where the client's log and ours part ways, when they do (KIP-320). */
  readonly divergingEpoch: { epoch: number; endOffset: number } | undefined;
}

export interface FetchLimits {
  minBytes: number;
  maxBytes: number;
  maxWaitMs: number;
  /** Fetch before version 3 could not go over a partition's maxBytes, not even for the first batch. */
  isHardLimit: boolean;
  /** Nothing of a transaction that has not ended is read. */
  isReadCommitted: boolean;
  /** Clients of message sets know no control batches: where there is nothing else, what follows is read. */
  skipsControl: boolean;
}

/** What reads under way may hold; what has been read counts as unsent answers of its connection. */
const READING_BYTES = 128 * 1024 * 1024;
const NO_CHUNKS: Buffer[] = [];
const NOTHING = { chunks: NO_CHUNKS, sizeBytes: 0 };
const NO_TRANSACTIONS: readonly AbortedTransaction[] = [];

export class Fetcher {
  readonly #partitions: PartitionRegistry;
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #logger: Logger;

  readonly #gate = new ReadGate(READING_BYTES);
  /** Those that wait now. */
  readonly #waits = new Set<Wait>();
  #isStopping = false;

  constructor(options: { partitions: PartitionRegistry; timers: Timers; clock: Clock; logger: Logger }) {
    this.#partitions = options.partitions;
    this.#timers = options.timers;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Requests that wait for records now. */
  get waitingCount(): number {
    return this.#waits.size;
  }

  /**
   * @param onClosed registers what to do when the client goes away, and returns the way to take that back
   * @param waited is told of the time spent waiting for records
   */
  async fetch(
    wanted: readonly FetchedPartition[],
    limits: FetchLimits,
    onClosed: (run: () => void) => () => void,
    waited: (durationMs: number) => void = () => {},
  ): Promise<PartitionRead[]> {
    const deadlineMs = this.#clock.monotonicMs() + limits.maxWaitMs;
    let isGone = false;
    for (;;) {
      const reads = await this.#readAll(wanted, limits);
      const remainingMs = deadlineMs - this.#clock.monotonicMs();
      const sizeBytes = reads.reduce((total, read) => total + read.sizeBytes, 0);
      const isEnough = sizeBytes >= limits.minBytes || reads.some(isNews) || reads.length === 0;
      if (isEnough || remainingMs <= 0 || isGone || this.#isStopping) return reads;
      // What was appended while we read from disk has credited nobody.
      if (
        reads.some(
          ({ partition, highWatermark, lastStableOffset }) =>
            partition !== undefined &&
            (limits.isReadCommitted
              ? partition.lastStableOffset > lastStableOffset
              : partition.highWatermark > highWatermark),
        )
      )
        continue;
      const wait = new Wait(limits.minBytes - sizeBytes);
      for (const { partition } of reads) {
        if (partition === undefined) continue;
        wait.hangOn(limits.isReadCommitted ? partition.stableWaits : partition.waits);
      }
      const woken = wait.done(this.#timers, remainingMs);
      const forget = onClosed(() => {
        isGone = true;
        wait.end();
      });
      this.#waits.add(wait);
      await woken;
      this.#waits.delete(wait);
      forget();
      waited(this.#clock.monotonicMs() - (deadlineMs - remainingMs));
    }
  }

  /** Answers whoever waits with what there is, now and from now on. */
  stop(): void {
    this.#isStopping = true;
    for (const wait of this.#waits) wait.end();
  }

  async #readAll(wanted: readonly FetchedPartition[], limits: FetchLimits): Promise<PartitionRead[]> {
    const reads: PartitionRead[] = [];
    let remainingBytes = limits.maxBytes;
    let mustGiveOne = !limits.isHardLimit;
    for (const fetched of wanted) {
      const maxBytes = Math.min(fetched.maxBytes, remainingBytes);
      const read = await this.#readOne(fetched, maxBytes, mustGiveOne, limits);
      if (read.sizeBytes > 0) mustGiveOne = false;
      remainingBytes = Math.max(0, remainingBytes - read.sizeBytes);
      reads.push(read);
    }
    return reads;
  }

  async #readOne(
    fetched: FetchedPartition,
    maxBytes: number,
    minOneBatch: boolean,
    limits: FetchLimits,
  ): Promise<PartitionRead> {
    const partition = this.#find(fetched);
    if (partition === undefined) return failed(fetched, this.#unknownCode(fetched));
    try {
      if (!partition.log.isReady) await partition.log.ready();
      partition.checkLeaderEpoch(fetched.currentLeaderEpoch);
      const divergingEpoch = divergence(partition, fetched);
      const { fetchOffset } = fetched;
      const { highWatermark, lastStableOffset } = partition;
      const visible = { highWatermark, lastStableOffset, isReadCommitted: limits.isReadCommitted };
      const upToOffset = limits.isReadCommitted ? lastStableOffset : highWatermark;
      const isAtEnd = fetchOffset >= upToOffset && fetchOffset <= highWatermark;
      const isFull =
        maxBytes <= 0 &&
        !minOneBatch &&
        fetchOffset >= partition.log.logStartOffset &&
        fetchOffset < highWatermark;
      if (divergingEpoch !== undefined || isAtEnd || isFull)
        return succeeded(fetched, partition, visible, NOTHING, NO_TRANSACTIONS, divergingEpoch);
      const reservedBytes = Math.min(maxBytes, partition.log.sizeBytes);
      await this.#gate.enter(reservedBytes);
      try {
        let result = await partition.read(fetchOffset, { maxBytes, minOneBatch, upToOffset });
        while (limits.skipsControl && result.sizeBytes > 0 && result.chunks.every(isControlOnly))
          result = await partition.read(result.nextOffset, { maxBytes, minOneBatch, upToOffset });
        const aborted =
          limits.isReadCommitted && result.sizeBytes > 0
            ? await partition.log.abortedTransactions(fetchOffset, result.nextOffset)
            : NO_TRANSACTIONS;
        return succeeded(fetched, partition, visible, result, aborted, undefined);
      } finally {
        this.#gate.leave(reservedBytes);
      }
    } catch (error) {
      return this.#failedRead(fetched, partition, error);
    }
  }

  #find(fetched: FetchedPartition): Partition | undefined {
    return fetched.topicId === ZERO_UUID
      ? this.#partitions.get(fetched.topic, fetched.index)
      : this.#partitions.getById(fetched.topicId, fetched.index);
  }

  #failedRead(fetched: FetchedPartition, partition: Partition, error: unknown): PartitionRead {
    if (partition.isDeleted) return failed(fetched, this.#unknownCode(fetched));
    if (!(error instanceof KafkaError)) {
      this.#logger.error(
        { err: error, topic: partition.topic, partition: partition.index, offset: fetched.fetchOffset },
        'a read failed unexpectedly',
      );
      return failed(fetched, ErrorCode.UNKNOWN_SERVER_ERROR);
    }
    return { ...failed(fetched, error.code), partition };
  }

  /** A topic that is known, but not this partition of it, is named as by clients that know no ids. */
  #unknownCode({ topicId, topic }: FetchedPartition): number {
    const isNamed = topicId === ZERO_UUID && topic !== '';
    return isNamed || this.#partitions.hasTopicId(topicId)
      ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
      : ErrorCode.UNKNOWN_TOPIC_ID;
  }
}

function isNews(read: PartitionRead): boolean {
  return read.errorCode !== ErrorCode.NONE || read.divergingEpoch !== undefined;
}

/** Where the client's log and ours part ways, when they do. @throws KafkaError when its epoch is not in ours at all. */
function divergence(
  partition: Partition,
  fetched: FetchedPartition,
): { epoch: number; endOffset: number } | undefined {
  if (fetched.lastFetchedEpoch < 0) return undefined;
  const { leaderEpoch: epoch, endOffset } = partition.epochEndOffset(fetched.lastFetchedEpoch);
  if (epoch === -1 || endOffset === -1) {
    const message = `epoch ${fetched.lastFetchedEpoch} was never seen in ${partition.topic}-${partition.index}`;
    throw new KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, message);
  }
  return epoch < fetched.lastFetchedEpoch || endOffset < fetched.fetchOffset
    ? { epoch, endOffset }
    : undefined;
}

function failed(fetched: FetchedPartition, errorCode: number): PartitionRead {
  return {
    fetched,
    partition: undefined,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    chunks: NO_CHUNKS,
    sizeBytes: 0,
    abortedTransactions: null,
    divergingEpoch: undefined,
  };
}

function succeeded(
  fetched: FetchedPartition,
  partition: Partition,
  visible: { highWatermark: number; lastStableOffset: number; isReadCommitted: boolean },
  { chunks, sizeBytes }: Pick<ReadResult, 'chunks' | 'sizeBytes'>,
  aborted: readonly AbortedTransaction[],
  divergingEpoch: PartitionRead['divergingEpoch'],
): PartitionRead {
  return {
    fetched,
    partition,
    errorCode: ErrorCode.NONE,
    highWatermark: visible.highWatermark,
    lastStableOffset: visible.lastStableOffset,
    logStartOffset: partition.log.logStartOffset,
    chunks,
    sizeBytes,
    abortedTransactions: visible.isReadCommitted ? aborted : null,
    divergingEpoch,
  };
}

function isControlOnly(chunk: Buffer): boolean {
  for (const batch of batches(chunk)) if (!batch.isControl) return false;
  return true;
}
