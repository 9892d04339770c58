// Notices that a group rebalances all the time, and says why as far as this member can tell.

import type { Ports } from '../../options/ports.ts';

const CAUSES = {
  peers:
    'other members joined, left, or were given up: look whether consumers of this group are restarted or crash again and again',
  topics: "subscriptions or the topics' partitions changed",
  silence:
    'the group gave this member up, for its heartbeats did not come within the session timeout: something blocks the event loop for long, or the connection to the coordinator is bad; raise sessionTimeoutMs if it has to be so',
  stale:
    'the application took longer than maxPollIntervalMs between two reads: raise it, read fewer records at once, or do the work faster',
  asked: 'a rebalance was asked for by the application',
  handover: 'partitions were handed over from member to member',
} as const;

export type RebalanceCause = keyof typeof CAUSES;

const WINDOW_MS = 5 * 60_000;
/** So many in the window are too many. */
const TOO_MANY = 10;

export class RebalanceWatch {
  readonly #ports: Ports;
  readonly #groupId: string;
  #seen: { readonly atMs: number; readonly cause: RebalanceCause }[] = [];
  #warnedMs = Number.NEGATIVE_INFINITY;

  constructor(ports: Ports, groupId: string) {
    this.#ports = ports;
    this.#groupId = groupId;
  }

  happened(cause: RebalanceCause): void {
    const nowMs = this.#ports.clock.monotonicMs();
    this.#seen = this.#seen.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
    this.#seen.push({ atMs: nowMs, cause });
    if (this.#seen.length < TOO_MANY || nowMs - this.#warnedMs < WINDOW_MS) return;
    this.#warnedMs = nowMs;
    const counts = new Map<RebalanceCause, number>();
    for (const { cause } of this.#seen) counts.set(cause, (counts.get(cause) ?? 0) + 1);
    const reasons = [...counts]
      .sort(([, left], [, right]) => right - left)
      .map(([cause, count]) => `${count} times ${CAUSES[cause]}`);
    this.#ports.logger.warn(
      { group: this.#groupId, rebalances: this.#seen.length, withinMs: WINDOW_MS },
      `the group ${this.#groupId} rebalances all the time, and reads little meanwhile: ${reasons.join('; ')}.`,
    );
  }
}
