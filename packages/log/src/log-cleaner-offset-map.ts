// The latest offset of each key in the part of a log that a cleaning looks at: open addressing in typed arrays, an entry being a
// key's digest and an offset, 20 bytes. The map is divided by the digest into parts that grow one by one, so that it never takes
// more than its bound, starts small, and no growth takes long.

import { KeyDigest } from './key-digest.ts';

const PARTS = 256;
const ENTRY_WORDS = 5;
export const MAP_ENTRY_BYTES = ENTRY_WORDS * 4;
const FIRST_SLOTS = 32;
/** A part grows when it is this full, as long as it may. */
const COMFORTABLE_LOAD = 0.6;
const TWO_POW_32 = 0x1_0000_0000;
/** Offsets are kept relative to the first one in 32 bits, of which 0 says that a slot is free. */
const MAX_RELATIVE_OFFSET = TWO_POW_32 - 2;

interface Part {
  words: Int32Array;
  slots: number;
  count: number;
  /** It may hold this many before it must grow, or is full. */
  limit: number;
}

export interface OffsetMapOptions {
  /** The map takes no more than this. */
  readonly memoryBytes: number;
  /** How full it may become, 0 to 1. */
  readonly loadFactor: number;
  /** 16 secret bytes. */
  readonly digestKey: Uint8Array;
  /** No offset is below this one. */
  readonly firstOffset: number;
}

export class OffsetMap {
  readonly #digest: KeyDigest;
  readonly #firstOffset: number;
  readonly #maxSlots: number;
  readonly #loadFactor: number;
  readonly #parts: (Part | undefined)[] = new Array(PARTS).fill(undefined);
  size = 0;
  /** The records up to here have been seen; -1 when none have. */
  latestOffset = -1;

  constructor(options: OffsetMapOptions) {
    this.#digest = new KeyDigest(options.digestKey);
    this.#firstOffset = options.firstOffset;
    this.#loadFactor = options.loadFactor;
    this.#maxSlots = Math.max(2, Math.floor(options.memoryBytes / PARTS / MAP_ENTRY_BYTES));
  }

  /** Keys that fit at most. */
  get capacity(): number {
    return PARTS * this.#fullAt(this.#maxSlots);
  }

  get memoryBytes(): number {
    let slots = 0;
    for (const part of this.#parts) slots += part?.slots ?? 0;
    return slots * MAP_ENTRY_BYTES;
  }

  /** One slot always stays free, which ends every search. */
  #fullAt(slots: number): number {
    return Math.max(1, Math.min(slots - 1, Math.floor(slots * this.#loadFactor)));
  }

  /** Notes the key bytes[start, start + length) at an offset, not below earlier ones. False when there is no room for it. */
  put(bytes: Uint8Array, start: number, length: number, offset: number): boolean {
    const relative = offset - this.#firstOffset + 1;
    if (relative > MAX_RELATIVE_OFFSET) return false;
    const digest = this.#digest;
    digest.compute(bytes, start, length);
    const index = digest.word0 >>> 24;
    let part = this.#parts[index] ?? this.#newPart(index);
    let at = this.#find(part, digest);
    if (part.words[at + 4] === 0) {
      if (part.count >= part.limit) {
        const larger = this.#grown(part);
        if (larger === undefined) return false;
        part = larger;
        this.#parts[index] = part;
        at = this.#find(part, digest);
      }
      part.words[at] = digest.word0;
      part.words[at + 1] = digest.word1;
      part.words[at + 2] = digest.word2;
      part.words[at + 3] = digest.word3;
      part.count += 1;
      this.size += 1;
    }
    part.words[at + 4] = relative;
    this.latestOffset = offset;
    return true;
  }

  /** The latest offset of a key; -1 when it is not here. */
  get(bytes: Uint8Array, start: number, length: number): number {
    const digest = this.#digest;
    digest.compute(bytes, start, length);
    const part = this.#parts[digest.word0 >>> 24];
    if (part === undefined) return -1;
    const relative = part.words[this.#find(part, digest) + 4]!;
    return relative === 0 ? -1 : this.#firstOffset + (relative >>> 0) - 1;
  }

  /** All records up to here have been seen, whether they have keys or not. */
  noteSeen(offset: number): void {
    if (offset > this.latestOffset) this.latestOffset = offset;
  }

  /** Where the digest stands in a part's words, or the free slot where it would. */
  #find(part: Part, digest: KeyDigest): number {
    const { words, slots } = part;
    const { word0, word1, word2, word3 } = digest;
    const end = slots * ENTRY_WORDS;
    let at = Math.floor(((word1 >>> 0) * slots) / TWO_POW_32) * ENTRY_WORDS;
    for (;;) {
      if (words[at + 4] === 0) return at;
      if (
        words[at + 1] === word1 &&
        words[at] === word0 &&
        words[at + 2] === word2 &&
        words[at + 3] === word3
      ) {
        return at;
      }
      at += ENTRY_WORDS;
      if (at === end) at = 0;
    }
  }

  #newPart(index: number): Part {
    const part = this.#emptyPart(Math.min(FIRST_SLOTS, this.#maxSlots));
    this.#parts[index] = part;
    return part;
  }

  #emptyPart(slots: number): Part {
    const limit =
      slots === this.#maxSlots
        ? this.#fullAt(slots)
        : Math.floor(slots * Math.min(COMFORTABLE_LOAD, this.#loadFactor));
    return { words: new Int32Array(slots * ENTRY_WORDS), slots, count: 0, limit: Math.max(1, limit) };
  }

  /** undefined when it is as large as it may be. */
  #grown(part: Part): Part | undefined {
    if (part.slots === this.#maxSlots) return undefined;
    const larger = this.#emptyPart(Math.min(part.slots * 2, this.#maxSlots));
    const { words } = part;
    const target = larger.words;
    const end = larger.slots * ENTRY_WORDS;
    for (let from = 0; from < words.length; from += ENTRY_WORDS) {
      if (words[from + 4] === 0) continue;
      let at = Math.floor(((words[from + 1]! >>> 0) * larger.slots) / TWO_POW_32) * ENTRY_WORDS;
      while (target[at + 4] !== 0) {
        at += ENTRY_WORDS;
        if (at === end) at = 0;
      }
      for (let word = 0; word < ENTRY_WORDS; word++) target[at + word] = words[from + word]!;
    }
    larger.count = part.count;
    return larger;
  }
}
