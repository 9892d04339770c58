// One partition while it is assigned, from one position on: begins with the assignment or a seek, ends with the next seek, or when the partition is
// revoked or lost. Whoever processes its records tells it what is in hands and what is done.
//
// Invariants: after close() no record of it is handed out; what is in hands may still be done. After end() nothing of it counts any more.

import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import type { KafkaError } from '../../errors/kafka-error.ts';
import { type DoneBeyond, NOTHING_BEYOND } from '../commits/commit-metadata.ts';
import { isInRanges, rangesFrom } from '../commits/offset-ranges.ts';
import { PartitionProgress, type Progress } from '../commits/partition-progress.ts';
import type { Position } from '../fetching/types.ts';
import type { Chunk } from '../iteration/chunk.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';

/** `topic` and `partition` as one text. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`;
}

export class PartitionSession implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly progress = new PartitionProgress();
  /** Done by whoever had the partition before. */
  known: DoneBeyond;
  /** What the group has: not committed again. */
  committed: { readonly offset: number; readonly metadata: string } | undefined;
  /** By the application. */
  isPaused = false;
  /** Bytes that were taken and wait for being processed are too many. */
  isHeld = false;
  /** The last that was taken. */
  chunk: Chunk | undefined;
  #isOpen = true;
  #lastPosition: Position | undefined;
  #inHandsCount = 0;
  readonly #idle: (() => void)[] = [];
  #isEnded = false;
  readonly #abort = new AbortController();

  constructor({ topic, partition }: TopicPartition, known: DoneBeyond = NOTHING_BEYOND) {
    this.topic = topic;
    this.partition = partition;
    this.known = known;
  }

  /** Its records may be handed out. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Nothing of it counts any more. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Aborted when it ends while something is in hands. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get inHandsCount(): number {
    return this.#inHandsCount;
  }

  handOut(): void {
    this.#inHandsCount++;
  }

  /** Done or not: nobody works on it any more. */
  handBack(): void {
    if (--this.#inHandsCount > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when nothing is in hands. */
  idle(): Promise<void> {
    return this.#inHandsCount === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Somebody had done it before. */
  isKnownDone({ offset, leaderEpoch }: Pick<ConsumerRecord, 'offset' | 'leaderEpoch'>): boolean {
    const { known } = this;
    if (known.leaderEpoch !== undefined && (leaderEpoch ?? -1) > known.leaderEpoch) return false;
    return isInRanges(known.ranges, offset);
  }

  /** `position`: where the next record would have been taken. */
  close(position: Position | undefined): void {
    this.#isOpen = false;
    this.#lastPosition ??= position;
  }

  /** `reason`: for those who have something in hands. */
  end(reason: KafkaError): void {
    this.#isOpen = false;
    this.#isEnded = true;
    if (this.#inHandsCount > 0) this.#abort.abort(reason);
  }

  /** What can be committed; undefined: it is not known yet where the partition begins. `position` is where the next record is taken. */
  done(position: Position | undefined): Progress | undefined {
    const at = this.#lastPosition ?? position;
    if (at === undefined) return undefined;
    const progress = this.progress.at(at, this.known);
    const { ranges } = this.known;
    if (ranges.length > 0) this.known = { ...this.known, ranges: rangesFrom(ranges, progress.offset) };
    return progress;
  }
}
