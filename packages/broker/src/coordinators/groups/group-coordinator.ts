// The coordinator of groups, as handlers see it: finds the shard of a group, waits until it is loaded, and checks what
// needs no group. Groups are spread over shards, one per partition of __consumer_offsets, by the hash Kafka uses.

import assert from 'node:assert/strict';
import type { Clock, Logger, Random, Timer, Timers } from '@moldau/io';
import type { Verification } from '@moldau/log';
import { GROUP_METADATA_TOPIC } from '@moldau/metadata';
import { ErrorCode, KafkaError, uuidFromBytes } from '@moldau/protocol';
import { appendErrorCode } from '../runtime/coordinator-errors.ts';
import type { CoordinatorLogs, CoordinatorMarker } from '../runtime/coordinator-log.ts';
import { newUuid } from '../runtime/shard-keys.ts';
import type { ShardRuntime } from '../runtime/shard-runtime.ts';
import { Shards } from '../runtime/shards.ts';
import { ShareGroups, type ShareGroupsOptions } from '../share/share-groups.ts';
import type { TransactionOperation, TransactionVerifier } from '../transactions/transaction-verifier.ts';
import { joinError, syncError } from './classic-group.ts';
import { heartbeatError } from './consumer-group-heartbeat.ts';
import { describedError } from './consumer-group-shard.ts';
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
  FetchedTopic,
  FetchOffsetsCommand,
  GroupCaller,
  HeartbeatCommand,
  JoinAnswer,
  JoinCommand,
  LeaveAnswer,
  LeaveCommand,
  ListedGroup,
  SyncAnswer,
  SyncCommand,
} from './group-commands.ts';
import type { ConsumerGroupConfig, GroupConfig } from './group-config.ts';
import { fitsIntoRecord } from './group-records.ts';
import { GroupShard } from './group-shard.ts';
import type { GroupTopics } from './group-topics.ts';
import { heartbeatProblem } from './heartbeat-problem.ts';
import { type OffsetCommands, sameCode } from './offset-commands.ts';

export interface GroupCoordinatorOptions {
  readonly config: GroupConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly logs: CoordinatorLogs;
  /** Asks whether transactions go on that commit offsets. */
  readonly verifier: Pick<TransactionVerifier, 'isNeeded' | 'verify'>;
  /** What groups of the consumer protocol need. */
  readonly consumer: { readonly config: ConsumerGroupConfig; readonly topics: GroupTopics };
  /** What share groups need; absent where there are none. */
  readonly share?: Pick<ShareGroupsOptions, 'config' | 'topics'>;
}

const NO_SEQUENCE = -1;

/**
 * Methods that answer with an error code never reject for what clients did wrong. All of them reject with a KafkaError
 * when the group's shard cannot be read.
 */
export class GroupCoordinator {
  readonly #options: GroupCoordinatorOptions;
  readonly #shards: Shards<GroupShard>;
  #expiryTimer: Timer | undefined;

