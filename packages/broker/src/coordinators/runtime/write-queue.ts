// The writes of a shard that wait for their append. What is taken together goes into the log as one append and one
// fsync; records of the same kind that follow each other share a batch.

import type { CoordinatorBatch, CoordinatorRecord, VerifiedTransaction } from './coordinator-log.ts';
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

  /**
   * The oldest writes, as many as go together; at least one when there is any. Whether a producer's write is refused depends on what it
   * wrote before, so its records and markers follow each other in appends of their own.
   */
  take(): Write[] {
    let sizeBytes = 0;
    let count = 0;
    const producers = new Map<number, VerifiedTransaction | null>();
    for (const { batch, sizeBytes: ownBytes } of this.#writes) {
      sizeBytes += ownBytes;
      if (count > 0 && sizeBytes > MAX_BATCH_BYTES) break;
      const producer = 'marker' in batch ? batch.marker : batch.transaction;
      if (producer !== null) {
        const before = producers.get(producer.producerId);
        const transaction = 'marker' in batch ? null : batch.transaction;
        if (before !== undefined && !(before !== null && isSame(before, transaction))) break;
        producers.set(producer.producerId, transaction);
      }
      count++;
    }
    return this.#writes.splice(0, count);
  }
}

export interface Batches {
  readonly batches: CoordinatorBatch[];
  /** For each write the index of its batch; -1 when it has none because it writes nothing. */
  readonly batchOfWrite: number[];
}

/** The batches in which these writes go to the log, in the order of the writes. */
export function batchesOf(writes: readonly Write[]): Batches {
  const batches: CoordinatorBatch[] = [];
  const batchOfWrite: number[] = [];
  let open: { records: CoordinatorRecord[]; transaction: VerifiedTransaction | null } | undefined;
  for (const { batch } of writes) {
    if ('marker' in batch) {
      batchOfWrite.push(batches.push(batch) - 1);
      open = undefined;
      continue;
    }
    if (batch.records.length === 0) {
      batchOfWrite.push(-1);
      continue;
    }
    if (open === undefined || !isSame(open.transaction, batch.transaction)) {
      open = { records: [], transaction: batch.transaction };
      batches.push(open);
    }
    for (const record of batch.records) open.records.push(record);
    batchOfWrite.push(batches.length - 1);
  }
  return { batches, batchOfWrite };
}

function isSame(a: VerifiedTransaction | null, b: VerifiedTransaction | null): boolean {
  return (
    a?.producerId === b?.producerId &&
    a?.producerEpoch === b?.producerEpoch &&
    a?.verification === b?.verification
  );
}
