// One transaction, as its application sees it: records and offsets go into it, and all of them count when it is committed, or none.
//
// Invariants: what fails inside of it, awaited or not, is never lost: commit() rejects with it. After commit() or abort() was called it takes nothing more.

import type { CallOptions } from '../../cluster/cluster.ts';
import { KafkaError, type TransactionError } from '../../errors/kafka-error.ts';
import type { RecordPost, RecordSend } from '../record-calls.ts';
import type { TransactionGroup, TransactionOffset } from './coordinator-requests.ts';

/** 'unknown': the commit was asked for, and no answer came in time. */
export type TransactionOutcome = 'open' | 'ending' | 'committed' | 'aborted' | 'unknown';

/** What a transaction has others do. */
export interface TransactionOwner {
  readonly send: RecordSend;
  readonly post: RecordPost;
  ready(signal: AbortSignal | undefined): Promise<void>;
  readonly abandoned: AbortSignal;
  /** Why nothing can be added, if that is so. */
  readonly refusal: TransactionError | undefined;
  sendOffsets(
    offsets: readonly TransactionOffset[],
    group: TransactionGroup,
    options: CallOptions,
  ): Promise<void>;
  failed(error: unknown): void;
  /** `pending`: what has to be over before. */
  commit(pending: Promise<unknown>, options: CallOptions): Promise<void>;
  abort(options: CallOptions): Promise<void>;
}

export class Transaction implements AsyncDisposable {
  readonly #owner: TransactionOwner;
  readonly #offsets = new Set<Promise<void>>();
  #outcome: TransactionOutcome = 'open';
  /** commit() or abort(), while it is under way. */
  #ending: Promise<void> | undefined;
  /** Aborted when the transaction cannot be committed any more: for work that takes long. */
  readonly signal: AbortSignal;

  /** By Producer.begin() and Producer.transaction(). */
  constructor(owner: TransactionOwner) {
    this.#owner = owner;
    this.signal = owner.abandoned;
  }

  get outcome(): TransactionOutcome {
    return this.#outcome;
  }

  /**
   * As Producer.send. It need not be awaited: commit() waits for all records, and rejects when one of them failed. Others see the record when the
   * transaction is committed, unless they read uncommitted.
   */
  readonly send: RecordSend = ((...call: Parameters<RecordSend>) =>
    this.#watched(() => this.#owner.send(...call))) as RecordSend;

  /** As Producer.post. What fails is told by commit(). */
  readonly post: RecordPost = ((...call: Parameters<RecordPost>) => {
    this.#throwIfRefused();
    try {
      return this.#owner.post(...call);
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }) as RecordPost;

  /** As Producer.ready. */
  ready({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#owner.ready(signal);
  }

  /**
   * Commits the offsets of a consumer's group as a part of the transaction: they are stored when it is committed. With the consumer's groupMetadata()
   * they are refused, and the transaction with them, when the group has given the partitions to others. It need not be awaited.
   */
  sendOffsets(
    offsets: readonly TransactionOffset[],
    group: TransactionGroup,
    options: CallOptions = {},
  ): Promise<void> {
    const sending = this.#watched(async () => {
      if (offsets.length > 0) await this.#owner.sendOffsets(offsets, group, options);
    });
    const settled = sending.then(
      () => void this.#offsets.delete(settled),
      () => void this.#offsets.delete(settled),
    );
    this.#offsets.add(settled);
    return sending;
  }

  /**
   * Resolves when the transaction is committed, for good. Rejects with a TransactionError when it cannot be: abort it then. With any other error the
   * outcome is not known: call it again to learn it; else the producer's next transaction begins when it is known.
   */
  async commit(options: CallOptions = {}): Promise<void> {
    if (this.#outcome === 'committed') return;
    if (this.#outcome === 'aborted') throw over('aborted');
    await this.#end(() => this.#owner.commit(Promise.all(this.#offsets), options));
  }

  /** Resolves when the broker knows that none of it counts. Does nothing when it has been aborted already. */
  async abort(options: CallOptions = {}): Promise<void> {
    if (this.#outcome === 'aborted') return;
    if (this.#outcome === 'committed') throw over('committed');
    await this.#end(() => this.#owner.abort(options));
  }

  /** Aborts, unless it was committed. Never rejects: what is left is done before the next transaction. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ending?.catch(() => {});
    if (this.#outcome === 'open' || this.#outcome === 'ending') await this.abort().catch(() => {});
  }

  /** By its owner, who learns it. */
  settledAs(outcome: TransactionOutcome): void {
    this.#outcome = outcome;
  }

  async #end(end: () => Promise<void>): Promise<void> {
    if (this.#ending !== undefined) throw over('being ended');
    if (this.#outcome === 'open') this.#outcome = 'ending';
    this.#ending = end().finally(() => {
      this.#ending = undefined;
    });
    await this.#ending;
  }

  /** A failure is told by commit() too, so that nobody has to await the promise. */
  #watched<T>(start: () => Promise<T>): Promise<T> {
    let promise: Promise<T>;
    try {
      this.#throwIfRefused();
      promise = start();
    } catch (error) {
      promise = Promise.reject(error);
    }
    promise.catch((error) => this.#failed(error));
    return promise;
  }

  /** What is tried after the end does not concern the transaction that follows. */
  #failed(error: unknown): void {
    if (this.#outcome === 'open' || this.#outcome === 'ending') this.#owner.failed(error);
  }

  #throwIfRefused(): void {
    const refusal = this.#outcome === 'open' ? this.#owner.refusal : over(this.#outcome);
    if (refusal !== undefined) throw refusal;
  }
}

function over(state: string): KafkaError {
  return new KafkaError('NO_TRANSACTION', `The transaction is ${state}: begin the next one.`);
}
