// Reads, transforms and sends exactly once: what a batch becomes, and how far the group has come, are one transaction.
//
// Invariants
// - The offsets in a transaction are those of the batch whose results are in it, and of partitions that have been this member's all along; the group's
//   coordinator refuses them when it has given them to others (KIP-447).
// - After an abort the same records come again; while the outcome of a commit is not known, no others do.
// - After the signal it ends within twice stopTimeoutMs, whatever transform() and the brokers do: once for the transaction, once for closing.

import type { Consumer } from '../consumer/consumer.ts';
import type { ConsumerBatch } from '../consumer/iteration/consumer-batch.ts';
import { Retries } from '../consumer/processing/failures.ts';
import type { RecordOf, SubscriptionInput } from '../consumer/subscription.ts';
import { ClosedError, KafkaError } from '../errors/kafka-error.ts';
import type { Backoff } from '../network/backoff.ts';
import { pause } from '../network/waiting.ts';
import type { Ports } from '../options/ports.ts';
import type { Producer } from '../producer/producer.ts';
import type { Transaction } from '../producer/transactions/transaction.ts';
import type { ExactlyOnceOptions, ExactlyOnceSummary } from './exactly-once-options.ts';

const STOP_TIMEOUT_MS = 10_000;
const MAX_RECORDS = 5_000;

/** The group has other ideas of who reads what: nothing is wrong with the records. */
const REBALANCED = new Set<string>([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_MEMBER_EPOCH',
  'STALE_MEMBER_EPOCH',
  'REBALANCE_IN_PROGRESS',
  'NOT_ASSIGNED',
]);

export interface ExactlyOnceParts {
  readonly consumer: Consumer;
  readonly producer: Producer;
  readonly ports: Pick<Ports, 'clock' | 'timers' | 'random' | 'logger'>;
}

export class ExactlyOnce<S extends SubscriptionInput> {
  readonly #options: ExactlyOnceOptions<S>;
  readonly #parts: ExactlyOnceParts;
  readonly #retries: Retries;
  #backoff: Backoff;
  /** Of the records that come next. */
  #attempt = 1;
  /** Attempts that failed for a reason that may last. */
  #failures = 0;
  #transactions = 0;
  #records = 0;
  #aborted = 0;
  /** Why there is no going on. */
  #lasting: unknown;
  /** Aborted when the time to stop is over. */
  readonly #over = new AbortController();

  constructor(options: ExactlyOnceOptions<S>, parts: ExactlyOnceParts) {
    this.#options = options;
    this.#parts = parts;
    this.#retries = new Retries(options.retry ?? {}, parts.ports.random);
    this.#backoff = this.#retries.backoff();
  }

