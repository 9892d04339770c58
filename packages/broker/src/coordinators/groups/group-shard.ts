// Owns all that one shard knows of its groups: their members (group-membership.ts) and their offsets (offset-commands.ts),
// rebuilt from the shard's log by `replay` and kept in step with it by appending before answering.
// Deterministic: the same commands at the same times give the same records and answers.

import { ErrorCode, type KafkaError, type Record } from '@moldau/protocol';
import { appendErrorCode } from '../runtime/coordinator-errors.ts';
import type { CoordinatorMarker, ReplayedBatch } from '../runtime/coordinator-log.ts';
import { Deadlines } from '../runtime/deadlines.ts';
import type { TransactionalEffects } from '../runtime/shard-effects.ts';
import type { CoordinatorShard } from '../runtime/shard-runtime.ts';
import type { ShareGroups, ShareGroupsOptions } from '../share/share-groups.ts';
import {
  type ClassicGroup,
  type ClassicMember,
  CONSUMER_PROTOCOL_TYPE,
  joinError,
  NO_ASSIGNMENT,
} from './classic-group.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { heartbeatError } from './consumer-group-heartbeat.ts';
import { ConsumerGroupShard } from './consumer-group-shard.ts';
import { DurableWrites } from './durable-writes.ts';
import type {
  ConsumerHeartbeatAnswer,
  ConsumerHeartbeatCommand,
  DescribedConsumerGroup,
  DescribedGroup,
  DescribedMember,
  GroupCaller,
  HeartbeatCommand,
  JoinAnswer,
  JoinCommand,
  LeaveAnswer,
  LeaveCommand,
  ListedGroup,
  Reply,
  SyncAnswer,
  SyncCommand,
} from './group-commands.ts';
import type { ConsumerGroupConfig } from './group-config.ts';
import { GroupMembership, type GroupMembershipOptions } from './group-membership.ts';
import type { OffsetChanges } from './group-offsets.ts';
import { groupTombstone, parseGroupRecord } from './group-records.ts';
import type { GroupTopics } from './group-topics.ts';
import { OffsetCommands } from './offset-commands.ts';

export interface GroupShardOptions extends Omit<GroupMembershipOptions, 'deadlines' | 'effects'> {
  readonly effects: TransactionalEffects;
  readonly consumerConfig: ConsumerGroupConfig;
  readonly topics: GroupTopics;
  /** See ConsumerGroupShard. */
  readonly newUuid: () => string;
  /** Absent where there are no share groups. */
  readonly newShareGroups?: (
    options: Pick<ShareGroupsOptions, 'deadlines' | 'effects' | 'isTaken'>,
  ) => ShareGroups;
}

export class GroupShard implements CoordinatorShard {
  readonly deadlines = new Deadlines();
  readonly #options: GroupShardOptions;
  readonly #membership: GroupMembership;
  /** Groups of the consumer protocol. */
  readonly #consumer: ConsumerGroupShard;
  readonly offsets: OffsetCommands;
  readonly shareGroups: ShareGroups | undefined;

