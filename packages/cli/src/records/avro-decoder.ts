// Avro, with the schema that the writer had, or one that is read the same.

import avro from 'avsc';
import { UsageError } from '../command-line/errors.ts';
import type { Decoder } from './decoders.ts';
import { parseNumbers } from './json.ts';

/** Schema registries put a zero and the schema's number in front. */
const REGISTRY_PREFIX_BYTES = 5;

/** @throws UsageError when the schema is none */
export function avroType(schema: string, path: string): avro.Type {
  try {
    return avro.Type.forSchema(parseNumbers(schema) as avro.Schema, {
      registry: { long: longType() } as never,
    });
  } catch (error) {
    throw new UsageError(`${path} is no Avro schema: ${error instanceof Error ? error.message : error}`);
  }
}

/** @throws UsageError when the schema is none */
export function avroDecoder(schema: string, path: string): Decoder {
  const type = avroType(schema, path);
  return (bytes) => {
    if (bytes[0] === 0 && bytes.length >= REGISTRY_PREFIX_BYTES) {
      try {
        return type.fromBuffer(bytes.subarray(REGISTRY_PREFIX_BYTES));
      } catch {
        // It begins with a zero of its own.
      }
    }
    return type.fromBuffer(bytes);
  };
}

/** Numbers where they are exact, bigints where they are not. */
function longType(): avro.Type {
  return avro.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => exact(bytes.readBigInt64LE()),
    toBuffer(value: number | bigint) {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(value));
      return bytes;
    },
    fromJSON: (value: number | bigint) => value,
    toJSON: (value: number | bigint) => value,
    isValid: (value: unknown) => typeof value === 'bigint' || Number.isSafeInteger(value),
    compare: (left: number | bigint, right: number | bigint) => (left === right ? 0 : left < right ? -1 : 1),
  } as never);
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
