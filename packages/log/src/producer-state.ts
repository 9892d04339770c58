// What a log remembers of each idempotent or transactional producer: its epoch, its last five batches (so that a batch sent
// again is recognised and a gap refused), and its open transaction. Checking changes nothing: only a batch that is really
// appended moves a producer on.

import { type RecordBatch, readMarker } from '@moldau/protocol';
import { OpenTransactions } from './open-transactions.ts';
import {
  checkMarker,
  checkSequence,
  checkTransaction,
  type Standing,
  staleEpoch,
} from './producer-checks.ts';
import {
  type Verification,
  type VerificationGuard,
  type VerificationRequest,
  Verifications,
} from './transaction-verification.ts';
import type { AbortedTransaction, ActiveProducer, TransactionChecks } from './types.ts';

/** As many as a producer may have in flight. */
const WINDOW_BATCHES = 5;
const NO_SEQUENCE = -1;

export interface RememberedBatch {
  readonly lastSequence: number;
  readonly lastOffset: number;
  readonly offsetDelta: number;
  readonly timestampMs: number;
}

export interface ProducerEntry {
  producerEpoch: number;
  coordinatorEpoch: number;
  /** -1 when no transaction is open. */
  currentTransactionFirstOffset: number;
  lastTimestampMs: number;
  /** Oldest first, at most five; all of producerEpoch. */
  batches: RememberedBatch[];
}

function remembered(batch: RecordBatch): RememberedBatch {
  const { lastSequence, lastOffset, lastOffsetDelta: offsetDelta, maxTimestamp: timestampMs } = batch;
  return { lastSequence, lastOffset, offsetDelta, timestampMs };
}

function firstSequenceOf(batch: RememberedBatch): number {
  const first = batch.lastSequence - batch.offsetDelta;
  return first < 0 ? first + 0x8000_0000 : first;
}

function lastSequenceOf({ batches }: ProducerEntry): number {
  return batches[batches.length - 1]?.lastSequence ?? NO_SEQUENCE;
}

function standingOf(entry: ProducerEntry): Standing {
  const { producerEpoch, coordinatorEpoch, currentTransactionFirstOffset } = entry;
  const hasOpenTransaction = currentTransactionFirstOffset >= 0;
  return { producerEpoch, coordinatorEpoch, hasOpenTransaction, lastSequence: lastSequenceOf(entry) };
}

export class ProducerStates {
  readonly #entries = new Map<number, ProducerEntry>();
  readonly #transactions = new OpenTransactions();
  readonly #verifications = new Verifications();

  get size(): number {
    return this.#entries.size;
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#entries.get(producerId);
  }

  /** The remembered batch that this one repeats. */
  findDuplicate(batch: RecordBatch): RememberedBatch | undefined {
    const entry = this.#entries.get(batch.producerId);
    if (entry === undefined || entry.producerEpoch !== batch.producerEpoch) return undefined;
    const first = batch.baseSequence;
    const last = batch.lastSequence;
    return entry.batches.find((known) => known.lastSequence === last && firstSequenceOf(known) === first);
  }

  /**
   * Throws the KafkaError to be answered when a client's batches may not be appended: INVALID_PRODUCER_EPOCH,
   * OUT_OF_ORDER_SEQUENCE_NUMBER or INVALID_TXN_STATE. Nothing is changed.
   */
  check(batches: readonly RecordBatch[], verification?: Verification): void {
    let standings: Map<number, Standing> | undefined;
    for (const batch of batches) {
      if (!batch.hasProducerId || batch.isControl) continue;
      const producerId = batch.producerId;
      const standing = standings?.get(producerId) ?? this.#standing(producerId);
      const state = this.#verifications.get(producerId);
      checkTransaction(batch, standing, state, verification);
      checkSequence(batch, standing, state);
      if (batches.length === 1) return;
      standings ??= new Map();
      standings.set(producerId, {
        producerEpoch: batch.producerEpoch,
        lastSequence: batch.lastSequence,
        coordinatorEpoch: standing?.coordinatorEpoch ?? -1,
        hasOpenTransaction: batch.isTransactional,
      });
    }
  }

  /** As check(), for a batch or marker of the broker's own coordinators: sequences do not count. */
  checkOwn(batch: RecordBatch, { verification, transactionVersion = 0 }: TransactionChecks): void {
    const standing = this.#standing(batch.producerId);
    if (!batch.isControl) {
      checkTransaction(batch, standing, this.#verifications.get(batch.producerId), verification);
      return;
    }
    const marker = readMarker(batch);
    if (marker !== undefined) checkMarker(marker, transactionVersion, standing);
  }

  #standing(producerId: number): Standing | undefined {
    const entry = this.#entries.get(producerId);
    return entry === undefined ? undefined : standingOf(entry);
  }

  /**
   * The guard that a batch must bring when the coordinator has said that its transaction goes on; undefined when the transaction is
   * open here, which says so already. Throws INVALID_PRODUCER_EPOCH.
   */
  beginVerification(request: VerificationRequest, nowMs: number): VerificationGuard | undefined {
    const { producerId, producerEpoch } = request;
    const entry = this.#entries.get(producerId);
    if (entry !== undefined && producerEpoch < entry.producerEpoch)
      throw staleEpoch(producerId, producerEpoch, entry.producerEpoch);
    const isOpen = entry !== undefined && entry.currentTransactionFirstOffset >= 0;
    if (isOpen && producerEpoch === entry.producerEpoch) return undefined;
    return this.#verifications.begin(request, nowMs);
  }

