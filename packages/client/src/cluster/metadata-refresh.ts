// Asks brokers for metadata: when somebody needs it, and when it grows old.
//
// Invariants: one request is under way at a time, however many want one; who comes while it is under way gets the next, for the answer may be older than
// the question. Topics of interest are asked for when the age is reached; all else only when it is wanted.

import type { Timer } from '@moldau/io';
import { ErrorCode, type MetadataResponse, metadataRequest, metadataResponse } from '@moldau/protocol';
import { BrokerError, ClosedError, ConnectionError, type KafkaError } from '../errors/kafka-error.ts';
import type { Bootstrap } from '../network/bootstrap.ts';
import type { BrokerPool } from '../network/broker-pool.ts';
import { type Limits, within } from '../network/waiting.ts';
import { addressText } from '../options/address.ts';
import type { ClientSettings } from '../options/client-options.ts';
import type { Ports } from '../options/ports.ts';
import type { Metadata, MetadataChange } from './metadata.ts';
import { retrying } from './retry.ts';

export interface RefreshWish {
  /** 'all' asks for every topic there is; none: for the brokers only. */
  readonly topics?: readonly string[] | 'all';
  /** For the log. */
  readonly reason: string;
  /** Makes topics that are not there, where the broker allows it. */
  readonly allowsCreation?: boolean;
}

interface Round {
  readonly topics: Set<string>;
  isWhole: boolean;
  allowsCreation: boolean;
  reason: string;
  promise: Promise<void>;
}

export interface MetadataRefreshOptions {
  readonly settings: ClientSettings;
  readonly ports: Ports;
  readonly pool: BrokerPool;
  readonly bootstrap: Bootstrap;
  readonly metadata: Metadata;
  onChange(change: MetadataChange): void;
}

// Before version 1 nobody can ask for no topic at all.
const API = { request: metadataRequest, response: metadataResponse, minVersion: 1 };

export class MetadataRefresh {
  readonly #options: MetadataRefreshOptions;
  /** How many want each topic to be kept up to date. */
  readonly #interest = new Map<string, number>();
  /** Of these, those that may have to be made anew when they are gone, and whether they have to now. */
  readonly #lasting = new Map<string, () => boolean>();
  #wholeInterest = 0;
  #current: Promise<void> | undefined;
  #next: Round | undefined;
  #ageTimer: Timer | undefined;
  /** Why the round under way has not succeeded so far. */
  #problem: KafkaError | undefined;
  readonly #abort = new AbortController();
  /** As of when the metadata is, by the monotonic clock. */
  #freshMs = Number.NEGATIVE_INFINITY;

  constructor(options: MetadataRefreshOptions) {
    this.#options = options;
  }

  /** Whether brokers have ever answered. */
  get isKnown(): boolean {
    return this.#freshMs > Number.NEGATIVE_INFINITY;
  }

  /**
   * Keeps topics up to date until the function that is returned is called. While `allowsCreation` says so, whatever asks for them makes them anew, where the
   * broker allows it: somebody deleted them, and they are written to still.
   */
  follow(
    topics: readonly string[] | 'all',
    { allowsCreation }: { readonly allowsCreation?: () => boolean } = {},
  ): () => void {
    if (allowsCreation !== undefined && topics !== 'all')
      for (const topic of topics) this.#lasting.set(topic, allowsCreation);
    const add = (count: number): void => {
      if (topics === 'all') this.#wholeInterest += count;
      else for (const topic of topics) this.#count(topic, count);
    };
    add(1);
    let isOver = false;
    return () => {
      if (!isOver) add(-1);
      isOver = true;
    };
  }

