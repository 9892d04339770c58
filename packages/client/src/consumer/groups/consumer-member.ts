// A member of a group of the consumer protocol (KIP-848): the broker assigns; one heartbeat tells what the member wants and has, and brings what it is to have.
//
// Invariants: heartbeats go on whatever the host does; what is given up is told when the host has let go of it. After a failure the next heartbeat tells
// everything again, for nobody knows what arrived. A member that is fenced has lost everything, at once, and joins anew.

import {
  type ConsumerGroupHeartbeatResponse,
  consumerGroupHeartbeatRequest,
  consumerGroupHeartbeatResponse,
  ErrorCode,
} from '@moldau/protocol';
import { KafkaError } from '../../errors/kafka-error.ts';
import { Backoff } from '../../network/backoff.ts';
import { Bell } from './bell.ts';
import { explainGroupProblem } from './group-problems.ts';
import { Heartbeats } from './heartbeats.ts';
import {
  type MemberContext,
  type MemberIdentity,
  type MemberProtocol,
  NO_GENERATION,
  NOBODY,
} from './member-protocol.ts';
import { Reconciliation, type TopicPartitions } from './reconciliation.ts';
import { serverPattern } from './server-pattern.ts';

export const CONSUMER_HEARTBEAT = {
  request: consumerGroupHeartbeatRequest,
  response: consumerGroupHeartbeatResponse,
  neededFor: "groupProtocol 'consumer'",
};

const JOINING_EPOCH = 0;
const LEAVING_EPOCH = -1;
/** Of static members: they come back. */
const AWAY_EPOCH = -2;
/** From then on members make their ids, and brokers match patterns. */
const FIRST_VERSION_OF_PATTERNS = 1;
const MEMBER_ID_BYTES = 16;
/** Longer than the session timeout that brokers grant, so that the member that had the instance id is given up by then. */
const UNRELEASED_GRACE_MS = 5_000;
/** After joining, doubled with each heartbeat that brings nothing. */
const FIRST_SHARE_MS = 200;

/** Of a heartbeat, what is told only when it has changed. */
interface Content {
  readonly subscribedTopicNames: readonly string[];
  readonly subscribedTopicRegex: string | null;
  readonly topicPartitions: readonly TopicPartitions[];
}

export class ConsumerMember implements MemberProtocol {
  readonly #context: MemberContext;
  readonly #reconciliation: Reconciliation;
  readonly #bell: Bell;
  #identity: MemberIdentity = NOBODY;
  /** What the group knows of what may change; undefined: nothing for sure. */
  #told: Content | undefined;
  #heartbeatIntervalMs: number;
  /** Until the next heartbeat, while the member has nothing. */
  #soonMs = FIRST_SHARE_MS;
  /** The broker does not take the patterns. */
  #isPatternRefused = false;
  #hasSentPattern = false;
  /** A join was sent under the member id: the group may know it. */
  #hasJoined = false;
  /** While the host gives up what it has before the member leaves. */
  #farewell: Heartbeats | undefined;
  /** Since when another member has held the instance id. */
  #unreleasedMs: number | undefined;

  constructor(context: MemberContext) {
    this.#context = context;
    this.#bell = new Bell(context.cluster.ports.timers);
    this.#reconciliation = new Reconciliation(context, () => this.#onReconciled());
    this.#heartbeatIntervalMs = context.settings.heartbeatIntervalMs;
  }

  get identity(): MemberIdentity {
    return this.#identity;
  }

