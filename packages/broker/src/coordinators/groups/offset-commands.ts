// Owns the offsets of one shard's groups: who may commit, read and delete them, what is written for it, and what of it a
// transaction holds back. The groups themselves are looked up, and made for whoever only has offsets.

import type { Verification } from '@moldau/log';
import { ErrorCode, type KafkaError } from '@moldau/protocol';
import { appendErrorCode } from '../runtime/coordinator-errors.ts';
import type { CoordinatorMarker, ReplayedBatch } from '../runtime/coordinator-log.ts';
import type { Settled, TransactionalEffects } from '../runtime/shard-effects.ts';
import { COMMIT_VERSION_WITH_GROUP_ID_NOT_FOUND, commitErrorOf } from './classic-commits.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import type { ConsumerGroupShard } from './consumer-group-shard.ts';
import { commitErrorOf as consumerCommitErrorOf, fetchErrorOf } from './consumer-group-views.ts';
import type {
  CommitOffsetsAnswer,
  CommitOffsetsCommand,
  CommitTransactionalOffsetsCommand,
  DeleteOffsetsAnswer,
  DeleteOffsetsCommand,
  FetchedTopic,
  FetchOffsetsCommand,
  GroupCaller,
  Reply,
} from './group-commands.ts';
import type { GroupMembership, GroupMembershipOptions } from './group-membership.ts';
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
  type OffsetRecord,
  offsetCommitRecord,
  offsetTombstone,
} from './group-records.ts';
import { TransactionalOffsets } from './group-transactional-offsets.ts';

export interface OffsetCommandsOptions extends Pick<GroupMembershipOptions, 'clock' | 'config'> {
  readonly effects: TransactionalEffects;
  readonly membership: GroupMembership;
  readonly consumer: ConsumerGroupShard;
  readonly isShareGroup: (groupId: string) => boolean;
}

export class OffsetCommands {
  readonly #options: OffsetCommandsOptions;
  readonly #membership: GroupMembership;
  readonly #consumer: ConsumerGroupShard;
  readonly #offsets = new GroupOffsets();
  readonly #transactional = new TransactionalOffsets();

  constructor(options: OffsetCommandsOptions) {
    this.#options = options;
    this.#membership = options.membership;
    this.#consumer = options.consumer;
  }

  // Replaying ------------------------------------------------------------------------------------------------------

  replay(parsed: OffsetRecord, { isTransactional, producerId }: ReplayedBatch): void {
    const { groupId, value } = parsed;
    if (isTransactional && value !== null) this.#transactional.add(producerId, parsed, value);
    else this.apply(groupId, parsed);
  }

