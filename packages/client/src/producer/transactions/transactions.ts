// The transactions of one producer, one after the other: whoever begins one waits until the one before is over.
//
// Invariants
// - Before a transaction begins, the end of the one before is known, whoever has given up waiting for it.
// - A transaction ends when all of its records have their outcome, so that no record of it is on its way any more.

import type { CallOptions, Cluster } from '../../cluster/cluster.ts';
import { ClosedError, KafkaError, TimeoutError, TransactionError } from '../../errors/kafka-error.ts';
import { type Limits, within } from '../../network/waiting.ts';
import type { RecordChannel } from '../producer-identity.ts';
import type { RecordPost, RecordSend } from '../record-calls.ts';
import { Transaction, type TransactionOutcome, type TransactionOwner } from './transaction.ts';
import type { TransactionalIdentity } from './transactional-identity.ts';

const ONE_AT_A_TIME =
  ' A producer has one at a time: commit or abort it, or use another producer with a transactional id of its own.';

export class Transactions {
  readonly #cluster: Cluster;
  readonly #identity: TransactionalIdentity;
  readonly #channel: RecordChannel;
  /** By when every record has its outcome. */
  readonly #deliveryTimeoutMs: number;
  #lastTurn: Promise<void> = Promise.resolve();
  #current: { readonly transaction: Transaction; readonly release: () => void } | undefined;
  /** A commit that is under way. */
  #committing: Promise<void> | undefined;
  #isClosed = false;

  constructor(
    cluster: Cluster,
    identity: TransactionalIdentity,
    channel: RecordChannel,
    deliveryTimeoutMs: number,
  ) {
    this.#cluster = cluster;
    this.#identity = identity;
    this.#channel = channel;
    this.#deliveryTimeoutMs = deliveryTimeoutMs;
  }

