// What a member has, and the only place from which its host is told of it.
//
// Invariants: a partition is told as assigned once, and then as revoked or lost once, before it can be assigned again; it is in the list from the one to the
// other. revoke() and add() always resolve: within their time, or as soon as everything is lost. What the host throws is logged, and taken for done.

import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import { TimeoutError } from '../../errors/kafka-error.ts';
import { within } from '../../network/waiting.ts';
import type { Ports } from '../../options/ports.ts';
import type { MembershipHost } from './types.ts';

export class AssignedPartitions {
  readonly #ports: Ports;
  readonly #host: MembershipHost;
  readonly #partitions = new Map<string, TopicPartition>();
  #list: readonly TopicPartition[] | undefined;
  #lost = new AbortController();

  constructor(ports: Ports, host: MembershipHost) {
    this.#ports = ports;
    this.#host = host;
  }

  get list(): readonly TopicPartition[] {
    this.#list ??= [...this.#partitions.values()];
    return this.#list;
  }

  has(partition: TopicPartition): boolean {
    return this.#partitions.has(keyOf(partition));
  }

  /** When the host takes longer than `atMostMs`, they are lost to it. */
  async revoke(partitions: readonly TopicPartition[], atMostMs: number): Promise<void> {
    const own = partitions.filter((partition) => this.has(partition));
    if (own.length === 0) return;
    const isInTime = await this.#call(() => this.#host.revoked(own), atMostMs);
    const left = own.filter((partition) => this.has(partition));
    this.#remove(left);
    if (isInTime || left.length === 0) return;
    this.#ports.logger.warn(
      { partitions: left, waitedMs: atMostMs },
      'revoked partitions were not given up in time; others may have them now',
    );
    this.#tellLost(left);
  }

  /** Those that are new. */
  async add(partitions: readonly TopicPartition[], atMostMs: number): Promise<void> {
    const added = partitions.filter((partition) => !this.has(partition));
    if (added.length === 0) return;
    for (const partition of added) this.#partitions.set(keyOf(partition), partition);
    this.#list = undefined;
    const isInTime = await this.#call(async () => await this.#host.assigned(added), atMostMs);
    if (!isInTime)
      this.#ports.logger.warn(
        { waitedMs: atMostMs },
        'the host does not come to an end with what it was assigned',
      );
  }

  /** All of it, and at once. */
  lose(): void {
    const lost = this.list;
    this.#remove(lost);
    const waiting = this.#lost;
    this.#lost = new AbortController();
    if (lost.length > 0) this.#tellLost(lost);
    waiting.abort();
  }

  #remove(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#partitions.delete(keyOf(partition));
    this.#list = undefined;
  }

  #tellLost(partitions: readonly TopicPartition[]): void {
    try {
      this.#host.lost(partitions);
    } catch (error) {
      this.#ports.logger.error({ error }, 'the host failed to take in that partitions are lost');
    }
  }

  /** Whether it was over in time; also when all was lost meanwhile. */
  async #call(tell: () => Promise<void>, atMostMs: number): Promise<boolean> {
    const { signal } = this.#lost;
    const limits = { deadlineMs: this.#ports.clock.monotonicMs() + atMostMs, signal };
    const late = new TimeoutError('late');
    try {
      await within(this.#ports, limits, Promise.resolve().then(tell), () => late);
    } catch (error) {
      if (error === late) return false;
      if (!signal.aborted)
        this.#ports.logger.error({ error }, 'the host failed on a change of its partitions');
    }
    return true;
  }
}

export function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`;
}

/** Those of the first list that are not in the second. */
export function without(
  partitions: readonly TopicPartition[],
  others: readonly TopicPartition[],
): TopicPartition[] {
  const keys = new Set(others.map(keyOf));
  return partitions.filter((partition) => !keys.has(keyOf(partition)));
}
