// Handles records, several at a time, each by itself: in share groups there is no order to keep.
//
// Invariants: at most `concurrency` handlers are under way. Each record is accepted, released or rejected when its handler is through, unless the handler
// did so. Locks of records in hand are renewed where the broker allows it; when a lock is lost nevertheless, the handler's signal is aborted.

import type { Timer } from '@moldau/io';
import { ClosedError, OptionsError } from '../errors/kafka-error.ts';
import type { Ports } from '../options/ports.ts';
import { lockLost } from './share-lock.ts';
import type { ShareRecord } from './share-record.ts';

export interface ShareHandlerContext {
  /** Aborted when the record is not this member's any more: its lock has run out, or the session with its broker has ended. */
  readonly signal: AbortSignal;
}

export interface ShareRunOptions<K, V> {
  handler(record: ShareRecord<K, V>, context: ShareHandlerContext): unknown;
  /** How many records are handled at a time. Default 1. */
  readonly concurrency?: number;
  /** A record whose handler fails is released, to be delivered again. After so many deliveries it is rejected. By default the group's config says alone. */
  readonly retry?: { readonly attempts: number };
  /** Told of each handler that fails: `isRejected` when the record will not be delivered again on our part. */
  readonly onFailed?: (
    error: unknown,
    record: ShareRecord<K, V>,
    outcome: { readonly isRejected: boolean },
  ) => void;
  /** Whether locks are renewed while handlers run: from Kafka 4.2 on. Default true. */
  readonly renew?: boolean;
  readonly signal?: AbortSignal;
}

export interface ShareRunParts<K, V> {
  readonly options: ShareRunOptions<K, V>;
  readonly ports: Pick<Ports, 'clock' | 'timers' | 'logger'>;
  /** The consumer ends. */
  readonly stop: AbortSignal;
  take(mostRecords: number): ShareRecord<K, V>[] | undefined;
  whenReady(signal: AbortSignal): Promise<void>;
}

interface InHand<K, V> {
  readonly record: ShareRecord<K, V>;
  readonly lockMs: number;
  readonly abort: AbortController;
  isRenewing: boolean;
}

/** A lock is renewed when so much of its life is left. */
const RENEW_AT = 0.5;
const LEAST_WATCH_MS = 10;

export class ShareRun<K, V> {
  /** Rejects with what makes consuming impossible. */
  readonly done: Promise<void>;
  readonly #parts: ShareRunParts<K, V>;
  readonly #concurrency: number;
  readonly #stop: AbortSignal;
  readonly #inHand = new Set<InHand<K, V>>();
  #room: PromiseWithResolvers<void> | undefined;
  #canRenew: boolean;
  /** One timer looks after the locks of all records in hand. */
  #watch: Timer | undefined;
  #watchAtMs = Number.POSITIVE_INFINITY;

  constructor(parts: ShareRunParts<K, V>) {
    const { options, stop } = parts;
    this.#parts = parts;
    const { concurrency = 1, retry, renew = true, signal } = options;
    if (!Number.isSafeInteger(concurrency) || concurrency < 1)
      throw new OptionsError(`concurrency is ${concurrency}, and must be a whole number from 1 on.`);
    if (retry !== undefined && (!Number.isSafeInteger(retry.attempts) || retry.attempts < 1))
      throw new OptionsError(`retry.attempts is ${retry.attempts}, and must be a whole number from 1 on.`);
    this.#concurrency = concurrency;
    this.#canRenew = renew;
    this.#stop = signal === undefined ? stop : AbortSignal.any([stop, signal]);
    this.done = this.#run();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stop.aborted) {
        const room = this.#concurrency - this.#inHand.size;
        const records = room > 0 ? this.#parts.take(room) : undefined;
        for (const record of records ?? []) this.#begin(record);
        if (this.#inHand.size >= this.#concurrency) await this.#whenRoom();
        else if (records === undefined) await this.#whenReady();
      }
    } finally {
      while (this.#inHand.size > 0) await this.#whenRoom();
      this.#watch?.cancel();
    }
  }

  /** Rejects only for what makes consuming impossible. */
  async #whenReady(): Promise<void> {
    try {
      await this.#parts.whenReady(this.#stop);
    } catch (error) {
      if (!this.#stop.aborted) throw error;
    }
  }

  /** Resolves when a handler is through. */
  #whenRoom(): Promise<void> {
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  #begin(record: ShareRecord<K, V>): void {
    const lockMs = record.lockedUntilMs - this.#parts.ports.clock.monotonicMs();
    const inHand: InHand<K, V> = { record, lockMs, abort: new AbortController(), isRenewing: false };
    this.#inHand.add(inHand);
    this.#watchAt(this.#dueMs(inHand));
    void this.#handle(inHand).finally(() => {
      this.#inHand.delete(inHand);
      this.#room?.resolve();
      this.#room = undefined;
    });
  }

  async #handle({ record, abort }: InHand<K, V>): Promise<void> {
    const { handler, retry, onFailed } = this.#parts.options;
    try {
      await handler(record, { signal: abort.signal });
      record.accept();
    } catch (error) {
      const isRejected = record.deliveryCount >= (retry?.attempts ?? Number.POSITIVE_INFINITY);
      if (isRejected) record.reject();
      else record.release();
      const { topic, partition, offset, deliveryCount } = record;
      if (onFailed !== undefined) onFailed(error, record, { isRejected });
      else
        this.#parts.ports.logger.warn(
          { topic, partition, offset, deliveryCount, error },
          isRejected ? 'record rejected' : 'record released, to be delivered again',
        );
    }
  }

  #watchAt(atMs: number): void {
    if (atMs >= this.#watchAtMs) return;
    const { clock, timers } = this.#parts.ports;
    this.#watch?.cancel();
    this.#watchAtMs = atMs;
    this.#watch = timers.after(Math.max(LEAST_WATCH_MS, atMs - clock.monotonicMs()), () => {
      this.#watchAtMs = Number.POSITIVE_INFINITY;
      for (const inHand of this.#inHand) {
        this.#look(inHand);
        this.#watchAt(this.#dueMs(inHand));
      }
    });
  }

  /** When its lock is to be renewed, and after that when it ends; Infinity: there is nothing to watch. */
  #dueMs({ record, lockMs, abort }: InHand<K, V>): number {
    if (!record.isOpen || abort.signal.aborted) return Number.POSITIVE_INFINITY;
    const { lockedUntilMs } = record;
    const renewalMs = lockedUntilMs - lockMs * RENEW_AT;
    return this.#canRenew && renewalMs > this.#parts.ports.clock.monotonicMs() ? renewalMs : lockedUntilMs;
  }

  #look(inHand: InHand<K, V>): void {
    const { record, abort, isRenewing } = inHand;
    if (!record.isOpen || abort.signal.aborted) return;
    if (!record.isLocked) abort.abort(lockLost(record, record.offset, 'its lock has run out'));
    else if (this.#canRenew && !isRenewing && this.#dueMs(inHand) === record.lockedUntilMs)
      void this.#renew(inHand);
  }

  async #renew(inHand: InHand<K, V>): Promise<void> {
    const { record } = inHand;
    inHand.isRenewing = true;
    try {
      await record.renew();
    } catch (error) {
      const { topic, partition, offset } = record;
      if ((error as { code?: unknown }).code === 'UNSUPPORTED_VERSION') this.#canRenew = false;
      if (!(error instanceof ClosedError))
        this.#parts.ports.logger.debug({ topic, partition, offset, error }, 'lock not renewed');
    } finally {
      inHand.isRenewing = false;
    }
  }
}
