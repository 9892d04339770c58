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

/** Records of which a filter cannot be said. They are left out, which may be just what is wanted: one line is enough. */
export class Unclear {
  #count = 0;
  #first: string | undefined;

  add(message: string): void {
    this.#count++;
    this.#first ??= message;
  }

  tell(tell: (line: string) => void): void {
    if (this.#count === 0) return;
    const records = this.#count === 1 ? 'a record' : `${this.#count} records`;
    tell(`moldau: --where could not be applied to ${records}, as at ${this.#first}`);
  }
}