  constructor(options: GroupShardOptions) {
    this.#options = options;
    const { deadlines } = this;
    const writes = new DurableWrites(options.effects);
    this.#membership = new GroupMembership({ ...options, effects: writes, deadlines });
    this.#consumer = new ConsumerGroupShard({ ...options, writes, deadlines, classic: this.#membership });
    this.offsets = new OffsetCommands({
      ...options,
      ...{ membership: this.#membership, consumer: this.#consumer },
      isShareGroup: (groupId) => this.#isShareGroup(groupId),
    });
    this.shareGroups = options.newShareGroups?.({
      ...{ deadlines: this.deadlines, effects: options.effects },
      isTaken: (groupId) => this.#membership.groups.has(groupId) || this.#consumer.get(groupId) !== undefined,
    });
  }

  // Loading --------------------------------------------------------------------------------------------------------

  /**
   * Takes in one record of the log, in the log's order. Returns false for a kind of record that is not ours, which is
   * left alone. Throws MalformedError.
   */
  replay(record: Pick<Record, 'key' | 'value'>, batch: ReplayedBatch): boolean {
    const parsed = parseGroupRecord(record);
    if (parsed.kind === 'unknown') {
      return this.#consumer.replay(record) || (this.shareGroups?.replay(record) ?? false);
    }
    if (parsed.kind === 'group') {
      this.#membership.restore(parsed.groupId, parsed.value);
    } else {
      this.offsets.replay(parsed, batch);
    }
    return true;
  }

  /** Takes in the end of a transaction, in the log's order. */
  replayMarker(marker: Pick<CoordinatorMarker, 'producerId' | 'committed'>): void {
    this.offsets.replayMarker(marker);
  }

  /** After the last record: groups that have nothing but offsets come to be, and sessions of restored members start. */
  resume(): void {
    this.offsets.resume();
    this.#membership.resume();
    this.#consumer.resume();
    this.shareGroups?.resume();
  }

  /** The shard is no longer ours: all that waits is answered with this error. */
  abandon(errorCode: number): void {
    this.#membership.abandon(errorCode);
  }

  // Membership -----------------------------------------------------------------------------------------------------

  join(command: JoinCommand, caller: GroupCaller, reply: Reply<JoinAnswer>): void {
    if (this.#isShareGroup(command.groupId)) {
      reply(joinError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, command.memberId));
      return;
    }
    const group = this.#consumer.get(command.groupId);
    if (group !== undefined && group.members.size > 0) {
      this.#consumer.classicMembers.join(group, command, caller, reply);
      return;
    }
    // One without members makes room for a classic group, which keeps its offsets.
    if (group !== undefined) this.#consumer.write(this.#consumer.remove(command.groupId), () => {});
    this.#membership.join(command, caller, reply);
  }

  sync(command: SyncCommand, reply: Reply<SyncAnswer>): void {
    const group = this.#consumer.get(command.groupId);
    if (group === undefined) this.#membership.sync(command, reply);
    else this.#consumer.classicMembers.sync(group, command, reply);
  }

  heartbeat(command: HeartbeatCommand): number {
    const group = this.#consumer.get(command.groupId);
    if (group === undefined) return this.#membership.heartbeat(command);
    return this.#consumer.classicMembers.heartbeat(group, command);
  }

  leave(command: LeaveCommand, reply: Reply<LeaveAnswer>): void {
    const group = this.#consumer.get(command.groupId);
    if (group === undefined) this.#membership.leave(command, reply);
    else this.#consumer.classicMembers.leave(group, command, reply);
  }

  consumerHeartbeat(
    command: ConsumerHeartbeatCommand,
    caller: GroupCaller,
    reply: Reply<ConsumerHeartbeatAnswer>,
  ): void {
    if (this.#isShareGroup(command.groupId)) {
      const message = `Group ${command.groupId} is not a consumer group.`;
      reply(heartbeatError(ErrorCode.GROUP_ID_NOT_FOUND, message));
      return;
    }
    this.#consumer.heartbeats.heartbeat(command, caller, reply);
  }

  describeConsumerGroup(groupId: string): DescribedConsumerGroup {
    const isOtherKind = this.#membership.groups.has(groupId) || this.#isShareGroup(groupId);
    return this.#consumer.describe(groupId, isOtherKind);
  }

  // Groups ---------------------------------------------------------------------------------------------------------

