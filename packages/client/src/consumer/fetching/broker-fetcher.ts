// Fetches from one broker: one request at a time, for all of its partitions that have room. The next is on its way while what came is taken.
//
// Invariants: an answer is taken only by partitions that are still where they were when it was asked for. While a partition of the broker has no room,
// requests for the others do not wait at the broker, for they would hold that one up when it has room again.

import { ErrorCode, type FetchResponse, fetchRequest, fetchResponse } from '@moldau/protocol';
import { BrokerError, ClosedError, ConnectionError, KafkaError } from '../../errors/kafka-error.ts';
import type { Backoff } from '../../network/backoff.ts';
import type { BrokerConnection } from '../../network/broker-connection.ts';
import { takeAnswer } from './fetch-answer.ts';
import type { FetchContext } from './fetch-context.ts';
import type { FetchPartition } from './fetch-partition.ts';
import { FetchSession, type FetchWish } from './fetch-session.ts';

const API = { request: fetchRequest, response: fetchResponse, minVersion: 4 };
const SESSIONS_SINCE = 7;
const TOPIC_IDS_SINCE = 13;
const CONSUMER = -1;
const ISOLATION = { 'read-uncommitted': 0, 'read-committed': 1 } as const;
/** At the end nobody waits long for a broker to forget the session. */
const FAREWELL_MS = 500;

/** A broker's partitions. */
export interface BrokerWork {
  /** They have room. */
  readonly wanted: FetchPartition[];
  /** Others have none until something is taken. */
  isHeldBack: boolean;
}

export class BrokerFetcher {
  readonly brokerId: number;
  readonly #context: FetchContext;
  readonly #session = new FetchSession();
  readonly #backoff: Backoff;
  #isBusy = false;
  #retryAtMs = 0;
  /** Nothing came for these in their generations. */
  #quiet: ReadonlyMap<FetchPartition, number> = new Map();
  #quietUntilMs = 0;

  constructor(brokerId: number, context: FetchContext) {
    this.brokerId = brokerId;
    this.#context = context;
    this.#backoff = context.newBackoff();
  }

