// Moves of partitions to other brokers.

import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from '@moldau/protocol';
import { byTopic, keyOf, type TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { allOrThrow, errorOf, wholeAnswer } from './results.ts';
import { brokerTimeoutMs } from './timing.ts';

export interface Reassignment extends TopicPartition {
  /** Ids of the brokers that are to have it, the preferred leader first. */
  readonly replicas: readonly number[];
}

export interface ReassignmentDescription extends Reassignment {
  /** Of `replicas`, those that are not there yet, and those that go when the others are. */
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
}

const ALTER = { request: alterPartitionReassignmentsRequest, response: alterPartitionReassignmentsResponse };
const ALTER_CHECKED = { ...ALTER, minVersion: 1, neededFor: 'keepReplicationFactor' };
const LIST = { request: listPartitionReassignmentsRequest, response: listPartitionReassignmentsResponse };

export class ReassignmentsAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Those under way: of all partitions, or of some. */
  async list(
    options: CallOptions & { partitions?: readonly TopicPartition[] } = {},
  ): Promise<ReassignmentDescription[]> {
    const { partitions } = options;
    const topics =
      partitions === undefined
        ? null
        : [...byTopic(partitions)].map(([name, group]) => ({
            name,
            partitionIndexes: group.map(({ partition }) => partition),
          }));
    const answer = await this.#cluster.request(
      LIST,
      { timeoutMs: brokerTimeoutMs(this.#cluster, options), topics },
      {
        ...options,
        to: 'controller',
        retry: wholeAnswer('Describe'),
      },
    );
    return answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, ...rest }) => ({ topic: name, partition: partitionIndex, ...rest })),
    );
  }

  /** Begins to move partitions; `list` tells of those that are not there yet. With `keepReplicationFactor`, refuses changes of it. */
  async alter(
    moves: Reassignment | readonly Reassignment[],
    options: CallOptions & { keepReplicationFactor?: boolean } = {},
  ): Promise<void> {
    await this.#alter([moves].flat(), options);
  }

  /** Leaves partitions, and those of their replicas that are on the move, where they were. Rejects with NO_REASSIGNMENT_IN_PROGRESS for others. */
  async cancel(
    partitions: TopicPartition | readonly TopicPartition[],
    options: CallOptions = {},
  ): Promise<void> {
    const asked = [partitions].flat();
    await this.#alter(
      asked.map(({ topic, partition }) => ({ topic, partition, replicas: null })),
      options,
    );
  }

  async #alter(
    asked: readonly (TopicPartition & { readonly replicas: readonly number[] | null })[],
    { keepReplicationFactor = false, ...options }: CallOptions & { keepReplicationFactor?: boolean },
  ): Promise<void> {
    if (asked.length === 0) return;
    const input = {
      timeoutMs: brokerTimeoutMs(this.#cluster, options),
      allowReplicationFactorChange: !keepReplicationFactor,
      topics: [...byTopic(asked)].map(([name, group]) => ({
        name,
        partitions: group.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas })),
      })),
    };
    const api = keepReplicationFactor ? ALTER_CHECKED : ALTER;
    const { responses } = await this.#cluster.request(api, input, {
      ...options,
      to: 'controller',
      retry: wholeAnswer('Alter'),
    });
    const outcomes = new Map(
      responses.flatMap(({ name, partitions }) =>
        partitions.map((outcome) => [keyOf({ topic: name, partition: outcome.partitionIndex }), outcome]),
      ),
    );
    allOrThrow(
      asked.map(({ topic, partition }) =>
        errorOf(outcomes.get(keyOf({ topic, partition })), { topic, partition, operation: 'Alter' }),
      ),
    );
  }
}
