// The aborted transactions whose last offset lies in one segment, in Kafka's .txnindex format: int16 version, int64 producer id,
// int64 first offset, int64 last offset, int64 last stable offset at that time. Last offsets rise.

import { readInt64, writeInt64 } from './int64.ts';
import type { AbortedTransaction } from './types.ts';

export const TRANSACTION_INDEX_ENTRY_BYTES = 34;
const VERSION = 0;

export function encodeTransactionIndex(entries: readonly AbortedTransaction[]): Buffer {
  const bytes = Buffer.alloc(entries.length * TRANSACTION_INDEX_ENTRY_BYTES);
  entries.forEach((entry, index) => {
    const at = index * TRANSACTION_INDEX_ENTRY_BYTES;
    bytes.writeInt16BE(VERSION, at);
    writeInt64(bytes, entry.producerId, at + 2);
    writeInt64(bytes, entry.firstOffset, at + 10);
    writeInt64(bytes, entry.lastOffset, at + 18);
    writeInt64(bytes, entry.lastStableOffset, at + 26);
  });
  return bytes;
}

/**
 * undefined when the bytes are not such a file. A power cut can leave zeros where an entry was being written, so each entry has to
 * make sense too: a transaction ends after it began, and after the one before it.
 */
export function decodeTransactionIndex(bytes: Buffer): AbortedTransaction[] | undefined {
  if (bytes.length % TRANSACTION_INDEX_ENTRY_BYTES !== 0) return undefined;
  const entries: AbortedTransaction[] = [];
  let previousOffset = -1;
  for (let at = 0; at < bytes.length; at += TRANSACTION_INDEX_ENTRY_BYTES) {
    if (bytes.readInt16BE(at) !== VERSION) return undefined;
    const firstOffset = readInt64(bytes, at + 10);
    const lastOffset = readInt64(bytes, at + 18);
    if (firstOffset < 0 || lastOffset <= Math.max(firstOffset, previousOffset)) return undefined;
    previousOffset = lastOffset;
    const producerId = readInt64(bytes, at + 2);
    entries.push({ producerId, firstOffset, lastOffset, lastStableOffset: readInt64(bytes, at + 26) });
  }
  return entries;
}

/** Those whose records a reader of [fromOffset, upToOffset) may meet. */
export function overlapping(
  entries: readonly AbortedTransaction[],
  fromOffset: number,
  upToOffset: number,
): AbortedTransaction[] {
  return entries.filter((entry) => entry.lastOffset >= fromOffset && entry.firstOffset < upToOffset);
}
