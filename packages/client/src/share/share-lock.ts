// The locks of records that came together: for so long the broker gives them to nobody else, and takes what is said of them.
//
// Invariants: of a record whose lock has run out, or whose session with the broker has ended, nothing is sent: another member may have it.

import { KafkaError } from '../errors/kafka-error.ts';
import type { AcknowledgedRun, AcknowledgementType, Renewal, SharePlace } from './acknowledgements.ts';

export type LockProblem = 'its lock has run out' | 'the session with its broker has ended';

/** Who tells the broker. */
export interface LockKeeper {
  /** Counted up each time that the broker lets go of all that it had locked for us. */
  readonly generation: number;
  nowMs(): number;
  /** With a problem, or when the lock runs out before it can be sent, it is not sent, but told as failed. */
  acknowledge(
    place: SharePlace,
    run: AcknowledgedRun,
    lock: { readonly problem: LockProblem | undefined; readonly deadlineMs: number },
  ): void;
  /** So many locked records were given to nobody, and their locks have run out. */
  lapsed(count: number): void;
  /** Resolves with the time until which the lock holds then. Rejects with a KafkaError. */
  renew(place: SharePlace, record: Omit<Renewal, 'settle'>): Promise<number>;
}

export class ShareLock {
  readonly place: SharePlace;
  /** By the monotonic clock. Infinity: the broker did not tell. */
  readonly deadlineMs: number;
  readonly #keeper: LockKeeper;
  readonly #generation: number;

  constructor(place: SharePlace, keeper: LockKeeper, deadlineMs: number) {
    this.place = place;
    this.deadlineMs = deadlineMs;
    this.#keeper = keeper;
    this.#generation = keeper.generation;
  }

  /** Why it is lost; undefined: it holds. `deadlineMs` is that of a renewed lock. */
  problem(deadlineMs = this.deadlineMs): LockProblem | undefined {
    if (this.#generation !== this.#keeper.generation) return 'the session with its broker has ended';
    return this.#keeper.nowMs() >= deadlineMs ? 'its lock has run out' : undefined;
  }

  acknowledge(
    firstOffset: number,
    lastOffset: number,
    type: AcknowledgementType,
    deadlineMs = this.deadlineMs,
  ): void {
    const run = { firstOffset, lastOffset, type };
    this.#keeper.acknowledge(this.place, run, { problem: this.problem(deadlineMs), deadlineMs });
  }

  /** Its locks have run out before anybody had so many of its records. */
  lapse(count: number): void {
    if (this.#generation === this.#keeper.generation) this.#keeper.lapsed(count);
  }

  /** Resolves with the new deadline. */
  renew(record: Omit<Renewal, 'settle'>): Promise<number> {
    return this.#keeper.renew(this.place, record);
  }
}

/** `offset` is of the first record that is meant. */
export function lockLost(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  offset: number | undefined,
  problem: LockProblem,
): KafkaError {
  const where = `${topic}, partition ${partition}${offset === undefined ? '' : `, offset ${offset}`}`;
  const advice =
    problem === 'its lock has run out'
      ? ': take fewer records at a time, renew() their locks, or raise share.record.lock.duration.ms of the group'
      : '';
  return new KafkaError(
    'LOCK_LOST',
    `${where}: ${problem} before the broker had been told what became of it, so it will be delivered again${advice}.`,
    { topic, partition },
  );
}
