// Share groups, as handlers see them: membership and admin commands, each of which may have to change both the group (in
// __consumer_offsets) and the share state of its topics (in __share_group_state). The group says first what is going to be
// done, then the state is changed, then the group says that it is done; what is left half done by a crash is taken up by
// the next heartbeat or command.

import type { Logger } from '@moldau/io';
import { ErrorCode } from '@moldau/protocol';
import type { GroupTopics } from '../groups/group-topics.ts';
import { toKafkaError } from '../runtime/coordinator-errors.ts';
import type { ShareConfig } from './share-config.ts';
import type { ShareCoordinator } from './share-coordinator.ts';
import { type ShareGroup, type ShareMember, type StateTopic, shareGroupState } from './share-group.ts';
import type { DeletedOffsetsTopic, GroupError, StateTopics } from './share-group-topics.ts';
import {
  LEAVING_EPOCH,
  type ShareGroups,
  type ShareHeartbeat,
  type ShareHeartbeatAnswer,
} from './share-groups.ts';
import type { ShareStateError } from './share-state-shard.ts';

/** Where share groups live: the shards of the group coordinator. */
export interface ShareGroupShards {
  /** Runs a command on the share groups among which this one is, or would be. Rejects with a KafkaError. */
  askShare<T>(
    groupId: string,
    command: (groups: ShareGroups, reply: (answer: T) => void) => void,
  ): Promise<T>;
  /** Runs a command on the share groups of every shard there is. */
  askAllShares(command: (groups: ShareGroups, done: () => void) => void): Promise<void>;
}

export interface ShareGroupCoordinatorOptions {
  readonly shards: ShareGroupShards;
  readonly coordinator: ShareCoordinator;
  readonly topics: GroupTopics;
  readonly config: ShareConfig;
  readonly logger: Logger;
  /** How far a partition reaches, for the lag. */
  readonly endOffset: (topicId: string, partition: number) => Promise<number | undefined>;
}

export interface AlteredPartition extends GroupError {
  readonly partitionIndex: number;
}

export interface AlteredTopic {
  readonly topicName: string;
  readonly topicId: string | undefined;
  readonly partitions: readonly AlteredPartition[];
}

export interface DescribedOffset extends GroupError {
  readonly partitionIndex: number;
  readonly startOffset: number;
  readonly leaderEpoch: number;
  /** Offsets from the start to the end that are not done; -1 when that is not known. */
  readonly lag: number;
}

export interface DescribedOffsetsTopic {
  readonly topicName: string;
  readonly topicId: string | undefined;
  readonly partitions: readonly DescribedOffset[];
}

export interface DescribedShareGroup extends GroupError {
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly members: readonly ShareMember[];
}

const NO_ERROR: GroupError = { errorCode: ErrorCode.NONE, errorMessage: null };
const UNKNOWN_PARTITION: GroupError = {
  errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  errorMessage: 'This server does not host this topic-partition.',
};

/** Methods reject with a KafkaError when the group's shard cannot be read. */
export class ShareGroupCoordinator {
  readonly #options: ShareGroupCoordinatorOptions;

  constructor(options: ShareGroupCoordinatorOptions) {
    this.#options = options;
  }

  // Membership -----------------------------------------------------------------------------------------------------

