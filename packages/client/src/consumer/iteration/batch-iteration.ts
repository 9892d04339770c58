// `for await (const batch of consumer.batches())`: a batch is done when it is committed, or the next one is asked for.
//
// Left by break, return or an error, the batch in hand is not done, and its records come again when consuming goes on.

import type { Clock, Timers } from '@moldau/io';
import { type Consumption, type ConsumptionHost, stopOn } from '../consumption.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';
import type { Chunk } from './chunk.ts';
import { type ChunkPart, ConsumerBatch } from './consumer-batch.ts';

export interface BatchOptions {
  /** Of how many records a batch consists at most. Default 500. */
  readonly maxRecords?: number | undefined;
  /** How long a batch may wait to be filled, from its first record on. Default 0: it has what is there. */
  readonly maxWaitMs?: number | undefined;
  /** Of the records in it; a larger record comes alone. Default 16 MiB. */
  readonly maxBytes?: number | undefined;
  /** Ends the loop, as a break between two batches does. */
  readonly signal?: AbortSignal | undefined;
}

type Time = { readonly clock: Clock; readonly timers: Timers };
type Limits = { readonly maxRecords: number; readonly maxWaitMs: number; readonly maxBytes: number };
type Result<R> = IteratorResult<ConsumerBatch<R>, undefined>;

const DEFAULTS: Limits = { maxRecords: 500, maxWaitMs: 0, maxBytes: 16 * 1024 * 1024 };

/** For those who make iterations. */
export interface BatchIterationOptions extends BatchOptions {
  /** Told of each batch. */
  readonly handedOut?: ((records: readonly ConsumerRecord<unknown, unknown>[]) => void) | undefined;
}

export class BatchIteration<R> implements AsyncIterableIterator<ConsumerBatch<R>, undefined>, Consumption {
  readonly #host: ConsumptionHost;
  readonly #time: Time;
  readonly #limits: Limits;
  readonly #handedOut: BatchIterationOptions['handedOut'];
  #state: 'new' | 'running' | 'stopped' | 'ended' = 'new';
  /** What the batch in hand consists of. */
  #parts: ChunkPart[] = [];
  #batch: ConsumerBatch<R> | undefined;
  /** The chunk of which only the beginning went into the batch. */
  #rest: Chunk | undefined;
  #last: Promise<unknown> = Promise.resolve();
  readonly #release: () => void;

