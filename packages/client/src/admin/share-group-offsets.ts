// Where share groups begin to read partitions: the first record that is not settled yet. Brokers let it be changed only while a group has no members.

import {
  alterShareGroupOffsetsRequest,
  alterShareGroupOffsetsResponse,
  type DescribeShareGroupOffsetsResponse,
  deleteShareGroupOffsetsRequest,
  deleteShareGroupOffsetsResponse,
  describeShareGroupOffsetsRequest,
  describeShareGroupOffsetsResponse,
} from '@moldau/protocol';
import { askCoordinators } from '../cluster/ask-coordinators.ts';
import { byTopic, keyOf, type TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { KafkaError } from '../errors/kafka-error.ts';
import { allOrThrow, errorOf, wholeAnswer } from './results.ts';

export interface ShareGroupOffset extends TopicPartition {
  readonly groupId: string;
  /** Undefined: the group has not read it yet. */
  readonly startOffset: number | undefined;
  readonly leaderEpoch: number | undefined;
  /** Records from there on that are still to be settled; undefined where the broker does not tell. */
  readonly lag: number | undefined;
}

export interface ShareGroupOffsetToSet extends TopicPartition {
  readonly startOffset: number;
}

const DESCRIBE = { request: describeShareGroupOffsetsRequest, response: describeShareGroupOffsetsResponse };
const ALTER = { request: alterShareGroupOffsetsRequest, response: alterShareGroupOffsetsResponse };
const DELETE = { request: deleteShareGroupOffsetsRequest, response: deleteShareGroupOffsetsResponse };

export class ShareGroupOffsetsAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Of all partitions that the groups read, or of some. */
  async get(
    groupIds: string | readonly string[],
    options: CallOptions & { partitions?: readonly TopicPartition[] } = {},
  ): Promise<ShareGroupOffset[]> {
    const asked = [groupIds].flat();
    const { partitions } = options;
    const topics =
      partitions === undefined
        ? null
        : [...byTopic(partitions)].map(([topicName, group]) => ({
            topicName,
            partitions: group.map(({ partition }) => partition),
          }));
    const results = await askCoordinators(this.#cluster, asked, options, {
      type: 'group',
      operation: 'Describe',
      ask: async (group, call) => {
        const input = { groups: group.map((groupId) => ({ groupId, topics })) };
        const { groups } = await this.#cluster.request(DESCRIBE, input, call);
        return new Map(groups.map((each) => [each.groupId, each]));
      },
    });
    return allOrThrow(
      asked.flatMap((groupId) => {
        const answer = results.get(groupId)!;
        return answer instanceof KafkaError ? [answer] : offsetsOf(answer);
      }),
    );
  }

  /** What was handed out and not settled from there on is handed out again. */
  async alter(
    groupId: string,
    offsets: ShareGroupOffsetToSet | readonly ShareGroupOffsetToSet[],
    options: CallOptions = {},
  ): Promise<void> {
    const asked = [offsets].flat();
    if (asked.length === 0) return;
    const topics = [...byTopic(asked)].map(([topicName, group]) => ({
      topicName,
      partitions: group.map(({ partition, startOffset }) => ({ partitionIndex: partition, startOffset })),
    }));
    const { responses } = await this.#cluster.request(
      ALTER,
      { groupId, topics },
      {
        ...options,
        to: { coordinatorOf: 'group', key: groupId },
        retry: wholeAnswer('Read', `group ${groupId}`),
      },
    );
    const outcomes = new Map(
      responses.flatMap(({ topicName, partitions }) =>
        partitions.map((outcome) => [
          keyOf({ topic: topicName, partition: outcome.partitionIndex }),
          outcome,
        ]),
      ),
    );
    allOrThrow(
      asked.map(({ topic, partition }) =>
        errorOf(outcomes.get(keyOf({ topic, partition })), { topic, partition, operation: 'Read' }),
      ),
    );
  }

  /** Forgets where a group is in whole topics: it begins anew there. */
  async delete(
    groupId: string,
    topics: string | readonly string[],
    options: CallOptions = {},
  ): Promise<void> {
    const asked = [topics].flat();
    if (asked.length === 0) return;
    const { responses } = await this.#cluster.request(
      DELETE,
      { groupId, topics: asked.map((topicName) => ({ topicName })) },
      {
        ...options,
        to: { coordinatorOf: 'group', key: groupId },
        retry: wholeAnswer('Delete', `group ${groupId}`),
      },
    );
    const byName = new Map(responses.map((response) => [response.topicName, response]));
    allOrThrow(asked.map((topic) => errorOf(byName.get(topic), { topic, operation: 'Read' })));
  }
}

function offsetsOf({
  groupId,
  topics,
}: DescribeShareGroupOffsetsResponse['groups'][number]): (ShareGroupOffset | KafkaError)[] {
  return topics.flatMap(({ topicName: topic, partitions }) =>
    partitions.map((outcome) => {
      const { partitionIndex: partition, startOffset, leaderEpoch, lag } = outcome;
      const error = errorOf(outcome, { topic, partition, operation: 'Describe' });
      if (error !== undefined) return error;
      return {
        ...{ groupId, topic, partition },
        startOffset: startOffset < 0 ? undefined : startOffset,
        leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch,
        lag: lag < 0 ? undefined : lag,
      };
    }),
  );
}
