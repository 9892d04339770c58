// Where a transactional producer stands, as Kafka's own sees it: pure, and told of what happened.
//
//   idle ──▶ open ──▶ committing ──▶ idle            any ──▶ fatal: nothing can be done any more
//              │ ▲        │
//              │ └────────┘ the broker has aborted it already
//              └────▶ aborting ──▶ idle
//
// Invariants
// - A transaction with a failure is never committed. Its first failure is the one that is told.
// - `committing` and `aborting` are left only by an answer: as long as the outcome is not known, the same end is asked for again.
// - While it ends nothing is added to a transaction.

import assert from 'node:assert/strict';
import { TransactionError } from '../../errors/kafka-error.ts';
import type { TransactionProtocol } from './coordinator-requests.ts';

export type TransactionPhase = 'idle' | 'open' | 'committing' | 'aborting' | 'fatal';

/** Whether the broker has the transaction. It may when something was asked for that begins it, and no good answer came. */
export type Presence = 'none' | 'possible' | 'certain';

const NEXT: Readonly<Record<TransactionPhase, readonly TransactionPhase[]>> = {
  idle: ['open'],
  open: ['committing', 'aborting'],
  committing: ['idle', 'open'],
  aborting: ['idle'],
  fatal: [],
};

export class TransactionState {
  #phase: TransactionPhase = 'idle';
  #failure: TransactionError | undefined;
  #protocol: TransactionProtocol = 1;
  #presence: Presence = 'none';
  readonly #partitions = new Set<string>();
  readonly #groups = new Set<string>();

  get phase(): TransactionPhase {
    return this.#phase;
  }

  /** Of the transaction that is open or ends; fatal or not. */
  get failure(): TransactionError | undefined {
    return this.#failure;
  }

  /** Does not change during a transaction. */
  get protocol(): TransactionProtocol {
    return this.#protocol;
  }

  get presence(): Presence {
    return this.#presence;
  }

  open(protocol: TransactionProtocol): void {
    this.#go('open');
    this.#protocol = protocol;
  }

  /** Why nothing can be added, if that is so. */
  get refusal(): TransactionError | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#phase === 'open') return undefined;
    const message =
      this.#phase === 'idle'
        ? 'There is no open transaction: begin() one, or use transaction().'
        : 'The transaction is being ended, and takes nothing more.';
    return new TransactionError('NO_TRANSACTION', message);
  }

  hasPartition(key: string): boolean {
    return this.#partitions.has(key);
  }

  hasGroup(groupId: string): boolean {
    return this.#groups.has(groupId);
  }

  addPartition(key: string): void {
    this.#partitions.add(key);
    this.#presence = 'certain';
  }

  addGroup(groupId: string): void {
    this.#groups.add(groupId);
    this.#presence = 'certain';
  }

  /** Something is asked for that makes it known to the broker. */
  addedPerhaps(): void {
    if (this.#presence === 'none') this.#presence = 'possible';
  }

  fail(error: TransactionError): void {
    if (this.#phase === 'fatal') return;
    if (error.fatal) {
      this.#phase = 'fatal';
      this.#failure = error;
    } else if (this.#phase === 'open') {
      this.#failure ??= error;
    }
  }

  /** Again for the same end: changes nothing. @throws why it cannot be */
  commit(): void {
    if (this.#phase === 'committing') return;
    if (this.refusal !== undefined) throw this.refusal;
    this.#go('committing');
  }

  abort(): void {
    if (this.#phase !== 'aborting') this.#go('aborting');
  }

  /** The end is known to have been reached. */
  ended(): void {
    assert.ok(this.#phase !== 'open');
    this.#go('idle');
    this.#failure = undefined;
    this.#presence = 'none';
    this.#partitions.clear();
    this.#groups.clear();
  }

  /** The broker does not commit it; it can be aborted. */
  commitRefused(error: TransactionError): void {
    this.#go('open');
    this.#failure = error;
  }

  #go(to: TransactionPhase): void {
    if (this.#phase === 'fatal') throw this.#failure;
    assert.ok(NEXT[this.#phase].includes(to), `${this.#phase} to ${to}`);
    this.#phase = to;
  }
}