  constructor(host: ConsumptionHost, time: Time, options: BatchIterationOptions = {}) {
    this.#host = host;
    this.#time = time;
    this.#handedOut = options.handedOut;
    const { maxRecords, maxWaitMs, maxBytes } = DEFAULTS;
    this.#limits = {
      maxRecords: Math.max(1, options.maxRecords ?? maxRecords),
      maxWaitMs: options.maxWaitMs ?? maxWaitMs,
      maxBytes: options.maxBytes ?? maxBytes,
    };
    this.#release = stopOn(options.signal, this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result<R>> {
    const next = this.#last.then(() => this.#next());
    this.#last = next.catch(() => {});
    return next;
  }

  async return(): Promise<Result<R>> {
    this.#giveBack();
    this.stop();
    await this.#end();
    return { done: true, value: undefined };
  }

  stop(): void {
    if (this.#state === 'ended') return;
    this.#state = this.#state === 'new' ? 'ended' : 'stopped';
    this.#host.intake.wake();
  }

  *inHands(): Iterable<ConsumerRecord<unknown, unknown>> {
    for (const { chunk, from } of this.#parts) yield chunk.records[from]!;
  }

  async #next(): Promise<Result<R>> {
    this.#batch?.done();
    this.#handBack();
    try {
      if (this.#state === 'new') this.#state = this.#host.begin(this) ? 'running' : 'ended';
      const parts = await this.#collect();
      if (parts.length > 0) return { done: false, value: this.#handOut(parts) };
    } catch (error) {
      await this.#end();
      throw error;
    }
    this.#giveBack();
    await this.#end();
    return { done: true, value: undefined };
  }

  /** Empty: it is over. */
  async #collect(): Promise<ChunkPart[]> {
    const { intake } = this.#host;
    const { clock, timers } = this.#time;
    const filling = new Filling(this.#limits);
    let deadlineMs: number | undefined;
    while (this.#state === 'running' && !filling.isFull) {
      const there = this.#takeRest() ?? (filling.isEmpty ? undefined : this.#takeSafely(filling));
      if (there !== undefined) {
        filling.add(there);
        if (!there.isHandedOut) this.#rest = there;
        continue;
      }
      filling.dropClosed();
      if (filling.isEmpty) {
        this.#rest = await intake.next(this.#limits.maxRecords);
        continue;
      }
      deadlineMs ??= clock.monotonicMs() + this.#limits.maxWaitMs;
      const leftMs = deadlineMs - clock.monotonicMs();
      if (leftMs <= 0) break;
      const timer = timers.after(leftMs, () => intake.wake());
      try {
        this.#rest = await intake.next(filling.missingRecords);
      } catch {
        filling.close();
      } finally {
        timer.cancel();
      }
    }
    filling.dropClosed();
    if (this.#state === 'running') return filling.parts;
    for (const { chunk } of filling.parts) {
      chunk.rewind();
      intake.giveBack(chunk);
    }
    return [];
  }

  #takeRest(): Chunk | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest === undefined || !rest.session.isOpen) return undefined;
    if (!rest.session.isPaused) return rest;
    this.#host.intake.giveBack(rest);
    return undefined;
  }

  /** What is wrong with a partition is said again at its next turn, when the batch that others filled has been given. */
  #takeSafely(filling: Filling): Chunk | undefined {
    try {
      return this.#host.intake.take(filling.missingRecords);
    } catch {
      filling.close();
      return undefined;
    }
  }

  #handOut(parts: ChunkPart[]): ConsumerBatch<R> {
    this.#parts = parts;
    for (const { chunk } of parts) chunk.session.handOut();
    this.#batch = new ConsumerBatch<R>(parts, this.#host);
    this.#handedOut?.(this.#batch.records as unknown as readonly ConsumerRecord<unknown, unknown>[]);
    return this.#batch;
  }

  #handBack(): ChunkPart[] {
    const parts = this.#parts;
    this.#parts = [];
    this.#batch = undefined;
    for (const { chunk } of parts) chunk.session.handBack();
    return parts;
  }

  #giveBack(): void {
    const chunks = new Set(this.#handBack().map(({ chunk }) => chunk));
    if (this.#rest !== undefined) chunks.add(this.#rest);
    this.#rest = undefined;
    this.#host.intake.giveBackAll(chunks);
  }

  async #end(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#release();
    await this.#host.end(this);
  }
}

/** A batch while it is filled. */
class Filling {
  parts: ChunkPart[] = [];
  readonly #limits: Limits;
  #count = 0;
  #bytes = 0;
  #isClosed = false;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  get isFull(): boolean {
    return this.#isClosed || this.#count >= this.#limits.maxRecords;
  }

  get missingRecords(): number {
    return this.#limits.maxRecords - this.#count;
  }

  /** As many of the chunk's records as there is room for, and at least one. */
  add(chunk: Chunk): void {
    const from = chunk.index;
    const { records } = chunk;
    while (chunk.index < records.length && this.#count < this.#limits.maxRecords) {
      const bytes = records[chunk.index]!.sizeBytes;
      if (this.#count > 0 && this.#bytes + bytes > this.#limits.maxBytes) {
        this.close();
        break;
      }
      this.#bytes += bytes;
      this.#count++;
      chunk.index++;
    }
    if (chunk.index > from) this.parts.push({ chunk, from, to: chunk.index });
  }

  /** Nothing more goes into it. */
  close(): void {
    this.#isClosed = true;
  }

  /** Without the records of partitions that are not this consumer's any more. */
  dropClosed(): void {
    if (this.parts.every(({ chunk }) => chunk.session.isOpen)) return;
    this.parts = this.parts.filter(({ chunk }) => chunk.session.isOpen);
    this.#count = this.parts.reduce((count, { from, to }) => count + to - from, 0);
    if (this.parts.length === 0) this.#isClosed = false;
  }
}
