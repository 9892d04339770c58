// Drives one shard's state machine: loads it from its log, runs commands on it, appends what it writes, wakes it at its
// deadlines.
//
// One append is under way at a time, and what comes meanwhile goes into the next: one batch and one fsync then serve
// many requests, and appends settle in the order of the log. A reply that follows from a record is given when that
// record is committed.

import type { Clock, Logger, Timer, Timers } from '@moldau/io';
import { ErrorCode, KafkaError, MalformedError } from '@moldau/protocol';
import { toKafkaError } from './coordinator-errors.ts';
import type { CoordinatorLog, CoordinatorRecord } from './coordinator-log.ts';
import type { GroupConfig } from './group-config.ts';
import { GroupShard } from './group-shard.ts';

/** A batch stays well below the smallest message.max.bytes people set; a write larger than this goes by itself. */
const MAX_BATCH_BYTES = 256 * 1024;

export interface GroupShardRuntimeOptions {
  readonly partition: number;
  readonly config: GroupConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly newMemberId: (prefix: string) => string;
  readonly openLog: () => Promise<CoordinatorLog>;
}

interface Write {
  readonly records: readonly CoordinatorRecord[];
  readonly sizeBytes: number;
  readonly settled: (error: KafkaError | null) => void;
}

interface Loaded {
  readonly shard: GroupShard;
  readonly log: CoordinatorLog;
}

export class GroupShardRuntime {
  readonly #options: GroupShardRuntimeOptions;
  #loaded: Loaded | undefined;
  #loading: Promise<void> | undefined;
  #isClosed = false;
  #queue: Write[] = [];
  #isAppending = false;
  #isFlushPlanned = false;
  #idleWaiters: (() => void)[] = [];
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(options: GroupShardRuntimeOptions) {
    this.#options = options;
  }

  /** Whether `run` may be called now. */
  get isLoaded(): boolean {
    return this.#loaded !== undefined;
  }

  /** Reads the log, once however many ask. Rejects with a KafkaError when it cannot; the next call tries again. */
  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    if (this.#loaded !== undefined) return;
    this.#failWhenClosed();
    const { partition, logger, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const log = await this.#options.openLog();
    const shard = this.#newShard();
    let count = 0;
    const unknownKeyTypes = new Set<number>();
    await log.replay((record) => {
      count++;
      try {
        if (!shard.replay(record)) unknownKeyTypes.add(record.key?.[1] ?? -1);
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error;
        logger.error(
          { partition, offset: record.offset, err: error },
          'A record of __consumer_offsets cannot be read and is left out',
        );
      }
    });
    this.#failWhenClosed();
    if (unknownKeyTypes.size > 0) {
      const keyTypes = [...unknownKeyTypes];
      logger.warn(
        { partition, keyTypes },
        'Groups of a kind that is not served here were found and are left alone',
      );
    }
    this.#loaded = { shard, log };
    shard.resume();
    this.#arm(shard);
    const elapsedMs = clock.monotonicMs() - startedMs;
    logger.debug({ partition, records: count, elapsedMs }, 'Loaded groups');
  }

  #failWhenClosed(): void {
    if (this.#isClosed) throw new KafkaError(ErrorCode.NOT_COORDINATOR, 'The broker is shutting down');
  }

  #newShard(): GroupShard {
    const { config, clock, logger, newMemberId } = this.#options;
    return new GroupShard({
      config,
      clock,
      logger,
      newMemberId,
      effects: { append: (records, settled) => this.#enqueue(records, settled) },
    });
  }

  /** Runs a command on the loaded shard. */
  run<T>(command: (shard: GroupShard) => T): T {
    const loaded = this.#loaded;
    if (loaded === undefined) throw new KafkaError(ErrorCode.NOT_COORDINATOR, 'The broker is shutting down');
    const result = command(loaded.shard);
    this.#arm(loaded.shard);
    return result;
  }

  /** Resolves when all that was appended before has settled. */
  idle(): Promise<void> {
    if (!this.#isAppending && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Answers all that waits, waits for appends under way, and stops. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAtMs = Number.NEGATIVE_INFINITY;
    this.#loaded?.shard.abandon(ErrorCode.NOT_COORDINATOR);
    await this.idle();
    this.#loaded = undefined;
  }

  // Deadlines ------------------------------------------------------------------------------------------------------

  #arm(shard: GroupShard): void {
    const atMs = shard.deadlines.nextMs();
    if (atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    const { clock, timers } = this.#options;
    this.#timer = timers.after(Math.max(0, atMs - clock.monotonicMs()), () => {
      // After a pause of the process, heartbeats that have arrived are read before anyone is given up for silent.
      timers.soon(() => this.#wake());
    });
  }

  #wake(): void {
    if (this.#isClosed || this.#loaded === undefined) return;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const { shard } = this.#loaded;
    try {
      shard.deadlines.advance(this.#options.clock.monotonicMs());
    } catch (error) {
      // What else is due is run at the next turn.
      const { partition, logger } = this.#options;
      logger.error({ partition, err: error }, 'Unexpected error at a deadline of a group');
    }
    this.#arm(shard);
  }

  // Appends --------------------------------------------------------------------------------------------------------

  #enqueue(records: readonly CoordinatorRecord[], settled: Write['settled']): void {
    let sizeBytes = 0;
    for (const { key, value } of records) sizeBytes += key.length + (value?.length ?? 0);
    this.#queue.push({ records, sizeBytes, settled });
    if (this.#isAppending || this.#isFlushPlanned) return;
    // Requests that came in the same turn share the batch.
    this.#isFlushPlanned = true;
    this.#options.timers.soon(() => {
      this.#isFlushPlanned = false;
      void this.#appendQueued();
    });
  }

  async #appendQueued(): Promise<void> {
    if (this.#isAppending) return;
    this.#isAppending = true;
    while (this.#queue.length > 0) await this.#appendBatch(this.#takeBatch());
    this.#isAppending = false;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #takeBatch(): Write[] {
    let sizeBytes = 0;
    let count = 0;
    for (const write of this.#queue) {
      sizeBytes += write.sizeBytes;
      if (count > 0 && sizeBytes > MAX_BATCH_BYTES) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #appendBatch(batch: Write[]): Promise<void> {
    const { clock, logger, partition } = this.#options;
    let failure: KafkaError | null = null;
    try {
      const records = batch.length === 1 ? batch[0]!.records : batch.flatMap((write) => write.records);
      if (records.length > 0) await this.#loaded?.log.append(records, clock.wallMs());
    } catch (error) {
      failure = toKafkaError(error);
      logger.error({ partition, err: error }, 'Groups could not be written to __consumer_offsets');
    }
    for (const write of batch) {
      try {
        write.settled(failure);
      } catch (error) {
        logger.error({ partition, err: error }, 'Unexpected error after an append of groups');
      }
    }
    if (this.#loaded !== undefined && !this.#isClosed) this.#arm(this.#loaded.shard);
  }
}
