// Owns the groups of a shard and the requests of their members: JoinGroup, SyncGroup, Heartbeat, LeaveGroup.
// A deterministic state machine: it reads the clock it is given, answers through replies, waits through deadlines
// (rebalancer.ts) and writes through effects.
//
// A generation starts when every member has joined (or has been waited for long enough) and becomes Stable when the
// leader's assignment is committed in the log. Only then do members get it, so what a member works on survives a crash.

import type { Clock, Logger } from '@moldau/io';
import { ErrorCode, type KafkaError } from '@moldau/protocol';
import { appendErrorCode } from '../runtime/coordinator-errors.ts';
import type { Deadlines } from '../runtime/deadlines.ts';
import type { ShardEffects } from '../runtime/shard-effects.ts';
import {
  ClassicGroup,
  type ClassicMember,
  joinError,
  NO_ASSIGNMENT,
  sameProtocols,
  syncError,
} from './classic-group.ts';
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
import type { GroupConfig } from './group-config.ts';
import { groupMetadataRecord, ownedCopy, type StoredGroup } from './group-records.ts';
import { assignmentAnswer, Rebalancer } from './rebalancer.ts';
import { subscribedTopicsOf } from './subscribed-topics.ts';

/** How long a member that was never answered, and so cannot send heartbeats, may wait for its first rebalance. */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60_000;
/** The first version whose clients come back with a member id they were given. */
const VERSION_WITH_KNOWN_MEMBER_ID = 4;
/** The first version in which a leader can be told to assign nothing. */
const VERSION_WITH_SKIP_ASSIGNMENT = 9;

export interface GroupMembershipOptions {
  readonly config: GroupConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deadlines: Deadlines;
  readonly effects: ShardEffects;
  /** A member id that nobody has, starting with this prefix. */
  readonly newMemberId: (prefix: string) => string;
}

export class GroupMembership {
  readonly groups = new Map<string, ClassicGroup>();
  readonly #options: GroupMembershipOptions;
  readonly #rebalancer: Rebalancer;

  constructor(options: GroupMembershipOptions) {
    this.#options = options;
    this.#rebalancer = new Rebalancer(options);
  }

  // Groups ---------------------------------------------------------------------------------------------------------

  getOrCreate(groupId: string): ClassicGroup {
    const existing = this.groups.get(groupId);
    if (existing !== undefined) return existing;
    const group = new ClassicGroup({
      groupId,
      state: 'Empty',
      stateSinceMs: this.#options.clock.wallMs(),
      generationId: 0,
      protocolType: null,
      protocolName: null,
      leaderId: null,
    });
    this.groups.set(groupId, group);
    return group;
  }

  /** Puts a group in place as the log has it: Stable when it has members. Sessions start with `resume`. */
  restore(groupId: string, stored: StoredGroup | null): void {
    this.groups.delete(groupId);
    if (stored === null) return;
    const group = new ClassicGroup({
      groupId,
      state: stored.members.length === 0 ? 'Empty' : 'Stable',
      stateSinceMs: stored.stateSinceMs,
      generationId: stored.generationId,
      protocolType: stored.protocolType,
      protocolName: stored.protocolName,
      leaderId: stored.leaderId,
    });
    for (const { subscription, ...member } of stored.members) {
      const protocols = [{ name: stored.protocolName ?? '', metadata: subscription }];
      group.add(
        { ...member, protocols, isNew: false, awaitingJoin: null, awaitingSync: null, session: null },
        stored.protocolType,
      );
    }
    group.subscribedTopics = subscribedTopicsOf(group);
    this.groups.set(groupId, group);
  }

  /** After everything has been restored: members have their session timeout from now to be heard of. */
  resume(): void {
    for (const group of this.groups.values()) {
      for (const member of group.members.values()) this.#rebalancer.renewSession(group, member);
      if (group.members.size > this.#options.config.maxSize) {
        this.#rebalancer.rebalance(group, 'it has more members than group.max.size allows');
      }
    }
  }

