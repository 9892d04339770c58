// Owns reading Kafka's primitive types one after the other from a buffer, with every length and count checked against
// the bytes that are left. Plain and slow: the interpreter reads with it, and what is no declared message.

import { MAX_STRING_BYTES } from './compiled-read.ts';
import { MalformedError } from './malformed.ts';
import { type Uuid, uuidFromBytes } from './uuid.ts';

export class Reader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  get leftBytes(): number {
    return this.#bytes.length - this.#offset;
  }

  /** The next `sizeBytes` as a view. */
  take(sizeBytes: number): Buffer {
    if (sizeBytes > this.leftBytes) {
      throw new MalformedError(`${sizeBytes} bytes are needed, but only ${this.leftBytes} are left.`);
    }
    this.#offset += sizeBytes;
    return this.#bytes.subarray(this.#offset - sizeBytes, this.#offset);
  }

  bool(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return this.take(1).readInt8();
  }

  int16(): number {
    return this.take(2).readInt16BE();
  }

  uint16(): number {
    return this.take(2).readUInt16BE();
  }

  int32(): number {
    return this.take(4).readInt32BE();
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  bits64(): bigint {
    return this.take(8).readBigInt64BE();
  }

  /** A number within +-(2^53-1), or Infinity for 2^63-1. */
  int64(): number {
    const value = this.bits64();
    if (value === 0x7fffffffffffffffn) return Number.POSITIVE_INFINITY;
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw new MalformedError(`The int64 ${value} is beyond 2^53-1.`);
    return number;
  }

  float64(): number {
    return this.take(8).readDoubleBE();
  }

  uuid(): Uuid {
    return uuidFromBytes(this.take(16));
  }

  /** An unsigned varint of up to 32 bits, in up to five bytes. */
  varint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 35n; shift += 7n) {
      const byte = this.take(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (value > 0xffffffffn) break;
        return Number(value);
      }
    }
    throw new MalformedError('A varint is longer than 32 bits.');
  }

  /** A length or count, -1 for null: a varint of one more when compact, else an integer of `sizeBytes`. */
  length(compact: boolean, sizeBytes: 2 | 4): number {
    if (compact) return this.varint() - 1;
    return Math.max(-1, sizeBytes === 2 ? this.int16() : this.int32());
  }

  string(compact: boolean): string | null {
    const length = this.length(compact, 2);
    if (length > MAX_STRING_BYTES) throw new MalformedError(`A string of ${length} bytes is too long.`);
    return length < 0 ? null : this.take(length).toString('utf8');
  }

  bytes(compact: boolean): Buffer | null {
    const length = this.length(compact, 4);
    return length < 0 ? null : this.take(length);
  }

  /** An array's count, which its elements of at least `minimumElementBytes` must fit under. */
  count(compact: boolean, minimumElementBytes: number): number {
    const count = this.length(compact, 4);
    if (count * minimumElementBytes > this.leftBytes) {
      throw new MalformedError(`${count} elements are announced, but only ${this.leftBytes} bytes are left.`);
    }
    return count;
  }
}
