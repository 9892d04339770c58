// What a consumer and its group membership know of each other: the words that the rest of the consumer, and custom assignors, are written in.

import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../../cluster/cluster.ts';
import type { KafkaError } from '../../errors/kafka-error.ts';
import type { AssignorName, PartitionAssignor } from './assignors/assignor.ts';

/** What a member wants to read. A pattern takes every topic in whose name it finds a match, as RegExp.test does; never internal topics. */
export interface GroupSubscription {
  readonly topics: readonly string[];
  readonly patterns: readonly RegExp[];
}

/** Which member, of which generation: what commits and transactions prove themselves by. */
export interface GroupMetadata {
  readonly groupId: string;
  /** With the consumer protocol the member's epoch. -1: no member just now. */
  readonly generationId: number;
  /** '' while it has none. */
  readonly memberId: string;
  readonly groupInstanceId: string | undefined;
}

/**
 * - idle: not started, or without a subscription
 * - joining: it has no assignment yet, or lost it
 * - stable: it has its assignment
 * - rebalancing: its assignment is changing
 * - stale: out of the group, for nobody called poke() within maxPollIntervalMs; the next poke() joins again
 * - left, failed: over
 */
export type MembershipState = 'idle' | 'joining' | 'stable' | 'rebalancing' | 'stale' | 'left' | 'failed';

/**
 * Who hears of the assignment; one call at a time, but for lost() and failed(), which may come while revoked() or assigned() is not resolved.
 * What throws or rejects is logged and taken for done.
 */
export interface MembershipHost {
  /**
   * Resolves when they may be given to others; until then they stay in `assignment`, so that their offsets can be committed. Heartbeats go on.
   * After the rebalance timeout it is not waited for any longer, and lost() is called for them.
   */
  revoked(partitions: readonly TopicPartition[]): Promise<void>;
  /** Those newly added. Heartbeats go on until it resolves. */
  assigned(partitions: readonly TopicPartition[]): Promise<void> | void;
  /** Others may have them already: nothing can be committed any more. */
  lost(partitions: readonly TopicPartition[]): void;
  /** The membership is over; what was assigned has been told as lost. */
  failed(error: KafkaError): void;
  stateChanged?(state: MembershipState): void;
}

/** One consumer's part in one group. It recovers from all that passes, and calls host.failed() for all that lasts. */
export interface Membership {
  /** Joins as soon as there is a subscription. */
  start(): void;
  /** In place of the one before. An empty one leaves the group, after revoked(). */
  subscribe(subscription: GroupSubscription): void;
  /** Revokes, and tells the group; never rejects, and resolves within the time. Static members (instanceId) stay in the group until their session ends. */
  leave(options: { readonly timeoutMs: number; readonly reason?: string | undefined }): Promise<void>;
  /** Between assigned() and the resolving of revoked(), or lost(). */
  readonly assignment: readonly TopicPartition[];
  readonly state: MembershipState;
  /** Whether there may be another generation for it: no more when it leaves and the rebalance it was in is over. */
  readonly followsRebalances: boolean;
  groupMetadata(): GroupMetadata;
  /** Asks for a rebalance; the reason is for people who read the broker's log. */
  rejoin(reason: string): void;
  /** The application is alive: call it more often than every maxPollIntervalMs. Cheap. */
  poke(): void;
}

export interface MembershipSettings {
  /** The group gives a member up that is not heard of for so long. Classic protocol only: else the broker's group.consumer.session.timeout.ms. Default 45 s. */
  readonly sessionTimeoutMs: number;
  /** Classic protocol only: else the broker tells. Default 3 s. */
  readonly heartbeatIntervalMs: number;
  /** How long poke() may stay away, and how long revoked() may take. Default 300 s. */
  readonly maxPollIntervalMs: number;
  /** Told to whom assigns partitions. */
  readonly rackId: string | undefined;
  /** The broker's assignor of the consumer protocol; undefined: the broker's default. */
  readonly serverAssignor: string | undefined;
}

export const MEMBERSHIP_DEFAULTS: MembershipSettings = {
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 3_000,
  maxPollIntervalMs: 300_000,
  rackId: undefined,
  serverAssignor: undefined,
};

/** 'auto': the consumer protocol (KIP-848) where the cluster offers it, else the classic one. */
export type GroupProtocol = 'auto' | 'classic' | 'consumer';

export interface MembershipOptions {
  readonly cluster: Cluster;
  readonly groupId: string;
  /** Makes it a static member (KIP-345): it keeps its partitions over a restart within the session timeout. */
  readonly instanceId?: string | undefined;
  readonly protocol: GroupProtocol;
  /** For the classic protocol, the best first. By default range, then cooperative-sticky, as Java's consumer. With a custom one, 'auto' is classic. */
  readonly assignors?: readonly (AssignorName | PartitionAssignor)[] | undefined;
  readonly settings?: Partial<MembershipSettings> | undefined;
  readonly host: MembershipHost;
}

/** What to commit: `offset` is of the next record to read. */
export interface CommitOffset extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch?: number | undefined;
  readonly metadata?: string | undefined;
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch: number | undefined;
  readonly metadata: string;
}

/** The group's committed offsets, as class GroupOffsets of group-offsets.ts has them. */
export interface OffsetStore {
  /** Resolves when all are stored; rejects with one KafkaError, or a PartialFailureError when some were stored. */
  commit(offsets: readonly CommitOffset[], options?: CallOptions): Promise<void>;
  /** In the order of the question; undefined where nothing is committed. */
  committed(
    partitions: readonly TopicPartition[],
    options?: CallOptions,
  ): Promise<(CommittedOffset | undefined)[]>;
}

export interface GroupOffsetsOptions {
  readonly cluster: Cluster;
  readonly groupId: string;
  /** Undefined: of no member, as consumers that assign partitions by themselves. */
  readonly membership?:
    | Pick<Membership, 'assignment' | 'followsRebalances' | 'groupMetadata' | 'state'>
    | undefined;
  /** committed() waits for transactions that are still deciding about offsets (read committed). */
  readonly requiresStable: boolean;
}
