// Owns the rhythm of classic groups: when a rebalance starts, how long members are waited for, when the next generation
// begins, and when a silent member is given up. group-membership.ts brings the requests.
//
// No wait is without end: a group that prepares a rebalance has a join deadline, one whose members owe a SyncGroup has a
// sync deadline, and every member that does not wait for us has a session deadline.

import type { Clock, Logger } from '@moldau/io';
import { ErrorCode } from '@moldau/protocol';
import type { Deadlines } from '../runtime/deadlines.ts';
import type { ShardEffects } from '../runtime/shard-effects.ts';
import {
  type ClassicGroup,
  type ClassicMember,
  joinError,
  NO_ASSIGNMENT,
  syncError,
} from './classic-group.ts';
import type { SyncAnswer } from './group-commands.ts';
import type { GroupConfig } from './group-config.ts';
import { groupMetadataRecord } from './group-records.ts';
import { subscribedTopicsOf } from './subscribed-topics.ts';

export interface RebalancerOptions {
  readonly config: GroupConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deadlines: Deadlines;
  readonly effects: ShardEffects;
}

export class Rebalancer {
  readonly #config: GroupConfig;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #deadlines: Deadlines;
  readonly #effects: ShardEffects;

  constructor(options: RebalancerOptions) {
    this.#config = options.config;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#deadlines = options.deadlines;
    this.#effects = options.effects;
  }

  // Rebalances -----------------------------------------------------------------------------------------------------

  /** Something changed: starts a rebalance, or goes on with the one that is running. */
  rebalance(group: ClassicGroup, reason: string): void {
    if (group.state === 'PreparingRebalance') this.completeJoinWhenAllJoined(group);
    else this.#prepare(group, reason);
  }

  /** After members have left: those who stay share the work anew. */
  afterLeaving(group: ClassicGroup, reason: string): void {
    if (group.state === 'Stable' || group.state === 'CompletingRebalance') this.#prepare(group, reason);
    else this.completeJoinWhenAllJoined(group);
  }

  /** A first rebalance waits for its time in any case. */
  completeJoinWhenAllJoined(group: ClassicGroup): void {
    if (group.state !== 'PreparingRebalance' || group.previousState === 'Empty') return;
    if (group.hasAllMembersJoined) this.#completeJoin(group);
  }

  #prepare(group: ClassicGroup, reason: string): void {
    const { groupId, generationId } = group;
    this.#logger.info({ groupId, generationId, members: group.members.size, reason }, 'A group rebalances');
    if (group.state === 'CompletingRebalance') this.resetAssignments(group, ErrorCode.REBALANCE_IN_PROGRESS);
    this.#cancelSyncDeadline(group);
    const isFirst = group.state === 'Empty';
    group.transitionTo('PreparingRebalance', this.#clock.wallMs());
    if (isFirst) {
      const delayMs = this.#config.initialRebalanceDelayMs;
      this.#waitForMore(group, delayMs, Math.max(group.rebalanceTimeoutMs - delayMs, 0));
    } else if (group.hasAllMembersJoined) {
      this.#completeJoin(group);
    } else {
      this.#completeJoinAfter(group, group.rebalanceTimeoutMs);
    }
  }

