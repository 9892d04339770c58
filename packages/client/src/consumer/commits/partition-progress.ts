// How far the records of one partition are done, in whatever order that happens. What was taken to be processed is outstanding until it is done; all
// else below the position is done, and so are offsets that have no record.
//
// Invariant: what is committed is the first offset that is outstanding: a crash at any moment loses nothing.

import type { Position } from '../fetching/types.ts';
import { type DoneBeyond, encodeDoneBeyond } from './commit-metadata.ts';
import { type OffsetRange, rangesFrom, unionOf } from './offset-ranges.ts';

/** Records that were taken and are not done: one, or the rest of several that are done in their order. */
export interface Outstanding {
  from: number;
  /** The first offset beyond. */
  readonly to: number;
  /** Of the record at `from`. */
  leaderEpoch: number | undefined;
  isDone: boolean;
}

/** What to commit. */
export interface Progress {
  readonly offset: number;
  readonly leaderEpoch: number | undefined;
  readonly beyond: DoneBeyond;
  /** What `beyond` is in the commit. */
  readonly metadata: string;
}

/** Finished entries in the middle are removed when there are so many, and as many as others. */
const COMPACT_FROM = 256;

export class PartitionProgress {
  /** In order; finished ones are taken out when they come to the front, or when they are many. */
  #entries: Outstanding[] = [];
  #head = 0;
  #doneCount = 0;

  get isEmpty(): boolean {
    return this.#head === this.#entries.length;
  }

  /** How many are kept, finished ones included. */
  get entryCount(): number {
    return this.#entries.length;
  }

  /** Comes after all that were added. */
  add(entry: Outstanding): void {
    this.#entries.push(entry);
  }

  finish(entry: Outstanding): void {
    if (entry.isDone) return;
    entry.isDone = true;
    this.#doneCount++;
    const entries = this.#entries;
    while (this.#head < entries.length && entries[this.#head]!.isDone) {
      this.#head++;
      this.#doneCount--;
    }
    if (this.#head === entries.length) this.#reset([]);
    else if (this.#doneCount + this.#head > COMPACT_FROM + entries.length / 2)
      this.#reset(entries.filter(({ isDone }) => !isDone));
  }

  /** All below `offset` is done, because somebody says so. */
  finishBelow(offset: number, leaderEpoch: number | undefined): void {
    for (const entry of this.#entries.slice(this.#head)) {
      if (entry.from >= offset) break;
      if (entry.to <= offset) {
        this.finish(entry);
      } else {
        entry.from = offset;
        entry.leaderEpoch = leaderEpoch;
      }
    }
  }

  /** `position`: where the next record is taken; `known`: what was done before by others. */
  at(position: Position, known: DoneBeyond): Progress {
    const outstanding = this.#entries.slice(this.#head).filter(({ isDone }) => !isDone);
    const first = outstanding[0];
    const offset = first?.from ?? position.offset;
    const knownRanges = rangesFrom(known.ranges, offset);
    const ranges = unionOf(gapsBetween(outstanding, position.offset), knownRanges);
    // Of several epochs the oldest: too much is repeated then, never too little.
    const isKnownOlder = knownRanges.length > 0 && (known.leaderEpoch ?? -1) < (position.leaderEpoch ?? -1);
    const beyond = { ranges, leaderEpoch: isKnownOlder ? known.leaderEpoch : position.leaderEpoch };
    const leaderEpoch = first === undefined ? position.leaderEpoch : first.leaderEpoch;
    return { offset, leaderEpoch, beyond, metadata: encodeDoneBeyond(offset, beyond) };
  }

  #reset(entries: Outstanding[]): void {
    this.#entries = entries;
    this.#head = 0;
    this.#doneCount = 0;
  }
}

function gapsBetween(outstanding: readonly Outstanding[], end: number): OffsetRange[] {
  const gaps: OffsetRange[] = [];
  for (const [index, { to }] of outstanding.entries()) {
    const next = outstanding[index + 1]?.from ?? end;
    if (next > to) gaps.push({ from: to, to: next });
  }
  return gaps;
}
