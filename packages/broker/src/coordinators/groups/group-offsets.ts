// Owns the offsets that groups have committed. Holds exactly what the log holds durably: an offset shows up here when
// its record is committed, in the order of the log, and never before, so what is read can never be taken back.

import { ErrorCode, ZERO_UUID } from '@moldau/protocol';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { FetchedPartition, FetchedTopic, FetchOffsetsCommand } from './group-commands.ts';
import { type CommittedOffset, offsetTombstone } from './group-records.ts';

type PartitionOffsets = Map<number, CommittedOffset>;
type TopicOffsets = Map<string, PartitionOffsets>;

/** A change to one offset; null takes it away. */
export interface OffsetChange {
  readonly topic: string;
  readonly partition: number;
  readonly value: CommittedOffset | null;
}

/** Records to append, and the changes to apply when they are committed. */
export interface OffsetChanges {
  readonly records: CoordinatorRecord[];
  readonly changes: OffsetChange[];
}

const NOTHING_COMMITTED = -1;

export class GroupOffsets {
  readonly #offsets = new Map<string, TopicOffsets>();

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#offsets.get(groupId)?.get(topic)?.get(partition);
  }

  groupIds(): Iterable<string> {
    return this.#offsets.keys();
  }

  apply(groupId: string, { topic, partition, value }: OffsetChange): void {
    if (value === null) {
      this.#remove(groupId, topic, partition);
      return;
    }
    const topics: TopicOffsets = this.#offsets.get(groupId) ?? new Map();
    const partitions: PartitionOffsets = topics.get(topic) ?? new Map();
    partitions.set(partition, value);
    // Whatever was new hangs on what was there.
    if (partitions.size === 1) topics.set(topic, partitions);
    if (topics.size === 1) this.#offsets.set(groupId, topics);
  }

  #remove(groupId: string, topic: string, partition: number): void {
    const topics = this.#offsets.get(groupId);
    const partitions = topics?.get(topic);
    if (topics === undefined || partitions === undefined) return;
    partitions.delete(partition);
    if (partitions.size === 0) topics.delete(topic);
    if (topics.size === 0) this.#offsets.delete(groupId);
  }

  /** What is committed, -1 where nothing is. */
  fetch({ groupId, topics }: FetchOffsetsCommand): FetchedTopic[] {
    const committed = this.#offsets.get(groupId);
    if (topics === null) return committed === undefined ? [] : fetchAll(committed);
    return topics.map(({ name, topicId, partitionIndexes }) => {
      const partitions = committed?.get(name);
      return {
        name,
        topicId,
        partitions: partitionIndexes.map((index) => {
          const offset = partitions?.get(index);
          // An offset of a topic of the same name that is no more says nothing about this one.
          return fetched(index, offset !== undefined && isOfTopic(offset, topicId) ? offset : undefined);
        }),
      };
    });
  }

  /** Takes away all offsets of a group, or those that `isGone` picks. */
  removal(
    groupId: string,
    isGone: (topic: string, offset: CommittedOffset, partition: number) => boolean = () => true,
  ): OffsetChanges {
    const records: CoordinatorRecord[] = [];
    const changes: OffsetChange[] = [];
    for (const [topic, partitions] of this.#offsets.get(groupId) ?? []) {
      for (const [partition, offset] of partitions) {
        if (!isGone(topic, offset, partition)) continue;
        records.push(offsetTombstone(groupId, topic, partition));
        changes.push({ topic, partition, value: null });
      }
    }
    return { records, changes };
  }

  /** How many partitions the group has offsets of. */
  count(groupId: string): number {
    let count = 0;
    for (const partitions of this.#offsets.get(groupId)?.values() ?? []) count += partitions.size;
    return count;
  }

  /** All that is committed. */
  *all(): Iterable<{ groupId: string; topic: string; partition: number; offset: number }> {
    for (const [groupId, topics] of this.#offsets) {
      for (const [topic, partitions] of topics) {
        for (const [partition, { offset }] of partitions) yield { groupId, topic, partition, offset };
      }
    }
  }

  /** Groups with offsets of a topic of this name. */
  groupsWithTopic(topic: string): string[] {
    const groupIds: string[] = [];
    for (const [groupId, topics] of this.#offsets) if (topics.has(topic)) groupIds.push(groupId);
    return groupIds;
  }
}

/** Whether it may be an offset of this topic. */
export function isOfTopic(offset: CommittedOffset, topicId: string): boolean {
  return offset.topicId === topicId || offset.topicId === ZERO_UUID || topicId === ZERO_UUID;
}

/**
 * Decides which offsets of a group have outlived the retention; undefined when the group's offsets do not expire now.
 * A group in use keeps them; one that is empty keeps them for the retention after its last member left; one that never
 * had members, for the retention after each commit.
 */
export function expiryOf(
  group: ClassicGroup,
  wallMs: number,
  retentionMs: number,
): ((topic: string, offset: CommittedOffset) => boolean) | undefined {
  if (group.pendingCommits > 0) return undefined;
  const isEmpty = group.state === 'Empty';
  const isStableConsumers = group.state === 'Stable' && group.subscribedTopics !== null;
  const isSimple = group.protocolType === null && isEmpty;
  if (!isEmpty && !isStableConsumers) return undefined;
  return (topic, offset) => {
    if (group.subscribedTopics?.has(topic) === true) return false;
    if (offset.expireTimestampMs !== -1) return wallMs >= offset.expireTimestampMs;
    const sinceEmpty = isEmpty && !isSimple && group.stateSinceMs !== -1;
    // A commit after the group became empty (a reset by an administrator) starts the time anew.
    const baseMs = sinceEmpty
      ? Math.max(group.stateSinceMs, offset.commitTimestampMs)
      : offset.commitTimestampMs;
    return wallMs - baseMs >= retentionMs;
  };
}

function fetchAll(committed: TopicOffsets): FetchedTopic[] {
  return Array.from(committed, ([name, partitions]) => ({
    name,
    topicId: ZERO_UUID,
    partitions: Array.from(partitions, ([index, offset]) => fetched(index, offset)),
  }));
}

/** The answer to who wants stable offsets, for a partition whose next offset is in a transaction that has not ended. */
export function unstableOffset(partitionIndex: number): FetchedPartition {
  return { ...fetched(partitionIndex, undefined), errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT };
}

function fetched(partitionIndex: number, offset: CommittedOffset | undefined): FetchedPartition {
  return {
    partitionIndex,
    committedOffset: offset?.offset ?? NOTHING_COMMITTED,
    committedLeaderEpoch: offset?.leaderEpoch ?? -1,
    metadata: offset?.metadata ?? '',
    errorCode: ErrorCode.NONE,
  };
}
