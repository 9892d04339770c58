// The hub of a client: knows the cluster, holds the connections, and takes each request to the broker that it is for.
//
// Invariants: every promise settles by its deadline. With `retry`, what failed for a reason that passes is tried again, after what is known has been
// brought up to date; without, the caller sees the first failure. close() rejects all that is under way and leaves no socket and no timer.

import { ErrorCode } from '@moldau/protocol';
import {
  BrokerError,
  type BrokerErrorDetails,
  ClosedError,
  ConnectionError,
  type KafkaError,
} from '../errors/kafka-error.ts';
import { Bootstrap } from '../network/bootstrap.ts';
import type { BrokerConnection } from '../network/broker-connection.ts';
import { type BrokerPlace, BrokerPool, type Purpose } from '../network/broker-pool.ts';
import type { ClientApi } from '../network/client-api.ts';
import type { Limits } from '../network/waiting.ts';
import type { Instruments } from '../observability/instruments.ts';
import type { ClientSettings } from '../options/client-options.ts';
import type { Ports } from '../options/ports.ts';
import { Coordinators, type CoordinatorType } from './coordinators.ts';
import { Metadata, type MetadataChange, type MetadataView } from './metadata.ts';
import { MetadataRefresh, type RefreshWish } from './metadata-refresh.ts';
import { LEADER_MAY_HAVE_MOVED } from './moved.ts';
import { retrying } from './retry.ts';

/** Whom a request is for. */
export type Destination =
  | 'any'
  | 'controller'
  | { readonly brokerId: number }
  | { readonly coordinatorOf: CoordinatorType; readonly key: string }
  | { readonly leaderOf: { readonly topic: string; readonly partition: number } };

/** For calls: how long all of it may take, and who may end it. */
export interface CallOptions {
  /** By default apiTimeoutMs with retry, requestTimeoutMs without. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ClusterRequestOptions<Answer> extends CallOptions {
  readonly to: Destination;
  /** By default 'control', and 'coordinator' to a coordinator. */
  readonly purpose?: Purpose;
  /** Tries again what passes, for requests that may be done twice. `errorOf` gives the error code of the whole answer; those that last are thrown. */
  readonly retry?:
    | {
        errorOf?(answer: Answer): number;
        messageOf?(answer: Answer): string | null;
        /** What the answer is about, for its error. */
        readonly about?: Pick<BrokerErrorDetails, 'resource' | 'operation'>;
      }
    | undefined;
}

/** Errors after which another broker may be the right one. */
const OUTDATED: ReadonlySet<number> = new Set([
  ...LEADER_MAY_HAVE_MOVED,
  ErrorCode.NOT_CONTROLLER,
  ErrorCode.BROKER_NOT_AVAILABLE,
]);

export class Cluster implements AsyncDisposable {
  readonly settings: ClientSettings;
  readonly ports: Ports;
  readonly coordinators: Coordinators;
  readonly #metadata = new Metadata();
  readonly #pool: BrokerPool;
  readonly #bootstrap: Bootstrap;
  readonly #refresh: MetadataRefresh;
  readonly #listeners = new Set<(change: MetadataChange) => void>();
  readonly #abort = new AbortController();
  /** Who hears of what is done here. */
  readonly instruments: Instruments | undefined;
  readonly #onClosed: () => void;

