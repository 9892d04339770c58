// Owns what members that speak the classic protocol ask of a group of the consumer protocol: JoinGroup, SyncGroup,
// Heartbeat, LeaveGroup. For them an epoch is a generation; a heartbeat tells them to join again whenever there is a step
// to be taken, and a SyncGroup gives them what they have. There is no leader, the broker assigns.

import type { Logger } from '@moldau/io';
import { ErrorCode, KafkaError, MalformedError } from '@moldau/protocol';
import { CONSUMER_PROTOCOL_TYPE, joinError, syncError } from './classic-group.ts';
import {
  type ConsumerGroup,
  type ConsumerMember,
  type MemberMetadata,
  MemberState,
  newMember,
  partitionsOf,
} from './consumer-group.ts';
import { checkInstance, unknownMember } from './consumer-group-heartbeat.ts';
import type { ConsumerGroups, GroupChange } from './consumer-groups.ts';
import { type ClassicSubscription, encodeAssignment, parseSubscription } from './consumer-protocol.ts';
import type { ConsumerRebalance } from './consumer-rebalance.ts';
import type {
  GroupCaller,
  HeartbeatCommand,
  JoinAnswer,
  JoinCommand,
  LeaveAnswer,
  LeaveCommand,
  Reply,
  SyncAnswer,
  SyncCommand,
} from './group-commands.ts';
import type { ConsumerGroupConfig } from './group-config.ts';
import type { GroupMigration } from './group-migration.ts';
import { ownedCopy } from './group-records.ts';
import type { GroupTopics } from './group-topics.ts';
import type { MemberTimers } from './member-timers.ts';

/** The first version whose clients come back with a member id they were given. */
const VERSION_WITH_KNOWN_MEMBER_ID = 4;

export interface ConsumerClassicMembersOptions {
  readonly config: ConsumerGroupConfig;
  readonly logger: Logger;
  readonly topics: GroupTopics;
  readonly groups: ConsumerGroups;
  readonly rebalance: ConsumerRebalance;
  readonly migration: GroupMigration;
  readonly timers: MemberTimers;
  readonly newUuid: () => string;
  /** The member is given up. */
  readonly expire: (groupId: string, memberId: string, reason: string) => void;
}

export class ConsumerClassicMembers {
  readonly #options: ConsumerClassicMembersOptions;

  constructor(options: ConsumerClassicMembersOptions) {
    this.#options = options;
  }

  // JoinGroup --------------------------------------------------------------------------------------------------------

  join(group: ConsumerGroup, command: JoinCommand, caller: GroupCaller, reply: Reply<JoinAnswer>): void {
    const isUnknown = command.memberId === '';
    const memberId = isUnknown ? this.#options.newUuid() : command.memberId;
    const problem = this.#joinProblem(group, command, memberId);
    if (problem !== ErrorCode.NONE) {
      reply(joinError(problem, ''));
      return;
    }
    const { groupInstanceId } = command;
    if (isUnknown && groupInstanceId === null && caller.apiVersion >= VERSION_WITH_KNOWN_MEMBER_ID) {
      reply(joinError(ErrorCode.MEMBER_ID_REQUIRED, memberId));
      return;
    }
    try {
      const subscription = parseSubscription(command.protocols[0]!.metadata, this.#options.topics);
      const change = this.#options.groups.change(command.groupId);
      this.#joinAs(change, memberId, subscription, command, caller, reply);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      reply(joinError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, ''));
    }
  }

  #joinProblem(group: ConsumerGroup, command: JoinCommand, memberId: string): number {
    const { groupInstanceId, protocolType, protocols } = command;
    if (group.members.size >= this.#options.config.maxSize && !group.members.has(memberId)) {
      return ErrorCode.GROUP_MAX_SIZE_REACHED;
    }
    if (protocolType !== CONSUMER_PROTOCOL_TYPE || !group.supportsProtocols(protocols)) {
      return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
    }
    if (groupInstanceId === null || command.memberId === '') return ErrorCode.NONE;
    return codeOf(() => checkInstance(group.staticMember(groupInstanceId), memberId, groupInstanceId));
  }

