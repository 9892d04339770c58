// Who had what before, as members tell it: the newest generation is believed, and nobody where two members of one generation tell the same.
//
// Partitions are one object each here, so that maps and sets of them go by identity.

import type { TopicPartition } from '../../../cluster/ask-leaders.ts';
import type { SubscribedMember } from './assignor.ts';
import { hashOfText, inHashOrder } from './java-order.ts';

/** What a member tells of its former assignment; `generation` is undefined when it does not tell of which generation. */
export interface FormerAssignment {
  readonly partitions: readonly TopicPartition[];
  readonly generation: number | undefined;
}

export interface PreviousOwners {
  /** By topic and index. */
  readonly partitions: ReadonlyMap<string, readonly TopicPartition[]>;
  /** Every member, in the order of Java's tables. */
  readonly members: readonly SubscribedMember[];
  readonly owned: ReadonlyMap<string, Set<TopicPartition>>;
  /** Told by several members of one generation. */
  readonly contested: ReadonlySet<TopicPartition>;
  /** The latest of the older owners. */
  readonly before: ReadonlyMap<TopicPartition, { readonly memberId: string; readonly generation: number }>;
  readonly maxGeneration: number;
  readonly isOneSubscription: boolean;
}

const NO_GENERATION = -1;

/** `maxGeneration`: the highest that was seen in earlier rebalances. */
export function previousOwners(
  partitionCounts: ReadonlyMap<string, number>,
  members: readonly SubscribedMember[],
  formerOf: (member: SubscribedMember) => FormerAssignment,
  maxGeneration: number,
): PreviousOwners {
  const partitions = new Map<string, TopicPartition[]>();
  for (const [topic, count] of partitionCounts)
    partitions.set(
      topic,
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    );
  const ordered = inHashOrder(members, ({ memberId }) => hashOfText(memberId));
  const formers = ordered.map((member) => {
    const { partitions: told, generation } = formerOf(member);
    return { member, generation, partitions: existing(partitions, told) };
  });
  const highest = formers.reduce((max, { generation }) => Math.max(max, generation ?? max), maxGeneration);
  const before = new Map<TopicPartition, { memberId: string; generation: number }>();
  for (const { member, generation = NO_GENERATION, partitions: told } of formers) {
    if (generation >= highest) continue;
    for (const partition of told) {
      if (generation > (before.get(partition)?.generation ?? Number.NEGATIVE_INFINITY))
        before.set(partition, { memberId: member.memberId, generation });
    }
  }
  return {
    ...{ partitions, members: ordered, before, maxGeneration: highest },
    ...believed(formers),
    isOneSubscription: isOneSubscription(ordered),
  };
}

/** What is left of a topic that was made anew with fewer partitions. */
function existing(
  partitions: ReadonlyMap<string, readonly TopicPartition[]>,
  told: readonly TopicPartition[],
): TopicPartition[] {
  return told.flatMap(({ topic, partition }) => partitions.get(topic)?.[partition] ?? []);
}

interface Former extends FormerAssignment {
  readonly member: SubscribedMember;
}

function believed(formers: readonly Former[]): Pick<PreviousOwners, 'owned' | 'contested'> {
  const owned = new Map<string, Set<TopicPartition>>();
  const contested = new Set<TopicPartition>();
  const owners = new Map<TopicPartition, SubscribedMember>();
  for (const { member, generation = NO_GENERATION, partitions } of formers) {
    const own = new Set<TopicPartition>();
    owned.set(member.memberId, own);
    for (const partition of partitions) {
      const other = owners.get(partition);
      const otherGeneration = other?.generationId ?? Number.NEGATIVE_INFINITY;
      if (generation < otherGeneration) continue;
      if (other !== undefined) owned.get(other.memberId)!.delete(partition);
      owners.set(partition, member);
      if (generation > otherGeneration) own.add(partition);
      else contested.add(partition);
    }
  }
  return { owned, contested };
}

function isOneSubscription(members: readonly SubscribedMember[]): boolean {
  let first = new Set<string>();
  for (const { topics } of members) {
    if (first.size === 0) first = new Set(topics);
    else if (topics.length !== first.size || !topics.every((topic) => first.has(topic))) return false;
  }
  return true;
}
