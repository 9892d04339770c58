// Where the last few cold reads of a log ended: who reads on from there finds its place in the file without the index. A
// handful per log is enough for the groups that read the same topic at their own pace. Segments are known by identity: one that
// compaction wrote has the base offset of the one it replaced, but not its positions.

import type { Segment } from './segment.ts';

const CURSORS = 8;

export class ReadCursors {
  readonly #offsets: number[] = [];
  readonly #segments: Segment[] = [];
  readonly #positions: number[] = [];
  #next = 0;

  /** The batch that starts with `offset` stands at `position` of the segment. */
  remember(offset: number, segment: Segment, position: number): void {
    this.#offsets[this.#next] = offset;
    this.#segments[this.#next] = segment;
    this.#positions[this.#next] = position;
    this.#next = (this.#next + 1) % CURSORS;
  }

  /** -1 when not known. */
  positionOf(offset: number, segment: Segment): number {
    const at = this.#offsets.indexOf(offset);
    return at >= 0 && this.#segments[at] === segment ? this.#positions[at]! : -1;
  }

  clear(): void {
    this.#offsets.length = 0;
    this.#segments.length = 0;
    this.#positions.length = 0;
    this.#next = 0;
  }
}
