// One consumer's part in one group, over all its life: when it takes part, by which protocol, and how it ends.
//
// Invariants: it takes part as long as there is a subscription and the application is alive; it is told of one end only, leave() or failed(). Whatever
// ends its part, the host has been told of the loss of what it had.

import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { ClosedError, KafkaError, TimeoutError } from '../../errors/kafka-error.ts';
import { Backoff } from '../../network/backoff.ts';
import { within } from '../../network/waiting.ts';
import { AssignedPartitions } from './assigned-partitions.ts';
import type { PartitionAssignor } from './assignors/assignor.ts';
import { DEFAULT_ASSIGNORS, makeAssignor } from './assignors/assignors.ts';
import { Bell } from './bell.ts';
import { ClassicMember } from './classic-member.ts';
import { CONSUMER_HEARTBEAT, ConsumerMember } from './consumer-member.ts';
import { CoordinatorCalls } from './coordinator-calls.ts';
import { type MemberContext, type MemberProtocol, NOBODY } from './member-protocol.ts';
import { PollWatch } from './poll-watch.ts';
import { RebalanceWatch } from './rebalance-watch.ts';
import { SubscribedTopics } from './subscribed-topics.ts';
import {
  type GroupMetadata,
  type GroupProtocol,
  type GroupSubscription,
  MEMBERSHIP_DEFAULTS,
  type Membership,
  type MembershipHost,
  type MembershipOptions,
  type MembershipSettings,
  type MembershipState,
} from './types.ts';

const FIRST_LEVEL_OF_CONSUMER_PROTOCOL = 1;
/** Of the time for leaving, what is kept for telling the group. */
const TELLING_SHARE = 0.2;
const TELLING_MAX_MS = 1_000;
/** Of the time to leave, what the end of a rebalance is waited for: others may need long for it. */
const REBALANCE_SHARE = 0.3;
const REBALANCE_PATIENCE_MS = 5_000;
/** For leaving where nobody waits for it. */
const LEAVE_TIMEOUT_MS = 5_000;
/** Answers by which a group says that it is of the classic protocol. */
const OTHER_KIND = new Set(['GROUP_ID_NOT_FOUND', 'INCONSISTENT_GROUP_PROTOCOL', 'UNSUPPORTED_VERSION']);

export function createMembership(options: MembershipOptions): Membership {
  return new GroupMembership(options);
}

export class GroupMembership implements Membership {
  readonly #cluster: Cluster;
  readonly #host: MembershipHost;
  readonly #instanceId: string | undefined;
  readonly #settings: MembershipSettings;
  readonly #assignors: readonly PartitionAssignor[];
  readonly #context: MemberContext;
  readonly #poll: PollWatch;
  readonly #bell: Bell;
  readonly #end = new AbortController();
  #isTakingPart = false;
  /** Comes some time after #end, for a rebalance that is under way. */
  readonly #cut = new AbortController();
  /** What it takes part by, when that is decided. */
  #protocol: GroupProtocol;
  #isFallbackAllowed = false;
  #member: MemberProtocol | undefined;
  #part: AbortController | undefined;
  #state: MembershipState = 'idle';
  #isStale = false;
  #running: Promise<void> | undefined;
  #leaving: Promise<void> | undefined;

