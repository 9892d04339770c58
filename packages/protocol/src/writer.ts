// Owns writing Kafka's primitive types one after the other. Plain and slow: the interpreter writes with it, and what is
// no declared message.

import { MAX_STRING_BYTES } from './compiled-read.ts';
import { putVarint, varintSizeBytes } from './sink.ts';
import { type Uuid, uuidToBytes } from './uuid.ts';

const MAX_INT64 = 0x7fffffffffffffffn;

export class Writer {
  readonly #chunks: Uint8Array[] = [];

  #put(sizeBytes: number, write: (chunk: Buffer) => void): void {
    const chunk = Buffer.alloc(sizeBytes);
    write(chunk);
    this.#chunks.push(chunk);
  }

  raw(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int8(value: number): void {
    this.#put(1, (chunk) => chunk.writeInt8(value));
  }

  int16(value: number): void {
    this.#put(2, (chunk) => chunk.writeInt16BE(value));
  }

  uint16(value: number): void {
    this.#put(2, (chunk) => chunk.writeUInt16BE(value));
  }

  int32(value: number): void {
    this.#put(4, (chunk) => chunk.writeInt32BE(value));
  }

  uint32(value: number): void {
    this.#put(4, (chunk) => chunk.writeUInt32BE(value));
  }

  bits64(value: bigint): void {
    this.#put(8, (chunk) => chunk.writeBigInt64BE(value));
  }

  /** Infinity is written as 2^63-1. */
  int64(value: number): void {
    this.bits64(value === Number.POSITIVE_INFINITY ? MAX_INT64 : BigInt(value));
  }

  float64(value: number): void {
    this.#put(8, (chunk) => chunk.writeDoubleBE(value));
  }

  uuid(value: Uuid): void {
    this.raw(uuidToBytes(value));
  }

  varint(value: number): void {
    this.#put(varintSizeBytes(value), (chunk) => putVarint(chunk, 0, value));
  }

  /** A length or count, -1 for null: a varint of one more when compact, else an integer of `sizeBytes`. */
  length(value: number, compact: boolean, sizeBytes: 2 | 4): void {
    if (compact) this.varint(value + 1);
    else if (sizeBytes === 2) this.int16(value);
    else this.int32(value);
  }

  string(value: string | null, compact: boolean): void {
    if (value === null) {
      this.length(-1, compact, 2);
      return;
    }
    const text = Buffer.from(value, 'utf8');
    if (text.length > MAX_STRING_BYTES) throw new RangeError(`A string may have ${MAX_STRING_BYTES} bytes.`);
    this.length(text.length, compact, 2);
    this.raw(text);
  }

  bytes(value: Uint8Array | readonly Uint8Array[] | null, compact: boolean): void {
    if (value === null) {
      this.length(-1, compact, 4);
      return;
    }
    const whole = value instanceof Uint8Array ? value : Buffer.concat(value);
    this.length(whole.length, compact, 4);
    this.raw(whole);
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