  #joinAs(
    change: GroupChange,
    memberId: string,
    subscription: ClassicSubscription,
    command: JoinCommand,
    caller: GroupCaller,
    reply: Reply<JoinAnswer>,
  ): void {
    const { rebalance, migration, groups } = this.#options;
    const { groupInstanceId } = command;
    const namesake = groupInstanceId === null ? undefined : change.group.staticMember(groupInstanceId);
    const endsConsumerProtocol = namesake !== undefined && migration.endsWith(change.group, namesake);
    if (namesake !== undefined && namesake.memberId !== memberId) {
      rebalance.replaceStatic(change, namesake, memberId);
    }
    const before = change.group.members.get(memberId) ?? newMember(memberId);
    const metadata = updated(before, subscription, command, caller);
    const updatedMember = rebalance.updateMember(change, memberId, metadata);
    let member: ConsumerMember;
    if (endsConsumerProtocol) {
      rebalance.noteSubscription(change, updatedMember);
      const isStale = change.group.assignmentEpoch < change.group.groupEpoch;
      if (!isStale) rebalance.step(change, memberId, updatedMember.regex !== 'none', subscription.owned);
      member = change.group.members.get(memberId)!;
      migration.downgrade(change, new Set(), isStale ? 'its assignment is stale' : null);
    } else {
      rebalance.rebalance(change, memberId, updatedMember, subscription.owned);
      member = change.group.members.get(memberId)!;
    }
    groups.write(change.records, (errorCode) => {
      if (errorCode !== ErrorCode.NONE) {
        reply(joinError(errorCode, ''));
        return;
      }
      if (!endsConsumerProtocol) this.#afterJoin(command, member);
      reply(joinAnswer(member));
    });
  }

  #afterJoin({ groupId, sessionTimeoutMs, rebalanceTimeoutMs }: JoinCommand, { memberId }: ConsumerMember) {
    const { timers, groups, expire } = this.#options;
    if (groups.get(groupId)?.members.has(memberId) !== true) return;
    timers.cancel(groupId, memberId, 'join');
    this.#startSession(groupId, memberId, sessionTimeoutMs);
    const syncTimeoutMs = rebalanceTimeoutMs === -1 ? sessionTimeoutMs : rebalanceTimeoutMs;
    timers.start(groupId, memberId, 'sync', syncTimeoutMs, () =>
      expire(groupId, memberId, 'it did not ask for its assignment in time'),
    );
  }

  #startSession(groupId: string, memberId: string, sessionTimeoutMs: number): void {
    const { timers, expire } = this.#options;
    timers.start(groupId, memberId, 'session', sessionTimeoutMs, () =>
      expire(groupId, memberId, 'nothing was heard of it for its session timeout'),
    );
  }

  #awaitJoin({ groupId }: ConsumerGroup, { memberId, rebalanceTimeoutMs }: ConsumerMember): void {
    const { timers, expire } = this.#options;
    timers.startUnlessRunning(groupId, memberId, 'join', rebalanceTimeoutMs, () =>
      expire(groupId, memberId, 'it did not join again in time'),
    );
  }

  // SyncGroup --------------------------------------------------------------------------------------------------------

  sync(group: ConsumerGroup, command: SyncCommand, reply: Reply<SyncAnswer>): void {
    const { groupId, memberId, protocolType, protocolName } = command;
    let member: ConsumerMember;
    try {
      member = classicMemberOf(group, command);
      checkProtocol(member, protocolType, protocolName);
      if (group.assignmentEpoch > member.memberEpoch && member.state !== MemberState.UNREVOKED_PARTITIONS) {
        this.#awaitJoin(group, member);
        throw new KafkaError(ErrorCode.REBALANCE_IN_PROGRESS);
      }
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      reply(syncError(error.code));
      return;
    }
    const { sessionTimeoutMs, protocols } = member.classic!;
    const { topics, groups, timers } = this.#options;
    const assignment = encodeAssignment(partitionsOf(member.assigned), protocols[0]!.metadata, topics);
    groups.write([], (errorCode) => {
      if (errorCode !== ErrorCode.NONE) {
        reply(syncError(errorCode));
        return;
      }
      if (groups.get(groupId)?.members.has(memberId) === true) {
        timers.cancel(groupId, memberId, 'sync');
        this.#startSession(groupId, memberId, sessionTimeoutMs);
      }
      reply({ errorCode: ErrorCode.NONE, protocolType, protocolName, assignment });
    });
  }

  // Heartbeat --------------------------------------------------------------------------------------------------------

  /** Returns the error code. */
  heartbeat(group: ConsumerGroup, command: HeartbeatCommand): number {
    return codeOf(() => {
      const member = classicMemberOf(group, command);
      this.#startSession(group.groupId, member.memberId, member.classic!.sessionTimeoutMs);
      if (!hasStepToTake(group, member)) return;
      this.#awaitJoin(group, member);
      throw new KafkaError(ErrorCode.REBALANCE_IN_PROGRESS);
    });
  }

  // LeaveGroup -------------------------------------------------------------------------------------------------------

  leave(group: ConsumerGroup, { members }: LeaveCommand, reply: Reply<LeaveAnswer>): void {
    const leaving = new Set<ConsumerMember>();
    const answers = members.map(({ memberId, groupInstanceId }) => {
      const errorCode = codeOf(() => {
        leaving.add(leavingMember(group, memberId, groupInstanceId));
      });
      return { memberId, groupInstanceId, errorCode };
    });
    const { groups, migration } = this.#options;
    const change = groups.change(group.groupId);
    if (leaving.size > 0) migration.fence(change, [...leaving], 'it left');
    groups.write(change.records, (errorCode) => {
      reply({ errorCode, members: errorCode === ErrorCode.NONE ? answers : [] });
    });
  }
}

