// What groups have committed: reading, setting and forgetting it, moving it to other places of the partitions, and how far it is behind.
//
// Brokers let it be changed only while a group has no members: they would go on from where they are, and commit over it.

import {
  ErrorCode,
  type OffsetFetchResponse,
  offsetCommitRequest,
  offsetCommitResponse,
  offsetDeleteRequest,
  offsetDeleteResponse,
  offsetFetchRequest,
  offsetFetchResponse,
} from '@moldau/protocol';
import { byTopic, type TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster, Destination } from '../cluster/cluster.ts';
import { BrokerError } from '../errors/kafka-error.ts';
import { type GroupLag, groupLag } from './group-lag.ts';
import type { GroupsAdmin } from './groups.ts';
import { type OffsetMove, type ResetPlace, resetPlaces } from './offset-reset.ts';
import type { OffsetsAdmin } from './offsets.ts';
import { allOrThrow, each, wholeAnswer } from './results.ts';
import { inSteps } from './timing.ts';
import type { TopicsAdmin } from './topics.ts';

export interface GroupOffset extends TopicPartition {
  readonly groupId: string;
  /** Of the first record that is to be read. */
  readonly offset: number;
  readonly leaderEpoch: number | undefined;
  /** What who committed it wrote beside it. */
  readonly metadata: string;
}

export interface GroupOffsetToSet extends TopicPartition {
  /** Of the first record that is to be read. */
  readonly offset: number;
  readonly leaderEpoch?: number | undefined;
  readonly metadata?: string;
}

// Later versions name topics by ids.
const FETCH = { request: offsetFetchRequest, response: offsetFetchResponse, minVersion: 2, maxVersion: 9 };
const COMMIT = { request: offsetCommitRequest, response: offsetCommitResponse, minVersion: 2, maxVersion: 9 };
const DELETE = { request: offsetDeleteRequest, response: offsetDeleteResponse };
const FIRST_OF_MANY_GROUPS = 8;
const FETCH_STABLE = { ...FETCH, minVersion: 7, neededFor: 'requireStable' };

/** Of the same cluster. */
interface Rooms {
  readonly topics: TopicsAdmin;
  readonly offsets: OffsetsAdmin;
  readonly groups: GroupsAdmin;
}

export class GroupOffsetsAdmin {
  readonly #cluster: Cluster;
  readonly #rooms: Rooms;

  constructor(cluster: Cluster, rooms: Rooms) {
    this.#cluster = cluster;
    this.#rooms = rooms;
  }

