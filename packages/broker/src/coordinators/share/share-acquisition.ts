// One member's acquisition of records that have been read for it: first what became available again inside the window,
// in the order of offsets, then what is new.
//
// Records that have failed often are given in ever smaller portions, and alone at their last delivery, so that one
// record that makes its consumers fail does not use up the deliveries of its neighbours (Kafka's throttling).

import { DeliveryState, InFlightBatch, InFlightState } from './in-flight-batch.ts';
import type { OffsetRange, SharePartition } from './share-partition.ts';

/** A batch of the log, as far as it matters here. */
export interface LogBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
}

export interface AcquireRequest {
  readonly memberId: string;
  readonly nowMs: number;
  /** Where the read began. */
  readonly fetchOffset: number;
  /** What was read, in order. */
  readonly batches: readonly LogBatch[];
  /** Of transactions that were aborted: never delivered. */
  readonly abortedBatches: readonly LogBatch[];
  /** Whole batches are given as long as this is not passed; see isRecordLimit. */
  readonly maxRecords: number;
  /** Larger ranges of new records are acquired, and told, in parts of about this many. */
  readonly batchSize: number;
  /** maxRecords is strict: batches are cut (KIP-1206). */
  readonly isRecordLimit: boolean;
}

export interface AcquiredRange {
  firstOffset: number;
  lastOffset: number;
  readonly deliveryCount: number;
}

export interface Acquired {
  readonly ranges: readonly AcquiredRange[];
  /** How many offsets those are. */
  readonly count: number;
}

const NOTHING: Acquired = { ranges: [], count: 0 };
/** Below this many deliveries nothing is throttled. */
const MIN_THROTTLED_DELIVERIES = 2;

export class Acquisition {
  readonly #partition: SharePartition;
  readonly #request: AcquireRequest;
  readonly #readFirst: number;
  #readLast: number;
  #maxRecords = 0;
  #count = 0;
  readonly #ranges: AcquiredRange[] = [];

  constructor(partition: SharePartition, request: AcquireRequest) {
    this.#partition = partition;
    this.#request = request;
    this.#readFirst = request.batches[0]?.baseOffset ?? 0;
    this.#readLast = request.batches.at(-1)?.lastOffset ?? -1;
  }

