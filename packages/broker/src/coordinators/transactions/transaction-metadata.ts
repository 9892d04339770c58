// What is kept of one transactional id, and the transitions it can make. A transition makes the next metadata from the
// last one; it counts once its record is committed.
//
// Invariants: of one producer id the epoch never goes back. No client is ever told the epoch 32767, so that one bump is
// always left to fence whoever is out there; when it is used up, the id changes.

import assert from 'node:assert/strict';
import { NO_PARTITIONS, type PartitionSet, withPartitions } from './partition-set.ts';
import type { TopicPartition, TransactionVersion } from './transaction-commands.ts';

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
/** The last epoch that a client gets to see. */
export const LAST_CLIENT_EPOCH = 32_766;
/** The epoch that only fences. */
export const LAST_EPOCH = 32_767;
/** The timeout of a transaction that another system ends (KIP-939). */
export const NO_TIMEOUT_MS = 2_147_483_647;

/** Kafka's names. Dead and PrepareEpochFence are only ever on the way to another state and never in the log. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'
  | 'PrepareEpochFence';

export interface TransactionMetadata {
  readonly state: TransactionState;
  readonly producerId: number;
  /** The producer id before the last transition, mostly the same; tells a retry over a change of ids. */
  readonly previousProducerId: number;
  /** In a Prepare state whose epoch is used up: the id with which the transaction completes; else -1. */
  readonly nextProducerId: number;
  readonly producerEpoch: number;
  /** What the epoch was before the last bump, when its client may not know of that bump; else -1. Not in the log. */
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
  readonly partitions: PartitionSet;
  /** Wall milliseconds; -1 before the first transaction. */
  readonly startTimestampMs: number;
  /** Wall milliseconds. */
  readonly lastUpdateTimestampMs: number;
  readonly clientVersion: TransactionVersion;
}

/** A transactional id that nobody has used. */
export function newMetadata(producerId: number, timeoutMs: number, nowMs: number): TransactionMetadata {
  return {
    state: 'Empty',
    producerId,
    previousProducerId: NO_PRODUCER_ID,
    nextProducerId: NO_PRODUCER_ID,
    producerEpoch: NO_PRODUCER_EPOCH,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    timeoutMs,
    partitions: NO_PARTITIONS,
    startTimestampMs: -1,
    lastUpdateTimestampMs: nowMs,
    clientVersion: 0,
  };
}

export function isEpochExhausted(producerEpoch: number): boolean {
  return producerEpoch >= LAST_CLIENT_EPOCH;
}

export function isPrepared(metadata: TransactionMetadata): boolean {
  return metadata.state === 'PrepareCommit' || metadata.state === 'PrepareAbort';
}

/** Neither in a transaction nor at the end of one. */
export function isIdle({ state }: TransactionMetadata): boolean {
  return state === 'Empty' || state === 'CompleteCommit' || state === 'CompleteAbort';
}

function transition(
  metadata: TransactionMetadata,
  change: Partial<Omit<TransactionMetadata, 'previousProducerId'>>,
): TransactionMetadata {
  return { ...metadata, ...change, previousProducerId: metadata.producerId };
}

/** The epochs a producer gets that starts or comes back. */
export function initialized(
  metadata: TransactionMetadata,
  epochs: { producerEpoch: number; lastProducerEpoch: number; producerId?: number },
  timeoutMs: number,
  nowMs: number,
): TransactionMetadata {
  assert.ok(isIdle(metadata));
  return transition(metadata, {
    ...epochs,
    state: 'Empty',
    timeoutMs,
    partitions: NO_PARTITIONS,
    startTimestampMs: -1,
    lastUpdateTimestampMs: nowMs,
  });
}

export function ongoing(
  metadata: TransactionMetadata,
  added: readonly TopicPartition[],
  clientVersion: TransactionVersion,
  nowMs: number,
): TransactionMetadata {
  assert.ok(isIdle(metadata) || metadata.state === 'Ongoing');
  return transition(metadata, {
    state: 'Ongoing',
    partitions: withPartitions(metadata.partitions, added),
    startTimestampMs: isIdle(metadata) ? nowMs : metadata.startTimestampMs,
    lastUpdateTimestampMs: nowMs,
    clientVersion,
  });
}

export interface EndDecision {
  readonly committed: boolean;
  /** Bumps the epoch when 2. */
  readonly clientVersion: TransactionVersion;
  /** The epoch that fences the client of an older protocol; null where the client ends its transaction itself. */
  readonly fencingEpoch: number | null;
  /** The id to complete with where the epoch is used up; else -1. */
  readonly nextProducerId: number;
  readonly nowMs: number;
}

/** The decision to commit or to abort: from now on it will be so. */
export function prepared(metadata: TransactionMetadata, decision: EndDecision): TransactionMetadata {
  const { committed, clientVersion, fencingEpoch, nextProducerId, nowMs } = decision;
  assert.ok(metadata.state === 'Ongoing' || (isIdle(metadata) && !committed && clientVersion === 2));
  return transition(metadata, {
    state: committed ? 'PrepareCommit' : 'PrepareAbort',
    ...epochsAtEnd(metadata, clientVersion, fencingEpoch),
    nextProducerId,
    // An abort of nothing starts and ends at once.
    startTimestampMs: metadata.state === 'Ongoing' ? metadata.startTimestampMs : nowMs,
    lastUpdateTimestampMs: nowMs,
    clientVersion,
  });
}

function epochsAtEnd(metadata: TransactionMetadata, clientVersion: number, fencingEpoch: number | null) {
  const { producerEpoch, lastProducerEpoch } = metadata;
  if (clientVersion >= 2) {
    return { producerEpoch: Math.min(producerEpoch + 1, LAST_EPOCH), lastProducerEpoch: producerEpoch };
  }
  if (fencingEpoch === null) return { producerEpoch, lastProducerEpoch };
  return { producerEpoch: fencingEpoch, lastProducerEpoch: NO_PRODUCER_EPOCH };
}

/** All markers are written. */
export function completed(metadata: TransactionMetadata, nowMs: number): TransactionMetadata {
  assert.ok(isPrepared(metadata));
  const isIdChanging = metadata.clientVersion >= 2 && metadata.nextProducerId !== NO_PRODUCER_ID;
  return transition(metadata, {
    state: metadata.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    ...(isIdChanging ? { producerId: metadata.nextProducerId, producerEpoch: 0 } : {}),
    nextProducerId: NO_PRODUCER_ID,
    partitions: NO_PARTITIONS,
    lastUpdateTimestampMs: nowMs,
  });
}
