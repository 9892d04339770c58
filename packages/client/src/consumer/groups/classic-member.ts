// A member of a group of the classic protocol: joins, syncs, and stays by heartbeats until the group rebalances; then from the start.
//
// Invariants: the host is asked to give up what goes elsewhere before the group hears that it may. Heartbeats go on while the host is asked. A generation
// that the group does not know any more has lost everything, at once. What passes is tried again for ever, with a back-off.

import {
  ErrorCode,
  heartbeatRequest,
  heartbeatResponse,
  type JoinGroupResponse,
  joinGroupRequest,
  joinGroupResponse,
  leaveGroupRequest,
  leaveGroupResponse,
  syncGroupRequest,
  syncGroupResponse,
} from '@moldau/protocol';
import { BrokerError, KafkaError } from '../../errors/kafka-error.ts';
import { Backoff } from '../../network/backoff.ts';
import { pause } from '../../network/waiting.ts';
import { without } from './assigned-partitions.ts';
import type { MemberAssignment, PartitionAssignor, SubscribedMember } from './assignors/assignor.ts';
import { Bell } from './bell.ts';
import { ClassicLeader } from './classic-leader.ts';
import {
  CONSUMER_PROTOCOL_TYPE,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './consumer-protocol.ts';
import { explainGroupProblem } from './group-problems.ts';
import { Heartbeats } from './heartbeats.ts';
import {
  type MemberContext,
  type MemberIdentity,
  type MemberProtocol,
  NO_GENERATION,
  NOBODY,
} from './member-protocol.ts';
import type { RebalanceCause } from './rebalance-watch.ts';

const JOIN = { request: joinGroupRequest, response: joinGroupResponse };
const SYNC = { request: syncGroupRequest, response: syncGroupResponse };
const HEARTBEAT = { request: heartbeatRequest, response: heartbeatResponse };
const LEAVE = { request: leaveGroupRequest, response: leaveGroupResponse };

/** The group answers when all have joined; this much later the answer is taken for lost. */
const JOIN_GRACE_MS = 5_000;
const MAX_REASON_CHARACTERS = 255;
const FIRST_LEAVE_OF_MANY = 3;

interface Rejoin {
  readonly reason: string;
  readonly cause: RebalanceCause;
}

export class ClassicMember implements MemberProtocol {
  readonly #context: MemberContext;
  readonly #assignors: readonly PartitionAssignor[];
  readonly #isCooperative: boolean;
  readonly #leader: ClassicLeader;
  readonly #heartbeats: Heartbeats;
  readonly #bell: Bell;
  #identity: MemberIdentity = NOBODY;
  /** Set when it has to join again. */
  #rejoin: Rejoin | undefined;
  /** What a heartbeat said for good. */
  #problem: unknown;
  #joinedTopics: readonly string[] = [];

  constructor(context: MemberContext, assignors: readonly PartitionAssignor[]) {
    const { cluster, settings } = context;
    this.#context = context;
    this.#assignors = assignors;
    this.#isCooperative = assignors.every(({ protocols }) => protocols?.includes('cooperative') === true);
    this.#leader = new ClassicLeader(cluster);
    this.#bell = new Bell(cluster.ports.timers);
    this.#heartbeats = new Heartbeats({
      ports: cluster.ports,
      intervalMs: settings.heartbeatIntervalMs,
      retryMs: Math.min(settings.heartbeatIntervalMs, cluster.settings.retryBackoffMs),
      send: () => this.#beat(),
      failed: (error) => this.#heartbeatFailed(error),
    });
  }

  get identity(): MemberIdentity {
    return this.#identity;
  }

  async participate(signal: AbortSignal, cut: AbortSignal): Promise<void> {
    const { cluster, topics } = this.#context;
    const { retryBackoffMs, retryBackoffMaxMs } = cluster.settings;
    const backoff = new Backoff(retryBackoffMs, retryBackoffMaxMs, cluster.ports.random);
    const stopListening = cluster.onChange(() => this.topicsChanged());
    topics.matchHere(true);
    this.#problem = undefined;
    this.#rejoin = { reason: 'the consumer starts', cause: 'peers' };
    try {
      while (!signal.aborted) {
        try {
          await this.#rebalance(signal, cut);
          backoff.succeeded();
          await this.#stay(signal);
        } catch (error) {
          if (!signal.aborted) await this.#recover(error, backoff, signal);
        }
      }
    } finally {
      stopListening();
      this.#leader.resign();
    }
  }

  stop(): void {
    this.#heartbeats.stop();
  }

  async leave(reason: string, timeoutMs: number): Promise<void> {
    const { calls, instanceId, cluster } = this.#context;
    const { memberId } = this.#identity;
    this.stop();
    // A static member keeps its place, for it comes back.
    this.#identity = instanceId === undefined ? NOBODY : { memberId, generationId: NO_GENERATION };
    if (memberId === '' || instanceId !== undefined) return;
    const member = { memberId, groupInstanceId: null, reason: shortened(reason) };
    try {
      // A join that is not answered yet would hold it up on the coordinator's connection.
      const answer = await calls.request(
        LEAVE,
        (version) => ({
          groupId: calls.groupId,
          memberId,
          members: version >= FIRST_LEAVE_OF_MANY ? [member] : [],
        }),
        { purpose: 'control', timeoutMs },
      );
      if (answer.errorCode !== ErrorCode.NONE) throw calls.error(answer.errorCode);
    } catch (error) {
      cluster.ports.logger.debug({ error, group: calls.groupId }, 'the group was not told of the leave');
    }
  }

  rejoin(reason: string): void {
    this.#rejoinFor(reason, 'asked');
  }

  topicsChanged(): void {
    const { names } = this.#context.topics;
    const isSame =
      names.length === this.#joinedTopics.length &&
      names.every((name, index) => name === this.#joinedTopics[index]);
    if (!isSame) {
      this.#rejoinFor('its subscription has changed', 'topics');
      return;
    }
    const changed = this.#leader.changedTopic();
    if (changed !== undefined) this.#rejoinFor(`the partitions of ${changed} have changed`, 'topics');
  }

  #rejoinFor(reason: string, cause: RebalanceCause): void {
    this.#rejoin ??= { reason, cause };
    this.#bell.ring();
  }

  // One rebalance ----------------------------------------------------------------------------------------------------

  async #rebalance(signal: AbortSignal, cut: AbortSignal): Promise<void> {
    const { topics, setState, assigned, watch } = this.#context;
    await topics.refresh(signal);
    await this.#giveUp();
    if (signal.aborted) return;
    setState(assigned.list.length > 0 ? 'rebalancing' : 'joining');
    const { reason, cause } = this.#rejoin ?? { reason: '', cause: 'peers' };
    this.#rejoin = undefined;
    const joined = await this.#join(reason, cut);
    const isHandover = cause === 'handover';
    if (!isHandover) watch.happened(cause);
    const assignment = await this.#sync(joined, cut);
    await this.#take(assignment, this.#assignor(joined.protocolName));
  }

  /** Before joining: all with the eager protocol, else what is not wanted any more. */
  async #giveUp(): Promise<void> {
    const { assigned, topics, settings } = this.#context;
    const wanted = new Set(topics.names);
    const given = this.#isCooperative
      ? assigned.list.filter(({ topic }) => !wanted.has(topic))
      : assigned.list;
    if (given.length === 0) return;
    this.#context.setState('rebalancing');
    await assigned.revoke(given, settings.maxPollIntervalMs);
  }

  async #join(reason: string, signal: AbortSignal): Promise<JoinGroupResponse> {
    const { calls, settings, instanceId, topics } = this.#context;
    this.#heartbeats.stop();
    for (;;) {
      this.#joinedTopics = topics.names;
      const answer = await calls.request(
        JOIN,
        {
          groupId: calls.groupId,
          sessionTimeoutMs: settings.sessionTimeoutMs,
          rebalanceTimeoutMs: settings.maxPollIntervalMs,
          memberId: this.#identity.memberId,
          groupInstanceId: instanceId ?? null,
          protocolType: CONSUMER_PROTOCOL_TYPE,
          protocols: this.#protocols(),
          reason: shortened(reason),
        },
        { timeoutMs: settings.maxPollIntervalMs + JOIN_GRACE_MS, signal },
      );
      if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
        this.#identity = { memberId: answer.memberId, generationId: NO_GENERATION };
        continue;
      }
      if (answer.errorCode !== ErrorCode.NONE) throw calls.error(answer.errorCode);
      this.#identity = { memberId: answer.memberId, generationId: answer.generationId };
      this.#heartbeats.start();
      return answer;
    }
  }

  #protocols(): { name: string; metadata: Buffer }[] {
    const { assigned, settings, topics } = this.#context;
    const { generationId } = this.#identity;
    return this.#assignors.map((assignor) => ({
      name: assignor.name,
      metadata: encodeSubscription({
        ...{ topics: topics.names, ownedPartitions: assigned.list, generationId, rackId: settings.rackId },
        userData: assignor.userData?.(topics.names) ?? null,
      }),
    }));
  }

  async #sync(joined: JoinGroupResponse, signal: AbortSignal): Promise<MemberAssignment> {
    const { calls, instanceId } = this.#context;
    const assignments = await this.#assignments(joined, signal);
    const { generationId, memberId } = this.#identity;
    const answer = await calls.request(
      SYNC,
      {
        groupId: calls.groupId,
        generationId: joined.generationId,
        memberId,
        groupInstanceId: instanceId ?? null,
        protocolType: CONSUMER_PROTOCOL_TYPE,
        protocolName: joined.protocolName,
        assignments,
      },
      { timeoutMs: this.#context.settings.maxPollIntervalMs + JOIN_GRACE_MS, signal },
    );
    if (answer.errorCode !== ErrorCode.NONE) throw calls.error(answer.errorCode);
    // A heartbeat may have found meanwhile that the group does not know the member any more.
    if (generationId !== joined.generationId || this.#identity.generationId !== generationId)
      throw new BrokerError(ErrorCode.REBALANCE_IN_PROGRESS);
    return decodeAssignment(answer.assignment);
  }

  /** For the leader's sync; nothing for all others, and where the group keeps what it has (KIP-814). */
  async #assignments(
    joined: JoinGroupResponse,
    signal: AbortSignal,
  ): Promise<{ memberId: string; assignment: Buffer }[]> {
    if (joined.leader !== joined.memberId) {
      this.#leader.resign();
      return [];
    }
    const members: SubscribedMember[] = joined.members.map(({ memberId, groupInstanceId, metadata }) =>
      decodeSubscription(memberId, groupInstanceId ?? undefined, metadata),
    );
    await this.#leader.lead(members, signal);
    if (joined.skipAssignment) return [];
    const assignor = this.#assignor(joined.protocolName);
    const result = this.#leader.assign(assignor, members, this.#isCooperative);
    this.#context.cluster.ports.logger.debug(
      { group: this.#context.groupId, generation: joined.generationId, members: members.length },
      `partitions assigned by ${assignor.name}`,
    );
    return members.map(({ memberId }) => ({
      memberId,
      assignment: encodeAssignment(result.get(memberId) ?? { partitions: [] }),
    }));
  }

  #assignor(name: string | null): PartitionAssignor {
    return this.#assignors.find((assignor) => assignor.name === name) ?? this.#assignors[0]!;
  }

  async #take(assignment: MemberAssignment, assignor: PartitionAssignor): Promise<void> {
    const { assigned, settings, calls, instanceId, setState } = this.#context;
    const identity = this.#identity;
    const group = { groupId: calls.groupId, ...identity, groupInstanceId: instanceId };
    assignor.assigned?.(assignment, group);
    const given = without(assigned.list, assignment.partitions);
    if (given.length > 0) {
      await assigned.revoke(given, settings.maxPollIntervalMs);
      this.#rejoinFor('it has given up partitions that go to others', 'handover');
    }
    // All is lost when the group forgot the member meanwhile.
    if (this.#identity !== identity) return;
    await assigned.add(assignment.partitions, settings.maxPollIntervalMs);
    if (this.#identity === identity && this.#rejoin === undefined) setState('stable');
    this.topicsChanged();
  }

  // Staying ----------------------------------------------------------------------------------------------------------

  async #stay(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#problem !== undefined) throw this.#problem;
      if (this.#rejoin !== undefined) return;
      await this.#bell.wait(signal);
    }
  }

  async #beat(): Promise<void> {
    const { calls, settings, instanceId, cluster } = this.#context;
    const { sessionTimeoutMs, heartbeatIntervalMs } = settings;
    // In time for another one before the session ends.
    const patienceMs = Math.max(heartbeatIntervalMs, Math.floor(sessionTimeoutMs / 3));
    const input = { groupId: calls.groupId, groupInstanceId: instanceId ?? null, ...this.#identity };
    const timeoutMs = Math.min(cluster.settings.requestTimeoutMs, patienceMs);
    const { errorCode } = await calls.request(HEARTBEAT, input, { timeoutMs });
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) this.#rejoinFor('the group rebalances', 'peers');
    else if (errorCode !== ErrorCode.NONE) throw calls.error(errorCode);
  }

  #heartbeatFailed(error: unknown): void {
    const { code } = error as KafkaError;
    if (code === 'UNKNOWN_MEMBER_ID' || code === 'ILLEGAL_GENERATION') this.#lose(code);
    else if (!(error instanceof KafkaError) || !error.retriable) {
      this.#heartbeats.stop();
      this.#problem = error;
      this.#bell.ring();
    }
  }

  /** The group has another generation, or does not know the member any more. */
  #lose(code: 'UNKNOWN_MEMBER_ID' | 'ILLEGAL_GENERATION'): void {
    const { assigned, setState, cluster, groupId } = this.#context;
    const { memberId, generationId } = this.#identity;
    const { silentMs, lateMs } = this.#heartbeats;
    this.#heartbeats.stop();
    this.#identity = {
      memberId: code === 'UNKNOWN_MEMBER_ID' ? '' : memberId,
      generationId: NO_GENERATION,
    };
    if (generationId !== NO_GENERATION && assigned.list.length > 0)
      cluster.ports.logger.warn(
        { group: groupId, code, silentMs: Math.round(silentMs), eventLoopBlockedMs: Math.round(lateMs) },
        'the group has given this member up; it joins again',
      );
    assigned.lose();
    setState('joining');
    this.#rejoinFor('the group had given it up', 'silence');
  }

  /** Returns when it is time for another attempt. @throws KafkaError that lasts */
  async #recover(error: unknown, backoff: Backoff, signal: AbortSignal): Promise<void> {
    if (!(error instanceof KafkaError)) throw error;
    const { calls, instanceId, cluster, groupId } = this.#context;
    const { code } = error;
    if (code === 'UNKNOWN_MEMBER_ID' || code === 'ILLEGAL_GENERATION') this.#lose(code);
    else if (code !== 'REBALANCE_IN_PROGRESS' && !error.retriable) {
      const assignors = this.#assignors.map(({ name }) => name);
      throw await explainGroupProblem(error, { calls, instanceId, assignors });
    }
    this.#rejoinFor(`its join failed (${code})`, 'peers');
    const failures = backoff.failures;
    const delayMs = backoff.failed();
    if (failures > 0) cluster.ports.logger.debug({ error, group: groupId }, 'not joined yet');
    // The first time there is a good reason to be quick.
    if (code === 'REBALANCE_IN_PROGRESS' && failures === 0) return;
    await pause(cluster.ports.timers, delayMs, signal).catch(() => {});
  }
}

function shortened(reason: string): string {
  return reason.slice(0, MAX_REASON_CHARACTERS);
}
