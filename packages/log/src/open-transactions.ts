// The transactions of one log that keep its last stable offset back: those that are open, and those that have ended but
// whose marker is not in the page cache yet, since a kill may still take it back.

interface EndedTransaction {
  readonly firstOffset: number;
  readonly markerOffset: number;
}

export class OpenTransactions {
  /** First offset -> producer id. Transactions begin at rising offsets, and a Map keeps that order. */
  readonly #open = new Map<number, number>();
  /** In the order of their markers. */
  #unwritten: EndedTransaction[] = [];

  begin(producerId: number, firstOffset: number): void {
    this.#open.set(firstOffset, producerId);
  }

  end(firstOffset: number, markerOffset: number): void {
    this.#open.delete(firstOffset);
    this.#unwritten.push({ firstOffset, markerOffset });
  }

  /** undefined when none is open. */
  firstOpenOffset(): number | undefined {
    if (this.#open.size === 0) return undefined;
    for (const offset of this.#open.keys()) return offset;
    return undefined;
  }

  /** Where a reader of committed records must stop; undefined when nothing keeps it back. All below writtenOffset is in the page cache. */
  firstUnstableOffset(writtenOffset: number): number | undefined {
    let first = this.firstOpenOffset();
    if (this.#unwritten.length === 0) return first;
    this.#unwritten = this.#unwritten.filter(({ markerOffset }) => markerOffset >= writtenOffset);
    for (const { firstOffset } of this.#unwritten)
      if (first === undefined || firstOffset < first) first = firstOffset;
    return first;
  }
}
