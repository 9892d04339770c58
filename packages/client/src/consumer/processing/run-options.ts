// What run() is told.

import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import { OptionsError } from '../../errors/kafka-error.ts';
import type { SeekTarget } from '../fetching/types.ts';
import type { DeadLetter, RetryOptions } from './failures.ts';
import type { OrderBy } from './lanes.ts';

export interface HandlerContext {
  /** Aborted when the partition is lost, or revoked or stopped and the time to drain is over: others may have the record by now. */
  readonly signal: AbortSignal;
  /** 1 the first time. */
  readonly attempt: number;
}

/** The record is done when what it returns is resolved, or at once when that is no promise. */
export type Handler<R> = (record: R, context: HandlerContext) => unknown;

export interface DrainOptions {
  /** By default the consumer's drainTimeoutMs. */
  readonly timeoutMs?: number | undefined;
}

/** As Consumer.seek(). */
export type Seek = (partitions: TopicPartition | readonly TopicPartition[], to: number | SeekTarget) => void;

/** Told of the assignment. What they throw is logged. */
export interface AssignmentListener {
  /** Newly assigned. Nothing of them is handed out before this is resolved, so that `seek`, which is the consumer's, may say where to begin. */
  onAssign?(partitions: readonly TopicPartition[], context: { readonly seek: Seek }): unknown;
  /**
   * They go to others when this is resolved, and nothing more of them is handed out. `drain` resolves when what is in hands is done and true, or false when
   * time is over; without a call of it that is awaited all the same. What is done is committed afterwards.
   */
  onRevoke?(
    partitions: readonly TopicPartition[],
    context: { readonly drain: (options?: DrainOptions) => Promise<boolean> },
  ): unknown;
  /** Others may have them already; nothing can be committed. */
  onLost?(partitions: readonly TopicPartition[]): unknown;
}

export interface RunOptions<R> extends AssignmentListener {
  /** Called with each record; it is done when what this returns is resolved. */
  readonly handler: Handler<R>;
  /** How many records may be in work at the same time. Default 16. */
  readonly concurrency?: number | undefined;
  /** Which records wait for each other: those with the same 'key', those of the same 'partition', or 'none'. Default 'partition'. */
  readonly orderBy?: OrderBy | undefined;
  /** Of records that wait or are in work, over all partitions; beyond it nothing is taken. Default 32 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** Whether and when a record whose handler failed is tried again. Default: it is tried once. */
  readonly retry?: RetryOptions | undefined;
  /** Where records go that were tried in vain. Default: run() rejects, and the record comes again. */
  readonly deadLetter?: DeadLetter<R> | undefined;
  /** Ends the processing: what is in work is awaited, and committed. */
  readonly signal?: AbortSignal | undefined;
}

const ORDERS: readonly OrderBy[] = ['key', 'partition', 'none'];

/** @throws OptionsError */
export function checkRunOptions({ handler, concurrency = 1, orderBy = 'none' }: RunOptions<never>): void {
  if (typeof handler !== 'function')
    throw new OptionsError('run takes a handler: run({ handler: async (record) => ... }).');
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new OptionsError(`concurrency is ${concurrency}, and must be a whole number from 1 on.`);
  if (!ORDERS.includes(orderBy))
    throw new OptionsError(`orderBy is ${orderBy}; it can be ${ORDERS.join(', ')}.`);
}
