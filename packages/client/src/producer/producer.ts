// A producer: sends records to topics, and says when they are there.

import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { KafkaError, OptionsError } from '../errors/kafka-error.ts';
import { IdempotentIdentity, noIdentity } from './idempotent-identity.ts';
import type { ProducerSettings } from './producer-options.ts';
import type { LinesOptions, RecordPost, RecordSend } from './record-calls.ts';
import { RecordChannel } from './record-channel.ts';
import type { Transaction } from './transactions/transaction.ts';
import { TransactionalIdentity } from './transactions/transactional-identity.ts';
import { Transactions } from './transactions/transactions.ts';

/** How long, and who may end it. */
export interface FlushOptions {
  /** By default so long that every record has its outcome, by deliveryTimeoutMs. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class Producer implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #channel: RecordChannel;
  readonly #transactions: Transactions | undefined;
  #closing: Promise<void> | undefined;

  constructor(cluster: Cluster, settings: ProducerSettings) {
    const { transactionalId } = settings;
    this.#cluster = cluster;
    this.#settings = settings;
    if (transactionalId === undefined) {
      const identity = settings.idempotent ? new IdempotentIdentity(cluster) : noIdentity;
      this.#channel = new RecordChannel(cluster, settings, identity);
      this.send = this.#channel.send;
      this.post = this.#channel.post;
    } else {
      const { transactionTimeoutMs } = settings;
      const identity = new TransactionalIdentity(cluster, { transactionalId, transactionTimeoutMs });
      this.#channel = new RecordChannel(cluster, settings, identity);
      this.#transactions = new Transactions(cluster, identity, this.#channel, this.#longestMs);
      this.send = (async () => refuseOutside(transactionalId)) as RecordSend;
      this.post = (() => refuseOutside(transactionalId)) as RecordPost;
    }
    if (settings.signal?.aborted === true) this.#stop();
    else settings.signal?.addEventListener('abort', this.#stop, { once: true });
  }

  /**
   * Resolves when the record is acknowledged, with its offset; with acks 0 when it is handed over. Waits for room when the buffer is full. Large values
   * (from 2 KiB) are sent as they are in memory: leave them unchanged until then.
   */
  readonly send: RecordSend;

  /**
   * Sends without telling of it. Failures are told to onPostFailed, and by the next flush() or close(). False: it was taken, and enough for now; await
   * ready() before the next one, or memory grows. It overtakes send() calls that wait for room. Throws for what cannot be a record.
   */
  readonly post: RecordPost;

  /**
   * Posts each line of a text as a record, without what ends it: the same as post() for each, and several times as quick. False: await ready() before the
   * next text. A line that is too large to be a record fails as posted ones do.
   */
  postLines(topic: string, text: Uint8Array, options: LinesOptions = {}): boolean {
    if (this.#transactions !== undefined) refuseOutside(this.#settings.transactionalId!);
    return this.#channel.postLines(topic, text, options);
  }

  /** Resolves when there is room for more. */
  ready({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#channel.ready(signal);
  }

  /** Resolves when all that was sent or posted before has its outcome. Rejects when posted records failed since the last time. */
  async flush({ timeoutMs, signal }: FlushOptions = {}): Promise<void> {
    await this.#channel.drain(this.#limits(timeoutMs, signal));
    const failure = this.#channel.takeFailures();
    if (failure !== undefined) throw failure;
  }

  /**
   * Commits what `work` sent when it resolves, and aborts it when it rejects, with its error. With a transactionalId only; one after the other: it waits
   * for its turn, and work() must not begin another. Never retried: a TransactionError that is `abortable` may well be gone the next time.
   */
  async transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    return await this.#requireTransactions().run(work, options);
  }

  /** For those who commit or abort by themselves: `await using tx = await producer.begin()` aborts what is not committed. */
  async begin(options: CallOptions = {}): Promise<Transaction> {
    return await this.#requireTransactions().begin(options);
  }

  /** Sends what there is, for so long at most, and ends. An open transaction is aborted. What is not acknowledged then is rejected with a ClosedError. Safe to call twice. */
  close({ timeoutMs }: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What fails is told to those who wait for it, and to who closes it as well. */
  readonly #stop = (): void => void this.close().catch(() => {});

  async #close(timeoutMs: number | undefined): Promise<void> {
    this.#settings.signal?.removeEventListener('abort', this.#stop);
    const limits = this.#limits(timeoutMs, this.#cluster.closing);
    await this.#transactions?.close(limits);
    this.#channel.refuse();
    try {
      await this.#channel.drain(limits);
    } catch (error) {
      // What is left is told to those who wait for it.
      this.#cluster.ports.logger.debug({ error }, 'closed before all was sent');
    }
    await this.#channel.close();
    const failure = this.#channel.takeFailures();
    if (failure !== undefined) throw failure;
  }

  #limits(timeoutMs: number | undefined, signal: AbortSignal | undefined) {
    const deadlineMs = this.#cluster.ports.clock.monotonicMs() + (timeoutMs ?? this.#longestMs);
    return { deadlineMs, signal };
  }

  /** By then every record has its outcome: who waits for room begins its time when it has some. */
  get #longestMs(): number {
    const { deliveryTimeoutMs, requestTimeoutMs } = this.#settings;
    return 2 * deliveryTimeoutMs + requestTimeoutMs;
  }

  #requireTransactions(): Transactions {
    if (this.#transactions !== undefined) return this.#transactions;
    throw new OptionsError(
      'This producer has no transactions: make one with a transactionalId, a name that it keeps over restarts.',
    );
  }
}

function refuseOutside(transactionalId: string): never {
  throw new KafkaError(
    'NO_TRANSACTION',
    `The producer ${transactionalId} sends in transactions only: transaction((tx) => tx.send(...)), or begin().`,
  );
}