  /** Takes an Empty group away; the caller writes its tombstones. */
  remove(group: ClassicGroup): void {
    for (const memberId of [...group.pendingJoin.keys()]) this.#rebalancer.endExpectation(group, memberId);
    this.groups.delete(group.groupId);
    group.transitionTo('Dead', this.#options.clock.wallMs());
  }

  /** Undoes `remove` when the tombstones were not written, unless the id has been taken since. */
  putBack(group: ClassicGroup): void {
    if (this.groups.has(group.groupId)) return;
    group.transitionTo('Empty', this.#options.clock.wallMs());
    this.groups.set(group.groupId, group);
  }

  /** The group goes on in another protocol: it waits for nothing any more, and who waits for it joins again. */
  dissolve(group: ClassicGroup): void {
    for (const memberId of [...group.pendingJoin.keys()]) this.#rebalancer.endExpectation(group, memberId);
    this.#rebalancer.stop(group);
    for (const member of group.members.values()) {
      group.answerJoin(member, joinError(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId));
      group.answerSync(member, syncError(ErrorCode.REBALANCE_IN_PROGRESS));
    }
    this.groups.delete(group.groupId);
    group.transitionTo('Dead', this.#options.clock.wallMs());
  }

  /** Takes over a group from another protocol; the caller writes its record. It rebalances when a reason is given. */
  adopt(group: ClassicGroup, rebalanceReason: string | null): void {
    this.groups.set(group.groupId, group);
    for (const member of group.members.values()) this.#rebalancer.renewSession(group, member);
    if (rebalanceReason !== null) this.#rebalancer.rebalance(group, rebalanceReason);
  }

  /** Answers all that waits with an error that sends clients to look for the coordinator again. */
  abandon(errorCode: number): void {
    for (const group of this.groups.values()) {
      for (const member of group.members.values()) {
        group.answerJoin(member, joinError(errorCode, member.memberId));
        group.answerSync(member, syncError(errorCode));
      }
    }
  }

  // JoinGroup ------------------------------------------------------------------------------------------------------

  join(command: JoinCommand, caller: GroupCaller, reply: Reply<JoinAnswer>): void {
    const { groupId, memberId, protocolType, protocols } = command;
    const existing = this.groups.get(groupId);
    if (existing === undefined && memberId !== '') {
      reply(joinError(ErrorCode.UNKNOWN_MEMBER_ID, memberId));
      return;
    }
    if (existing === undefined && (protocolType === '' || protocols.length === 0)) {
      reply(joinError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, memberId));
      return;
    }
    const group = existing ?? this.getOrCreate(groupId);
    if (!this.#hasRoomFor(group, memberId)) {
      this.#turnAway(group, memberId);
      reply(joinError(ErrorCode.GROUP_MAX_SIZE_REACHED, ''));
      return;
    }
    if (!group.supportsProtocols(protocolType, protocols)) {
      reply(joinError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, memberId));
      return;
    }
    if (memberId === '') this.#joinNewMember(group, command, caller, reply);
    else this.#joinKnownMember(group, command, caller, reply);
  }

  /** Counts those who wait while a rebalance is on, because the others are about to be thrown out. */
  #hasRoomFor(group: ClassicGroup, memberId: string): boolean {
    const { maxSize } = this.#options.config;
    if (group.state === 'Empty') return true;
    if (group.state === 'PreparingRebalance') {
      return group.members.get(memberId)?.awaitingJoin != null || group.awaitingJoinCount < maxSize;
    }
    return group.members.has(memberId) || group.members.size < maxSize;
  }

