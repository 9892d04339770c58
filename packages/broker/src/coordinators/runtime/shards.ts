// The shards of one coordinator, one per partition of its internal topic: finds the shard of a key, loads it when it is first
// asked, and closes all of them.

import type { Clock, Logger, Timers } from '@moldau/io';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { toKafkaError } from './coordinator-errors.ts';
import type { CoordinatorLogs } from './coordinator-log.ts';
import type { TransactionalEffects } from './shard-effects.ts';
import { shardOf } from './shard-keys.ts';
import { type CoordinatorShard, ShardRuntime } from './shard-runtime.ts';

export interface ShardsOptions<Shard> {
  /** The internal topic whose partitions are the shards' logs. */
  readonly topic: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly logs: CoordinatorLogs;
  readonly newShard: (effects: TransactionalEffects, partition: number) => Shard;
}

export class Shards<Shard extends CoordinatorShard> {
  readonly #options: ShardsOptions<Shard>;
  readonly #runtimes: (ShardRuntime<Shard> | undefined)[] = [];
  #isClosed = false;

  constructor(options: ShardsOptions<Shard>) {
    this.#options = options;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The partition that keeps this key. */
  partitionOf(key: string): number {
    return shardOf(key, this.#options.logs.partitionCount());
  }

  /** Partitions that hold or may soon hold records. */
  knownPartitions(): number[] {
    const partitions = new Set(this.#options.logs.partitionsWithRecords());
    for (const [partition] of this.loaded()) partitions.add(partition);
    return [...partitions].sort((a, b) => a - b);
  }

  /** Loads all shards that have records, one after the other. Never rejects: the next request tries again. */
  async loadAll(): Promise<void> {
    for (const partition of this.#options.logs.partitionsWithRecords()) {
      if (this.#isClosed) return;
      await this.at(partition)
        .load()
        .catch((error: unknown) => {
          if (this.#isClosed) return;
          const { topic, logger } = this.#options;
          logger.error({ topic, partition, err: error }, 'A coordinator’s shard could not be loaded');
        });
    }
  }

  /** The shards that are loaded, with their partitions. */
  *loaded(): Iterable<[number, ShardRuntime<Shard>]> {
    for (const [partition, runtime] of this.#runtimes.entries())
      if (runtime?.isLoaded === true) yield [partition, runtime];
  }

  /** Sends everyone who waits elsewhere and waits for appends under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#runtimes.map((runtime) => runtime?.close()));
  }

  /** Runs a command whose answer comes at once. Stays synchronous when the shard is loaded: heartbeats are many. */
  run<T>(partition: number, command: (shard: Shard) => T): T | Promise<T> {
    const runtime = this.at(partition);
    if (runtime.isLoaded) return runtime.run(command);
    return runtime.load().then(() => runtime.run(command));
  }

  /** Runs a command whose answer may come later. */
  async ask<T>(partition: number, command: (shard: Shard, reply: (answer: T) => void) => void): Promise<T> {
    const runtime = this.at(partition);
    if (!runtime.isLoaded) await runtime.load();
    return new Promise((resolve) => runtime.run((shard) => command(shard, resolve)));
  }

  /** The shard of a partition, loaded or not. Throws NOT_COORDINATOR after close. */
  at(partition: number): ShardRuntime<Shard> {
    const existing = this.#runtimes[partition];
    if (existing !== undefined) return existing;
    if (this.#isClosed) throw new KafkaError(ErrorCode.NOT_COORDINATOR, 'The broker is shutting down');
    const { topic, clock, timers, logger, newShard } = this.#options;
    const runtime = new ShardRuntime<Shard>({
      ...{ topic, partition, clock, timers, logger },
      newShard: (effects) => newShard(effects, partition),
      openLog: () => this.#openLog(partition),
    });
    this.#runtimes[partition] = runtime;
    return runtime;
  }

  async #openLog(partition: number) {
    try {
      return await this.#options.logs.open(partition);
    } catch (error) {
      const { message } = toKafkaError(error);
      throw new KafkaError(
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        `Partition ${partition} of ${this.#options.topic}, which the coordinator keeps its state in, cannot be opened: ${message}`,
      );
    }
  }
}