  /**
   * All that the groups have committed, or what they have in some partitions, by topic and partition; where there is nothing, nothing is told.
   * `requireStable` waits for transactions that are committing offsets.
   */
  async get(
    groupIds: string | readonly string[],
    options: CallOptions & { partitions?: readonly TopicPartition[]; requireStable?: boolean } = {},
  ): Promise<GroupOffset[]> {
    const groups = await each([groupIds].flat(), (groupId) => this.#get(groupId, options));
    return groups.flat();
  }

  /** Sets what a group has committed; the group may be new. */
  async alter(
    groupId: string,
    offsets: GroupOffsetToSet | readonly GroupOffsetToSet[],
    options: CallOptions = {},
  ): Promise<void> {
    const asked = [offsets].flat();
    if (asked.length === 0) return;
    const input = {
      groupId,
      memberId: '',
      topics: [...byTopic(asked)].map(([name, partitions]) => ({
        name,
        partitions: partitions.map(({ partition, offset, leaderEpoch = -1, metadata = '' }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: leaderEpoch,
          committedMetadata: metadata,
        })),
      })),
    };
    const { topics } = await this.#cluster.request(COMMIT, input, {
      ...options,
      to: coordinator(groupId),
      retry: { errorOf: ({ topics }) => passingError(topics) },
    });
    allOrThrow(outcomes(groupId, asked, topics));
  }

  /** Forgets what a group has committed. Rejects with GROUP_SUBSCRIBED_TO_TOPIC while a member reads the topic. */
  async delete(
    groupId: string,
    partitions: TopicPartition | readonly TopicPartition[],
    options: CallOptions = {},
  ): Promise<void> {
    const asked = [partitions].flat();
    if (asked.length === 0) return;
    const topics = [...byTopic(asked)].map(([name, group]) => ({
      name,
      partitions: group.map(({ partition }) => ({ partitionIndex: partition })),
    }));
    const answer = await this.#cluster.request(
      DELETE,
      { groupId, topics },
      {
        ...options,
        to: coordinator(groupId),
        retry: wholeAnswer('Delete', `group ${groupId}`),
      },
    );
    allOrThrow(outcomes(groupId, asked, answer.topics));
  }

  /**
   * Moves a group to another place: in all partitions that it has committed in, in those of some topics, or in some partitions. Resolves with what
   * changed; with `dryRun` with what would, and changes nothing. A place before the start or after the end of a partition is taken as these.
   */
  async reset(
    groupId: string,
    to: ResetPlace,
    options: CallOptions & {
      topics?: readonly string[];
      partitions?: readonly TopicPartition[];
      dryRun?: boolean;
    } = {},
  ): Promise<OffsetMove[]> {
    const left = inSteps(this.#cluster, options);
    const named = await this.#named(options, left());
    const committed = await this.#get(groupId, { ...left(), ...(named && { partitions: named }) });
    const { clock } = this.#cluster.ports;
    const places = await resetPlaces(clock, this.#rooms.offsets, named ?? committed, committed, to, left);
    const moves = places.filter(({ from, to }) => from !== to);
    if (options.dryRun !== true)
      await this.alter(
        groupId,
        moves.map(({ to, ...move }) => ({ ...move, offset: to })),
        left(),
      );
    return moves.map(({ topic, partition, from, to }) => ({ topic, partition, from, to }));
  }

  /** How far groups are behind, in each partition that they read or have committed in, and which of their members reads it. */
  async lag(groupIds: string | readonly string[], options: CallOptions = {}): Promise<GroupLag[]> {
    const left = inSteps(this.#cluster, options);
    const asked = [groupIds].flat();
    const [groups, committed] = await Promise.all([
      this.#rooms.groups.describe(asked, left()),
      this.get(asked, left()),
    ]);
    return await groupLag(this.#rooms.offsets, groups, committed, left);
  }

  /** undefined: the caller leaves it to what is committed. */
  async #named(
    { topics, partitions }: { topics?: readonly string[]; partitions?: readonly TopicPartition[] },
    options: CallOptions,
  ): Promise<TopicPartition[] | undefined> {
    if (topics === undefined) return partitions?.slice();
    const described = await this.#rooms.topics.describe(topics, options);
    return described.flatMap(({ name, partitions }) =>
      partitions.map(({ index }) => ({ topic: name, partition: index })),
    );
  }

  async #get(
    groupId: string,
    options: CallOptions & { partitions?: readonly TopicPartition[]; requireStable?: boolean },
  ): Promise<GroupOffset[]> {
    const { partitions, requireStable = false } = options;
    const topics =
      partitions === undefined
        ? null
        : [...byTopic(partitions)].map(([name, group]) => ({
            name,
            partitionIndexes: group.map(({ partition }) => partition),
          }));
    const input = (version: number) =>
      version >= FIRST_OF_MANY_GROUPS
        ? { groups: [{ groupId, topics }], requireStable }
        : { groupId, topics, requireStable };
    const answer = await this.#cluster.request(requireStable ? FETCH_STABLE : FETCH, input, {
      ...options,
      to: coordinator(groupId),
      retry: {
        errorOf: (answer) => answerOf(answer).errorCode || passingError(answerOf(answer).topics),
        about: { resource: `group ${groupId}`, operation: 'Describe' },
      },
    });
    const found = answerOf(answer).topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, ...rest }) => ({ topic: name, partition: partitionIndex, ...rest })),
    );
    return allOrThrow(
      found.map(({ topic, partition, errorCode, ...rest }) => {
        if (errorCode !== ErrorCode.NONE)
          return new BrokerError(errorCode, { topic, partition, operation: 'Describe' });
        const { committedOffset: offset, committedLeaderEpoch: epoch, metadata } = rest;
        const leaderEpoch = epoch < 0 ? undefined : epoch;
        return { groupId, topic, partition, offset, leaderEpoch, metadata: metadata ?? '' };
      }),
    )
      .filter(({ offset }) => offset >= 0)
      .sort(inOrder);
  }
}

function inOrder(one: TopicPartition, other: TopicPartition): number {
  return one.topic === other.topic ? one.partition - other.partition : one.topic < other.topic ? -1 : 1;
}

function coordinator(groupId: string): Destination {
  return { coordinatorOf: 'group', key: groupId };
}

interface OneGroup {
  readonly errorCode: number;
  readonly topics: readonly Pick<OffsetFetchResponse['topics'][number], 'name' | 'partitions'>[];
}

/** Of the one group that was asked for. */
function answerOf(answer: OffsetFetchResponse): OneGroup {
  return answer.groups[0] ?? answer;
}

const PASSING = new Set<number>([
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.UNSTABLE_OFFSET_COMMIT,
]);

interface TopicOutcomes {
  readonly name: string;
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
}

/** Older versions tell of each partition what is so of the whole group. */
function passingError(topics: readonly TopicOutcomes[]): number {
  const codes = topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
  return codes.find((code) => PASSING.has(code)) ?? ErrorCode.NONE;
}

function outcomes(
  groupId: string,
  asked: readonly TopicPartition[],
  topics: readonly TopicOutcomes[],
): (BrokerError | undefined)[] {
  const byName = new Map(topics.map(({ name, partitions }) => [name, partitions]));
  return asked.map(({ topic, partition }) => {
    const answer = byName.get(topic)?.find(({ partitionIndex }) => partitionIndex === partition);
    const errorCode = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    if (errorCode === ErrorCode.NONE) return undefined;
    const isOfTopic = errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED;
    return new BrokerError(errorCode, {
      ...{ topic, partition, operation: 'Read' },
      ...(HAS_MEMBERS.has(errorCode) ? { said: STOP_MEMBERS, saysAll: true } : {}),
      ...(isOfTopic ? {} : { resource: `group ${groupId}` }),
    });
  });
}

/** What brokers answer to a commit that comes from no member, while there are some. */
const HAS_MEMBERS = new Set<number>([
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.STALE_MEMBER_EPOCH,
]);
const STOP_MEMBERS =
  'The group has members, who would commit over it: stop them first, then change its offsets.';
