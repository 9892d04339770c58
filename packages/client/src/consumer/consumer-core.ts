// What a consumer consists of, and how it lives: joins when records are asked for, lets one way to consume be under way, and closes in good order.

import type { Timer } from '@moldau/io';
import type { TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions } from '../cluster/cluster.ts';
import { ClosedError, KafkaError, OptionsError, TimeoutError } from '../errors/kafka-error.ts';
import { within } from '../network/waiting.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { Ports } from '../options/ports.ts';
import { Assignment } from './assignment/assignment.ts';
import { givenToOthers } from './assignment/not-assigned.ts';
import type { PartitionSession } from './assignment/partition-session.ts';
import { Committer } from './commits/committer.ts';
import type { Consumption, ConsumptionHost } from './consumption.ts';
import type { AssignedPartition, RecordFetcher } from './fetching/types.ts';
import type { GroupSubscription, Membership, MembershipHost, OffsetStore } from './groups/types.ts';
import { Intake } from './iteration/intake.ts';
import type { ConsumerSettings } from './options/consumer-options.ts';
import type { OffsetQueries } from './positions/offset-queries.ts';
import type { SendPlain } from './processing/failures.ts';
import type { AssignmentListener } from './processing/run-options.ts';
import type { KnownTopics } from './subscription.ts';
import { Watchdog } from './watchdog/watchdog.ts';

/** What a consumer is made of. */
export interface ConsumerParts {
  readonly ports: Ports;
  readonly settings: ConsumerSettings;
  readonly retryBackoffMaxMs: number;
  readonly topics: KnownTopics;
  readonly fetcher: RecordFetcher;
  readonly queries: Pick<OffsetQueries, 'watermarks' | 'ends' | 'forTimes'>;
  /** Returns how to end it. */
  readonly watchPartitions: (
    subscription: GroupSubscription,
    onPartitions: (partitions: readonly TopicPartition[]) => void,
  ) => () => void;
  /** Undefined: there is no group. */
  readonly group:
    | {
        readonly offsets: (membership: () => Membership | undefined) => OffsetStore;
        join(host: MembershipHost): Membership;
      }
    | undefined;
  /** Undefined: nobody traces. */
  readonly tracing?: Tracing | undefined;
  /** Makes a new connection and fresh metadata be used for these partitions. */
  readonly reconnect: (partitions: readonly TopicPartition[]) => void;
  readonly deadLetters: { readonly send: SendPlain; close(options: { timeoutMs: number }): Promise<void> };
  /** Ends all connections. */
  readonly disconnect: () => Promise<void>;
}

/** How long the end of consuming waits for its last commit, and close() for what is in hands. */
export const CLOSE_TIMEOUT_MS = 30_000;

export class ConsumerCore implements ConsumptionHost {
  readonly parts: ConsumerParts;
  readonly offsets: OffsetStore | undefined;
  readonly committer: Committer;
  readonly assignment: Assignment;
  readonly intake: Intake;
  readonly #watchdog: Watchdog;
  #membership: Membership | undefined;
  #subscription: GroupSubscription | undefined;
  #isAssignedByHand = false;
  #consumption: Consumption | undefined;
  #pokeTimer: Timer | undefined;
  #closing: Promise<void> | undefined;
  /** Closed, and nothing is in hands any more. */
  #isOver = false;