/** An administrator may remove a static member by its name alone. */
function leavingMember(
  group: ConsumerGroup,
  memberId: string,
  groupInstanceId: string | null,
): ConsumerMember {
  const member = groupInstanceId === null ? group.members.get(memberId) : group.staticMember(groupInstanceId);
  if (member === undefined) throw unknownMember(group.groupId, memberId);
  if (groupInstanceId !== null && memberId !== '') checkInstance(member, memberId, groupInstanceId);
  return member;
}

/** It is behind, has partitions to give up, or could have some that have become free. */
function hasStepToTake(group: ConsumerGroup, member: ConsumerMember): boolean {
  if (member.memberEpoch < group.assignmentEpoch) return true;
  if (member.state === MemberState.UNREVOKED_PARTITIONS) return true;
  if (member.state !== MemberState.UNRELEASED_PARTITIONS) return false;
  for (const [topicId, partitions] of group.target(member.memberId)) {
    for (const partition of partitions) {
      if (member.assigned.get(topicId)?.has(partition) === true) continue;
      if (group.holderOf(topicId, partition) !== undefined) return false;
    }
  }
  return true;
}

/** The classic member that asks, of the generation it says. Throws KafkaError. */
function classicMemberOf(
  group: ConsumerGroup,
  { memberId, groupInstanceId, generationId }: HeartbeatCommand,
): ConsumerMember {
  const member = groupInstanceId === null ? group.members.get(memberId) : group.staticMember(groupInstanceId);
  if (groupInstanceId !== null) checkInstance(member, memberId, groupInstanceId);
  // One that has gone over to the consumer protocol is not the one that asks here.
  if (member === undefined || member.classic === null) throw unknownMember(group.groupId, memberId);
  if (member.memberEpoch !== generationId) throw new KafkaError(ErrorCode.ILLEGAL_GENERATION);
  return member;
}

function checkProtocol(member: ConsumerMember, type: string | null, name: string | null): void {
  const isOther =
    (type !== null && type !== CONSUMER_PROTOCOL_TYPE) ||
    (name !== null && name !== member.classic!.protocols[0]!.name);
  if (isOther) throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
}

function updated(
  before: ConsumerMember,
  subscription: ClassicSubscription,
  { groupInstanceId, rebalanceTimeoutMs, sessionTimeoutMs, protocols }: JoinCommand,
  { clientId, clientHost }: GroupCaller,
): MemberMetadata {
  return {
    instanceId: groupInstanceId ?? before.instanceId,
    rackId: subscription.rackId ?? before.rackId,
    clientId: clientId ?? '',
    clientHost,
    subscribedTopicNames: new Set(subscription.topics),
    subscribedTopicRegex: '',
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? sessionTimeoutMs : rebalanceTimeoutMs,
    serverAssignor: before.serverAssignor,
    classic: {
      sessionTimeoutMs,
      protocols: protocols.map(({ name, metadata }) => ({ name, metadata: ownedCopy(metadata) })),
    },
  };
}

function joinAnswer({ memberId, memberEpoch, classic }: ConsumerMember): JoinAnswer {
  return {
    errorCode: ErrorCode.NONE,
    generationId: memberEpoch,
    protocolType: CONSUMER_PROTOCOL_TYPE,
    protocolName: classic!.protocols[0]!.name,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}

function codeOf(check: () => void): number {
  try {
    check();
    return ErrorCode.NONE;
  } catch (error) {
    if (error instanceof KafkaError) return error.code;
    throw error;
  }
}
