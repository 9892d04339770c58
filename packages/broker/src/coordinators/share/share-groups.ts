// Owns the share groups of one shard of __consumer_offsets (KIP-932): who is in them and what each member is to read.
// Deterministic: it reads the clock it is given, answers through replies, waits through deadlines and writes through
// effects. What becomes of the topics' share state is in share-group-topics.ts.
//
// Invariants: answered only when committed; a member is given only partitions whose share state is there; a change that
// could not be written is written with the next one, so that the log catches up with what members were told.

import type { Clock, Logger } from '@moldau/io';
import { ErrorCode, type Record } from '@moldau/protocol';
import type { GroupTopics } from '../groups/group-topics.ts';
import { metadataHash } from '../groups/metadata-hash.ts';
import { appendErrorCode } from '../runtime/coordinator-errors.ts';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import type { Deadlines } from '../runtime/deadlines.ts';
import type { ShardEffects } from '../runtime/shard-effects.ts';
import { type Assignment, assignShares } from './share-assignor.ts';
import type { ShareConfig } from './share-config.ts';
import {
  NO_PARTITIONS,
  newShareGroup,
  newShareMember,
  type ShareGroup,
  type ShareMember,
  sameAssignment,
  shareGroupState,
  subscribedNames,
} from './share-group.ts';
import {
  applyShareGroupRecord,
  currentRecord,
  groupEpochRecord,
  memberRecord,
  memberTombstones,
  recordsOf,
  stateTopicsRecord,
  targetEpochRecord,
  targetRecord,
} from './share-group-records.ts';
import { missingStateTopics, ShareGroupTopics, type StateTopics } from './share-group-topics.ts';

export const LEAVING_EPOCH = -1;

const HURRIED_INTERVAL_MS = 100;

export interface ShareGroupsOptions {
  readonly config: ShareConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deadlines: Deadlines;
  readonly effects: ShardEffects;
  readonly topics: GroupTopics;
  /** A group of another type has this id. */
  readonly isTaken: (groupId: string) => boolean;
}

export interface ShareHeartbeat {
  readonly groupId: string;
  readonly memberId: string;
  readonly memberEpoch: number;
  /** Null: as before. */
  readonly rackId: string | null;
  /** Null: as before. */
  readonly subscribedTopicNames: readonly string[] | null;
  readonly clientId: string;
  /** As Kafka prints it: '/127.0.0.1'. */
  readonly clientHost: string;
}

export interface ShareHeartbeatAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null: as before. */
  readonly assignment: Assignment | null;
  /** Topics whose share state is to be made now, for this epoch of the group. */
  readonly toInitialize: { readonly stateEpoch: number; readonly topics: StateTopics } | null;
}

export class ShareGroups {
  readonly groups = new Map<string, ShareGroup>();
  readonly topics: ShareGroupTopics;
  readonly #options: ShareGroupsOptions;

  constructor(options: ShareGroupsOptions) {
    this.#options = options;
    this.topics = new ShareGroupTopics({
      groups: this.groups,
      clock: options.clock,
      topics: options.topics,
      isTaken: options.isTaken,
      write: (group, records, settled) => this.#write(group, records, settled),
      append: (records, settled) => options.effects.append(records, settled),
    });
  }

