// Which closed segments have their indexes in memory, bounded in bytes over all logs; least recently used go first.

import type { Segment } from './segment.ts';

/** What an entry costs beyond the indexes' bytes. */
const ENTRY_OVERHEAD_BYTES = 400;

export class IndexCache {
  readonly #limitBytes: number;
  #usedBytes = 0;
  readonly #entries = new Map<Segment, number>();

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** The segment's indexes are loaded and were just used. */
  touch(segment: Segment): void {
    const known = this.#entries.get(segment);
    if (known !== undefined) {
      this.#entries.delete(segment);
      this.#entries.set(segment, known);
      return;
    }
    const sizeBytes =
      ENTRY_OVERHEAD_BYTES +
      (segment.offsetIndex?.capacityBytes ?? 0) +
      (segment.timeIndex?.capacityBytes ?? 0);
    this.#entries.set(segment, sizeBytes);
    this.#usedBytes += sizeBytes;
    for (const [oldest, oldestBytes] of this.#entries) {
      if (this.#usedBytes <= this.#limitBytes || oldest === segment) break;
      this.#entries.delete(oldest);
      this.#usedBytes -= oldestBytes;
      oldest.offsetIndex = undefined;
      oldest.timeIndex = undefined;
    }
  }

  /** The segment is gone, or its indexes are no longer the cache's to drop. */
  forget(segment: Segment): void {
    const sizeBytes = this.#entries.get(segment);
    if (sizeBytes === undefined) return;
    this.#entries.delete(segment);
    this.#usedBytes -= sizeBytes;
  }
}
