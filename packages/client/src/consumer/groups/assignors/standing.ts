// What each member holds, and the members in the order of how much that is; those who hold as much by their ids.

import type { TopicPartition } from '../../../cluster/ask-leaders.ts';
import { compareTexts } from './member-order.ts';

export class Standing {
  readonly #holdings = new Map<string, Set<TopicPartition>>();
  readonly #members: string[] = [];

  get holdings(): ReadonlyMap<string, Set<TopicPartition>> {
    return this.#holdings;
  }

  /** Who holds least comes first. */
  get members(): readonly string[] {
    return this.#members;
  }

  last(): string | undefined {
    return this.#members.at(-1);
  }

  has(memberId: string): boolean {
    return this.#holdings.has(memberId);
  }

  of(memberId: string): ReadonlySet<TopicPartition> {
    return this.#holdings.get(memberId)!;
  }

  sizeOf(memberId: string): number {
    return this.#holdings.get(memberId)!.size;
  }

  add(memberId: string, partitions: Set<TopicPartition>): void {
    this.#holdings.set(memberId, partitions);
    this.#members.splice(this.#place(memberId), 0, memberId);
  }

  /** Takes a member out, with what it holds. */
  take(memberId: string): Set<TopicPartition> {
    const partitions = this.#holdings.get(memberId)!;
    this.#members.splice(this.#place(memberId), 1);
    this.#holdings.delete(memberId);
    return partitions;
  }

  change(memberId: string, change: (partitions: Set<TopicPartition>) => void): void {
    this.#members.splice(this.#place(memberId), 1);
    change(this.#holdings.get(memberId)!);
    this.#members.splice(this.#place(memberId), 0, memberId);
  }

  copy(): Map<string, Set<TopicPartition>> {
    return new Map([...this.#holdings].map(([memberId, partitions]) => [memberId, new Set(partitions)]));
  }

  /** Where it stands, or belongs. */
  #place(memberId: string): number {
    let [low, high] = [0, this.#members.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(this.#members[middle]!, memberId) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(left: string, right: string): number {
    return this.sizeOf(left) - this.sizeOf(right) || compareTexts(left, right);
  }
}
