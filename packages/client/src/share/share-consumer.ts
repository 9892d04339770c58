// A member of a share group (KIP-932): the group's members are given records of the same partitions, each record to one of them at a time, and each record
// is acknowledged by itself.
//
// Invariants: what the application was not done with is released, never accepted. Heartbeats do not depend on the application. close() settles all.

import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { ClosedError, type KafkaError, OptionsError, TimeoutError } from '../errors/kafka-error.ts';
import { within } from '../network/waiting.ts';
import { bytes } from '../serdes/primitives.ts';
import type { Topic } from '../topic.ts';
import { ShareBatch } from './share-batch.ts';
import { ShareFetcher } from './share-fetcher.ts';
import { ShareMembership } from './share-membership.ts';
import type { ShareConsumerSettings } from './share-options.ts';
import type { ShareRecord } from './share-record.ts';
import { ShareRun, type ShareRunOptions } from './share-run.ts';

type Bytes = Buffer | null;
type TopicInput<K, V> = Topic<K, V> | string;

export interface ShareBatchOptions {
  /** Default 500. */
  readonly maxRecords?: number;
}

const DEFAULT_CLOSE_MS = 30_000;
/** The part of the time for closing that is kept for the brokers, when handlers take long. */
const FAREWELL = 0.2;
const DEFAULT_BATCH_RECORDS = 500;
/** How long handing out records may go on without a turn of the event loop, and so without heartbeats and input. */
const TURN_MS = 10;
const AS_BYTES = { key: bytes(), value: bytes() };

