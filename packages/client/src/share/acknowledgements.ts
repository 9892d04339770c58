// What is to be said of records to one broker: collected until it is sent, in runs of offsets.
//
// Invariants: of one record one thing is said. A round is settled once, when the broker has answered it or never will, and then those who said something
// learn what was not taken.

import type { Uuid } from '@moldau/protocol';
import type { KafkaError } from '../errors/kafka-error.ts';

/** Kafka's numbers. A gap is an offset that was locked and has no record: of compacted topics, and of transactions. */
export const Acknowledgement = { gap: 0, accept: 1, release: 2, reject: 3, renew: 4 } as const;
export type AcknowledgementType = (typeof Acknowledgement)[keyof typeof Acknowledgement];

/** A partition, by all its names. */
export interface SharePlace {
  readonly topic: string;
  readonly topicId: Uuid;
  readonly partition: number;
  /** The same for the same topic id and partition. */
  readonly key: string;
}

export function sharePlace(topic: string, topicId: Uuid, partition: number): SharePlace {
  return { topic, topicId, partition, key: `${topicId}/${partition}` };
}

/** Consecutive offsets of which the same is said. */
export interface AcknowledgedRun {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly type: AcknowledgementType;
}

/** What a broker did not take, or was not told. */
export interface FailedAcknowledgement {
  readonly place: SharePlace;
  readonly run: AcknowledgedRun;
  readonly error: KafkaError;
}

export interface Renewal {
  readonly offset: number;
  /** Until when the lock holds that is to be renewed. */
  readonly deadlineMs: number;
  /** The record has been accepted, released or rejected meanwhile. */
  isMoot(): boolean;
  settle(error: KafkaError | undefined): void;
}

type MutableRun = { -readonly [Field in keyof AcknowledgedRun]: AcknowledgedRun[Field] };

/** Until when the locks hold of which it says something. */
type LockedRun = MutableRun & { readonly deadlineMs: number };

interface PartitionRound {
  readonly place: SharePlace;
  runs: LockedRun[];
  renewals: Renewal[];
}

/** As requests have them. */
export interface AcknowledgementBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly acknowledgeTypes: number[];
}

export class AcknowledgementRound {
  readonly #partitions = new Map<string, PartitionRound>();
  readonly #failed: FailedAcknowledgement[] = [];
  readonly #settled = Promise.withResolvers<readonly FailedAcknowledgement[]>();
  #closedMs = 0;

  /** Resolves, with what was not taken, when the round is over. */
  get settled(): Promise<readonly FailedAcknowledgement[]> {
    return this.#settled.promise;
  }

  /** There is nothing to send. */
  get isEmpty(): boolean {
    return this.#partitions.size === 0;
  }

  /** Nothing has been said at all. */
  get isUnused(): boolean {
    return this.isEmpty && this.#failed.length === 0;
  }

  get hasRenewals(): boolean {
    for (const { renewals } of this.#partitions.values()) if (renewals.length > 0) return true;
    return false;
  }

  get places(): SharePlace[] {
    return Array.from(this.#partitions.values(), ({ place }) => place);
  }

  /** When it was closed: locks that the broker gave in answer to it are no older, by the monotonic clock. */
  get closedMs(): number {
    return this.#closedMs;
  }

  add(place: SharePlace, { firstOffset, lastOffset, type }: AcknowledgedRun, deadlineMs: number): void {
    const { runs } = this.#of(place);
    const last = runs.at(-1);
    if (last?.deadlineMs === deadlineMs && isNext(last, { firstOffset, type })) last.lastOffset = lastOffset;
    else runs.push({ firstOffset, lastOffset, type, deadlineMs });
  }

  /** It is about to be sent, without what is said of locks that have run out in the meantime. */
  close(nowMs: number, errorOf: (place: SharePlace, offset: number) => KafkaError): void {
    this.#closedMs = nowMs;
    for (const [key, partition] of this.#partitions) {
      const { place } = partition;
      const { late = [], held = [] } = Object.groupBy(partition.runs, ({ deadlineMs }) =>
        deadlineMs <= nowMs ? 'late' : 'held',
      );
      for (const { firstOffset, lastOffset, type } of late) {
        const run = { firstOffset, lastOffset, type };
        this.fail(place, run, errorOf(place, firstOffset));
      }
      partition.runs = held;
      partition.renewals = partition.renewals.filter(({ offset, deadlineMs, settle }) => {
        const isHeld = deadlineMs > nowMs;
        if (!isHeld) settle(errorOf(place, offset));
        return isHeld;
      });
      if (held.length === 0 && partition.renewals.length === 0) this.#partitions.delete(key);
    }
  }

  renew(place: SharePlace, renewal: Renewal): void {
    this.#of(place).renewals.push(renewal);
  }

  /** It cannot be sent. */
  fail(place: SharePlace, run: AcknowledgedRun, error: KafkaError): void {
    this.#failed.push({ place, run, error });
  }

  /** What to send, by the key of the partition. Renewals of records that are done with are dropped. */
  batches(): Map<string, AcknowledgementBatch[]> {
    const batches = new Map<string, AcknowledgementBatch[]>();
    for (const [key, partition] of this.#partitions) {
      const moot = partition.renewals.filter((renewal) => renewal.isMoot());
      for (const renewal of moot) renewal.settle(undefined);
      partition.renewals = partition.renewals.filter((renewal) => !renewal.isMoot());
      const renewed = partition.renewals.map(({ offset }) => ({
        ...{ firstOffset: offset, lastOffset: offset },
        type: Acknowledgement.renew,
      }));
      const merged: MutableRun[] = [];
      for (const { firstOffset, lastOffset, type } of [...partition.runs, ...renewed].sort(byOffset))
        append(merged, firstOffset, lastOffset, type);
      const asked = merged.map(({ type, ...run }) => ({ ...run, acknowledgeTypes: [type] }));
      if (asked.length > 0) batches.set(key, asked);
    }
    return batches;
  }

  /** It has been answered, or never will be. Returns what was not taken. */
  settle(errorOf: (place: SharePlace) => KafkaError | undefined): readonly FailedAcknowledgement[] {
    for (const { place, runs, renewals } of this.#partitions.values()) {
      const error = errorOf(place);
      for (const renewal of renewals) renewal.settle(error);
      if (error !== undefined) for (const run of runs) this.#failed.push({ place, run, error });
    }
    this.#settled.resolve(this.#failed);
    return this.#failed;
  }

  #of(place: SharePlace): PartitionRound {
    const known = this.#partitions.get(place.key);
    if (known !== undefined) return known;
    const partition: PartitionRound = { place, runs: [], renewals: [] };
    this.#partitions.set(place.key, partition);
    return partition;
  }
}

function byOffset(left: AcknowledgedRun, right: AcknowledgedRun): number {
  return left.firstOffset - right.firstOffset;
}

/** Most records are done with in their order, so runs stay few. */
function append(
  runs: MutableRun[],
  firstOffset: number,
  lastOffset: number,
  type: AcknowledgementType,
): void {
  const last = runs.at(-1);
  if (last !== undefined && isNext(last, { firstOffset, type })) last.lastOffset = lastOffset;
  else runs.push({ firstOffset, lastOffset, type });
}

function isNext(last: AcknowledgedRun, { firstOffset, type }: Omit<AcknowledgedRun, 'lastOffset'>): boolean {
  return last.type === type && last.lastOffset + 1 === firstOffset;
}
