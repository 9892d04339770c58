// What an assignor on the server side is: a pure function from who is subscribed to what, and who had what, to who gets
// what. Knows partitions by topic id; groups of consumers and share groups can use the same ones.

import type { Uuid } from '@moldau/protocol';

/** Partitions by topic. A topic without partitions is left out. */
export type TopicPartitions = ReadonlyMap<Uuid, ReadonlySet<number>>;

export const NO_PARTITIONS: TopicPartitions = new Map();

export interface AssignorMember {
  readonly memberId: string;
  /** group.instance.id; null for a member that is not static. */
  readonly instanceId: string | null;
  /** Topics that exist. */
  readonly topicIds: ReadonlySet<Uuid>;
  /** What it was to get by the assignment before; may have partitions of topics it is no longer subscribed to, or that are gone. */
  readonly previous: TopicPartitions;
}

export interface AssignorInput {
  readonly members: readonly AssignorMember[];
  /** How many partitions a topic has that some member is subscribed to. */
  readonly partitionCount: (topicId: Uuid) => number;
}

/** Every partition of every subscribed topic goes to exactly one member subscribed to it. Every member has an entry. */
export type Assignor = (input: AssignorInput) => Map<string, TopicPartitions>;

/** Whether all members are subscribed to the same topics. */
export function isHomogeneous(members: readonly AssignorMember[]): boolean {
  const first = members[0]?.topicIds;
  if (first === undefined) return true;
  return members.every(
    ({ topicIds }) => topicIds === first || (topicIds.size === first.size && isSubset(topicIds, first)),
  );
}

function isSubset<T>(part: ReadonlySet<T>, whole: ReadonlySet<T>): boolean {
  for (const element of part) if (!whole.has(element)) return false;
  return true;
}
