// Takes one member a step from what it has to what it is to have (KIP-848): it first gives up what is no longer its own,
// and says so by a heartbeat that lists what it still owns; then it takes on the epoch of the target and gets what nobody
// else holds any more; what others still hold it gets when they have given it up.
//
// Invariant: a partition is only given to a member when no other member holds it.

import type { Uuid } from '@moldau/protocol';
import type { TopicPartitions } from './assignors/assignor.ts';
import { type CurrentAssignment, MemberState, NO_EPOCHS, type PartitionEpochs } from './consumer-group.ts';

export interface ReconciliationInput {
  readonly member: CurrentAssignment;
  readonly target: TopicPartitions;
  readonly targetEpoch: number;
  /** Topics that the member is subscribed to and that exist: of others it has to give up everything at once. */
  readonly subscribedIds: ReadonlySet<Uuid>;
  readonly hasSubscriptionChanged: boolean;
  /** Whether another member holds the partition. */
  readonly isHeldByAnother: (topicId: Uuid, partition: number) => boolean;
  /** What the member says that it owns; null when it did not say. */
  readonly owned: TopicPartitions | null;
}

type Epochs = Map<Uuid, Map<number, number>>;

/** Returns the same object when nothing changes. */
export function reconcile(input: ReconciliationInput): CurrentAssignment {
  const { member, targetEpoch, hasSubscriptionChanged, owned } = input;
  switch (member.state) {
    case MemberState.STABLE:
      if (member.memberEpoch !== targetEpoch) return nextAssignment(input);
      return hasSubscriptionChanged ? withoutUnsubscribed(input) : member;
    case MemberState.UNREVOKED_PARTITIONS:
      if (!stillOwns(owned, member.pendingRevocation)) return nextAssignment(input);
      return hasSubscriptionChanged ? withoutUnsubscribed(input) : member;
    case MemberState.UNRELEASED_PARTITIONS:
    case MemberState.UNKNOWN:
      return nextAssignment(input);
  }
}

/** Whether the member has to be told to start anew: a state that is not known says nothing about what it owns. */
export function mustStartAnew(member: CurrentAssignment, owned: TopicPartitions | null): boolean {
  return member.state === MemberState.UNKNOWN && (owned === null || owned.size > 0);
}

function nextAssignment(input: ReconciliationInput): CurrentAssignment {
  const { member, target, targetEpoch, subscribedIds, isHeldByAnother, owned } = input;
  const kept: Epochs = new Map();
  const revoked: Epochs = new Map();
  for (const [topicId, partitions] of member.assigned) {
    const wanted = subscribedIds.has(topicId) ? target.get(topicId) : undefined;
    for (const [partition, epoch] of partitions) {
      put(wanted?.has(partition) === true ? kept : revoked, topicId, partition, epoch);
    }
  }
  if (stillOwns(owned, revoked)) {
    return moved(member, member.memberEpoch, MemberState.UNREVOKED_PARTITIONS, kept, revoked);
  }
  let isComplete = true;
  for (const [topicId, partitions] of target) {
    if (!subscribedIds.has(topicId)) continue;
    for (const partition of partitions) {
      if (member.assigned.get(topicId)?.has(partition) === true) continue;
      if (isHeldByAnother(topicId, partition)) isComplete = false;
      else put(kept, topicId, partition, targetEpoch);
    }
  }
  const state = isComplete ? MemberState.STABLE : MemberState.UNRELEASED_PARTITIONS;
  return moved(member, targetEpoch, state, kept, NO_EPOCHS);
}

/** Between two targets: topics that it has unsubscribed from are taken away without waiting for the next one. */
function withoutUnsubscribed({ member, subscribedIds, owned }: ReconciliationInput): CurrentAssignment {
  const kept: Epochs = new Map();
  const revoked: Epochs = new Map();
  for (const [topicId, partitions] of member.pendingRevocation) revoked.set(topicId, new Map(partitions));
  let isChanged = false;
  for (const [topicId, partitions] of member.assigned) {
    if (subscribedIds.has(topicId)) {
      kept.set(topicId, new Map(partitions));
      continue;
    }
    isChanged = true;
    for (const [partition, epoch] of partitions) put(revoked, topicId, partition, epoch);
  }
  if (!isChanged) return member;
  if (stillOwns(owned, revoked)) {
    return moved(member, member.memberEpoch, MemberState.UNREVOKED_PARTITIONS, kept, revoked);
  }
  return { ...moved(member, member.memberEpoch, member.state, kept, member.pendingRevocation) };
}

/** Who does not say what it owns may own it still. */
function stillOwns(owned: TopicPartitions | null, partitions: PartitionEpochs): boolean {
  if (partitions.size === 0) return false;
  if (owned === null) return true;
  for (const [topicId, indexes] of owned) {
    const asked = partitions.get(topicId);
    if (asked === undefined) continue;
    for (const partition of indexes) if (asked.has(partition)) return true;
  }
  return false;
}

function moved(
  member: CurrentAssignment,
  memberEpoch: number,
  state: MemberState,
  assigned: PartitionEpochs,
  pendingRevocation: PartitionEpochs,
): CurrentAssignment {
  const previousMemberEpoch = member.memberEpoch;
  return { memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation };
}

function put(epochs: Epochs, topicId: Uuid, partition: number, epoch: number): void {
  const partitions = epochs.get(topicId);
  if (partitions === undefined) epochs.set(topicId, new Map([[partition, epoch]]));
  else partitions.set(partition, epoch);
}

export function sameAssignment(a: CurrentAssignment, b: CurrentAssignment): boolean {
  return (
    a.memberEpoch === b.memberEpoch &&
    a.previousMemberEpoch === b.previousMemberEpoch &&
    a.state === b.state &&
    sameEpochs(a.assigned, b.assigned) &&
    sameEpochs(a.pendingRevocation, b.pendingRevocation)
  );
}

export function sameEpochs(a: PartitionEpochs, b: PartitionEpochs): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId);
    if (others === undefined || others.size !== partitions.size) return false;
    for (const [partition, epoch] of partitions) if (others.get(partition) !== epoch) return false;
  }
  return true;
}
