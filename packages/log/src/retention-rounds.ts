// Goes over all logs once per log.retention.check.interval.ms, a share of them each step, so that no moment is busy. A log that is not
// loaded stays so as long as its folder's listing and one file's time show that nothing can be due.

import { parseSegmentFileName } from './file-names.ts';
import type { Log } from './log.ts';
import type { LogEnvironment } from './log-state.ts';

const STEP_MS = 1000;
/** A broker that has just started leaves its logs alone for a while, as Kafka does. */
const FIRST_ROUND_AFTER_MS = 30_000;

export class RetentionRounds {
  readonly #environment: LogEnvironment;
  readonly #logs: () => Iterable<Log>;
  readonly #intervalMs: number;
  readonly stepIntervalMs: number;
  #round: Log[] = [];
  #stepSize = 1;
  /** Monotonic time; a round that has few logs ends early and waits for it. */
  #nextRoundMs: number;
  /** Of logs that are not loaded: nothing is due before this wall time. */
  readonly #quietUntilMs = new WeakMap<Log, number>();

  constructor(environment: LogEnvironment, logs: () => Iterable<Log>, intervalMs: number) {
    this.#environment = environment;
    this.#logs = logs;
    this.#intervalMs = intervalMs;
    this.stepIntervalMs = Math.min(STEP_MS, intervalMs);
    this.#nextRoundMs = environment.clock.monotonicMs() + Math.min(FIRST_ROUND_AFTER_MS, intervalMs);
  }

  async step(): Promise<void> {
    if (this.#round.length === 0) {
      const nowMs = this.#environment.clock.monotonicMs();
      if (nowMs < this.#nextRoundMs) return;
      this.#nextRoundMs = nowMs + this.#intervalMs;
      this.#round = [...this.#logs()];
      this.#stepSize = Math.max(1, Math.ceil((this.#round.length * this.stepIntervalMs) / this.#intervalMs));
    }
    for (const log of this.#round.splice(0, this.#stepSize)) await this.#check(log);
  }

  async #check(log: Log): Promise<void> {
    const nowMs = this.#environment.clock.wallMs();
    try {
      if (!log.isReady && !(await this.#mayBeDue(log, nowMs))) return;
      await log.enforceRetention(nowMs);
    } catch (error) {
      this.#environment.logger.warn({ log: log.directoryName, error }, 'cannot enforce retention');
    }
  }

  async #mayBeDue(log: Log, nowMs: number): Promise<boolean> {
    const dir = this.#environment.dirOf(log.directoryName);
    const { retentionMs, retentionBytes, cleanupPolicy, durability } = log.config;
    if (
      dir === undefined ||
      dir.offlineReason !== undefined ||
      durability === 'memory' ||
      !cleanupPolicy.delete
    )
      return false;
    if ((this.#quietUntilMs.get(log) ?? 0) > nowMs) return false;
    const { disk } = this.#environment;
    const folder = `${dir.path}/${log.directoryName}`;
    const names = (await disk.list(folder)).map((entry) => entry.name);
    const segments = names.filter((name) => parseSegmentFileName(name)?.kind === 'log').sort();
    const [first, ...others] = segments;
    if (first === undefined) return false;
    if (others.length > 0 && retentionBytes >= 0) return true;
    const stat = await disk.stat(`${folder}/${first}`);
    const dueMs = retentionMs < 0 ? Infinity : (stat?.modifiedMs ?? 0) + retentionMs;
    if (
      dueMs <= nowMs ||
      (others.length === 0 && retentionBytes >= 0 && (stat?.sizeBytes ?? 0) > retentionBytes)
    )
      return true;
    this.#quietUntilMs.set(log, dueMs);
    return false;
  }
}
