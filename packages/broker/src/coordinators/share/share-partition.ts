// The state machine of one partition in one share group (KIP-932): which records are out for delivery, to whom, and for
// how long. It knows no log, no clock and no persister: whoever drives it says what was read and what time it is, has
// changes persisted, and settles them.
//
// Invariants: a record is acquired by one member at a time; what was acknowledged, and persisted as such, is never
// delivered again; a record is delivered at most `maxDeliveryCount` times; offsets below `startOffset` are done; offsets
// in the window that are neither in a batch nor in a gap have no record.

import assert from 'node:assert/strict';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { DeliveryState, InFlightBatch, InFlightState, InFlightWindow, isFinal } from './in-flight-batch.ts';
import { type Acquired, type AcquireRequest, Acquisition } from './share-acquisition.ts';
import type { StateBatch } from './state-batches.ts';

/** Read anew at each use: they follow the group's and the broker's configuration. */
export interface SharePartitionLimits {
  /** share.partition.max.record.locks */
  readonly maxInFlightRecords: number;
  /** share.delivery.count.limit */
  readonly maxDeliveryCount: number;
  /** share.record.lock.duration.ms */
  readonly lockDurationMs: number;
  /** share.renew.acknowledge.enable */
  readonly isRenewEnabled: boolean;
}

/** Offsets that a member acknowledges: with one type for all of them, or one for each. */
export interface Acknowledgement {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly types: readonly number[];
}

export const AcknowledgeType = { GAP: 0, ACCEPT: 1, RELEASE: 2, REJECT: 3, RENEW: 4 } as const;

const STATE_AFTER = new Map<number, number>([
  [AcknowledgeType.GAP, DeliveryState.ARCHIVED],
  [AcknowledgeType.ACCEPT, DeliveryState.ACKNOWLEDGED],
  [AcknowledgeType.RELEASE, DeliveryState.AVAILABLE],
  [AcknowledgeType.REJECT, DeliveryState.ARCHIVED],
]);

/** A change that has to be persisted, and then settled. */
export interface StateChange {
  readonly startOffset: number;
  readonly deliveryCompleteCount: number;
  readonly stateBatches: readonly StateBatch[];
  /** In step with stateBatches. */
  readonly states: readonly InFlightState[];
}

export interface OffsetRange {
  firstOffset: number;
  lastOffset: number;
}

export class SharePartition {
  readonly limits: SharePartitionLimits;
  readonly window = new InFlightWindow();
  /** Inside the window, never delivered: what was out, and not acknowledged, when the state was last persisted. */
  readonly gaps: OffsetRange[] = [];
  /** The first offset that is not done. */
  startOffset: number;
  /** The last offset of the window; while that is empty, the offset to fetch next. */
  endOffset: number;
  /** How many offsets of the window are done. */
  deliveryCompleteCount = 0;
  /** There may be records to be delivered again; else the next fetch is past the window. */
  mayHaveAvailable = false;
  /** No lock ends before this. */
  #earliestLockEndMs = Number.POSITIVE_INFINITY;

  /** @param loaded the state as it was persisted, batches in order. @throws KafkaError when it cannot be. */
  constructor(
    limits: SharePartitionLimits,
    loaded: { startOffset: number; stateBatches: readonly StateBatch[] },
  ) {
    this.limits = limits;
    this.startOffset = loaded.startOffset;
    this.endOffset = loaded.startOffset;
    this.#load(loaded.stateBatches);
  }