  #turnAway(group: ClassicGroup, memberId: string): void {
    const member = group.members.get(memberId);
    if (member !== undefined) this.#rebalancer.dropMember(group, member);
    this.#rebalancer.endExpectation(group, memberId);
    this.#rebalancer.completeJoinWhenAllJoined(group);
  }

  #joinNewMember(
    group: ClassicGroup,
    command: JoinCommand,
    caller: GroupCaller,
    reply: Reply<JoinAnswer>,
  ): void {
    const { groupInstanceId } = command;
    const memberId = this.#options.newMemberId(groupInstanceId ?? caller.clientId ?? '');
    if (groupInstanceId !== null) {
      const holder = group.members.get(group.staticMembers.get(groupInstanceId) ?? '');
      if (holder === undefined) this.#addMember(group, memberId, command, caller, reply);
      else this.#replaceStaticMember(group, holder, memberId, command, caller, reply);
    } else if (caller.apiVersion < VERSION_WITH_KNOWN_MEMBER_ID) {
      this.#addMember(group, memberId, command, caller, reply);
    } else {
      this.#rebalancer.expectJoin(group, memberId, command.sessionTimeoutMs);
      reply(joinError(ErrorCode.MEMBER_ID_REQUIRED, memberId));
    }
  }

  #joinKnownMember(
    group: ClassicGroup,
    command: JoinCommand,
    caller: GroupCaller,
    reply: Reply<JoinAnswer>,
  ): void {
    const { memberId, groupInstanceId } = command;
    if (group.pendingJoin.has(memberId) && groupInstanceId === null) {
      this.#rebalancer.endExpectation(group, memberId);
      this.#addMember(group, memberId, command, caller, reply);
      return;
    }
    const errorCode = group.memberError(memberId, groupInstanceId);
    if (errorCode !== ErrorCode.NONE) {
      reply(joinError(errorCode, memberId));
      return;
    }
    const member = group.members.get(memberId)!;
    const reason = rebalanceReason(group, member, command);
    if (reason === null) {
      // It has probably missed the answer to its last JoinGroup: give it again.
      reply(group.joinAnswer(memberId));
      return;
    }
    updateMember(group, member, command);
    group.awaitJoin(member, reply);
    this.#rebalancer.rebalance(group, reason);
  }

  #addMember(
    group: ClassicGroup,
    memberId: string,
    command: JoinCommand,
    caller: GroupCaller,
    reply: Reply<JoinAnswer>,
  ): void {
    const member: ClassicMember = {
      memberId,
      groupInstanceId: command.groupInstanceId,
      clientId: caller.clientId ?? '',
      clientHost: caller.clientHost,
      rebalanceTimeoutMs: rebalanceTimeoutOf(command),
      sessionTimeoutMs: command.sessionTimeoutMs,
      protocols: ownedProtocols(command),
      assignment: NO_ASSIGNMENT,
      isNew: true,
      awaitingJoin: reply,
      awaitingSync: null,
      session: null,
    };
    if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') group.newMemberAdded = true;
    group.add(member, command.protocolType);
    this.#rebalancer.renewSession(group, member, NEW_MEMBER_JOIN_TIMEOUT_MS);
    this.#rebalancer.rebalance(group, `member ${memberId} joins${because(command.reason)}`);
  }

  /** A static member has restarted: it takes the place of its former self, with no rebalance when nothing else changed. */
  #replaceStaticMember(
    group: ClassicGroup,
    member: ClassicMember,
    memberId: string,
    command: JoinCommand,
    caller: GroupCaller,
    reply: Reply<JoinAnswer>,
  ): void {
    const former = { ...member };
    group.answerJoin(member, joinError(ErrorCode.FENCED_INSTANCE_ID, member.memberId));
    group.answerSync(member, syncError(ErrorCode.FENCED_INSTANCE_ID));
    group.rename(member, memberId);
    updateMember(group, member, command);
    member.clientId = caller.clientId ?? '';
    member.clientHost = caller.clientHost;
    group.awaitJoin(member, reply);
    this.#rebalancer.renewSession(group, member);

    // Between JoinGroup and SyncGroup the leader may have been told of the old id, and would assign nothing to the new.
    if (group.state !== 'Stable' || group.selectProtocol() !== group.protocolName) {
      const reason = `static member ${command.groupInstanceId} came back as ${memberId}${because(command.reason)}`;
      this.#rebalancer.rebalance(group, reason);
      return;
    }
    const record = groupMetadataRecord(group, ({ assignment }) => assignment);
    this.#options.effects.append([record], (error) => {
      if (group.members.get(memberId) !== member) return;
      if (error !== null) this.#undoReplacement(group, member, former, error);
      else if (group.state === 'Stable') {
        group.answerJoin(member, replacementAnswer(group, memberId, former.memberId, caller.apiVersion));
      }
    });
  }

  #undoReplacement(
    group: ClassicGroup,
    member: ClassicMember,
    former: ClassicMember,
    error: KafkaError,
  ): void {
    group.answerJoin(member, joinError(appendErrorCode(error), ''));
    group.rename(member, former.memberId);
    group.setProtocols(member, former.protocols);
    member.rebalanceTimeoutMs = former.rebalanceTimeoutMs;
    member.sessionTimeoutMs = former.sessionTimeoutMs;
    member.clientId = former.clientId;
    member.clientHost = former.clientHost;
    this.#rebalancer.renewSession(group, member);
  }

  // SyncGroup ------------------------------------------------------------------------------------------------------

  sync(command: SyncCommand, reply: Reply<SyncAnswer>): void {
    const group = this.groups.get(command.groupId);
    const errorCode = syncErrorOf(group, command);
    if (group === undefined || errorCode !== ErrorCode.NONE) {
      reply(syncError(errorCode));
      return;
    }
    const member = group.members.get(command.memberId)!;
    this.#rebalancer.noteSync(group, member);
    if (group.state === 'Stable') {
      this.#rebalancer.renewSession(group, member);
      reply(assignmentAnswer(group, member));
      return;
    }
    group.awaitSync(member, reply);
    if (group.isLeader(member.memberId)) this.#storeAssignments(group, command);
  }

  #storeAssignments(group: ClassicGroup, command: SyncCommand): void {
    const assignments = new Map<string, Buffer>();
    for (const { memberId, assignment } of command.assignments)
      assignments.set(memberId, ownedCopy(assignment));
    const assignmentOf = ({ memberId }: ClassicMember) => assignments.get(memberId) ?? NO_ASSIGNMENT;
    const { generationId } = group;
    this.#options.effects.append([groupMetadataRecord(group, assignmentOf)], (error) => {
      // Another member may have come meanwhile; then this assignment is void.
      if (group.state !== 'CompletingRebalance' || group.generationId !== generationId) return;
      if (error === null) {
        this.#rebalancer.completeSync(group, assignmentOf);
      } else {
        this.#rebalancer.resetAssignments(group, appendErrorCode(error));
        this.#rebalancer.rebalance(group, 'its assignments could not be written');
      }
    });
  }

  // Heartbeat ------------------------------------------------------------------------------------------------------

  /** Returns the error code. */
  heartbeat(command: HeartbeatCommand): number {
    const group = this.groups.get(command.groupId);
    if (group === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
    const errorCode = group.memberError(command.memberId, command.groupInstanceId);
    if (errorCode !== ErrorCode.NONE) return errorCode;
    if (command.generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION;
    this.#rebalancer.renewSession(group, group.members.get(command.memberId)!);
    return group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
  }

  /** A commit shows that the member is alive, as a heartbeat does. */
  noteCommit(group: ClassicGroup, memberId: string): void {
    const member = group.members.get(memberId);
    if (member !== undefined) this.#rebalancer.renewSession(group, member);
  }

  // LeaveGroup -----------------------------------------------------------------------------------------------------

  leave(command: LeaveCommand, reply: Reply<LeaveAnswer>): void {
    const group = this.groups.get(command.groupId);
    if (group === undefined) {
      const members = command.members.map(({ memberId, groupInstanceId }) => ({
        memberId,
        groupInstanceId,
        errorCode: ErrorCode.UNKNOWN_MEMBER_ID,
      }));
      reply({ errorCode: ErrorCode.NONE, members });
      return;
    }
    const reasons: string[] = [];
    const members = command.members.map(({ memberId, groupInstanceId, reason }) => {
      const errorCode = this.#leaveOne(group, memberId, groupInstanceId);
      if (errorCode === ErrorCode.NONE)
        reasons.push(`${groupInstanceId ?? memberId} leaves${because(reason)}`);
      return { memberId, groupInstanceId, errorCode };
    });
    if (reasons.length > 0) this.#rebalancer.afterLeaving(group, reasons.join(', '));
    if (reasons.length === 0 || group.state !== 'Empty') {
      reply({ errorCode: ErrorCode.NONE, members });
      return;
    }
    // The last one out waits until the log knows that the group is empty, or a crash would bring its members back.
    this.#options.effects.append([], (error) => {
      if (error === null) reply({ errorCode: ErrorCode.NONE, members });
      else reply({ errorCode: appendErrorCode(error), members: [] });
    });
  }

  #leaveOne(group: ClassicGroup, memberId: string, groupInstanceId: string | null): number {
    if (group.pendingJoin.has(memberId)) {
      this.#rebalancer.endExpectation(group, memberId);
      return ErrorCode.NONE;
    }
    // An administrator removes a static member by its name alone.
    const id = memberId === '' ? (group.staticMembers.get(groupInstanceId ?? '') ?? '') : memberId;
    const errorCode = group.memberError(id, groupInstanceId);
    if (errorCode === ErrorCode.NONE) this.#rebalancer.dropMember(group, group.members.get(id)!);
    return errorCode;
  }
}