  /** Until the signal is aborted, or Kafka is closed; rejects with what lasts. Closes the consumer and the producer. */
  async run(): Promise<ExactlyOnceSummary> {
    const { consumer, producer, ports } = this.#parts;
    const { from, signal, stopTimeoutMs = STOP_TIMEOUT_MS } = this.#options;
    const stop = (): void => {
      const timer = ports.timers.after(stopTimeoutMs, () =>
        this.#over.abort(new ClosedError('The time to stop is over.')),
      );
      this.#over.signal.addEventListener('abort', () => timer.cancel(), { once: true });
    };
    if (signal?.aborted === true) this.#over.abort(signal.reason);
    else signal?.addEventListener('abort', stop, { once: true });
    try {
      const reader = consumer.subscribe(from);
      while (signal?.aborted !== true && !(await this.#readUntilFailure(reader))) {
        // The records that were aborted are there again.
      }
    } catch (error) {
      // Somebody closed all clients, unless it is transform() that says so.
      if (!(error instanceof ClosedError) || error === this.#lasting) throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      await Promise.allSettled([
        producer.close({ timeoutMs: stopTimeoutMs }),
        consumer.close({ timeoutMs: stopTimeoutMs }),
      ]);
      this.#over.abort();
    }
    return { transactions: this.#transactions, records: this.#records, aborted: this.#aborted };
  }

  /** True: it was stopped. */
  async #readUntilFailure(reader: Consumer<RecordOf<S>>): Promise<boolean> {
    const { maxRecords = MAX_RECORDS, maxWaitMs, maxBytes, signal } = this.#options;
    let delayMs: number | undefined;
    for await (const batch of reader.batches({ maxRecords, maxWaitMs, maxBytes, signal })) {
      delayMs = await this.#process(batch);
      // Left, the loop gives its records back.
      if (delayMs !== undefined) break;
    }
    if (delayMs === undefined) return true;
    await pause(this.#parts.ports.timers, delayMs, signal).catch(() => {});
    return false;
  }

  /** Undefined: it is committed. Else how long to wait before it is tried again. @throws what lasts */
  async #process(batch: ConsumerBatch<RecordOf<S>>): Promise<number | undefined> {
    const { clock } = this.#parts.ports;
    const startedMs = clock.monotonicMs();
    const attempt = this.#attempt;
    const recordCount = batch.length;
    try {
      await this.#transact(batch);
    } catch (error) {
      this.#aborted++;
      this.#attempt++;
      const retryDelayMs = this.#retryDelay(batch, error);
      this.#tell(() => this.#options.onAborted?.(error, { recordCount, attempt, retryDelayMs }));
      if (retryDelayMs !== undefined) return retryDelayMs;
      if (this.#over.signal.aborted) return 0;
      this.#lasting = error;
      throw error;
    }
    this.#attempt = 1;
    this.#failures = 0;
    this.#backoff.succeeded();
    this.#transactions++;
    this.#records += recordCount;
    const tookMs = clock.monotonicMs() - startedMs;
    this.#tell(() => this.#options.onCommitted?.({ recordCount, tookMs, attempt }));
    return undefined;
  }

  async #transact(batch: ConsumerBatch<RecordOf<S>>): Promise<void> {
    const { signal } = this.#over;
    const transaction = await this.#parts.producer.begin({ signal });
    try {
      await this.#fill(transaction, batch);
      await this.#commit(transaction);
    } catch (error) {
      // What cannot be done now is done before the next transaction, or when the producer is closed.
      if (transaction.outcome !== 'unknown') await transaction.abort({ signal }).catch(() => {});
      throw error;
    }
  }

  async #fill(transaction: Transaction, batch: ConsumerBatch<RecordOf<S>>): Promise<void> {
    const { transform } = this.#options;
    const signal = AbortSignal.any([batch.signal, transaction.signal, this.#over.signal]);
    const work = async (): Promise<unknown> =>
      transform(batch, transaction, { signal, attempt: this.#attempt });
    await unlessAborted(work(), signal);
    signal.throwIfAborted();
    const member = this.#parts.consumer.groupMetadata();
    if (member.memberId === '') throw new KafkaError('NOT_ASSIGNED', 'The consumer is in no group just now.');
    await transaction.sendOffsets(batch.offsets, member, { signal });
  }

  /** Until the outcome is known. */
  async #commit(transaction: Transaction): Promise<void> {
    const { signal } = this.#over;
    const { logger, timers } = this.#parts.ports;
    for (;;) {
      try {
        await transaction.commit({ signal });
        return;
      } catch (error) {
        const isFatal = error instanceof KafkaError && error.fatal;
        if (transaction.outcome !== 'unknown' || isFatal || signal.aborted) throw error;
        logger.warn({ error }, 'it is not known yet whether a transaction is committed');
        await pause(timers, this.#backoff.failed(), signal);
      }
    }
  }

  #retryDelay(batch: ConsumerBatch<RecordOf<S>>, error: unknown): number | undefined {
    if (this.#over.signal.aborted || (error instanceof KafkaError && error.fatal)) return undefined;
    if (batch.signal.aborted) return 0;
    const isNobodysFault = isPassing(error) || (error instanceof KafkaError && REBALANCED.has(error.code));
    if (!isNobodysFault && !this.#retries.isWorthAnother(++this.#failures, error)) return undefined;
    return this.#backoff.failed();
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#parts.ports.logger.error({ error }, 'a callback of exactlyOnce() threw');
    }
  }
}

/** Brokers that are away come back. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof KafkaError)) return false;
  return error.retriable || (error.cause !== undefined && isPassing(error.cause));
}

/** What `work` comes to, or the signal's reason, though it goes on. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
