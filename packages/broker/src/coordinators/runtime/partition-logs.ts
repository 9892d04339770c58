// The logs under coordinators' shards: the partitions of an internal topic.
//
// Invariant: append resolves only when the records are as durable as the topic asks.

import { batches, encodeBatch, encodeMarker, KafkaError, RecordBatch, readMarker } from '@moldau/protocol';
import type { Partition } from '../../replication/partition.ts';
import type { CoordinatorBatch, CoordinatorLog, CoordinatorLogs, ReplayVisitor } from './coordinator-log.ts';

const REPLAY_BYTES_AT_ONCE = 1024 * 1024;

export interface PartitionLogsOptions {
  /** How many partitions the topic has, or would have if it were made now. */
  readonly partitionCount: () => number;
  /** Indexes of the partitions that have a folder on disk. */
  readonly partitionsOnDisk: () => readonly number[];
  /** The partition; makes the topic when it does not exist. Rejects with a KafkaError. */
  readonly partition: (index: number) => Promise<Partition>;
}

export class PartitionLogs implements CoordinatorLogs {
  readonly #options: PartitionLogsOptions;

  constructor(options: PartitionLogsOptions) {
    this.#options = options;
  }

  partitionCount(): number {
    return this.#options.partitionCount();
  }

  partitionsWithRecords(): readonly number[] {
    return this.#options.partitionsOnDisk();
  }

  async open(index: number): Promise<CoordinatorLog> {
    const partition = await this.#options.partition(index);
    await partition.log.ready();
    return {
      append: (batches, timestampMs) => append(partition, batches, timestampMs),
      beginVerification: (request) => partition.log.beginVerification(request),
      replay: (visitor) => replay(partition, visitor),
    };
  }
}

async function append(
  partition: Partition,
  batches: readonly CoordinatorBatch[],
  timestampMs: number,
): Promise<(KafkaError | null)[]> {
  const accepted: RecordBatch[] = [];
  const refusals = batches.map((batch) => {
    const encoded = new RecordBatch(encode(batch, timestampMs));
    const refusal = refusalOf(partition, batch, encoded);
    if (refusal === null) accepted.push(encoded);
    return refusal;
  });
  if (accepted.length > 0) {
    const { written } = partition.append(accepted, { origin: 'coordinator' });
    await Promise.all([written, partition.log.flush()]);
  }
  return refusals;
}

function refusalOf(partition: Partition, batch: CoordinatorBatch, encoded: RecordBatch): KafkaError | null {
  try {
    if ('marker' in batch) {
      partition.log.checkTransaction(encoded, { transactionVersion: batch.marker.transactionVersion });
    } else if (batch.transaction !== null) {
      partition.log.checkTransaction(encoded, { verification: batch.transaction.verification });
    }
    return null;
  } catch (error) {
    if (error instanceof KafkaError) return error;
    throw error;
  }
}

function encode(batch: CoordinatorBatch, timestampMs: number): Buffer {
  if ('marker' in batch) return encodeMarker(batch.marker, timestampMs);
  const records = batch.records.map(({ key, value }) => ({ timestamp: timestampMs, key, value }));
  if (batch.transaction === null) return encodeBatch({ records });
  const { producerId, producerEpoch } = batch.transaction;
  return encodeBatch({ records, producerId, producerEpoch, isTransactional: true });
}

async function replay(partition: Partition, visitor: ReplayVisitor): Promise<void> {
  const { log } = partition;
  let offset = log.logStartOffset;
  while (offset < log.writtenOffset) {
    const { chunks, nextOffset } = await log.read(offset, {
      maxBytes: REPLAY_BYTES_AT_ONCE,
      minOneBatch: true,
    });
    for (const batch of batches(Buffer.concat(chunks))) {
      if (batch.isControl) {
        const marker = readMarker(batch);
        if (marker !== undefined) visitor.marker(marker);
        continue;
      }
      const { producerId, producerEpoch, isTransactional } = batch;
      for (const record of batch.records())
        visitor.record(record, { producerId, producerEpoch, isTransactional });
    }
    offset = nextOffset;
  }
}