  async participate(signal: AbortSignal): Promise<void> {
    const { cluster, topics, setState } = this.#context;
    const { retryBackoffMs, retryBackoffMaxMs } = cluster.settings;
    const { clock } = cluster.ports;
    const backoff = new Backoff(retryBackoffMs, retryBackoffMaxMs, cluster.ports.random);
    this.#startAnew();
    setState('joining');
    this.#unreleasedMs = undefined;
    try {
      await this.#findTopics(backoff, signal);
      while (!signal.aborted) {
        const dueMs = clock.monotonicMs() + (await this.#beat(backoff, signal));
        while (!signal.aborted && clock.monotonicMs() < dueMs && (backoff.failures > 0 || !this.#hasNews()))
          await this.#bell.wait(signal, dueMs - clock.monotonicMs());
      }
    } finally {
      topics.matchHere(true);
    }
    this.#farewell = this.#linger();
  }

  stop(): void {
    this.#farewell?.stop();
    this.#farewell = undefined;
  }

  async leave(reason: string, timeoutMs: number): Promise<void> {
    const { calls, instanceId, cluster } = this.#context;
    const { memberId } = this.#identity;
    this.stop();
    this.#reconciliation.forget();
    this.#identity = { memberId, generationId: NO_GENERATION };
    if (!this.#hasJoined || memberId === '') return;
    this.#hasJoined = false;
    const memberEpoch = instanceId === undefined ? LEAVING_EPOCH : AWAY_EPOCH;
    const input = { groupId: calls.groupId, memberId, memberEpoch, instanceId: instanceId ?? null };
    try {
      const answer = await calls.request(CONSUMER_HEARTBEAT, input, { timeoutMs });
      if (answer.errorCode !== ErrorCode.NONE) throw calls.error(answer.errorCode, answer.errorMessage);
    } catch (error) {
      cluster.ports.logger.debug(
        { error, group: calls.groupId, reason },
        'the group was not told of the leave',
      );
    }
  }

  /** The group is asked for everything again; whether it moves anything is the broker's matter. */
  rejoin(): void {
    this.#told = undefined;
    this.#bell.ring();
  }

  topicsChanged(): void {
    this.#bell.ring();
  }

  #onReconciled(): void {
    const isMember = this.#identity.generationId !== NO_GENERATION;
    if (isMember && this.#reconciliation.isDone) this.#context.setState('stable');
    this.#bell.ring();
  }

  #startAnew(): void {
    this.#reconciliation.forget();
    this.#told = undefined;
    this.#soonMs = FIRST_SHARE_MS;
    this.#identity = { ...this.#identity, generationId: NO_GENERATION };
  }

  /** One heartbeat, and how long to wait for the next. */
  async #beat(backoff: Backoff, signal: AbortSignal): Promise<number> {
    // Nobody joins who wants nothing: no topic there is matches.
    if (this.#identity.generationId === NO_GENERATION && this.#wantsNothing())
      return this.#heartbeatIntervalMs;
    try {
      this.#take(await this.#heartbeat(signal));
      backoff.succeeded();
      return this.#nextBeatMs();
    } catch (error) {
      return signal.aborted ? 0 : this.#recover(error, backoff);
    }
  }

  /** Brokers assign at most so often: a member's share may be decided a moment after it has joined, and is asked for sooner than heartbeats are due. */
  #nextBeatMs(): number {
    if (this.#context.assigned.list.length > 0 || !this.#reconciliation.isDone)
      return this.#heartbeatIntervalMs;
    const delayMs = Math.min(this.#soonMs, this.#heartbeatIntervalMs);
    this.#soonMs = delayMs * 2;
    return delayMs;
  }

  #wantsNothing(): boolean {
    const { topics } = this.#context;
    return topics.isMatchedHere && topics.names.length === 0;
  }

  /** Patterns that the broker cannot match are matched here, by all topics there are. */
  async #findTopics(backoff: Backoff, signal: AbortSignal): Promise<void> {
    const { calls, topics } = this.#context;
    while (!signal.aborted) {
      try {
        const connection = await calls.cluster.connect(
          { coordinatorOf: 'group', key: calls.groupId },
          'coordinator',
          { signal },
        );
        topics.matchHere(this.#pattern(connection.apis.pick(CONSUMER_HEARTBEAT)) === undefined);
        return await topics.refresh(signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#bell.wait(signal, this.#recover(error, backoff));
      }
    }
  }

  /** For the broker; undefined when there is none, or it is for us to match. */
  #pattern(version: number): string | undefined {
    const canMatch = version >= FIRST_VERSION_OF_PATTERNS && !this.#isPatternRefused;
    return canMatch ? serverPattern(this.#context.topics.patterns) : undefined;
  }

  // Heartbeats -------------------------------------------------------------------------------------------------------

  async #heartbeat(signal: AbortSignal): Promise<ConsumerGroupHeartbeatResponse> {
    const { calls, cluster } = this.#context;
    let content: Content | undefined;
    const answer = await calls.request(
      CONSUMER_HEARTBEAT,
      (version) => {
        content = this.#content(version);
        return this.#input(version, content);
      },
      { signal, timeoutMs: cluster.settings.requestTimeoutMs },
    );
    if (answer.errorCode !== ErrorCode.NONE) throw calls.error(answer.errorCode, answer.errorMessage);
    this.#told = content;
    return answer;
  }

  #content(version: number): Content {
    const { topics } = this.#context;
    const pattern = this.#pattern(version);
    topics.matchHere(pattern === undefined);
    this.#hasSentPattern ||= pattern !== undefined;
    return {
      subscribedTopicNames: topics.names,
      // An empty one takes back the one before.
      subscribedTopicRegex: pattern ?? (this.#hasSentPattern ? '' : null),
      topicPartitions: this.#reconciliation.owned,
    };
  }

  #input(version: number, content: Content) {
    const { calls, instanceId, settings } = this.#context;
    const { generationId } = this.#identity;
    const isJoining = generationId === NO_GENERATION;
    const told = isJoining ? undefined : this.#told;
    if (isJoining && version >= FIRST_VERSION_OF_PATTERNS && this.#identity.memberId === '')
      this.#identity = { memberId: this.#newMemberId(), generationId };
    this.#hasJoined = true;
    const isFull = told === undefined;
    const news = <Name extends keyof Content>(name: Name): Content[Name] | null =>
      told !== undefined && isSame(content[name], told[name]) ? null : content[name];
    return {
      groupId: calls.groupId,
      memberId: this.#identity.memberId,
      memberEpoch: isJoining ? JOINING_EPOCH : generationId,
      instanceId: instanceId ?? null,
      rackId: isFull ? (settings.rackId ?? null) : null,
      rebalanceTimeoutMs: isFull ? settings.maxPollIntervalMs : -1,
      subscribedTopicNames: news('subscribedTopicNames'),
      subscribedTopicRegex: news('subscribedTopicRegex'),
      serverAssignor: isFull ? (settings.serverAssignor ?? null) : null,
      topicPartitions: isJoining ? [] : news('topicPartitions'),
    };
  }

  #newMemberId(): string {
    return this.#context.cluster.ports.random.bytes(MEMBER_ID_BYTES).toString('base64url');
  }

  /** Something is to be told before the next heartbeat is due. */
  #hasNews(): boolean {
    const told = this.#told;
    if (told === undefined) return !this.#wantsNothing();
    const names = this.#context.topics.names;
    return (
      !isSame(names, told.subscribedTopicNames) || !isSame(this.#reconciliation.owned, told.topicPartitions)
    );
  }

  #take(answer: ConsumerGroupHeartbeatResponse): void {
    const { setState, watch, assigned } = this.#context;
    const memberId = answer.memberId ?? this.#identity.memberId;
    this.#unreleasedMs = undefined;
    this.#identity = { memberId, generationId: answer.memberEpoch };
    this.#heartbeatIntervalMs = answer.heartbeatIntervalMs;
    if (answer.assignment !== null) {
      this.#reconciliation.aimAt(answer.assignment.topicPartitions);
      if (!this.#reconciliation.isDone) watch.happened(assigned.list.length > 0 ? 'handover' : 'peers');
    }
    if (this.#reconciliation.isDone) setState('stable');
  }

  /** Heartbeats that tell nothing. */
  #linger(): Heartbeats | undefined {
    const { calls, cluster, instanceId, assigned } = this.#context;
    const { memberId, generationId } = this.#identity;
    if (generationId === NO_GENERATION) return undefined;
    const input = {
      groupId: calls.groupId,
      memberId,
      memberEpoch: generationId,
      instanceId: instanceId ?? null,
    };
    const farewell = new Heartbeats({
      ports: cluster.ports,
      intervalMs: this.#heartbeatIntervalMs,
      retryMs: cluster.settings.retryBackoffMaxMs,
      send: async () => {
        const { errorCode } = await calls.request(CONSUMER_HEARTBEAT, input);
        if (errorCode !== ErrorCode.NONE) throw calls.error(errorCode);
      },
      failed: (error) => {
        if (error instanceof KafkaError && error.retriable) return;
        this.stop();
        assigned.lose();
      },
    });
    farewell.start();
    return farewell;
  }

  // Failures ---------------------------------------------------------------------------------------------------------

  /** How long to wait before the next attempt. @throws KafkaError that lasts */
  #recover(error: unknown, backoff: Backoff): number {
    if (!(error instanceof KafkaError)) throw error;
    const { cluster, groupId } = this.#context;
    this.#told = undefined;
    const isMember = this.#identity.generationId !== NO_GENERATION;
    const { code } = error;
    const isFenced = code === 'FENCED_MEMBER_EPOCH' || code === 'UNKNOWN_MEMBER_ID';
    if (isFenced || (isMember && code === 'GROUP_ID_NOT_FOUND')) {
      this.#lose(error);
      const delayMs = backoff.failed();
      return backoff.failures === 1 ? 0 : delayMs;
    }
    if (code === 'UNRELEASED_INSTANCE_ID' && this.#mayBeReleased()) return backoff.failed();
    if (code === 'INVALID_REGULAR_EXPRESSION' && !this.#isPatternRefused) {
      cluster.ports.logger.warn(
        { group: groupId, error },
        'the broker does not take the patterns, so they are matched here',
      );
      this.#isPatternRefused = true;
      return 0;
    }
    if (error.retriable) {
      cluster.ports.logger.debug({ error, group: groupId }, 'a heartbeat failed');
      return backoff.failed();
    }
    throw error;
  }

  #lose(error: KafkaError): void {
    const { assigned, watch, cluster, groupId, setState } = this.#context;
    if (assigned.list.length > 0)
      cluster.ports.logger.warn(
        { group: groupId, code: error.code },
        'the group has given this member up; it joins again',
      );
    this.#startAnew();
    assigned.lose();
    watch.happened('silence');
    setState('joining');
  }

  /** The member that had the instance id before may have died: the group waits for its session to end. */
  #mayBeReleased(): boolean {
    const { cluster, settings, instanceId, groupId } = this.#context;
    const nowMs = cluster.ports.clock.monotonicMs();
    if (this.#unreleasedMs === undefined)
      cluster.ports.logger.warn(
        { group: groupId, instanceId },
        'another member holds this instance id; waiting until it leaves, or its session ends',
      );
    this.#unreleasedMs ??= nowMs;
    return nowMs - this.#unreleasedMs < settings.sessionTimeoutMs + UNRELEASED_GRACE_MS;
  }

  /** For the application. */
  async explain(error: KafkaError): Promise<KafkaError> {
    const { calls, instanceId, settings } = this.#context;
    const assignors = settings.serverAssignor === undefined ? [] : [settings.serverAssignor];
    return await explainGroupProblem(error, { calls, instanceId, assignors });
  }
}

/** Of lists and texts that come in a certain order. */
function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