  /** Resolves when an answer that was asked for after this call has been taken in. What the broker says of a topic is `metadata.topicError`. */
  refresh(wish: RefreshWish, limits: Limits): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.reject(new ClosedError());
    const round = this.#round(wish.reason);
    if (wish.topics === 'all') round.isWhole = true;
    else for (const topic of wish.topics ?? []) round.topics.add(topic);
    if (wish.allowsCreation === true) round.allowsCreation = true;
    return within(
      this.#options.ports,
      limits,
      round.promise,
      () => this.#problem ?? this.#options.bootstrap.whyNone(this.#options.metadata.brokers.values()),
    );
  }

  close(): void {
    this.#abort.abort(new ClosedError());
    this.#ageTimer?.cancel();
  }

  #count(topic: string, count: number): void {
    const total = (this.#interest.get(topic) ?? 0) + count;
    if (total > 0) this.#interest.set(topic, total);
    else {
      this.#interest.delete(topic);
      this.#lasting.delete(topic);
    }
  }

  #round(reason: string): Round {
    if (this.#next !== undefined) return this.#next;
    const round: Round = {
      topics: new Set(),
      isWhole: false,
      allowsCreation: false,
      reason,
      promise: Promise.resolve(),
    };
    this.#next = round;
    const previous = this.#current ?? Promise.resolve();
    // Who asks in the same turn is served by the same request.
    round.promise = previous.then(
      () => this.#run(round),
      () => this.#run(round),
    );
    this.#current = round.promise;
    // Each who waits hears of the failure; nobody may wait any more.
    round.promise.catch(() => {});
    return round;
  }

  async #run(round: Round): Promise<void> {
    this.#next = undefined;
    const { settings, ports } = this.#options;
    const deadlineMs = ports.clock.monotonicMs() + settings.apiTimeoutMs;
    const limits = { deadlineMs, signal: this.#abort.signal };
    this.#ageTimer?.cancel();
    try {
      const ask = (): Promise<void> => this.#ask(round, limits);
      await retrying(this.#options, limits, ask, (error) => {
        this.#problem = error;
      });
    } finally {
      this.#problem = undefined;
      if (!this.#abort.signal.aborted) this.#watchAge();
    }
  }

  async #ask(round: Round, limits: Limits): Promise<void> {
    const { bootstrap, pool, metadata, ports, settings } = this.#options;
    const isAged = ports.clock.monotonicMs() - this.#freshMs >= settings.metadataMaxAgeMs;
    const isWhole = round.isWhole || (isAged && this.#wholeInterest > 0);
    const names = new Set(isAged ? [...this.#interest.keys(), ...round.topics] : round.topics);
    const change = await bootstrap.reach(metadata.brokers.values(), limits, async ({ place, connection }) => {
      const answer = await connection.request(
        API,
        connection.apis.pick(API),
        {
          topics: isWhole ? null : [...names].map((name) => ({ name })),
          allowAutoTopicCreation:
            round.allowsCreation || [...names].some((name) => this.#lasting.get(name)?.()),
        },
        { timeoutMs: this.#attemptTimeoutMs(limits), signal: limits.signal },
      );
      checkAnswer(answer, connection.address);
      const change = metadata.apply(answer, {
        isWhole,
        answeredBy: place.advertisedBy ?? connection.address,
      });
      if (place.id < 0) pool.adopt(place, brokerAt(metadata, connection.address));
      return change;
    });
    if (isAged || !this.isKnown) this.#freshMs = ports.clock.monotonicMs();
    pool.retain(new Set(metadata.brokers.keys()));
    ports.logger.debug(
      { reason: round.reason, topics: names.size, brokers: metadata.brokers.size },
      'metadata refreshed',
    );
    this.#options.onChange(change);
  }

  #attemptTimeoutMs({ deadlineMs }: Limits): number {
    const { settings, ports } = this.#options;
    return Math.max(1, Math.min(settings.requestTimeoutMs, deadlineMs - ports.clock.monotonicMs()));
  }

  #watchAge(): void {
    const { ports, settings } = this.#options;
    this.#ageTimer?.cancel();
    const dueMs = this.#freshMs + settings.metadataMaxAgeMs - ports.clock.monotonicMs();
    // After a failure it is due already, and still nobody needs it at once.
    const delayMs = Math.max(dueMs, settings.retryBackoffMaxMs);
    this.#ageTimer = ports.timers.after(delayMs, () => void this.#round('age'));
  }
}

function checkAnswer(answer: MetadataResponse, address: string): void {
  // KIP-1102: this broker knows no better than to send its clients back to the addresses they began with.
  if (answer.errorCode === ErrorCode.REBOOTSTRAP_REQUIRED) {
    const message = `${address}: the broker has lost its cluster, and sends its clients elsewhere.`;
    throw new ConnectionError('CONNECTION_LOST', message, { broker: address });
  }
  if (answer.errorCode !== ErrorCode.NONE) throw new BrokerError(answer.errorCode, { broker: address });
  if (answer.brokers.length === 0) throw new BrokerError(ErrorCode.BROKER_NOT_AVAILABLE, { broker: address });
}

function brokerAt(metadata: Metadata, address: string) {
  return metadata.brokers.values().find((broker) => addressText(broker) === address);
}
