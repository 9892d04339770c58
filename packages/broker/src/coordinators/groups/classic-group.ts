// Owns the membership of one classic group: who is in it, which protocols they share, who leads, and who still owes a
// JoinGroup or a SyncGroup. Decides nothing about when to rebalance: group-membership.ts does.
//
// Invariants: a group with members has a leader, who is one of them; supportedProtocols counts, for each protocol, the
// members that know it; awaitingJoinCount is the number of members with a JoinGroup waiting; staticMembers maps each
// group.instance.id to the one member that holds it.

import assert from 'node:assert';
import { ErrorCode } from '@moldau/protocol';
import type { Deadline } from '../runtime/deadlines.ts';
import type { JoinAnswer, MemberProtocol, Reply, SyncAnswer } from './group-commands.ts';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

export const CONSUMER_PROTOCOL_TYPE = 'consumer';
export const NO_GENERATION = -1;
export const NO_ASSIGNMENT = Buffer.alloc(0);

export interface ClassicMember {
  memberId: string;
  groupInstanceId: string | null;
  clientId: string;
  clientHost: string;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  /** In order of preference. */
  protocols: readonly MemberProtocol[];
  assignment: Buffer;
  /** True until its first rebalance completes: it does not know its member id yet, so it cannot send heartbeats. */
  isNew: boolean;
  awaitingJoin: Reply<JoinAnswer> | null;
  awaitingSync: Reply<SyncAnswer> | null;
  session: Deadline | null;
}

export interface ClassicGroupStart {
  groupId: string;
  state: GroupState;
  /** Wall milliseconds; -1 when the log does not say. */
  stateSinceMs: number;
  generationId: number;
  protocolType: string | null;
  protocolName: string | null;
  leaderId: string | null;
}

export class ClassicGroup {
  readonly groupId: string;
  state: GroupState;
  previousState: GroupState;
  stateSinceMs: number;
  generationId: number;
  protocolType: string | null;
  protocolName: string | null;
  leaderId: string | null;
  readonly members = new Map<string, ClassicMember>();
  readonly staticMembers = new Map<string, string>();
  /** Member ids that were given out and have not joined with them yet. */
  readonly pendingJoin = new Map<string, Deadline>();
  /** Members of this generation that have not asked for their assignment yet. */
  readonly pendingSync = new Set<string>();
  awaitingJoinCount = 0;
  /** A member came while the first rebalance was waiting for more. */
  newMemberAdded = false;
  joinDeadline: Deadline | null = null;
  syncDeadline: Deadline | null = null;
  /** Commits appended and not settled: as long as there are any, offsets of the group do not expire. */
  pendingCommits = 0;
  /** Topics that members consume; null when unknown, or not a group of consumers. */
  subscribedTopics: ReadonlySet<string> | null = null;
  readonly #supportedProtocols = new Map<string, number>();

  constructor(start: ClassicGroupStart) {
    this.groupId = start.groupId;
    this.state = start.state;
    this.previousState = start.state;
    this.stateSinceMs = start.stateSinceMs;
    this.generationId = start.generationId;
    this.protocolType = start.protocolType;
    this.protocolName = start.protocolName;
    this.leaderId = start.leaderId;
  }

  transitionTo(state: GroupState, wallMs: number): void {
    this.previousState = this.state;
    this.state = state;
    this.stateSinceMs = wallMs;
  }

