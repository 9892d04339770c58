// What is assigned to the consumer, by its group or by the application, from where to where: the host of the group's membership.
//
// Invariants
// - A partition is read from where it was committed, and what is known to be done beyond that is not given again.
// - Before a partition goes to others, what is in hands of it is awaited within the time to drain, and what is done is committed. What was taken and is
//   not in hands goes to the others.

import type { Clock, Logger, Timers } from '@moldau/io';
import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import { ClosedError, KafkaError, TimeoutError } from '../../errors/kafka-error.ts';
import { pause } from '../../network/waiting.ts';
import { decodeDoneBeyond } from '../commits/commit-metadata.ts';
import type { Committer } from '../commits/committer.ts';
import type { AssignedPartition, RecordFetcher, SeekTarget } from '../fetching/types.ts';
import type { MembershipHost, MembershipState, OffsetStore } from '../groups/types.ts';
import type { AssignmentListener, DrainOptions, Seek } from '../processing/run-options.ts';
import { notAssigned } from './not-assigned.ts';
import { PartitionSession, partitionKey } from './partition-session.ts';

export interface AssignmentParts {
  readonly fetcher: RecordFetcher;
  readonly offsets: OffsetStore | undefined;
  readonly committer: Committer;
  readonly ports: { readonly clock: Clock; readonly timers: Timers; readonly logger: Logger };
  readonly commitsByItself: boolean;
  readonly drainTimeoutMs: number;
  readonly retryBackoffMaxMs: number;
  /** Whoever waits for records is to look again. */
  readonly wake: () => void;
}

export class Assignment implements MembershipHost {
  readonly #parts: AssignmentParts;
  readonly #sessions = new Map<string, PartitionSession>();
  /** Where the application wants to begin, of partitions whose committed offset is being asked for. */
  readonly #sought = new Map<PartitionSession, SeekTarget>();
  readonly #locating = new Set<PartitionSession>();
  readonly #closing = new AbortController();
  #assigning: Promise<void> = Promise.resolve();
  /** Those of the way to consume that is under way come first. */
  listener: AssignmentListener;
  failure: KafkaError | undefined;

  constructor(parts: AssignmentParts, listener: AssignmentListener) {
    this.#parts = parts;
    this.listener = listener;
  }

  get sessions(): Iterable<PartitionSession> {
    return this.#sessions.values();
  }

  get size(): number {
    return this.#sessions.size;
  }

  session(partition: TopicPartition): PartitionSession | undefined {
    return this.#sessions.get(partitionKey(partition));
  }

