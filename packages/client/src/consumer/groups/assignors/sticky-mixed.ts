// Sticky assignment when members read different topics: what is valid stays, the free partitions go to whoever has least, and then partitions move, one
// at a time, as long as that makes the whole more balanced.

import type { TopicPartition } from '../../../cluster/ask-leaders.ts';
import { compareTexts } from './member-order.ts';
import { Movements } from './movements.ts';
import type { PreviousOwners } from './previous-owners.ts';
import { Standing } from './standing.ts';
import type { StickyResult } from './sticky-equal.ts';

export function assignMixed(previous: PreviousOwners): StickyResult {
  return { assigned: new MixedAssignment(previous).result(), moved: undefined };
}

class MixedAssignment {
  readonly #previous: PreviousOwners;
  /** By topic, its members; by member, its topics: those that exist. */
  readonly #readers = new Map<string, string[]>();
  readonly #topics = new Map<string, Set<string>>();
  readonly #owners = new Map<TopicPartition, string>();
  readonly #standing = new Standing();
  readonly #movements = new Movements();
  /** Topics that fewest may read come first. */
  #all: TopicPartition[];
  /** A member has something of a topic that it does not read any more. */
  #mustRevoke = false;

  constructor(previous: PreviousOwners) {
    this.#previous = previous;
    for (const topic of previous.partitions.keys()) this.#readers.set(topic, []);
    for (const { memberId, topics } of previous.members) {
      const existing = topics.filter((topic) => previous.partitions.has(topic));
      this.#topics.set(memberId, new Set(existing));
      for (const topic of existing) this.#readers.get(topic)!.push(memberId);
    }
    const readerCount = (topic: string): number => this.#readers.get(topic)!.length;
    this.#all = [...previous.partitions.keys()]
      .sort((left, right) => readerCount(left) - readerCount(right) || compareTexts(left, right))
      .flatMap((topic) => previous.partitions.get(topic)!);
  }

  result(): Map<string, Set<TopicPartition>> {
    this.#keepOwned();
    let free = this.#all.filter((partition) => !this.#owners.has(partition));
    const isFresh = this.#standing.sizeOf(this.#standing.last()!) === 0;
    for (const partition of free) this.#give(partition);

    const isMovable = ({ topic }: TopicPartition): boolean => this.#readers.get(topic)!.length >= 2;
    this.#all = this.#all.filter(isMovable);
    free = free.filter(isMovable);
    const fixed = new Map<string, Set<TopicPartition>>();
    for (const { memberId } of this.#previous.members) {
      if (!this.#canTakePart(memberId)) fixed.set(memberId, this.#standing.take(memberId));
    }

    const before = this.#standing.copy();
    // What was free anyway moves first: that costs nobody anything.
    if (!this.#mustRevoke) this.#move(free);
    const hasMoved = this.#move(this.#all);
    const isWorthIt = isFresh || !hasMoved || imbalance(this.#standing.holdings) < imbalance(before);
    return new Map([...(isWorthIt ? this.#standing.holdings : before), ...fixed]);
  }

  #keepOwned(): void {
    for (const { memberId } of this.#previous.members) {
      const owned = this.#previous.owned.get(memberId)!;
      const kept = [...owned].filter(({ topic }) => this.#topics.get(memberId)!.has(topic));
      if (kept.length < owned.size) this.#mustRevoke = true;
      for (const partition of kept) this.#owners.set(partition, memberId);
      this.#standing.add(memberId, new Set(kept));
    }
  }

  #give(partition: TopicPartition): void {
    const memberId = this.#leastLoaded(partition.topic);
    if (memberId === undefined) return;
    this.#standing.change(memberId, (own) => own.add(partition));
    this.#owners.set(partition, memberId);
  }

  #leastLoaded(topic: string): string | undefined {
    return this.#standing.members.find((memberId) => this.#topics.get(memberId)!.has(topic));
  }

  #mostPossible(memberId: string): number {
    let count = 0;
    for (const topic of this.#topics.get(memberId)!) count += this.#previous.partitions.get(topic)!.length;
    return count;
  }

  /** Has something that others may have, or may get more. */
  #canTakePart(memberId: string): boolean {
    const own = this.#standing.of(memberId);
    if (own.size < this.#mostPossible(memberId)) return true;
    return [...own].some(({ topic }) => this.#readers.get(topic)!.length >= 2);
  }

  /** Whether anything was moved. */
  #move(movable: readonly TopicPartition[]): boolean {
    let hasMoved = false;
    for (let isOver = false; !isOver; ) {
      isOver = true;
      for (const partition of movable) {
        if (this.#isBalanced()) break;
        const target = this.#betterOwner(partition);
        if (target === undefined) continue;
        this.#moveTo(partition, target);
        hasMoved = true;
        isOver = false;
      }
    }
    return hasMoved;
  }

  /** The member that had it before, if it has less than the present one; else, if any has less, the one with least. */
  #betterOwner({ topic, ...rest }: TopicPartition): string | undefined {
    const partition = this.#previous.partitions.get(topic)![rest.partition]!;
    const owner = this.#owners.get(partition)!;
    const size = this.#standing.sizeOf(owner);
    const former = this.#previous.before.get(partition)?.memberId;
    const hasLess = (memberId: string): boolean =>
      this.#standing.has(memberId) && size > this.#standing.sizeOf(memberId) + 1;
    if (former !== undefined && hasLess(former) && this.#topics.get(former)!.has(topic)) return former;
    return this.#readers.get(topic)!.some(hasLess) ? this.#leastLoaded(topic) : undefined;
  }

  #moveTo(wanted: TopicPartition, memberId: string): void {
    const partition = this.#movements.instead(wanted, this.#owners.get(wanted)!, memberId);
    const owner = this.#owners.get(partition)!;
    this.#movements.moved(partition, owner, memberId);
    this.#standing.change(owner, (own) => own.delete(partition));
    this.#standing.change(memberId, (own) => own.add(partition));
    this.#owners.set(partition, memberId);
  }

  /** No member could get a partition from one that has two more than itself. */
  #isBalanced(): boolean {
    const standing = this.#standing;
    const [first, last] = [standing.members[0], standing.last()];
    if (first === undefined || last === undefined) return true;
    if (standing.sizeOf(first) >= standing.sizeOf(last) - 1) return true;
    return standing.members.every((memberId) => {
      const own = standing.of(memberId);
      if (own.size === this.#mostPossible(memberId)) return true;
      for (const topic of this.#topics.get(memberId)!) {
        for (const partition of this.#previous.partitions.get(topic)!) {
          const owner = this.#owners.get(partition)!;
          if (owner !== memberId && standing.has(owner) && own.size + 1 < standing.sizeOf(owner))
            return false;
        }
      }
      return true;
    });
  }
}

/** The sum of differences between all pairs of members. */
function imbalance(holdings: ReadonlyMap<string, ReadonlySet<TopicPartition>>): number {
  const sizes = [...holdings.values()].map(({ size }) => size);
  return sizes.reduce(
    (sum, size, index) =>
      sum + sizes.slice(index + 1).reduce((rest, other) => rest + Math.abs(size - other), 0),
    0,
  );
}