  constructor({ cluster, groupId, instanceId, protocol, assignors, settings, host }: MembershipOptions) {
    this.#cluster = cluster;
    this.#host = host;
    this.#instanceId = instanceId;
    this.#settings = { ...MEMBERSHIP_DEFAULTS, ...settings };
    this.#assignors = (assignors ?? DEFAULT_ASSIGNORS).map(makeAssignor);
    const isCustom = assignors?.some((assignor) => typeof assignor !== 'string') === true;
    this.#protocol = protocol === 'auto' && isCustom ? 'classic' : protocol;
    this.#bell = new Bell(cluster.ports.timers);
    this.#poll = new PollWatch(cluster.ports, this.#settings.maxPollIntervalMs, () => this.#expire());
    this.#context = {
      ...{ cluster, groupId, instanceId, settings: this.#settings },
      calls: new CoordinatorCalls(cluster, groupId),
      assigned: new AssignedPartitions(cluster.ports, host),
      topics: new SubscribedTopics(cluster, () => this.#member?.topicsChanged()),
      watch: new RebalanceWatch(cluster.ports, groupId),
      setState: (state) => this.#setState(state),
    };
    const closed = (): void => this.#fail(new ClosedError());
    cluster.closing.addEventListener('abort', closed, { once: true, signal: this.#end.signal });
  }

  get assignment(): readonly TopicPartition[] {
    return this.#context.assigned.list;
  }

  get state(): MembershipState {
    return this.#state;
  }

  get followsRebalances(): boolean {
    return this.#isTakingPart || !this.#end.signal.aborted;
  }

  groupMetadata(): GroupMetadata {
    const { memberId, generationId } = this.#member?.identity ?? NOBODY;
    return { groupId: this.#context.groupId, generationId, memberId, groupInstanceId: this.#instanceId };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  subscribe(subscription: GroupSubscription): void {
    const { topics } = this.#context;
    topics.subscribe(subscription);
    if (topics.isEmpty) this.#part?.abort('idle');
    else this.#bell.ring();
    this.#member?.topicsChanged();
  }

  rejoin(reason: string): void {
    this.#member?.rejoin(reason);
  }

  poke(): void {
    this.#poll.poke();
    if (!this.#isStale) return;
    this.#isStale = false;
    this.#bell.ring();
  }

  leave({
    timeoutMs,
    reason = 'the consumer is closed',
  }: {
    timeoutMs: number;
    reason?: string | undefined;
  }): Promise<void> {
    this.#leaving ??= this.#leave(timeoutMs, reason);
    return this.#leaving;
  }

  // Its life ---------------------------------------------------------------------------------------------------------

  async #run(): Promise<void> {
    const { signal } = this.#end;
    try {
      while (!signal.aborted) {
        if (this.#context.topics.isEmpty || this.#isStale) await this.#bell.wait(signal);
        else await this.#takePart();
      }
      // It is over already: the client was closed.
      if (this.#state === 'left') this.#member?.stop();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #takePart(): Promise<void> {
    const part = new AbortController();
    this.#part = part;
    const signal = AbortSignal.any([part.signal, this.#end.signal]);
    try {
      this.#member ??= await this.#choose(signal);
      if (this.#member === undefined) return;
      this.#poll.start();
      this.#isTakingPart = true;
      await this.#member.participate(signal, AbortSignal.any([part.signal, this.#cut.signal]));
    } catch (error) {
      if (!signal.aborted) await this.#fallBack(error);
    } finally {
      this.#isTakingPart = false;
      this.#poll.stop();
    }
    if (this.#end.signal.aborted || !part.signal.aborted) return;
    if (part.signal.reason === 'stale') await this.#goStale();
    else await this.#goIdle();
  }

  /** 'auto' is decided once, by what the coordinator offers. */
  async #choose(signal: AbortSignal): Promise<MemberProtocol | undefined> {
    if (this.#protocol === 'auto') {
      const { ports, settings } = this.#cluster;
      const backoff = new Backoff(settings.retryBackoffMs, settings.retryBackoffMaxMs, ports.random);
      for (let isOffered: boolean | undefined; isOffered === undefined; ) {
        if (signal.aborted) return undefined;
        this.#setState('joining');
        try {
          isOffered = await this.#isConsumerProtocolOffered(signal);
          this.#protocol = isOffered ? 'consumer' : 'classic';
          this.#isFallbackAllowed = isOffered;
        } catch (error) {
          if (signal.aborted) return undefined;
          if (!(error instanceof KafkaError) || !error.retriable) throw error;
          this.#context.calls.heard(error);
          await this.#bell.wait(signal, backoff.failed());
        }
      }
    }
    return this.#protocol === 'consumer'
      ? new ConsumerMember(this.#context)
      : new ClassicMember(this.#context, this.#assignors);
  }

  async #isConsumerProtocolOffered(signal: AbortSignal): Promise<boolean> {
    const { groupId } = this.#context;
    const to = { coordinatorOf: 'group', key: groupId } as const;
    const { apis } = await this.#cluster.connect(to, 'coordinator', { signal });
    return (
      apis.find(CONSUMER_HEARTBEAT) !== undefined &&
      (apis.features.get('group.version') ?? 0) >= FIRST_LEVEL_OF_CONSUMER_PROTOCOL
    );
  }

  /** With 'auto', a group that is of the classic protocol and stays so is joined by that. */
  async #fallBack(error: unknown): Promise<void> {
    if (!(error instanceof KafkaError)) throw error;
    if (this.#isFallbackAllowed && OTHER_KIND.has(error.code)) {
      this.#cluster.ports.logger.info(
        { group: this.#context.groupId, error },
        'the group is of the classic protocol, and joined by it',
      );
      this.#isFallbackAllowed = false;
      this.#protocol = 'classic';
      this.#member = undefined;
      return;
    }
    throw this.#member instanceof ConsumerMember ? await this.#member.explain(error) : error;
  }

  /** Nobody pokes: the group must not wait for this member any longer. */
  #expire(): void {
    this.#isStale = true;
    this.#part?.abort('stale');
  }

  async #goStale(): Promise<void> {
    const { assigned, watch, groupId } = this.#context;
    const { maxPollIntervalMs } = this.#settings;
    this.#cluster.ports.logger.warn(
      { group: groupId, maxPollIntervalMs },
      'the application did not read for longer than maxPollIntervalMs, so this consumer leaves the group until it does: raise it, read fewer records at once, or do the work faster',
    );
    watch.happened('stale');
    this.#setState('stale');
    assigned.lose();
    await this.#member?.leave('the application did not read in time', LEAVE_TIMEOUT_MS);
  }

  async #goIdle(): Promise<void> {
    const { assigned } = this.#context;
    await assigned.revoke(assigned.list, this.#settings.maxPollIntervalMs);
    await this.#member?.leave('it is subscribed to nothing any more', LEAVE_TIMEOUT_MS);
    if (!this.#end.signal.aborted) this.#setState('idle');
  }

  // The end ----------------------------------------------------------------------------------------------------------

  async #leave(timeoutMs: number, reason: string): Promise<void> {
    const { ports } = this.#cluster;
    const { assigned, topics } = this.#context;
    const deadlineMs = ports.clock.monotonicMs() + timeoutMs;
    const tellingMs = Math.min(TELLING_MAX_MS, timeoutMs * TELLING_SHARE);
    // Frees whoever waits for the host.
    const late = ports.timers.after(timeoutMs - tellingMs, () => assigned.lose());
    this.#end.abort();
    const patienceMs = Math.min(REBALANCE_PATIENCE_MS, timeoutMs * REBALANCE_SHARE);
    const cut = ports.timers.after(patienceMs, () => this.#cut.abort());
    try {
      const left = this.#goAway(reason, deadlineMs);
      await within(ports, { deadlineMs }, left, () => new TimeoutError('The group was not left in time.'));
    } catch (error) {
      ports.logger.warn({ error, group: this.#context.groupId }, 'the group was not left properly');
    }
    late.cancel();
    cut.cancel();
    this.#cut.abort();
    this.#member?.stop();
    assigned.lose();
    topics.close();
    this.#setState('left');
  }

  async #goAway(reason: string, deadlineMs: number): Promise<void> {
    const { assigned } = this.#context;
    const leftMs = (): number => Math.max(1, deadlineMs - this.#cluster.ports.clock.monotonicMs());
    await this.#running;
    await assigned.revoke(assigned.list, leftMs());
    await this.#member?.leave(reason, leftMs());
  }

  #fail(error: unknown): void {
    if (this.#end.signal.aborted) return;
    const { assigned, topics } = this.#context;
    this.#end.abort();
    this.#cut.abort();
    this.#member?.stop();
    topics.close();
    assigned.lose();
    if (error instanceof ClosedError) {
      this.#setState('left');
      return;
    }
    this.#setState('failed');
    const failure =
      error instanceof KafkaError
        ? error
        : new KafkaError('UNKNOWN_SERVER_ERROR', `The membership failed: ${String(error)}`, { cause: error });
    this.#cluster.ports.logger.error({ error, group: this.#context.groupId }, 'the membership has failed');
    this.#host.failed(failure);
  }

  #setState(state: MembershipState): void {
    if (state === this.#state || this.#state === 'failed' || this.#state === 'left') return;
    this.#state = state;
    this.#host.stateChanged?.(state);
  }
}