  constructor(
    settings: ClientSettings,
    ports: Ports,
    onClosed: () => void = () => {},
    instruments?: Instruments,
  ) {
    this.#onClosed = onClosed;
    this.instruments = instruments;
    this.settings = settings;
    this.ports = ports;
    this.#pool = new BrokerPool(settings, ports, instruments);
    this.#bootstrap = new Bootstrap(settings.brokers, this.#pool, ports);
    this.#refresh = new MetadataRefresh({
      ...{ settings, ports, pool: this.#pool, bootstrap: this.#bootstrap, metadata: this.#metadata },
      onChange: (change) => this.#tell(change),
    });
    this.coordinators = new Coordinators(ports, (use) => {
      const limits = this.#limits({ timeoutMs: settings.apiTimeoutMs });
      return this.#bootstrap.reach(this.#metadata.brokers.values(), limits, ({ connection }) =>
        use(connection),
      );
    });
  }

  /** Aborted by close(). */
  get closing(): AbortSignal {
    return this.#abort.signal;
  }

  /** What is known now. */
  get metadata(): MetadataView {
    return this.#metadata;
  }

  /** Sends a request, in the highest version that both know; `input` may depend on it. */
  async request<Input, Answer>(
    api: ClientApi<Input, Answer>,
    input: Input | ((version: number) => Input),
    options: ClusterRequestOptions<NoInfer<Answer>>,
  ): Promise<Answer> {
    const { to, retry, signal } = options;
    const { apiTimeoutMs, requestTimeoutMs } = this.settings;
    const timeoutMs = options.timeoutMs ?? (retry === undefined ? requestTimeoutMs : apiTimeoutMs);
    const limits = this.#limits({ timeoutMs, signal });
    if (retry === undefined) return await this.#once(api, input, options, limits, timeoutMs);
    let brokerId: number | undefined;
    return await retrying(
      this,
      limits,
      async () => {
        const { connection, id } = await this.#connect(to, options.purpose, limits);
        brokerId = id;
        const answer = await this.#send(connection, api, input, limits, requestTimeoutMs);
        const errorCode = retry.errorOf?.(answer) ?? ErrorCode.NONE;
        if (errorCode === ErrorCode.NONE) return answer;
        throw new BrokerError(errorCode, {
          broker: connection.address,
          said: retry.messageOf?.(answer),
          ...retry.about,
        });
      },
      (error) => this.#recover(error, to, brokerId),
    );
  }

  /** The connection for a purpose if there is one now, and the way to it if not: for those who send many requests. */
  connected(brokerId: number, purpose: Purpose): BrokerConnection | undefined {
    return this.#pool.connected(brokerId, purpose);
  }

  /** Why nothing has come from a broker so far; undefined: it is not known. */
  problemOf(brokerId: number, purpose: Purpose): KafkaError | undefined {
    const place = this.#metadata.brokers.get(brokerId);
    return place && this.#pool.problemOf(place, purpose);
  }

  async connect(to: Destination, purpose: Purpose, options: CallOptions = {}): Promise<BrokerConnection> {
    const { timeoutMs = this.settings.requestTimeoutMs, signal } = options;
    return (await this.#connect(to, purpose, this.#limits({ timeoutMs, signal }))).connection;
  }

  /** Resolves when brokers have answered, to a question asked after this call. */
  refresh(wish: RefreshWish, options: CallOptions = {}): Promise<void> {
    const { timeoutMs = this.settings.apiTimeoutMs, signal } = options;
    return this.#refresh.refresh(wish, this.#limits({ timeoutMs, signal }));
  }

  /** Asks for fresher metadata without waiting for it. */
  outdated(wish: RefreshWish): void {
    this.refresh(wish).catch((error: unknown) => {
      if (!(error instanceof ClosedError))
        this.ports.logger.debug({ error, reason: wish.reason }, 'metadata not refreshed');
    });
  }

  /** Keeps topics up to date by age, until the function returned is called; while `allowsCreation` says so it also makes them anew that are gone. */
  follow(
    topics: readonly string[] | 'all',
    options?: { readonly allowsCreation?: () => boolean },
  ): () => void {
    return this.#refresh.follow(topics, options);
  }

  /** Hears of changed topics. Returns how to stop that. */
  onChange(listener: (change: MetadataChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Takes over a leader that a Produce or Fetch answer told (KIP-951). */
  teach(...told: Parameters<Metadata['teach']>): void {
    this.#tell(this.#metadata.teach(...told));
  }

  /** Retries as `request` does, for calls of several requests. `recover` is told of each failure first. */
  retrying<T>(
    options: CallOptions,
    attempt: (limits: Limits) => Promise<T>,
    recover?: (error: KafkaError) => void,
  ): Promise<T> {
    const limits = this.#limits({
      timeoutMs: options.timeoutMs ?? this.settings.apiTimeoutMs,
      signal: options.signal,
    });
    return retrying(this, limits, () => attempt(limits), recover);
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    const farewell = this.instruments?.farewell();
    if (farewell !== undefined) await farewell;
    const error = new ClosedError();
    this.#abort.abort(error);
    this.#refresh.close();
    this.#pool.close(error);
    this.#listeners.clear();
    this.#onClosed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #limits({ timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined }): Limits {
    return { deadlineMs: this.ports.clock.monotonicMs() + timeoutMs, signal };
  }

  async #once<Input, Answer>(
    api: ClientApi<Input, Answer>,
    input: Input | ((version: number) => Input),
    { to, purpose }: ClusterRequestOptions<Answer>,
    limits: Limits,
    timeoutMs: number,
  ): Promise<Answer> {
    const { connection } = await this.#connect(to, purpose, limits);
    return await this.#send(connection, api, input, limits, timeoutMs);
  }

  #send<Input, Answer>(
    connection: BrokerConnection,
    api: ClientApi<Input, Answer>,
    input: Input | ((version: number) => Input),
    { deadlineMs, signal }: Limits,
    atMostMs: number,
  ): Promise<Answer> {
    const version = connection.apis.pick(api);
    const leftMs = Math.max(1, deadlineMs - this.ports.clock.monotonicMs());
    const body = typeof input === 'function' ? (input as (version: number) => Input)(version) : input;
    return connection.request(api, version, body, { timeoutMs: Math.min(leftMs, atMostMs), signal });
  }

  async #connect(
    to: Destination,
    purpose: Purpose | undefined,
    limits: Limits,
  ): Promise<{ connection: BrokerConnection; id: number }> {
    if (this.#abort.signal.aborted) throw new ClosedError();
    if (to === 'any') {
      const known = this.#metadata.brokers.values();
      return await this.#bootstrap.reach(known, limits, async ({ place, connection }) => ({
        connection,
        id: place.id,
      }));
    }
    const place = await this.#place(to, limits);
    const isForCoordinator = typeof to === 'object' && 'coordinatorOf' in to;
    const meant = purpose ?? (isForCoordinator ? 'coordinator' : 'control');
    const connection =
      this.#pool.connected(place.id, meant) ?? (await this.#pool.connect(place, meant, limits));
    return { connection, id: place.id };
  }

  async #place(to: Exclude<Destination, 'any'>, limits: Limits): Promise<BrokerPlace> {
    if (typeof to === 'object' && 'coordinatorOf' in to)
      return await this.coordinators.find(to.coordinatorOf, to.key, limits);
    const known = this.#known(to);
    if (known !== undefined) return known;
    const topics = typeof to === 'object' && 'leaderOf' in to ? [to.leaderOf.topic] : [];
    await this.#refresh.refresh({ topics, reason: 'the broker for a request' }, limits);
    return this.#known(to) ?? this.#missing(to);
  }

  #known(to: Exclude<Destination, 'any' | { coordinatorOf: unknown }>): BrokerPlace | undefined {
    const { brokers, controllerId } = this.#metadata;
    if (to === 'controller') return controllerId === undefined ? undefined : brokers.get(controllerId);
    if ('brokerId' in to) return brokers.get(to.brokerId);
    if ('leaderOf' in to) return this.#metadata.leader(to.leaderOf.topic, to.leaderOf.partition);
    return undefined;
  }

  #missing(to: Exclude<Destination, 'any'>): never {
    if (to === 'controller') throw new BrokerError(ErrorCode.NOT_CONTROLLER);
    if ('leaderOf' in to) {
      const { topic, partition } = to.leaderOf;
      const asked = this.#metadata.topicError(topic) ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      const unknown = asked === ErrorCode.NONE ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : asked;
      const isThere = this.#metadata.partition(topic, partition) !== undefined;
      throw new BrokerError(isThere ? ErrorCode.LEADER_NOT_AVAILABLE : unknown, { topic, partition });
    }
    const id = 'brokerId' in to ? to.brokerId : -1;
    const known = [...this.#metadata.brokers.keys()].join(', ');
    throw new ConnectionError(
      'CONNECTION_FAILED',
      `There is no broker ${id} in the cluster; it has ${known}.`,
    );
  }

  /** Brings what is known up to date, so that the next attempt goes elsewhere if need be. */
  #recover(error: KafkaError, to: Destination, brokerId: number | undefined): void {
    const isConnection = error.code.startsWith('CONNECTION_') || error.code === 'TIMED_OUT';
    if (typeof to === 'object' && 'coordinatorOf' in to) {
      const isOther = error.code === 'NOT_COORDINATOR' || error.code === 'COORDINATOR_NOT_AVAILABLE';
      if (isConnection || isOther) this.coordinators.forget(to.coordinatorOf, to.key, brokerId);
      return;
    }
    if (to === 'any' || (!isConnection && !(error instanceof BrokerError && OUTDATED.has(error.errorCode))))
      return;
    const topics = typeof to === 'object' && 'leaderOf' in to ? [to.leaderOf.topic] : [];
    this.outdated({ topics, reason: error.code });
  }

  #tell(change: MetadataChange): void {
    if (change.topics.size === 0) return;
    for (const listener of this.#listeners) listener(change);
  }
}