export class ShareConsumer<K = Bytes, V = Bytes>
  implements AsyncDisposable, AsyncIterable<ShareRecord<K, V>>
{
  readonly #cluster: Cluster;
  readonly #settings: ShareConsumerSettings;
  readonly #membership: ShareMembership;
  readonly #fetcher: ShareFetcher;
  readonly #stop = new AbortController();
  #topics: ReadonlyMap<string, Topic<unknown, unknown> | undefined> = new Map();
  #unfollow: () => void = () => {};
  #turnMs = 0;
  readonly #runs = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(cluster: Cluster, settings: ShareConsumerSettings) {
    const { groupId, rack, signal } = settings;
    this.#cluster = cluster;
    this.#settings = settings;
    const failed = (error: KafkaError): void => this.#fetcher.failed(error);
    const host = { assigned: this.#assigned, failed };
    this.#membership = new ShareMembership({ cluster, groupId, rack, host });
    this.#fetcher = new ShareFetcher({
      ...{ cluster, settings, memberId: this.#membership.memberId },
      serdesOf: (topic) => this.#topics.get(topic) ?? AS_BYTES,
      topics: () => [...this.#topics.keys()],
    });
    if (signal?.aborted === true) this.#aborted();
    else signal?.addEventListener('abort', this.#aborted, { once: true });
  }

  get groupId(): string {
    return this.#settings.groupId;
  }

  get memberId(): string {
    return this.#membership.memberId;
  }

  /** Partitions that this member is given records of just now; other members may be given others of them. */
  get assignment(): readonly { readonly topic: string; readonly partition: number }[] {
    return this.#fetcher.assigned;
  }

  /** Reads these topics, in place of those before. Returns this consumer, which knows the types of the topics' records then. */
  subscribe<TK = Bytes, TV = Bytes>(
    topics: TopicInput<TK, TV> | readonly TopicInput<TK, TV>[],
  ): ShareConsumer<TK, TV> {
    if (this.#closing !== undefined) throw new ClosedError();
    const list = typeof topics === 'string' || !isList(topics) ? [topics] : topics;
    const named = list.map((each) =>
      typeof each === 'string' ? ([each, undefined] as const) : ([each.name, each] as const),
    );
    if (named.some(([name]) => typeof name !== 'string' || name === ''))
      throw new OptionsError('Share groups read topics by their names: patterns are not for them.');
    this.#topics = new Map(named as readonly (readonly [string, Topic<unknown, unknown> | undefined])[]);
    const names = [...this.#topics.keys()];
    this.#unfollow();
    this.#unfollow = this.#cluster.follow(names);
    this.#membership.subscribe(names);
    return this as unknown as ShareConsumer<TK, TV>;
  }

  /**
   * Records one by one. With implicit acknowledgement a record of which nothing was said is accepted when the next is asked for. One that the loop was
   * left with, by break or by an error, is released. Ends when the signal is aborted, or the consumer is closed.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<ShareRecord<K, V>> {
    let current: ShareRecord<K, V> | undefined;
    const isImplicit = this.#settings.acknowledge === 'implicit';
    const next = async (): Promise<IteratorResult<ShareRecord<K, V>>> => {
      if (isImplicit) current?.accept();
      current = undefined;
      current = (await this.#next(1))?.[0];
      return current === undefined ? { done: true, value: undefined } : { done: false, value: current };
    };
    const end = async (): Promise<IteratorResult<ShareRecord<K, V>>> => {
      if (isImplicit) current?.release();
      current = undefined;
      return { done: true, value: undefined };
    };
    return { next, return: end, [Symbol.asyncIterator]: () => this[Symbol.asyncIterator]() };
  }

  /** Some records of one partition at a time. What the loop was left with is released, as records one by one are. */
  async *batches({
    maxRecords = DEFAULT_BATCH_RECORDS,
  }: ShareBatchOptions = {}): AsyncGenerator<ShareBatch<K, V>, void> {
    const isImplicit = this.#settings.acknowledge === 'implicit';
    for (;;) {
      const records = await this.#next(maxRecords);
      if (records === undefined) return;
      this.#cluster.instruments?.tracing?.received(records, this.groupId);
      const batch = new ShareBatch(records, (options) => this.commit(options));
      let isDone = false;
      try {
        yield batch;
        isDone = true;
      } finally {
        if (isImplicit && isDone) batch.accept();
        else if (isImplicit) batch.release();
      }
    }
  }

  /**
   * Has records handled, several at a time, until the signal is aborted or the consumer closed: accepted when the handler is through, released when it
   * fails, rejected when it failed too often. Resolves when all handlers that were begun are through.
   */
  async run(options: ShareRunOptions<K, V>): Promise<void> {
    if (this.#closing !== undefined) throw new ClosedError();
    const tracing = this.#cluster.instruments?.tracing;
    const { handler } = options;
    const { done } = new ShareRun<K, V>({
      options:
        tracing === undefined
          ? options
          : {
              ...options,
              handler: (record, context) =>
                tracing.process(record, this.groupId, () => handler(record, context)),
            },
      ports: this.#cluster.ports,
      stop: this.#stop.signal,
      take: (most) => this.#take(most),
      whenReady: (signal) => this.#fetcher.whenReady(signal),
    });
    const over = done.catch(() => {}).finally(() => this.#runs.delete(over));
    this.#runs.add(over);
    return done;
  }

  /** Resolves when the brokers have taken what was said of records so far. Rejects with what they did not take. */
  async commit({ timeoutMs = this.#cluster.settings.apiTimeoutMs, signal }: CallOptions = {}): Promise<void> {
    const { ports } = this.#cluster;
    const deadlineMs = ports.clock.monotonicMs() + timeoutMs;
    await within(
      ports,
      { deadlineMs, signal },
      this.#fetcher.flush(),
      () => new TimeoutError(`The brokers did not answer to acknowledgements within ${timeoutMs} ms.`),
    );
  }

  /** Tells the brokers what was said of records, releases all others, and leaves the group. Never rejects; safe to call twice. */
  close({ timeoutMs = DEFAULT_CLOSE_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeoutMs: number): Promise<void> {
    const { clock } = this.#cluster.ports;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    this.#settings.signal?.removeEventListener('abort', this.#aborted);
    this.#aborted();
    this.#unfollow();
    const drainedMs = deadlineMs - timeoutMs * FAREWELL;
    const late = (): TimeoutError => new TimeoutError('Handlers were still under way.');
    await within(this.#cluster.ports, { deadlineMs: drainedMs }, Promise.all(this.#runs), late).catch(
      () => {},
    );
    await this.#fetcher.close(deadlineMs);
    await this.#membership.leave(Math.max(0, deadlineMs - clock.monotonicMs()));
    await this.#cluster.close();
  }

  readonly #aborted = (): void => this.#stop.abort(new ClosedError());

  readonly #assigned = (assignment: Parameters<ShareFetcher['assign']>[0]): void =>
    this.#fetcher.assign(assignment);

  /** Undefined at the end. */
  async #next(mostRecords: number): Promise<ShareRecord<K, V>[] | undefined> {
    const { clock, timers } = this.#cluster.ports;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const nowMs = clock.monotonicMs();
      if (nowMs - this.#turnMs >= TURN_MS) {
        await new Promise<void>((resolve) => timers.soon(resolve));
        this.#turnMs = clock.monotonicMs();
      }
      const records = this.#take(mostRecords);
      if (records !== undefined) return records;
      await this.#fetcher.whenReady(signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
    return undefined;
  }

  #take(mostRecords: number): ShareRecord<K, V>[] | undefined {
    if (this.#stop.signal.aborted) return undefined;
    // What subscribe() was given says how records are read.
    return this.#fetcher.take(mostRecords) as ShareRecord<K, V>[] | undefined;
  }
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}