/** Why this JoinGroup of a member starts a rebalance; null when it does not. */
function rebalanceReason(group: ClassicGroup, member: ClassicMember, command: JoinCommand): string | null {
  const { memberId } = member;
  if (group.state === 'PreparingRebalance') return `member ${memberId} rejoins${because(command.reason)}`;
  // The leader joins anew when something changed that members do not say, such as the number of partitions.
  if (group.state === 'Stable' && group.isLeader(memberId)) {
    return `its leader ${memberId} rejoins${because(command.reason)}`;
  }
  if (sameProtocols(member.protocols, command.protocols)) return null;
  return `member ${memberId} changes its subscription${because(command.reason)}`;
}

function because(reason: string | null): string {
  return reason === null || reason === '' ? '' : ` (${reason})`;
}

function replacementAnswer(
  group: ClassicGroup,
  memberId: string,
  formerId: string,
  apiVersion: number,
): JoinAnswer {
  const answer = group.joinAnswer(memberId);
  if (!group.isLeader(memberId)) return answer;
  if (apiVersion >= VERSION_WITH_SKIP_ASSIGNMENT) return { ...answer, skipAssignment: true };
  // Older clients assign when they find themselves the leader, which nobody would listen to: name their former self.
  return { ...answer, members: [], leader: formerId };
}

function updateMember(group: ClassicGroup, member: ClassicMember, command: JoinCommand): void {
  group.setProtocols(member, ownedProtocols(command));
  member.rebalanceTimeoutMs = rebalanceTimeoutOf(command);
  member.sessionTimeoutMs = command.sessionTimeoutMs;
}

function syncErrorOf(group: ClassicGroup | undefined, command: SyncCommand): number {
  if (group === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
  const memberError = group.memberError(command.memberId, command.groupInstanceId);
  if (memberError !== ErrorCode.NONE) return memberError;
  if (command.generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION;
  const { protocolType, protocolName } = command;
  if (
    (protocolType !== null && protocolType !== group.protocolType) ||
    (protocolName !== null && protocolName !== group.protocolName)
  ) {
    return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
  }
  return group.state === 'PreparingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}

function rebalanceTimeoutOf(command: JoinCommand): number {
  return command.rebalanceTimeoutMs === -1 ? command.sessionTimeoutMs : command.rebalanceTimeoutMs;
}

/** Requests are views of a frame that should not outlive its answer. */
function ownedProtocols(command: JoinCommand): ClassicMember['protocols'] {
  return command.protocols.map(({ name, metadata }) => ({ name, metadata: ownedCopy(metadata) }));
}
