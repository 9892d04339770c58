// The share coordinator, as its callers see it: finds the shard of a share partition, waits until it is loaded, and keeps
// the log under it short. Share partitions are spread over shards, one per partition of __share_group_state, by the hash
// Kafka uses.

import type { Clock, Logger, Timer, Timers } from '@moldau/io';
import { SHARE_GROUP_STATE_TOPIC } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { toKafkaError } from '../runtime/coordinator-errors.ts';
import type { CoordinatorLogs } from '../runtime/coordinator-log.ts';
import { shardOf } from '../runtime/shard-keys.ts';
import { ShardRuntime } from '../runtime/shard-runtime.ts';
import { type ShareKey, shareKeyText } from './share-state-records.ts';
import {
  type ReadShareState,
  type ShareStateError,
  ShareStateShard,
  type ShareStateSummary,
  type WriteShareState,
} from './share-state-shard.ts';

/** How often logs are looked at for records that are needed no more. */
const PRUNE_INTERVAL_MS = 5 * 60_000;
/** A log this short is left alone. */
const PRUNE_MIN_RECORDS = 10_000;

/** The partition of __share_group_state under a shard, as far as pruning goes. */
export interface PrunableLog {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** Records below the offset are gone. */
  deleteRecordsBefore(offset: number): Promise<unknown>;
}

export interface ShareCoordinatorOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly logs: CoordinatorLogs;
  readonly prunableLog: (partition: number) => PrunableLog | undefined;
  readonly partitionExists: (topicId: string, partition: number) => boolean;
  /** share.coordinator.snapshot.update.records.per.snapshot */
  readonly updatesPerSnapshot: () => number;
}

type Runtime = ShardRuntime<ShareStateShard>;

/** Methods answer with an error code, also when the shard cannot be read. */
export class ShareCoordinator {
  readonly #options: ShareCoordinatorOptions;
  readonly #runtimes: (Runtime | undefined)[] = [];
  #pruneTimer: Timer | undefined;
  #isClosed = false;

  constructor(options: ShareCoordinatorOptions) {
    this.#options = options;
  }

  /** Starts to keep logs short. Shards are loaded when they are needed. */
  start(): void {
    this.#pruneTimer = this.#options.timers.after(PRUNE_INTERVAL_MS, () => {
      void this.prune().finally(() => {
        if (!this.#isClosed) this.start();
      });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pruneTimer?.cancel();
    await Promise.all(this.#runtimes.map((runtime) => runtime?.close()));
  }

  /** The partition of __share_group_state that keeps this share partition. */
  partitionFor(key: ShareKey): number {
    return shardOf(shareKeyText(key), this.#options.logs.partitionCount());
  }

  /** Loads the shard, and makes the topic when it is not there. Rejects with a KafkaError. */
  async prepare(key: ShareKey): Promise<void> {
    await this.#runtime(this.partitionFor(key)).load();
  }

  initialize(key: ShareKey, wanted: { stateEpoch: number; startOffset: number }): Promise<ShareStateError> {
    return this.#ask<ShareStateError>(
      key,
      (shard, reply) => shard.initialize(key, wanted, reply),
      (error) => error,
    );
  }

  read(key: ShareKey, leaderEpoch: number): Promise<ReadShareState> {
    return this.#ask<ReadShareState>(
      key,
      (shard, reply) => shard.read(key, leaderEpoch, reply),
      (error) => ({
        ...{ stateEpoch: 0, startOffset: 0, stateBatches: [] },
        ...error,
      }),
    );
  }

  write(key: ShareKey, written: WriteShareState): Promise<ShareStateError> {
    return this.#ask<ShareStateError>(
      key,
      (shard, reply) => shard.write(key, written, reply),
      (error) => error,
    );
  }

