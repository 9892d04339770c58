// The batches of one partition in their order: those that wait, and those whose answers have not come.
//
// Invariants: batches that were sent before stand in front of those that were not. A batch that is sent again goes alone, when nothing of the partition is
// under way, so that the order is kept whatever happened to the first attempt. Sequence numbers have no gap but where a batch was given up.

import type { Random } from '@moldau/io';
import type { KafkaError } from '../errors/kafka-error.ts';
import { Backoff } from '../network/backoff.ts';
import { type Batch, WORTHWHILE_BYTES } from './batch.ts';
import type { PartitionLoad } from './partitioning/sticky-choice.ts';
import type { ProducerIdentity } from './producer-identity.ts';

/** So many of a producer's last batches a broker knows again when they are repeated: no more are sent from one without an answer on. */
const REMEMBERED_BATCHES = 5;

export interface RetryBackoff {
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
}

export class PartitionQueue implements PartitionLoad {
  readonly topic: string;
  readonly index: number;
  /** Oldest first. */
  readonly waiting: Batch[] = [];
  readonly inFlight: Batch[] = [];
  readonly backoff: Backoff;
  /** Nothing is sent before, by the monotonic clock. */
  resumeMs = 0;
  /** What holds it up, until something is acknowledged. */
  problem: KafkaError | undefined;
  isAvailable = true;
  /** Of a transaction: it is being told that this partition takes part. */
  isEnrolling = false;
  /** The broker has other ideas of the sequence: all starts again from 0, when nothing is under way. */
  needsNewEpoch = false;
  /** The last batch was filled, so the next will be. */
  isBusy = false;
  /** Records may be appended to it. */
  open: Batch | undefined;
  #producerId = -1;
  #producerEpoch = -1;
  #nextSequence = 0;
  #acknowledgedSequence = -1;
  #hasUnknownOutcome = false;
  #isKnownToBroker = false;
  #departures = 0;

  constructor(topic: string, index: number, random: Random, backoff: RetryBackoff) {
    this.topic = topic;
    this.index = index;
    this.backoff = new Backoff(backoff.retryBackoffMs, backoff.retryBackoffMaxMs, random);
  }

  get waitingCount(): number {
    let count = 0;
    for (const { sizeBytes } of this.waiting) count += Math.ceil(sizeBytes / WORTHWHILE_BYTES);
    return count;
  }

  /** Of memory. */
  get waitingBytes(): number {
    return this.waiting.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.inFlight.length === 0;
  }

  /** The one whose time is over first. */
  get oldest(): Batch | undefined {
    return this.inFlight[0] ?? this.waiting[0];
  }

  /**
   * Whether the first that waits may be sent, as far as the order is concerned. Until the first batch of all is acknowledged, the second could overtake it:
   * the leader of a topic that was just made refuses some, and of a producer that it does not know a broker takes any sequence.
   */
  get isInOrder(): boolean {
    const [head] = this.waiting;
    if (head === undefined || this.inFlight.length === 0) return head !== undefined;
    if (head.isRepeated || this.needsNewEpoch) return false;
    const isNumbered = this.inFlight[0]!.baseSequence >= 0;
    const isRemembered = this.#departures - this.inFlight[0]!.departure < REMEMBERED_BATCHES;
    return this.#isKnownToBroker && (!isNumbered || isRemembered);
  }

  push(batch: Batch): void {
    this.waiting.push(batch);
    this.open = batch;
  }

  /** The first that waits is on its way now, under the identity's ids or those of the batches before it. */
  depart(identity: ProducerIdentity): Batch {
    const batch = this.waiting.shift()!;
    if (batch === this.open) this.open = undefined;
    if (identity.producerId < 0) this.#stamp(batch, identity, -1);
    else if (batch.baseSequence < 0) this.#number(batch, identity);
    else if (batch.attempts === 0) this.#stamp(batch, identity, batch.baseSequence);
    if (batch.attempts === 0) batch.departure = this.#departures++;
    this.inFlight.push(batch);
    batch.attempts++;
    return batch;
  }

  /** Its answer has come, or will not. */
  arrive(batch: Batch): void {
    const index = this.inFlight.indexOf(batch);
    if (index >= 0) this.inFlight.splice(index, 1);
  }

  /** To be sent again, before all that came later. */
  putBack(batch: Batch): void {
    const index = this.waiting.findIndex((each) => batch.isBefore(each));
    this.waiting.splice(index < 0 ? this.waiting.length : index, 0, batch);
  }

  remove(batch: Batch): void {
    const index = this.waiting.indexOf(batch);
    if (index >= 0) this.waiting.splice(index, 1);
    if (batch === this.open) this.open = undefined;
  }

  acknowledged(batch: Batch): void {
    if (!this.#isOfNow(batch)) return;
    this.#isKnownToBroker = true;
    // One whose first answer was lost may be acknowledged after those behind it.
    if (isAfter(batch.lastSequence, this.#acknowledgedSequence))
      this.#acknowledgedSequence = batch.lastSequence;
  }

  /** It will not be sent again. */
  givenUp(batch: Batch): void {
    if (this.#isOfNow(batch) && batch.isOutcomeUnknown) this.#hasUnknownOutcome = true;
  }

  /** Whether a batch of before it has no outcome yet. */
  isBehindAnother(batch: Batch): boolean {
    return [...this.inFlight, ...this.waiting].some((each) => each.isBefore(batch));
  }

  /** Takes another epoch for all that waits, if there is one. False: there is none. */
  renew(identity: ProducerIdentity): boolean {
    const isTaken =
      identity.producerId === this.#producerId && identity.producerEpoch === this.#producerEpoch;
    if (isTaken && !identity.bumpEpoch()) return false;
    this.needsNewEpoch = false;
    for (const batch of this.waiting) batch.baseSequence = -1;
    return true;
  }

  #number(batch: Batch, identity: ProducerIdentity): void {
    const isNothingNumbered = this.inFlight.length === 0;
    const { producerId, producerEpoch } = identity;
    if (isNothingNumbered && (producerId !== this.#producerId || producerEpoch !== this.#producerEpoch)) {
      if (producerId !== this.#producerId) this.#isKnownToBroker = false;
      this.#producerId = producerId;
      this.#producerEpoch = producerEpoch;
      this.#nextSequence = 0;
      this.#acknowledgedSequence = -1;
      this.#hasUnknownOutcome = false;
    } else if (isNothingNumbered && !this.#hasUnknownOutcome) {
      // What failed is known not to be there, so its numbers are free.
      this.#nextSequence = (this.#acknowledgedSequence + 1) % 0x8000_0000;
    }
    this.#stamp(batch, identity, this.#nextSequence);
    this.#nextSequence = (batch.lastSequence + 1) % 0x8000_0000;
  }

  #stamp(batch: Batch, { isTransactional, producerId }: ProducerIdentity, baseSequence: number): void {
    const ids =
      producerId < 0
        ? { producerId: -1, producerEpoch: -1 }
        : { producerId: this.#producerId, producerEpoch: this.#producerEpoch };
    batch.stamp({ ...ids, baseSequence, isTransactional });
  }

  #isOfNow({ producerId, producerEpoch }: Batch): boolean {
    return producerId === this.#producerId && producerEpoch === this.#producerEpoch;
  }
}

/** Sequences go round: the shorter way tells. */
function isAfter(left: number, right: number): boolean {
  return right < 0 || (left - right + 0x8000_0000) % 0x8000_0000 < 0x4000_0000;
}
