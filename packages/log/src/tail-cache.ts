// The most recently appended bytes of all logs, kept in memory as they were appended, so that consumers at the tail cost no disk
// read. Bounded in bytes over all logs; what was appended first goes first, whichever log it is of. Within a log the runs are
// contiguous up to its end, and evicting only ever takes the oldest.

import assert from 'node:assert';
import { type SliceRequest, sliceBatches } from './batch-walk.ts';

/** What a run costs beyond its bytes. */
const RUN_OVERHEAD_BYTES = 256;

/** Whole batches that compaction left of a log in memory. */
export interface CompactedRun {
  readonly bytes: Buffer;
  readonly firstOffset: number;
  readonly nextOffset: number;
}

interface CachedRun {
  readonly tail: LogTail;
  /** Emptied when the run leaves its log, so that the common queue holds no bytes. */
  bytes: Buffer | undefined;
  readonly firstOffset: number;
  nextOffset: number;
}

/** A first-in first-out queue that gives its memory back. */
class Queue {
  #items: CachedRun[] = [];
  #head = 0;

  push(run: CachedRun): void {
    this.#items.push(run);
  }

  shift(): CachedRun | undefined {
    if (this.#head === this.#items.length) return undefined;
    const run = this.#items[this.#head++];
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return run;
  }
}

export class TailCache {
  readonly limitBytes: number;
  #usedBytes = 0;
  readonly #queue = new Queue();

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Called by the tails. */
  admit(run: CachedRun, sizeBytes: number): void {
    this.#queue.push(run);
    this.#usedBytes += sizeBytes + RUN_OVERHEAD_BYTES;
    while (this.#usedBytes > this.limitBytes) {
      const oldest = this.#queue.shift();
      if (oldest === undefined) return;
      if (oldest.bytes !== undefined) oldest.tail.dropOldest(oldest);
    }
  }

  forget(sizeBytes: number): void {
    this.#usedBytes -= sizeBytes + RUN_OVERHEAD_BYTES;
  }

  shrink(sizeBytes: number): void {
    this.#usedBytes -= sizeBytes;
  }
}

/**
 * Copies bytes that are a small part of the memory they lie in: a cached batch of 100 bytes must not keep a frame of a megabyte
 * alive.
 */
function withoutSurroundings(bytes: Buffer): Buffer {
  return bytes.length * 2 < bytes.buffer.byteLength && bytes.buffer.byteLength > 16_384
    ? Buffer.from(bytes)
    : bytes;
}

/** One log's part of the cache. Without a cache it keeps all it is given until told otherwise: a log that lives in memory only. */
export class LogTail {
  readonly #cache: TailCache | undefined;
  #runs: CachedRun[] = [];
  #head = 0;

  constructor(cache: TailCache | undefined) {
    this.#cache = cache;
  }

  get isEmpty(): boolean {
    return this.#head === this.#runs.length;
  }

  /** Offsets from here to the log's end are in memory; Infinity when none are. */
  get firstOffset(): number {
    return this.#runs[this.#head]?.firstOffset ?? Infinity;
  }

  add(bytes: Buffer, firstOffset: number, nextOffset: number): void {
    const run: CachedRun = { tail: this, bytes: withoutSurroundings(bytes), firstOffset, nextOffset };
    this.#runs.push(run);
    this.#cache?.admit(run, bytes.length);
  }

  dropOldest(run: CachedRun): void {
    assert(this.#runs[this.#head] === run, 'the oldest run goes first');
    this.#release(run);
    this.#head += 1;
    if (this.#head === this.#runs.length) {
      this.#runs = [];
      this.#head = 0;
    } else if (this.#head > 32 && this.#head * 2 > this.#runs.length) {
      this.#runs = this.#runs.slice(this.#head);
      this.#head = 0;
    }
  }

  #release(run: CachedRun): void {
    this.#cache?.forget(run.bytes?.length ?? 0);
    run.bytes = undefined;
  }

