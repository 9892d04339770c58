// Owns the records of share groups in __consumer_offsets, in Kafka's own formats.

import {
  decodeVersioned,
  encodeVersioned,
  type Record,
  shareGroupCurrentMemberAssignmentKey,
  shareGroupCurrentMemberAssignmentValue,
  shareGroupMemberMetadataKey,
  shareGroupMemberMetadataValue,
  shareGroupMetadataKey,
  shareGroupMetadataValue,
  shareGroupStatePartitionMetadataKey,
  shareGroupStatePartitionMetadataValue,
  shareGroupTargetAssignmentMemberKey,
  shareGroupTargetAssignmentMemberValue,
  shareGroupTargetAssignmentMetadataKey,
  shareGroupTargetAssignmentMetadataValue,
  versionPrefix,
} from '@moldau/protocol';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import type { Assignment } from './share-assignor.ts';
import {
  NO_PARTITIONS,
  newShareGroup,
  newShareMember,
  type ShareGroup,
  type ShareMember,
  type ShareStateTopics,
  type StateTopic,
} from './share-group.ts';

/** A member that has taken over what it is to have. Share groups know no other state. */
const STABLE = 0;

export function groupEpochRecord({ groupId, groupEpoch, metadataHash }: ShareGroup): CoordinatorRecord {
  return {
    key: encodeVersioned(shareGroupMetadataKey, { groupId }),
    value: encodeVersioned(shareGroupMetadataValue, { epoch: groupEpoch, metadataHash }),
  };
}

export function memberRecord(groupId: string, member: ShareMember): CoordinatorRecord {
  const { memberId, rackId, clientId, clientHost, subscribedTopicNames } = member;
  return {
    key: encodeVersioned(shareGroupMemberMetadataKey, { groupId, memberId }),
    value: encodeVersioned(shareGroupMemberMetadataValue, {
      ...{ rackId, clientId, clientHost },
      subscribedTopicNames: [...subscribedTopicNames],
    }),
  };
}

export function targetRecord(groupId: string, memberId: string, target: Assignment): CoordinatorRecord {
  return {
    key: encodeVersioned(shareGroupTargetAssignmentMemberKey, { groupId, memberId }),
    value: encodeVersioned(shareGroupTargetAssignmentMemberValue, {
      topicPartitions: topicPartitionsOf(target),
    }),
  };
}

export function targetEpochRecord({
  groupId,
  assignmentEpoch,
  assignmentTimestampMs,
}: ShareGroup): CoordinatorRecord {
  return {
    key: encodeVersioned(shareGroupTargetAssignmentMetadataKey, { groupId }),
    value: encodeVersioned(shareGroupTargetAssignmentMetadataValue, {
      assignmentEpoch,
      assignmentTimestamp: assignmentTimestampMs,
    }),
  };
}

export function currentRecord(groupId: string, member: ShareMember): CoordinatorRecord {
  const { memberId, memberEpoch, previousMemberEpoch, assigned } = member;
  return {
    key: encodeVersioned(shareGroupCurrentMemberAssignmentKey, { groupId, memberId }),
    value: encodeVersioned(shareGroupCurrentMemberAssignmentValue, {
      ...{ memberEpoch, previousMemberEpoch, state: STABLE },
      assignedPartitions: topicPartitionsOf(assigned),
    }),
  };
}

export function stateTopicsRecord(groupId: string, topics: ShareStateTopics): CoordinatorRecord {
  const infos = (of: ReadonlyMap<string, StateTopic>) =>
    Array.from(of, ([topicId, { name, partitions }]) => ({
      topicId,
      topicName: name,
      partitions: sorted(partitions),
    }));
  return {
    key: encodeVersioned(shareGroupStatePartitionMetadataKey, { groupId }),
    value: encodeVersioned(shareGroupStatePartitionMetadataValue, {
      initializingTopics: infos(topics.initializing),
      initializedTopics: infos(topics.initialized),
      deletingTopics: Array.from(topics.deleting, ([topicId, topicName]) => ({ topicId, topicName })),
    }),
  };
}

