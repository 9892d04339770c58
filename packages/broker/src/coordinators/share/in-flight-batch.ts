// What is known of records that are out for delivery: one state for a whole batch, or one for each of its offsets once
// they have gone different ways.
//
// Invariants: a state that is being persisted (`isSettling`) changes only by `settle`; ACKNOWLEDGED and ARCHIVED are
// final; a state has a member and a lock exactly while it is ACQUIRED.

/** As kept in records and in persisters' requests. */
export const DeliveryState = { AVAILABLE: 0, ACQUIRED: 1, ACKNOWLEDGED: 2, ARCHIVED: 4 } as const;

const NOBODY = '';
const NO_LOCK = Number.POSITIVE_INFINITY;

export function isFinal(state: number): boolean {
  return state === DeliveryState.ACKNOWLEDGED || state === DeliveryState.ARCHIVED;
}

interface Before {
  readonly memberId: string;
  readonly maxDeliveryCount: number;
}

export class InFlightState {
  state: number;
  deliveryCount: number;
  memberId: string;
  /** When the lock ends, in monotonic milliseconds; Infinity when there is none. */
  lockedUntilMs: number;
  /** What it goes back to when its change cannot be persisted. */
  #before: Before | undefined;
  #isArchivedMeanwhile = false;

  constructor(
    state: number,
    deliveryCount: number,
    memberId: string = NOBODY,
    lockedUntilMs: number = NO_LOCK,
  ) {
    this.state = state;
    this.deliveryCount = deliveryCount;
    this.memberId = memberId;
    this.lockedUntilMs = lockedUntilMs;
  }

  /** A change of it is being persisted. */
  get isSettling(): boolean {
    return this.#before !== undefined;
  }

  get isAvailable(): boolean {
    return this.state === DeliveryState.AVAILABLE && this.#before === undefined;
  }

  get isDone(): boolean {
    return isFinal(this.state) && this.#before === undefined;
  }

  /** The same, for one of the offsets of a batch. Not while it is settling. */
  copy(): InFlightState {
    return new InFlightState(this.state, this.deliveryCount, this.memberId, this.lockedUntilMs);
  }

  /** One more delivery. */
  acquire(memberId: string, lockedUntilMs: number): void {
    this.state = DeliveryState.ACQUIRED;
    this.deliveryCount++;
    this.memberId = memberId;
    this.lockedUntilMs = lockedUntilMs;
  }

  /** Leaves ACQUIRED for good. A record that has been delivered often enough does not become available again. */
  leave(to: number, maxDeliveryCount: number): void {
    this.state = afterDelivery(to, this.deliveryCount, maxDeliveryCount);
    this.memberId = NOBODY;
    this.lockedUntilMs = NO_LOCK;
  }

  /** As `leave`, but it takes `settle` to make it last. The lock runs on meanwhile. */
  startLeaving(to: number, maxDeliveryCount: number): void {
    this.#before = { memberId: this.memberId, maxDeliveryCount };
    this.state = afterDelivery(to, this.deliveryCount, maxDeliveryCount);
    this.memberId = NOBODY;
  }

  /** The change is persisted, or it is not: then it has not been, and a lock that ended meanwhile ends now. */
  settle(isPersisted: boolean, nowMs: number): void {
    const before = this.#before;
    this.#before = undefined;
    if (before !== undefined && !isPersisted && !this.#isArchivedMeanwhile) {
      if (this.lockedUntilMs > nowMs) {
        this.state = DeliveryState.ACQUIRED;
        this.memberId = before.memberId;
        return;
      }
      this.state = afterDelivery(DeliveryState.AVAILABLE, this.deliveryCount, before.maxDeliveryCount);
    }
    this.lockedUntilMs = NO_LOCK;
  }

  /** The record is gone, whatever becomes of a change under way. */
  archive(): void {
    this.#isArchivedMeanwhile = true;
    this.state = DeliveryState.ARCHIVED;
    this.memberId = NOBODY;
    this.lockedUntilMs = NO_LOCK;
  }
}

function afterDelivery(to: number, deliveryCount: number, maxDeliveryCount: number): number {
  return to === DeliveryState.AVAILABLE && deliveryCount >= maxDeliveryCount ? DeliveryState.ARCHIVED : to;
}

/** Consecutive offsets that were acquired together; some of them may have no record. */
export class InFlightBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** The state of all of them, until there are `offsets`. */
  readonly whole: InFlightState;
  #offsets: InFlightState[] | undefined;

  constructor(firstOffset: number, lastOffset: number, whole: InFlightState) {
    this.firstOffset = firstOffset;
    this.lastOffset = lastOffset;
    this.whole = whole;
  }

  get size(): number {
    return this.lastOffset - this.firstOffset + 1;
  }

  get isSplit(): boolean {
    return this.#offsets !== undefined;
  }

  /** From here on each offset goes its own way. */
  split(): void {
    this.#offsets ??= Array.from({ length: this.size }, () => this.whole.copy());
  }

  /** The state at an offset of this batch. */
  at(offset: number): InFlightState {
    return this.#offsets?.[offset - this.firstOffset] ?? this.whole;
  }

  /** Visits states with the offsets they stand for, in order, until `visit` answers false. */
  visit(
    fromOffset: number,
    toOffset: number,
    visit: (state: InFlightState, firstOffset: number, lastOffset: number) => unknown,
  ): void {
    const first = Math.max(fromOffset, this.firstOffset);
    const last = Math.min(toOffset, this.lastOffset);
    if (first > last) return;
    if (this.#offsets === undefined) {
      visit(this.whole, first, last);
      return;
    }
    for (let offset = first; offset <= last; offset++) {
      if (visit(this.#offsets[offset - this.firstOffset]!, offset, offset) === false) return;
    }
  }
}

/** Batches in the order of their offsets, none overlapping another. */
export class InFlightWindow {
  readonly batches: InFlightBatch[] = [];

  get isEmpty(): boolean {
    return this.batches.length === 0;
  }

  get first(): InFlightBatch | undefined {
    return this.batches[0];
  }

  get last(): InFlightBatch | undefined {
    return this.batches.at(-1);
  }

  /** The index of the last batch that starts at or before the offset; -1 when there is none. */
  floorIndex(offset: number): number {
    let low = 0;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.batches[middle]!.firstOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  floor(offset: number): InFlightBatch | undefined {
    return this.batches[this.floorIndex(offset)];
  }

  /** Batches that start at an offset between these two, both included. */
  startingWithin(firstOffset: number, lastOffset: number): InFlightBatch[] {
    return this.batches.slice(this.floorIndex(firstOffset - 1) + 1, this.floorIndex(lastOffset) + 1);
  }

  add(batch: InFlightBatch): void {
    this.batches.splice(this.floorIndex(batch.firstOffset) + 1, 0, batch);
  }

  removeFirst(count: number): void {
    this.batches.splice(0, count);
  }

  clear(): void {
    this.batches.length = 0;
  }
}
