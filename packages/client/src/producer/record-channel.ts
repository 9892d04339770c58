// From records to their outcomes: what a producer and its transactions have in common. It serializes, keeps to the bounded buffer, and owns the parts
// that do the rest.
//
// Invariants: every record that was taken has an outcome by its deadline; the outcomes of posted ones that failed are told once, and kept for the next
// flush. After close() there is no timer and no socket.

import type { Cluster } from '../cluster/cluster.ts';
import {
  ClosedError,
  KafkaError,
  PartialFailureError,
  SerializationError,
  TimeoutError,
} from '../errors/kafka-error.ts';
import { type Limits, within } from '../network/waiting.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { Serde, SerdeContext } from '../serdes/serde.ts';
import type { OutgoingRecord, Topic } from '../topic.ts';
import type { Batch } from './batch.ts';
import { Blocks } from './blocks.ts';
import { BufferRoom } from './buffer-room.ts';
import { BurstClock } from './burst-clock.ts';
import { Lines } from './lines.ts';
import { Outcomes } from './outcomes.ts';
import type { RecordChannel as ChannelOfTransactions, ProducerIdentity } from './producer-identity.ts';
import type { FailedRecord, ProducerSettings } from './producer-options.ts';
import { RecordBuffer } from './record-buffer.ts';
import type { LinesOptions, RecordPost, RecordSend, SendOptions, SentRecord } from './record-calls.ts';
import { Sender } from './sender.ts';
import type { OutgoingBytes, TopicQueue } from './topic-queue.ts';
import { encodeHeaders } from './wire.ts';

type AnyTopic = Topic<unknown, unknown> | string;
type AnyRecord = OutgoingRecord<unknown, unknown>;

/** Whoever posts as much in one turn of the event loop is asked to let others run: what was posted is sent meanwhile. */
const TURN_BYTES = 512 * 1024;
/** And so is whoever has posted that part of the buffer and more that is not on its way. */
const UNSENT_PART = 32;
const LINE_FEED = 0x0a;

export class RecordChannel implements ChannelOfTransactions {
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #room: BufferRoom;
  readonly #sender: Sender;
  readonly #buffer: RecordBuffer;
  readonly #tracing: Tracing | undefined;
  readonly #clock: BurstClock;
  #isClosed = false;
  /** Posted in this turn. */
  #turnBytes = 0;
  #nextTurn: PromiseWithResolvers<void> | undefined;
  /** Of posted records, since the last flush. */
  #firstFailure: KafkaError | undefined;
  #failureCount = 0;

