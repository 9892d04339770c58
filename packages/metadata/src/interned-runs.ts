// Equal partition states, and equal lists of runs, as one object each.
//
// Invariant: what it returns is never changed. It only grows, by the number of different states ever seen, which is
// small: on one broker there is one state, and one list for each partition count in use.

import type { PartitionRun, PartitionState } from './records.ts';

export class InternedRuns {
  readonly #states = new Map<string, PartitionState>();
  readonly #lists = new Map<string, readonly PartitionRun[]>();

  /** What the last call returned: topics that look alike come in rows. */
  #last: readonly PartitionRun[] = [];

  /** Neighbours in the same state are joined. */
  intern(runs: readonly PartitionRun[]): readonly PartitionRun[] {
    if (!isSameRun(this.#last, runs)) this.#last = this.#lookUp(runs);
    return this.#last;
  }

  #lookUp(runs: readonly PartitionRun[]): readonly PartitionRun[] {
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

function isSameRun(known: readonly PartitionRun[], runs: readonly PartitionRun[]): boolean {
  if (known.length !== 1 || runs.length !== 1) return false;
  const { count, state } = known[0]!;
  const other = runs[0]!;
  return (
    count === other.count &&
    state.leader === other.state.leader &&
    state.leaderEpoch === other.state.leaderEpoch &&
    isSameList(state.replicas, other.state.replicas) &&
    isSameList(state.isr, other.state.isr)
  );
}

function isSameList(known: readonly number[], list: readonly number[]): boolean {
  return known.length === list.length && known.every((value, index) => value === list[index]);
}

function keyOf({ leader, leaderEpoch, replicas, isr }: PartitionState): string {
  return `${leader}/${leaderEpoch}/${replicas.join()}/${isr.join()}`;
}
