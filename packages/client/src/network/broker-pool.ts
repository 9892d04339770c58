// The connections of one client: one per broker and purpose, so that a long poll never holds up a heartbeat or a produce.
//
// Invariants: at most one dial to a place is under way, and whoever wants the connection waits for it. After a failure the next dial waits for the
// back-off, whoever asks. close() ends everything: dials, connections, timers.

import type { Timer } from '@moldau/io';
import { ClosedError, ConnectionError, KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import type { Instruments } from '../observability/instruments.ts';
import { addressText } from '../options/address.ts';
import type { ClientSettings } from '../options/client-options.ts';
import type { Ports } from '../options/ports.ts';
import { logIn } from './authentication/sasl.ts';
import { Backoff } from './backoff.ts';
import { BrokerConnection } from './broker-connection.ts';
import { Outages } from './outages.ts';
import { type Limits, pause, within } from './waiting.ts';

/** What a connection is for. */
export type Purpose = 'control' | 'produce' | 'fetch' | 'coordinator';

/** A broker's place; ids below 0 stand for addresses of which no broker is known yet. */
export interface BrokerPlace {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  /** The address of the broker that told of this one. */
  readonly advertisedBy?: string | undefined;
}

interface Lane {
  readonly place: BrokerPlace;
  /** The same, for instruments: an address that turns out to be a broker's takes its id. */
  readonly broker: { id: number; readonly address: string };
  readonly backoff: Backoff;
  /** When the next dial may begin, by the monotonic clock. */
  nextDialMs: number;
  /** Why the last dial failed. */
  problem: KafkaError | undefined;
  connection: BrokerConnection | undefined;
  opening: Promise<BrokerConnection> | undefined;
}

// A login is renewed when so much of its life is over, never the same for all connections.
const RENEWAL_FROM = 0.85;
const RENEWAL_SPREAD = 0.1;

export class BrokerPool {
  readonly #settings: ClientSettings;
  readonly #ports: Ports;
  readonly #lanes = new Map<string, Lane>();
  readonly #abort = new AbortController();
  readonly #instruments: Instruments | undefined;
  readonly #outages: Outages;
  #idleTimer: Timer | undefined;

  constructor(settings: ClientSettings, ports: Ports, instruments?: Instruments) {
    this.#settings = settings;
    this.#ports = ports;
    this.#instruments = instruments;
    this.#outages = new Outages(ports);
  }

  /** The connection, if there is one now: for those who cannot wait. */
  connected(brokerId: number, purpose: Purpose): BrokerConnection | undefined {
    const connection = this.#lanes.get(`${brokerId}:${purpose}`)?.connection;
    return connection?.isOpen === true ? connection : undefined;
  }

  /** Rejects with a ConnectionError, an AuthenticationError, a TimeoutError, a ClosedError, or the signal's reason. */
  async connect(place: BrokerPlace, purpose: Purpose, limits: Limits): Promise<BrokerConnection> {
    if (this.#abort.signal.aborted) throw new ClosedError();
    limits.signal?.throwIfAborted();
    const lane = this.#laneOf(place, purpose);
    if (lane.connection?.isOpen === true) return lane.connection;
    lane.opening ??= this.#open(lane);
    return await within(this.#ports, limits, lane.opening, () => {
      const address = addressText(place);
      const { problem } = lane;
      const before = problem === undefined ? `${address}:` : `${problem.message.replace(/\.$/, '')};`;
      return new TimeoutError(`${before} there was no connection in time.`, {
        broker: address,
        cause: problem,
      });
    });
  }

  /** Why nothing has come from a place so far. */
  problemOf(place: BrokerPlace, purpose: Purpose): KafkaError {
    const broker = addressText(place);
    if (this.connected(place.id, purpose) !== undefined)
      return new TimeoutError(`${broker}: it has not answered in time.`, { broker });
    const problem = this.#lanes.get(`${place.id}:${purpose}`)?.problem;
    return problem ?? new TimeoutError(`${broker}: there was no connection in time.`, { broker });
  }

  /** An address turned out to be that of a broker: its connection goes on as the broker's, or ends when the broker has another address. */
  adopt(from: BrokerPlace, to: BrokerPlace | undefined): void {
    const key = `${from.id}:control`;
    const lane = this.#lanes.get(key);
    if (lane === undefined) return;
    this.#lanes.delete(key);
    const isFree = to !== undefined && this.connected(to.id, 'control') === undefined;
    const isSame = to?.host === from.host && to.port === from.port;
    if (isFree && isSame && lane.connection !== undefined) {
      lane.broker.id = to.id;
      this.#lanes.set(`${to.id}:control`, { ...lane, place: to });
    } else if (lane.connection?.pendingCount === 0) lane.connection.close();
    else this.#lanes.set(key, lane);
  }

  /** Brokers that are no more in the cluster. */
  retain(brokerIds: ReadonlySet<number>): void {
    for (const [key, { place, connection }] of this.#lanes) {
      if (place.id < 0 || brokerIds.has(place.id)) continue;
      connection?.close();
      this.#lanes.delete(key);
      this.#outages.forget(addressText(place));
    }
  }

  close(error: KafkaError = new ClosedError()): void {
    this.#abort.abort(error);
    this.#idleTimer?.cancel();
    for (const { connection } of this.#lanes.values()) connection?.close(error);
    this.#lanes.clear();
  }

  #laneOf(place: BrokerPlace, purpose: Purpose): Lane {
    const key = `${place.id}:${purpose}`;
    const known = this.#lanes.get(key);
    if (known !== undefined && known.place.host === place.host && known.place.port === place.port)
      return known;
    // The broker has moved.
    known?.connection?.close();
    const { reconnectBackoffMs, reconnectBackoffMaxMs } = this.#settings;
    const backoff = new Backoff(reconnectBackoffMs, reconnectBackoffMaxMs, this.#ports.random);
    const broker = { id: place.id, address: addressText(place) };
    const lane: Lane = {
      ...{ place, broker, backoff, nextDialMs: 0 },
      ...{ problem: undefined, connection: undefined, opening: undefined },
    };
    this.#lanes.set(key, lane);
    return lane;
  }

  async #open(lane: Lane): Promise<BrokerConnection> {
    const { clock, timers, logger } = this.#ports;
    const address = addressText(lane.place);
    // The one before has ended.
    lane.connection = undefined;
    let startMs = clock.monotonicMs();
    try {
      const waitMs = lane.nextDialMs - startMs;
      if (waitMs > 0) await pause(timers, waitMs, this.#abort.signal);
      startMs = clock.monotonicMs();
      const connection = await BrokerConnection.open(this.#connectionOptions(lane), this.#abort.signal);
      if (this.#abort.signal.aborted) {
        connection.close();
        throw this.#abort.signal.reason;
      }
      if (!this.#lanes.values().some((each) => each === lane)) {
        connection.close();
        const message = `${address}: the broker has left the cluster, or moved, while it was dialled.`;
        throw new ConnectionError('CONNECTION_FAILED', message, { broker: address });
      }
      lane.backoff.succeeded();
      lane.problem = undefined;
      lane.connection = connection;
      this.#outages.connected(address);
      this.#watchIdle();
      const tookMs = clock.monotonicMs() - startMs;
      logger.debug({ broker: address, id: lane.place.id, tookMs }, 'connected');
      this.#instruments?.connected(lane.broker, tookMs);
      return connection;
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#instruments?.connectFailed(lane.broker, error);
      lane.nextDialMs = clock.monotonicMs() + lane.backoff.failed();
      if (!this.#abort.signal.aborted) {
        const reason = error instanceof Error ? error.message : String(error);
        lane.problem = error instanceof KafkaError ? error : undefined;
        this.#outages.failed(address, reason, startMs, lane.backoff.failures);
      }
      throw error;
    } finally {
      lane.opening = undefined;
    }
  }

  /** It was there, and is no more. */
  #ended(lane: Lane, error: KafkaError): void {
    const { address, id } = lane.broker;
    if (error.code !== 'CLOSED')
      this.#ports.logger.info({ broker: address, id, error }, `connection ended: ${error.message}`);
    this.#instruments?.disconnected(lane.broker, error);
  }

  #connectionOptions(lane: Lane) {
    const { place, broker } = lane;
    const { clientId, tls, sasl, requestTimeoutMs, connectTimeoutMs, maxAnswerBytes, words } = this.#settings;
    const { network, clock, timers, random } = this.#ports;
    return {
      address: { host: place.host, port: place.port },
      advertisedBy: place.advertisedBy,
      ...{ clientId, tls, words, requestTimeoutMs, connectTimeoutMs, maxAnswerBytes, network, clock, timers },
      ...{ instruments: this.#instruments, broker },
      onClosed: (error: KafkaError) => {
        if (lane.connection !== undefined) this.#ended(lane, error);
      },
      renewalDelayMs: (lifetimeMs: number) => lifetimeMs * (RENEWAL_FROM + RENEWAL_SPREAD * random.next()),
      logIn:
        sasl === undefined
          ? undefined
          : (connection: BrokerConnection, limits: { timeoutMs: number }) =>
              logIn(connection, sasl, random, limits),
    };
  }

  /** One timer looks for connections that nobody uses, while there are any. */
  #watchIdle(): void {
    const { connectionsMaxIdleMs } = this.#settings;
    if (this.#idleTimer !== undefined || connectionsMaxIdleMs === 0) return;
    const { clock, timers } = this.#ports;
    this.#idleTimer = timers.after(connectionsMaxIdleMs / 2, () => {
      this.#idleTimer = undefined;
      const oldestMs = clock.monotonicMs() - connectionsMaxIdleMs;
      let isAny = false;
      for (const { connection } of this.#lanes.values()) {
        if (connection?.isOpen !== true) continue;
        if (connection.pendingCount === 0 && connection.lastUsedMs <= oldestMs) connection.close();
        else isAny = true;
      }
      if (isAny) this.#watchIdle();
    });
  }
}
