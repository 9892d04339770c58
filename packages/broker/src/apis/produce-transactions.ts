// The transactional batches of one Produce request: which producer they are of, and whether its transaction goes on
// (KIP-890). A batch whose transaction is open in its partition need not be asked for.

import type { Verification } from '@moldau/log';
import {
  BATCH_OVERHEAD,
  ErrorCode,
  errorName,
  KafkaError,
  MalformedError,
  magicAt,
  type ProduceRequest,
  RecordBatch,
} from '@moldau/protocol';
import type {
  TransactionOperation,
  TransactionVerifier,
} from '../coordinators/transactions/transaction-verifier.ts';
import type { Partition } from '../replication/partition.ts';

const FIRST_VERSION_WITH_ABORTABLE = 11;
const FIRST_VERSION_WITH_ADDING = 12;

type PartitionData = ProduceRequest['topicData'][number]['partitionData'][number];

/** What each partition's batch may be appended with, or the error it is refused with. */
export type Verifications = ReadonlyMap<PartitionData, Verification | undefined | KafkaError>;

/** One producer's transactional batches, all those of a request. */
export interface TransactionalBatches {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly batches: readonly { readonly data: PartitionData; readonly baseSequence: number }[];
}

/** Asked of every request: looks at one byte of each batch. */
export function hasTransactionalRecords({ topicData }: ProduceRequest): boolean {
  for (const { partitionData } of topicData)
    for (const { records } of partitionData) if (transactionalBatchOf(records) !== undefined) return true;
  return false;
}

/**
 * undefined when there are none. Batches whose header cannot be are left to the checks of all batches, which say what is wrong with them.
 * @throws KafkaError when they are of several producers
 */
export function transactionalBatchesOf(request: ProduceRequest): TransactionalBatches | undefined {
  const batches: TransactionalBatches['batches'][number][] = [];
  let found: TransactionalBatches | undefined;
  for (const { partitionData } of request.topicData) {
    for (const data of partitionData) {
      const batch = transactionalBatchOf(data.records);
      if (batch === undefined) continue;
      const producerId = producerIdOf(batch);
      if (producerId === undefined) continue;
      const { producerEpoch, baseSequence } = batch;
      found ??= { producerId, producerEpoch, batches };
      if (found.producerId !== producerId || found.producerEpoch !== producerEpoch) {
        const message = 'the transactional records of one request are of more than one producer';
        throw new KafkaError(ErrorCode.INVALID_PRODUCER_ID_MAPPING, message);
      }
      batches.push({ data, baseSequence });
    }
  }
  return found;
}

function transactionalBatchOf(records: Buffer | null): RecordBatch | undefined {
  if (records === null || records.length < BATCH_OVERHEAD || magicAt(records) !== 2) return undefined;
  const batch = new RecordBatch(records);
  return batch.isTransactional ? batch : undefined;
}

function producerIdOf(batch: RecordBatch): number | undefined {
  try {
    return batch.producerId;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/** Asks about all batches at once. Never rejects for what the coordinator answers. */
export async function verifyBatches(
  transactionalId: string,
  { producerId, producerEpoch, batches }: TransactionalBatches,
  partitionOf: (data: PartitionData) => Partition | undefined,
  apiVersion: number,
  verifier: TransactionVerifier,
): Promise<Verifications> {
  const operation = operationOf(apiVersion);
  const verifications = new Map<PartitionData, Verification | undefined | KafkaError>();
  const asked: { data: PartitionData; topic: string; partition: number }[] = [];
  for (const { data, baseSequence } of batches) {
    const partition = partitionOf(data);
    if (partition === undefined) continue;
    if (!verifier.isNeeded(operation)) {
      verifications.set(data, 'waived');
      continue;
    }
    try {
      if (!partition.log.isReady) await partition.log.ready();
      const supportsEpochBump = operation === 'add';
      const request = { producerId, producerEpoch, baseSequence, supportsEpochBump };
      const guard = partition.log.beginVerification(request);
      verifications.set(data, guard);
      if (guard !== undefined) asked.push({ data, topic: partition.topic, partition: partition.index });
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      verifications.set(data, error);
    }
  }
  if (asked.length === 0) return verifications;
  const producer = { transactionalId, producerId, producerEpoch };
  const codes = await codesOf(verifier.verifyPatiently(producer, asked, operation), asked.length);
  for (const [index, { data }] of asked.entries()) {
    const errorCode = codes[index]!;
    if (errorCode !== ErrorCode.NONE) verifications.set(data, refusal(errorCode, operation));
  }
  return verifications;
}

async function codesOf(asking: Promise<number[]>, count: number): Promise<number[]> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof KafkaError) return new Array<number>(count).fill(error.code);
    throw error;
  }
}

function operationOf(apiVersion: number): TransactionOperation {
  if (apiVersion >= FIRST_VERSION_WITH_ADDING) return 'add';
  return apiVersion >= FIRST_VERSION_WITH_ABORTABLE ? 'verify-abortable' : 'verify';
}

/** Producers know errors of partitions. What the coordinator would have asked again is told as one that makes them send again. */
function refusal(errorCode: number, operation: TransactionOperation): KafkaError {
  switch (errorCode) {
    case ErrorCode.INVALID_TXN_STATE:
      return new KafkaError(errorCode, 'the partition was not added to the transaction');
    case ErrorCode.CONCURRENT_TRANSACTIONS:
      return operation === 'add' ? new KafkaError(errorCode) : unverified(errorCode);
    case ErrorCode.NETWORK_EXCEPTION:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.NOT_COORDINATOR:
      return unverified(errorCode);
    default:
      return new KafkaError(errorCode);
  }
}

function unverified(errorCode: number): KafkaError {
  const message = `whether the partition is in the transaction could not be found out: ${errorName(errorCode)}`;
  return new KafkaError(ErrorCode.NOT_ENOUGH_REPLICAS, message);
}
