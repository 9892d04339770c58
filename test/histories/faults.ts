// What goes wrong during a run, all from one seed: the broker is killed or cleanly restarted again and again, while clients are killed, leave and
// come back, or are paused, some of them replaced while they are.

import { seededRandom } from './checker/clean-history.ts';
import type { RestartableBroker } from './restartable-broker.ts';
import type { Worker } from './worker.ts';

export interface FaultPlan {
  readonly seed: number;
  readonly kills: number;
  readonly seconds: number;
}

/** Of the broker's ends, how many are clean ones. */
const CLEAN_SHARE = 0.15;
const CLIENT_FAULT_MS = 2_500;

export class Faults {
  kills = 0;
  cleanRestarts = 0;
  clientFaults = 0;
  slowestStartMs = 0;
  readonly #plan: FaultPlan;
  readonly #broker: RestartableBroker;
  readonly #workers: readonly Worker[];
  readonly #random: () => number;

  constructor(plan: FaultPlan, broker: RestartableBroker, workers: readonly Worker[]) {
    this.#plan = plan;
    this.#broker = broker;
    this.#workers = workers;
    this.#random = seededRandom(plan.seed);
  }

  /** Resolves when all kills are done and the time is over; rejects when the broker does not come up or stop as it should. */
  async run(): Promise<void> {
    const endMs = performance.now() + this.#plan.seconds * 1000;
    const clients = this.#clientFaults(endMs);
    await this.#brokerFaults(endMs);
    await clients;
  }

  async #brokerFaults(endMs: number): Promise<void> {
    const { kills, seconds } = this.#plan;
    const intervalMs = (seconds * 1000) / (kills + 1);
    while (this.kills < kills) {
      await sleep(intervalMs * (0.3 + this.#random() * 1.2));
      await this.restartBroker(this.#random() < CLEAN_SHARE ? 'SIGTERM' : 'SIGKILL');
    }
    await sleep(Math.max(0, endMs - performance.now()));
  }

  async restartBroker(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#broker.stop(signal);
    if (signal === 'SIGKILL') this.kills += 1;
    else this.cleanRestarts += 1;
    await sleep(this.#random() ** 3 * 1500);
    this.slowestStartMs = Math.max(this.slowestStartMs, await this.#broker.start());
  }

  async #clientFaults(endMs: number): Promise<void> {
    const random = seededRandom(this.#plan.seed + 1);
    await sleep(CLIENT_FAULT_MS);
    for (;;) {
      await sleep(CLIENT_FAULT_MS * (0.2 + random() * 1.6));
      if (performance.now() > endMs) return;
      const worker = this.#workers[Math.floor(random() * this.#workers.length)];
      if (worker === undefined) return;
      this.clientFaults += 1;
      const kind = random();
      const isTransactional = worker.place.settings.transactional !== undefined;
      if (kind < 0.3) await worker.crash();
      else if (kind < 0.6) {
        await worker.finish();
        worker.start();
      } else await worker.pause(1_000 + random() * 9_000, isTransactional && random() < 0.7);
    }
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
