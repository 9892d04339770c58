// Columns of numbers that grow: what lets a history of ten million values be checked in some hundred megabytes. A place that was never
// written reads as the column's blank.

type TypedArray = Uint8Array | Int16Array | Int32Array;

/** One number for each index from 0 on. */
export class Column<T extends TypedArray> {
  #items: T;
  readonly #make: (length: number) => T;
  readonly #blank: number;
  #length = 0;

  constructor(make: (length: number) => T, blank: number) {
    this.#make = make;
    this.#blank = blank;
    this.#items = make(0);
  }

  /** One past the highest index written. */
  get length(): number {
    return this.#length;
  }

  get(index: number): number {
    return index < this.#length ? this.#items[index]! : this.#blank;
  }

  set(index: number, value: number): void {
    if (index >= this.#items.length) this.#grow(index + 1);
    if (index >= this.#length) this.#length = index + 1;
    this.#items[index] = value;
  }

  #grow(least: number): void {
    const grown = this.#make(Math.max(1024, least, Math.ceil(this.#items.length * 1.5)));
    grown.fill(this.#blank);
    grown.set(this.#items);
    this.#items = grown;
  }
}

export function byteColumn(): Column<Uint8Array> {
  return new Column((length) => new Uint8Array(length), 0);
}

export function int16Column(): Column<Int16Array> {
  return new Column((length) => new Int16Array(length), -1);
}

export function int32Column(): Column<Int32Array> {
  return new Column((length) => new Int32Array(length), -1);
}

/** A set of small whole numbers, a bit each. */
export class BitSet {
  readonly #bytes = byteColumn();

  has(index: number): boolean {
    return (this.#bytes.get(index >>> 3) & (1 << (index & 7))) !== 0;
  }

  add(index: number): void {
    this.#bytes.set(index >>> 3, this.#bytes.get(index >>> 3) | (1 << (index & 7)));
  }
}
