// The share coordinator, as its callers see it: finds the shard of a share partition, waits until it is loaded, and keeps
// the log under it short. Share partitions are spread over shards, one per partition of __share_group_state, by the hash
// Kafka uses.

import type { Clock, Logger, Timer, Timers } from '@moldau/io';
import { SHARE_GROUP_STATE_TOPIC } from '@moldau/metadata';
import { toKafkaError } from '../runtime/coordinator-errors.ts';
import type { CoordinatorLogs } from '../runtime/coordinator-log.ts';
import { Shards } from '../runtime/shards.ts';
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

/** The partition of __share_group_state under a shard, beyond what shards do with it. */
export interface ShareStateLog {
  readonly logStartOffset: number;
  readonly logEndOffset: number;
  /** Records below the offset are gone. */
  deleteRecordsBefore(offset: number): Promise<unknown>;
  flushToDisk(): Promise<void>;
}

export interface ShareCoordinatorOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly logs: CoordinatorLogs;
  readonly log: (partition: number) => ShareStateLog | undefined;
  readonly partitionExists: (topicId: string, partition: number) => boolean;
  /** share.coordinator.snapshot.update.records.per.snapshot */
  readonly updatesPerSnapshot: () => number;
}

/** Methods answer with an error code, also when the shard cannot be read. */
export class ShareCoordinator {
  readonly #options: ShareCoordinatorOptions;
  readonly #shards: Shards<ShareStateShard>;
  #pruneTimer: Timer | undefined;

  constructor(options: ShareCoordinatorOptions) {
    this.#options = options;
    const { clock, timers, logger, logs, partitionExists, updatesPerSnapshot } = options;
    this.#shards = new Shards({
      ...{ topic: SHARE_GROUP_STATE_TOPIC, clock, timers, logger, logs },
      newShard: (effects) =>
        new ShareStateShard({ effects, wallMs: () => clock.wallMs(), partitionExists, updatesPerSnapshot }),
    });
  }

  /** Starts to keep logs short. Shards are loaded when they are needed. */
  start(): void {
    this.#pruneTimer = this.#options.timers.after(PRUNE_INTERVAL_MS, () => {
      void this.prune().finally(() => {
        if (!this.#shards.isClosed) this.start();
      });
    });
  }

  async close(): Promise<void> {
    this.#pruneTimer?.cancel();
    await this.#shards.close();
  }

  /** The partition of __share_group_state that keeps this share partition. */
  partitionFor(key: ShareKey): number {
    return this.#shards.partitionOf(shareKeyText(key));
  }

  /** Loads the shard, and makes the topic when it is not there. Rejects with a KafkaError. */
  async prepare(key: ShareKey): Promise<void> {
    await this.#shards.at(this.partitionFor(key)).load();
  }

  /** Durable when it is answered: a group that forgot where it starts would start elsewhere. */
  initialize(key: ShareKey, wanted: { stateEpoch: number; startOffset: number }): Promise<ShareStateError> {
    return this.#answered<ShareStateError>(
      async () => {
        const partition = this.partitionFor(key);
        const answer = await this.#shards.ask<ShareStateError>(partition, (shard, reply) =>
          shard.initialize(key, wanted, reply),
        );
        await this.#options.log(partition)?.flushToDisk();
        return answer;
      },
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
    for (const partition of this.#shards.knownPartitions()) {
      try {
        await this.#shards.ask<void>(partition, (shard, reply) => shard.forgetTopic(topicId, reply));
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
    for (const [partition, runtime] of this.#shards.loaded()) {
      const log = this.#options.log(partition);
      if (log === undefined || this.#shards.isClosed) continue;
      const endOffset = log.logEndOffset;
      if (endOffset - log.logStartOffset < PRUNE_MIN_RECORDS) continue;
      try {
        await runtime.idle();
        await new Promise<void>((resolve, reject) => {
          runtime.run((shard) => shard.snapshotAll((error) => (error === null ? resolve() : reject(error))));
        });
        await log.flushToDisk();
        await log.deleteRecordsBefore(endOffset);
      } catch (error) {
        this.#options.logger.warn({ partition, err: error }, 'Share state could not be pruned');
      }
    }
  }

  #ask<T>(
    key: ShareKey,
    command: (shard: ShareStateShard, reply: (answer: T) => void) => void,
    whenFailed: (error: ShareStateError) => T,
  ): Promise<T> {
    return this.#answered(() => this.#shards.ask(this.partitionFor(key), command), whenFailed);
  }

  async #answered<T>(work: () => Promise<T>, whenFailed: (error: ShareStateError) => T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { code, message } = toKafkaError(error);
      return whenFailed({ errorCode: code, errorMessage: message });
    }
  }
}
