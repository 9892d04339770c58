// Evens out the loads of members whose subscriptions differ. Only ever moves a partition from a subscriber of its topic to
// one that has at least two fewer, so loads get more even with every move, and it ends.

import type { Uuid } from '@moldau/protocol';
import type { Share } from './uniform.ts';

export interface Balancing {
  /** The members subscribed to each topic; at least one each. */
  readonly subscribers: ReadonlyMap<Uuid, readonly Share[]>;
  readonly partitionCount: (topicId: Uuid) => number;
  readonly isOwned: (topicId: Uuid, partition: number) => boolean;
}

/** Moves may chain from topic to topic; after these many rounds what is reached is good enough. */
const MAX_ROUNDS = 16;

export function balance({ subscribers, partitionCount, isOwned }: Balancing): void {
  // Topics with few subscribers for their size leave least choice, so they are dealt out first.
  const topicIds = [...subscribers.keys()].sort((a, b) => {
    const [ofA, ofB] = [subscribers.get(a)!.length, subscribers.get(b)!.length];
    return partitionCount(b) / ofB - partitionCount(a) / ofA || ofA - ofB || (a < b ? -1 : 1);
  });
  for (const topicId of topicIds) {
    const loads = new LoadLevels(subscribers.get(topicId)!);
    const count = partitionCount(topicId);
    for (let partition = 0; partition < count; partition++) {
      if (!isOwned(topicId, partition)) loads.giveToLeast((share) => share.add(topicId, partition));
    }
  }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let isMoved = false;
    for (const topicId of topicIds) {
      if (evenOut(topicId, subscribers.get(topicId)!)) isMoved = true;
    }
    if (!isMoved) return;
  }
}

/** Moves partitions of one topic from its most loaded subscribers to its least loaded. False when nothing can be gained. */
function evenOut(topicId: Uuid, shares: readonly Share[]): boolean {
  if (shares.length < 2) return false;
  const sorted = [...shares].sort((a, b) => b.count - a.count);
  const loads = new LoadLevels(shares);
  let isMoved = false;
  for (const giver of sorted) {
    for (const partition of [...(giver.partitions.get(topicId) ?? [])]) {
      if (giver.count - loads.least < 2) break;
      giver.remove(topicId, partition);
      loads.moved(giver);
      loads.giveToLeast((share) => share.add(topicId, partition));
      isMoved = true;
    }
  }
  return isMoved;
}

/** Members by how many partitions they have, for finding one with the fewest. */
class LoadLevels {
  readonly #levels = new Map<number, Share[]>();
  #least = Number.POSITIVE_INFINITY;

  constructor(shares: readonly Share[]) {
    for (const share of shares) this.#put(share);
  }

  /** The smallest number of partitions that a member has. */
  get least(): number {
    this.#dropStale();
    return this.#least;
  }

  giveToLeast(give: (share: Share) => void): void {
    this.#dropStale();
    const share = this.#levels.get(this.#least)!.pop()!;
    give(share);
    this.#put(share);
  }

  /** Its count has changed; where it stood before it is found out to be stale. */
  moved(share: Share): void {
    this.#put(share);
  }

  #put(share: Share): void {
    const level = this.#levels.get(share.count);
    if (level === undefined) this.#levels.set(share.count, [share]);
    else level.push(share);
    this.#least = Math.min(this.#least, share.count);
  }

  #dropStale(): void {
    for (;;) {
      const level = this.#levels.get(this.#least);
      const share = level?.at(-1);
      if (share === undefined) {
        this.#levels.delete(this.#least);
        this.#least = Math.min(...this.#levels.keys());
      } else if (share.count === this.#least) return;
      else level!.pop();
    }
  }
}