  constructor(cluster: Cluster, settings: ProducerSettings, identity: ProducerIdentity) {
    const { clock, timers } = cluster.ports;
    const { bufferBytes: limitBytes, deliveryTimeoutMs: timeoutMs, compression } = settings;
    const blocks = new Blocks(limitBytes);
    const onGiven = (): void => {
      if (this.#nextTurn !== undefined) this.#sender.schedule();
    };
    const room = new BufferRoom({ limitBytes, timeoutMs, clock, timers, onGiven });
    const outcomes = new Outcomes({
      ...{ cluster, identity, room, blocks, compression },
      onRefusedSize: (topic, sizeBytes) => this.#buffer.limit(topic, sizeBytes),
      onFailed: (...failed) => this.#batchFailed(...failed),
    });
    this.#cluster = cluster;
    this.#settings = settings;
    this.#clock = new BurstClock(clock);
    this.#tracing = cluster.instruments?.tracing;
    this.#room = room;
    this.#sender = new Sender({ cluster, settings, identity, room, outcomes, onTurn: () => this.#turned() });
    this.#buffer = new RecordBuffer({
      ...{ cluster, settings, room, blocks, sender: this.#sender },
      onLost: (topic, record, error) => this.#postFailed(error, () => failedRecord(topic, record)),
    });
    cluster.instruments?.gauge('bufferTotal', () => limitBytes);
    cluster.instruments?.gauge('bufferAvailable', () => Math.max(0, limitBytes - room.usedBytes));
    cluster.onChange(({ topics }) => this.#buffer.update(topics));
    cluster.closing.addEventListener('abort', () => this.#end(new ClosedError()), { once: true });
  }

  readonly send = ((
    topic: AnyTopic,
    records: AnyRecord | readonly AnyRecord[],
    options: SendOptions = {},
  ) => {
    if (Array.isArray(records)) return this.#sendAll(topic, records as readonly AnyRecord[], options);
    try {
      return this.#send(topic, records as AnyRecord, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }) as RecordSend;

  readonly post = ((topic: AnyTopic, record: AnyRecord): boolean => {
    if (this.#isClosed) throw new ClosedError('The producer is closed.');
    const queue = this.#topicOf(topic);
    const traced = this.#tracing === undefined ? record : this.#tracing.post(queue.name, record);
    const bytes = this.#bytesOf(queue, topic, traced);
    this.#turnBytes += (bytes.value?.length ?? 0) + (bytes.key?.length ?? 0);
    this.#buffer.post(queue, bytes);
    return this.#mayPost;
  }) as RecordPost;

  postLines(topic: string, text: Uint8Array, { delimiter = LINE_FEED, ...fields }: LinesOptions): boolean {
    if (this.#isClosed) throw new ClosedError('The producer is closed.');
    const queue = this.#topicOf(topic);
    const lines = new Lines(text, delimiter);
    const { key = null, headers, partition, timestampMs = this.#clock.wallMs() } = fields;
    const isAlike = key === null && headers === undefined && this.#tracing === undefined;
    while (!lines.isAtEnd) {
      const value = lines.take();
      try {
        this.post(topic, { ...fields, value, timestampMs });
      } catch (error) {
        const { key: keyBytes, ...rest } = this.#bytesOf(queue, topic, { ...fields, value, timestampMs });
        this.#postFailed(error as KafkaError, () => failedRecord(topic, { key: keyBytes, ...rest }));
      }
      if (!isAlike) continue;
      const { position } = lines;
      this.#buffer.postMore(queue, lines, timestampMs, partition);
      this.#turnBytes += lines.position - position;
    }
    return this.#mayPost;
  }

  /** Resolves when post() may go on: there is room, and most of what was posted before is on its way. */
  async ready(signal?: AbortSignal): Promise<void> {
    if (this.#turnBytes >= TURN_BYTES) this.#sender.schedule();
    // Batches would linger for records that are not posted before they leave.
    const over = this.#isHeldUp ? this.#sender.hurry() : undefined;
    try {
      for (;;) {
        signal?.throwIfAborted();
        if (this.#isClosed) throw new ClosedError('The producer is closed.');
        if (this.#mayPost) return;
        this.#nextTurn ??= Promise.withResolvers();
        const { promise } = this.#nextTurn;
        await (signal === undefined ? promise : this.#orAborted(promise, signal));
      }
    } finally {
      over?.();
    }
  }

  async drain({ deadlineMs, signal }: Limits): Promise<void> {
    const over = this.#sender.hurry();
    try {
      await within(this.#cluster.ports, { deadlineMs, signal }, this.#settled(), () => {
        const count = [...this.#sender.unsettled()].reduce((sum, batch) => sum + batch.recordCount, 0);
        return new TimeoutError(`Not all is sent in time: ${count} records still wait for their answers.`);
      });
    } finally {
      over();
    }
  }

  discardUnsent(error: KafkaError): void {
    this.#room.fail(error);
    this.#buffer.failPending(error);
    this.#sender.discardUnsent(error);
  }

  /** The failures of posted records since it was asked last. */
  takeFailures(): KafkaError | undefined {
    const first = this.#firstFailure;
    if (first === undefined) return undefined;
    const count = this.#failureCount;
    this.#firstFailure = undefined;
    this.#failureCount = 0;
    if (count === 1) return first;
    const { code, retriable, fatal, abortable, topic, partition } = first;
    return new KafkaError(code, `${count} posted records failed. The first: ${first.message}`, {
      ...{ retriable, fatal, abortable, topic, partition },
      cause: first,
    });
  }

  /** Takes no more records. */
  refuse(): void {
    this.#isClosed = true;
  }

  /** Fails what has no outcome yet. */
  async close(): Promise<void> {
    this.#end(new ClosedError('The producer was closed before the record was acknowledged.'));
    await this.#cluster.close();
  }

  #send(topic: AnyTopic, record: AnyRecord, options: SendOptions): Promise<SentRecord> {
    if (this.#tracing === undefined) return this.#sendNow(topic, record, options);
    const name = typeof topic === 'string' ? topic : topic.name;
    return this.#tracing.send(name, record, (traced) => this.#sendNow(topic, traced, options));
  }

  #sendNow(topic: AnyTopic, record: AnyRecord, { signal }: SendOptions): Promise<SentRecord> {
    if (this.#isClosed) throw new ClosedError('The producer is closed.');
    signal?.throwIfAborted();
    const queue = this.#topicOf(topic);
    const bytes = this.#bytesOf(queue, topic, record);
    if (this.#room.isFree) return this.#buffer.send(queue, bytes);
    // Encoded headers are valid for the moment only.
    const kept = { ...bytes, headers: bytes.headers && Buffer.from(bytes.headers) };
    this.#sender.schedule();
    return this.#room.wait((waiter) => this.#buffer.sendFor(waiter, queue, kept), signal);
  }

  /** All are tried; what failed is told when all have their outcomes. */
  async #sendAll(
    topic: AnyTopic,
    records: readonly AnyRecord[],
    options: SendOptions,
  ): Promise<SentRecord[]> {
    const outcomes: Promise<SentRecord>[] = [];
    for (const record of records) {
      try {
        const outcome = this.#send(topic, record, options);
        outcome.catch(() => {});
        outcomes.push(outcome);
      } catch (error) {
        outcomes.push(Promise.reject(error));
      }
    }
    const results = (await Promise.allSettled(outcomes)).map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as unknown),
    );
    const failed = new Set(results.filter((result) => result instanceof Error));
    if (failed.size === 0) return results as SentRecord[];
    const [first] = failed;
    if (failed.size === 1 && results.every((result) => result === first)) throw first;
    throw new PartialFailureError(results);
  }

  get #mayPost(): boolean {
    return !this.#isHeldUp && this.#turnBytes < TURN_BYTES;
  }

  /** More than a part of the buffer that could be sent and is not even on its way is of no use to anybody. */
  get #isHeldUp(): boolean {
    const { isFree, unsentBytes } = this.#room;
    const sendableBytes = unsentBytes - this.#sender.heldBackBytes;
    return !isFree || sendableBytes * UNSENT_PART >= this.#settings.bufferBytes;
  }

  #orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
    const deadlineMs = Number.POSITIVE_INFINITY;
    return within(this.#cluster.ports, { deadlineMs, signal }, promise, () => new ClosedError());
  }

  #topicOf(topic: AnyTopic): TopicQueue {
    return this.#buffer.topic(typeof topic === 'string' ? topic : topic.name);
  }

  /** @throws SerializationError */
  #bytesOf(queue: TopicQueue, topic: AnyTopic, record: AnyRecord): OutgoingBytes {
    const { key = null, value, headers, partition } = record;
    const isPlain = typeof topic === 'string';
    return {
      key: isPlain ? plain(key, queue.keyContext) : serialized(topic.key, key, queue.keyContext),
      value: isPlain ? plain(value, queue.valueContext) : serialized(topic.value, value, queue.valueContext),
      headers: headers === undefined ? undefined : encodeHeaders(headers),
      timestampMs: record.timestampMs ?? this.#clock.wallMs(),
      partition,
    };
  }

  /** All that was taken so far has its outcome. */
  async #settled(): Promise<void> {
    if (this.#room.isWanted) await this.#room.wait(({ resolve }) => resolve(undefined)).catch(() => {});
    await Promise.all(this.#buffer.learning);
    await Promise.all([...this.#sender.unsettled()].map(({ settled }) => settled));
  }

  #turned(): void {
    this.#turnBytes = 0;
    this.#nextTurn?.resolve();
    this.#nextTurn = undefined;
  }

  #batchFailed(batch: Batch, error: KafkaError, recordErrors?: ReadonlyMap<number, KafkaError>): void {
    if (batch.postCount === 0) return;
    if (this.#settings.onPostFailed === undefined) {
      this.#firstFailure ??= error;
      this.#failureCount += batch.postCount;
      return;
    }
    const { topic, partition } = batch;
    for (const [index, record] of batch.view().recordList().entries()) {
      if (batch.isAwaited(index)) continue;
      const { key, value, headers, timestamp: timestampMs } = record;
      const failed = { topic, partition, key, value, headers, timestampMs };
      this.#postFailed(recordErrors?.get(index) ?? error, () => failed);
    }
  }

  #postFailed(error: KafkaError, record: () => FailedRecord): void {
    this.#firstFailure ??= error;
    this.#failureCount++;
    try {
      this.#settings.onPostFailed?.(error, record());
    } catch (thrown) {
      this.#cluster.ports.logger.error({ error: thrown }, 'onPostFailed threw');
    }
  }

  #end(error: ClosedError): void {
    this.#isClosed = true;
    // First of all, or room that is given back lets in more.
    this.#room.fail(error);
    this.#buffer.failPending(error);
    this.#sender.close(error);
    this.#turned();
  }
}

function serialized<T>(serde: Serde<T>, value: unknown, context: SerdeContext): Uint8Array | string | null {
  try {
    return serde.serialize(value as T, context);
  } catch (error) {
    if (error instanceof KafkaError) throw error;
    const { topic, part } = context;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SerializationError(
      `The ${part} of a record for ${topic} cannot be written as ${serde.name}: ${reason}`,
      {
        ...{ topic, cause: error },
      },
    );
  }
}

function plain(value: unknown, { topic, part }: SerdeContext): Uint8Array | string | null {
  if (value === null || typeof value === 'string' || value instanceof Uint8Array) return value;
  throw new SerializationError(
    `The ${part} of a record for ${topic} is ${typeof value === 'object' ? 'an object' : `${typeof value} ${value}`}: a topic that is given by its name takes texts, bytes and null; declare it with topic() and serdes for others.`,
    { topic },
  );
}

function failedRecord(topic: string, { key, value, timestampMs, partition }: OutgoingBytes): FailedRecord {
  const bytes = (part: Uint8Array | string | null) => (part === null ? null : Buffer.from(part));
  return { topic, partition, key: bytes(key), value: bytes(value), headers: [], timestampMs };
}
