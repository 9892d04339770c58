// A producer: sends records to topics, and says when they are there.

import type { Cluster } from '../cluster/cluster.ts';
import { IdempotentIdentity, noIdentity } from './idempotent-identity.ts';
import type { ProducerSettings } from './producer-options.ts';
import type { RecordPost, RecordSend } from './record-calls.ts';
import { RecordChannel } from './record-channel.ts';

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
  #closing: Promise<void> | undefined;

  constructor(cluster: Cluster, settings: ProducerSettings) {
    const identity = settings.idempotent ? new IdempotentIdentity(cluster) : noIdentity;
    this.#cluster = cluster;
    this.#settings = settings;
    this.#channel = new RecordChannel(cluster, settings, identity);
    this.send = this.#channel.send;
    this.post = this.#channel.post;
    const { signal } = settings;
    const stop = (): void => void this.close().catch(() => {});
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  }

  /**
   * Resolves when the record is acknowledged, with its offset; with acks 0 when it is handed over. Waits for room when the buffer is full. Large values
   * (from 2 KiB) are sent as they are in memory: leave them unchanged until then.
   */
  readonly send: RecordSend;

  /**
   * Sends without telling of it. Failures are told to onPostFailed, and by the next flush() or close(). False: it was taken, and enough for now; await
   * ready() before the next one, or memory grows. Throws for what cannot be a record.
   */
  readonly post: RecordPost;

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

  /** Sends what there is, for so long at most, and ends. What is not acknowledged then is rejected with a ClosedError. Safe to call twice. */
  close({ timeoutMs }: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeoutMs: number | undefined): Promise<void> {
    this.#channel.refuse();
    try {
      await this.#channel.drain(this.#limits(timeoutMs, this.#cluster.closing));
    } catch (error) {
      // What is left is told to those who wait for it.
      this.#cluster.ports.logger.debug({ error }, 'closed before all was sent');
    }
    await this.#channel.close();
    const failure = this.#channel.takeFailures();
    if (failure !== undefined) throw failure;
  }

  #limits(timeoutMs: number | undefined, signal: AbortSignal | undefined) {
    const { deliveryTimeoutMs, requestTimeoutMs } = this.#settings;
    // Who waits for room begins its time when it has some.
    const longestMs = 2 * deliveryTimeoutMs + requestTimeoutMs;
    return { deadlineMs: this.#cluster.ports.clock.monotonicMs() + (timeoutMs ?? longestMs), signal };
  }
}
