// Sticky assignors: as balanced as can be, and of all balanced assignments one that moves few partitions. Members tell what they have: the eager one
// in user data, the cooperative one as owned partitions. Both formats are those of Java's consumer.

import { data } from '@moldau/protocol/message';
import { array, int32, string } from '@moldau/protocol/schema';
import { byTopic, type TopicPartition } from '../../../cluster/ask-leaders.ts';
import type { GroupMetadata } from '../types.ts';
import type { MemberAssignment, PartitionAssignor, RebalanceProtocol, SubscribedMember } from './assignor.ts';
import { type FormerAssignment, previousOwners } from './previous-owners.ts';
import { assignEqual, type StickyResult } from './sticky-equal.ts';
import { assignMixed } from './sticky-mixed.ts';

/** 0 has no generation. Nothing tells which version it is but its length. */
const stickyUserData = data('StickyAssignorUserData', { versions: [0, 1] }, () => ({
  previousAssignment: array({ topic: string, partitions: array(int32) }),
  generation: int32.since(1, -1),
}));

const GENERATION_BYTES = 4;
const NO_GENERATION = -1;

abstract class AnyStickyAssignor {
  #maxGeneration = NO_GENERATION;

  protected place(
    partitionCounts: ReadonlyMap<string, number>,
    members: readonly SubscribedMember[],
  ): StickyResult {
    const previous = previousOwners(
      partitionCounts,
      members,
      (member) => this.former(member),
      this.#maxGeneration,
    );
    this.#maxGeneration = previous.maxGeneration;
    return previous.isOneSubscription ? assignEqual(previous) : assignMixed(previous);
  }

  protected abstract former(member: SubscribedMember): FormerAssignment;
}

export class StickyAssignor extends AnyStickyAssignor implements PartitionAssignor {
  readonly name = 'sticky';
  #assigned: readonly TopicPartition[] | undefined;
  #generation = NO_GENERATION;

  userData(): Uint8Array | null {
    if (this.#assigned === undefined) return null;
    const previousAssignment = [...byTopic(this.#assigned)].map(([topic, partitions]) => ({
      topic,
      partitions: partitions.map(({ partition }) => partition),
    }));
    return stickyUserData.encode({ previousAssignment, generation: this.#generation }, 1);
  }

  assigned({ partitions }: MemberAssignment, { generationId }: GroupMetadata): void {
    this.#assigned = partitions;
    this.#generation = generationId;
  }

  assign(
    partitionCounts: ReadonlyMap<string, number>,
    members: readonly SubscribedMember[],
  ): Map<string, MemberAssignment> {
    return listed(this.place(partitionCounts, members).assigned);
  }

  protected former({ userData }: SubscribedMember): FormerAssignment {
    if (userData === null || userData.length === 0) return { partitions: [], generation: undefined };
    return (
      readUserData(userData, 1) ?? readUserData(userData, 0) ?? { partitions: [], generation: undefined }
    );
  }
}

function readUserData(userData: Buffer, version: number): FormerAssignment | undefined {
  try {
    const { previousAssignment, generation } = stickyUserData.decode(userData, version);
    const partitions = previousAssignment.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    );
    return { partitions, generation: version === 0 ? undefined : generation };
  } catch {
    return undefined;
  }
}

export class CooperativeStickyAssignor extends AnyStickyAssignor implements PartitionAssignor {
  readonly name = 'cooperative-sticky';
  readonly protocols: readonly RebalanceProtocol[] = ['cooperative', 'eager'];
  #generation = NO_GENERATION;

  userData(): Uint8Array {
    const bytes = Buffer.allocUnsafe(GENERATION_BYTES);
    bytes.writeInt32BE(this.#generation);
    return bytes;
  }

  assigned(_: MemberAssignment, { generationId }: GroupMetadata): void {
    this.#generation = generationId;
  }

  /** What moves is left out: its new owner gets it in the rebalance that follows when the old one has given it up. */
  assign(
    partitionCounts: ReadonlyMap<string, number>,
    members: readonly SubscribedMember[],
  ): Map<string, MemberAssignment> {
    const { assigned, moved } = this.place(partitionCounts, members);
    if (moved === undefined) return withhold(listed(assigned), members);
    for (const partitions of assigned.values()) {
      for (const partition of moved) partitions.delete(partition);
    }
    return listed(assigned);
  }

  protected former({ ownedPartitions, generationId, userData }: SubscribedMember): FormerAssignment {
    if (generationId >= 0) return { partitions: ownedPartitions, generation: generationId };
    if (userData === null) return { partitions: ownedPartitions, generation: undefined };
    const isReadable = userData.length >= GENERATION_BYTES;
    return { partitions: ownedPartitions, generation: isReadable ? userData.readInt32BE(0) : NO_GENERATION };
  }
}

function listed(assigned: StickyResult['assigned']): Map<string, MemberAssignment> {
  return new Map([...assigned].map(([memberId, partitions]) => [memberId, { partitions: [...partitions] }]));
}

/** Leaves out what a member is to get newly while another one still has it and loses it. */
export function withhold(
  assignments: ReadonlyMap<string, MemberAssignment>,
  members: readonly SubscribedMember[],
): Map<string, MemberAssignment> {
  const owned = new Map(
    members.map(({ memberId, ownedPartitions }) => [memberId, new Set(ownedPartitions.map(keyOf))]),
  );
  const given = new Set<string>();
  for (const [memberId, own] of owned) {
    const kept = new Set(assignments.get(memberId)?.partitions.map(keyOf));
    for (const key of own) if (!kept.has(key)) given.add(key);
  }
  return new Map(
    [...assignments].map(([memberId, { partitions, ...rest }]) => {
      const own = owned.get(memberId);
      const left = partitions.filter((each) => own?.has(keyOf(each)) === true || !given.has(keyOf(each)));
      return [memberId, { ...rest, partitions: left }];
    }),
  );
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`;
}