  /** Members of a new group tend to come one after the other: each that comes prolongs the wait, up to a limit. */
  #waitForMore(group: ClassicGroup, delayMs: number, remainingMs: number): void {
    group.joinDeadline = this.#deadlines.schedule(this.#clock.monotonicMs() + delayMs, () => {
      if (!group.newMemberAdded || remainingMs === 0) {
        this.#completeJoin(group);
        return;
      }
      group.newMemberAdded = false;
      const nextDelayMs = Math.min(this.#config.initialRebalanceDelayMs, remainingMs);
      this.#waitForMore(group, nextDelayMs, Math.max(remainingMs - delayMs, 0));
    });
  }

  #completeJoinAfter(group: ClassicGroup, delayMs: number): void {
    this.#deadlines.cancel(group.joinDeadline);
    const atMs = this.#clock.monotonicMs() + delayMs;
    group.joinDeadline = this.#deadlines.schedule(atMs, () => this.#completeJoin(group));
  }

  #completeJoin(group: ClassicGroup): void {
    this.#deadlines.cancel(group.joinDeadline);
    group.joinDeadline = null;
    group.newMemberAdded = false;
    for (const member of [...group.members.values()]) {
      if (member.awaitingJoin === null && member.groupInstanceId === null) this.dropMember(group, member);
    }
    if (group.members.size > 0 && !group.electJoinedLeader()) {
      // Only static members are left and none has come back: their sessions decide.
      this.#completeJoinAfter(group, group.rebalanceTimeoutMs);
      return;
    }
    group.startNextGeneration(this.#clock.wallMs());
    group.subscribedTopics = subscribedTopicsOf(group);
    const { groupId, generationId } = group;
    this.#logger.info(
      { groupId, generationId, members: group.members.size },
      'A generation of a group starts',
    );
    if (group.members.size === 0) {
      // Nobody waits for this record; without it the members come back at a restart and are given up once more.
      this.#effects.append([groupMetadataRecord(group, () => NO_ASSIGNMENT)], () => {});
    } else {
      this.#handOutGeneration(group);
    }
  }

  #handOutGeneration(group: ClassicGroup): void {
    for (const member of group.members.values()) group.pendingSync.add(member.memberId);
    const { generationId } = group;
    const atMs = this.#clock.monotonicMs() + group.rebalanceTimeoutMs;
    group.syncDeadline = this.#deadlines.schedule(atMs, () => this.#expirePendingSync(group, generationId));
    for (const member of [...group.members.values()]) {
      member.isNew = false;
      this.renewSession(group, member);
      group.answerJoin(member, group.joinAnswer(member.memberId));
    }
  }

  // Assignments ----------------------------------------------------------------------------------------------------

  /** The member has asked for its assignment, as it owes after each rebalance. */
  noteSync(group: ClassicGroup, member: ClassicMember): void {
    group.pendingSync.delete(member.memberId);
    if (group.pendingSync.size === 0) this.#cancelSyncDeadline(group);
  }

  /** The assignments are in the log: members get to know theirs. */
  completeSync(group: ClassicGroup, assignmentOf: (member: ClassicMember) => Buffer): void {
    group.transitionTo('Stable', this.#clock.wallMs());
    for (const member of group.members.values()) member.assignment = assignmentOf(member);
    for (const member of [...group.members.values()]) {
      this.#answerSync(group, member, assignmentAnswer(group, member));
    }
  }

  /** Whoever waits for an assignment gets an error instead. */
  resetAssignments(group: ClassicGroup, errorCode: number): void {
    for (const member of group.members.values()) member.assignment = NO_ASSIGNMENT;
    for (const member of [...group.members.values()]) this.#answerSync(group, member, syncError(errorCode));
  }

  #answerSync(group: ClassicGroup, member: ClassicMember, answer: SyncAnswer): void {
    // While it waited its session could not end; it counts from now.
    if (group.answerSync(member, answer)) this.renewSession(group, member);
  }

  #expirePendingSync(group: ClassicGroup, generationId: number): void {
    group.syncDeadline = null;
    if (group.generationId !== generationId || group.pendingSync.size === 0) return;
    if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return;
    for (const memberId of [...group.pendingSync]) {
      const member = group.members.get(memberId);
      if (member !== undefined) this.dropMember(group, member);
    }
    this.#prepare(group, 'members did not ask for their assignments');
  }

  #cancelSyncDeadline(group: ClassicGroup): void {
    this.#deadlines.cancel(group.syncDeadline);
    group.syncDeadline = null;
  }

  /** Nothing is waited for any more. */
  stop(group: ClassicGroup): void {
    this.#deadlines.cancel(group.joinDeadline);
    group.joinDeadline = null;
    this.#cancelSyncDeadline(group);
    for (const member of group.members.values()) this.#deadlines.cancel(member.session);
  }

  // Sessions -------------------------------------------------------------------------------------------------------

  /** The member was heard of: from now it may be silent for this long. */
  renewSession(group: ClassicGroup, member: ClassicMember, timeoutMs = member.sessionTimeoutMs): void {
    const atMs = this.#clock.monotonicMs() + timeoutMs;
    member.session =
      member.session?.run == null
        ? this.#deadlines.schedule(atMs, () => this.#expireSession(group, member))
        : this.#deadlines.move(member.session, atMs);
  }

  #expireSession(group: ClassicGroup, member: ClassicMember): void {
    if (group.members.get(member.memberId) !== member) return;
    // It waits for us, not we for it.
    if (!member.isNew && (member.awaitingJoin !== null || member.awaitingSync !== null)) return;
    const { memberId, sessionTimeoutMs } = member;
    this.dropMember(group, member);
    this.afterLeaving(
      group,
      `nothing was heard of member ${memberId} for its session timeout of ${sessionTimeoutMs} ms`,
    );
  }

  /** Out it goes, told so if it is still there to listen. */
  dropMember(group: ClassicGroup, member: ClassicMember): void {
    this.#deadlines.cancel(member.session);
    group.answerJoin(member, joinError(ErrorCode.UNKNOWN_MEMBER_ID, ''));
    group.answerSync(member, syncError(ErrorCode.UNKNOWN_MEMBER_ID));
    group.remove(member.memberId);
  }

  /** A client was given a member id and is to come back with it: else each of its tries would leave a member behind. */
  expectJoin(group: ClassicGroup, memberId: string, timeoutMs: number): void {
    const deadline = this.#deadlines.schedule(this.#clock.monotonicMs() + timeoutMs, () => {
      group.pendingJoin.delete(memberId);
      this.completeJoinWhenAllJoined(group);
    });
    group.pendingJoin.set(memberId, deadline);
  }

  /** It has come back, or will not. */
  endExpectation(group: ClassicGroup, memberId: string): void {
    this.#deadlines.cancel(group.pendingJoin.get(memberId) ?? null);
    group.pendingJoin.delete(memberId);
  }
}

/** What a SyncGroup of a Stable group is answered. */
export function assignmentAnswer(group: ClassicGroup, member: ClassicMember): SyncAnswer {
  const { protocolType, protocolName } = group;
  return { errorCode: ErrorCode.NONE, protocolType, protocolName, assignment: member.assignment };
}