  deleteGroup(groupId: string, reply: Reply<number>): void {
    const consumerGroup = this.#consumer.get(groupId);
    if (consumerGroup !== undefined) {
      if (consumerGroup.members.size > 0) reply(ErrorCode.NON_EMPTY_GROUP);
      else this.#removeConsumerGroup(groupId, this.offsets.all(groupId), reply);
      return;
    }
    const group = this.#membership.groups.get(groupId);
    if (group === undefined) {
      reply(ErrorCode.GROUP_ID_NOT_FOUND);
      return;
    }
    if (group.state !== 'Empty') {
      reply(ErrorCode.NON_EMPTY_GROUP);
      return;
    }
    this.#removeGroup(group, this.offsets.all(groupId), (error) => {
      reply(error === null ? ErrorCode.NONE : appendErrorCode(error));
    });
  }

  #removeGroup(
    group: ClassicGroup,
    offsets: OffsetChanges,
    settled: (error: KafkaError | null) => void,
  ): void {
    const records = [...offsets.records, groupTombstone(group.groupId)];
    // At once, so that a member that joins from now on founds a new group after the tombstone.
    this.#membership.remove(group);
    this.offsets.append(group.groupId, { records, changes: offsets.changes }, (error) => {
      if (error !== null) this.#membership.putBack(group);
      settled(error);
    });
  }

  #removeConsumerGroup(groupId: string, offsets: OffsetChanges, settled: (errorCode: number) => void): void {
    const { records } = this.#consumer.remove(groupId);
    this.#consumer.write({ records: [...offsets.records, ...records] }, (errorCode) => {
      if (errorCode === ErrorCode.NONE) {
        for (const change of offsets.changes) this.offsets.apply(groupId, change);
      }
      settled(errorCode);
    });
  }

  #expireConsumerOffsets(group: ConsumerGroup, wallMs: number): void {
    const { groupId } = group;
    if (group.pendingCommits > 0) return;
    const expired = this.offsets.expiredOfConsumer(group, wallMs);
    const isAllGone = this.offsets.isAllGone(groupId, expired);
    if (group.members.size === 0 && isAllGone) this.#removeConsumerGroup(groupId, expired, () => {});
    else if (expired.records.length > 0) this.offsets.append(groupId, expired, () => {});
  }

  /** Removes offsets that have outlived their retention, and empty groups that have none left. */
  expireOffsets(): void {
    const wallMs = this.#options.clock.wallMs();
    for (const group of [...this.#consumer.all]) this.#expireConsumerOffsets(group, wallMs);
    for (const group of [...this.#membership.groups.values()]) {
      const expired = this.offsets.expiredOfClassic(group, wallMs);
      if (expired === undefined) continue;
      const { groupId } = group;
      const isAllGone = this.offsets.isAllGone(groupId, expired);
      if (group.state === 'Empty' && isAllGone && group.pendingJoin.size === 0) {
        this.#removeGroup(group, expired, () => {});
      } else if (expired.records.length > 0) {
        this.offsets.append(groupId, expired, () => {});
      }
    }
  }

  listGroups(): ListedGroup[] {
    const others = this.shareGroups?.list() ?? [];
    const classic = Array.from(this.#membership.groups.values(), (group) => ({
      groupId: group.groupId,
      protocolType: group.protocolType ?? '',
      groupState: group.state,
      groupType: 'classic',
    }));
    const consumer = Array.from(this.#consumer.all, ({ groupId, state }) => ({
      ...{ groupId, protocolType: CONSUMER_PROTOCOL_TYPE, groupState: state, groupType: 'consumer' },
    }));
    return [...classic, ...consumer, ...others];
  }

  /** A name is a group of one kind only. */
  #isShareGroup(groupId: string): boolean {
    return this.shareGroups?.groups.has(groupId) === true;
  }

  describeGroup(groupId: string): DescribedGroup {
    const group = this.#membership.groups.get(groupId);
    if (group === undefined) {
      const isOtherKind = this.#consumer.get(groupId) !== undefined || this.#isShareGroup(groupId);
      const problem = isOtherKind
        ? `Group ${groupId} is not a classic group.`
        : `Group ${groupId} not found.`;
      return { groupId, problem, groupState: 'Dead', protocolType: '', protocolData: '', members: [] };
    }
    const isStable = group.state === 'Stable';
    return {
      groupId,
      problem: null,
      groupState: group.state,
      protocolType: group.protocolType ?? '',
      protocolData: isStable ? (group.protocolName ?? '') : '',
      members: Array.from(group.members.values(), (member) =>
        describeMember(member, isStable ? group.metadataOf(member) : NO_ASSIGNMENT),
      ),
    };
  }
}

function describeMember(member: ClassicMember, memberMetadata: Buffer): DescribedMember {
  const { memberId, groupInstanceId, clientId, clientHost, assignment } = member;
  return { memberId, groupInstanceId, clientId, clientHost, memberMetadata, memberAssignment: assignment };
}
