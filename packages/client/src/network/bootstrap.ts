// Some broker, whichever: one that is connected, one that is known, and when all of those are gone one of the addresses that the application gave
// (KIP-899), so that a cluster whose brokers have all moved is found again.

import type { Random } from '@moldau/io';
import { explainNoBroker } from '../errors/explanations.ts';
import { type Attempt, ClosedError, KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import { type Address, addressText } from '../options/address.ts';
import type { BrokerConnection } from './broker-connection.ts';
import type { BrokerPlace, BrokerPool } from './broker-pool.ts';
import type { Limits } from './waiting.ts';

export interface Reached {
  readonly place: BrokerPlace;
  readonly connection: BrokerConnection;
}

export class Bootstrap {
  readonly #places: readonly BrokerPlace[];
  readonly #pool: BrokerPool;
  readonly #random: Random;

  constructor(addresses: readonly Address[], pool: BrokerPool, random: Random) {
    this.#places = addresses.map((address, index) => ({ id: -1 - index, ...address }));
    this.#pool = pool;
    this.#random = random;
  }

  /**
   * Tries one place after the other, and gives `use` the connection until it succeeds with one. What it throws for lack of a connection counts
   * as an attempt; what the broker itself refuses is the result. Rejects with a NoBrokerReachableError, or what stopped it.
   */
  async reach<T>(
    known: Iterable<BrokerPlace>,
    limits: Limits,
    use: (reached: Reached) => Promise<T>,
  ): Promise<T> {
    const attempts: Attempt[] = [];
    for (const place of this.#candidates(known)) {
      try {
        const connection = await this.#pool.connect(place, 'control', limits);
        return await use({ place, connection });
      } catch (error) {
        if (!isAttempt(error)) throw error;
        attempts.push({ address: addressText(place), error });
        if (limits.signal?.aborted === true) throw limits.signal.reason;
      }
    }
    throw explainNoBroker(attempts);
  }

  #candidates(known: Iterable<BrokerPlace>): BrokerPlace[] {
    const brokers = [...known];
    const isConnected = ({ id }: BrokerPlace): boolean => this.#pool.connected(id, 'control') !== undefined;
    return [
      ...brokers.filter(isConnected),
      ...this.#shuffled(brokers.filter((place) => !isConnected(place))),
      ...this.#shuffled(
        this.#places.filter((place) => !brokers.some((broker) => isSamePlace(broker, place))),
      ),
    ];
  }

  #shuffled(places: readonly BrokerPlace[]): BrokerPlace[] {
    const result = [...places];
    for (let index = result.length - 1; index > 0; index--) {
      const other = Math.floor(this.#random.next() * (index + 1));
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
