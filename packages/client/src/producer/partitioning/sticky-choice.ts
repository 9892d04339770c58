// Where records without a key go (KIP-794): to one partition until a batch of it is full, then to another. That one is drawn by lot, those whose
// batches pile up less often, so that a slow broker gets less and not everybody waits for it.

import type { Random } from '@moldau/io';

/** Of one partition, now. */
export interface PartitionLoad {
  /** Batches that wait to be sent; a large one counts as several. */
  readonly waitingCount: number;
  /** Whether it has a leader. */
  readonly isAvailable: boolean;
}

export class StickyChoice {
  readonly #random: Random;
  #current = -1;
  #bytes = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The partition that it sticks to; -1: none so far. */
  get current(): number {
    return this.#current;
  }

  /** What went there since it was chosen. */
  get bytes(): number {
    return this.#bytes;
  }

  add(sizeBytes: number): void {
    this.#bytes += sizeBytes;
  }

  /** Takes another; returns it. */
  change(partitions: readonly PartitionLoad[]): number {
    this.#bytes = 0;
    this.#current = drawn(partitions, this.#random);
    return this.#current;
  }
}

/** The weight of a partition is how much shorter its queue is than the longest, and one; without a leader it is none, if others have one. */
function drawn(partitions: readonly PartitionLoad[], random: Random): number {
  let longest = 0;
  let isAnyAvailable = false;
  for (const { waitingCount, isAvailable } of partitions) {
    if (waitingCount > longest) longest = waitingCount;
    isAnyAvailable ||= isAvailable;
  }
  const weight = ({ waitingCount, isAvailable }: PartitionLoad): number =>
    isAvailable || !isAnyAvailable ? longest + 1 - waitingCount : 0;
  let total = 0;
  for (const partition of partitions) total += weight(partition);
  let left = Math.floor(random.next() * total);
  for (let index = 0; index < partitions.length; index++) {
    left -= weight(partitions[index]!);
    if (left < 0) return index;
  }
  return partitions.length - 1;
}