  /** The longest that any member wants to be waited for. */
  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const member of this.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs);
    return longest;
  }

  get hasAllMembersJoined(): boolean {
    return this.awaitingJoinCount === this.members.size && this.pendingJoin.size === 0;
  }

  get usesConsumerProtocol(): boolean {
    return this.protocolType === CONSUMER_PROTOCOL_TYPE;
  }

  isLeader(memberId: string): boolean {
    return this.leaderId === memberId;
  }

  /** The error a member is answered that does not belong here, or is not the one it says it is. */
  memberError(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const holder = this.staticMembers.get(groupInstanceId);
      if (holder === undefined) return ErrorCode.UNKNOWN_MEMBER_ID;
      if (holder !== memberId) return ErrorCode.FENCED_INSTANCE_ID;
    }
    return this.members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
  }

  add(member: ClassicMember, protocolType: string | null): void {
    if (this.members.size === 0) this.protocolType = protocolType;
    this.leaderId ??= member.memberId;
    this.members.set(member.memberId, member);
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, member.memberId);
    if (member.awaitingJoin !== null) this.awaitingJoinCount++;
    this.#countProtocols(member, 1);
  }

  /** Returns the member that is gone. Who waits for its answers must have been told before. */
  remove(memberId: string): ClassicMember | undefined {
    this.pendingSync.delete(memberId);
    const member = this.members.get(memberId);
    if (member === undefined) return undefined;
    this.members.delete(memberId);
    this.#countProtocols(member, -1);
    if (member.awaitingJoin !== null) this.awaitingJoinCount--;
    if (member.groupInstanceId !== null) this.staticMembers.delete(member.groupInstanceId);
    if (this.leaderId === memberId) this.leaderId = this.members.keys().next().value ?? null;
    return member;
  }

  /** The same static member under another id: it keeps its place, its assignment and the lead. */
  rename(member: ClassicMember, memberId: string): void {
    assert(member.groupInstanceId !== null);
    const wasLeader = this.leaderId === member.memberId;
    this.members.delete(member.memberId);
    this.pendingSync.delete(member.memberId);
    member.memberId = memberId;
    this.members.set(memberId, member);
    this.staticMembers.set(member.groupInstanceId, memberId);
    if (wasLeader) this.leaderId = memberId;
  }

  setProtocols(member: ClassicMember, protocols: readonly MemberProtocol[]): void {
    this.#countProtocols(member, -1);
    member.protocols = protocols;
    this.#countProtocols(member, 1);
  }

  /** A member waits with one JoinGroup at a time: an older one is told to come again. */
  awaitJoin(member: ClassicMember, reply: Reply<JoinAnswer>): void {
    const older = member.awaitingJoin;
    member.awaitingJoin = reply;
    if (older === null) this.awaitingJoinCount++;
    else older(joinError(ErrorCode.REBALANCE_IN_PROGRESS, member.memberId));
  }

  answerJoin(member: ClassicMember, answer: JoinAnswer): void {
    const reply = member.awaitingJoin;
    if (reply === null) return;
    member.awaitingJoin = null;
    this.awaitingJoinCount--;
    reply(answer);
  }

  awaitSync(member: ClassicMember, reply: Reply<SyncAnswer>): void {
    const older = member.awaitingSync;
    member.awaitingSync = reply;
    older?.(syncError(ErrorCode.REBALANCE_IN_PROGRESS));
  }

  /** False when it was not waiting. */
  answerSync(member: ClassicMember, answer: SyncAnswer): boolean {
    const reply = member.awaitingSync;
    if (reply === null) return false;
    member.awaitingSync = null;
    reply(answer);
    return true;
  }

  /** Whether a member that knows these protocols could be one of the group. */
  supportsProtocols(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (this.state === 'Empty') return protocolType !== '' && protocols.length > 0;
    return this.protocolType === protocolType && protocols.some(({ name }) => this.#isShared(name));
  }

  /** The protocol most members like best among those that all of them know. */
  selectProtocol(): string {
    const votes = new Map<string, number>();
    for (const member of this.members.values()) {
      const choice = member.protocols.find(({ name }) => this.#isShared(name));
      assert(choice !== undefined, 'a member that shares no protocol was let in');
      votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1);
    }
    let winner = '';
    let most = 0;
    for (const [name, count] of votes) {
      if (count > most) [winner, most] = [name, count];
    }
    assert(most > 0, 'a group without members selects no protocol');
    return winner;
  }

  /** The next generation, with the members there are. */
  startNextGeneration(wallMs: number): void {
    this.generationId++;
    this.protocolName = this.members.size === 0 ? null : this.selectProtocol();
    this.pendingSync.clear();
    this.transitionTo(this.members.size === 0 ? 'Empty' : 'CompletingRebalance', wallMs);
  }

  /** Keeps the leader if it has rejoined, else takes another that has. False when nobody has. */
  electJoinedLeader(): boolean {
    if (this.leaderId === null) return false;
    if (this.members.get(this.leaderId)?.awaitingJoin != null) return true;
    for (const member of this.members.values()) {
      if (member.awaitingJoin === null) continue;
      this.leaderId = member.memberId;
      return true;
    }
    return false;
  }

  /** What a JoinGroup of this generation is answered; only the leader is told of the members. */
  joinAnswer(memberId: string): JoinAnswer {
    return {
      errorCode: ErrorCode.NONE,
      generationId: this.generationId,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      leader: this.leaderId ?? '',
      skipAssignment: false,
      memberId,
      members: this.isLeader(memberId) ? this.memberList() : [],
    };
  }

  memberList(): JoinAnswer['members'] {
    return Array.from(this.members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: this.metadataOf(member),
    }));
  }

  /** What the member said about itself in the protocol of this generation. */
  metadataOf(member: ClassicMember): Buffer {
    return member.protocols.find(({ name }) => name === this.protocolName)?.metadata ?? NO_ASSIGNMENT;
  }

  #isShared(protocolName: string): boolean {
    // Of no members, which there are when all leave before the first rebalance is over, any is.
    return (this.#supportedProtocols.get(protocolName) ?? 0) === this.members.size;
  }

  #countProtocols(member: ClassicMember, change: 1 | -1): void {
    // A name given twice counts once, or the counts could not be compared with the number of members.
    for (const name of new Set(member.protocols.map((protocol) => protocol.name))) {
      const count = (this.#supportedProtocols.get(name) ?? 0) + change;
      if (count === 0) this.#supportedProtocols.delete(name);
      else this.#supportedProtocols.set(name, count);
    }
  }
}

/** Whether both lists have the same protocols with the same metadata in the same order. */
export function sameProtocols(a: readonly MemberProtocol[], b: readonly MemberProtocol[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((protocol, index) => {
    const other = b[index]!;
    return protocol.name === other.name && protocol.metadata.equals(other.metadata);
  });
}

export function joinError(errorCode: number, memberId: string): JoinAnswer {
  return {
    errorCode,
    generationId: NO_GENERATION,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}

export function syncError(errorCode: number): SyncAnswer {
  return { errorCode, protocolType: null, protocolName: null, assignment: NO_ASSIGNMENT };
}