export function memberTombstones(groupId: string, memberId: string): CoordinatorRecord[] {
  const key = { groupId, memberId };
  return [
    { key: encodeVersioned(shareGroupCurrentMemberAssignmentKey, key), value: null },
    { key: encodeVersioned(shareGroupTargetAssignmentMemberKey, key), value: null },
    { key: encodeVersioned(shareGroupMemberMetadataKey, key), value: null },
  ];
}

/** Of a group without members. */
export function shareGroupTombstones(groupId: string): CoordinatorRecord[] {
  return [
    { key: encodeVersioned(shareGroupTargetAssignmentMetadataKey, { groupId }), value: null },
    { key: encodeVersioned(shareGroupStatePartitionMetadataKey, { groupId }), value: null },
    { key: encodeVersioned(shareGroupMetadataKey, { groupId }), value: null },
  ];
}

/** All of a group, as when none of it were in the log. */
export function recordsOf(group: ShareGroup): CoordinatorRecord[] {
  const { groupId, members, target, topics } = group;
  return [
    ...Array.from(members.values(), (member) => memberRecord(groupId, member)),
    groupEpochRecord(group),
    ...Array.from(target, ([memberId, assignment]) => targetRecord(groupId, memberId, assignment)),
    targetEpochRecord(group),
    ...Array.from(members.values(), (member) => currentRecord(groupId, member)),
    ...(topics === null ? [] : [stateTopicsRecord(groupId, topics)]),
  ];
}

// Replay -------------------------------------------------------------------------------------------------------------

/** Takes in one record of the log. False for a kind of record that is not a share group's. @throws MalformedError */
export function applyShareGroupRecord(
  groups: Map<string, ShareGroup>,
  { key, value }: Pick<Record, 'key' | 'value'>,
  nowMs: number,
): boolean {
  if (key === null) return false;
  switch (versionPrefix(key)) {
    case shareGroupMetadataKey.apiKey:
      applyGroup(groups, decodeVersioned(shareGroupMetadataKey, key).groupId, value);
      return true;
    case shareGroupMemberMetadataKey.apiKey:
      applyMember(groups, decodeVersioned(shareGroupMemberMetadataKey, key), value);
      return true;
    case shareGroupTargetAssignmentMetadataKey.apiKey:
      applyTargetEpoch(groups, decodeVersioned(shareGroupTargetAssignmentMetadataKey, key).groupId, value);
      return true;
    case shareGroupTargetAssignmentMemberKey.apiKey:
      applyTarget(groups, decodeVersioned(shareGroupTargetAssignmentMemberKey, key), value);
      return true;
    case shareGroupCurrentMemberAssignmentKey.apiKey:
      applyCurrent(groups, decodeVersioned(shareGroupCurrentMemberAssignmentKey, key), value);
      return true;
    case shareGroupStatePartitionMetadataKey.apiKey:
      applyStateTopics(
        groups,
        decodeVersioned(shareGroupStatePartitionMetadataKey, key).groupId,
        value,
        nowMs,
      );
      return true;
    default:
      return false;
  }
}

interface MemberKey {
  readonly groupId: string;
  readonly memberId: string;
}

function groupOf(groups: Map<string, ShareGroup>, groupId: string): ShareGroup {
  let group = groups.get(groupId);
  if (group === undefined) {
    group = newShareGroup(groupId);
    groups.set(groupId, group);
  }
  return group;
}

function memberOf(groups: Map<string, ShareGroup>, { groupId, memberId }: MemberKey): ShareMember {
  const { members } = groupOf(groups, groupId);
  let member = members.get(memberId);
  if (member === undefined) {
    member = newShareMember(memberId);
    members.set(memberId, member);
  }
  return member;
}

