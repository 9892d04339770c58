// A record of a share group: a consumed record, how often it was delivered, and what to say of it.
//
// Invariants: one thing is said of it, once: what is said later, or after its lock has run out, is not sent.

import { ConsumerRecord, type RecordPlace, type RecordSource } from '../consumer/records/consumer-record.ts';
import { Acknowledgement, type AcknowledgementType } from './acknowledgements.ts';
import { lockLost, type ShareLock } from './share-lock.ts';

export class ShareRecord<K = Buffer | null, V = Buffer | null> extends ConsumerRecord<K, V> {
  /** How often the record has been given to a member of the group, this time included: 1 at first. */
  readonly deliveryCount: number;
  readonly #lock: ShareLock;
  #renewedUntilMs: number | undefined;
  #isOpen = true;

  /** For readers of batches. */
  constructor(source: RecordSource<K, V>, place: RecordPlace, lock: ShareLock, deliveryCount: number) {
    super(source, place);
    this.#lock = lock;
    this.deliveryCount = deliveryCount;
  }

  /** Nothing has been said of it. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** It is still locked for this member: nobody else is given it. */
  get isLocked(): boolean {
    return this.#lock.problem(this.lockedUntilMs) === undefined;
  }

  /** Until when, by the monotonic clock of the client's ports; Infinity: the broker did not tell. */
  get lockedUntilMs(): number {
    return this.#renewedUntilMs ?? this.#lock.deadlineMs;
  }

  /** It is done, and never delivered again. False: something was said of it before. What the broker makes of it is told by commit(). */
  accept(): boolean {
    return this.#acknowledge(Acknowledgement.accept);
  }

  /** It is to be delivered again, to this member or another, unless it was too often already. */
  release(): boolean {
    return this.#acknowledge(Acknowledgement.release);
  }

  /** It cannot be done, and is never delivered again. */
  reject(): boolean {
    return this.#acknowledge(Acknowledgement.reject);
  }

  /**
   * Locks it anew, for as long as at first; nothing is done when something was said of it. Rejects when the lock is lost, and with an
   * UnsupportedVersionError when the broker is older than Kafka 4.2.
   */
  async renew(): Promise<void> {
    const { offset } = this;
    if (!this.#isOpen) return;
    const deadlineMs = this.lockedUntilMs;
    const problem = this.#lock.problem(deadlineMs);
    if (problem !== undefined) throw lockLost(this, offset, problem);
    this.#renewedUntilMs = await this.#lock.renew({ offset, deadlineMs, isMoot: () => !this.#isOpen });
  }

  #acknowledge(type: AcknowledgementType): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    const { offset } = this;
    this.#lock.acknowledge(offset, offset, type, this.lockedUntilMs);
    return true;
  }
}