  /** Asks for what is wanted, if it may. Returns when to try again; undefined: something will happen by itself. */
  fetch(work: BrokerWork, brokerCount: number): number | undefined {
    if (this.#isBusy || work.wanted.length === 0) return undefined;
    const { budget, settings } = this.#context;
    const nowMs = this.#context.nowMs();
    if (nowMs < this.#retryAtMs) return this.#retryAtMs;
    if (this.#isQuiet(work, nowMs)) return this.#quietUntilMs;
    const maxBytes = this.#allowance(work.wanted, brokerCount);
    // Whoever takes something wakes us.
    if (maxBytes === 0) return undefined;
    this.#isBusy = true;
    budget.reserve(maxBytes);
    const waitMs = work.isHeldBack ? 0 : settings.fetchMaxWaitMs;
    void this.#run(work.wanted, maxBytes, waitMs).finally(() => {
      this.#isBusy = false;
      this.#context.proceed();
    });
    return undefined;
  }

  /** Lets the broker forget the session. */
  async close(): Promise<void> {
    const connection = this.#context.cluster.connected(this.brokerId, 'fetch');
    if (connection === undefined || !this.#session.isOpen) return;
    const farewell = connection
      .request(
        API,
        connection.apis.pick(API),
        { ...this.#common(0, 0), ...this.#session.end() },
        { timeoutMs: FAREWELL_MS },
      )
      .catch(() => {});
    // Behind a request that waits at the broker the answer would take too long.
    if (!this.#isBusy) await farewell;
  }

  #allowance(wanted: readonly FetchPartition[], brokerCount: number): number {
    const { budget, settings } = this.#context;
    const { fetchMaxBytes, partitionMaxBytes } = settings;
    const needed = wanted.reduce((most, { neededBytes }) => Math.max(most, neededBytes), 0);
    const share = Math.min(budget.shareBytes(brokerCount), wanted.length * partitionMaxBytes);
    const wished = Math.max(needed, Math.min(fetchMaxBytes, share));
    const free = budget.freeBytes;
    if (budget.isIdle) return wished;
    return free >= Math.min(wished, partitionMaxBytes) ? Math.min(wished, free) : 0;
  }

  async #run(wanted: readonly FetchPartition[], maxBytes: number, waitMs: number): Promise<void> {
    const { cluster, closing, budget, settings } = this.#context;
    let gotBytes = 0;
    let wishes: FetchWish[] = [];
    try {
      const connection =
        cluster.connected(this.brokerId, 'fetch') ??
        (await cluster.connect({ brokerId: this.brokerId }, 'fetch', { signal: closing }));
      wishes = wanted.filter(({ state }) => state === 'fetch').map((partition) => this.#wish(partition));
      if (wishes.length === 0) return;
      const answer = await this.#ask(connection, wishes, maxBytes, waitMs);
      this.#session.answered(answer);
      if (answer.errorCode !== ErrorCode.NONE) this.#refused(answer.errorCode, wishes);
      else {
        this.#backoff.succeeded();
        gotBytes = takeAnswer(answer, this.#session, this.brokerId, this.#context);
      }
    } catch (error) {
      this.#failed(error, wanted);
      return;
    } finally {
      budget.unreserve(maxBytes);
    }
    const nothingCame = gotBytes === 0 ? wishes : [];
    this.#quiet = new Map(nothingCame.map(({ partition, generation }) => [partition, generation]));
    this.#quietUntilMs = this.#context.nowMs() + settings.fetchMaxWaitMs;
  }

  /** While some have no room, the others are asked about now and then only. */
  #isQuiet({ wanted, isHeldBack }: BrokerWork, nowMs: number): boolean {
    if (!isHeldBack || nowMs >= this.#quietUntilMs) return false;
    return wanted.every((partition) => this.#quiet.get(partition) === partition.generation);
  }

  #ask(
    connection: BrokerConnection,
    wishes: readonly FetchWish[],
    maxBytes: number,
    waitMs: number,
  ): Promise<FetchResponse> {
    const { cluster, closing } = this.#context;
    const highest = connection.apis.pick(API);
    const usesIds = highest >= TOPIC_IDS_SINCE && wishes.every(({ topicId }) => topicId !== undefined);
    const version = usesIds ? highest : Math.min(highest, TOPIC_IDS_SINCE - 1);
    if (version < SESSIONS_SINCE) this.#session.failed();
    return connection.request(
      API,
      version,
      { ...this.#common(maxBytes, waitMs), ...this.#session.request(wishes, usesIds) },
      { timeoutMs: cluster.settings.requestTimeoutMs + waitMs, signal: closing },
    );
  }

  #common(maxBytes: number, waitMs: number) {
    const { settings } = this.#context;
    return {
      clusterId: null,
      replicaId: CONSUMER,
      maxWaitMs: waitMs,
      minBytes: settings.fetchMinBytes,
      maxBytes,
      isolationLevel: ISOLATION[settings.isolation],
      rackId: settings.rack ?? '',
    };
  }

  #wish(partition: FetchPartition): FetchWish {
    const { offset, leaderEpoch = -1 } = partition.fetchPosition!;
    return {
      partition,
      generation: partition.generation,
      topic: partition.topic,
      topicId: partition.topicId,
      index: partition.partition,
      fetchOffset: offset,
      currentLeaderEpoch: partition.leaderEpoch,
      lastFetchedEpoch: partition.isEpochSent ? leaderEpoch : -1,
      maxBytes: Math.max(this.#context.settings.partitionMaxBytes, partition.neededBytes),
    };
  }

  /** The broker refuses the request as a whole. */
  #refused(errorCode: number, wishes: readonly FetchWish[]): void {
    const { cluster } = this.#context;
    const error = new BrokerError(errorCode);
    cluster.ports.logger.debug({ broker: this.brokerId, error: error.code }, 'fetch refused');
    const isSessionLost =
      errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND ||
      errorCode === ErrorCode.INVALID_FETCH_SESSION_EPOCH ||
      errorCode === ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR;
    // A session that is lost is begun anew at once; if that is refused as well, after a while.
    const delayMs = this.#backoff.failed();
    if (isSessionLost && this.#backoff.failures === 1) return;
    this.#retryAtMs = this.#context.nowMs() + delayMs;
    if (isSessionLost) return;
    for (const { partition } of wishes) this.#trouble(partition, error);
  }

  #failed(error: unknown, wanted: readonly FetchPartition[]): void {
    this.#session.failed();
    if (this.#context.closing.aborted || error instanceof ClosedError) return;
    const { cluster } = this.#context;
    this.#retryAtMs = this.#context.nowMs() + this.#backoff.failed();
    const reason = error instanceof Error ? error.message : String(error);
    // Of connections it is told already, and once only.
    const level = error instanceof ConnectionError ? 'debug' : 'warn';
    cluster.ports.logger[level]({ broker: this.brokerId }, `fetch failed: ${reason}`);
    for (const partition of wanted) {
      // Its leader is asked, when it was another replica that failed.
      if (partition.preferred?.brokerId === this.brokerId) partition.preferred = undefined;
      if (error instanceof KafkaError) this.#trouble(partition, error);
    }
    const topics = [...new Set(wanted.map(({ topic }) => topic))];
    cluster.outdated({ topics, reason: 'a fetch failed' });
    if (!(error instanceof KafkaError)) throw error;
  }

  #trouble(partition: FetchPartition, error: KafkaError): void {
    if (error.retriable) partition.trouble(error, this.#context.nowMs());
    else partition.trouble(error, this.#context.nowMs(), true);
    this.#context.ready(partition);
  }
}