  /** Takes in the end of a transaction, in the log's order. */
  replayMarker({ producerId, committed }: Pick<CoordinatorMarker, 'producerId' | 'committed'>): void {
    for (const { groupId, change } of this.#transactional.complete(producerId, committed))
      this.#offsets.apply(groupId, change);
  }

  /** After the last record: groups that have nothing but offsets come to be. */
  resume(): void {
    for (const groupId of this.#offsets.groupIds()) this.#ensureGroup(groupId);
    for (const groupId of this.#transactional.groupIds()) this.#ensureGroup(groupId);
  }

  /** Whoever has offsets is a group, a classic one when nothing else is known of it. */
  #ensureGroup(groupId: string): void {
    if (this.#consumer.get(groupId) === undefined) this.#membership.getOrCreate(groupId);
  }

  /** The log holds a change that is no part of a transaction. */
  apply(groupId: string, change: OffsetChange): void {
    this.#offsets.apply(groupId, change);
    const where = { groupId, topic: change.topic, partition: change.partition };
    if (change.value === null) this.#transactional.removed(where);
    else this.#transactional.overtaken(where);
  }

  // Commands -------------------------------------------------------------------------------------------------------

  commit(command: CommitOffsetsCommand, caller: GroupCaller, reply: Reply<CommitOffsetsAnswer>): void {
    if (this.#options.isShareGroup(command.groupId)) {
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
    this.append(group.groupId, { records, changes }, (error) => {
      group.pendingCommits--;
      reply(error === null ? codes : sameCode(command.topics, appendErrorCode(error)));
    });
  }

  /**
   * Commits offsets in a transaction: they are written now and count when its marker is. Members are checked as far as
   * they are named; a rebalance under way is no hindrance.
   */
  commitTransactional(
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
    if (this.#options.isShareGroup(command.groupId)) return ErrorCode.GROUP_ID_NOT_FOUND;
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

  fetch(command: FetchOffsetsCommand): FetchedTopic[] {
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

  delete(command: DeleteOffsetsCommand, reply: Reply<DeleteOffsetsAnswer>): void {
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
    this.append(groupId, { records, changes }, (error) => {
      if (error === null) reply({ errorCode: ErrorCode.NONE, partitionErrorCodes });
      else reply({ errorCode: appendErrorCode(error), partitionErrorCodes: [] });
    });
  }

  /** All that is committed, by all groups. */
  committed(): ReturnType<GroupOffsets['all']> {
    return this.#offsets.all();
  }

  /** Removes the offsets of a deleted topic, but not those of a newer topic with its name. */
  removeTopic(topicName: string, topicId: string, reply: Reply<void>): void {
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
      this.append(groupId, removal, done);
    }
    done();
  }

  /** Appends offsets and other records of the group, and takes the offsets in when they are in the log. */
  append(groupId: string, changed: OffsetChanges, settled: (error: KafkaError | null) => void): void {
    this.#options.effects.append(changed.records, (error) => {
      if (error === null) {
        for (const change of changed.changes) this.apply(groupId, change);
        // The group may have been deleted while its last commit was under way.
        if (changed.changes.some(({ value }) => value !== null)) this.#ensureGroup(groupId);
      }
      settled(error);
    });
  }

  // Removal --------------------------------------------------------------------------------------------------------

  /** Takes away all that a group has committed, and what it would have when open transactions are committed. */
  all(groupId: string): OffsetChanges {
    const { records, changes } = this.#offsets.removal(groupId);
    for (const { topic, partition } of this.#transactional.partitionsOf(groupId)) {
      if (this.#offsets.get(groupId, topic, partition) !== undefined) continue;
      records.push(offsetTombstone(groupId, topic, partition));
      changes.push({ topic, partition, value: null });
    }
    return { records, changes };
  }

  /** What has outlived its retention, of a group of the consumer protocol. */
  expiredOfConsumer(group: ConsumerGroup, wallMs: number): OffsetChanges {
    const { groupId } = group;
    const { offsetsRetentionMs } = this.#options.config;
    return this.#offsets.removal(
      groupId,
      (topic, offset, partition) =>
        !group.isSubscribedTo(topic) &&
        !this.#transactional.isPending({ groupId, topic, partition }) &&
        (offset.expireTimestampMs === -1
          ? wallMs - offset.commitTimestampMs >= offsetsRetentionMs
          : wallMs >= offset.expireTimestampMs),
    );
  }

  /** The same of a classic group; undefined when none of it may expire now. */
  expiredOfClassic(group: ClassicGroup, wallMs: number): OffsetChanges | undefined {
    const isExpired = expiryOf(group, wallMs, this.#options.config.offsetsRetentionMs);
    if (isExpired === undefined) return undefined;
    const { groupId } = group;
    return this.#offsets.removal(
      groupId,
      (topic, offset, partition) =>
        !this.#transactional.isPending({ groupId, topic, partition }) && isExpired(topic, offset),
    );
  }

  /** Whether nothing is left of a group's offsets when these go; what a transaction may still bring counts as left. */
  isAllGone(groupId: string, { changes }: OffsetChanges): boolean {
    return changes.length === this.#offsets.count(groupId) && !this.#transactional.hasGroup(groupId);
  }
}

/** Members whose metadata cannot be read may be consuming anything. */
function isClassicSubscribed(group: ClassicGroup, topic: string): boolean {
  return group.state !== 'Empty' && group.subscribedTopics?.has(topic) !== false;
}

/** The answer in which every partition has this error. */
export function sameCode(topics: CommitOffsetsCommand['topics'], errorCode: number): number[][] {
  return topics.map(({ partitions }) => partitions.map(() => errorCode));
}
