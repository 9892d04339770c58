// For tests: what a shard appends, kept in a list, settled at once or by hand.

import type { KafkaError } from '@moldau/protocol';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import type { ShardEffects } from '../runtime/shard-effects.ts';

export class TestingEffects implements ShardEffects {
  /** What was committed, in order. */
  readonly log: CoordinatorRecord[] = [];
  /** Set: appends stay open until settle() is called. */
  isHeld = false;
  readonly #open: { records: readonly CoordinatorRecord[]; settled: (error: KafkaError | null) => void }[] =
    [];

  append(records: readonly CoordinatorRecord[], settled: (error: KafkaError | null) => void): void {
    this.#open.push({ records, settled });
    if (!this.isHeld) this.settle();
  }

  /** Settles the oldest open append. */
  settle(error: KafkaError | null = null): void {
    const append = this.#open.shift();
    if (append === undefined) return;
    if (error === null) this.log.push(...append.records);
    append.settled(error);
  }
}
