// The serdes of Kafka's Java clients: bytes, text, and numbers with the most significant byte first.

import { SerializationError } from '../errors/kafka-error.ts';
import type { Serde, SerdeContext } from './serde.ts';

/** As they are: read as a view. Where types do not forbid it, texts and other byte arrays are sent as well. */
export function bytes(): Serde<Buffer | null> {
  return {
    name: 'bytes',
    serialize(value, context) {
      const given: unknown = value;
      if (given === null || typeof given === 'string' || given instanceof Uint8Array) return given;
      throw refused('bytes', value, context);
    },
    deserialize: (read) => read,
  };
}

export function string(): Serde<string | null> {
  return {
    name: 'string',
    serialize(value, context) {
      if (value === null || typeof value === 'string') return value;
      throw refused('string', value, context);
    },
    deserialize: (read) => (read === null ? null : read.toString('utf8')),
  };
}

export function int16(): Serde<number | null> {
  return whole('int16', 2, -0x8000, 0x7fff, 'writeInt16BE', 'readInt16BE');
}

export function int32(): Serde<number | null> {
  return whole('int32', 4, -0x80000000, 0x7fffffff, 'writeInt32BE', 'readInt32BE');
}

/** 64 bits, of which a number holds 53: others need bigint64(). */
export function int64(): Serde<number | null> {
  const big = bigint64();
  return {
    name: 'int64',
    serialize(value, context) {
      if (value === null) return null;
      if (!Number.isSafeInteger(value)) throw refused('int64', value, context);
      return big.serialize(BigInt(value), context);
    },
    deserialize(read, context) {
      const value = big.deserialize(read, context);
      const number = Number(value);
      if (value === null || Number.isSafeInteger(number)) return value === null ? null : number;
      throw unreadable(`int64: ${value} is more than a number can hold exactly: take bigint64()`, context);
    },
  };
}

export function bigint64(): Serde<bigint | null> {
  return {
    name: 'bigint64',
    serialize(value, context) {
      if (value === null) return null;
      if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value)
        throw refused('bigint64', value, context);
      const written = Buffer.allocUnsafe(8);
      written.writeBigInt64BE(value);
      return written;
    },
    deserialize(read, context) {
      checkSize('bigint64', read, 8, context);
      return read === null ? null : read.readBigInt64BE();
    },
  };
}

export function float32(): Serde<number | null> {
  return number('float32', 4, 'writeFloatBE', 'readFloatBE', () => true);
}

export function float64(): Serde<number | null> {
  return number('float64', 8, 'writeDoubleBE', 'readDoubleBE', () => true);
}

type Writer = 'writeInt16BE' | 'writeInt32BE' | 'writeFloatBE' | 'writeDoubleBE';
type Reader = 'readInt16BE' | 'readInt32BE' | 'readFloatBE' | 'readDoubleBE';

function whole(
  name: string,
  sizeBytes: number,
  lowest: number,
  highest: number,
  write: Writer,
  read: Reader,
): Serde<number | null> {
  return number(
    name,
    sizeBytes,
    write,
    read,
    (value) => Number.isInteger(value) && value >= lowest && value <= highest,
  );
}

function number(
  name: string,
  sizeBytes: number,
  write: Writer,
  read: Reader,
  fits: (value: number) => boolean,
): Serde<number | null> {
  return {
    name,
    serialize(value, context) {
      if (value === null) return null;
      if (typeof value !== 'number' || !fits(value)) throw refused(name, value, context);
      const written = Buffer.allocUnsafe(sizeBytes);
      written[write](value);
      return written;
    },
    deserialize(given, context) {
      checkSize(name, given, sizeBytes, context);
      return given === null ? null : given[read]();
    },
  };
}

function checkSize(name: string, read: Buffer | null, sizeBytes: number, context: SerdeContext): void {
  if (read !== null && read.length !== sizeBytes)
    throw unreadable(`${name}: ${read.length} bytes, where there should be ${sizeBytes}`, context);
}

function refused(name: string, value: unknown, { topic, part }: SerdeContext): SerializationError {
  const shown =
    typeof value === 'object' ? `an object (${value?.constructor?.name})` : `${typeof value} ${value}`;
  return new SerializationError(`The ${part} of a record for ${topic} is ${shown}: no ${name}.`, { topic });
}

function unreadable(what: string, { topic, part }: SerdeContext): SerializationError {
  return new SerializationError(`The ${part} of a record of ${topic} is no ${what}.`, { topic });
}
