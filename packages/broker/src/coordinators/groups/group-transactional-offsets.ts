// Owns the offsets that were committed in transactions which have not ended: nobody sees them, but whoever asks for
// stable offsets is told that one is on its way.
//
// Invariants: entries stand in the order of the log. When a transaction is committed an offset of it counts only if the
// log has no newer one for that partition, whichever order the transactions end in.

import type { OffsetChange } from './group-offsets.ts';
import type { CommittedOffset } from './group-records.ts';

export interface GroupPartition {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
}

interface PendingOffset extends GroupPartition {
  readonly value: CommittedOffset;
  /** A newer offset of the partition has been committed in the meantime: this one counts no more. */
  isOvertaken: boolean;
}

/** What a transaction's commit changes, group by group. */
export interface GroupOffsetChange {
  readonly groupId: string;
  readonly change: OffsetChange;
}

export class TransactionalOffsets {
  /** By producer; a partition's key -> its newest offset in that transaction. */
  readonly #byProducer = new Map<number, Map<string, PendingOffset>>();
  /** By partition the producers that have one pending, in the order of the log. */
  readonly #producers = new Map<string, Set<number>>();
  readonly #countByGroup = new Map<string, number>();

  /** The log holds an offset committed in a transaction. */
  add(producerId: number, where: GroupPartition, value: CommittedOffset): void {
    const key = keyOf(where);
    const pending = this.#byProducer.get(producerId) ?? new Map<string, PendingOffset>();
    this.#byProducer.set(producerId, pending);
    const producers = this.#producers.get(key) ?? new Set<number>();
    this.#producers.set(key, producers);
    if (producers.size === 0) this.#count(where.groupId, 1);
    // Anew at the end: it is the newest record of this partition now.
    producers.delete(producerId);
    producers.add(producerId);
    const { groupId, topic, partition } = where;
    pending.set(key, { groupId, topic, partition, value, isOvertaken: false });
  }

  isPending(where: GroupPartition): boolean {
    return this.#producers.size > 0 && this.#producers.has(keyOf(where));
  }

  hasGroup(groupId: string): boolean {
    return this.#countByGroup.has(groupId);
  }

  groupIds(): Iterable<string> {
    return this.#countByGroup.keys();
  }

  /** The log holds an offset committed outside of transactions, newer than all that is pending for the partition. */
  overtaken(where: GroupPartition): void {
    if (this.#producers.size === 0) return;
    const key = keyOf(where);
    for (const producerId of this.#producers.get(key) ?? [])
      this.#byProducer.get(producerId)!.get(key)!.isOvertaken = true;
  }

  /** The log holds the removal of the partition's offset, which takes away what is pending as well. */
  removed(where: GroupPartition): void {
    if (this.#producers.size === 0) return;
    const key = keyOf(where);
    for (const producerId of this.#producers.get(key) ?? []) this.#forget(producerId, key);
    this.#forgetPartition(key, where.groupId);
  }

  /** The log holds the end of the producer's transaction: what its commit changes; nothing when it was aborted. */
  complete(producerId: number, committed: boolean): GroupOffsetChange[] {
    const pending = this.#byProducer.get(producerId);
    if (pending === undefined) return [];
    this.#byProducer.delete(producerId);
    const changes: GroupOffsetChange[] = [];
    for (const [key, { groupId, topic, partition, value, isOvertaken }] of pending) {
      const producers = this.#producers.get(key)!;
      if (committed && !isOvertaken) {
        changes.push({ groupId, change: { topic, partition, value } });
        this.#overtakeOlder(key, producers, producerId);
      }
      producers.delete(producerId);
      if (producers.size === 0) this.#forgetPartition(key, groupId);
    }
    return changes;
  }

  /** Those of a group that have an offset pending. */
  partitionsOf(groupId: string): GroupPartition[] {
    if (!this.hasGroup(groupId)) return [];
    const found = new Map<string, GroupPartition>();
    for (const pending of this.#byProducer.values())
      for (const [key, where] of pending) if (where.groupId === groupId) found.set(key, where);
    return [...found.values()];
  }

  /** Of the partition's producers, those whose record stands before this producer's. */
  #overtakeOlder(key: string, producers: ReadonlySet<number>, producerId: number): void {
    for (const other of producers) {
      if (other === producerId) return;
      this.#byProducer.get(other)!.get(key)!.isOvertaken = true;
    }
  }

  #forget(producerId: number, key: string): void {
    const pending = this.#byProducer.get(producerId)!;
    pending.delete(key);
    if (pending.size === 0) this.#byProducer.delete(producerId);
  }

  #forgetPartition(key: string, groupId: string): void {
    if (this.#producers.delete(key)) this.#count(groupId, -1);
  }

  #count(groupId: string, change: number): void {
    const count = (this.#countByGroup.get(groupId) ?? 0) + change;
    if (count === 0) this.#countByGroup.delete(groupId);
    else this.#countByGroup.set(groupId, count);
  }
}

/** Group ids may hold anything; topic names never hold a NUL. */
function keyOf({ groupId, topic, partition }: GroupPartition): string {
  return `${topic}\0${partition}\0${groupId}`;
}