  async heartbeat(request: ShareHeartbeat): Promise<Omit<ShareHeartbeatAnswer, 'toInitialize'>> {
    const problem = problemOf(request);
    if (problem !== undefined) {
      return {
        ...{ errorCode: ErrorCode.INVALID_REQUEST, errorMessage: problem, memberId: null, memberEpoch: 0 },
        ...{ heartbeatIntervalMs: 0, assignment: null },
      };
    }
    const { groupId } = request;
    const { toInitialize, ...answer } = await this.#ask<ShareHeartbeatAnswer>(groupId, (groups, reply) =>
      groups.heartbeat(request, reply),
    );
    if (toInitialize !== null) void this.#initialize(groupId, toInitialize.stateEpoch, toInitialize.topics);
    return answer;
  }

  /** Makes share state that members can then be given. Never rejects: what fails is tried again with a later heartbeat. */
  async #initialize(groupId: string, stateEpoch: number, topics: StateTopics): Promise<void> {
    const { coordinator, logger } = this.#options;
    const failed = await this.#forEach(topics, (topicId, partition) =>
      coordinator.initialize({ groupId, topicId, partition }, { stateEpoch, startOffset: -1 }),
    );
    const { errorCode } = failed.values().next().value ?? NO_ERROR;
    if (errorCode !== ErrorCode.NONE) logger.error({ groupId, errorCode }, 'Share state could not be made');
    try {
      await this.#finish(groupId, topics, errorCode === ErrorCode.NONE);
    } catch (error) {
      logger.error({ groupId, err: toKafkaError(error) }, 'A share group could not take over its topics');
    }
  }

  #finish(groupId: string, topics: StateTopics, isMade: boolean): Promise<number> {
    return this.#ask<number>(groupId, (groups, reply) =>
      groups.topics.finish(groupId, topics, isMade, reply),
    );
  }

  describe(groupId: string): Promise<DescribedShareGroup> {
    return this.#ask<DescribedShareGroup>(groupId, (groups, reply) =>
      reply(described(groupId, groups.groups.get(groupId))),
    );
  }

  // Offsets --------------------------------------------------------------------------------------------------------

  /** @param wanted null: of all topics that have share state. */
  async describeOffsets(
    groupId: string,
    wanted: readonly { topicName: string; partitions: readonly number[] }[] | null,
  ): Promise<DescribedOffsetsTopic[]> {
    const topics = wanted ?? (await this.#topicsWithState(groupId));
    return Promise.all(
      topics.map(async ({ topicName, partitions }) => {
        const topicId = this.#options.topics.byName(topicName)?.id;
        return {
          ...{ topicName, topicId },
          partitions: await Promise.all(
            partitions.map((partition) => this.#describeOffset(groupId, topicId, partition)),
          ),
        };
      }),
    );
  }

  async #topicsWithState(groupId: string): Promise<{ topicName: string; partitions: number[] }[]> {
    const topics = await this.#ask<StateTopics>(groupId, (groups, reply) =>
      reply(groups.topics.initialized(groupId)),
    );
    return Array.from(topics).flatMap(([topicId, { partitions }]) => {
      const name = this.#options.topics.byId(topicId)?.name;
      return name === undefined
        ? []
        : [{ topicName: name, partitions: [...partitions].sort((a, b) => a - b) }];
    });
  }

  async #describeOffset(
    groupId: string,
    topicId: string | undefined,
    partition: number,
  ): Promise<DescribedOffset> {
    const unknown = { partitionIndex: partition, startOffset: -1, leaderEpoch: 0, lag: -1, ...NO_ERROR };
    if (topicId === undefined) return unknown;
    const summary = await this.#options.coordinator.summary({ groupId, topicId, partition });
    if (summary.errorCode !== ErrorCode.NONE) return unknown;
    const { startOffset, leaderEpoch, deliveryCompleteCount } = summary;
    const known = { ...unknown, startOffset, leaderEpoch };
    if (startOffset === -1 || deliveryCompleteCount === -1) return known;
    const endOffset = await this.#options.endOffset(topicId, partition);
    if (endOffset === undefined) return { ...unknown, startOffset: 0, ...UNKNOWN_PARTITION };
    return { ...known, lag: endOffset - startOffset - deliveryCompleteCount };
  }

  /** Sets where an empty group starts. */
  async alterOffsets(
    groupId: string,
    wanted: readonly {
      topicName: string;
      partitions: readonly { partitionIndex: number; startOffset: number }[];
    }[],
  ): Promise<GroupError & { topics: readonly AlteredTopic[] }> {
    const begun = this.#alterable(wanted);
    const { errorCode, errorMessage, stateEpoch } = await this.#ask<GroupError & { stateEpoch: number }>(
      groupId,
      (groups, reply) => groups.topics.beginAlteration(groupId, begun, reply),
    );
    if (errorCode !== ErrorCode.NONE) return { errorCode, errorMessage, topics: [] };
    const offsets = new Map(
      wanted.flatMap(({ topicName, partitions }) => {
        const topicId = this.#options.topics.byName(topicName)?.id;
        return partitions.map(
          ({ partitionIndex, startOffset }) => [`${topicId}/${partitionIndex}`, startOffset] as const,
        );
      }),
    );
    const failed = await this.#forEach(begun, (topicId, partition) =>
      this.#options.coordinator.initialize(
        { groupId, topicId, partition },
        { stateEpoch, startOffset: offsets.get(`${topicId}/${partition}`)! },
      ),
    );
    await this.#finish(groupId, begun, failed.size === 0);
    return { ...NO_ERROR, topics: wanted.map((topic) => this.#altered(topic, begun, failed)) };
  }

  #alterable(
    wanted: readonly { topicName: string; partitions: readonly { partitionIndex: number }[] }[],
  ): StateTopics {
    return new Map(
      wanted.flatMap(({ topicName, partitions }) => {
        const topic = this.#options.topics.byName(topicName);
        if (topic === undefined) return [];
        const indexes = partitions.map(({ partitionIndex }) => partitionIndex);
        const existing = indexes.filter((index) => index >= 0 && index < topic.partitionCount);
        return [[topic.id, { name: topicName, partitions: new Set(existing), sinceMs: 0 }] as const];
      }),
    );
  }

  #altered(
    { topicName, partitions }: { topicName: string; partitions: readonly { partitionIndex: number }[] },
    begun: StateTopics,
    failed: ReadonlyMap<string, GroupError>,
  ): AlteredTopic {
    const topicId = this.#options.topics.byName(topicName)?.id;
    const ofTopic = topicId === undefined ? undefined : begun.get(topicId);
    return {
      ...{ topicName, topicId },
      partitions: partitions.map(({ partitionIndex }) => {
        const isKnown = ofTopic?.partitions.has(partitionIndex) === true;
        const error = isKnown ? (failed.get(`${topicId}/${partitionIndex}`) ?? NO_ERROR) : UNKNOWN_PARTITION;
        return { partitionIndex, ...error };
      }),
    };
  }

  /** Forgets where an empty group was in these topics. */
  async deleteOffsets(
    groupId: string,
    topicNames: readonly string[],
  ): Promise<GroupError & { topics: readonly DeletedOffsetsTopic[] }> {
    const { errorCode, errorMessage, topics, refused } = await this.#ask<
      GroupError & { topics: StateTopics; refused: readonly DeletedOffsetsTopic[] }
    >(groupId, (groups, reply) => groups.topics.beginDeletingOffsets(groupId, topicNames, reply));
    if (errorCode !== ErrorCode.NONE) return { errorCode, errorMessage, topics: [] };
    const failed = await this.#deleteState(groupId, topics);
    const errorOf = (topicId: string) => [...failed].find(([place]) => place.startsWith(`${topicId}/`))?.[1];
    const gone = new Map([...topics].filter(([topicId]) => errorOf(topicId) === undefined));
    if (gone.size > 0) {
      await this.#ask<number>(groupId, (groups, reply) =>
        groups.topics.finishDeletingOffsets(groupId, gone, reply),
      );
    }
    const done = Array.from(topics, ([topicId, { name }]) => ({
      ...{ topicName: name, topicId },
      ...(errorOf(topicId) ?? NO_ERROR),
    }));
    return { ...NO_ERROR, topics: [...done, ...refused] };
  }

  // Groups ---------------------------------------------------------------------------------------------------------

  /** The error code; undefined when there is no share group of this name. */
  async deleteGroup(groupId: string): Promise<number | undefined> {
    const begun = await this.#ask<(GroupError & { topics: StateTopics }) | undefined>(
      groupId,
      (groups, reply) => {
        if (groups.groups.has(groupId)) groups.topics.beginDeletingGroup(groupId, reply);
        else reply(undefined);
      },
    );
    if (begun === undefined || begun.errorCode !== ErrorCode.NONE) return begun?.errorCode;
    const failed = await this.#deleteState(groupId, begun.topics);
    const failure = failed.values().next().value;
    if (failure !== undefined) return failure.errorCode;
    return this.#ask<number>(groupId, (groups, reply) => groups.topics.finishDeletingGroup(groupId, reply));
  }

  /** Forgets a deleted topic. Never rejects. */
  async onTopicDeleted(topicId: string): Promise<void> {
    try {
      await this.#options.shards.askAllShares((groups, done) => groups.topics.forgetTopic(topicId, done));
    } catch (error) {
      this.#options.logger.warn(
        { topicId, err: toKafkaError(error) },
        'A deleted topic is left in share groups',
      );
    }
    await this.#options.coordinator.onTopicDeleted(topicId);
  }

  #deleteState(groupId: string, topics: StateTopics): Promise<Map<string, GroupError>> {
    return this.#forEach(topics, (topicId, partition) =>
      this.#options.coordinator.remove({ groupId, topicId, partition }),
    );
  }

  /** The errors, by topic id and partition. */
  async #forEach(
    topics: ReadonlyMap<string, StateTopic>,
    change: (topicId: string, partition: number) => Promise<ShareStateError>,
  ): Promise<Map<string, GroupError>> {
    const failed = new Map<string, GroupError>();
    const each = [...topics].flatMap(([topicId, { partitions }]) =>
      Array.from(partitions, async (partition) => {
        const error = await change(topicId, partition);
        if (error.errorCode !== ErrorCode.NONE) failed.set(`${topicId}/${partition}`, error);
      }),
    );
    await Promise.all(each);
    return failed;
  }

  #ask<T>(groupId: string, command: (groups: ShareGroups, reply: (answer: T) => void) => void): Promise<T> {
    return this.#options.shards.askShare(groupId, command);
  }
}

/** What is wrong with a heartbeat whatever the group. */
function problemOf({
  groupId,
  memberId,
  memberEpoch,
  rackId,
  subscribedTopicNames,
}: ShareHeartbeat): string | undefined {
  if (memberId.trim() === '') return "MemberId can't be empty.";
  if (groupId.trim() === '') return "GroupId can't be empty.";
  if (rackId !== null && rackId.trim() === '') return "RackId can't be empty.";
  if (memberEpoch < LEAVING_EPOCH) return 'MemberEpoch is invalid.';
  const isEmpty = subscribedTopicNames === null || subscribedTopicNames.length === 0;
  return memberEpoch === 0 && isEmpty ? 'SubscribedTopicNames must be set in first request.' : undefined;
}

function described(groupId: string, group: ShareGroup | undefined): DescribedShareGroup {
  if (group === undefined) {
    return {
      ...{ errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage: `Group ${groupId} not found.` },
      ...{ groupState: '', groupEpoch: 0, assignmentEpoch: 0, members: [] },
    };
  }
  const { groupEpoch, assignmentEpoch, members } = group;
  return {
    ...NO_ERROR,
    ...{ groupState: shareGroupState(group), groupEpoch, assignmentEpoch },
    members: [...members.values()],
  };
}
