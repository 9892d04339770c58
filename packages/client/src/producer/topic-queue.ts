// The partitions of one topic, and the records that wait until somebody knows what partitions it has.

import type { Random } from '@moldau/io';
import type { Topic } from '../cluster/metadata.ts';
import type { SerdeContext } from '../serdes/serde.ts';
import type { Waiter } from './buffer-room.ts';
import { PartitionQueue, type RetryBackoff } from './partition-queue.ts';
import { type CustomPartitioner, Partitioner, type PartitionerName } from './partitioning/partitioner.ts';
import type { SentRecord } from './record-calls.ts';

/** Kafka's metadata.max.idle.ms: after so long its producer has forgotten a topic. */
const IDLE_MS = 5 * 60_000;

/** A record as it is sent, but for its place. */
export interface OutgoingBytes {
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  /** Encoded, with their count. */
  readonly headers: Uint8Array | undefined;
  readonly timestampMs: number;
  readonly partition: number | undefined;
}

/** One that waits for its topic. */
export interface PendingRecord extends OutgoingBytes {
  /** Absent: it was posted. */
  readonly waiter: Waiter<SentRecord> | undefined;
}

export interface TopicQueueOptions {
  readonly batchBytes: number;
  readonly partitioner: PartitionerName | CustomPartitioner;
  readonly random: Random;
  readonly backoff: RetryBackoff;
}

export class TopicQueue {
  readonly name: string;
  readonly keyContext: SerdeContext;
  readonly valueContext: SerdeContext;
  readonly partitioner: Partitioner;
  readonly partitions: PartitionQueue[] = [];
  /** Larger ones were refused. */
  batchBytes: number;
  /** Records wait while it is found out what partitions there are; resolves when that is over. */
  learning: Promise<void> | undefined;
  pending: PendingRecord[] = [];
  /** When the last batch was begun, by the monotonic clock. */
  lastBatchMs = Number.NEGATIVE_INFINITY;
  readonly #options: TopicQueueOptions;

  constructor(name: string, options: TopicQueueOptions) {
    this.name = name;
    this.#options = options;
    this.keyContext = { topic: name, part: 'key' };
    this.valueContext = { topic: name, part: 'value' };
    this.batchBytes = options.batchBytes;
    this.partitioner = new Partitioner(name, options.partitioner, options.random);
  }

  /** Something is on its way to it, or was lately. */
  isWrittenTo(nowMs: number): boolean {
    return nowMs - this.lastBatchMs < IDLE_MS || this.partitions.some(({ isEmpty }) => !isEmpty);
  }

  /** Takes over partitions that are new. Those that are gone keep what they have until its time is over. */
  update(topic: Topic): void {
    const { random, backoff } = this.#options;
    for (let index = this.partitions.length; index < topic.partitions.length; index++)
      this.partitions.push(new PartitionQueue(this.name, index, random, backoff));
    for (const { index, leaderId } of topic.partitions) {
      const queue = this.partitions[index]!;
      queue.isAvailable = leaderId !== undefined;
      // Whoever waits for a leader need not any more.
      if (queue.isAvailable && queue.inFlight.length === 0) queue.resumeMs = 0;
    }
  }
}
