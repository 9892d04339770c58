// What goes wrong with single records: the first few are told of, the others counted, so that millions of them do not bury what matters.

const SHOWN = 10;

export class Problems {
  readonly #tell: (line: string) => void;
  #count = 0;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  get count(): number {
    return this.#count;
  }

  add(line: string): void {
    this.#count++;
    if (this.#count <= SHOWN) this.#tell(`moldau: ${line}`);
    else if (this.#count === SHOWN + 1) this.#tell('moldau: more is wrong, and is counted only');
  }

  end(): void {
    if (this.#count > SHOWN) this.#tell(`moldau: ${this.#count} records in all`);
  }
}