function applyGroup(groups: Map<string, ShareGroup>, groupId: string, value: Buffer | null): void {
  if (value === null) {
    groups.delete(groupId);
    return;
  }
  const { epoch, metadataHash } = decodeVersioned(shareGroupMetadataValue, value);
  Object.assign(groupOf(groups, groupId), { groupEpoch: epoch, metadataHash });
}

function applyMember(groups: Map<string, ShareGroup>, key: MemberKey, value: Buffer | null): void {
  if (value === null) {
    groups.get(key.groupId)?.members.delete(key.memberId);
    return;
  }
  const stored = decodeVersioned(shareGroupMemberMetadataValue, value);
  Object.assign(memberOf(groups, key), {
    ...stored,
    subscribedTopicNames: stored.subscribedTopicNames.sort(),
  });
}

function applyTargetEpoch(groups: Map<string, ShareGroup>, groupId: string, value: Buffer | null): void {
  const group = value === null ? groups.get(groupId) : groupOf(groups, groupId);
  if (group === undefined) return;
  const stored = value === null ? undefined : decodeVersioned(shareGroupTargetAssignmentMetadataValue, value);
  group.assignmentEpoch = stored?.assignmentEpoch ?? newShareGroup(groupId).assignmentEpoch;
  group.assignmentTimestampMs = stored?.assignmentTimestamp ?? 0;
}

function applyTarget(groups: Map<string, ShareGroup>, key: MemberKey, value: Buffer | null): void {
  if (value === null) {
    groups.get(key.groupId)?.target.delete(key.memberId);
    return;
  }
  const { topicPartitions } = decodeVersioned(shareGroupTargetAssignmentMemberValue, value);
  groupOf(groups, key.groupId).target.set(key.memberId, assignmentOf(topicPartitions));
}

function applyCurrent(groups: Map<string, ShareGroup>, key: MemberKey, value: Buffer | null): void {
  if (value === null) {
    const member = groups.get(key.groupId)?.members.get(key.memberId);
    if (member !== undefined)
      Object.assign(member, { memberEpoch: -1, previousMemberEpoch: -1, assigned: NO_PARTITIONS });
    return;
  }
  const stored = decodeVersioned(shareGroupCurrentMemberAssignmentValue, value);
  const { memberEpoch, previousMemberEpoch, assignedPartitions } = stored;
  Object.assign(memberOf(groups, key), {
    memberEpoch,
    previousMemberEpoch,
    assigned: assignmentOf(assignedPartitions),
  });
}

function applyStateTopics(
  groups: Map<string, ShareGroup>,
  groupId: string,
  value: Buffer | null,
  sinceMs: number,
): void {
  if (value === null) {
    const group = groups.get(groupId);
    if (group !== undefined) group.topics = null;
    return;
  }
  const stored = decodeVersioned(shareGroupStatePartitionMetadataValue, value);
  const topicsOf = (infos: typeof stored.initializedTopics) =>
    new Map(
      infos.map(({ topicId, topicName, partitions }) => [
        topicId,
        { name: topicName, partitions: new Set(partitions), sinceMs },
      ]),
    );
  groupOf(groups, groupId).topics = {
    initializing: topicsOf(stored.initializingTopics),
    initialized: topicsOf(stored.initializedTopics),
    deleting: new Map(stored.deletingTopics.map(({ topicId, topicName }) => [topicId, topicName])),
  };
}

function topicPartitionsOf(assignment: Assignment): { topicId: string; partitions: number[] }[] {
  return Array.from(assignment, ([topicId, partitions]) => ({ topicId, partitions: sorted(partitions) }));
}

function assignmentOf(
  topicPartitions: readonly { topicId: string; partitions: readonly number[] }[],
): Assignment {
  return new Map(topicPartitions.map(({ topicId, partitions }) => [topicId, new Set(partitions)]));
}

function sorted(partitions: ReadonlySet<number>): number[] {
  return [...partitions].sort((a, b) => a - b);
}
