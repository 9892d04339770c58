// Owns the records of transactions in __transaction_state, in Kafka's own format, so that its tools read ours and we
// read its. A key opens with the int16 of its kind, a value with the int16 of its version.

import {
  decodeVersioned,
  encodeVersioned,
  MalformedError,
  type Record,
  transactionLogKey,
  transactionLogValue,
} from '@moldau/protocol';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import { NO_PARTITIONS, type PartitionSet } from './partition-set.ts';
import type { TransactionVersion } from './transaction-commands.ts';
import {
  NO_PRODUCER_EPOCH,
  type TransactionMetadata,
  type TransactionState,
} from './transaction-metadata.ts';

/** In the order of the numbers that stand for them in the log. */
const STATES: readonly TransactionState[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
];

export type TransactionRecord =
  | { kind: 'transaction'; transactionalId: string; metadata: TransactionMetadata | null }
  | { kind: 'unknown'; keyType: number };

/** Whether a name is one of Kafka's states. */
export function isStateName(name: string): boolean {
  return STATES.includes(name as TransactionState);
}

/**
 * @param serverVersion transaction.version of the cluster: from 1 on records have the fields of KIP-890. So have those of a client
 *     that goes by it whatever the cluster's version is, or a restart would not know the producer id that its next epoch needs.
 */
export function transactionRecord(
  transactionalId: string,
  metadata: TransactionMetadata,
  serverVersion: TransactionVersion,
): CoordinatorRecord {
  const version = Math.max(serverVersion, metadata.clientVersion) >= 1 ? 1 : 0;
  return {
    key: encodeVersioned(transactionLogKey, { transactionalId }),
    value: encodeVersioned(
      transactionLogValue,
      {
        producerId: metadata.producerId,
        producerEpoch: metadata.producerEpoch,
        transactionTimeoutMs: metadata.timeoutMs,
        transactionStatus: STATES.indexOf(metadata.state),
        transactionPartitions: metadata.state === 'Empty' ? null : listed(metadata.partitions),
        transactionLastUpdateTimestampMs: metadata.lastUpdateTimestampMs,
        transactionStartTimestampMs: metadata.startTimestampMs,
        ...(version === 0
          ? {}
          : {
              previousProducerId: metadata.previousProducerId,
              nextProducerId: metadata.nextProducerId,
              clientTransactionVersion: metadata.clientVersion,
            }),
      },
      version,
    ),
  };
}

function listed(partitions: PartitionSet) {
  return Array.from(partitions, ([topic, indexes]) => ({ topic, partitionIds: [...indexes] }));
}

export function transactionTombstone(transactionalId: string): CoordinatorRecord {
  return { key: encodeVersioned(transactionLogKey, { transactionalId }), value: null };
}

/** Throws MalformedError. What it returns shares no memory with the record. */
export function parseTransactionRecord({ key, value }: Pick<Record, 'key' | 'value'>): TransactionRecord {
  if (key === null || key.length < 2) return { kind: 'unknown', keyType: -1 };
  const keyType = key.readInt16BE(0);
  if (keyType !== transactionLogKey.apiKey) return { kind: 'unknown', keyType };
  const { transactionalId } = transactionLogKey.decode(key, 0, 2);
  return { kind: 'transaction', transactionalId, metadata: value === null ? null : parseMetadata(value) };
}

function parseMetadata(bytes: Buffer): TransactionMetadata {
  const value = decodeVersioned(transactionLogValue, bytes);
  const state = STATES[value.transactionStatus];
  if (state === undefined || state === 'Dead' || state === 'PrepareEpochFence') {
    throw new MalformedError(`no transaction is stored in state ${value.transactionStatus}`);
  }
  return {
    state,
    producerId: value.producerId,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    timeoutMs: value.transactionTimeoutMs,
    partitions: state === 'Empty' ? NO_PARTITIONS : partitionsOf(value.transactionPartitions ?? []),
    startTimestampMs: value.transactionStartTimestampMs,
    lastUpdateTimestampMs: value.transactionLastUpdateTimestampMs,
    clientVersion: Math.min(Math.max(value.clientTransactionVersion, 0), 2) as TransactionVersion,
  };
}

function partitionsOf(topics: readonly { topic: string; partitionIds: readonly number[] }[]): PartitionSet {
  return new Map(topics.map(({ topic, partitionIds }) => [topic, new Set(partitionIds)]));
}
