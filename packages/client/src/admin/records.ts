// The records of partitions, as far as they are administrated: those at the start can be deleted.

import { deleteRecordsRequest, deleteRecordsResponse } from '@moldau/protocol';
import type { TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { eachLeader } from './each-leader.ts';

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
    const { requestTimeoutMs } = this.#cluster.settings;
    return await eachLeader(this.#cluster, partitions, options, {
      operation: 'Delete',
      ask: async (topics, call) => {
        const asked = topics.map(({ name, items }) => ({
          name,
          partitions: items.map(({ partition, before }) => ({
            partitionIndex: partition,
            offset: before === 'end' ? TO_THE_END : before,
          })),
        }));
        const input = { topics: asked, timeoutMs: Math.min(call.timeoutMs, requestTimeoutMs) };
        return (await this.#cluster.request(DELETE_RECORDS, input, call)).topics;
      },
      resultOf: ({ lowWatermark }, { topic, partition }) => ({ topic, partition, lowWatermark }),
    });
  }
}