  /**
   * Takes in a batch that is part of the log now. For a marker that ended a transaction by aborting it, the entry for the
   * transaction index.
   */
  apply(batch: RecordBatch): AbortedTransaction | undefined {
    if (!batch.hasProducerId) return undefined;
    const isTransactional = batch.isTransactional;
    const isControl = batch.isControl;
    if (isTransactional) this.#verifications.appended(batch.producerId, batch.producerEpoch, isControl);
    if (isControl) return this.#applyMarker(batch);
    const entry = this.#entryFor(batch.producerId, batch.producerEpoch);
    entry.lastTimestampMs = batch.maxTimestamp;
    if (batch.baseSequence >= 0) {
      if (entry.batches.length === WINDOW_BATCHES) entry.batches.shift();
      entry.batches.push(remembered(batch));
    }
    if (isTransactional && entry.currentTransactionFirstOffset < 0) {
      entry.currentTransactionFirstOffset = batch.baseOffset;
      this.#transactions.begin(batch.producerId, batch.baseOffset);
    }
    return undefined;
  }

  #entryFor(producerId: number, producerEpoch: number): ProducerEntry {
    let entry = this.#entries.get(producerId);
    if (entry === undefined) {
      entry = {
        producerEpoch,
        coordinatorEpoch: -1,
        currentTransactionFirstOffset: -1,
        lastTimestampMs: -1,
        batches: [],
      };
      this.#entries.set(producerId, entry);
    } else if (entry.producerEpoch !== producerEpoch) {
      entry.producerEpoch = producerEpoch;
      entry.batches = [];
    }
    return entry;
  }

  #applyMarker(batch: RecordBatch): AbortedTransaction | undefined {
    const marker = readMarker(batch);
    if (marker === undefined) return undefined;
    const entry = this.#entryFor(batch.producerId, batch.producerEpoch);
    entry.coordinatorEpoch = marker.coordinatorEpoch;
    entry.lastTimestampMs = batch.maxTimestamp;
    const firstOffset = entry.currentTransactionFirstOffset;
    if (firstOffset < 0) return undefined;
    entry.currentTransactionFirstOffset = -1;
    const lastOffset = batch.lastOffset;
    this.#transactions.end(firstOffset, lastOffset);
    if (marker.committed) return undefined;
    const lastStableOffset = this.#transactions.firstOpenOffset() ?? lastOffset + 1;
    return { producerId: batch.producerId, firstOffset, lastOffset, lastStableOffset };
  }

  /** Remembers again a batch that stands before the last one of its producer; called in the order of the log. */
  recall(batch: RecordBatch): void {
    if (!batch.hasProducerId || batch.isControl || batch.baseSequence < 0) return;
    const entry = this.#entries.get(batch.producerId);
    const last = entry?.batches[entry.batches.length - 1];
    if (entry === undefined || last === undefined || batch.lastOffset >= last.lastOffset) return;
    if (entry.producerEpoch !== batch.producerEpoch) return;
    if (entry.batches.length === WINDOW_BATCHES) entry.batches.shift();
    entry.batches.splice(-1, 0, remembered(batch));
  }

  /** undefined when no transaction is open. */
  firstOpenTransactionOffset(): number | undefined {
    return this.#transactions.firstOpenOffset();
  }

  /** As firstOpenTransactionOffset, counting those whose marker is not below writtenOffset yet. */
  firstUnstableOffset(writtenOffset: number): number | undefined {
    return this.#transactions.firstUnstableOffset(writtenOffset);
  }

  /** Forgets producers that were silent for longer than this; one with an open transaction stays. Returns how many went. */
  expire(nowMs: number, expirationMs: number): number {
    let gone = 0;
    for (const [producerId, entry] of this.#entries) {
      if (entry.currentTransactionFirstOffset >= 0 || nowMs - entry.lastTimestampMs < expirationMs) continue;
      this.#entries.delete(producerId);
      gone += 1;
    }
    this.#verifications.expire(nowMs, expirationMs);
    return gone;
  }

  /** Puts the entries as a snapshot has them. */
  restore(entries: Iterable<readonly [producerId: number, entry: ProducerEntry]>): void {
    const open: [number, number][] = [];
    for (const [producerId, entry] of entries) {
      this.#entries.set(producerId, entry);
      if (entry.currentTransactionFirstOffset >= 0)
        open.push([producerId, entry.currentTransactionFirstOffset]);
    }
    open.sort((a, b) => a[1] - b[1]);
    for (const [producerId, firstOffset] of open) this.#transactions.begin(producerId, firstOffset);
  }

  entries(): IterableIterator<[number, ProducerEntry]> {
    return this.#entries.entries();
  }

  describe(): ActiveProducer[] {
    return [...this.#entries].map(([producerId, entry]) => ({
      producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: lastSequenceOf(entry),
      lastTimestampMs: entry.lastTimestampMs,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTransactionStartOffset: entry.currentTransactionFirstOffset,
    }));
  }
}
