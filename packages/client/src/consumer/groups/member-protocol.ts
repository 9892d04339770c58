// What the two protocols of consumer groups have in common, for the membership that uses the one or the other.

import type { Cluster } from '../../cluster/cluster.ts';
import type { AssignedPartitions } from './assigned-partitions.ts';
import type { CoordinatorCalls } from './coordinator-calls.ts';
import type { RebalanceWatch } from './rebalance-watch.ts';
import type { SubscribedTopics } from './subscribed-topics.ts';
import type { MembershipSettings, MembershipState } from './types.ts';

/** What a protocol has to work with. */
export interface MemberContext {
  readonly cluster: Cluster;
  readonly calls: CoordinatorCalls;
  readonly groupId: string;
  readonly instanceId: string | undefined;
  readonly settings: MembershipSettings;
  readonly assigned: AssignedPartitions;
  readonly topics: SubscribedTopics;
  readonly watch: RebalanceWatch;
  setState(state: MembershipState): void;
}

/** How the group knows the member. */
export interface MemberIdentity {
  readonly memberId: string;
  /** Or the epoch. */
  readonly generationId: number;
}

export const NO_GENERATION = -1;
export const NOBODY: MemberIdentity = { memberId: '', generationId: NO_GENERATION };

export interface MemberProtocol {
  readonly identity: MemberIdentity;
  /**
   * Joins, and stays until the signal is aborted. Recovers from what passes; rejects with the KafkaError that lasts. After the signal heartbeats go on, for
   * the host may need time to give up what it has, and a rebalance that has begun is finished: the others wait for it, and nothing could be committed in
   * its middle. `cut` ends that as well.
   */
  participate(signal: AbortSignal, cut: AbortSignal): Promise<void>;
  /** No heartbeats any more. */
  stop(): void;
  /** Stops, and tells the group that the member goes, when it knows it. Never rejects. */
  leave(reason: string, timeoutMs: number): Promise<void>;
  rejoin(reason: string): void;
  topicsChanged(): void;
}
