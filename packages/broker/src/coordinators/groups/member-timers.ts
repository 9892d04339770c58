// Owns what groups of the consumer protocol wait for, by member: to hear from it (session), to see it give up partitions
// (revocation), and, of members that use the classic protocol, to see them join and sync.

import type { Clock } from '@moldau/io';
import type { Deadline, Deadlines } from '../runtime/deadlines.ts';

export type TimerKind = 'session' | 'revocation' | 'join' | 'sync';

type TimersOfMember = Partial<Record<TimerKind, Deadline>>;

export class MemberTimers {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #groups = new Map<string, Map<string, TimersOfMember>>();

  constructor(clock: Clock, deadlines: Deadlines) {
    this.#clock = clock;
    this.#deadlines = deadlines;
  }

  /** Starts the wait anew. Postponing a wait for the same thing costs next to nothing. */
  start(groupId: string, memberId: string, kind: TimerKind, delayMs: number, run: () => void): void {
    const timers = this.#timersOf(groupId, memberId);
    const atMs = this.#clock.monotonicMs() + delayMs;
    const running = timers[kind];
    // A session always ends the same way, so the deadline that is there can be moved.
    if (kind === 'session' && running !== undefined && running.run !== null) {
      timers[kind] = this.#deadlines.move(running, atMs);
      return;
    }
    this.#deadlines.cancel(running ?? null);
    timers[kind] = this.#deadlines.schedule(atMs, run);
  }

  startUnlessRunning(
    groupId: string,
    memberId: string,
    kind: TimerKind,
    delayMs: number,
    run: () => void,
  ): void {
    if (this.#timersOf(groupId, memberId)[kind]?.run == null) {
      this.start(groupId, memberId, kind, delayMs, run);
    }
  }

  cancel(groupId: string, memberId: string, kind: TimerKind): void {
    this.#deadlines.cancel(this.#groups.get(groupId)?.get(memberId)?.[kind] ?? null);
  }

  cancelMember(groupId: string, memberId: string): void {
    const members = this.#groups.get(groupId);
    for (const deadline of Object.values(members?.get(memberId) ?? {})) this.#deadlines.cancel(deadline);
    members?.delete(memberId);
    if (members?.size === 0) this.#groups.delete(groupId);
  }

  cancelGroup(groupId: string): void {
    for (const memberId of [...(this.#groups.get(groupId)?.keys() ?? [])])
      this.cancelMember(groupId, memberId);
  }

  #timersOf(groupId: string, memberId: string): TimersOfMember {
    const members = this.#groups.get(groupId) ?? new Map<string, TimersOfMember>();
    this.#groups.set(groupId, members);
    const timers = members.get(memberId) ?? {};
    members.set(memberId, timers);
    return timers;
  }
}
