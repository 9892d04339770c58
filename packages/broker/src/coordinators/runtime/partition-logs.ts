// The logs under coordinators' shards: the partitions of an internal topic.
//
// Invariant: append resolves only when the records are as durable as the topic asks, which for internal topics is
// always fsynced, because an offset that was acknowledged must not be forgotten.

import { batches, encodeBatch, type Record, RecordBatch } from '@moldau/protocol';
import type { Partition } from '../../replication/partition.ts';
import type { CoordinatorLog, CoordinatorLogs, CoordinatorRecord } from './coordinator-log.ts';

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
      append: (records, timestampMs) => append(partition, records, timestampMs),
      replay: (visit) => replay(partition, visit),
    };
  }
}

async function append(
  partition: Partition,
  records: readonly CoordinatorRecord[],
  timestampMs: number,
): Promise<void> {
  const batch = encodeBatch({
    records: records.map(({ key, value }) => ({ timestamp: timestampMs, key, value })),
  });
  const { written } = partition.append([new RecordBatch(batch)], 'coordinator');
  await Promise.all([written, partition.log.flush()]);
}

async function replay(partition: Partition, visit: (record: Record) => void): Promise<void> {
  const { log } = partition;
  let offset = log.logStartOffset;
  while (offset < log.writtenOffset) {
    const { chunks, nextOffset } = await log.read(offset, {
      maxBytes: REPLAY_BYTES_AT_ONCE,
      minOneBatch: true,
    });
    for (const batch of batches(Buffer.concat(chunks))) {
      if (batch.isControl) continue;
      for (const record of batch.records()) visit(record);
    }
    offset = nextOffset;
  }
}
