// Where compaction gets batches from: pieces of whole batches, in order, out of a segment's file or out of memory. Of a file the
// next piece is read while this one is looked at. What cannot be a batch ends the cleaning.

import type { DiskFile } from '@moldau/io';
import { batchSizeAt, HEADER_BYTES, isHeaderPlausible } from './batch-walk.ts';
import { DamagedLogError } from './log-cleaner-errors.ts';

export interface BatchPieces {
  /** Whole batches, valid until the next call; undefined at the end. */
  next(): Promise<Buffer | undefined>;
}

const NONE: Buffer = Buffer.alloc(0);

/** The two buffers that all files of a cleaning are read with. */
export class ReadBuffers {
  readonly pieceBytes: number;
  /** Each has room for the rest of the piece before, in front of the piece itself. */
  readonly buffers: readonly [Buffer, Buffer];

  constructor(pieceBytes: number) {
    this.pieceBytes = pieceBytes;
    this.buffers = [Buffer.allocUnsafeSlow(pieceBytes * 2), Buffer.allocUnsafeSlow(pieceBytes * 2)];
  }
}

export class FilePieces implements BatchPieces {
  readonly #file: DiskFile;
  readonly #memory: ReadBuffers;
  readonly #end: number;
  /** Where the next read starts. */
  #position: number;
  #rest: Buffer = NONE;
  #turn = 0;
  #reading: Promise<number> | undefined;

  /** The batches between two positions of a file. */
  constructor(file: DiskFile, from: number, end: number, memory: ReadBuffers) {
    this.#file = file;
    this.#memory = memory;
    this.#position = from;
    this.#end = end;
  }

  async next(): Promise<Buffer | undefined> {
    if (this.#rest.length > this.#memory.pieceBytes) await this.#goBack();
    const reading = this.#reading ?? this.#startRead();
    if (reading === undefined) {
      if (this.#rest.length > 0) throw this.#damage('the last batch is cut off');
      return undefined;
    }
    const count = await reading;
    if (count === 0) throw this.#damage('the file is shorter than it was');
    const { pieceBytes, buffers } = this.#memory;
    const start = pieceBytes - this.#rest.length;
    const buffer = buffers[this.#turn]!;
    this.#rest.copy(buffer, start);
    this.#position += count;
    const piece = buffer.subarray(start, pieceBytes + count);
    const end = this.#endOfWhole(piece);
    if (end === 0) return this.#largeBatch(piece);
    this.#rest = piece.subarray(end);
    this.#turn = 1 - this.#turn;
    this.#reading = undefined;
    this.#startRead();
    return piece.subarray(0, end);
  }

  /** Waits for what is being read and will not be used: the buffers and the file are free afterwards. */
  async close(): Promise<void> {
    await this.#reading?.catch(() => {});
    this.#reading = undefined;
  }

  #startRead(): Promise<number> | undefined {
    const leftBytes = this.#end - this.#position;
    if (leftBytes === 0) return undefined;
    const { pieceBytes, buffers } = this.#memory;
    const target = buffers[this.#turn]!.subarray(pieceBytes, pieceBytes + Math.min(leftBytes, pieceBytes));
    this.#reading = this.#file.read(target, this.#position);
    // Who asks for the next piece hears of it.
    this.#reading.catch(() => {});
    return this.#reading;
  }

  #endOfWhole(piece: Buffer): number {
    let at = 0;
    while (at + HEADER_BYTES <= piece.length) {
      if (!isHeaderPlausible(piece, at)) throw this.#damage('no batch stands there', piece.length - at);
      const size = batchSizeAt(piece, at);
      if (at + size > piece.length) break;
      at += size;
    }
    return at;
  }

  /** The rest is too long to be put before the next piece. */
  async #goBack(): Promise<void> {
    await this.close();
    this.#position -= this.#rest.length;
    this.#rest = NONE;
  }

  async #largeBatch(piece: Buffer): Promise<Buffer> {
    const position = this.#position - piece.length;
    this.#rest = NONE;
    this.#reading = undefined;
    const size = piece.length < HEADER_BYTES ? Infinity : batchSizeAt(piece, 0);
    if (position + size > this.#end) throw this.#damage('the last batch is cut off', piece.length);
    const batch = Buffer.allocUnsafeSlow(size);
    const count = await this.#file.read(batch, position);
    if (count < size) throw this.#damage('the file is shorter than it was');
    this.#position = position + size;
    return batch;
  }

  #damage(what: string, backBytes = 0): DamagedLogError {
    return new DamagedLogError(`${this.#file.path}: ${what} (byte ${this.#position - backBytes})`);
  }
}

/** Batches that are in memory. */
export class MemoryPieces implements BatchPieces {
  readonly #runs: readonly Buffer[];
  #index = 0;

  constructor(runs: readonly Buffer[]) {
    this.#runs = runs;
  }

  async next(): Promise<Buffer | undefined> {
    return this.#runs[this.#index++];
  }
}
