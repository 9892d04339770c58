// The uniform assignor: members get as even a number of partitions as their subscriptions allow, and keep what they had
// as far as that is possible. With the same subscription for all, no two members differ by more than one partition.

import assert from 'node:assert';
import type { Uuid } from '@moldau/protocol';
import {
  type Assignor,
  type AssignorInput,
  type AssignorMember,
  isHomogeneous,
  type TopicPartitions,
} from './assignor.ts';
import { balance } from './uniform-balance.ts';

export const assignUniformly: Assignor = (input) => {
  if (input.members.length === 0) return new Map();
  return isHomogeneous(input.members) ? assignEvenly(input) : assignBySubscription(input);
};

/** A member's share while it is being made. */
export class Share {
  readonly member: AssignorMember;
  readonly partitions = new Map<Uuid, Set<number>>();
  count = 0;

  constructor(member: AssignorMember) {
    this.member = member;
  }

  add(topicId: Uuid, partition: number): void {
    const existing = this.partitions.get(topicId);
    if (existing === undefined) this.partitions.set(topicId, new Set([partition]));
    else existing.add(partition);
    this.count++;
  }

  remove(topicId: Uuid, partition: number): void {
    const existing = this.partitions.get(topicId);
    assert(existing?.delete(partition) === true, 'a member can only give what it has');
    if (existing.size === 0) this.partitions.delete(topicId);
    this.count--;
  }
}

/** All are subscribed to the same: a quota for each, kept partitions first, then the rest is dealt out. */
function assignEvenly({ members, partitionCount }: AssignorInput): Map<string, TopicPartitions> {
  const topicIds = members[0]!.topicIds;
  let total = 0;
  for (const topicId of topicIds) total += partitionCount(topicId);
  const quota = Math.floor(total / members.length);
  let extras = total % members.length;

  const owned = new Owned();
  const shares = members.map((member) => new Share(member));
  // First those who had most, so that the extra partitions stay with members that would have to give one up otherwise.
  const byFormerCount = [...shares].sort((a, b) => sizeOf(b.member.previous) - sizeOf(a.member.previous));
  const limits = new Map<Share, number>();
  for (const share of byFormerCount) {
    const limit = extras > 0 ? quota + 1 : quota;
    keepFormer(share, limit, owned, partitionCount);
    if (share.count > quota) extras--;
    limits.set(share, share.count > quota ? quota + 1 : quota);
  }
  const receivers = shares.values();
  let receiver = receivers.next().value;
  const free = [...freePartitions(topicIds, owned, partitionCount)];
  let position = 0;
  for (; position < free.length && receiver !== undefined; ) {
    if (receiver.count < limits.get(receiver)!) receiver.add(...free[position++]!);
    else receiver = receivers.next().value;
  }
  // What is left are extra partitions that nobody had before.
  for (const share of shares) {
    if (position === free.length) break;
    if (share.count === quota) share.add(...free[position++]!);
  }
  assert(position === free.length, 'every partition has an owner');
  return result(shares);
}

/** Subscriptions differ: kept partitions stay, free ones go to the least loaded subscriber, then loads are evened out. */
function assignBySubscription(input: AssignorInput): Map<string, TopicPartitions> {
  const { members, partitionCount } = input;
  const owned = new Owned();
  const shares = members.map((member) => new Share(member));
  const subscribers = new Map<Uuid, Share[]>();
  for (const share of shares) {
    keepFormer(share, Number.POSITIVE_INFINITY, owned, partitionCount);
    for (const topicId of share.member.topicIds) {
      const existing = subscribers.get(topicId);
      if (existing === undefined) subscribers.set(topicId, [share]);
      else existing.push(share);
    }
  }
  balance({ subscribers, partitionCount, isOwned: (topicId, partition) => owned.has(topicId, partition) });
  return result(shares);
}

/** Partitions that have an owner in the assignment that is being made. */
class Owned {
  readonly #partitions = new Map<Uuid, Set<number>>();

  has(topicId: Uuid, partition: number): boolean {
    return this.#partitions.get(topicId)?.has(partition) === true;
  }

  add(topicId: Uuid, partition: number): void {
    const existing = this.#partitions.get(topicId);
    if (existing === undefined) this.#partitions.set(topicId, new Set([partition]));
    else existing.add(partition);
  }
}

/** What it had stays, as long as it is subscribed to it and it exists, up to a limit. */
function keepFormer(
  share: Share,
  limit: number,
  owned: Owned,
  partitionCount: (topicId: Uuid) => number,
): void {
  const { previous, topicIds } = share.member;
  for (const [topicId, partitions] of previous) {
    if (!topicIds.has(topicId)) continue;
    const count = partitionCount(topicId);
    for (const partition of partitions) {
      if (share.count >= limit) return;
      if (partition >= count || owned.has(topicId, partition)) continue;
      owned.add(topicId, partition);
      share.add(topicId, partition);
    }
  }
}

function* freePartitions(
  topicIds: Iterable<Uuid>,
  owned: Owned,
  partitionCount: (topicId: Uuid) => number,
): Iterable<[Uuid, number]> {
  for (const topicId of topicIds) {
    const count = partitionCount(topicId);
    for (let partition = 0; partition < count; partition++) {
      if (!owned.has(topicId, partition)) yield [topicId, partition];
    }
  }
}

function sizeOf(partitions: TopicPartitions): number {
  let size = 0;
  for (const each of partitions.values()) size += each.size;
  return size;
}

function result(shares: readonly Share[]): Map<string, TopicPartitions> {
  return new Map(shares.map(({ member, partitions }) => [member.memberId, partitions]));
}