  constructor(options: GroupCoordinatorOptions) {
    this.#options = options;
    const { config, clock, timers, logger, random, logs, consumer, share } = options;
    this.#shards = new Shards({
      ...{ topic: GROUP_METADATA_TOPIC, clock, timers, logger, logs },
      newShard: (effects) =>
        new GroupShard({
          ...{ config, clock, logger, effects },
          ...{ consumerConfig: consumer.config, topics: consumer.topics },
          newMemberId: (prefix) => `${prefix}-${newUuid(random)}`,
          newUuid: () => uuidFromBytes(random.bytes(16)),
          ...(share === undefined
            ? {}
            : { newShareGroups: (own) => new ShareGroups({ ...share, ...own, clock, logger }) }),
        }),
    });
  }

  /** Loads all shards that have records, one after the other, and starts to look for expired offsets. */
  async start(): Promise<void> {
    this.#planExpiry();
    await this.#shards.loadAll();
  }

  /** Sends everyone who waits elsewhere and waits for appends under way. */
  async close(): Promise<void> {
    this.#expiryTimer?.cancel();
    await this.#shards.close();
  }

  /** The partition of __consumer_offsets that keeps this group. */
  partitionFor(groupId: string): number {
    return this.#shards.partitionOf(groupId);
  }

  /** Loads the group's shard, and makes the topic that keeps groups when it is not there. */
  async prepare(groupId: string): Promise<void> {
    await this.#shards.at(this.partitionFor(groupId)).load();
  }

  // Membership -----------------------------------------------------------------------------------------------------

  /** Answers when the group's next generation starts, or at once when there is nothing to wait for. */
  async joinGroup(command: JoinCommand, caller: GroupCaller): Promise<JoinAnswer> {
    const { groupId, memberId, sessionTimeoutMs } = command;
    if (groupId === '' || !fitsIntoRecord(groupId)) return joinError(ErrorCode.INVALID_GROUP_ID, memberId);
    const names = command.protocols.map(({ name }) => name);
    if (
      !fitsIntoRecord(command.groupInstanceId ?? '', caller.clientId ?? '', command.protocolType, ...names)
    ) {
      return joinError(ErrorCode.INVALID_REQUEST, memberId);
    }
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.#options.config;
    if (sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs) {
      return joinError(ErrorCode.INVALID_SESSION_TIMEOUT, memberId);
    }
    return this.#shards.ask(this.partitionFor(groupId), (shard, reply) => shard.join(command, caller, reply));
  }

  /** Answers when the leader's assignment is committed. */
  async syncGroup(command: SyncCommand): Promise<SyncAnswer> {
    if (command.groupId === '') return syncError(ErrorCode.INVALID_GROUP_ID);
    return this.#shards.ask(this.partitionFor(command.groupId), (shard, reply) => shard.sync(command, reply));
  }

  /** The error code; at once when the shard is loaded. */
  heartbeat(command: HeartbeatCommand): number | Promise<number> {
    if (command.groupId === '') return ErrorCode.INVALID_GROUP_ID;
    return this.#shards.run(this.partitionFor(command.groupId), (shard) => shard.heartbeat(command));
  }

  async leaveGroup(command: LeaveCommand): Promise<LeaveAnswer> {
    if (command.groupId === '') return { errorCode: ErrorCode.INVALID_GROUP_ID, members: [] };
    return this.#shards.ask(this.partitionFor(command.groupId), (shard, reply) =>
      shard.leave(command, reply),
    );
  }

  // Consumer protocol ------------------------------------------------------------------------------------------------

  /** Answers when what the heartbeat changed is in the log. */
  async consumerHeartbeat(
    command: ConsumerHeartbeatCommand,
    caller: GroupCaller,
  ): Promise<ConsumerHeartbeatAnswer> {
    const { groupId } = command;
    const problem = heartbeatProblem(command, caller.apiVersion, this.#options.consumer.config);
    if (problem !== undefined) return heartbeatError(problem.code, problem.message);
    return this.#shards.ask(this.partitionFor(groupId), (shard, reply) =>
      shard.consumerHeartbeat(command, caller, reply),
    );
  }

  async describeConsumerGroup(groupId: string): Promise<DescribedConsumerGroup> {
    if (groupId === '') return describedError('', ErrorCode.INVALID_GROUP_ID, null);
    return this.#shards.run(this.partitionFor(groupId), (shard) => shard.describeConsumerGroup(groupId));
  }

  // Offsets --------------------------------------------------------------------------------------------------------

  /** Answers when the offsets are committed in the log. The group id may be empty. */
  async commitOffsets(command: CommitOffsetsCommand, caller: GroupCaller): Promise<CommitOffsetsAnswer> {
    if (!fitsIntoRecord(command.groupId)) return sameCode(command.topics, ErrorCode.INVALID_GROUP_ID);
    return this.#shards.ask(this.partitionFor(command.groupId), (shard, reply) =>
      shard.offsets.commit(command, caller, reply),
    );
  }

  /**
   * Commits offsets as a part of a producer's transaction, which is verified with its coordinator when it is not open in the group's
   * partition yet. Answers when they are in the log; they count when completeTransaction comes.
   */
  async commitTransactionalOffsets(
    command: CommitTransactionalOffsetsCommand,
    operation: TransactionOperation,
  ): Promise<CommitOffsetsAnswer> {
    const { groupId, topics } = command;
    if (groupId === '' || !fitsIntoRecord(groupId)) return sameCode(topics, ErrorCode.INVALID_GROUP_ID);
    const partition = this.partitionFor(groupId);
    const runtime = this.#shards.at(partition);
    await runtime.load();
    try {
      const verification = await this.#verify(runtime, partition, command, operation);
      return await new Promise((resolve) => {
        runtime.run((shard) => shard.offsets.commitTransactional(command, verification, resolve));
      });
    } catch (error) {
      if (error instanceof KafkaError) return sameCode(topics, appendErrorCode(error));
      throw error;
    }
  }

  async #verify(
    runtime: ShardRuntime<GroupShard>,
    partition: number,
    { transactionalId, producerId, producerEpoch }: CommitTransactionalOffsetsCommand,
    operation: TransactionOperation,
  ): Promise<Verification | undefined> {
    const { verifier } = this.#options;
    if (!verifier.isNeeded(operation)) return 'waived';
    const supportsEpochBump = operation === 'add';
    const verification = runtime.beginVerification({
      ...{ producerId, producerEpoch, supportsEpochBump },
      baseSequence: NO_SEQUENCE,
    });
    if (verification === undefined) return undefined;
    const producer = { transactionalId, producerId, producerEpoch };
    const partitions = [{ topic: GROUP_METADATA_TOPIC, partition }];
    const [errorCode = ErrorCode.NONE] = await verifier.verify(producer, partitions, operation);
    if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
    return verification;
  }

  /** Ends a transaction in a partition of the offsets topic. Rejects with a KafkaError when its marker is refused or was not written. */
  async completeTransaction(partition: number, marker: CoordinatorMarker): Promise<void> {
    const error = await this.#shards.ask<KafkaError | null>(partition, (shard, reply) =>
      shard.offsets.completeTransaction(marker, reply),
    );
    if (error !== null) throw error;
  }

  /**
   * A group that does not exist has no offsets. The group id may be empty. Throws or rejects with a KafkaError of
   * STALE_MEMBER_EPOCH, ILLEGAL_GENERATION or UNKNOWN_MEMBER_ID when the member that asks is none of the group, or of
   * another epoch.
   */
  fetchOffsets(command: FetchOffsetsCommand): FetchedTopic[] | Promise<FetchedTopic[]> {
    return this.#shards.run(this.partitionFor(command.groupId), (shard) => {
      const errorCode = shard.offsets.fetchError(command);
      if (errorCode !== ErrorCode.NONE) throw new KafkaError(errorCode);
      return shard.offsets.fetch(command);
    });
  }

  async deleteOffsets(command: DeleteOffsetsCommand): Promise<DeleteOffsetsAnswer> {
    if (command.groupId === '') return { errorCode: ErrorCode.INVALID_GROUP_ID, partitionErrorCodes: [] };
    return this.#shards.ask(this.partitionFor(command.groupId), (shard, reply) =>
      shard.offsets.delete(command, reply),
    );
  }

  /**
   * Removes what groups have committed of a topic that has been deleted. Resolves when that is in the log, and never
   * rejects: what could not be removed is not shown for a newer topic of that name, and goes with the retention.
   */
  async onTopicDeleted(topicName: string, topicId: string): Promise<void> {
    for (const partition of this.#shards.knownPartitions()) {
      try {
        await this.#forgetTopic(this.#shards.at(partition), topicName, topicId);
      } catch (error) {
        this.#options.logger.warn(
          { partition, topicName, err: error },
          'Offsets of a deleted topic are left behind',
        );
      }
    }
  }

  async #forgetTopic(runtime: ShardRuntime<GroupShard>, topicName: string, topicId: string): Promise<void> {
    await runtime.load();
    // Commits under way would come after the tombstones and outlive the topic.
    await runtime.idle();
    await new Promise<void>((resolve) => {
      runtime.run((shard) => shard.offsets.removeTopic(topicName, topicId, resolve));
    });
  }

  // Groups ---------------------------------------------------------------------------------------------------------

  /** All groups there are; waits until all shards are loaded. */
  async listGroups(): Promise<ListedGroup[]> {
    const runtimes = this.#shards.knownPartitions().map((partition) => this.#shards.at(partition));
    await Promise.all(runtimes.map((runtime) => runtime.load()));
    return runtimes.flatMap((runtime) => runtime.run((shard) => shard.listGroups()));
  }

  /** The groups of the shards that are loaded, for those who watch. */
  *loadedGroups(): Iterable<ListedGroup> {
    for (const [, runtime] of this.#shards.loaded()) yield* runtime.run((shard) => shard.listGroups());
  }

  /** What they have committed. */
  *loadedOffsets(): ReturnType<OffsetCommands['committed']> {
    for (const [, runtime] of this.#shards.loaded()) yield* runtime.run((shard) => shard.offsets.committed());
  }

  describeGroup(groupId: string): DescribedGroup | Promise<DescribedGroup> {
    return this.#shards.run(this.partitionFor(groupId), (shard) => shard.describeGroup(groupId));
  }

  /** The error code, when the group is gone from the log. The group id may be empty. */
  async deleteGroup(groupId: string): Promise<number> {
    return this.#shards.ask(this.partitionFor(groupId), (shard, reply) => shard.deleteGroup(groupId, reply));
  }

  // Share groups -----------------------------------------------------------------------------------------------------

  /** Runs a command on the share groups among which this one is, or would be. Rejects with a KafkaError. */
  askShare<T>(
    groupId: string,
    command: (groups: ShareGroups, reply: (answer: T) => void) => void,
  ): Promise<T> {
    return this.#shards.ask(this.partitionFor(groupId), ({ shareGroups }, reply) => {
      assert(shareGroups !== undefined, 'there are no share groups here');
      command(shareGroups, reply);
    });
  }

  /** Runs a command on the share groups of every shard there is. Rejects with a KafkaError. */
  async askAllShares(command: (groups: ShareGroups, done: () => void) => void): Promise<void> {
    for (const partition of this.#shards.knownPartitions()) {
      await this.#shards.ask<void>(partition, ({ shareGroups }, reply) => {
        if (shareGroups === undefined) reply();
        else command(shareGroups, reply);
      });
    }
  }

  #planExpiry(): void {
    const { timers, config } = this.#options;
    this.#expiryTimer = timers.after(config.offsetsRetentionCheckIntervalMs, () => {
      if (this.#shards.isClosed) return;
      for (const [, runtime] of this.#shards.loaded()) runtime.run((shard) => shard.expireOffsets());
      this.#planExpiry();
    });
  }
}
