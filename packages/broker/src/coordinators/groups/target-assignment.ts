// Computes what every member of a group is to get, from subscriptions and the target before.

import type { Uuid } from '@moldau/protocol';
import type { Assignor, AssignorMember, TopicPartitions } from './assignors/assignor.ts';
import type { GroupTopics } from './group-topics.ts';

export interface Subscriber {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** By name; those that do not exist are of no account. */
  readonly topics: ReadonlySet<string>;
  readonly target: TopicPartitions;
}

export function computeTargets(
  subscribers: Iterable<Subscriber>,
  assignor: Assignor,
  topics: GroupTopics,
): Map<string, TopicPartitions> {
  // Most members share one set of names, which is looked up once.
  const idsByNames = new Map<ReadonlySet<string>, ReadonlySet<Uuid>>();
  const idsOf = (names: ReadonlySet<string>) => {
    const known = idsByNames.get(names) ?? topicIdsOf(names, topics);
    idsByNames.set(names, known);
    return known;
  };
  const members = Array.from(
    subscribers,
    ({ memberId, instanceId, topics: names, target }): AssignorMember => {
      return { memberId, instanceId, topicIds: idsOf(names), previous: target };
    },
  );
  return assignor({ members, partitionCount: (topicId) => topics.byId(topicId)?.partitionCount ?? 0 });
}

/** The ids of those that exist. */
export function topicIdsOf(names: Iterable<string>, topics: GroupTopics): Set<Uuid> {
  const ids = new Set<Uuid>();
  for (const name of names) {
    const id = topics.byName(name)?.id;
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

export function samePartitions(a: TopicPartitions, b: TopicPartitions): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId);
    if (others === undefined || others.size !== partitions.size || !partitions.isSubsetOf(others))
      return false;
  }
  return true;
}
