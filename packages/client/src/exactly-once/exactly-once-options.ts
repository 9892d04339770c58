// What exactlyOnce() is told, and what it tells of itself.

import type { BatchOptions } from '../consumer/iteration/batch-iteration.ts';
import type { ConsumerBatch } from '../consumer/iteration/consumer-batch.ts';
import type { ConsumerOptions } from '../consumer/options/consumer-options.ts';
import type { RetryOptions } from '../consumer/processing/failures.ts';
import type { RecordOf, SubscriptionInput } from '../consumer/subscription.ts';
import { OptionsError } from '../errors/kafka-error.ts';
import { nearest } from '../options/properties.ts';
import type { ProducerOptions } from '../producer/producer-options.ts';
import type { Transaction } from '../producer/transactions/transaction.ts';

/** The transaction that a batch's results go into; it is committed when transform() is done, with the offsets of the batch. */
export type TransformTransaction = Pick<Transaction, 'send' | 'post' | 'ready' | 'signal'>;

export interface TransformContext {
  /** Aborted when what is done for this batch can come to nothing: its partitions have gone to others, the transaction has failed, or time to stop is over. */
  readonly signal: AbortSignal;
  /** 1 the first time, more when the transaction before was aborted. */
  readonly attempt: number;
}

export type Transform<S extends SubscriptionInput> = (
  batch: ConsumerBatch<RecordOf<S>>,
  transaction: TransformTransaction,
  context: TransformContext,
) => unknown;

export interface CommittedTransaction {
  /** Read, not sent. */
  readonly recordCount: number;
  /** From the batch's being there to the commit. */
  readonly tookMs: number;
  readonly attempt: number;
}

export interface AbortedTransaction {
  readonly recordCount: number;
  readonly attempt: number;
  /** Until its records are tried again; undefined: they are not, and exactlyOnce() rejects, or is being stopped. */
  readonly retryDelayMs: number | undefined;
}

type ConsumerDetails = Omit<
  ConsumerOptions,
  'groupId' | 'commit' | 'autoCommitIntervalMs' | 'isolation' | 'signal'
>;
type ProducerDetails = Omit<
  ProducerOptions,
  'transactionalId' | 'acks' | 'idempotent' | 'onPostFailed' | 'signal'
>;

export interface ExactlyOnceOptions<S extends SubscriptionInput>
  extends Pick<BatchOptions, 'maxWaitMs' | 'maxBytes'> {
  /** What to read: as Consumer.subscribe(). Only what is committed is read. */
  readonly from: S;
  /** Its members share the partitions. */
  readonly groupId: string;
  /** Of this instance: each that runs at the same time has its own, and keeps it over restarts, so that what a crash left open is aborted at once. */
  readonly transactionalId: string;
  /**
   * Makes of a batch what is to be sent. What is sent need not be awaited. It is called again with the same records after an abort, so what it does
   * besides sending may be done twice.
   */
  readonly transform: Transform<S>;
  /** Of one transaction, which has what is there: larger ones cost less per record. Default 5000. */
  readonly maxRecords?: number | undefined;
  /** Ends it: the transaction under way is committed if that is done within stopTimeoutMs, else aborted. */
  readonly signal?: AbortSignal | undefined;
  /** And as long again for what is left to close. Default 10 s. */
  readonly stopTimeoutMs?: number | undefined;
  /**
   * When transform() fails, or what it sends is refused: default 5 attempts, then exactlyOnce() rejects. Errors of brokers that pass, and partitions that
   * go to other members, are not counted.
   */
  readonly retry?: RetryOptions | undefined;
  /** Told of each transaction that counts. */
  readonly onCommitted?: ((transaction: CommittedTransaction) => void) | undefined;
  /** Told of each that does not, and why. */
  readonly onAborted?: ((error: unknown, transaction: AbortedTransaction) => void) | undefined;
  /** Of the consumer and the producer that are made for it. autoOffsetReset is 'earliest' by default, so that no record is left out. */
  readonly consumer?: ConsumerDetails | undefined;
  readonly producer?: ProducerDetails | undefined;
}

export interface ExactlyOnceSummary {
  /** Committed. */
  readonly transactions: number;
  /** Read in them. */
  readonly records: number;
  readonly aborted: number;
}

const NAMES = [
  ...['from', 'groupId', 'transactionalId', 'transform', 'signal', 'stopTimeoutMs', 'retry'],
  ...['onCommitted', 'onAborted', 'consumer', 'producer', 'maxRecords', 'maxWaitMs', 'maxBytes'],
];

/** @throws OptionsError with what is wrong and what would be right */
export function checkExactlyOnceOptions(options: ExactlyOnceOptions<SubscriptionInput>): void {
  for (const name of Object.keys(options)) {
    if (NAMES.includes(name)) continue;
    const near = nearest(name, NAMES);
    const advice =
      near === undefined
        ? `options of the consumer and the producer stand in consumer: { ... } and producer: { ... }`
        : `did you mean ${near}?`;
    throw new OptionsError(`exactlyOnce has no option ${name}: ${advice}.`);
  }
  const { groupId, transactionalId, transform, stopTimeoutMs = 0 } = options;
  if (typeof groupId !== 'string' || groupId === '')
    throw new OptionsError('exactlyOnce takes a groupId: how far it has come is kept for that group.');
  if (typeof transactionalId !== 'string' || transactionalId === '')
    throw new OptionsError(
      'exactlyOnce takes a transactionalId: a name for this instance, which it keeps over restarts.',
    );
  if (typeof transform !== 'function')
    throw new OptionsError('exactlyOnce takes transform: async (batch, tx) => { tx.send(...) }.');
  if (!Number.isSafeInteger(stopTimeoutMs) || stopTimeoutMs < 0)
    throw new OptionsError(`stopTimeoutMs is ${stopTimeoutMs}, and must be a whole number from 0 on.`);
}
