// What goes wrong during a run, all from one seed: the broker is killed or cleanly restarted again and again, while clients are killed, leave and
// come back, or are paused, some of them replaced while they are.

import { appendFileSync } from 'node:fs';
import { seededRandom } from './checker/clean-history.ts';
import type { RestartableBroker } from './restartable-broker.ts';
import type { Worker } from './worker.ts';

export interface FaultPlan {
  readonly seed: number;
  readonly kills: number;
  readonly seconds: number;
}

/**
 * Of the broker's ends, how many are clean ones. Apache Kafka is only killed: its single broker completes transactions without their
 * markers while it shuts down, and what it had said to be committed is aborted after the next start.
 */
const CLEAN_SHARE = { moldau: 0.15, kafka: 0 };
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
  readonly #log: string;

  /** @param log the file that gets a line for each fault. */
  constructor(plan: FaultPlan, broker: RestartableBroker, workers: readonly Worker[], log: string) {
    this.#log = log;
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
    const intervalMs = ((seconds * 1000) / (kills + 1)) * (1 - CLEAN_SHARE[this.#broker.name]);
    while (this.kills < kills) {
      await sleep(intervalMs * (0.3 + this.#random() * 1.2));
      await this.restartBroker(this.#random() < CLEAN_SHARE[this.#broker.name] ? 'SIGTERM' : 'SIGKILL');
    }
    await sleep(Math.max(0, endMs - performance.now()));
  }

  async restartBroker(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#note(`broker: ${signal}`);
    await this.#broker.stop(signal);
    if (signal === 'SIGKILL') this.kills += 1;
    else this.cleanRestarts += 1;
    await sleep(this.#random() ** 3 * 1500);
    this.slowestStartMs = Math.max(this.slowestStartMs, await this.#broker.start());
    this.#note('broker: started');
  }

  /** With the time as histories have it. */
  #note(what: string): void {
    appendFileSync(this.#log, `${process.hrtime.bigint() / 1000n} ${what}\n`);
  }

  async #clientFaults(endMs: number): Promise<void> {
    const random = seededRandom(this.#plan.seed + 1);
    const troubled = new Set<Worker>();
    const underWay: Promise<unknown>[] = [];
    await sleep(CLIENT_FAULT_MS);
    for (;;) {
      await sleep(CLIENT_FAULT_MS * (0.2 + random() * 1.6));
      if (performance.now() > endMs) break;
      const worker = this.#workers[Math.floor(random() * this.#workers.length)];
      const [kind, isReplaced, forMs] = [random(), random() < 0.7, 1_000 + random() * 9_000];
      if (worker === undefined || troubled.has(worker)) continue;
      troubled.add(worker);
      this.clientFaults += 1;
      this.#note(
        `${worker.name}: ${kind < 0.3 ? 'crash' : kind < 0.6 ? 'leave' : `pause ${forMs.toFixed(0)} ms`}`,
      );
      underWay.push(clientFault(worker, kind, isReplaced, forMs).finally(() => troubled.delete(worker)));
    }
    await Promise.all(underWay);
  }
}

/** A crash, a good end with a new beginning, or a pause, in which a producer with a transactional id may be replaced and so fenced. */
async function clientFault(worker: Worker, kind: number, isReplaced: boolean, forMs: number): Promise<void> {
  if (kind < 0.3) await worker.crash();
  else if (kind < 0.6) {
    await worker.finish();
    worker.start();
  } else await worker.pause(forMs, isReplaced && worker.place.settings.transactional !== undefined);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