  /** Resolves when it is this transaction's turn, and the producer has its ids. */
  async begin({
    timeoutMs = this.#cluster.settings.apiTimeoutMs,
    signal,
  }: CallOptions): Promise<Transaction> {
    const limits = this.#limits({ timeoutMs, signal });
    const release = await this.#turn(limits);
    try {
      this.#requireOpen();
      await this.#settle(limits);
      await this.#identity.begin(this.#options(limits));
      const transaction = new Transaction(this.#owner());
      this.#current = { transaction, release };
      return transaction;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Commits what `work` did when it resolves, and aborts it when it rejects. */
  async run<T>(work: (transaction: Transaction) => Promise<T>, options: CallOptions): Promise<T> {
    await using transaction = await this.begin(options);
    const result = await work(transaction);
    options.signal?.throwIfAborted();
    await transaction.commit({ signal: options.signal });
    return result;
  }

  /** Awaits a commit that is under way, and aborts what is open. Never rejects: what does not end in time is left to its timeout. */
  async close(limits: Limits): Promise<void> {
    this.#isClosed = true;
    try {
      const committing = this.#committing?.catch(() => {});
      if (committing !== undefined) await this.#within(limits, committing, 'The commit');
      if (this.#identity.phase === 'open') this.#startAbort();
      await this.#settle(limits);
    } catch (error) {
      this.#cluster.ports.logger.warn({ error }, 'a transaction is left to its timeout');
    }
  }

  #owner(): TransactionOwner {
    const identity = this.#identity;
    const channel = this.#channel;
    return {
      send: channel.send.bind(channel) as RecordSend,
      post: channel.post.bind(channel) as RecordPost,
      ready: (signal) => channel.ready(signal),
      abandoned: identity.abandoned,
      get refusal() {
        return identity.refusal;
      },
      sendOffsets: (offsets, group, options) => identity.sendOffsets(offsets, group, options),
      failed: (error) => identity.failed(error),
      commit: (pending, options) => {
        this.#committing = this.#commit(pending, options).finally(() => {
          this.#committing = undefined;
        });
        return this.#committing;
      },
      abort: (options) => this.#abort(options),
    };
  }

  /** Of the transaction whose end is not known; the caller has checked that it is the one meant. */
  async #commit(pending: Promise<unknown>, options: CallOptions): Promise<void> {
    const identity = this.#identity;
    const { apiTimeoutMs } = this.#cluster.settings;
    const { timeoutMs = this.#deliveryTimeoutMs + apiTimeoutMs, signal } = options;
    const limits = this.#limits({ timeoutMs, signal });
    try {
      if (identity.phase === 'open') {
        await this.#within(limits, pending, 'The commit of offsets');
        if (identity.failure !== undefined) throw identity.failure;
        await this.#channel.drain(limits);
        const lost = this.#channel.takeFailures();
        if (lost !== undefined) identity.failed(lost);
        identity.startCommit();
      }
      await this.#finish(limits);
    } catch (error) {
      if (identity.phase !== 'open') this.#leave('unknown');
      throw error;
    }
  }

  async #abort({ timeoutMs = this.#cluster.settings.apiTimeoutMs, signal }: CallOptions): Promise<void> {
    if (this.#identity.phase === 'committing') {
      const message =
        'The commit was asked for, and its outcome is not known: call commit() again to learn it.';
      throw new KafkaError('NO_TRANSACTION', message);
    }
    if (this.#identity.phase === 'open') this.#startAbort();
    try {
      await this.#settle(this.#limits({ timeoutMs, signal }));
      if (this.#identity.phase === 'fatal') throw this.#identity.failure;
    } finally {
      this.#leave('aborted');
    }
  }

  #startAbort(): void {
    const message = 'The transaction was aborted before the record was sent.';
    const error = this.#identity.failure ?? new TransactionError('TRANSACTION_ABORTED', message);
    this.#identity.startAbort(error);
    this.#channel.discardUnsent(error);
  }

  /** Takes what is left of the last transaction to its end. */
  async #settle(limits: Limits): Promise<void> {
    const identity = this.#identity;
    if (identity.phase === 'committing') {
      await this.#finish(limits).catch((error: unknown) => {
        if (identity.phase !== 'open') throw error;
      });
    }
    if (identity.phase === 'open') this.#startAbort();
    if (identity.phase === 'aborting') {
      await this.#channel.drain(limits);
      // They were told by the transaction, or do not matter.
      this.#channel.takeFailures();
      await this.#finish(limits);
    }
  }

  async #finish(limits: Limits): Promise<void> {
    const current = this.#current;
    const outcome = this.#identity.phase === 'committing' ? 'committed' : 'aborted';
    await this.#identity.end(this.#options(limits));
    if (this.#current === current) this.#leave(outcome);
  }

  /** The next one may begin. */
  #leave(outcome: TransactionOutcome): void {
    this.#current?.transaction.settledAs(outcome);
    this.#current?.release();
    if (outcome !== 'unknown') this.#current = undefined;
  }

  async #turn(limits: Limits): Promise<() => void> {
    this.#requireOpen();
    const before = this.#lastTurn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastTurn = before.then(() => promise);
    try {
      await this.#within(limits, before, 'The transaction before', ONE_AT_A_TIME);
    } catch (error) {
      resolve();
      throw error;
    }
    return resolve;
  }

  #within<T>(limits: Limits, work: Promise<T>, what: string, advice = ''): Promise<T> {
    return within(
      this.#cluster.ports,
      limits,
      work,
      () => new TimeoutError(`${what} was not over in time.${advice}`),
    );
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new ClosedError('The producer is closed.');
  }

  #limits({ timeoutMs, signal }: CallOptions & { readonly timeoutMs: number }): Limits {
    return { deadlineMs: this.#cluster.ports.clock.monotonicMs() + timeoutMs, signal };
  }

  #options({ deadlineMs, signal }: Limits): CallOptions {
    return { timeoutMs: Math.max(1, deadlineMs - this.#cluster.ports.clock.monotonicMs()), signal };
  }
}
