// What the member does that leads a group of the classic protocol: it assigns partitions to all, and watches their topics for changes.

import type { Cluster } from '../../cluster/cluster.ts';
import { KafkaError } from '../../errors/kafka-error.ts';
import type { MemberAssignment, PartitionAssignor, SubscribedMember } from './assignors/assignor.ts';
import { CooperativeStickyAssignor, withhold } from './assignors/sticky.ts';

export class ClassicLeader {
  readonly #cluster: Cluster;
  #counts: ReadonlyMap<string, number> | undefined;
  #topics: readonly string[] = [];
  #unfollow: (() => void) | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** From now on the topics of these members count. */
  async lead(members: readonly SubscribedMember[], signal: AbortSignal): Promise<void> {
    this.resign();
    this.#topics = [...new Set(members.flatMap(({ topics }) => topics))];
    this.#unfollow = this.#cluster.follow(this.#topics);
    await this.#cluster.refresh({ topics: this.#topics, reason: 'topics of the group' }, { signal });
    this.#counts = this.#current();
  }

  /** Somebody else leads, or nobody. */
  resign(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.#counts = undefined;
  }

  /** A topic that has other partitions than when they were assigned. */
  changedTopic(): string | undefined {
    if (this.#counts === undefined) return undefined;
    const counts = this.#current();
    return this.#topics.find((topic) => counts.get(topic) !== this.#counts?.get(topic));
  }

  /** The assignor is foreign code: what it throws ends the membership, with a message that says so. */
  assign(
    assignor: PartitionAssignor,
    members: readonly SubscribedMember[],
    isCooperative: boolean,
  ): ReadonlyMap<string, MemberAssignment> {
    try {
      const result = assignor.assign(this.#counts ?? new Map(), members);
      return isCooperative && !(assignor instanceof CooperativeStickyAssignor)
        ? withhold(result, members)
        : result;
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw new KafkaError('UNKNOWN_SERVER_ERROR', `The assignor ${assignor.name} failed: ${problem}`, {
        cause,
      });
    }
  }

  #current(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const topic of this.#topics) {
      const known = this.#cluster.metadata.topic(topic);
      if (known !== undefined && known.partitions.length > 0) counts.set(topic, known.partitions.length);
    }
    return counts;
  }
}
