// Which leader epoch wrote which offsets: (epoch, first offset) pairs, both strictly rising. Followers truncate and consumers detect
// truncation by it. Kept on disk as Kafka's leader-epoch-checkpoint.

import type { EpochEndOffset } from './types.ts';

export const UNKNOWN_EPOCH_END: EpochEndOffset = { leaderEpoch: -1, endOffset: -1 };

export class LeaderEpochs {
  /** epoch, start offset, epoch, start offset, ... */
  #pairs: number[];

  constructor(pairs: number[] = []) {
    this.#pairs = pairs;
  }

  get count(): number {
    return this.#pairs.length / 2;
  }

  /** -1 when there is none. */
  get last(): number {
    return this.#pairs.length === 0 ? -1 : this.#pairs[this.#pairs.length - 2]!;
  }

  /** The epoch when it is the only one and started at this offset; else -1. */
  onlySince(startOffset: number): number {
    return this.#pairs.length === 2 && this.#pairs[1] === startOffset ? this.#pairs[0]! : -1;
  }

  /** True when the epoch was new. An epoch that starts where older ones would have started takes their place. */
  assign(epoch: number, startOffset: number): boolean {
    if (epoch < 0 || epoch <= this.last) return false;
    while (this.#pairs.length > 0 && this.#pairs[this.#pairs.length - 1]! >= startOffset)
      this.#pairs.length -= 2;
    this.#pairs.push(epoch, startOffset);
    return true;
  }

  /** The end (exclusive) of the greatest epoch not above the one asked for, as Kafka's OffsetForLeaderEpoch defines it. */
  endOffset(epoch: number, logEndOffset: number): EpochEndOffset {
    if (epoch === -1 || this.#pairs.length === 0) return UNKNOWN_EPOCH_END;
    if (epoch === this.last) return { leaderEpoch: epoch, endOffset: logEndOffset };
    let higher = 0;
    while (higher < this.#pairs.length && this.#pairs[higher]! <= epoch) higher += 2;
    if (higher === this.#pairs.length) return UNKNOWN_EPOCH_END;
    const leaderEpoch = higher === 0 ? epoch : this.#pairs[higher - 2]!;
    return { leaderEpoch, endOffset: this.#pairs[higher + 1]! };
  }

  /** The epoch that wrote an offset; -1 when unknown. */
  epochOf(offset: number): number {
    let epoch = -1;
    for (let at = 0; at < this.#pairs.length && this.#pairs[at + 1]! <= offset; at += 2)
      epoch = this.#pairs[at]!;
    return epoch;
  }

  /** Forgets epochs that start at `endOffset` or after it. True when something changed. */
  truncateFromEnd(endOffset: number): boolean {
    const before = this.#pairs.length;
    while (this.#pairs.length > 0 && this.#pairs[this.#pairs.length - 1]! >= endOffset)
      this.#pairs.length -= 2;
    return this.#pairs.length !== before;
  }

  /** Forgets epochs that end at `startOffset` or before it; the one that reaches over it starts there from now on. */
  truncateFromStart(startOffset: number): boolean {
    let drop = 0;
    while (drop + 2 < this.#pairs.length && this.#pairs[drop + 3]! <= startOffset) drop += 2;
    if (drop > 0) this.#pairs.splice(0, drop);
    const moved = this.#pairs.length > 0 && this.#pairs[1]! < startOffset;
    if (moved) this.#pairs[1] = startOffset;
    return drop > 0 || moved;
  }

  /** From the oldest on. */
  *entries(): Generator<{ readonly leaderEpoch: number; readonly startOffset: number }> {
    for (let at = 0; at < this.#pairs.length; at += 2)
      yield { leaderEpoch: this.#pairs[at]!, startOffset: this.#pairs[at + 1]! };
  }

  /** The file's content. */
  encode(): Buffer {
    let text = `0\n${this.count}\n`;
    for (let at = 0; at < this.#pairs.length; at += 2) text += `${this.#pairs[at]} ${this.#pairs[at + 1]}\n`;
    return Buffer.from(text);
  }

  /** undefined when the text is not such a file. */
  static decode(bytes: Buffer): LeaderEpochs | undefined {
    const lines = bytes.toString('latin1').split('\n');
    const count = Number(lines[1]);
    if (
      lines[0]?.trim() !== '0' ||
      lines[1]?.trim() === '' ||
      !Number.isInteger(count) ||
      lines.length < count + 2
    )
      return undefined;
    const pairs: number[] = [];
    for (const line of lines.slice(2, 2 + count)) {
      const match = /^(\d+) (\d+)$/.exec(line.trim());
      if (match === null) return undefined;
      pairs.push(Number(match[1]), Number(match[2]));
    }
    return new LeaderEpochs(pairs);
  }
}
