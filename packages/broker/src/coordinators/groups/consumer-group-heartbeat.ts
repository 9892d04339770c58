// Owns ConsumerGroupHeartbeat (KIP-848), the one request by which a member joins, says what it wants and owns, learns
// what it gets, and leaves. Whoever does not belong is fenced by its epoch and has to start anew.
//
// Everything that can be refused is refused before anything is changed.

import type { Logger } from '@moldau/io';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { TopicPartitions } from './assignors/assignor.ts';
import {
  AWAY_EPOCH,
  type ConsumerGroup,
  type ConsumerMember,
  isReconciled,
  JOINING_EPOCH,
  LEFT_EPOCH,
  type MemberMetadata,
  NO_EPOCHS,
  newMember,
  partitionsOf,
  withEpoch,
} from './consumer-group.ts';
import { partitionList, partitionsOfList } from './consumer-group-records.ts';
import type { ConsumerGroups, GroupChange } from './consumer-groups.ts';
import type { ConsumerRebalance } from './consumer-rebalance.ts';
import type {
  ConsumerHeartbeatAnswer,
  ConsumerHeartbeatCommand,
  GroupCaller,
  Reply,
} from './group-commands.ts';
import type { ConsumerGroupConfig } from './group-config.ts';
import type { MemberTimers } from './member-timers.ts';
import { mustStartAnew, sameEpochs } from './reconciliation.ts';

const HURRIED_INTERVAL_MIN_MS = 100;

export interface ConsumerHeartbeatOptions {
  readonly config: ConsumerGroupConfig;
  readonly logger: Logger;
  readonly groups: ConsumerGroups;
  readonly rebalance: ConsumerRebalance;
  readonly timers: MemberTimers;
  readonly newUuid: () => string;
  readonly migration: {
    /** Throws KafkaError when the group that is there under this id cannot become one of the consumer protocol. */
    checkUpgrade(groupId: string): void;
    /** Turns a classic group of this id, when there is one, into one of the consumer protocol. */
    upgrade(change: GroupChange): void;
    /** Takes members out; turns the group into a classic one when only classic members are left. */
    fence(change: GroupChange, members: readonly ConsumerMember[], reason: string): void;
  };
}

export class ConsumerHeartbeats {
  readonly #options: ConsumerHeartbeatOptions;

  constructor(options: ConsumerHeartbeatOptions) {
    this.#options = options;
  }

