// The control batch that ends a producer's transaction in a partition: one record, whose key says commit or abort and
// whose value carries the epoch of the coordinator that decided it. Read without the schema's codecs, since a log reads
// one at the end of every transaction.

import type { RecordBatch } from './batch.ts';
import { encodeBatch } from './encode-batch.ts';

const VERSION = 0;
const ABORT = 0;
const COMMIT = 1;
const KEY_BYTES = 4;
const VALUE_BYTES = 6;

export interface EndTransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly committed: boolean;
}

/** The batch, without offsets; its time is in milliseconds since 1970. */
export function encodeMarker(marker: EndTransactionMarker, timestampMs: number): Buffer {
  const { producerId, producerEpoch, coordinatorEpoch, committed } = marker;
  const key = Buffer.alloc(KEY_BYTES);
  key.writeInt16BE(VERSION, 0);
  key.writeInt16BE(committed ? COMMIT : ABORT, 2);
  const value = Buffer.alloc(VALUE_BYTES);
  value.writeInt16BE(VERSION, 0);
  value.writeInt32BE(coordinatorEpoch, 2);
  return encodeBatch({
    records: [{ timestamp: timestampMs, key, value }],
    producerId,
    producerEpoch,
    isTransactional: true,
    isControl: true,
  });
}

/** undefined for other control batches (a change of leader, for one). Throws MalformedError. */
export function readMarker(batch: RecordBatch): EndTransactionMarker | undefined {
  for (const { key, value } of batch.records()) {
    if (key === null || value === null || key.length < KEY_BYTES || value.length < VALUE_BYTES)
      return undefined;
    const type = key.readInt16BE(2);
    if (type !== ABORT && type !== COMMIT) return undefined;
    const { producerId, producerEpoch } = batch;
    return { producerId, producerEpoch, coordinatorEpoch: value.readInt32BE(2), committed: type === COMMIT };
  }
  return undefined;
}
