// Offsets of partitions: where they begin and end, and where a time is in them.

import { listOffsetsRequest, listOffsetsResponse } from '@moldau/protocol';
import type { TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { eachLeader } from './each-leader.ts';

/** Kafka's numbers, and the first version of the API that knows them. */
const PLACES = {
  latest: { timestamp: -1, minVersion: 1 },
  earliest: { timestamp: -2, minVersion: 1 },
  'max-timestamp': { timestamp: -3, minVersion: 7 },
  'earliest-local': { timestamp: -4, minVersion: 8 },
  'latest-tiered': { timestamp: -5, minVersion: 9 },
  'earliest-pending-upload': { timestamp: -6, minVersion: 11 },
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

const LIST_OFFSETS = { request: listOffsetsRequest, response: listOffsetsResponse };
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
    return await eachLeader(this.#cluster, asked, options, {
      operation: 'Describe',
      ask: async (topics, call) => {
        const api = {
          ...LIST_OFFSETS,
          ...versionsFor(
            topics.flatMap(({ items }) => items),
            isolationLevel,
          ),
        };
        const input = {
          ...{ replicaId: CONSUMER, isolationLevel, timeoutMs: call.timeoutMs },
          topics: topics.map(({ name, items }) => ({
            name,
            partitions: items.map(({ partition, at }) => ({
              partitionIndex: partition,
              timestamp: placeOf(at).timestamp,
            })),
          })),
        };
        return (await this.#cluster.request(api, input, call)).topics;
      },
      resultOf: ({ offset, timestamp, leaderEpoch }, { topic, partition }) => ({
        ...{ topic, partition },
        offset: offset < 0 ? undefined : offset,
        timestampMs: timestamp < 0 ? undefined : timestamp,
        leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch,
      }),
    });
  }
}

/** What the youngest of the places takes. */
function versionsFor(queries: readonly OffsetQuery[], isolationLevel: number) {
  const youngest = queries.reduce((one, other) =>
    placeOf(other.at).minVersion > placeOf(one.at).minVersion ? other : one,
  );
  const minVersion = Math.max(placeOf(youngest.at).minVersion, isolationLevel === 0 ? 1 : 2);
  return { minVersion, neededFor: typeof youngest.at === 'string' ? `'${youngest.at}'` : 'times' };
}

function placeOf(at: OffsetPlace): { readonly timestamp: number; readonly minVersion: number } {
  return typeof at === 'string' ? PLACES[at] : { timestamp: at.timestampMs, minVersion: 1 };
}
