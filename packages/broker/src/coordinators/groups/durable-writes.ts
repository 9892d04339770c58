// Sees to it that what was changed in memory reaches the log. Groups of the consumer protocol change first and append
// afterwards, because the next request builds on the change; when an append fails its client is told so, and its records
// go with the next append. Records are whole values by key, so writing one late is as good as writing it in time.

import type { KafkaError } from '@moldau/protocol';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import type { AppendOptions, Settled, ShardEffects } from '../runtime/shard-effects.ts';

export class DurableWrites implements ShardEffects {
  readonly #effects: ShardEffects;
  readonly #open: (readonly CoordinatorRecord[])[] = [];
  readonly #unwritten = new Map<string, CoordinatorRecord>();
  #lastError: KafkaError | null = null;

  constructor(effects: ShardEffects) {
    this.#effects = effects;
  }

  /** Whether all that was given to appendSurely is in the log. */
  get isSettled(): boolean {
    return this.#open.length === 0 && this.#unwritten.size === 0;
  }

  /** For those who take back what they did when the append fails. */
  append(records: readonly CoordinatorRecord[], settled: Settled, options?: AppendOptions): void {
    this.#track(records, settled, false, options);
  }

  /** Settles with null when these records and all before them are in the log. */
  appendSurely(records: readonly CoordinatorRecord[], settled: Settled): void {
    const all = this.#unwritten.size === 0 ? records : this.#withUnwritten(records);
    this.#track(all, (error) => settled(error ?? this.#errorBefore()), true);
  }

  #track(
    records: readonly CoordinatorRecord[],
    settled: Settled,
    isKept: boolean,
    options?: AppendOptions,
  ): void {
    this.#open.push(records);
    this.#effects.append(
      records,
      (error) => {
        this.#open.shift();
        if (error !== null && isKept) {
          this.#lastError = error;
          for (const record of records) this.#unwritten.set(keyOf(record), record);
        } else if (error === null && this.#unwritten.size > 0) {
          for (const record of records) this.#unwritten.delete(keyOf(record));
        }
        settled(error);
      },
      options,
    );
  }

  #errorBefore(): KafkaError | null {
    return this.#unwritten.size > 0 ? this.#lastError : null;
  }

  /** Those whose keys are not written anew, by these records or by those under way. */
  #withUnwritten(records: readonly CoordinatorRecord[]): CoordinatorRecord[] {
    const newer = new Set([...this.#open.flat(), ...records].map(keyOf));
    const late = [...this.#unwritten].filter(([key]) => !newer.has(key)).map(([, record]) => record);
    return [...late, ...records];
  }
}

function keyOf({ key }: CoordinatorRecord): string {
  return key.toString('latin1');
}
