// Removes delegation tokens that have expired, every delegation.token.expiry.check.interval.ms. Nobody can log in with them before that either.

import type { Clock, Logger, Timer, Timers } from '@moldau/io';
import type { Controller } from './controller.ts';

export interface DelegationTokenExpiryOptions {
  readonly controller: Pick<Controller, 'removeExpiredDelegationTokens'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly intervalMs: number;
}

export class DelegationTokenExpiry {
  readonly #options: DelegationTokenExpiryOptions;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: DelegationTokenExpiryOptions) {
    this.#options = options;
  }

  start(): void {
    const { timers, intervalMs } = this.#options;
    this.#timer = timers.after(intervalMs, () => void this.#round());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #round(): Promise<void> {
    const { controller, clock, logger } = this.#options;
    try {
      const count = await controller.removeExpiredDelegationTokens(clock.wallMs());
      if (count > 0) logger.info({ count }, 'removed delegation tokens that had expired');
    } catch (error) {
      logger.warn(
        { err: error },
        'could not remove delegation tokens that have expired; the next round tries again',
      );
    }
    if (!this.#isStopped) this.start();
  }
}
