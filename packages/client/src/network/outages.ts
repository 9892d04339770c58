// What is said of addresses that cannot be reached, for those who wait meanwhile and would otherwise hear nothing.
//
// Invariants: within one outage each reason is told once, for whatever and however often the address is tried. A short one is no news: brokers restart.

import type { Clock, Logger } from '@moldau/io';

interface Outage {
  readonly sinceMs: number;
  readonly told: Set<string>;
}

const NEWS_AFTER_MS = 1_000;

export class Outages {
  readonly #ports: { readonly clock: Clock; readonly logger: Logger };
  /** By address. */
  readonly #outages = new Map<string, Outage>();

  constructor(ports: { readonly clock: Clock; readonly logger: Logger }) {
    this.#ports = ports;
  }

  /** `dialledMs`: when this try began, by the monotonic clock. */
  failed(address: string, reason: string, dialledMs: number, failures: number): void {
    const { clock, logger } = this.#ports;
    const outage = this.#outages.get(address) ?? { sinceMs: dialledMs, told: new Set() };
    this.#outages.set(address, outage);
    const isNews = clock.monotonicMs() - outage.sinceMs >= NEWS_AFTER_MS && !outage.told.has(reason);
    if (isNews) outage.told.add(reason);
    logger[isNews ? 'warn' : 'debug']({ broker: address, failures }, `no connection: ${reason}`);
  }

  connected(address: string): void {
    const { clock, logger } = this.#ports;
    const outage = this.#outages.get(address);
    this.#outages.delete(address);
    if (outage === undefined || outage.told.size === 0) return;
    logger.info({ broker: address, afterMs: clock.monotonicMs() - outage.sinceMs }, 'connected again');
  }

  /** Nobody tries it any more. */
  forget(address: string): void {
    this.#outages.delete(address);
  }
}
