// Owns all that one shard knows of its groups: their members (group-membership.ts) and their offsets (group-offsets.ts),
// rebuilt from the shard's log by `replay` and kept in step with it by appending before answering.
// Deterministic: the same commands at the same times give the same records and answers.

import type { Verification } from '@moldau/log';
import { ErrorCode, type KafkaError, type Record } from '@moldau/protocol';
import { appendErrorCode } from '../runtime/coordinator-errors.ts';
import type { CoordinatorMarker, ReplayedBatch } from '../runtime/coordinator-log.ts';
import { Deadlines } from '../runtime/deadlines.ts';
import type { Settled, TransactionalEffects } from '../runtime/shard-effects.ts';
import type { CoordinatorShard } from '../runtime/shard-runtime.ts';
import type { ShareGroups, ShareGroupsOptions } from '../share/share-groups.ts';
import { COMMIT_VERSION_WITH_GROUP_ID_NOT_FOUND, commitErrorOf } from './classic-commits.ts';
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
import { commitErrorOf as consumerCommitErrorOf, fetchErrorOf } from './consumer-group-views.ts';
import { DurableWrites } from './durable-writes.ts';
import type {
  CommitOffsetsAnswer,
  CommitOffsetsCommand,
  CommitTransactionalOffsetsCommand,
  ConsumerHeartbeatAnswer,
  ConsumerHeartbeatCommand,
  DeleteOffsetsAnswer,
  DeleteOffsetsCommand,
  DescribedConsumerGroup,
  DescribedGroup,
  DescribedMember,
  FetchedTopic,
  FetchOffsetsCommand,
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
import {
  expiryOf,
  GroupOffsets,
  isOfTopic,
  type OffsetChange,
  type OffsetChanges,
  unstableOffset,
} from './group-offsets.ts';
import {
  type CommittedOffset,
  fitsIntoRecord,
  groupTombstone,
  type OffsetRecord,
  offsetCommitRecord,
  offsetTombstone,
  parseGroupRecord,
} from './group-records.ts';
import type { GroupTopics } from './group-topics.ts';
import { TransactionalOffsets } from './group-transactional-offsets.ts';

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
  readonly #offsets = new GroupOffsets();
  readonly #transactional = new TransactionalOffsets();
  readonly shareGroups: ShareGroups | undefined;

  constructor(options: GroupShardOptions) {
    this.#options = options;
    const { deadlines } = this;
    const writes = new DurableWrites(options.effects);
    this.#membership = new GroupMembership({ ...options, effects: writes, deadlines });
    this.#consumer = new ConsumerGroupShard({ ...options, writes, deadlines, classic: this.#membership });
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
      this.#replayOffset(parsed, batch);
    }
    return true;
  }

  #replayOffset(parsed: OffsetRecord, { isTransactional, producerId }: ReplayedBatch): void {
    const { groupId, value } = parsed;
    if (isTransactional && value !== null) this.#transactional.add(producerId, parsed, value);
    else this.#apply(groupId, parsed);
  }

  /** Takes in the end of a transaction, in the log's order. */
  replayMarker({ producerId, committed }: Pick<CoordinatorMarker, 'producerId' | 'committed'>): void {
    for (const { groupId, change } of this.#transactional.complete(producerId, committed))
      this.#offsets.apply(groupId, change);
  }

  /** The log holds a change that is no part of a transaction. */
  #apply(groupId: string, change: OffsetChange): void {
    this.#offsets.apply(groupId, change);
    const where = { groupId, topic: change.topic, partition: change.partition };
    if (change.value === null) this.#transactional.removed(where);
    else this.#transactional.overtaken(where);
  }

  /** After the last record: groups that have nothing but offsets come to be, and sessions of restored members start. */
  resume(): void {
    for (const groupId of this.#offsets.groupIds()) this.#ensureGroup(groupId);
    for (const groupId of this.#transactional.groupIds()) this.#ensureGroup(groupId);
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

  // Offsets --------------------------------------------------------------------------------------------------------

  commitOffsets(command: CommitOffsetsCommand, caller: GroupCaller, reply: Reply<CommitOffsetsAnswer>): void {
    if (this.#isShareGroup(command.groupId)) {
      reply(sameCode(command.topics, ErrorCode.GROUP_ID_NOT_FOUND));
      return;
    }
    const consumerGroup = this.#consumer.get(command.groupId);
    const existing = this.#membership.groups.get(command.groupId);
    const errorCode =
      consumerGroup === undefined
        ? commitErrorOf(existing, command, caller.apiVersion)
        : consumerCommitErrorOf(consumerGroup, command, caller.apiVersion);
    if (errorCode !== ErrorCode.NONE) {
      reply(sameCode(command.topics, errorCode));
      return;
    }
    const group = consumerGroup ?? existing ?? this.#membership.getOrCreate(command.groupId);
    if (existing !== undefined && (existing.state === 'Stable' || existing.state === 'PreparingRebalance')) {
      this.#membership.noteCommit(existing, command.memberId);
    }

    const { records, changes, codes } = this.#commitChanges(command);
    if (records.length === 0) {
      reply(codes);
      return;
    }
    group.pendingCommits++;
    this.#append(group.groupId, { records, changes }, (error) => {
      group.pendingCommits--;
      reply(error === null ? codes : sameCode(command.topics, appendErrorCode(error)));
    });
  }

  /**
   * Commits offsets in a transaction: they are written now and count when its marker is. Members are checked as far as
   * they are named; a rebalance under way is no hindrance.
   */
  commitTransactionalOffsets(
    command: CommitTransactionalOffsetsCommand,
    verification: Verification | undefined,
    reply: Reply<CommitOffsetsAnswer>,
  ): void {
    const { groupId, producerId, producerEpoch } = command;
    const errorCode = this.#transactionalCommitError(command);
    if (errorCode !== ErrorCode.NONE) {
      reply(sameCode(command.topics, errorCode));
      return;
    }
    const group =
      this.#consumer.get(groupId) ??
      this.#membership.groups.get(groupId) ??
      this.#membership.getOrCreate(groupId);
    const { records, changes, codes } = this.#commitChanges(command);
    if (records.length === 0) {
      reply(codes);
      return;
    }
    group.pendingCommits++;
    const settled: Settled = (error) => {
      group.pendingCommits--;
      if (error === null) this.#addTransactional(command, changes);
      reply(error === null ? codes : sameCode(command.topics, appendErrorCode(error)));
    };
    const transaction = { producerId, producerEpoch, verification };
    this.#options.effects.append(records, settled, { transaction });
  }

  #transactionalCommitError(command: CommitTransactionalOffsetsCommand): number {
    if (this.#isShareGroup(command.groupId)) return ErrorCode.GROUP_ID_NOT_FOUND;
    const { memberId, groupInstanceId, generationIdOrMemberEpoch } = command;
    const isAnonymous = memberId === '' && groupInstanceId === null && generationIdOrMemberEpoch < 0;
    if (isAnonymous) return ErrorCode.NONE;
    const consumerGroup = this.#consumer.get(command.groupId);
    const errorCode =
      consumerGroup === undefined
        ? commitErrorOf(this.#membership.groups.get(command.groupId), command, 0)
        : consumerCommitErrorOf(consumerGroup, command, COMMIT_VERSION_WITH_GROUP_ID_NOT_FOUND);
    if (errorCode === ErrorCode.STALE_MEMBER_EPOCH) return ErrorCode.ILLEGAL_GENERATION;
    return errorCode === ErrorCode.REBALANCE_IN_PROGRESS ? ErrorCode.NONE : errorCode;
  }

  #addTransactional(
    { groupId, producerId }: CommitTransactionalOffsetsCommand,
    changes: OffsetChange[],
  ): void {
    for (const { topic, partition, value } of changes)
      if (value !== null) this.#transactional.add(producerId, { groupId, topic, partition }, value);
    this.#ensureGroup(groupId);
  }

  /** Ends a producer's transaction in this partition of the offsets topic. */
  completeTransaction(marker: CoordinatorMarker, reply: Reply<KafkaError | null>): void {
    this.#options.effects.appendMarker(marker, (error) => {
      if (error === null) this.replayMarker(marker);
      reply(error);
    });
  }

  #commitChanges(command: CommitOffsetsCommand): OffsetChanges & { codes: CommitOffsetsAnswer } {
    const { config, clock } = this.#options;
    const nowMs = clock.wallMs();
    const { groupId, retentionTimeMs } = command;
    const records: OffsetChanges['records'] = [];
    const changes: OffsetChange[] = [];
    const codes = command.topics.map(({ name: topic, topicId, partitions }) =>
      partitions.map((commit) => {
        const { partitionIndex: partition } = commit;
        const metadata = commit.committedMetadata ?? '';
        if (metadata.length > config.offsetMetadataMaxBytes || !fitsIntoRecord(metadata)) {
          return ErrorCode.OFFSET_METADATA_TOO_LARGE;
        }
        const value: CommittedOffset = {
          offset: commit.committedOffset,
          leaderEpoch: commit.committedLeaderEpoch,
          metadata,
          // Version 1 brings a time of its own: a client whose clock is wrong would lose its offsets to the retention.
          commitTimestampMs: nowMs,
          expireTimestampMs:
            retentionTimeMs === -1 ? -1 : Math.min(nowMs + retentionTimeMs, Number.MAX_SAFE_INTEGER),
          topicId,
        };
        records.push(offsetCommitRecord(groupId, topic, partition, value));
        changes.push({ topic, partition, value });
        return ErrorCode.NONE;
      }),
    );
    return { records, changes, codes };
  }

  fetchOffsets(command: FetchOffsetsCommand): FetchedTopic[] {
    const topics = this.#offsets.fetch(command);
    return command.requireStable === true ? this.#withoutUnstable(command.groupId, topics) : topics;
  }

  #withoutUnstable(groupId: string, topics: FetchedTopic[]): FetchedTopic[] {
    if (!this.#transactional.hasGroup(groupId)) return topics;
    return topics.map((fetched) => ({
      ...fetched,
      partitions: fetched.partitions.map((offset) =>
        this.#transactional.isPending({ groupId, topic: fetched.name, partition: offset.partitionIndex })
          ? unstableOffset(offset.partitionIndex)
          : offset,
      ),
    }));
  }

  /** NONE when the offsets may be read by who asks for them. */
  fetchError(command: FetchOffsetsCommand): number {
    const group = this.#consumer.get(command.groupId);
    return group === undefined ? ErrorCode.NONE : fetchErrorOf(group, command);
  }

  deleteOffsets(command: DeleteOffsetsCommand, reply: Reply<DeleteOffsetsAnswer>): void {
    const { groupId, topics } = command;
    const consumerGroup = this.#consumer.get(groupId);
    const group = this.#membership.groups.get(groupId);
    if (group === undefined && consumerGroup === undefined) {
      reply({ errorCode: ErrorCode.GROUP_ID_NOT_FOUND, partitionErrorCodes: [] });
      return;
    }
    if (group !== undefined && group.state !== 'Empty' && !group.usesConsumerProtocol) {
      reply({ errorCode: ErrorCode.NON_EMPTY_GROUP, partitionErrorCodes: [] });
      return;
    }
    const records: OffsetChanges['records'] = [];
    const changes: OffsetChange[] = [];
    const partitionErrorCodes = topics.map(({ name: topic, partitionIndexes }) => {
      const isSubscribed = consumerGroup?.isSubscribedTo(topic) ?? isClassicSubscribed(group!, topic);
      return partitionIndexes.map((partition) => {
        if (isSubscribed) return ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC;
        const isCommitted = this.#offsets.get(groupId, topic, partition) !== undefined;
        if (isCommitted || this.#transactional.isPending({ groupId, topic, partition })) {
          records.push(offsetTombstone(groupId, topic, partition));
          changes.push({ topic, partition, value: null });
        }
        return ErrorCode.NONE;
      });
    });
    if (records.length === 0) {
      reply({ errorCode: ErrorCode.NONE, partitionErrorCodes });
      return;
    }
    this.#append(groupId, { records, changes }, (error) => {
      if (error === null) reply({ errorCode: ErrorCode.NONE, partitionErrorCodes });
      else reply({ errorCode: appendErrorCode(error), partitionErrorCodes: [] });
    });
  }

  /** Removes the offsets of a deleted topic, but not those of a newer topic with its name. */
  removeTopicOffsets(topicName: string, topicId: string, reply: Reply<void>): void {
    let open = 1;
    const done = () => {
      open--;
      if (open === 0) reply();
    };
    for (const groupId of this.#offsets.groupsWithTopic(topicName)) {
      const removal = this.#offsets.removal(
        groupId,
        (topic, offset) => topic === topicName && isOfTopic(offset, topicId),
      );
      if (removal.records.length === 0) continue;
      open++;
      this.#append(groupId, removal, done);
    }
    done();
  }

  #append(groupId: string, changed: OffsetChanges, settled: (error: KafkaError | null) => void): void {
    this.#options.effects.append(changed.records, (error) => {
      if (error === null) {
        for (const change of changed.changes) this.#apply(groupId, change);
        // The group may have been deleted while its last commit was under way.
        if (changed.changes.some(({ value }) => value !== null)) this.#ensureGroup(groupId);
      }
      settled(error);
    });
  }

  // Groups ---------------------------------------------------------------------------------------------------------

  /** Whoever has offsets is a group, a classic one when nothing else is known of it. */
  #ensureGroup(groupId: string): void {
    if (this.#consumer.get(groupId) === undefined) this.#membership.getOrCreate(groupId);
  }

  deleteGroup(groupId: string, reply: Reply<number>): void {
    const consumerGroup = this.#consumer.get(groupId);
    if (consumerGroup !== undefined) {
      if (consumerGroup.members.size > 0) reply(ErrorCode.NON_EMPTY_GROUP);
      else this.#removeConsumerGroup(groupId, this.#allOffsets(groupId), reply);
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
    this.#removeGroup(group, this.#allOffsets(groupId), (error) => {
      reply(error === null ? ErrorCode.NONE : appendErrorCode(error));
    });
  }

  /** Takes away all that a group has committed, and what it would have when open transactions are committed. */
  #allOffsets(groupId: string): OffsetChanges {
    const { records, changes } = this.#offsets.removal(groupId);
    for (const { topic, partition } of this.#transactional.partitionsOf(groupId)) {
      if (this.#offsets.get(groupId, topic, partition) !== undefined) continue;
      records.push(offsetTombstone(groupId, topic, partition));
      changes.push({ topic, partition, value: null });
    }
    return { records, changes };
  }

  #removeGroup(
    group: ClassicGroup,
    offsets: OffsetChanges,
    settled: (error: KafkaError | null) => void,
  ): void {
    const records = [...offsets.records, groupTombstone(group.groupId)];
    // At once, so that a member that joins from now on founds a new group after the tombstone.
    this.#membership.remove(group);
    this.#append(group.groupId, { records, changes: offsets.changes }, (error) => {
      if (error !== null) this.#membership.putBack(group);
      settled(error);
    });
  }

  #removeConsumerGroup(groupId: string, offsets: OffsetChanges, settled: (errorCode: number) => void): void {
    const { records } = this.#consumer.remove(groupId);
    this.#consumer.write({ records: [...offsets.records, ...records] }, (errorCode) => {
      if (errorCode === ErrorCode.NONE) {
        for (const change of offsets.changes) this.#apply(groupId, change);
      }
      settled(errorCode);
    });
  }

  #expireConsumerOffsets(group: ConsumerGroup, wallMs: number): void {
    const { groupId } = group;
    if (group.pendingCommits > 0) return;
    const { offsetsRetentionMs } = this.#options.config;
    const expired = this.#offsets.removal(
      groupId,
      (topic, offset, partition) =>
        !group.isSubscribedTo(topic) &&
        !this.#transactional.isPending({ groupId, topic, partition }) &&
        (offset.expireTimestampMs === -1
          ? wallMs - offset.commitTimestampMs >= offsetsRetentionMs
          : wallMs >= offset.expireTimestampMs),
    );
    const isAllGone = this.#isAllGone(groupId, expired);
    if (group.members.size === 0 && isAllGone) this.#removeConsumerGroup(groupId, expired, () => {});
    else if (expired.records.length > 0) this.#append(groupId, expired, () => {});
  }

  /** Removes offsets that have outlived their retention, and empty groups that have none left. */
  expireOffsets(): void {
    const { clock, config } = this.#options;
    const wallMs = clock.wallMs();
    for (const group of [...this.#consumer.all]) this.#expireConsumerOffsets(group, wallMs);
    for (const group of [...this.#membership.groups.values()]) {
      const isExpired = expiryOf(group, wallMs, config.offsetsRetentionMs);
      if (isExpired === undefined) continue;
      const { groupId } = group;
      const expired = this.#offsets.removal(
        groupId,
        (topic, offset, partition) =>
          !this.#transactional.isPending({ groupId, topic, partition }) && isExpired(topic, offset),
      );
      const isAllGone = this.#isAllGone(groupId, expired);
      if (group.state === 'Empty' && isAllGone && group.pendingJoin.size === 0) {
        this.#removeGroup(group, expired, () => {});
      } else if (expired.records.length > 0) {
        this.#append(groupId, expired, () => {});
      }
    }
  }

  /** Whether nothing is left of a group's offsets when these go; what a transaction may still bring counts as left. */
  #isAllGone(groupId: string, { changes }: OffsetChanges): boolean {
    return changes.length === this.#offsets.count(groupId) && !this.#transactional.hasGroup(groupId);
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

/** Members whose metadata cannot be read may be consuming anything. */
function isClassicSubscribed(group: ClassicGroup, topic: string): boolean {
  return group.state !== 'Empty' && group.subscribedTopics?.has(topic) !== false;
}

function describeMember(member: ClassicMember, memberMetadata: Buffer): DescribedMember {
  const { memberId, groupInstanceId, clientId, clientHost, assignment } = member;
  return { memberId, groupInstanceId, clientId, clientHost, memberMetadata, memberAssignment: assignment };
}

/** The answer in which every partition has this error. */
export function sameCode(topics: CommitOffsetsCommand['topics'], errorCode: number): number[][] {
  return topics.map(({ partitions }) => partitions.map(() => errorCode));
}