  heartbeat(
    command: ConsumerHeartbeatCommand,
    caller: GroupCaller,
    reply: Reply<ConsumerHeartbeatAnswer>,
  ): void {
    const change = this.#options.groups.change(command.groupId);
    let answer: ConsumerHeartbeatAnswer;
    try {
      const isLeaving = command.memberEpoch === LEFT_EPOCH || command.memberEpoch === AWAY_EPOCH;
      answer = isLeaving ? this.#leave(change, command) : this.#stay(change, command, caller);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      reply(heartbeatError(error.code, error.message));
      return;
    }
    this.#options.groups.write(change.records, (errorCode) => {
      reply(errorCode === ErrorCode.NONE ? answer : heartbeatError(errorCode, null));
    });
  }

  // Joining and staying ----------------------------------------------------------------------------------------------

  #stay(
    change: GroupChange,
    command: ConsumerHeartbeatCommand,
    caller: GroupCaller,
  ): ConsumerHeartbeatAnswer {
    const { groups, rebalance, config, newUuid, migration } = this.#options;
    const { groupId, memberEpoch } = command;
    const isJoining = memberEpoch === JOINING_EPOCH;
    const existing = groups.get(groupId);
    if (existing === undefined) this.#checkFound(groupId, isJoining);
    const memberId = command.memberId === '' ? newUuid() : command.memberId;
    const owned = command.topicPartitions === null ? null : partitionsOfList(command.topicPartitions);
    const former = this.#admit(existing, { ...command, memberId }, owned);
    const problem = rebalance.regexProblem(existing, command.subscribedTopicRegex);
    if (problem !== undefined) throw new KafkaError(ErrorCode.INVALID_REGULAR_EXPRESSION, problem);

    if (existing === undefined) migration.upgrade(change);
    const namesake = command.instanceId === null ? undefined : change.group.staticMember(command.instanceId);
    if (isJoining && namesake !== undefined && namesake.memberId !== memberId) {
      rebalance.replaceStatic(change, namesake, memberId);
    } else if (isJoining && namesake !== undefined) {
      change.add({
        kind: 'member-assignment',
        memberId,
        value: { ...assignmentOf(namesake), memberEpoch: 0, previousMemberEpoch: 0 },
      });
    }
    const before = change.group.members.get(memberId) ?? former ?? newMember(memberId);
    const subscription = rebalance.updateMember(
      change,
      memberId,
      updated(before, command, caller),
      caller.maySeeTopic,
    );
    rebalance.rebalance(change, memberId, subscription, owned);
    const after = change.group.members.get(memberId)!;
    this.#startSession(change.group, memberId);
    const hasNews = isJoining || isFull(command) || !sameEpochs(before.assigned, after.assigned);
    return {
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      memberId,
      memberEpoch: after.memberEpoch,
      heartbeatIntervalMs: heartbeatInterval(config.heartbeatIntervalMs(groupId), change.group, after),
      assignment: hasNews ? { topicPartitions: partitionList(partitionsOf(after.assigned)) } : null,
    };
  }

  #checkFound(groupId: string, isJoining: boolean): void {
    if (isJoining) this.#options.migration.checkUpgrade(groupId);
    else throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `Consumer group ${groupId} not found.`);
  }

  /** The member as it is; undefined for one that comes for the first time. Throws KafkaError when it does not belong. */
  #admit(
    group: ConsumerGroup | undefined,
    command: ConsumerHeartbeatCommand,
    owned: TopicPartitions | null,
  ): ConsumerMember | undefined {
    const { groupId, memberId, memberEpoch, instanceId } = command;
    const { maxSize } = this.#options.config;
    if (group !== undefined && group.members.size >= maxSize && !group.members.has(memberId)) {
      throw new KafkaError(
        ErrorCode.GROUP_MAX_SIZE_REACHED,
        `The consumer group has reached its maximum capacity of ${maxSize} members.`,
      );
    }
    const isJoining = memberEpoch === JOINING_EPOCH;
    const namesake = instanceId === null ? undefined : group?.staticMember(instanceId);
    if (isJoining && instanceId !== null) {
      // The name is free when nobody has it, when its holder is away, and when its holder is still of the classic protocol.
      if (namesake !== undefined && namesake.classic === null && namesake.memberEpoch !== AWAY_EPOCH) {
        throw new KafkaError(
          ErrorCode.UNRELEASED_INSTANCE_ID,
          `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${namesake.memberId} member.`,
        );
      }
      return group?.members.get(memberId);
    }
    const member = instanceId === null ? group?.members.get(memberId) : namesake;
    if (instanceId !== null) checkInstance(member, memberId, instanceId);
    if (member === undefined) {
      if (isJoining) return undefined;
      throw unknownMember(groupId, memberId);
    }
    checkEpoch(member, memberEpoch, owned);
    if (mustStartAnew(member, owned)) {
      throw new KafkaError(
        ErrorCode.FENCED_MEMBER_EPOCH,
        'The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.',
      );
    }
    return member;
  }

  #startSession({ groupId }: ConsumerGroup, memberId: string): void {
    const { timers, config } = this.#options;
    timers.start(groupId, memberId, 'session', config.sessionTimeoutMs(groupId), () =>
      this.expire(groupId, memberId, 'nothing was heard of it for its session timeout'),
    );
  }

  // Leaving ----------------------------------------------------------------------------------------------------------

  #leave(change: GroupChange, { groupId, memberId, memberEpoch, instanceId }: ConsumerHeartbeatCommand) {
    const group = this.#options.groups.get(groupId);
    if (group === undefined)
      throw new KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} not found.`);
    const member = instanceId === null ? group.members.get(memberId) : group.staticMember(instanceId);
    if (instanceId !== null) checkInstance(member, memberId, instanceId);
    if (member === undefined) throw unknownMember(groupId, memberId);
    if (memberEpoch === AWAY_EPOCH && instanceId !== null) {
      // Its session goes on: when it is not back by then, it is taken for gone.
      const assigned = withEpoch(partitionsOf(member.assigned), 0);
      const away = { memberEpoch: AWAY_EPOCH, assigned, pendingRevocation: NO_EPOCHS };
      change.add({
        kind: 'member-assignment',
        memberId,
        value: { ...assignmentOf(member), ...away },
      });
    } else {
      this.#options.migration.fence(change, [member], 'it left');
    }
    const answer = heartbeatError(ErrorCode.NONE, null);
    return { ...answer, memberId: member.memberId, memberEpoch };
  }

  /** The member is given up without having asked for it. */
  expire(groupId: string, memberId: string, reason: string): void {
    const { groups, migration, logger } = this.#options;
    const member = groups.get(groupId)?.members.get(memberId);
    if (member === undefined) return;
    logger.info({ groupId, memberId, reason }, 'A member of a group is given up');
    const change = groups.change(groupId);
    migration.fence(change, [member], reason);
    groups.write(change.records, () => {});
  }

  /** After the log has been read: members have their session timeout from now to be heard of. */
  resume(): void {
    for (const group of this.#options.groups.groups.values()) {
      for (const [memberId, member] of group.members) {
        this.#startSession(group, memberId);
        if (member.classic === null) this.#options.rebalance.watchRevocation(group, memberId);
      }
    }
  }
}

function updated(
  before: ConsumerMember,
  command: ConsumerHeartbeatCommand,
  { clientId, clientHost }: GroupCaller,
): MemberMetadata {
  const { instanceId, rackId, rebalanceTimeoutMs, subscribedTopicNames, serverAssignor } = command;
  return {
    instanceId: instanceId ?? before.instanceId,
    rackId: rackId ?? before.rackId,
    clientId: clientId ?? '',
    clientHost,
    subscribedTopicNames:
      subscribedTopicNames === null ? before.subscribedTopicNames : new Set(subscribedTopicNames),
    subscribedTopicRegex: command.subscribedTopicRegex ?? before.subscribedTopicRegex,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? before.rebalanceTimeoutMs : rebalanceTimeoutMs,
    serverAssignor: serverAssignor ?? before.serverAssignor,
    classic: null,
  };
}

/**
 * Kafka always answers the configured interval, so that each step of a rebalance takes one. A member that is on its way
 * is asked to come sooner, as the next step is there when another member has taken its own.
 */
function heartbeatInterval(configuredMs: number, group: ConsumerGroup, member: ConsumerMember): number {
  if (isReconciled(member, group.groupEpoch)) return configuredMs;
  return Math.min(configuredMs, Math.max(HURRIED_INTERVAL_MIN_MS, Math.floor(configuredMs / 10)));
}

/** The member tells everything, so it is told everything. */
function isFull(command: ConsumerHeartbeatCommand): boolean {
  const { rebalanceTimeoutMs, subscribedTopicNames, subscribedTopicRegex, topicPartitions } = command;
  const hasSubscription = subscribedTopicNames !== null || subscribedTopicRegex !== null;
  return rebalanceTimeoutMs !== -1 && hasSubscription && topicPartitions !== null;
}

function assignmentOf({
  memberEpoch,
  previousMemberEpoch,
  state,
  assigned,
  pendingRevocation,
}: ConsumerMember) {
  return { memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation };
}

export function checkInstance(
  member: ConsumerMember | undefined,
  memberId: string,
  instanceId: string,
): asserts member is ConsumerMember {
  if (member === undefined) {
    throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID, `Instance id ${instanceId} is unknown.`);
  }
  if (member.memberId !== memberId) {
    throw new KafkaError(
      ErrorCode.FENCED_INSTANCE_ID,
      `Static member ${memberId} with instance id ${instanceId} was fenced by member ${member.memberId}.`,
    );
  }
}

export function unknownMember(groupId: string, memberId: string): KafkaError {
  return new KafkaError(
    ErrorCode.UNKNOWN_MEMBER_ID,
    `Member ${memberId} is not a member of group ${groupId}.`,
  );
}

/** The epoch before is fine when the answer with the newer one was lost: the member then owns nothing that it should not. */
function checkEpoch(member: ConsumerMember, received: number, owned: TopicPartitions | null): void {
  if (received === JOINING_EPOCH || received === member.memberEpoch) return;
  const isLostAnswer =
    received < member.memberEpoch &&
    received === member.previousMemberEpoch &&
    ownsOnlyAssigned(member, owned);
  if (isLostAnswer) return;
  const difference = received > member.memberEpoch ? 'greater' : 'smaller';
  throw new KafkaError(
    ErrorCode.FENCED_MEMBER_EPOCH,
    `The consumer group member has a ${difference} member epoch (${received}) than the one known by the group coordinator (${member.memberEpoch}). The member must abandon all its partitions and rejoin.`,
  );
}

function ownsOnlyAssigned({ assigned }: ConsumerMember, owned: TopicPartitions | null): boolean {
  if (owned === null) return false;
  for (const [topicId, partitions] of owned) {
    const mine = assigned.get(topicId);
    if (mine === undefined) return false;
    for (const partition of partitions) if (!mine.has(partition)) return false;
  }
  return true;
}

export function heartbeatError(errorCode: number, errorMessage: string | null): ConsumerHeartbeatAnswer {
  return {
    ...{ errorCode, errorMessage, memberId: null, memberEpoch: 0 },
    ...{ heartbeatIntervalMs: 0, assignment: null },
  };
}
