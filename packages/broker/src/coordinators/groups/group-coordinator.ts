// The coordinator of groups, as handlers see it: finds the shard of a group, waits until it is loaded, and checks what
// needs no group. Groups are spread over shards, one per partition of __consumer_offsets, by the hash Kafka uses.

import type { Clock, Logger, Random, Timer, Timers } from '@moldau/io';
import { GROUP_METADATA_TOPIC } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { toKafkaError } from '../runtime/coordinator-errors.ts';
import type { CoordinatorLogs } from '../runtime/coordinator-log.ts';
import { newUuid, shardOf } from '../runtime/shard-keys.ts';
import { ShardRuntime } from '../runtime/shard-runtime.ts';
import { joinError, syncError } from './classic-group.ts';
import type {
  CommitOffsetsAnswer,
  CommitOffsetsCommand,
  DeleteOffsetsAnswer,
  DeleteOffsetsCommand,
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
import type { GroupConfig } from './group-config.ts';
import { fitsIntoRecord } from './group-records.ts';
import { GroupShard, sameCode } from './group-shard.ts';

type GroupRuntime = ShardRuntime<GroupShard>;

export interface GroupCoordinatorOptions {
  readonly config: GroupConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly logs: CoordinatorLogs;
}

/**
 * Methods that answer with an error code never reject for what clients did wrong. All of them reject with a KafkaError
 * when the group's shard cannot be read.
 */
export class GroupCoordinator {
  readonly #options: GroupCoordinatorOptions;
  readonly #runtimes: (GroupRuntime | undefined)[] = [];
  #expiryTimer: Timer | undefined;
  #isClosed = false;

  constructor(options: GroupCoordinatorOptions) {
    this.#options = options;
  }

  /** Loads all shards that have records, one after the other, and starts to look for expired offsets. */
  async start(): Promise<void> {
    this.#planExpiry();
    for (const partition of this.#options.logs.partitionsWithRecords()) {
      if (this.#isClosed) return;
      await this.#runtime(partition)
        .load()
        .catch((error: unknown) => {
          this.#options.logger.error(
            { partition, err: error },
            'Groups could not be loaded; the next request tries again',
          );
        });
    }
  }

  /** Sends everyone who waits elsewhere and waits for appends under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#expiryTimer?.cancel();
    await Promise.all(this.#runtimes.map((runtime) => runtime?.close()));
  }

  /** The partition of __consumer_offsets that keeps this group. */
  partitionFor(groupId: string): number {
    return shardOf(groupId, this.#options.logs.partitionCount());
  }

  /** Loads the group's shard, and makes the topic that keeps groups when it is not there. */
  async prepare(groupId: string): Promise<void> {
    await this.#runtime(this.partitionFor(groupId)).load();
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
    return this.#ask(groupId, (shard, reply) => shard.join(command, caller, reply));
  }

  /** Answers when the leader's assignment is committed. */
  async syncGroup(command: SyncCommand): Promise<SyncAnswer> {
    if (command.groupId === '') return syncError(ErrorCode.INVALID_GROUP_ID);
    return this.#ask(command.groupId, (shard, reply) => shard.sync(command, reply));
  }

  /** The error code; at once when the shard is loaded. */
  heartbeat(command: HeartbeatCommand): number | Promise<number> {
    if (command.groupId === '') return ErrorCode.INVALID_GROUP_ID;
    return this.#run(command.groupId, (shard) => shard.heartbeat(command));
  }

  async leaveGroup(command: LeaveCommand): Promise<LeaveAnswer> {
    if (command.groupId === '') return { errorCode: ErrorCode.INVALID_GROUP_ID, members: [] };
    return this.#ask(command.groupId, (shard, reply) => shard.leave(command, reply));
  }

  // Offsets --------------------------------------------------------------------------------------------------------

  /** Answers when the offsets are committed in the log. The group id may be empty. */
  async commitOffsets(command: CommitOffsetsCommand, caller: GroupCaller): Promise<CommitOffsetsAnswer> {
    if (!fitsIntoRecord(command.groupId)) return sameCode(command.topics, ErrorCode.INVALID_GROUP_ID);
    return this.#ask(command.groupId, (shard, reply) => shard.commitOffsets(command, caller, reply));
  }

  /** A group that does not exist has no offsets. The group id may be empty. */
  fetchOffsets(command: FetchOffsetsCommand): FetchedTopic[] | Promise<FetchedTopic[]> {
    return this.#run(command.groupId, (shard) => shard.fetchOffsets(command));
  }

  async deleteOffsets(command: DeleteOffsetsCommand): Promise<DeleteOffsetsAnswer> {
    if (command.groupId === '') return { errorCode: ErrorCode.INVALID_GROUP_ID, partitionErrorCodes: [] };
    return this.#ask(command.groupId, (shard, reply) => shard.deleteOffsets(command, reply));
  }

  /**
   * Removes what groups have committed of a topic that has been deleted. Resolves when that is in the log, and never
   * rejects: what could not be removed is not shown for a newer topic of that name, and goes with the retention.
   */
  async onTopicDeleted(topicName: string, topicId: string): Promise<void> {
    for (const partition of this.#knownPartitions()) {
      try {
        await this.#forgetTopic(this.#runtime(partition), topicName, topicId);
      } catch (error) {
        this.#options.logger.warn(
          { partition, topicName, err: error },
          'Offsets of a deleted topic are left behind',
        );
      }
    }
  }

  async #forgetTopic(runtime: GroupRuntime, topicName: string, topicId: string): Promise<void> {
    await runtime.load();
    // Commits under way would come after the tombstones and outlive the topic.
    await runtime.idle();
    await new Promise<void>((resolve) => {
      runtime.run((shard) => shard.removeTopicOffsets(topicName, topicId, resolve));
    });
  }

  // Groups ---------------------------------------------------------------------------------------------------------

  /** All groups there are; waits until all shards are loaded. */
  async listGroups(): Promise<ListedGroup[]> {
    const runtimes = this.#knownPartitions().map((partition) => this.#runtime(partition));
    await Promise.all(runtimes.map((runtime) => runtime.load()));
    return runtimes.flatMap((runtime) => runtime.run((shard) => shard.listGroups()));
  }

  describeGroup(groupId: string): DescribedGroup | Promise<DescribedGroup> {
    return this.#run(groupId, (shard) => shard.describeGroup(groupId));
  }

  /** The error code, when the group is gone from the log. The group id may be empty. */
  async deleteGroup(groupId: string): Promise<number> {
    return this.#ask(groupId, (shard, reply) => shard.deleteGroup(groupId, reply));
  }

  // Shards ---------------------------------------------------------------------------------------------------------

  /** Partitions that hold or may soon hold groups. */
  #knownPartitions(): number[] {
    const partitions = new Set(this.#options.logs.partitionsWithRecords());
    this.#runtimes.forEach((runtime, partition) => {
      if (runtime?.isLoaded === true) partitions.add(partition);
    });
    return [...partitions].sort((a, b) => a - b);
  }

  #runtime(partition: number): GroupRuntime {
    const existing = this.#runtimes[partition];
    if (existing !== undefined) return existing;
    if (this.#isClosed) throw new KafkaError(ErrorCode.NOT_COORDINATOR, 'The broker is shutting down');
    const { config, clock, timers, logger, random, logs } = this.#options;
    const runtime = new ShardRuntime({
      topic: GROUP_METADATA_TOPIC,
      partition,
      clock,
      timers,
      logger,
      newShard: (effects) =>
        new GroupShard({
          config,
          clock,
          logger,
          effects,
          newMemberId: (prefix) => `${prefix}-${newUuid(random)}`,
        }),
      openLog: async () => {
        try {
          return await logs.open(partition);
        } catch (error) {
          const { message } = toKafkaError(error);
          throw new KafkaError(
            ErrorCode.COORDINATOR_NOT_AVAILABLE,
            `Partition ${partition} of __consumer_offsets, which keeps the group, cannot be opened: ${message}`,
          );
        }
      },
    });
    this.#runtimes[partition] = runtime;
    return runtime;
  }

  /** Runs a command whose answer comes at once. Stays synchronous when the shard is loaded: heartbeats are many. */
  #run<T>(groupId: string, command: (shard: GroupShard) => T): T | Promise<T> {
    const runtime = this.#runtime(this.partitionFor(groupId));
    if (runtime.isLoaded) return runtime.run(command);
    return runtime.load().then(() => runtime.run(command));
  }

  /** Runs a command whose answer may come later. */
  async #ask<T>(
    groupId: string,
    command: (shard: GroupShard, reply: (answer: T) => void) => void,
  ): Promise<T> {
    const runtime = this.#runtime(this.partitionFor(groupId));
    if (!runtime.isLoaded) await runtime.load();
    return new Promise((resolve) => runtime.run((shard) => command(shard, resolve)));
  }

  #planExpiry(): void {
    const { timers, config } = this.#options;
    this.#expiryTimer = timers.after(config.offsetsRetentionCheckIntervalMs, () => {
      if (this.#isClosed) return;
      for (const runtime of this.#runtimes) {
        if (runtime?.isLoaded === true) runtime.run((shard) => shard.expireOffsets());
      }
      this.#planExpiry();
    });
  }
}