  /** Drops runs that lie wholly below an offset. */
  dropBefore(offset: number): void {
    for (;;) {
      const oldest = this.#runs[this.#head];
      if (oldest === undefined || oldest.nextOffset > offset) return;
      this.dropOldest(oldest);
    }
  }

  /** Drops the batches that reach beyond an offset. */
  truncateTo(offset: number): void {
    while (!this.isEmpty) {
      const newest = this.#runs[this.#runs.length - 1]!;
      if (newest.nextOffset <= offset) return;
      if (newest.firstOffset < offset && this.#cutRun(newest, offset)) return;
      this.#release(newest);
      this.#runs.pop();
    }
    this.#runs = [];
    this.#head = 0;
  }

  #cutRun(run: CachedRun, offset: number): boolean {
    const bytes = run.bytes!;
    const slice = sliceBatches(bytes, 0, {
      fromOffset: run.firstOffset,
      upToOffset: offset,
      maxBytes: bytes.length,
      minOneBatch: false,
    });
    if (slice.start < 0) return false;
    this.#cache?.shrink(bytes.length - slice.end);
    run.bytes = bytes.subarray(0, slice.end);
    run.nextOffset = slice.nextOffset;
    return true;
  }

  clear(): void {
    this.truncateTo(-1);
  }

  /** Appends whole batches from request.fromOffset on to `chunks`. Returns the first and next offset, or undefined when nothing fits. */
  read(
    request: SliceRequest,
    chunks: Buffer[],
  ): { firstOffset: number; nextOffset: number; sizeBytes: number } | undefined {
    let at = this.#find(request.fromOffset);
    let firstOffset = -1;
    let nextOffset = -1;
    let sizeBytes = 0;
    for (; at < this.#runs.length; at++) {
      const run = this.#runs[at]!;
      const bytes = run.bytes!;
      const fits = run.nextOffset <= request.upToOffset && sizeBytes + bytes.length <= request.maxBytes;
      if (fits && run.firstOffset >= request.fromOffset) {
        chunks.push(bytes);
        if (firstOffset < 0) firstOffset = run.firstOffset;
        nextOffset = run.nextOffset;
        sizeBytes += bytes.length;
        continue;
      }
      const slice = sliceBatches(bytes, 0, {
        fromOffset: request.fromOffset,
        upToOffset: request.upToOffset,
        maxBytes: request.maxBytes - sizeBytes,
        minOneBatch: request.minOneBatch && firstOffset < 0,
      });
      if (slice.start >= 0) {
        chunks.push(bytes.subarray(slice.start, slice.end));
        if (firstOffset < 0) firstOffset = slice.firstOffset;
        nextOffset = slice.nextOffset;
        sizeBytes += slice.end - slice.start;
      }
      if (slice.stop !== 'end') break;
    }
    return firstOffset < 0 ? undefined : { firstOffset, nextOffset, sizeBytes };
  }

  /** The cached runs from an offset on, for walks over records. */
  *runsFrom(offset: number): Iterable<Buffer> {
    for (let at = this.#find(offset); at < this.#runs.length; at++) yield this.#runs[at]!.bytes!;
  }

  /** The runs that end at an offset or below it. */
  *runsBelow(offset: number): Iterable<Buffer> {
    for (let at = this.#head; at < this.#runs.length; at++) {
      const run = this.#runs[at]!;
      if (run.nextOffset > offset) return;
      yield run.bytes!;
    }
  }

  /** Of a log in memory: puts what compaction left in the place of the runs that end at an offset or below it. */
  replaceBefore(offset: number, kept: readonly CompactedRun[]): void {
    assert(this.#cache === undefined, 'only a log in memory is its own only copy');
    const rest = this.#runs.slice(this.#find(offset));
    this.#runs = [...kept.map((run) => ({ tail: this, ...run })), ...rest];
    this.#head = 0;
  }

  /** Index of the run that holds the offset, or of the first one after it. */
  #find(offset: number): number {
    let low = this.#head;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#runs[middle]!.nextOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