  /** Its committed offset is not known yet. */
  isLocating(session: PartitionSession): boolean {
    return this.#locating.has(session);
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const sessions = partitions.map((partition) => this.#begin(new PartitionSession(partition)));
    for (const session of sessions) this.#locating.add(session);
    await this.#tell(() => this.listener.onAssign?.(partitions, { seek: this.seek }));
    void this.#locate(sessions);
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    const sessions = this.#close(partitions);
    let draining: Promise<boolean> | undefined;
    const drain = ({ timeoutMs = this.#parts.drainTimeoutMs }: DrainOptions = {}): Promise<boolean> => {
      draining ??= this.#drained(sessions, timeoutMs);
      return draining;
    };
    await this.#tell(() => this.listener.onRevoke?.(partitions, { drain }));
    await drain();
    if (this.#parts.commitsByItself) await this.#parts.committer.commitDoneOrLog(sessions);
    this.#end(sessions, new TimeoutError('The partition was revoked, and the time to drain is over.'));
  }

  lost(partitions: readonly TopicPartition[]): void {
    const sessions = this.#close(partitions);
    this.#end(sessions, new ClosedError('The partition was lost: another member of the group may have it.'));
    void this.#tell(() => this.listener.onLost?.(partitions));
  }

  failed(error: KafkaError): void {
    this.failure ??= error;
    this.#parts.wake();
  }

  stateChanged(state: MembershipState): void {
    this.#parts.ports.logger.debug({ state }, 'group membership');
  }

  /** By the application, in place of what was assigned. Resolves when it is known where to begin. */
  assign(partitions: readonly AssignedPartition[]): Promise<void> {
    const wanted = new Set(partitions.map(partitionKey));
    const gone = [...this.#sessions.values()].filter(
      (session) => session.isOpen && !wanted.has(partitionKey(session)),
    );
    const fresh: PartitionSession[] = [];
    for (const partition of partitions) {
      if (this.session(partition)?.isOpen === true) continue;
      const session = this.#begin(new PartitionSession(partition));
      if (partition.position !== undefined) this.#sought.set(session, partition.position);
      this.#locating.add(session);
      fresh.push(session);
    }
    const revoked = this.revoked(gone);
    this.#assigning = this.#assigning.then(() => revoked).then(() => this.#locate(fresh));
    return this.#assigning;
  }

  /** @throws KafkaError NOT_ASSIGNED */
  readonly seek: Seek = (partitions, to) => {
    const target = typeof to === 'number' ? { offset: to } : to;
    for (const partition of [partitions].flat()) this.#seek(partition, target);
  };

  /** What is not done comes again, and nothing else. */
  rewind(session: PartitionSession): void {
    if (this.session(session) !== session) return;
    const done = session.done(this.#parts.fetcher.position(session));
    if (done === undefined) return;
    const fresh = this.#replace(session);
    fresh.known = done.beyond;
    fresh.committed = session.committed;
    this.#parts.fetcher.seek(session, { offset: done.offset, leaderEpoch: done.leaderEpoch });
  }

  setPaused(partition: TopicPartition, isPaused: boolean): void {
    const session = this.require(partition);
    session.isPaused = isPaused;
    this.#applyPause(session);
  }

  setHeld(session: PartitionSession, isHeld: boolean): void {
    session.isHeld = isHeld;
    if (this.session(session) === session) this.#applyPause(session);
  }

  /** @throws KafkaError NOT_ASSIGNED */
  require(partition: TopicPartition): PartitionSession {
    const session = this.session(partition);
    if (session?.isOpen === true) return session;
    throw notAssigned(partition);
  }

  /** What is still asked for is not waited for. */
  close(): void {
    this.#closing.abort(new ClosedError());
  }

  #seek(partition: TopicPartition, to: SeekTarget): void {
    const session = this.require(partition);
    if (this.#locating.has(session)) {
      this.#sought.set(session, to);
      return;
    }
    this.#replace(session);
    this.#parts.fetcher.seek(session, to);
    this.#parts.wake();
  }

  #begin(session: PartitionSession): PartitionSession {
    this.#sessions.set(partitionKey(session), session);
    return session;
  }

  /** The same partition from another position on; what is in hands of it counts no more. */
  #replace(session: PartitionSession): PartitionSession {
    session.close(undefined);
    const fresh = new PartitionSession(session);
    fresh.isPaused = session.isPaused;
    this.#begin(fresh);
    if (session.isHeld) this.#applyPause(fresh);
    return fresh;
  }

  #applyPause(session: PartitionSession): void {
    const { fetcher } = this.#parts;
    if (!session.isOpen || this.#locating.has(session)) return;
    if (session.isPaused || session.isHeld) fetcher.pause([session]);
    else fetcher.resume([session]);
    this.#parts.wake();
  }

  /** Asks where to begin, again and again while that fails for a reason that passes. */
  async #locate(sessions: readonly PartitionSession[]): Promise<void> {
    const { offsets, ports, retryBackoffMaxMs } = this.#parts;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const left = sessions.filter((session) => this.#locating.has(session));
      const asked = left.filter((session) => !this.#sought.has(session));
      this.#place(left.filter((session) => this.#sought.has(session)));
      if (asked.length === 0) return;
      try {
        const committed = await offsets?.committed(asked, { signal });
        for (const [index, session] of asked.entries()) {
          const found = committed?.[index];
          if (found === undefined) continue;
          session.known = decodeDoneBeyond(found.offset, found.metadata);
          session.committed = found;
        }
        this.#place(asked);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof KafkaError) || !error.retriable) {
          this.failed(error instanceof KafkaError ? error : unexpected(error));
          return;
        }
        ports.logger.warn({ error }, `where to begin is not known yet: ${error.message}`);
        await pause(ports.timers, retryBackoffMaxMs, signal).catch(() => {});
      }
    }
  }

  /** The fetcher gets them. */
  #place(sessions: readonly PartitionSession[]): void {
    const { fetcher } = this.#parts;
    for (const session of sessions) {
      if (!this.#locating.delete(session)) continue;
      const { topic, partition, committed } = session;
      const sought = this.#sought.get(session);
      this.#sought.delete(session);
      const position =
        sought === undefined
          ? committed
          : typeof sought === 'object' && 'offset' in sought
            ? sought
            : undefined;
      fetcher.assign([{ topic, partition, position }]);
      if (sought !== undefined) session.known = { ranges: [], leaderEpoch: undefined };
      if (sought !== undefined && position === undefined) fetcher.seek(session, sought);
      if (session.isPaused) fetcher.pause([session]);
    }
  }

  #close(partitions: readonly TopicPartition[]): PartitionSession[] {
    const { fetcher } = this.#parts;
    const sessions: PartitionSession[] = [];
    for (const partition of partitions) {
      const session = this.session(partition);
      if (session === undefined) continue;
      session.close(fetcher.position(partition));
      this.#locating.delete(session);
      this.#sought.delete(session);
      sessions.push(session);
    }
    fetcher.unassign(sessions);
    return sessions;
  }

  #end(sessions: readonly PartitionSession[], reason: KafkaError): void {
    for (const session of sessions) {
      session.end(reason);
      if (this.session(session) === session) this.#sessions.delete(partitionKey(session));
    }
  }

  /** False: time is over. */
  async #drained(sessions: readonly PartitionSession[], timeoutMs: number): Promise<boolean> {
    if (sessions.every(({ inHandsCount }) => inHandsCount === 0)) return true;
    const { timers } = this.#parts.ports;
    return await new Promise<boolean>((resolve) => {
      const timer = timers.after(timeoutMs, () => resolve(false));
      void Promise.all(sessions.map((session) => session.idle())).then(() => {
        timer.cancel();
        resolve(true);
      });
    });
  }

  async #tell(call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.ports.logger.warn({ error }, `a callback of the consumer failed: ${reason}`);
    }
  }
}

function unexpected(cause: unknown): KafkaError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new KafkaError('UNKNOWN_SERVER_ERROR', `The committed offsets cannot be read: ${reason}`, { cause });
}
