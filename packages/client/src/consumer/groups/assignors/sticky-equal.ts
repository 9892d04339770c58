// Sticky assignment when all members read the same topics: everybody keeps what is within the fair share, and the rest goes round to those who are short.

import type { TopicPartition } from '../../../cluster/ask-leaders.ts';
import { compareTexts } from './member-order.ts';
import type { PreviousOwners } from './previous-owners.ts';

export interface StickyResult {
  readonly assigned: ReadonlyMap<string, Set<TopicPartition>>;
  /** Partitions that go from one member to another, where the algorithm knows. */
  readonly moved: ReadonlySet<TopicPartition> | undefined;
}

export function assignEqual(previous: PreviousOwners): StickyResult {
  const all = [...previous.partitions.keys()]
    .sort(compareTexts)
    .flatMap((topic) => previous.partitions.get(topic)!);
  const { assigned, revoked, short, atLeast } = keepShares(previous, all.length);
  const kept = new Set([...assigned.values()].flatMap((partitions) => [...partitions]));
  const free = all.filter((partition) => !kept.has(partition));
  short.sort(compareTexts);
  atLeast.sort(compareTexts);
  const least = Math.floor(all.length / previous.members.length);
  let turn = 0;
  for (const partition of free) {
    if (turn >= short.length) turn = 0;
    const memberId = short[turn] ?? atLeast.shift();
    if (memberId === undefined) throw new Error('more partitions than shares');
    const own = assigned.get(memberId)!;
    own.add(partition);
    if (own.size !== least) turn++;
    else atLeast.push(...short.splice(turn, 1));
  }
  const moved = new Set(
    free.filter((partition) => revoked.has(partition) || previous.contested.has(partition)),
  );
  return { assigned, moved };
}

/** `short` have less than the least share; `atLeast` have it, and may get one more. */
function keepShares(previous: PreviousOwners, partitionCount: number) {
  const memberCount = previous.members.length;
  const least = Math.floor(partitionCount / memberCount);
  const most = Math.ceil(partitionCount / memberCount);
  /** How many members get more than the least share. */
  const luckyCount = partitionCount % memberCount;
  let lucky = 0;
  const assigned = new Map<string, Set<TopicPartition>>();
  const revoked = new Set<TopicPartition>();
  const short: string[] = [];
  const atLeast: string[] = [];
  for (const { memberId } of previous.members) {
    const own = [...previous.owned.get(memberId)!]
      .filter((partition) => !previous.contested.has(partition))
      .sort((left, right) => left.partition - right.partition || compareTexts(left.topic, right.topic));
    let share = own.length;
    if (own.length < least) {
      short.push(memberId);
    } else if (own.length >= most && lucky < luckyCount) {
      share = most;
      lucky++;
      if (lucky === luckyCount) atLeast.length = 0;
    } else {
      share = least;
      if (lucky < luckyCount) atLeast.push(memberId);
    }
    assigned.set(memberId, new Set(own.slice(0, share)));
    for (const partition of own.slice(share)) revoked.add(partition);
  }
  return { assigned, revoked, short, atLeast };
}