  run(): Acquired {
    const { fetchOffset, batches, maxRecords } = this.#request;
    const partition = this.#partition;
    if (maxRecords <= 0 || batches.length === 0) return NOTHING;
    // The log has no records between where the read began and what it found.
    if (fetchOffset < this.#readFirst) this.#passOver(fetchOffset, this.#readFirst - 1);
    if (this.#readLast < partition.startOffset) return NOTHING;
    this.#limit();
    if (this.#maxRecords <= 0 || this.#readLast < this.#readFirst) return NOTHING;
    this.#acquireAll();
    return this.#withoutAborted();
  }

  #passOver(firstOffset: number, lastOffset: number): void {
    const partition = this.#partition;
    if (partition.archiveAvailable(firstOffset, lastOffset, DeliveryState.AVAILABLE, true)) {
      partition.mayHaveAvailable = true;
    }
    partition.dropGaps(firstOffset, lastOffset);
    partition.advance();
  }

  /** How many records, and up to which offset: at the limit of locks only what is in the window already. */
  #limit(): void {
    const { fetchOffset, maxRecords } = this.#request;
    const { inFlightCount, endOffset, limits } = this.#partition;
    this.#maxRecords = Math.min(maxRecords, limits.maxInFlightRecords - inFlightCount);
    if (this.#maxRecords > 0 || fetchOffset > endOffset) return;
    this.#maxRecords = Math.min(maxRecords, endOffset - fetchOffset + 1);
    this.#readLast = Math.min(this.#readLast, endOffset);
  }

  #acquireAll(): void {
    const { window, startOffset } = this.#partition;
    const floor = window.floor(this.#readFirst);
    const isInside = floor !== undefined && floor.lastOffset >= this.#readFirst;
    const from = isInside
      ? floor.firstOffset
      : floor === undefined
        ? Math.max(this.#readFirst, startOffset)
        : this.#readFirst;
    const known = window.startingWithin(Math.min(this.#readFirst, from), this.#readLast);
    if (known.length === 0) {
      this.#acquireNew(from, this.#readLast);
      return;
    }
    let position = from;
    for (const batch of known) {
      if (this.#count >= this.#maxRecords) return;
      this.#acquireGaps(position, batch.firstOffset - 1);
      position = batch.lastOffset + 1;
      if (this.#count >= this.#maxRecords) return;
      if (!this.#acquireKnown(batch)) return;
    }
    if (this.#count < this.#maxRecords && position <= this.#readLast)
      this.#acquireNew(position, this.#readLast);
  }

  #acquireGaps(firstOffset: number, lastOffset: number): void {
    const gaps = this.#partition.gaps.filter(
      (gap) => gap.lastOffset >= firstOffset && gap.firstOffset <= lastOffset,
    );
    for (const gap of gaps) {
      if (this.#count >= this.#maxRecords) return;
      this.#acquireNew(Math.max(gap.firstOffset, firstOffset), Math.min(gap.lastOffset, lastOffset));
    }
  }

  // What has been out before ---------------------------------------------------------------------------------------

  /** False when nothing more is to be given in this answer. */
  #acquireKnown(batch: InFlightBatch): boolean {
    const isThrottled = this.#isThrottled(batch);
    if (isThrottled && this.#count > 0) return false;
    const isWhole = batch.firstOffset >= this.#readFirst && batch.lastOffset <= this.#readLast;
    const isCut = this.#request.isRecordLimit && batch.size > this.#maxRecords - this.#count;
    if (isWhole && !batch.isSplit && !isCut && !isThrottled) {
      if (batch.whole.isAvailable) this.#take(batch.whole, batch.firstOffset, batch.lastOffset, this.#ranges);
      return true;
    }
    if (!batch.isSplit) {
      if (!batch.whole.isAvailable) return true;
      batch.split();
    }
    const countBefore = this.#count;
    this.#acquireOffsets(batch);
    return !(isThrottled && this.#count > countBefore);
  }

  #take(state: InFlightState, firstOffset: number, lastOffset: number, ranges: AcquiredRange[]): void {
    const { memberId, nowMs } = this.#request;
    state.acquire(memberId, this.#partition.lock(nowMs));
    ranges.push({ firstOffset, lastOffset, deliveryCount: state.deliveryCount });
    this.#count += lastOffset - firstOffset + 1;
  }

  #acquireOffsets(batch: InFlightBatch): void {
    const { isRecordLimit } = this.#request;
    const { maxDeliveryCount } = this.#partition.limits;
    const limit = throttledFrom(maxDeliveryCount);
    const remaining = this.#maxRecords - this.#count;
    const isLastTold = maxDeliveryCount > MIN_THROTTLED_DELIVERIES;
    const ranges: AcquiredRange[] = [];
    const countBefore = this.#count;
    let portion = Number.POSITIVE_INFINITY;
    batch.visit(this.#readFirst, this.#readLast, (state, offset) => {
      if (!state.isAvailable) return true;
      const taken = this.#count - countBefore;
      if (isLastTold && state.deliveryCount === maxDeliveryCount - 1 && taken > 0) return false;
      if (state.deliveryCount >= limit && portion === Number.POSITIVE_INFINITY) {
        portion = Math.max(1, batch.size >> (state.deliveryCount - limit + 1));
      }
      this.#take(state, offset, offset, ranges);
      const isLastDelivery = isLastTold && state.deliveryCount === maxDeliveryCount;
      return !isLastDelivery && !(isRecordLimit && taken + 1 === remaining) && taken + 1 !== portion;
    });
    this.#ranges.push(...joined(ranges));
  }

  #isThrottled(batch: InFlightBatch): boolean {
    const limit = throttledFrom(this.#partition.limits.maxDeliveryCount);
    const [first, last] = batch.isSplit
      ? [this.#readFirst, this.#readLast]
      : [batch.firstOffset, batch.lastOffset];
    let isThrottled = false;
    batch.visit(first, last, (state) => {
      isThrottled = state.isAvailable && state.deliveryCount >= limit;
      return !isThrottled;
    });
    return isThrottled;
  }

  // What is new ----------------------------------------------------------------------------------------------------

  #acquireNew(firstOffset: number, lastOffset: number): void {
    const partition = this.#partition;
    const { window, endOffset } = partition;
    const first = window.isEmpty && endOffset > firstOffset ? endOffset : firstOffset;
    const maxRecords = this.#maxRecords - this.#count;
    let last = lastOffset;
    if (maxRecords < last - first + 1) {
      last = Math.min(this.#endOfLogBatch(first + maxRecords - 1), lastOffset);
    }
    this.#addNew(first, last, maxRecords);
    if (window.first!.firstOffset === first) partition.startOffset = first;
    if (last > partition.endOffset) partition.endOffset = last;
    partition.dropGaps(first, last);
  }

  /** Batches of the log are not cut: a consumer gets them whole anyway. */
  #endOfLogBatch(offset: number): number {
    const batch = this.#request.batches.findLast(({ baseOffset }) => baseOffset <= offset);
    return batch !== undefined && offset <= batch.lastOffset ? batch.lastOffset : offset;
  }

  #addNew(firstOffset: number, lastOffset: number, maxRecords: number): void {
    const { memberId, nowMs, isRecordLimit, batchSize } = this.#request;
    const partition = this.#partition;
    const lockedUntilMs = partition.lock(nowMs);
    const add = (first: number, last: number): void => {
      const state = new InFlightState(DeliveryState.ACQUIRED, 1, memberId, lockedUntilMs);
      partition.window.add(new InFlightBatch(first, last, state));
      this.#ranges.push({ firstOffset: first, lastOffset: last, deliveryCount: 1 });
      this.#count += last - first + 1;
    };
    if (isRecordLimit && lastOffset - firstOffset + 1 > maxRecords) {
      this.#addCut(firstOffset, lastOffset, firstOffset + maxRecords - 1, lockedUntilMs);
      return;
    }
    let first = firstOffset;
    if (!isRecordLimit && lastOffset - firstOffset + 1 > batchSize) {
      for (const { baseOffset } of this.#request.batches) {
        if (baseOffset > lastOffset) break;
        if (baseOffset - first < batchSize) continue;
        add(first, baseOffset - 1);
        first = baseOffset;
      }
    }
    add(first, lastOffset);
  }

  /** A batch of which only the beginning is given; the rest waits for the next who asks. */
  #addCut(firstOffset: number, lastOffset: number, lastAcquired: number, lockedUntilMs: number): void {
    const { memberId } = this.#request;
    const batch = new InFlightBatch(firstOffset, lastOffset, new InFlightState(DeliveryState.AVAILABLE, 0));
    batch.split();
    batch.visit(firstOffset, lastAcquired, (state) => state.acquire(memberId, lockedUntilMs));
    this.#partition.window.add(batch);
    this.#partition.mayHaveAvailable = true;
    this.#ranges.push({ firstOffset, lastOffset: lastAcquired, deliveryCount: 1 });
    this.#count += lastAcquired - firstOffset + 1;
  }

  // Aborted transactions -------------------------------------------------------------------------------------------

  #withoutAborted(): Acquired {
    const { abortedBatches } = this.#request;
    if (abortedBatches.length === 0 || this.#ranges.length === 0)
      return { ranges: this.#ranges, count: this.#count };
    let ranges: AcquiredRange[] = this.#ranges;
    for (const { baseOffset, lastOffset } of abortedBatches) {
      this.#partition.archiveAvailable(baseOffset, lastOffset, DeliveryState.ACQUIRED, true);
      ranges = ranges.flatMap((range) => without(range, { firstOffset: baseOffset, lastOffset }));
    }
    this.#partition.advance();
    return {
      ranges,
      count: ranges.reduce((sum, range) => sum + range.lastOffset - range.firstOffset + 1, 0),
    };
  }
}

function throttledFrom(maxDeliveryCount: number): number {
  return Math.max(MIN_THROTTLED_DELIVERIES, Math.ceil(maxDeliveryCount / 2));
}

/** Neighbours with the same count become one. */
function joined(ranges: readonly AcquiredRange[]): AcquiredRange[] {
  const result: AcquiredRange[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (
      last !== undefined &&
      last.lastOffset + 1 === range.firstOffset &&
      last.deliveryCount === range.deliveryCount
    ) {
      last.lastOffset = range.lastOffset;
    } else {
      result.push(range);
    }
  }
  return result;
}

function without(range: AcquiredRange, removed: OffsetRange): AcquiredRange[] {
  if (range.lastOffset < removed.firstOffset || range.firstOffset > removed.lastOffset) return [range];
  const { deliveryCount } = range;
  return [
    { firstOffset: range.firstOffset, lastOffset: removed.firstOffset - 1, deliveryCount },
    { firstOffset: removed.lastOffset + 1, lastOffset: range.lastOffset, deliveryCount },
  ].filter(({ firstOffset, lastOffset }) => firstOffset <= lastOffset);
}