  #load(stateBatches: readonly StateBatch[]): void {
    let expectedOffset = this.startOffset;
    for (const { firstOffset, lastOffset, deliveryState, deliveryCount } of stateBatches) {
      if (firstOffset < expectedOffset || lastOffset < firstOffset) {
        const message = `the share group's state has offsets ${firstOffset} to ${lastOffset} where ${expectedOffset} is next`;
        throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, message);
      }
      if (firstOffset > expectedOffset)
        this.gaps.push({ firstOffset: expectedOffset, lastOffset: firstOffset - 1 });
      this.window.add(
        new InFlightBatch(firstOffset, lastOffset, new InFlightState(deliveryState, deliveryCount)),
      );
      if (isFinal(deliveryState)) this.deliveryCompleteCount += lastOffset - firstOffset + 1;
      expectedOffset = lastOffset + 1;
      this.endOffset = lastOffset;
    }
    this.mayHaveAvailable = !this.window.isEmpty;
    this.advance();
  }

  // Acquiring ------------------------------------------------------------------------------------------------------

  /** Where to read for the next delivery. */
  nextFetchOffset(): number {
    const { last } = this.window;
    if (last === undefined || this.startOffset > last.lastOffset) {
      this.mayHaveAvailable = false;
      return this.endOffset;
    }
    if (!this.mayHaveAvailable) return this.endOffset + 1;
    const found = Math.min(
      this.#firstAvailableOffset(),
      this.gaps[0]?.firstOffset ?? Number.POSITIVE_INFINITY,
    );
    if (found !== Number.POSITIVE_INFINITY) return found;
    this.mayHaveAvailable = false;
    return this.endOffset + 1;
  }

  #firstAvailableOffset(): number {
    for (const batch of this.window.batches) {
      let found = Number.POSITIVE_INFINITY;
      batch.visit(this.startOffset, batch.lastOffset, (state, firstOffset) => {
        if (!state.isAvailable) return true;
        found = firstOffset;
        return false;
      });
      if (found !== Number.POSITIVE_INFINITY) return found;
    }
    return Number.POSITIVE_INFINITY;
  }

  get inFlightCount(): number {
    return this.window.isEmpty ? 0 : this.endOffset - this.startOffset + 1;
  }

  /** There may be something to deliver: again, or anew below the limit of locks. */
  canAcquire(): boolean {
    return (
      this.nextFetchOffset() !== this.endOffset + 1 || this.inFlightCount < this.limits.maxInFlightRecords
    );
  }

  /** Gives what can be given of the records read to a member. The offsets may contain some that have no record. */
  acquire(request: AcquireRequest): Acquired {
    return new Acquisition(this, request).run();
  }

  /** Until when a lock that starts now holds. */
  lock(nowMs: number): number {
    const untilMs = nowMs + this.limits.lockDurationMs;
    if (untilMs < this.#earliestLockEndMs) this.#earliestLockEndMs = untilMs;
    return untilMs;
  }

  // Giving back ----------------------------------------------------------------------------------------------------

  /**
   * What a member says of records it has acquired: all of it, or nothing when there is an error. Null when nothing has to be
   * persisted. @throws KafkaError INVALID_REQUEST, INVALID_RECORD_STATE
   */
  acknowledge(
    memberId: string,
    acknowledgements: readonly Acknowledgement[],
    nowMs: number,
  ): StateChange | null {
    const states: InFlightState[] = [];
    const stateBatches: StateBatch[] = [];
    const leave = (state: InFlightState, type: number, firstOffset: number, lastOffset: number): void => {
      if (type === AcknowledgeType.RENEW) {
        this.#renew(state, nowMs);
        return;
      }
      state.startLeaving(STATE_AFTER.get(type)!, this.limits.maxDeliveryCount);
      states.push(state);
      stateBatches.push(stateBatchOf(state, firstOffset, lastOffset));
      this.#countDone(state, firstOffset, lastOffset);
    };
    try {
      for (const acknowledgement of acknowledgements) this.#acknowledgeOne(memberId, acknowledgement, leave);
    } catch (error) {
      this.settle(this.#change(states, stateBatches), false, nowMs);
      throw error;
    }
    return states.length === 0 ? null : this.#change(states, stateBatches);
  }

  #renew(state: InFlightState, nowMs: number): void {
    if (!this.limits.isRenewEnabled)
      throw invalidState('Renewing acquisition locks is not enabled for the group.');
    state.lockedUntilMs = this.lock(nowMs);
  }

  #acknowledgeOne(
    memberId: string,
    { firstOffset, lastOffset, types }: Acknowledgement,
    leave: (state: InFlightState, type: number, firstOffset: number, lastOffset: number) => void,
  ): void {
    for (const type of types) {
      if (type !== AcknowledgeType.RENEW && !STATE_AFTER.has(type))
        throw invalidRequest(`Invalid acknowledge type: ${type}`);
    }
    if (lastOffset < this.startOffset) return;
    for (const batch of this.#batchesOf(firstOffset, lastOffset)) {
      if (batch.lastOffset < this.startOffset) continue;
      if (!batch.isSplit) {
        checkOwner(batch.whole, memberId);
        const isWhole =
          batch.firstOffset >= firstOffset &&
          batch.lastOffset <= lastOffset &&
          batch.firstOffset >= this.startOffset;
        if (!isWhole || types.length > 1) batch.split();
      }
      batch.visit(Math.max(firstOffset, this.startOffset), lastOffset, (state, from, to) => {
        checkOwner(state, memberId);
        leave(state, types.length > 1 ? types[from - firstOffset]! : types[0]!, from, to);
      });
    }
  }

  /** The batches that hold offsets a client names. @throws KafkaError when some of them are not out at all */
  #batchesOf(firstOffset: number, lastOffset: number): InFlightBatch[] {
    const { window } = this;
    const holdsStart = firstOffset < this.startOffset && lastOffset >= this.startOffset;
    const floor = window.floor(firstOffset) ?? (holdsStart ? window.floor(this.startOffset) : undefined);
    if (floor === undefined) {
      throw invalidState('Batch record not found. The request batch offsets are not found in the cache.');
    }
    const batches = window.startingWithin(floor.firstOffset, lastOffset);
    const last = batches.at(-1)!;
    if (last.lastOffset < firstOffset) {
      throw invalidRequest('Batch record not found. The first offset in request is past acquired records.');
    }
    if (lastOffset > last.lastOffset) {
      throw invalidRequest('Batch record not found. The last offset in request is past acquired records.');
    }
    return batches;
  }

  /** The member is gone: all it holds is to be delivered to others. Null when it holds nothing. */
  releaseMember(memberId: string): StateChange | null {
    const states: InFlightState[] = [];
    const stateBatches: StateBatch[] = [];
    for (const batch of this.window.batches) {
      if (batch.isSplit || batch.whole.memberId === memberId) this.#splitAtStart(batch);
      batch.visit(batch.firstOffset, batch.lastOffset, (state, firstOffset, lastOffset) => {
        if (state.state !== DeliveryState.ACQUIRED || state.memberId !== memberId) return;
        state.startLeaving(this.#afterRelease(lastOffset), this.limits.maxDeliveryCount);
        states.push(state);
        stateBatches.push(stateBatchOf(state, firstOffset, lastOffset));
        this.#countDone(state, firstOffset, lastOffset);
      });
    }
    return states.length === 0 ? null : this.#change(states, stateBatches);
  }

  /** When expireLocks should be called next; may be too early, is never too late. */
  nextLockEndMs(): number {
    return this.#earliestLockEndMs;
  }

  /** Ends locks whose time is up. The change holds at once, persisted or not. */
  expireLocks(nowMs: number): StateChange | null {
    const stateBatches: StateBatch[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const batch of this.window.batches) {
      if (!batch.isSplit && batch.whole.lockedUntilMs <= nowMs) this.#splitAtStart(batch);
      batch.visit(batch.firstOffset, batch.lastOffset, (state, firstOffset, lastOffset) => {
        if (state.state !== DeliveryState.ACQUIRED) return;
        if (state.lockedUntilMs > nowMs) {
          if (state.lockedUntilMs < nextMs) nextMs = state.lockedUntilMs;
          return;
        }
        state.leave(this.#afterRelease(lastOffset), this.limits.maxDeliveryCount);
        stateBatches.push(stateBatchOf(state, firstOffset, lastOffset));
        if (state.isAvailable) this.mayHaveAvailable = true;
        this.#countDone(state, firstOffset, lastOffset);
      });
    }
    this.#earliestLockEndMs = nextMs;
    return stateBatches.length === 0 ? null : this.#change([], stateBatches);
  }

  /** Offsets before the start are not delivered again. */
  #afterRelease(lastOffset: number): number {
    return lastOffset < this.startOffset ? DeliveryState.ARCHIVED : DeliveryState.AVAILABLE;
  }

  #splitAtStart(batch: InFlightBatch): void {
    if (
      batch.firstOffset < this.startOffset &&
      batch.lastOffset >= this.startOffset &&
      !batch.whole.isSettling
    )
      batch.split();
  }

  #change(states: readonly InFlightState[], stateBatches: readonly StateBatch[]): StateChange {
    const { startOffset, deliveryCompleteCount } = this;
    return { startOffset, deliveryCompleteCount, stateBatches, states };
  }

  #countDone(state: InFlightState, firstOffset: number, lastOffset: number): void {
    if (isFinal(state.state)) this.deliveryCompleteCount += this.#countFromStart(firstOffset, lastOffset);
  }

  #countFromStart(firstOffset: number, lastOffset: number): number {
    return Math.max(0, lastOffset - Math.max(firstOffset, this.startOffset) + 1);
  }

  // Settling -------------------------------------------------------------------------------------------------------

  /** A change is persisted, or could not be. True when records may have become available or room for new ones. */
  settle(change: StateChange, isPersisted: boolean, nowMs: number): boolean {
    change.states.forEach((state, index) => {
      const { firstOffset, lastOffset, deliveryState } = change.stateBatches[index]!;
      state.settle(isPersisted, nowMs);
      if (state.state === DeliveryState.AVAILABLE) this.mayHaveAvailable = true;
      if (state.state === DeliveryState.ACQUIRED) this.#keepLock(state);
      if (isFinal(deliveryState) && !isFinal(state.state)) {
        this.deliveryCompleteCount -= this.#countFromStart(firstOffset, lastOffset);
      }
    });
    return this.advance() || this.mayHaveAvailable;
  }

  #keepLock({ lockedUntilMs }: InFlightState): void {
    if (lockedUntilMs < this.#earliestLockEndMs) this.#earliestLockEndMs = lockedUntilMs;
  }

  /** Drops what is done at the beginning of the window. True when it moved. */
  advance(): boolean {
    const { window } = this;
    const { lastDoneOffset, doneCount, doneBatches } = this.#doneAtStart();
    if (lastDoneOffset === undefined) return false;
    if (lastDoneOffset === window.last!.lastOffset) {
      assert.equal(this.gaps.length, 0, 'a gap after the last batch');
      this.startOffset = lastDoneOffset + 1;
      this.endOffset = lastDoneOffset + 1;
      this.deliveryCompleteCount = 0;
      window.clear();
      return true;
    }
    window.removeFirst(doneBatches);
    this.deliveryCompleteCount -= doneCount;
    const gapOffset = this.gaps[0]?.firstOffset ?? Number.POSITIVE_INFINITY;
    const next = Math.min(Math.max(lastDoneOffset + 1, window.first!.firstOffset), gapOffset);
    if (next > this.startOffset) this.startOffset = next;
    return true;
  }

  #doneAtStart(): { lastDoneOffset: number | undefined; doneCount: number; doneBatches: number } {
    const gapOffset = this.gaps[0]?.firstOffset ?? Number.POSITIVE_INFINITY;
    let lastDoneOffset: number | undefined;
    let doneCount = 0;
    let doneBatches = 0;
    for (const batch of this.window.batches) {
      if (batch.lastOffset >= gapOffset) break;
      let isDone = true;
      batch.visit(batch.firstOffset, batch.lastOffset, (state, firstOffset, lastOffset) => {
        // Before the start nothing is delivered again, whatever it is.
        isDone = state.isDone || (state.isAvailable && lastOffset < this.startOffset);
        if (!isDone) return false;
        lastDoneOffset = lastOffset;
        doneCount += this.#countFromStart(firstOffset, lastOffset);
        return true;
      });
      if (!isDone) break;
      doneBatches++;
    }
    return { lastDoneOffset, doneCount, doneBatches };
  }

  /** The log starts later now: what is below cannot be delivered any more. Records that are out stay with their members. */
  moveLogStart(logStartOffset: number): void {
    if (logStartOffset <= this.startOffset) return;
    if (this.window.isEmpty) {
      this.startOffset = logStartOffset;
      this.endOffset = logStartOffset;
      this.deliveryCompleteCount = 0;
      return;
    }
    this.deliveryCompleteCount -= this.#doneCountBelow(logStartOffset);
    if (this.archiveAvailable(this.startOffset, logStartOffset - 1, DeliveryState.AVAILABLE, false)) {
      this.mayHaveAvailable = true;
    }
    this.dropGaps(0, logStartOffset - 1);
    this.startOffset = logStartOffset;
    if (this.endOffset < this.startOffset) this.endOffset = this.startOffset;
  }

  #doneCountBelow(offset: number): number {
    let count = 0;
    for (const batch of this.window.batches) {
      if (batch.firstOffset >= offset) break;
      batch.visit(this.startOffset, offset - 1, (state, firstOffset, lastOffset) => {
        if (isFinal(state.state)) count += lastOffset - firstOffset + 1;
      });
    }
    return count;
  }

  /** Takes records of one state out of delivery for good. True when there were any. */
  archiveAvailable(firstOffset: number, lastOffset: number, from: number, isCounted: boolean): boolean {
    const { window } = this;
    let isAny = false;
    for (const batch of window.batches.slice(Math.max(0, window.floorIndex(firstOffset)))) {
      if (batch.firstOffset > lastOffset) break;
      const isWhole = batch.firstOffset >= firstOffset && batch.lastOffset <= lastOffset;
      if (!isWhole && !batch.isSplit) {
        if (batch.whole.state !== from || batch.whole.isSettling) continue;
        batch.split();
      }
      batch.visit(firstOffset, lastOffset, (state, first, last) => {
        if (state.state !== from) return;
        state.archive();
        if (isCounted) this.deliveryCompleteCount += this.#countFromStart(first, last);
        isAny = true;
      });
    }
    return isAny;
  }

  /** These offsets are not to be looked for any more: they are acquired, or the log has no records there. */
  dropGaps(firstOffset: number, lastOffset: number): void {
    const kept = this.gaps.flatMap((gap) => {
      if (gap.lastOffset < firstOffset || gap.firstOffset > lastOffset) return [gap];
      return [
        { firstOffset: gap.firstOffset, lastOffset: firstOffset - 1 },
        { firstOffset: lastOffset + 1, lastOffset: gap.lastOffset },
      ].filter((rest) => rest.firstOffset <= rest.lastOffset);
    });
    this.gaps.splice(0, this.gaps.length, ...kept);
  }
}

function checkOwner(state: InFlightState, memberId: string): void {
  if (state.state !== DeliveryState.ACQUIRED && !state.isSettling) {
    throw invalidState('The batch cannot be acknowledged. The batch is not in the acquired state.');
  }
  if (state.isSettling) {
    throw invalidState(
      'The record state is invalid. The acknowledgement of delivery could not be completed.',
    );
  }
  if (state.memberId !== memberId) throw invalidState('Member is not the owner of batch record');
}

function stateBatchOf(state: InFlightState, firstOffset: number, lastOffset: number): StateBatch {
  return { firstOffset, lastOffset, deliveryState: state.state, deliveryCount: state.deliveryCount };
}

function invalidState(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_RECORD_STATE, message);
}

function invalidRequest(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message);
}
