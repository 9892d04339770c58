// What a log remembers of each idempotent or transactional producer: its epoch, its last five batches (so that a batch sent
// again is recognised and a gap refused), and its open transaction. Checking changes nothing: only a batch that is really
// appended moves a producer on.

import { ErrorCode, KafkaError, type RecordBatch } from '@moldau/protocol';
import type { AbortedTransaction, ActiveProducer } from './types.ts';

/** As many as a producer may have in flight. */
const WINDOW_BATCHES = 5;
const NO_EPOCH = -1;
const NO_SEQUENCE = -1;
const CONTROL_COMMIT = 1;

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

function firstSequenceOf(batch: RememberedBatch): number {
  const first = batch.lastSequence - batch.offsetDelta;
  return first < 0 ? first + 0x8000_0000 : first;
}

function follows(lastSequence: number, firstSequence: number): boolean {
  return firstSequence === lastSequence + 1 || (firstSequence === 0 && lastSequence === 0x7fff_ffff);
}

/** Where a producer stands while the batches of one append are being checked. */
interface Standing {
  producerEpoch: number;
  lastSequence: number;
}

function checkBatch(batch: RecordBatch, standing: Standing | undefined): void {
  if (standing === undefined || standing.producerEpoch === NO_EPOCH) return;
  const { producerId, producerEpoch, baseSequence } = batch;
  if (producerEpoch < standing.producerEpoch) {
    throw new KafkaError(
      ErrorCode.INVALID_PRODUCER_EPOCH,
      `producer ${producerId} wrote with epoch ${producerEpoch}, but epoch ${standing.producerEpoch} has been seen: a newer producer took its place`,
    );
  }
  if (producerEpoch > standing.producerEpoch) {
    if (baseSequence === 0) return;
    throw new KafkaError(
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      `producer ${producerId} opened epoch ${producerEpoch} with sequence ${baseSequence} where 0 is due`,
    );
  }
  if (follows(standing.lastSequence, baseSequence)) return;
  throw new KafkaError(
    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    `producer ${producerId} (epoch ${producerEpoch}) sent sequence ${baseSequence} after ${standing.lastSequence}`,
  );
}

export class ProducerStates {
  readonly #entries = new Map<number, ProducerEntry>();
  #openTransactions = 0;

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

  /** Throws the KafkaError to be answered when a client's batches may not be appended. Nothing is changed. */
  check(batches: readonly RecordBatch[]): void {
    let standings: Map<number, Standing> | undefined;
    for (const batch of batches) {
      if (!batch.hasProducerId || batch.isControl) continue;
      const producerId = batch.producerId;
      checkBatch(batch, standings?.get(producerId) ?? this.#standing(producerId));
      if (batches.length === 1) return;
      standings ??= new Map();
      standings.set(producerId, { producerEpoch: batch.producerEpoch, lastSequence: batch.lastSequence });
    }
  }

  #standing(producerId: number): Standing | undefined {
    const entry = this.#entries.get(producerId);
    if (entry === undefined) return undefined;
    return {
      producerEpoch: entry.producerEpoch,
      lastSequence: entry.batches[entry.batches.length - 1]?.lastSequence ?? NO_SEQUENCE,
    };
  }

  /**
   * Takes in a batch that is part of the log now. For a marker that ended a transaction by aborting it, the entry for the
   * transaction index.
   */
  apply(batch: RecordBatch): AbortedTransaction | undefined {
    if (!batch.hasProducerId) return undefined;
    if (batch.isControl) return this.#applyMarker(batch);
    const entry = this.#entryFor(batch.producerId, batch.producerEpoch);
    entry.lastTimestampMs = batch.maxTimestamp;
    if (batch.baseSequence >= 0) {
      if (entry.batches.length === WINDOW_BATCHES) entry.batches.shift();
      const { lastSequence, lastOffset, lastOffsetDelta: offsetDelta, maxTimestamp: timestampMs } = batch;
      entry.batches.push({ lastSequence, lastOffset, offsetDelta, timestampMs });
    }
    if (batch.isTransactional && entry.currentTransactionFirstOffset < 0) {
      entry.currentTransactionFirstOffset = batch.baseOffset;
      this.#openTransactions += 1;
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
    this.#openTransactions -= 1;
    if (marker.committed) return undefined;
    const lastOffset = batch.lastOffset;
    const lastStableOffset = this.firstOpenTransactionOffset() ?? lastOffset + 1;
    return { producerId: batch.producerId, firstOffset, lastOffset, lastStableOffset };
  }

  /** undefined when no transaction is open. */
  firstOpenTransactionOffset(): number | undefined {
    if (this.#openTransactions === 0) return undefined;
    let first = Infinity;
    for (const entry of this.#entries.values()) {
      const offset = entry.currentTransactionFirstOffset;
      if (offset >= 0 && offset < first) first = offset;
    }
    return first;
  }

  /** Forgets producers that were silent for longer than this; one with an open transaction stays. Returns how many went. */
  expire(nowMs: number, expirationMs: number): number {
    let gone = 0;
    for (const [producerId, entry] of this.#entries) {
      if (entry.currentTransactionFirstOffset >= 0 || nowMs - entry.lastTimestampMs < expirationMs) continue;
      this.#entries.delete(producerId);
      gone += 1;
    }
    return gone;
  }

  /** Puts an entry as a snapshot has it. */
  restore(producerId: number, entry: ProducerEntry): void {
    this.#entries.set(producerId, entry);
    if (entry.currentTransactionFirstOffset >= 0) this.#openTransactions += 1;
  }

  entries(): IterableIterator<[number, ProducerEntry]> {
    return this.#entries.entries();
  }

  describe(): ActiveProducer[] {
    return [...this.#entries].map(([producerId, entry]) => ({
      producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: entry.batches[entry.batches.length - 1]?.lastSequence ?? NO_SEQUENCE,
      lastTimestampMs: entry.lastTimestampMs,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTransactionStartOffset: entry.currentTransactionFirstOffset,
    }));
  }
}

/** The end-of-transaction marker of a control batch; undefined for other control records (a leader change, for one). */
function readMarker(batch: RecordBatch): { committed: boolean; coordinatorEpoch: number } | undefined {
  for (const record of batch.records()) {
    const { key, value } = record;
    if (key === null || value === null || key.length < 4 || value.length < 6) return undefined;
    const type = key.readInt16BE(2);
    if (type !== 0 && type !== CONTROL_COMMIT) return undefined;
    return { committed: type === CONTROL_COMMIT, coordinatorEpoch: value.readInt32BE(2) };
  }
  return undefined;
}
