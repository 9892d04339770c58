// Cuts a connection's bytes into frames: an int32 size, then so many bytes.
//
// Invariants
// - A size is checked before anything is allocated for it.
// - Memory follows the bytes that came, not the size that was claimed: a frame starts small and doubles as it fills. A connection that has sent a
//   large frame before gets that much at once the next time (4 MB at most, while memory is plentiful), so steady traffic is not copied.
// - A frame below 64 KB that arrives whole may share its memory with those of the same read, 64 KB at most. Who keeps a small part of a frame
//   for long should copy it; who keeps it for about as long as its neighbours (a tail cache) need not.
// - Large frames are charged to the budget as they grow. When the budget refuses, the reader is blocked until tryGrow
//   succeeds.

import type { MemoryBudget } from './memory-budget.ts';

const SIZE_BYTES = 4;
/** What one read of the network brings at most while no memory is offered. Frames up to this size are small. */
const READ_BYTES = 64 * 1024;
const MIN_FIRST_BYTES = 4 * 1024;
const MAX_FIRST_BYTES = 4 * 1024 * 1024;
/** Below this, reading the rest of a small frame by itself costs more than copying it. */
const WORTH_READING_IN_PLACE_BYTES = 8 * 1024;

const NONE = Buffer.alloc(0);

export interface FrameReaderOptions {
  /** What frames are charged to, until moveTo names another. */
  budget: MemoryBudget;
  /** The largest frame now; asked for each. */
  maxFrameBytes(): number;
  /** A frame without its size. `chargedBytes` of the budget now belong to the receiver. False: stop reading, drop the rest. */
  onFrame(frame: Buffer, chargedBytes: number): boolean;
  /** The size cannot be; `isFirst` when these were the first bytes of the connection. Nothing is read afterwards. */
  onBadSize(size: number, isFirst: boolean): void;
}

