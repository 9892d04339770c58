// Some broker, whichever: one that is connected, one that is known, and when all of those are gone one of the addresses that the application gave
// (KIP-899), so that a cluster whose brokers have all moved is found again.

import { explainNoBroker } from '../errors/explanations.ts';
import { type Attempt, ClosedError, KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import { type Address, addressText } from '../options/address.ts';
import type { Ports } from '../options/ports.ts';
import type { BrokerConnection } from './broker-connection.ts';
import type { BrokerPlace, BrokerPool } from './broker-pool.ts';
import type { Limits } from './waiting.ts';

export interface Reached {
  readonly place: BrokerPlace;
  readonly connection: BrokerConnection;
}

/** Machines that are there answer sooner; one that is down does not answer at all. */
const SLOW_MS = 1_000;

export class Bootstrap {
  readonly #places: readonly BrokerPlace[];
  readonly #pool: BrokerPool;
  readonly #ports: Pick<Ports, 'random' | 'timers'>;

  constructor(addresses: readonly Address[], pool: BrokerPool, ports: Pick<Ports, 'random' | 'timers'>) {
    this.#places = addresses.map((address, index) => ({ id: -1 - index, ...address }));
    this.#pool = pool;
    this.#ports = ports;
  }

  /**
   * Tries one place after the other, and gives `use` the connection until it succeeds with one; a place that takes long to connect to is left for
   * the end. What fails for lack of a connection counts as an attempt; what the broker itself refuses is the result. Rejects with a
   * NoBrokerReachableError, or what stopped it.
   */
  async reach<T>(
    known: Iterable<BrokerPlace>,
    limits: Limits,
    use: (reached: Reached) => Promise<T>,
  ): Promise<T> {
    const attempts: Attempt[] = [];
    const slow: { place: BrokerPlace; connecting: Promise<BrokerConnection> }[] = [];
    const attempt = async (
      place: BrokerPlace,
      connecting: Promise<BrokerConnection>,
    ): Promise<{ result: T } | undefined> => {
      try {
        return { result: await use({ place, connection: await connecting }) };
      } catch (error) {
        if (!isAttempt(error)) throw error;
        attempts.push({ address: addressText(place), error });
        limits.signal?.throwIfAborted();
        return undefined;
      }
    };
    for (const place of this.#candidates(known)) {
      const connecting = this.#pool.connect(place, 'control', limits);
      if (!this.#isConnected(place) && (await this.#isSlow(connecting))) {
        slow.push({ place, connecting });
        continue;
      }
      const success = await attempt(place, connecting);
      if (success !== undefined) return success.result;
    }
    for (const { place, connecting } of slow) {
      const success = await attempt(place, connecting);
      if (success !== undefined) return success.result;
    }
    throw explainNoBroker(attempts);
  }

  /** Why no broker has answered so far, by what is known of each. */
  whyNone(known: Iterable<BrokerPlace>): KafkaError {
    const brokers = [...known];
    return explainNoBroker(
      [...brokers, ...this.#others(brokers)].map((place) => ({
        address: addressText(place),
        error: this.#pool.problemOf(place, 'control'),
      })),
    );
  }

  #isConnected({ id }: BrokerPlace): boolean {
    return this.#pool.connected(id, 'control') !== undefined;
  }

  /** Resolves when the outcome is there, or will be long in coming. */
  #isSlow(connecting: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#ports.timers.after(SLOW_MS, () => resolve(true));
      const decided = (): void => {
        timer.cancel();
        resolve(false);
      };
      connecting.then(decided, decided);
    });
  }

  #candidates(known: Iterable<BrokerPlace>): BrokerPlace[] {
    const brokers = [...known];
    const isConnected = (place: BrokerPlace): boolean => this.#isConnected(place);
    return [
      ...brokers.filter(isConnected),
      ...this.#shuffled(brokers.filter((place) => !isConnected(place))),
      ...this.#shuffled(this.#others(brokers)),
    ];
  }

  /** The addresses that the application gave and no broker is known to have. */
  #others(brokers: readonly BrokerPlace[]): BrokerPlace[] {
    return this.#places.filter((place) => !brokers.some((broker) => isSamePlace(broker, place)));
  }

  #shuffled(places: readonly BrokerPlace[]): BrokerPlace[] {
    const result = [...places];
    for (let index = result.length - 1; index > 0; index--) {
      const other = Math.floor(this.#ports.random.next() * (index + 1));
      [result[index], result[other]] = [result[other]!, result[index]!];
    }
    return result;
  }
}

function isSamePlace(left: BrokerPlace, right: BrokerPlace): boolean {
  return left.host === right.host && left.port === right.port;
}

/** Whether another broker may do better. */
function isAttempt(error: unknown): error is KafkaError {
  if (!(error instanceof KafkaError) || error instanceof ClosedError) return false;
  return (
    error instanceof TimeoutError ||
    error.code === 'CONNECTION_FAILED' ||
    error.code === 'CONNECTION_LOST' ||
    error.code === 'MALFORMED_ANSWER' ||
    error.name === 'AuthenticationError'
  );
}
