// What a share group is: its members, what each is to have and has, and which topics' share state is ready.

import type { Deadline } from '../runtime/deadlines.ts';
import type { Assignment } from './share-assignor.ts';

export const NO_PARTITIONS: Assignment = new Map();

export interface ShareMember {
  readonly memberId: string;
  memberEpoch: number;
  previousMemberEpoch: number;
  rackId: string | null;
  clientId: string;
  /** As Kafka prints it: '/127.0.0.1'. */
  clientHost: string;
  /** Sorted. */
  subscribedTopicNames: readonly string[];
  assigned: Assignment;
  session: Deadline | null;
}

/** Partitions of one topic whose share state is being made, or is there. */
export interface StateTopic {
  readonly name: string;
  readonly partitions: ReadonlySet<number>;
  /** When it was begun, in wall milliseconds. */
  readonly sinceMs: number;
}

export interface ShareStateTopics {
  readonly initializing: ReadonlyMap<string, StateTopic>;
  readonly initialized: ReadonlyMap<string, StateTopic>;
  /** Topic id -> name. */
  readonly deleting: ReadonlyMap<string, string>;
}

export interface ShareGroup {
  readonly groupId: string;
  groupEpoch: number;
  /** Of the subscribed topics as they were when the epoch was last raised. */
  metadataHash: bigint;
  assignmentEpoch: number;
  /** Wall milliseconds. */
  assignmentTimestampMs: number;
  readonly members: Map<string, ShareMember>;
  readonly target: Map<string, Assignment>;
  /** null until there are any. */
  topics: ShareStateTopics | null;
  /** A change of it could not be written: the next one writes all of it. */
  isUnwritten: boolean;
}

/** Of a group that has not had any member. */
const FIRST_EPOCH = 1;

export function newShareGroup(groupId: string): ShareGroup {
  return {
    ...{
      groupId,
      groupEpoch: FIRST_EPOCH,
      metadataHash: 0n,
      assignmentEpoch: FIRST_EPOCH,
      assignmentTimestampMs: 0,
    },
    ...{ members: new Map(), target: new Map(), topics: null, isUnwritten: false },
  };
}

export function newShareMember(memberId: string): ShareMember {
  return {
    ...{ memberId, memberEpoch: 0, previousMemberEpoch: -1, rackId: null, clientId: '', clientHost: '' },
    ...{ subscribedTopicNames: [], assigned: NO_PARTITIONS, session: null },
  };
}

export function shareGroupState({ members }: ShareGroup): 'Empty' | 'Stable' {
  return members.size === 0 ? 'Empty' : 'Stable';
}

/** The names that some member is subscribed to. */
export function subscribedNames(members: Iterable<ShareMember>): Set<string> {
  const names = new Set<string>();
  for (const { subscribedTopicNames } of members) for (const name of subscribedTopicNames) names.add(name);
  return names;
}

export function sameAssignment(a: Assignment, b: Assignment): boolean {
  if (a.size !== b.size) return false;
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const partition of partitions) if (!others.has(partition)) return false;
  }
  return true;
}

/** What is in either; the later one's name and time count. */
export function mergeStateTopics(
  a: ReadonlyMap<string, StateTopic>,
  b: ReadonlyMap<string, StateTopic>,
): Map<string, StateTopic> {
  const merged = new Map(a);
  for (const [topicId, topic] of b) {
    const known = merged.get(topicId);
    merged.set(topicId, {
      ...topic,
      partitions: new Set([...(known?.partitions ?? []), ...topic.partitions]),
    });
  }
  return merged;
}

/** What is in the first and not in the second. */
export function withoutStateTopics(
  a: ReadonlyMap<string, StateTopic>,
  b: ReadonlyMap<string, { readonly partitions: ReadonlySet<number> }>,
): Map<string, StateTopic> {
  const rest = new Map<string, StateTopic>();
  for (const [topicId, topic] of a) {
    const removed = b.get(topicId)?.partitions;
    const partitions = new Set([...topic.partitions].filter((partition) => removed?.has(partition) !== true));
    if (partitions.size > 0) rest.set(topicId, { ...topic, partitions });
  }
  return rest;
}