export class FrameReader {
  readonly #options: FrameReaderOptions;
  #budget: MemoryBudget;
  // The frame that is arriving: its size (-1 when even that is not known), its memory, and how much of it is filled.
  #size = -1;
  #frame: Buffer = NONE;
  #filled = 0;
  #chargedBytes = 0;
  // Bytes of a size that came in pieces.
  #sizeBytes = 0;
  #sizeValue = 0;
  // The largest frame that this connection has sent so far.
  #provenBytes = 0;
  #completedCount = 0;
  #isFirst = true;
  #isStopped = false;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
    this.#budget = options.budget;
  }

  /** The budget has refused memory for the rest of the frame: read no more until tryGrow returns true. */
  get isBlocked(): boolean {
    return this.#size > this.#frame.length && this.#filled === this.#frame.length;
  }

  /** A frame has arrived in part, and there is memory for more of it. */
  get hasRoom(): boolean {
    return this.#size >= 0 && this.#filled < this.#frame.length;
  }

  /** A frame has arrived in part. */
  get isWithinFrame(): boolean {
    return this.#size >= 0 || this.#sizeBytes > 0;
  }

  /** Frames that have arrived whole. */
  get completedCount(): number {
    return this.#completedCount;
  }

  /** What the budget holds for the frame that is arriving. */
  get chargedBytes(): number {
    return this.#chargedBytes;
  }

  /** Where the next bytes go, or undefined to have them passed to received. */
  place(): Buffer | undefined {
    if (this.#size < 0 || this.#isStopped) return undefined;
    if (this.#size <= READ_BYTES && this.#size - this.#filled < WORTH_READING_IN_PLACE_BYTES)
      return undefined;
    return this.#filled < this.#frame.length ? this.#frame.subarray(this.#filled) : undefined;
  }

  /** The place last given has been filled so far. */
  filled(count: number): void {
    this.#filled += count;
    if (this.#filled === this.#size) this.#complete();
    else if (this.#filled === this.#frame.length) this.tryGrow();
  }

  /** More memory for a frame that has filled what it has. */
  tryGrow(): boolean {
    if (!this.isBlocked) return true;
    const capacity = Math.min(this.#size, this.#frame.length * 2);
    // The old memory goes when the new is there, so only the difference is charged.
    if (!this.#budget.tryGrow(this, capacity - this.#frame.length)) return false;
    this.#grow(capacity);
    return true;
  }

  /** To a capacity for which the budget has been asked. */
  #grow(capacity: number): void {
    this.#chargedBytes += capacity - this.#frame.length;
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.#frame.copy(larger, 0, 0, this.#filled);
    this.#frame = larger;
  }

  /** Bytes in memory of the network; what is kept of them is copied. */
  received(bytes: Uint8Array): void {
    let position = this.#resume(bytes);
    if (position >= bytes.length) return;
    // Frames that are whole are copied together: one allocation however many there are.
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = position;
    let end = start;
    while (end + SIZE_BYTES <= bytes.length) {
      const size = view.getInt32(end);
      if (!this.#isPossible(size) || end + SIZE_BYTES + size > bytes.length) break;
      end += SIZE_BYTES + size;
    }
    if (end > start) {
      const copy = Buffer.allocUnsafeSlow(end - start);
      copy.set(bytes.subarray(start, end));
      this.#passWhole(copy);
      position = end;
    }
    if (position < bytes.length) this.#begin(bytes, position);
  }

  /** What has arrived of a frame so far is charged to that budget from now on, and what comes as well. */
  moveTo(budget: MemoryBudget): void {
    this.#budget.endArrival(this, this.#chargedBytes);
    this.#budget.release(this.#chargedBytes);
    this.#budget = budget;
    budget.reserveArriving(this.#chargedBytes);
  }

  /** Gives back what the budget holds. The reader is of no use afterwards. */
  close(): void {
    this.#isStopped = true;
    this.#frame = NONE;
    this.#size = -1;
    const chargedBytes = this.#chargedBytes;
    this.#chargedBytes = 0;
    this.#budget.endArrival(this, chargedBytes);
    this.#budget.release(chargedBytes);
  }

  #isPossible(size: number): boolean {
    return size >= 0 && size <= this.#options.maxFrameBytes();
  }

  /** Goes on with what an earlier read left open. Returns where the next frame starts. */
  #resume(bytes: Uint8Array): number {
    let position = 0;
    if (this.#size < 0 && this.#sizeBytes > 0) position = this.#readSize(bytes, 0);
    if (this.#isStopped) return bytes.length;
    if (this.#size < 0) return position;
    return this.#take(bytes, position);
  }

  /** A frame of which some bytes are missing. */
  #begin(bytes: Uint8Array, start: number): void {
    const position = this.#isStopped ? bytes.length : this.#readSize(bytes, start);
    if (this.#size >= 0 && !this.#isStopped && position < bytes.length) this.#take(bytes, position);
  }

  /** Copies what belongs to the frame; bytes that are here already always find room. Returns where the next frame starts. */
  #take(bytes: Uint8Array, position: number): number {
    const count = Math.min(this.#size - this.#filled, bytes.length - position);
    const neededBytes = this.#filled + count;
    if (neededBytes > this.#frame.length) {
      const capacity = Math.min(this.#size, Math.max(neededBytes, this.#frame.length * 2));
      this.#budget.reserveArriving(capacity - this.#frame.length);
      this.#grow(capacity);
    }
    this.#frame.set(bytes.subarray(position, position + count), this.#filled);
    this.filled(count);
    return this.#isStopped ? bytes.length : position + count;
  }

  #readSize(bytes: Uint8Array, start: number): number {
    let position = start;
    while (this.#sizeBytes < SIZE_BYTES && position < bytes.length) {
      this.#sizeValue = (this.#sizeValue << 8) | bytes[position++]!;
      this.#sizeBytes++;
    }
    if (this.#sizeBytes === SIZE_BYTES) this.#allocate(this.#sizeValue, bytes.length - position);
    return position;
  }

  /** Memory for a new frame, of which the first `arrivedBytes` are here. */
  #allocate(size: number, arrivedBytes: number): void {
    this.#sizeBytes = 0;
    this.#sizeValue = 0;
    if (!this.#isPossible(size)) {
      this.#isStopped = true;
      this.#options.onBadSize(size, this.#isFirst);
      return;
    }
    const budget = this.#budget;
    this.#size = size;
    this.#filled = 0;
    const isPlentiful = budget.usedBytes < budget.limitBytes / 2;
    const provenBytes = isPlentiful ? this.#provenBytes : 0;
    const capacity = Math.min(size, Math.max(MIN_FIRST_BYTES, arrivedBytes * 2, provenBytes));
    budget.reserveArriving(capacity);
    this.#chargedBytes = capacity;
    this.#frame = Buffer.allocUnsafeSlow(capacity);
    if (size === 0) this.#complete();
  }

  #complete(): void {
    const frame = this.#frame;
    const chargedBytes = this.#chargedBytes;
    this.#provenBytes = Math.min(MAX_FIRST_BYTES, Math.max(this.#provenBytes, frame.length));
    this.#size = -1;
    this.#filled = 0;
    this.#frame = NONE;
    this.#chargedBytes = 0;
    this.#budget.endArrival(this, chargedBytes);
    this.#pass(frame, chargedBytes);
  }

  #pass(frame: Buffer, chargedBytes: number): void {
    this.#isFirst = false;
    this.#completedCount++;
    if (!this.#options.onFrame(frame, chargedBytes)) this.#isStopped = true;
  }

  #passWhole(chunk: Buffer): void {
    let position = 0;
    while (position < chunk.length && !this.#isStopped) {
      const start = position + SIZE_BYTES;
      position = start + chunk.readInt32BE(position);
      this.#budget.reserve(position - start);
      this.#pass(chunk.subarray(start, position), position - start);
    }
  }
}
