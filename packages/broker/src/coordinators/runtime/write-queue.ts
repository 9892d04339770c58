// The writes of a shard that wait for their append. What is taken together goes into the log as one append and one
// fsync; records of the same kind that follow each other share a batch.

import type { CoordinatorBatch, CoordinatorRecord, TransactionOf } from './coordinator-log.ts';
import type { Settled } from './shard-effects.ts';

/** A batch stays well below the smallest message.max.bytes people set; a write larger than this goes by itself. */
const MAX_BATCH_BYTES = 256 * 1024;

export interface Write {
  readonly batch: CoordinatorBatch;
  readonly sizeBytes: number;
  readonly settled: Settled;
}

export class WriteQueue {
  readonly #writes: Write[] = [];

  get isEmpty(): boolean {
    return this.#writes.length === 0;
  }

  push(batch: CoordinatorBatch, settled: Settled): void {
    let sizeBytes = 0;
    if ('records' in batch)
      for (const { key, value } of batch.records) sizeBytes += key.length + (value?.length ?? 0);
    this.#writes.push({ batch, sizeBytes, settled });
  }

  /** The oldest writes, as many as go together; at least one when there is any. */
  take(): Write[] {
    let sizeBytes = 0;
    let count = 0;
    for (const write of this.#writes) {
      sizeBytes += write.sizeBytes;
      if (count > 0 && sizeBytes > MAX_BATCH_BYTES) break;
      count++;
    }
    return this.#writes.splice(0, count);
  }
}

/** The batches in which these writes go to the log, in the order of the writes. */
export function batchesOf(writes: readonly Write[]): CoordinatorBatch[] {
  const batches: CoordinatorBatch[] = [];
  let open: { records: CoordinatorRecord[]; transaction: TransactionOf | null } | undefined;
  for (const { batch } of writes) {
    if ('marker' in batch) {
      batches.push(batch);
      open = undefined;
      continue;
    }
    if (batch.records.length === 0) continue;
    if (open === undefined || !isSame(open.transaction, batch.transaction)) {
      open = { records: [], transaction: batch.transaction };
      batches.push(open);
    }
    for (const record of batch.records) open.records.push(record);
  }
  return batches;
}

function isSame(a: TransactionOf | null, b: TransactionOf | null): boolean {
  return a?.producerId === b?.producerId && a?.producerEpoch === b?.producerEpoch;
}
