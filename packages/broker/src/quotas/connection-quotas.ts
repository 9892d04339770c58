// How fast connections may be made: by all clients together and by each listener (max.connection.creation.rate), and by each address (KIP-612).
//
// Connections above the broker's or the listener's rate are taken on later, one after the other, as by an acceptor that sleeps; one above its address's rate
// is held for a while and then closed, and does not count.

import type { ClientQuotaImage } from '@moldau/metadata';
import { type RateWindows, SampledRate } from './sampled-rate.ts';

export const CONNECTION_RATE_KEY = 'connection_creation_rate';

export interface Admission {
  readonly isAllowed: boolean;
  /** After so long the connection is to be read, or closed when it is not allowed. */
  readonly delayMs: number;
}

export interface ConnectionQuotasOptions {
  readonly windows: () => RateWindows;
  /** max.connection.creation.rate; infinite when there is none. */
  readonly brokerRate: () => number;
  /** The same of a listener. */
  readonly listenerRate: (listenerName: string) => number;
  /** The addresses of a host; none when it has none. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
}

const AT_ONCE: Admission = { isAllowed: true, delayMs: 0 };
const MAX_ADDRESSES = 10_000;

class Acceptor {
  readonly rate = new SampledRate();
  busyUntilMs = 0;
}

export class ConnectionQuotas {
  readonly #options: ConnectionQuotasOptions;
  readonly #limits = new Map<string, number>();
  #defaultLimit = Number.POSITIVE_INFINITY;
  readonly #ratesByAddress = new Map<string, SampledRate>();
  readonly #broker = new Acceptor();
  readonly #listeners = new Map<string, Acceptor>();
  /** Tells an update's lookups from those of an older one. */
  #round = 0;

  constructor(options: ConnectionQuotasOptions) {
    this.#options = options;
  }

  /** Takes over what is set now. A limit of a host counts when its addresses have been found out. */
  update(images: Iterable<ClientQuotaImage>): void {
    this.#limits.clear();
    const round = ++this.#round;
    this.#defaultLimit = Number.POSITIVE_INFINITY;
    for (const { entity, quotas } of images) {
      const limit = quotas.get(CONNECTION_RATE_KEY);
      const part = entity.find(({ entityType }) => entityType === 'ip');
      if (limit === undefined || part === undefined) continue;
      if (part.entityName === null) this.#defaultLimit = limit;
      else void this.#limitHost(part.entityName, limit, round);
    }
  }

  async #limitHost(host: string, limit: number, round: number): Promise<void> {
    this.#limits.set(host, limit);
    for (const address of await this.#options.lookup(host))
      if (round === this.#round) this.#limits.set(address, limit);
  }

  admit(listenerName: string, address: string, nowMs: number): Admission {
    const addressMs = this.#throttleAddress(address, nowMs);
    if (addressMs > 0) return { isAllowed: false, delayMs: addressMs };
    const { brokerRate, listenerRate } = this.#options;
    const brokerMs = this.#queueAt(this.#broker, brokerRate(), nowMs);
    const limit = listenerRate(listenerName);
    if (limit === Number.POSITIVE_INFINITY)
      return brokerMs === 0 ? AT_ONCE : { isAllowed: true, delayMs: brokerMs };
    let acceptor = this.#listeners.get(listenerName);
    if (acceptor === undefined) {
      acceptor = new Acceptor();
      this.#listeners.set(listenerName, acceptor);
    }
    return { isAllowed: true, delayMs: Math.max(brokerMs, this.#queueAt(acceptor, limit, nowMs)) };
  }

  /** After how long an acceptor that sleeps would take this connection on. */
  #queueAt(acceptor: Acceptor, limit: number, nowMs: number): number {
    if (limit === Number.POSITIVE_INFINITY) return 0;
    const windows = this.#options.windows();
    const acceptedMs = Math.max(nowMs, acceptor.busyUntilMs);
    acceptor.rate.record(1, windows, acceptedMs);
    const throttleMs = acceptor.rate.throttleMs(limit, windows, acceptedMs);
    acceptor.busyUntilMs = acceptedMs + Math.min(throttleMs, windows.sizeMs);
    return acceptor.busyUntilMs - nowMs;
  }

  #throttleAddress(address: string, nowMs: number): number {
    const limit = this.#limits.get(address) ?? this.#defaultLimit;
    if (limit === Number.POSITIVE_INFINITY) return 0;
    let rate = this.#ratesByAddress.get(address);
    if (rate === undefined) {
      rate = new SampledRate();
      if (this.#ratesByAddress.size >= MAX_ADDRESSES)
        this.#ratesByAddress.delete(this.#ratesByAddress.keys().next().value!);
      this.#ratesByAddress.set(address, rate);
    }
    const windows = this.#options.windows();
    rate.record(1, windows, nowMs);
    const throttleMs = Math.min(rate.throttleMs(limit, windows, nowMs), windows.sizeMs);
    if (throttleMs > 0) rate.record(-1, windows, nowMs);
    return throttleMs;
  }
}
