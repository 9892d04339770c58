// What groups of the consumer protocol look like from outside: to administrators who list and describe them, and to the
// offsets, which ask whether a member may commit.

import { ErrorCode, type Uuid } from '@moldau/protocol';
import type { TopicPartitions } from './assignors/assignor.ts';
import {
  type ConsumerGroup,
  type ConsumerMember,
  type PartitionEpochs,
  partitionsOf,
} from './consumer-group.ts';
import { sorted } from './consumer-group-records.ts';
import type {
  CommitOffsetsCommand,
  DescribedConsumerGroup,
  DescribedPartitions,
  FetchOffsetsCommand,
} from './group-commands.ts';
import type { GroupTopics } from './group-topics.ts';

/** The first version of OffsetCommit that knows member epochs. */
const COMMIT_VERSION_WITH_MEMBER_EPOCH = 9;
const MemberType = { CLASSIC: 0, CONSUMER: 1 } as const;

export function describeConsumerGroup(
  group: ConsumerGroup,
  defaultAssignor: string,
  topics: GroupTopics,
): DescribedConsumerGroup {
  return {
    ...{ errorCode: ErrorCode.NONE, errorMessage: null, groupId: group.groupId },
    groupState: group.state,
    groupEpoch: group.groupEpoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: group.preferredAssignor ?? defaultAssignor,
    members: Array.from(group.members.values(), (member) => describeMember(group, member, topics)),
  };
}

function describeMember(group: ConsumerGroup, member: ConsumerMember, topics: GroupTopics) {
  const { memberId, instanceId, rackId, memberEpoch, clientId, clientHost, subscribedTopicRegex } = member;
  return {
    ...{ memberId, instanceId, rackId, memberEpoch, clientId, clientHost, subscribedTopicRegex },
    subscribedTopicNames: [...member.subscribedTopicNames].sort(),
    // What it has not given up yet is its own still.
    assignment: described(held(member), topics),
    targetAssignment: described(group.target(memberId), topics),
    memberType: member.classic === null ? MemberType.CONSUMER : MemberType.CLASSIC,
  };
}

function held({ assigned, pendingRevocation }: ConsumerMember): TopicPartitions {
  const all = new Map<Uuid, ReadonlySet<number>>(partitionsOf(assigned));
  for (const [topicId, partitions] of partitionsOf(pendingRevocation)) {
    all.set(topicId, partitions.union(all.get(topicId) ?? new Set()));
  }
  return all;
}

/** Topics that are gone are left out. */
function described(partitions: TopicPartitions, topics: GroupTopics): DescribedPartitions {
  const topicPartitions = [...partitions].flatMap(([topicId, indexes]) => {
    const topicName = topics.byId(topicId)?.name;
    return topicName === undefined ? [] : [{ topicId, topicName, partitions: sorted(indexes) }];
  });
  return { topicPartitions };
}

/**
 * The error for a commit, NONE when it may be made. A member whose epoch is behind may still commit what has been its own
 * without a break since that epoch (KIP-1251): a heartbeat may have overtaken its commit.
 */
export function commitErrorOf(
  group: ConsumerGroup,
  command: CommitOffsetsCommand,
  apiVersion: number,
): number {
  const { memberId, generationIdOrMemberEpoch: epoch } = command;
  if (epoch < 0 && group.members.size === 0) return ErrorCode.NONE;
  const member = group.members.get(memberId);
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  if (member.classic === null && apiVersion < COMMIT_VERSION_WITH_MEMBER_EPOCH) {
    return ErrorCode.UNSUPPORTED_VERSION;
  }
  return epochError(member, epoch, command.topics);
}

function epochError(member: ConsumerMember, epoch: number, topics: CommitOffsetsCommand['topics']): number {
  if (epoch === member.memberEpoch) return ErrorCode.NONE;
  const stale = staleCode(member);
  if (epoch > member.memberEpoch) return stale;
  const { assigned, pendingRevocation } = member;
  const isOwnSince = topics.every(({ topicId, partitions }) =>
    partitions.every(({ partitionIndex }) => {
      const since =
        epochOf(assigned, topicId, partitionIndex) ?? epochOf(pendingRevocation, topicId, partitionIndex);
      return since !== undefined && epoch >= since;
    }),
  );
  return isOwnSince ? ErrorCode.NONE : stale;
}

function epochOf(epochs: PartitionEpochs, topicId: Uuid, partition: number): number | undefined {
  return epochs.get(topicId)?.get(partition);
}

/** The error for reading offsets, NONE when they may be read. */
export function fetchErrorOf(group: ConsumerGroup, command: FetchOffsetsCommand): number {
  const { memberId = null, memberEpoch = -1 } = command;
  if (memberId === null && memberEpoch < 0) return ErrorCode.NONE;
  const member = group.members.get(memberId ?? '');
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  return memberEpoch === member.memberEpoch ? ErrorCode.NONE : staleCode(member);
}

function staleCode({ classic }: ConsumerMember): number {
  return classic === null ? ErrorCode.STALE_MEMBER_EPOCH : ErrorCode.ILLEGAL_GENERATION;
}
