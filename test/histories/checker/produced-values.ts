// What one process sent: a row for each value with where it was sent, where it stands and what became of it; and its transactions.

import { byteColumn, int16Column, int32Column } from './columns.ts';

export const ACKNOWLEDGED = 1;
export const FAILED = 2;
/** Polled by a consumer that reads uncommitted, or committed. */
export const SEEN_UNCOMMITTED = 4;
export const SEEN_COMMITTED = 8;

/** `open` transactions were never asked to commit, so they must never be seen as committed. */
export type Outcome = 'committed' | 'aborted' | 'open' | 'indeterminate';

export class Transaction {
  readonly number: number;
  readonly firstIndex: number;
  /** One past its last value. */
  endIndex: number;
  /** When it was first asked to commit; Infinity when never. */
  commitAskedUs = Infinity;
  outcome: Outcome = 'open';

  constructor(number: number, firstIndex: number) {
    this.number = number;
    this.firstIndex = firstIndex;
    this.endIndex = firstIndex;
  }
}

export class ProducedValues {
  readonly process: number;
  /** Key of the partition that each value was sent to; -1 for values never sent. */
  readonly partitions = int16Column();
  /** Where each value stands; -1 while nobody knows. */
  readonly offsets = int32Column();
  readonly flags = byteColumn();
  readonly transactions: Transaction[] = [];
  /** Of results: the process and index of their input. */
  readonly inputProcesses = int16Column();
  readonly inputIndexes = int32Column();
  /** Of values sent in a transaction: its place in `transactions`. */
  readonly #transactionOf = int32Column();
  #open: Transaction | undefined;

  constructor(process: number) {
    this.process = process;
  }

  get count(): number {
    return this.partitions.length;
  }

  sent(partition: number, index: number, count: number, input?: { process: number; index: number }): void {
    for (let at = 0; at < count; at += 1) {
      this.partitions.set(index + at, partition);
      if (this.#open !== undefined) this.#transactionOf.set(index + at, this.transactions.length - 1);
      if (input !== undefined) {
        this.inputProcesses.set(index + at, input.process);
        this.inputIndexes.set(index + at, input.index + at);
      }
    }
    if (this.#open !== undefined) this.#open.endIndex = index + count;
  }

  begin(number: number): void {
    this.#open = new Transaction(number, this.count);
    this.transactions.push(this.#open);
  }

  askCommit(timeUs: number): void {
    if (this.#open === undefined) return;
    this.#open.commitAskedUs = Math.min(this.#open.commitAskedUs, timeUs);
    this.#open.outcome = 'indeterminate';
  }

  end(outcome: 'committed' | 'aborted'): void {
    if (this.#open !== undefined) this.#open.outcome = outcome;
    this.#open = undefined;
  }

  transactionOf(index: number): Transaction | undefined {
    const place = this.#transactionOf.get(index);
    return place < 0 ? undefined : this.transactions[place];
  }

  outcomeOf(index: number): Outcome {
    return this.transactionOf(index)?.outcome ?? 'committed';
  }

  has(index: number, flag: number): boolean {
    return (this.flags.get(index) & flag) !== 0;
  }

  mark(index: number, flag: number): void {
    this.flags.set(index, this.flags.get(index) | flag);
  }

  name(index: number): string {
    return `${this.process}:${index}`;
  }
}
