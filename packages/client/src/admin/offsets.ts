// Offsets of partitions: where they begin and end, and where a time is in them.

import { listOffsetsRequest, listOffsetsResponse } from '@moldau/protocol';
import { askLeaders, byTopic, type TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { KafkaError } from '../errors/kafka-error.ts';
import { allOrThrow } from './results.ts';

/** Kafka's numbers, and the first version of the API that knows them. */
const PLACES = {
  latest: { timestamp: -1, minVersion: 1 },
  earliest: { timestamp: -2, minVersion: 1 },
  'max-timestamp': { timestamp: -3, minVersion: 7 },
  'earliest-local': { timestamp: -4, minVersion: 8 },
  'latest-tiered': { timestamp: -5, minVersion: 9 },
} as const;

/** A place in a partition: by name, or the first record not older than a time. */
export type OffsetPlace = keyof typeof PLACES | { readonly timestampMs: number };

export interface OffsetQuery extends TopicPartition {
  readonly at: OffsetPlace;
}

export interface FoundOffset extends TopicPartition {
  /** Undefined: there is no such record. */
  readonly offset: number | undefined;
  /** Of the record found, for times and 'max-timestamp'. */
  readonly timestampMs: number | undefined;
  readonly leaderEpoch: number | undefined;
}

const ISOLATION = { 'read-uncommitted': 0, 'read-committed': 1 } as const;
const CONSUMER = -1;

export class OffsetsAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** In the order of `queries`; with 'read-committed' the latest is the end of what is committed. */
  async list(
    queries: OffsetQuery | readonly OffsetQuery[],
    options: CallOptions & { isolation?: keyof typeof ISOLATION } = {},
  ): Promise<FoundOffset[]> {
    const asked = [queries].flat();
    const isolationLevel = ISOLATION[options.isolation ?? 'read-uncommitted'];
    const results = await askLeaders(
      this.#cluster,
      asked,
      options,
      async (brokerId, items, { deadlineMs, signal }) => {
        const timeoutMs = Math.max(1, Math.ceil(deadlineMs - this.#cluster.ports.clock.monotonicMs()));
        const api = {
          request: listOffsetsRequest,
          response: listOffsetsResponse,
          minVersion: Math.max(
            ...items.map(({ at }) => placeOf(at).minVersion),
            isolationLevel === 0 ? 1 : 2,
          ),
        };
        const input = {
          replicaId: CONSUMER,
          isolationLevel,
          topics: [...byTopic(items)].map(([name, group]) => ({
            name,
            partitions: group.map(({ partition, at }) => ({
              partitionIndex: partition,
              timestamp: placeOf(at).timestamp,
            })),
          })),
          timeoutMs,
        };
        const answer = await this.#cluster.request(api, input, { to: { brokerId }, timeoutMs, signal });
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
      asked.map((item) => {
        const result = results.get(item)!;
        if (result instanceof KafkaError) return result;
        const { offset, timestamp, leaderEpoch } = result;
        return {
          ...{ topic: item.topic, partition: item.partition },
          offset: offset < 0 ? undefined : offset,
          timestampMs: timestamp < 0 ? undefined : timestamp,
          leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch,
        };
      }),
    );
  }
}

function placeOf(at: OffsetPlace): { readonly timestamp: number; readonly minVersion: number } {
  return typeof at === 'string' ? PLACES[at] : { timestamp: at.timestampMs, minVersion: 1 };
}
