// Equal partition states, and equal lists of runs, as one object each.
//
// Invariant: what it returns is never changed. It only grows, by the number of different states ever seen, which is
// small: on one broker there is one state, and one list for each partition count in use.

import type { PartitionRun, PartitionState } from './records.ts';

export class InternedRuns {
  readonly #states = new Map<string, PartitionState>();
  readonly #lists = new Map<string, readonly PartitionRun[]>();

  /** Neighbours in the same state are joined. */
  intern(runs: readonly PartitionRun[]): readonly PartitionRun[] {
    const joined: { count: number; state: PartitionState }[] = [];
    let listKey = '';
    for (const { count, state } of runs) {
      const interned = this.#state(state);
      const last = joined.at(-1);
      if (last !== undefined && last.state === interned) last.count += count;
      else joined.push({ count, state: interned });
    }
    for (const { count, state } of joined) listKey += `${count}*${keyOf(state)};`;
    const known = this.#lists.get(listKey);
    if (known !== undefined) return known;
    this.#lists.set(listKey, joined);
    return joined;
  }

  #state(state: PartitionState): PartitionState {
    const key = keyOf(state);
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    this.#states.set(key, state);
    return state;
  }
}

function keyOf({ leader, leaderEpoch, replicas, isr }: PartitionState): string {
  return `${leader}/${leaderEpoch}/${replicas.join()}/${isr.join()}`;
}
