// The logs under coordinators' shards: the partitions of an internal topic.
//
// Invariant: append resolves only when the records are as durable as the topic asks, which for internal topics is
// always fsynced, because an offset that was acknowledged must not be forgotten.

import { batches, encodeBatch, encodeMarker, RecordBatch, readMarker } from '@moldau/protocol';
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
      replay: (visitor) => replay(partition, visitor),
    };
  }
}

async function append(
  partition: Partition,
  batches: readonly CoordinatorBatch[],
  timestampMs: number,
): Promise<void> {
  const encoded = batches.map((batch) => new RecordBatch(encode(batch, timestampMs)));
  const { written } = partition.append(encoded, 'coordinator');
  await Promise.all([written, partition.log.flush()]);
}

function encode(batch: CoordinatorBatch, timestampMs: number): Buffer {
  if ('marker' in batch) return encodeMarker(batch.marker, timestampMs);
  const records = batch.records.map(({ key, value }) => ({ timestamp: timestampMs, key, value }));
  return encodeBatch({ records, ...batch.transaction, isTransactional: batch.transaction !== null });
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