  constructor(parts: ConsumerParts) {
    this.parts = parts;
    const { ports, settings, fetcher, queries, reconnect } = parts;
    const { stallTimeoutMs, onStall, drainTimeoutMs, commit, listener, signal } = settings;
    const { timers, logger } = ports;
    const offsets = parts.group?.offsets(() => this.#membership);
    this.offsets = offsets;
    this.committer = new Committer({ offsets, fetcher, timers, logger });
    this.assignment = new Assignment(
      {
        ...{ fetcher, offsets, committer: this.committer, ports, drainTimeoutMs },
        commitsByItself: commit === 'auto',
        retryBackoffMaxMs: parts.retryBackoffMaxMs,
        wake: () => this.intake.wake(),
      },
      listener,
    );
    this.intake = new Intake({
      fetcher,
      sessionOf: (topic, partition) => this.assignment.session({ topic, partition }),
      failure: () => this.assignment.failure,
    });
    this.#watchdog = new Watchdog({
      ...{ ports, stallTimeoutMs, fetcher, onStall, reconnect },
      sessions: () => this.assignment.sessions,
      consumption: () => this.#consumption,
      isAwaited: () => this.intake.isAwaited,
      ends: (partitions, timeoutMs) => queries.ends(partitions, { timeoutMs }),
      rejoin: () => {
        const membership = this.#membership;
        return membership && ((reason) => membership.rejoin(reason));
      },
    });
    const close = (): void => void this.close();
    if (signal?.aborted === true) close();
    else signal?.addEventListener('abort', close, { once: true });
  }

  get membership(): Membership | undefined {
    return this.#membership;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  get partitionCount(): number {
    return this.assignment.size;
  }

  /** @throws ClosedError */
  requireOpen(): void {
    if (this.isClosed) throw new ClosedError('The consumer is closed.');
  }

  subscribe(subscription: GroupSubscription): void {
    if (this.#isStopped) return;
    this.requireOpen();
    if (this.parts.group === undefined) {
      throw new OptionsError(
        'subscribe() shares the partitions of topics in a group: give the consumer a groupId, or say with assign() which partitions it reads.',
      );
    }
    if (this.#isAssignedByHand) throw eitherWay();
    this.#subscription = subscription;
    this.#membership?.subscribe(subscription);
  }

  assign(partitions: readonly AssignedPartition[]): void {
    if (this.#isStopped) return;
    this.requireOpen();
    if (this.#subscription !== undefined) throw eitherWay();
    this.#isAssignedByHand = true;
    this.assignment.assign(partitions).catch((error: unknown) => {
      const { logger } = this.parts.ports;
      logger.error({ error }, `partitions were not assigned: ${String(error)}`);
    });
  }

  begin(consumption: Consumption): boolean {
    const { settings } = this.parts;
    if (this.#isStopped) return false;
    this.requireOpen();
    if (this.#consumption !== undefined) {
      throw new KafkaError(
        'ALREADY_CONSUMING',
        'This consumer is consuming already: one loop, run() or stream at a time, and a loop that is left by hand needs return(). For several, make several consumers.',
      );
    }
    if (this.#subscription === undefined && !this.#isAssignedByHand)
      throw new OptionsError('There is nothing to consume: call subscribe() or assign() before.');
    this.#consumption = consumption;
    if (settings.commit === 'auto')
      this.committer.start(settings.autoCommitIntervalMs, () => this.assignment.sessions);
    this.#watchdog.start();
    this.#join();
    this.#poke();
    return true;
  }

  async end(consumption: Consumption): Promise<void> {
    if (this.#consumption !== consumption) return;
    try {
      if (this.parts.settings.commit === 'auto')
        await this.committer.commitLast(this.assignment.sessions, CLOSE_TIMEOUT_MS);
    } finally {
      this.#consumption = undefined;
      this.#pokeTimer?.cancel();
      this.#pokeTimer = undefined;
    }
  }

  hold(session: PartitionSession, isHeld: boolean): void {
    this.assignment.setHeld(session, isHeld);
  }

  rewind(sessions: Iterable<PartitionSession>): void {
    if (this.isClosed) return;
    for (const session of sessions) this.assignment.rewind(session);
  }

  /** The callbacks of the way to consume that is under way go before those of the options. */
  listen(listener: AssignmentListener): () => void {
    const before = this.assignment.listener;
    this.assignment.listener = { ...before, ...listener };
    return () => {
      this.assignment.listener = before;
    };
  }

  async commitDone(sessions: readonly PartitionSession[], options: CallOptions = {}): Promise<void> {
    this.requireGroup();
    await this.committer.commitDone(
      sessions.filter((session) => this.assignment.session(session) === session),
      options,
    );
    const lost = sessions.find(({ isEnded }) => isEnded);
    if (lost !== undefined) throw givenToOthers(lost);
  }

  /** While it is closed too, for as long as what is in hands is awaited: it is to be committed. @throws OptionsError, ClosedError */
  requireGroup(): OffsetStore {
    if (this.#isOver) this.requireOpen();
    if (this.offsets === undefined)
      throw new OptionsError(
        'Offsets are committed for a group, and this consumer has none: give it a groupId.',
      );
    return this.offsets;
  }

  close({ timeoutMs = CLOSE_TIMEOUT_MS }: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  /** What is in hands is awaited by those who give partitions up: revoked() of the assignment. */
  async #close(timeoutMs: number): Promise<void> {
    const { ports, fetcher, deadLetters, disconnect } = this.parts;
    const deadlineMs = ports.clock.monotonicMs() + timeoutMs;
    const leftMs = (): number => Math.max(1, deadlineMs - ports.clock.monotonicMs());
    const late = (): KafkaError => new TimeoutError(`What is in hands was not done within ${timeoutMs} ms.`);
    this.#consumption?.stop();
    this.#watchdog.stop();
    this.committer.stop();
    this.#pokeTimer?.cancel();
    const steps = [
      () => this.#membership?.leave({ timeoutMs, reason: 'the consumer is closed' }),
      () => within(ports, { deadlineMs }, this.assignment.revoked([...this.assignment.sessions]), late),
      () => {
        this.#isOver = true;
      },
      () => deadLetters.close({ timeoutMs: leftMs() }),
      () => this.assignment.close(),
      () => fetcher.close(),
      disconnect,
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        ports.logger.warn({ error }, `the consumer is closed, though not in good order: ${String(error)}`);
      }
    }
  }

  /** Its signal was aborted: whatever is asked for is over before it begins. */
  get #isStopped(): boolean {
    return this.parts.settings.signal?.aborted === true;
  }

  #join(): void {
    const { group } = this.parts;
    if (this.#membership !== undefined || this.#subscription === undefined || group === undefined) return;
    this.#membership = group.join(this.assignment);
    this.#membership.subscribe(this.#subscription);
    this.#membership.start();
  }

  /** As long as records are asked for the application is alive; that a handler takes long is for the watchdog to tell. */
  #poke(): void {
    const { ports, settings } = this.parts;
    this.#membership?.poke();
    this.#pokeTimer?.cancel();
    this.#pokeTimer = ports.timers.after(settings.maxPollIntervalMs / 3, () => this.#poke());
  }
}

function eitherWay(): OptionsError {
  return new OptionsError(
    'A consumer either subscribes, and its group assigns partitions, or is assigned by hand: make two for both.',
  );
}
