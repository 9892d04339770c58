// The record batches that scenarios send and receive.

import { type BatchFields, encodeBatch } from '@moldau/protocol';

export { batches, RecordBatch } from '@moldau/protocol';

const MAGIC_POSITION = 16;

/** A time long ago, the same on both sides. */
export const LONG_AGO_MS = 1_600_000_000_000;

export function isMessageSet(bytes: Buffer): boolean {
  return bytes.length > MAGIC_POSITION && bytes[MAGIC_POSITION]! < 2;
}

/** A batch of records with the given values, a second apart from LONG_AGO_MS on. */
export function batchOf(
  values: readonly string[],
  fields: BatchFields & { fromMs?: number; key?: string } = {},
): Buffer {
  const { fromMs = LONG_AGO_MS, key, ...rest } = fields;
  return encodeBatch({
    ...rest,
    records: values.map((value, index) => ({
      timestamp: fromMs + index * 1000,
      key: key === undefined ? null : Buffer.from(key),
      value: Buffer.from(value),
    })),
  });
}
