// What a history can prove against a broker: the kinds of anomaly, and a collector that counts all and keeps the first examples of each.

/** Every kind, with what it says of the broker. */
export const ANOMALY_KINDS = {
  'inconsistent-offset': 'two different values at one offset of a partition',
  'lost-write': 'an acknowledged value below what was polled that nobody ever saw',
  'unseen-write': 'an acknowledged value above all that was polled that nobody saw by the end',
  duplicate: 'one value at two offsets',
  'phantom-value': 'a value where it was never sent',
  'failed-write-seen': 'a value was seen whose producer had been told for certain that it was not written',
  'aborted-read': 'a value of a transaction that was never committed, seen by read_committed',
  'precommitted-read': 'a value seen by read_committed before its producer asked to commit it',
  'torn-transaction': 'some values of a transaction are visible and others are not',
  'poll-skip': 'a consumer passed over a value that it should have seen, within one assignment',
  'poll-back': 'a consumer saw an offset that it had passed already, within one assignment',
  'nonmonotonic-send': "a producer's later value stands before an earlier one of the same partition",
  'group-skip': 'a value that no member of a group ever saw',
  'commit-lost': 'a group went on before the offset that it had committed',
  'processed-twice': 'two committed results of one input',
  'never-processed': 'an input without a committed result',
} as const;

export type AnomalyKind = keyof typeof ANOMALY_KINDS;

export interface Anomaly {
  readonly kind: AnomalyKind;
  /** The values, offsets and processes concerned, for a person to look up. */
  readonly detail: string;
}

export const EXAMPLES_KEPT = 20;

export class Anomalies {
  readonly #counts = new Map<AnomalyKind, number>();
  readonly #examples: Anomaly[] = [];

  /** The detail is asked for only while examples of this kind are kept. */
  add(kind: AnomalyKind, detail: () => string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= EXAMPLES_KEPT) this.#examples.push({ kind, detail: detail() });
  }

  get total(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    return total;
  }

  count(kind: AnomalyKind): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** Kinds with their counts, only those that were found. */
  counts(): ReadonlyMap<AnomalyKind, number> {
    return this.#counts;
  }

  /** The first examples of each kind, in the order in which they were found. */
  examples(): readonly Anomaly[] {
    return this.#examples;
  }
}
