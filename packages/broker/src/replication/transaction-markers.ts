// Writes the ends of transactions into the partitions that took part in them.
//
// A marker is answered when it is durable: a coordinator that has been told so forgets the transaction, and nobody else
// would ever end it. Those of the offsets topic go through the groups that keep it, so that the offsets of the
// transaction and its end are one order there.

import type { Clock } from '@moldau/io';
import { GROUP_METADATA_TOPIC } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { TransactionMarker } from './partition.ts';
import type { PartitionRegistry } from './partition-registry.ts';

interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface MarkersToWrite extends TransactionMarker {
  readonly partitions: readonly TopicPartition[];
}

export interface TransactionMarkersOptions {
  readonly partitions: PartitionRegistry;
  readonly clock: Clock;
  /** Ends a transaction in a partition of the offsets topic. Rejects with a KafkaError. */
  readonly completeTransaction: (partition: number, marker: TransactionMarker) => Promise<void>;
}

export class TransactionMarkers {
  readonly #options: TransactionMarkersOptions;

  constructor(options: TransactionMarkersOptions) {
    this.#options = options;
  }

  /** Answers for each partition, in their order, when its marker is durable or refused. */
  write({
    partitions,
    ...marker
  }: MarkersToWrite): Promise<{ topic: string; partition: number; errorCode: number }[]> {
    return Promise.all(
      partitions.map(async ({ topic, partition }) => {
        try {
          await this.#writeOne(topic, partition, marker);
          return { topic, partition, errorCode: ErrorCode.NONE };
        } catch (error) {
          if (error instanceof KafkaError) return { topic, partition, errorCode: asLeader(error.code) };
          throw error;
        }
      }),
    );
  }

  async #writeOne(topic: string, index: number, marker: TransactionMarker): Promise<void> {
    const { partitions, clock, completeTransaction } = this.#options;
    const partition = partitions.get(topic, index);
    if (partition === undefined)
      throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no partition ${topic}-${index}`);
    if (topic === GROUP_METADATA_TOPIC) return completeTransaction(index, marker);
    return partition.appendMarker(marker, clock.wallMs());
  }
}

/** Who writes markers knows leaders of partitions, not coordinators. */
function asLeader(errorCode: number): number {
  switch (errorCode) {
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
    case ErrorCode.NOT_COORDINATOR:
      return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    default:
      return errorCode;
  }
}
