// What an assignor of the classic protocol is: the member that leads the group runs it, and its result is the law for all members.

import type { TopicPartition } from '../../../cluster/ask-leaders.ts';
import type { GroupMetadata } from '../types.ts';

export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky';

/** eager: members give up all they have before each rebalance; cooperative: only what goes to others (KIP-429). */
export type RebalanceProtocol = 'eager' | 'cooperative';

/** A member, as it told about itself when it joined. */
export interface SubscribedMember {
  readonly memberId: string;
  readonly instanceId: string | undefined;
  readonly topics: readonly string[];
  /** What it has from before; always empty with the eager protocol. */
  readonly ownedPartitions: readonly TopicPartition[];
  /** The generation of which it has them; -1: unknown. */
  readonly generationId: number;
  readonly rackId: string | undefined;
  readonly userData: Buffer | null;
}

export interface MemberAssignment {
  readonly partitions: readonly TopicPartition[];
  /** For the member's own assignor. */
  readonly userData?: Uint8Array | null;
}

export interface PartitionAssignor {
  /** All members of a group have it in their lists; those of one name must come to the same kind of result. */
  readonly name: string;
  /** Default: eager alone. A member is cooperative when all its assignors can be. What another member still has is held back from the new owner by itself. */
  readonly protocols?: readonly RebalanceProtocol[];
  /** Told to the group's leader when joining. */
  userData?(topics: readonly string[]): Uint8Array | null;
  /** `partitionCounts` has the topics that exist, of all that any member wants. Members are in the order in which the broker told them. */
  assign(
    partitionCounts: ReadonlyMap<string, number>,
    members: readonly SubscribedMember[],
  ): ReadonlyMap<string, MemberAssignment>;
  /** What this member got: on every member, after each rebalance. */
  assigned?(assignment: MemberAssignment, group: GroupMetadata): void;
}
