// Which broker coordinates a group, a transactional id, or the state of a share group. What is found is kept until somebody finds it wrong.

import { ErrorCode, findCoordinatorRequest, findCoordinatorResponse } from '@moldau/protocol';
import { BrokerError, TimeoutError } from '../errors/kafka-error.ts';
import type { BrokerConnection } from '../network/broker-connection.ts';
import type { BrokerPlace } from '../network/broker-pool.ts';
import { type Limits, within } from '../network/waiting.ts';
import type { Ports } from '../options/ports.ts';

export type CoordinatorType = 'group' | 'transaction' | 'share';

/** How errors call what is coordinated. */
export const COORDINATED = { group: 'group', transaction: 'transactional id', share: 'share group' } as const;

const KEY_TYPES = { group: 0, transaction: 1, share: 2 } as const;
/** The first version that knows the type. */
const MIN_VERSIONS = { group: 0, transaction: 1, share: 6 } as const;
const FIRST_VERSION_OF_MANY = 4;

export class Coordinators {
  readonly #ports: Ports;
  /** Runs its argument with a connection to some broker. */
  readonly #ask: <T>(use: (connection: BrokerConnection) => Promise<T>) => Promise<T>;
  readonly #known = new Map<string, BrokerPlace>();
  readonly #asking = new Map<string, Promise<BrokerPlace>>();

  constructor(ports: Ports, ask: <T>(use: (connection: BrokerConnection) => Promise<T>) => Promise<T>) {
    this.#ports = ports;
    this.#ask = ask;
  }

  /** One question serves all who want the same. Rejects with a BrokerError, retriable while there is no coordinator yet. */
  async find(type: CoordinatorType, key: string, limits: Limits): Promise<BrokerPlace> {
    const id = `${type}:${key}`;
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    let asking = this.#asking.get(id);
    if (asking === undefined) {
      asking = this.#find(type, key).finally(() => this.#asking.delete(id));
      this.#asking.set(id, asking);
    }
    return await within(
      this.#ports,
      limits,
      asking,
      () => new TimeoutError(`Nobody told in time which broker coordinates the ${type} ${key}.`),
    );
  }

  /** It is not, or not any more; `brokerId`: only if that is what is known. */
  forget(type: CoordinatorType, key: string, brokerId?: number): void {
    const id = `${type}:${key}`;
    if (brokerId === undefined || this.#known.get(id)?.id === brokerId) this.#known.delete(id);
  }

  async #find(type: CoordinatorType, key: string): Promise<BrokerPlace> {
    const api = {
      request: findCoordinatorRequest,
      response: findCoordinatorResponse,
      minVersion: MIN_VERSIONS[type],
      neededFor: `${COORDINATED[type]}s`,
    };
    const place = await this.#ask(async (connection) => {
      const version = connection.apis.pick(api);
      const isMany = version >= FIRST_VERSION_OF_MANY;
      const input = { key, keyType: KEY_TYPES[type], coordinatorKeys: isMany ? [key] : [] };
      const answer = await connection.request(api, version, input);
      const found = isMany ? answer.coordinators[0] : answer;
      const errorCode = found?.errorCode ?? ErrorCode.COORDINATOR_NOT_AVAILABLE;
      if (found === undefined || errorCode !== ErrorCode.NONE) {
        throw new BrokerError(errorCode, {
          ...{ broker: connection.address, said: found?.errorMessage },
          ...{ resource: `${COORDINATED[type]} ${key}`, operation: 'Describe' },
        });
      }
      const { nodeId, host, port } = found;
      return { id: nodeId, host, port, advertisedBy: connection.address };
    });
    this.#known.set(`${type}:${key}`, place);
    return place;
  }
}
