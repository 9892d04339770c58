// The records of partitions, as far as they are administrated: those at the start can be deleted.

import { deleteRecordsRequest, deleteRecordsResponse } from '@moldau/protocol';
import { askLeaders, byTopic, type TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { KafkaError } from '../errors/kafka-error.ts';
import { allOrThrow } from './results.ts';

export interface RecordsToDelete extends TopicPartition {
  /** The first offset to keep; 'end': none. */
  readonly before: number | 'end';
}

const DELETE_RECORDS = { request: deleteRecordsRequest, response: deleteRecordsResponse };
const TO_THE_END = -1;

export class RecordsAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Deletes those before an offset, or all there are. Resolves with where each partition begins now. */
  async delete(
    partitions: readonly RecordsToDelete[],
    options: CallOptions = {},
  ): Promise<(TopicPartition & { lowWatermark: number })[]> {
    const results = await askLeaders(
      this.#cluster,
      partitions,
      options,
      async (brokerId, items, { deadlineMs, signal }) => {
        const leftMs = Math.max(1, Math.ceil(deadlineMs - this.#cluster.ports.clock.monotonicMs()));
        const topics = [...byTopic(items)].map(([name, group]) => ({
          name,
          partitions: group.map(({ partition, before }) => ({
            partitionIndex: partition,
            offset: before === 'end' ? TO_THE_END : before,
          })),
        }));
        const timeoutMs = Math.min(leftMs, this.#cluster.settings.requestTimeoutMs);
        const to = { brokerId };
        const answer = await this.#cluster.request(
          DELETE_RECORDS,
          { topics, timeoutMs },
          { to, timeoutMs: leftMs, signal },
        );
        return answer.topics.flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, ...rest }) => ({
            topic: name,
            partition: partitionIndex,
            ...rest,
          })),
        );
      },
    );
    return allOrThrow(
      partitions.map((item) => {
        const result = results.get(item)!;
        if (result instanceof KafkaError) return result;
        return { topic: item.topic, partition: item.partition, lowWatermark: result.lowWatermark };
      }),
    );
  }
}
