// Drives one shard's state machine: loads it from its log, runs commands on it, appends what it writes, wakes it at its
// deadlines.
//
// One append is under way at a time, and what comes meanwhile goes into the next: one batch and one fsync then serve
// many requests, and appends settle in the order of the log. A reply that follows from a record is given when that
// record is committed.

import type { Clock, Logger, Timer, Timers } from '@moldau/io';
import type { VerificationGuard, VerificationRequest } from '@moldau/log';
import { ErrorCode, KafkaError, MalformedError, type Record } from '@moldau/protocol';
import { toKafkaError } from './coordinator-errors.ts';
import type {
  CoordinatorBatch,
  CoordinatorLog,
  CoordinatorMarker,
  ReplayedBatch,
} from './coordinator-log.ts';
import type { Deadlines } from './deadlines.ts';
import type { Settled, TransactionalEffects } from './shard-effects.ts';
import { batchesOf, type Write, WriteQueue } from './write-queue.ts';

/** The state machine of one shard, as its runtime drives it. */
export interface CoordinatorShard {
  readonly deadlines: Deadlines;
  /** Takes in one record of the log, in the log's order. False: a kind of record that is not known. Throws MalformedError. */
  replay(record: Pick<Record, 'key' | 'value'>, batch: ReplayedBatch): boolean;
  /** Takes in the end of a transaction, in the log's order. Shards whose log knows no transactions have none. */
  replayMarker?(marker: Omit<CoordinatorMarker, 'transactionVersion'>): void;
  /** All records have been replayed: clients come from now on. */
  resume(): void;
  /** The shard is no longer ours: all that waits is answered with this error. */
  abandon(errorCode: number): void;
}

export interface ShardRuntimeOptions<Shard> {
  /** The internal topic whose partition is the shard's log. */
  readonly topic: string;
  readonly partition: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly openLog: () => Promise<CoordinatorLog>;
  readonly newShard: (effects: TransactionalEffects) => Shard;
}

interface Loaded<Shard> {
  readonly shard: Shard;
  readonly log: CoordinatorLog;
}

export class ShardRuntime<Shard extends CoordinatorShard> {
  readonly #options: ShardRuntimeOptions<Shard>;
  #loaded: Loaded<Shard> | undefined;
  #loading: Promise<void> | undefined;
  #isClosed = false;
  readonly #queue = new WriteQueue();
  #isAppending = false;
  #isFlushPlanned = false;
  #idleWaiters: (() => void)[] = [];
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(options: ShardRuntimeOptions<Shard>) {
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
    const { topic, partition, logger, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const log = await this.#options.openLog();
    const shard = this.#options.newShard({
      append: (records, settled, options) =>
        this.#enqueue({ records, transaction: options?.transaction ?? null }, settled),
      appendMarker: (marker, settled) => this.#enqueue({ marker }, settled),
    });
    const count = await this.#replay(log, shard);
    this.#failWhenClosed();
    this.#loaded = { shard, log };
    shard.resume();
    this.#arm(shard);
    const elapsedMs = clock.monotonicMs() - startedMs;
    logger.debug({ topic, partition, records: count, elapsedMs }, 'Loaded a coordinator’s shard');
  }

  /** How many records there were. */
  async #replay(log: CoordinatorLog, shard: Shard): Promise<number> {
    const { topic, partition, logger } = this.#options;
    let count = 0;
    const unknownKeyTypes = new Set<number>();
    await log.replay({
      record(record, batch) {
        count++;
        try {
          if (!shard.replay(record, batch)) unknownKeyTypes.add(record.key?.[1] ?? -1);
        } catch (error) {
          if (!(error instanceof MalformedError)) throw error;
          logger.error(
            { topic, partition, offset: record.offset, err: error },
            'A coordinator’s record cannot be read and is left out',
          );
        }
      },
      marker: (marker) => shard.replayMarker?.(marker),
    });
    if (unknownKeyTypes.size > 0) {
      const keyTypes = [...unknownKeyTypes];
      logger.warn(
        { topic, partition, keyTypes },
        'Records of a kind that is not known here were found and are left alone',
      );
    }
    return count;
  }

  #failWhenClosed(): void {
    if (this.#isClosed) throw new KafkaError(ErrorCode.NOT_COORDINATOR, 'The broker is shutting down');
  }

  /** Runs a command on the loaded shard. */
  run<T>(command: (shard: Shard) => T): T {
    const loaded = this.#loaded;
    if (loaded === undefined) throw new KafkaError(ErrorCode.NOT_COORDINATOR, 'The broker is shutting down');
    const result = command(loaded.shard);
    this.#arm(loaded.shard);
    return result;
  }

  /** As CoordinatorLog.beginVerification, on the loaded shard's log. */
  beginVerification(request: VerificationRequest): VerificationGuard | undefined {
    if (this.#loaded !== undefined) return this.#loaded.log.beginVerification(request);
    throw new KafkaError(ErrorCode.NOT_COORDINATOR, 'The broker is shutting down');
  }

  /** Resolves when all that was appended before has settled. */
  idle(): Promise<void> {
    if (!this.#isAppending && this.#queue.isEmpty) return Promise.resolve();
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

  #arm(shard: Shard): void {
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
      const { topic, partition, logger } = this.#options;
      logger.error({ topic, partition, err: error }, 'Unexpected error at a coordinator’s deadline');
    }
    this.#arm(shard);
  }

  // Appends --------------------------------------------------------------------------------------------------------

  #enqueue(batch: CoordinatorBatch, settled: Settled): void {
    this.#queue.push(batch, settled);
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
    while (!this.#queue.isEmpty) await this.#appendTogether(this.#queue.take());
    this.#isAppending = false;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  async #appendTogether(writes: readonly Write[]): Promise<void> {
    const { clock, logger, topic, partition } = this.#options;
    let failure: KafkaError | null = null;
    let refusals: readonly (KafkaError | null)[] = [];
    const { batches, batchOfWrite } = batchesOf(writes);
    try {
      if (batches.length > 0) refusals = (await this.#loaded?.log.append(batches, clock.wallMs())) ?? [];
    } catch (error) {
      failure = toKafkaError(error);
      logger.error({ topic, partition, err: error }, 'A coordinator’s records could not be written');
    }
    for (const [index, write] of writes.entries()) {
      try {
        write.settled(failure ?? refusals[batchOfWrite[index]!] ?? null);
      } catch (error) {
        logger.error({ topic, partition, err: error }, 'Unexpected error after a coordinator’s append');
      }
    }
    if (this.#loaded !== undefined && !this.#isClosed) this.#arm(this.#loaded.shard);
  }
}
