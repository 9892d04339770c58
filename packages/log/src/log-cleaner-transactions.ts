// What compaction must know of transactions while it passes over a log from front to back: which batches belong to an aborted
// one, and whether a marker still has records before it. A marker outlives all records of its transaction.

import type { RecordBatch } from '@moldau/protocol';
import type { AbortedTransaction } from './types.ts';

const ABORT = 0;
const COMMIT = 1;

interface OngoingAbort {
  readonly transaction: AbortedTransaction;
  hasRecords: boolean;
}

export class CleanedTransactions {
  /** By first offset. */
  readonly #pending: AbortedTransaction[];
  #next = 0;
  /** By producer id. */
  readonly #aborted = new Map<number, OngoingAbort>();
  /** Producers whose committed transactions had records since the last marker. */
  readonly #committed = new Set<number>();
  readonly #keep: (transaction: AbortedTransaction) => void;

  /** @param keep told of each aborted transaction that the transaction index of the output must name. */
  constructor(
    transactions: readonly AbortedTransaction[],
    keep: (transaction: AbortedTransaction) => void = () => {},
  ) {
    this.#pending = [...transactions].sort((a, b) => a.firstOffset - b.firstOffset);
    this.#keep = keep;
  }

  /** To be called for every batch in order. True when the records may go: they were aborted, or it is a marker without records before it. */
  mayDiscard(batch: RecordBatch): boolean {
    if (!batch.isTransactional && !batch.isControl) return false;
    this.#startUpTo(batch.lastOffset);
    if (batch.isControl) return this.#mayDiscardMarker(batch);
    const aborted = this.#aborted.get(batch.producerId);
    if (aborted !== undefined) {
      aborted.hasRecords = true;
      return true;
    }
    this.#committed.add(batch.producerId);
    return false;
  }

  #startUpTo(offset: number): void {
    for (;;) {
      const transaction = this.#pending[this.#next];
      if (transaction === undefined || transaction.firstOffset > offset) return;
      this.#next += 1;
      if (!this.#aborted.has(transaction.producerId))
        this.#aborted.set(transaction.producerId, { transaction, hasRecords: false });
    }
  }

  #mayDiscardMarker(batch: RecordBatch): boolean {
    // What is left of a marker that was removed before: only its producer's epoch mattered.
    if (batch.recordCount === 0) return true;
    const type = markerType(batch);
    if (type === COMMIT) return !this.#committed.delete(batch.producerId);
    if (type !== ABORT) return false;
    const aborted = this.#aborted.get(batch.producerId);
    this.#aborted.delete(batch.producerId);
    if (aborted === undefined || !aborted.hasRecords) return true;
    this.#keep(aborted.transaction);
    return false;
  }
}

/** -1 for a control record that is no marker. */
function markerType(batch: RecordBatch): number {
  for (const { key } of batch.records()) {
    if (key === null || key.length < 4) return -1;
    const type = key.readInt16BE(2);
    return type === ABORT || type === COMMIT ? type : -1;
  }
  return -1;
}
