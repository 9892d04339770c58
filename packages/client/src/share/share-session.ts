// One share session: a member's talk with one broker about the partitions that it leads. Fetches records, and tells what became of those that came.
//
// Invariants
// - One request is under way at a time, and epochs go up by one with each, as the broker demands.
// - Records are asked for only while the host wants some. What is said of records goes with the next fetch, or by itself when that would be too late.
// - After a request that failed as a whole, a new session begins: what the broker had locked in the old one counts as lost, and is told of as such.

import type { Timer } from '@moldau/io';
import {
  ErrorCode,
  type ShareAcknowledgeResponse,
  type ShareFetchResponse,
  shareAcknowledgeRequest,
  shareAcknowledgeResponse,
  shareFetchRequest,
  shareFetchResponse,
} from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import { BrokerError, ClosedError, KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import { Backoff } from '../network/backoff.ts';
import type { BrokerConnection } from '../network/broker-connection.ts';
import { pause, within } from '../network/waiting.ts';
import {
  AcknowledgementRound,
  type FailedAcknowledgement,
  type Renewal,
  type SharePlace,
} from './acknowledgements.ts';
import { FINAL_EPOCH, SessionRequests } from './session-requests.ts';
import { type LockKeeper, lockLost } from './share-lock.ts';
import type { ShareConsumerSettings } from './share-options.ts';

const FETCH = { request: shareFetchRequest, response: shareFetchResponse };
const ACKNOWLEDGE = { request: shareAcknowledgeRequest, response: shareAcknowledgeResponse };
const RENEW = { ...ACKNOWLEDGE, minVersion: 2, neededFor: 'renew()' };
const RECORD_LIMIT = 1;

type FetchedPartition = ShareFetchResponse['responses'][number]['partitions'][number];
export type AcquiredRange = FetchedPartition['acquiredRecords'][number];

/** Records of one partition, and which of them are ours, until when. */
export interface AcquiredRecords {
  readonly place: SharePlace;
  readonly brokerId: number;
  readonly records: Buffer;
  readonly acquired: readonly AcquiredRange[];
  readonly lockedUntilMs: number;
}

/** An error of one partition, and who leads it instead if the broker knows. */
export interface PartitionTrouble {
  readonly place: SharePlace;
  readonly error: BrokerError;
  readonly leader: FetchedPartition['currentLeader'];
  readonly endpoints: ShareFetchResponse['nodeEndpoints'];
}

export interface ShareSessionHost {
  /** How many records to ask for now; 0: none. */
  wanted(): number;
  received(records: AcquiredRecords, keeper: LockKeeper): void;
  troubled(trouble: PartitionTrouble): void;
  acknowledgeFailed(failed: FailedAcknowledgement): void;
  /** Nothing more can be had of the broker, and why. */
  failed(error: KafkaError): void;
}

export interface ShareSessionOptions {
  readonly cluster: Cluster;
  readonly brokerId: number;
  readonly memberId: string;
  readonly settings: ShareConsumerSettings;
  readonly host: ShareSessionHost;
}

export class ShareSession implements LockKeeper {
  #generation = 0;
  /** That of the session: with it all locks end. */
  #connection: BrokerConnection | undefined;
  readonly #options: ShareSessionOptions;
  readonly #requests = new SessionRequests();
  readonly #backoff: Backoff;
  readonly #abort = new AbortController();
  #round = new AcknowledgementRound();
  #roundUnderWay: AcknowledgementRound | undefined;
  /** The round waits for no fetch any longer. */
  #isDue = false;
  #dueTimer: Timer | undefined;
  #running: Promise<void> | undefined;
  /** Offsets that are locked for us, and of which nothing has been said. */
  #openCount = 0;
  #lockMs = Number.POSITIVE_INFINITY;

  constructor(options: ShareSessionOptions) {
    const { settings, ports } = options.cluster;
    this.#options = options;
    this.#backoff = new Backoff(settings.retryBackoffMs, settings.retryBackoffMaxMs, ports.random);
  }

  get generation(): number {
    if (this.#connection?.isOpen === false) this.#reset();
    return this.#generation;
  }

  nowMs(): number {
    return this.#options.cluster.ports.clock.monotonicMs();
  }

  /** What to read here from now on. */
  read(places: readonly SharePlace[]): void {
    this.#requests.want(places);
    this.poke();
  }

  /** Looks whether there is something to do. */
  poke(): void {
    if (this.#running !== undefined || this.#next() === undefined) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      this.poke();
    });
  }

  acknowledge(...[place, run, lock]: Parameters<LockKeeper['acknowledge']>): void {
    const { firstOffset, lastOffset } = run;
    const { problem, deadlineMs } = lock;
    if (problem !== 'the session with its broker has ended') this.#openCount -= lastOffset - firstOffset + 1;
    if (problem === undefined) this.#round.add(place, run, deadlineMs);
    else this.#round.fail(place, run, lockLost(place, firstOffset, problem));
    this.#soon();
  }

  lapsed(count: number): void {
    this.#openCount -= count;
  }

  async renew(place: SharePlace, record: Omit<Renewal, 'settle'>): Promise<number> {
    const { cluster, brokerId } = this.#options;
    if (this.#abort.signal.aborted) throw new ClosedError();
    cluster.connected(brokerId, 'fetch')?.apis.pick(RENEW);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const settle = (error: KafkaError | undefined): void => (error === undefined ? resolve() : reject(error));
    const round = this.#round;
    round.renew(place, { ...record, settle });
    this.poke();
    await promise;
    return round.closedMs + this.#lockMs;
  }

  /** Resolves, with what was not taken, when all that was said so far has been answered. */
  async flush(): Promise<FailedAcknowledgement[]> {
    const rounds = [this.#roundUnderWay, this.#round.isUnused ? undefined : this.#round];
    this.#isDue = true;
    this.poke();
    return (await Promise.all(rounds.map((round) => round?.settled ?? []))).flat();
  }

  /** Tells the broker what is left to be told, and ends the session, by which it releases what else it had locked. Never rejects. */
  async close(deadlineMs: number): Promise<void> {
    const { ports } = this.#options.cluster;
    this.#abort.abort(new ClosedError());
    this.#dueTimer?.cancel();
    const late = (): KafkaError =>
      new TimeoutError('The share consumer was closed before its broker had answered.');
    await within(ports, { deadlineMs }, this.#running ?? Promise.resolve(), late).catch(() => {});
    if (this.#requests.isOpen && deadlineMs > this.nowMs()) await this.#end(deadlineMs);
    this.#reset();
    this.#settle(this.#take(), late);
  }

  #soon(): void {
    if (this.#abort.signal.aborted || this.#dueTimer !== undefined) return;
    const { cluster, settings } = this.#options;
    this.#dueTimer = cluster.ports.timers.after(settings.acknowledgeDelayMs, () => {
      this.#dueTimer = undefined;
      this.#isDue = true;
      this.poke();
    });
  }

  #next(): 'fetch' | 'acknowledge' | undefined {
    if (this.#abort.signal.aborted) return undefined;
    if (this.#round.hasRenewals) return 'acknowledge';
    if (!this.#requests.wantsNothing && this.#options.host.wanted() > 0) return 'fetch';
    return this.#isDue && !this.#round.isUnused ? 'acknowledge' : undefined;
  }

  async #run(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const round = this.#take();
      try {
        if (next === 'fetch') await this.#fetch(round);
        else if (round.isEmpty) this.#settle(round, () => undefined);
        else
          await this.#acknowledge(
            round,
            this.#requests.epoch,
            this.#options.cluster.settings.requestTimeoutMs,
          );
      } catch (error) {
        await this.#failed(error, round);
      }
    }
  }

  /** What is to be said now; what is said from now on is for the next round. */
  #take(): AcknowledgementRound {
    const round = this.#round;
    this.#round = new AcknowledgementRound();
    this.#roundUnderWay = round;
    this.#isDue = false;
    this.#dueTimer?.cancel();
    this.#dueTimer = undefined;
    round.close(this.nowMs(), (place, offset) => lockLost(place, offset, 'its lock has run out'));
    return round;
  }

  #settle(round: AcknowledgementRound, errorOf: (place: SharePlace) => KafkaError | undefined): void {
    if (this.#roundUnderWay === round) this.#roundUnderWay = undefined;
    for (const failed of round.settle(errorOf)) this.#options.host.acknowledgeFailed(failed);
  }

  async #fetch(round: AcknowledgementRound): Promise<void> {
    const { cluster, settings, memberId, brokerId, host } = this.#options;
    const { groupId, fetchMinBytes: minBytes, fetchMaxBytes: maxBytes, acknowledgeDelayMs } = settings;
    const { places, ...parts } = this.#requests.fetch(round);
    // What is said of records that are out must not wait long for new ones to come.
    const mostMs = this.#openCount > 0 ? acknowledgeDelayMs : Number.POSITIVE_INFINITY;
    const maxWaitMs = Math.min(mostMs, settings.fetchMaxWaitMs);
    const maxRecords = host.wanted();
    const answer = await cluster.request(
      FETCH,
      {
        ...{ groupId, memberId, shareSessionEpoch: this.#requests.epoch, maxWaitMs, minBytes, maxBytes },
        ...{ maxRecords, batchSize: maxRecords, shareAcquireMode: RECORD_LIMIT, ...parts },
      },
      { to: { brokerId }, purpose: 'fetch', timeoutMs: maxWaitMs + cluster.settings.requestTimeoutMs },
    );
    this.#accepted(answer);
    const isTroubled = this.#received(answer, places, round);
    if (isTroubled) await this.#pause();
    else this.#backoff.succeeded();
  }

  /** Whether some partition has an error. */
  #received(
    answer: ShareFetchResponse,
    places: ReadonlyMap<string, SharePlace>,
    round: AcknowledgementRound,
  ): boolean {
    const { host, brokerId } = this.#options;
    // The broker locks them before this client hears of it.
    const lockedUntilMs = round.closedMs + this.#lockMs;
    const refused = new Map<string, KafkaError>();
    let isTroubled = false;
    for (const { topicId, partitions } of answer.responses) {
      for (const each of partitions) {
        const place = places.get(`${topicId}/${each.partitionIndex}`);
        if (place === undefined) continue;
        const acknowledgeError = errorOf(place, each.acknowledgeErrorCode, each.acknowledgeErrorMessage);
        if (acknowledgeError !== undefined) refused.set(place.key, acknowledgeError);
        const error = errorOf(place, each.errorCode, each.errorMessage);
        const { currentLeader: leader, acquiredRecords: acquired, records } = each;
        if (error !== undefined) host.troubled({ place, error, leader, endpoints: answer.nodeEndpoints });
        isTroubled ||= error !== undefined;
        for (const { firstOffset, lastOffset } of acquired) this.#openCount += lastOffset - firstOffset + 1;
        if (acquired.length > 0) host.received({ place, brokerId, records, acquired, lockedUntilMs }, this);
      }
    }
    this.#settle(round, ({ key }) => refused.get(key));
    return isTroubled;
  }

  async #acknowledge(round: AcknowledgementRound, epoch: number, timeoutMs: number): Promise<void> {
    const { cluster, settings, memberId, brokerId, host } = this.#options;
    const { groupId } = settings;
    const { places, topics } = this.#requests.acknowledge(round);
    const answer = await cluster.request(
      ACKNOWLEDGE,
      { groupId, memberId, shareSessionEpoch: epoch, isRenewAck: round.hasRenewals, topics },
      { to: { brokerId }, purpose: 'fetch', timeoutMs },
    );
    this.#accepted(answer);
    const refused = new Map<string, KafkaError>();
    for (const { topicId, partitions } of answer.responses) {
      for (const { partitionIndex, errorCode, errorMessage, currentLeader: leader } of partitions) {
        const place = places.get(`${topicId}/${partitionIndex}`);
        const error = place && errorOf(place, errorCode, errorMessage);
        if (place === undefined || error === undefined) continue;
        refused.set(place.key, error);
        host.troubled({ place, error, leader, endpoints: answer.nodeEndpoints });
      }
    }
    this.#settle(round, ({ key }) => refused.get(key));
  }

  /** The request was served in the session. @throws BrokerError if not */
  #accepted(answer: ShareFetchResponse | ShareAcknowledgeResponse): void {
    const { errorCode, errorMessage, acquisitionLockTimeoutMs } = answer;
    if (errorCode !== ErrorCode.NONE) throw new BrokerError(errorCode, { said: errorMessage });
    this.#requests.succeeded();
    const { cluster, brokerId } = this.#options;
    this.#connection = cluster.connected(brokerId, 'fetch');
    if (acquisitionLockTimeoutMs > 0) this.#lockMs = acquisitionLockTimeoutMs;
  }

  async #end(deadlineMs: number): Promise<void> {
    const round = this.#take();
    try {
      await this.#acknowledge(round, FINAL_EPOCH, deadlineMs - this.nowMs());
    } catch (error) {
      this.#settle(round, () => toKafkaError(error));
    }
  }

  async #failed(thrown: unknown, round: AcknowledgementRound): Promise<void> {
    const { host, brokerId, cluster, settings } = this.#options;
    const error = toKafkaError(thrown);
    this.#reset();
    this.#settle(round, () => error);
    if (this.#abort.signal.aborted) return;
    const { groupId } = settings;
    cluster.ports.logger.debug({ group: groupId, brokerId, error }, 'share session lost');
    if (!error.retriable) {
      this.#requests.want([]);
      host.failed(error);
    } else await this.#pause();
  }

  /** The broker holds nothing for us any more, as far as anybody can tell. */
  #reset(): void {
    this.#connection = undefined;
    this.#requests.failed();
    this.#generation++;
    this.#openCount = 0;
    const round = this.#take();
    this.#settle(round, (place) => lockLost(place, undefined, 'the session with its broker has ended'));
  }

  async #pause(): Promise<void> {
    const { timers } = this.#options.cluster.ports;
    await pause(timers, this.#backoff.failed(), this.#abort.signal).catch(() => {});
  }
}

function errorOf(
  { topic, partition }: SharePlace,
  errorCode: number,
  said: string | null,
): BrokerError | undefined {
  if (errorCode === ErrorCode.NONE) return undefined;
  return new BrokerError(errorCode, { topic, partition, said, operation: 'Read' });
}

function toKafkaError(error: unknown): KafkaError {
  return error instanceof KafkaError
    ? error
    : new KafkaError('UNKNOWN_SERVER_ERROR', String(error), { cause: error });
}