  /** False for a kind of record that is not a share group's. @throws MalformedError */
  replay(record: Pick<Record, 'key' | 'value'>): boolean {
    return applyShareGroupRecord(this.groups, record, this.#options.clock.wallMs());
  }

  /** After the last record: members have their session timeout from now to be heard of. */
  resume(): void {
    for (const group of this.groups.values()) {
      for (const member of group.members.values()) this.#renewSession(group, member);
    }
  }

  // Members --------------------------------------------------------------------------------------------------------

  /** The request has been checked for what needs no group. */
  heartbeat(request: ShareHeartbeat, reply: (answer: ShareHeartbeatAnswer) => void): void {
    const { groupId, memberId, memberEpoch } = request;
    const known = this.groups.get(groupId);
    if (known === undefined && (memberEpoch !== 0 || this.#options.isTaken(groupId))) {
      const what = this.#options.isTaken(groupId)
        ? `Group ${groupId} is not a share group.`
        : `Share group ${groupId} not found.`;
      reply(refusal(ErrorCode.GROUP_ID_NOT_FOUND, what));
      return;
    }
    const group = known ?? newShareGroup(groupId);
    const member = group.members.get(memberId);
    if (memberEpoch === LEAVING_EPOCH) {
      this.#leave(group, member, request, reply);
      return;
    }
    const error = this.#memberError(group, member, request);
    if (error !== undefined) {
      reply(error);
      return;
    }
    if (known === undefined) this.groups.set(groupId, group);
    this.#join(group, member ?? newShareMember(memberId), request, reply);
  }

  #memberError(
    group: ShareGroup,
    member: ShareMember | undefined,
    { memberId, memberEpoch }: ShareHeartbeat,
  ): ShareHeartbeatAnswer | undefined {
    const { maxSize } = this.#options.config;
    if (member === undefined && group.members.size >= maxSize) {
      const message = `The share group has reached its maximum capacity of ${maxSize} members.`;
      return refusal(ErrorCode.GROUP_MAX_SIZE_REACHED, message);
    }
    if (memberEpoch === 0) return undefined;
    if (member === undefined) return unknownMember(group.groupId, memberId);
    if (memberEpoch > member.memberEpoch) {
      const message = `The share group member has a greater member epoch (${memberEpoch}) than the one known by the group coordinator (${member.memberEpoch}). The member must abandon all its partitions and rejoin.`;
      return refusal(ErrorCode.FENCED_MEMBER_EPOCH, message);
    }
    if (memberEpoch < member.memberEpoch && memberEpoch !== member.previousMemberEpoch) {
      const message = `The share group member has a smaller member epoch (${memberEpoch}) than the one known by the group coordinator (${member.memberEpoch}), and it does not match the previous member epoch (${member.previousMemberEpoch}). The member must abandon all its partitions and rejoin.`;
      return refusal(ErrorCode.FENCED_MEMBER_EPOCH, message);
    }
    return undefined;
  }

  #join(
    group: ShareGroup,
    member: ShareMember,
    request: ShareHeartbeat,
    reply: (answer: ShareHeartbeatAnswer) => void,
  ): void {
    const records: CoordinatorRecord[] = [];
    const isPending = group.assignmentEpoch >= group.groupEpoch && this.#hasUnassigned(group);
    const isResubscribed = this.#updateMember(group, member, request, records);
    const isRaised = this.#raiseEpoch(group, isResubscribed || isPending, records);
    const target = this.#assign(group, member, records);
    const assignedBefore = member.assigned;
    this.#reconcile(group, member, target, isRaised, records);
    this.#renewSession(group, member);
    const toInitialize = this.#startInitializing(group, records);
    const isWanted =
      request.memberEpoch === 0 ||
      request.subscribedTopicNames !== null ||
      !sameAssignment(assignedBefore, member.assigned);
    const answer = {
      ...{
        errorCode: ErrorCode.NONE,
        errorMessage: null,
        memberId: member.memberId,
        memberEpoch: member.memberEpoch,
      },
      heartbeatIntervalMs: this.#heartbeatIntervalMs(group),
      assignment: isWanted ? member.assigned : null,
      toInitialize,
    };
    this.#write(group, records, (errorCode) => {
      reply(errorCode === ErrorCode.NONE ? answer : refusal(errorCode, 'The group could not be written.'));
    });
  }

  /** True when the member is now subscribed to something else. */
  #updateMember(
    group: ShareGroup,
    member: ShareMember,
    request: ShareHeartbeat,
    records: CoordinatorRecord[],
  ): boolean {
    const { clientId, clientHost } = request;
    const rackId = request.rackId ?? member.rackId;
    const names =
      request.subscribedTopicNames === null
        ? member.subscribedTopicNames
        : [...new Set(request.subscribedTopicNames)].sort();
    const isResubscribed =
      names.length !== member.subscribedTopicNames.length ||
      names.some((name, index) => name !== member.subscribedTopicNames[index]);
    const isNew = !group.members.has(member.memberId);
    group.members.set(member.memberId, member);
    const isChanged =
      clientId !== member.clientId || clientHost !== member.clientHost || rackId !== member.rackId;
    if (!isNew && !isChanged && !isResubscribed) return false;
    Object.assign(member, { rackId, clientId, clientHost, subscribedTopicNames: names });
    records.push(memberRecord(group.groupId, member));
    return isResubscribed;
  }

  #raiseEpoch(group: ShareGroup, isNeeded: boolean, records: CoordinatorRecord[]): boolean {
    const topics = this.#options.topics;
    const hash = metadataHash(subscribedNames(group.members.values()), topics);
    if (!isNeeded && hash === group.metadataHash) return false;
    group.groupEpoch++;
    group.metadataHash = hash;
    records.push(groupEpochRecord(group));
    return true;
  }

  /** Share state is there of partitions that nobody is to read yet. */
  #hasUnassigned(group: ShareGroup): boolean {
    if (group.members.size === 0 || group.topics === null) return false;
    const names = subscribedNames(group.members.values());
    const assigned = new Map<string, Set<number>>();
    for (const target of group.target.values()) {
      for (const [topicId, partitions] of target) {
        const all = assigned.get(topicId) ?? new Set<number>();
        for (const partition of partitions) all.add(partition);
        assigned.set(topicId, all);
      }
    }
    for (const [topicId, { name, partitions }] of group.topics.initialized) {
      if (!names.has(name)) continue;
      const all = assigned.get(topicId);
      if (all === undefined || all.size !== partitions.size) return true;
      for (const partition of partitions) if (!all.has(partition)) return true;
    }
    return false;
  }

  /** What the member is to have: computed anew for a new epoch, but not more often than the interval allows. */
  #assign(group: ShareGroup, member: ShareMember, records: CoordinatorRecord[]): Assignment {
    const { config, clock } = this.#options;
    const { assignmentIntervalMs } = config.of(group.groupId);
    const nowMs = clock.wallMs();
    // What assigns nothing, before there is share state, is no reason to wait.
    const isAnyAssigned = [...group.target.values()].some(({ size }) => size > 0);
    const isTooEarly =
      isAnyAssigned &&
      assignmentIntervalMs > 0 &&
      nowMs >= group.assignmentTimestampMs &&
      nowMs < group.assignmentTimestampMs + assignmentIntervalMs;
    if (group.assignmentEpoch < group.groupEpoch && !isTooEarly) this.#computeTarget(group, nowMs, records);
    return group.target.get(member.memberId) ?? NO_PARTITIONS;
  }

  #computeTarget(group: ShareGroup, nowMs: number, records: CoordinatorRecord[]): void {
    const topics = this.#options.topics;
    const members = Array.from(group.members.values(), (member) => ({
      memberId: member.memberId,
      topicIds: new Set(member.subscribedTopicNames.flatMap((name) => topics.byName(name)?.id ?? [])),
      assignment: group.target.get(member.memberId) ?? NO_PARTITIONS,
    }));
    const ready = Array.from(
      group.topics?.initialized ?? [],
      ([topicId, { partitions }]) => [topicId, partitions] as const,
    );
    for (const [memberId, target] of assignShares(members, new Map(ready))) {
      const before = group.target.get(memberId);
      if (before !== undefined && sameAssignment(before, target)) continue;
      group.target.set(memberId, target);
      records.push(targetRecord(group.groupId, memberId, target));
    }
    group.assignmentEpoch = group.groupEpoch;
    group.assignmentTimestampMs = nowMs;
    records.push(targetEpochRecord(group));
  }

  #reconcile(
    group: ShareGroup,
    member: ShareMember,
    target: Assignment,
    isRaised: boolean,
    records: CoordinatorRecord[],
  ): void {
    const isCurrent = member.memberEpoch === group.assignmentEpoch;
    if (isCurrent && !isRaised) return;
    const topics = this.#options.topics;
    const topicIds = new Set(member.subscribedTopicNames.map((name) => topics.byName(name)?.id));
    const assigned = new Map([...target].filter(([topicId]) => topicIds.has(topicId)));
    if (isCurrent && sameAssignment(assigned, member.assigned)) return;
    if (!isCurrent) {
      member.previousMemberEpoch = member.memberEpoch;
      member.memberEpoch = group.assignmentEpoch;
    }
    member.assigned = assigned;
    records.push(currentRecord(group.groupId, member));
  }

  /** While there is more to come for it, a member is asked to come again soon: Kafka's wait for their next heartbeat. */
  #heartbeatIntervalMs(group: ShareGroup): number {
    const { heartbeatIntervalMs } = this.#options.config.of(group.groupId);
    const isChanging = (group.topics?.initializing.size ?? 0) > 0 || group.assignmentEpoch < group.groupEpoch;
    return isChanging ? Math.min(heartbeatIntervalMs, HURRIED_INTERVAL_MS) : heartbeatIntervalMs;
  }

  #startInitializing(group: ShareGroup, records: CoordinatorRecord[]): ShareHeartbeatAnswer['toInitialize'] {
    const topics = missingStateTopics(
      group,
      subscribedNames(group.members.values()),
      this.#options.topics,
      this.#options.clock.wallMs(),
    );
    if (topics.size === 0) return null;
    records.push(stateTopicsRecord(group.groupId, this.topics.begin(group, topics)));
    return { stateEpoch: group.groupEpoch, topics };
  }

  #leave(
    group: ShareGroup,
    member: ShareMember | undefined,
    { memberId, memberEpoch }: ShareHeartbeat,
    reply: (answer: ShareHeartbeatAnswer) => void,
  ): void {
    if (member === undefined) {
      reply(unknownMember(group.groupId, memberId));
      return;
    }
    const left = { ...refusal(ErrorCode.NONE, null), memberId, memberEpoch };
    this.#removeMember(group, member, (errorCode) => {
      reply(errorCode === ErrorCode.NONE ? left : refusal(errorCode, 'The group could not be written.'));
    });
  }

  #removeMember(group: ShareGroup, member: ShareMember, settled: (errorCode: number) => void): void {
    const { memberId } = member;
    this.#options.deadlines.cancel(member.session);
    group.members.delete(memberId);
    group.target.delete(memberId);
    const topics = this.#options.topics;
    group.groupEpoch++;
    group.metadataHash = metadataHash(subscribedNames(group.members.values()), topics);
    this.#write(group, [...memberTombstones(group.groupId, memberId), groupEpochRecord(group)], settled);
  }

  #renewSession(group: ShareGroup, member: ShareMember): void {
    const { deadlines, clock, config, logger } = this.#options;
    const atMs = clock.monotonicMs() + config.of(group.groupId).sessionTimeoutMs;
    if (member.session?.run != null) {
      member.session = deadlines.move(member.session, atMs);
      return;
    }
    member.session = deadlines.schedule(atMs, () => {
      if (group.members.get(member.memberId) !== member) return;
      const { groupId } = group;
      logger.info(
        { groupId, memberId: member.memberId },
        'A member of a share group was not heard of and is removed',
      );
      this.#removeMember(group, member, () => {});
    });
  }

  // Groups ---------------------------------------------------------------------------------------------------------

  list(): { groupId: string; protocolType: string; groupState: string; groupType: string }[] {
    return Array.from(this.groups.values(), (group) => ({
      ...{
        groupId: group.groupId,
        protocolType: 'share',
        groupState: shareGroupState(group),
        groupType: 'share',
      },
    }));
  }

  #write(
    group: ShareGroup,
    records: readonly CoordinatorRecord[],
    settled: (errorCode: number) => void,
  ): void {
    const all = group.isUnwritten && records.length > 0 ? [...records, ...recordsOf(group)] : records;
    group.isUnwritten &&= records.length === 0;
    this.#options.effects.append(all, (error) => {
      if (error !== null) group.isUnwritten = true;
      settled(error === null ? ErrorCode.NONE : appendErrorCode(error));
    });
  }
}

function refusal(errorCode: number, errorMessage: string | null): ShareHeartbeatAnswer {
  return {
    ...{ errorCode, errorMessage, memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0 },
    ...{ assignment: null, toInitialize: null },
  };
}

function unknownMember(groupId: string, memberId: string): ShareHeartbeatAnswer {
  return refusal(ErrorCode.UNKNOWN_MEMBER_ID, `Member ${memberId} is not a member of group ${groupId}.`);
}
