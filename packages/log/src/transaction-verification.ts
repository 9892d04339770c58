// Which producers' transactions are just being verified with their coordinator (KIP-890). A transactional batch that
// would open a transaction in this log must bring the guard that was handed out before the coordinator was asked; a
// marker that came meanwhile has taken the guard back, so that no late batch opens a transaction that nobody will end.

/** Handed out for one verification; known by its identity. */
export class VerificationGuard {
  readonly producerId: number;

  constructor(producerId: number) {
    this.producerId = producerId;
  }
}

/** 'waived': the append needs none, as when verification is switched off. */
export type Verification = VerificationGuard | 'waived';

export interface VerificationRequest {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** Of the batch to come; -1 when it has none. */
  readonly baseSequence: number;
  /** Whether the client's epoch rises with every transaction (transaction.version 2): then a transaction starts at sequence 0. */
  readonly supportsEpochBump: boolean;
}

export interface VerificationState {
  readonly guard: VerificationGuard;
  readonly supportsEpochBump: boolean;
  readonly sinceMs: number;
  producerEpoch: number;
  /** Of all batches that wait under this guard: none may come before it. */
  lowestSequence: number;
}

export class Verifications {
  readonly #states = new Map<number, VerificationState>();

  get(producerId: number): VerificationState | undefined {
    return this.#states.size === 0 ? undefined : this.#states.get(producerId);
  }

  /** The guard is shared by all batches that wait for the same transaction. */
  begin({ producerId, producerEpoch, baseSequence, supportsEpochBump }: VerificationRequest, nowMs: number) {
    let state = this.#states.get(producerId);
    if (state === undefined) {
      const guard = new VerificationGuard(producerId);
      state = { guard, supportsEpochBump, sinceMs: nowMs, producerEpoch, lowestSequence: baseSequence };
      this.#states.set(producerId, state);
    }
    if (producerEpoch === state.producerEpoch)
      state.lowestSequence = Math.min(state.lowestSequence, baseSequence);
    if (producerEpoch > state.producerEpoch) {
      state.producerEpoch = producerEpoch;
      state.lowestSequence = baseSequence;
    }
    return state.guard;
  }

  /**
   * A transactional batch or a marker has been appended. Where every transaction has an epoch of its own, a marker of the epoch that is
   * being verified ended the transaction before it and says nothing against it.
   */
  appended(producerId: number, producerEpoch: number, isMarker: boolean): void {
    const state = this.get(producerId);
    if (state === undefined) return;
    if (isMarker && state.supportsEpochBump && producerEpoch === state.producerEpoch) return;
    this.#states.delete(producerId);
  }

  /** Forgets what nobody came back for. */
  expire(nowMs: number, expirationMs: number): void {
    for (const [producerId, { sinceMs }] of this.#states)
      if (nowMs - sinceMs >= expirationMs) this.#states.delete(producerId);
  }
}