  remove(key: ShareKey): Promise<ShareStateError> {
    return this.#ask<ShareStateError>(
      key,
      (shard, reply) => shard.remove(key, reply),
      (error) => error,
    );
  }

  summary(key: ShareKey): Promise<ShareStateSummary> {
    return this.#ask<ShareStateSummary>(
      key,
      (shard, reply) => reply(shard.summary(key)),
      (error) => ({
        ...{ stateEpoch: 0, leaderEpoch: 0, startOffset: 0, deliveryCompleteCount: -1 },
        ...error,
      }),
    );
  }

  /** Removes what is known of a deleted topic. Never rejects. */
  async onTopicDeleted(topicId: string): Promise<void> {
    for (const partition of this.#knownPartitions()) {
      try {
        const runtime = this.#runtime(partition);
        await runtime.load();
        await new Promise<void>((resolve) => runtime.run((shard) => shard.forgetTopic(topicId, resolve)));
      } catch (error) {
        this.#options.logger.warn(
          { partition, topicId, err: error },
          'Share state of a deleted topic is left behind',
        );
      }
    }
  }

  /**
   * Shortens the logs of loaded shards: writes what is known anew, and deletes what was written before. The topic is not
   * compacted; its retention is without end.
   */
  async prune(): Promise<void> {
    for (const [partition, runtime] of this.#runtimes.entries()) {
      const log = this.#options.prunableLog(partition);
      if (runtime?.isLoaded !== true || log === undefined || this.#isClosed) continue;
      const endOffset = log.logEndOffset;
      if (endOffset - log.logStartOffset < PRUNE_MIN_RECORDS) continue;
      try {
        await runtime.idle();
        await new Promise<void>((resolve, reject) => {
          runtime.run((shard) => shard.snapshotAll((error) => (error === null ? resolve() : reject(error))));
        });
        await log.deleteRecordsBefore(endOffset);
      } catch (error) {
        this.#options.logger.warn({ partition, err: error }, 'Share state could not be pruned');
      }
    }
  }

  #knownPartitions(): number[] {
    const partitions = new Set(this.#options.logs.partitionsWithRecords());
    this.#runtimes.forEach((runtime, partition) => {
      if (runtime?.isLoaded === true) partitions.add(partition);
    });
    return [...partitions].sort((a, b) => a - b);
  }

  #runtime(partition: number): Runtime {
    const existing = this.#runtimes[partition];
    if (existing !== undefined) return existing;
    if (this.#isClosed) throw new KafkaError(ErrorCode.NOT_COORDINATOR, 'The broker is shutting down');
    const { clock, timers, logger, logs, partitionExists, updatesPerSnapshot } = this.#options;
    const runtime = new ShardRuntime({
      topic: SHARE_GROUP_STATE_TOPIC,
      partition,
      clock,
      timers,
      logger,
      newShard: (effects) =>
        new ShareStateShard({ effects, wallMs: () => clock.wallMs(), partitionExists, updatesPerSnapshot }),
      openLog: async () => {
        try {
          return await logs.open(partition);
        } catch (error) {
          const { message } = toKafkaError(error);
          throw new KafkaError(
            ErrorCode.COORDINATOR_NOT_AVAILABLE,
            `Partition ${partition} of ${SHARE_GROUP_STATE_TOPIC}, which keeps the share state, cannot be opened: ${message}`,
          );
        }
      },
    });
    this.#runtimes[partition] = runtime;
    return runtime;
  }

  async #ask<T>(
    key: ShareKey,
    command: (shard: ShareStateShard, reply: (answer: T) => void) => void,
    whenFailed: (error: ShareStateError) => T,
  ): Promise<T> {
    try {
      const runtime = this.#runtime(this.partitionFor(key));
      if (!runtime.isLoaded) await runtime.load();
      return await new Promise<T>((resolve) => runtime.run((shard) => command(shard, resolve)));
    } catch (error) {
      const { code, message } = toKafkaError(error);
      return whenFailed({ errorCode: code, errorMessage: message });
    }
  }
}
