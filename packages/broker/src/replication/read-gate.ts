// Lets reads in while the memory they may take fits a bound, and the others later, in order. One read alone always fits.

export class ReadGate {
  readonly #limitBytes: number;
  #usedBytes = 0;
  readonly #waiting: { bytes: number; enter: () => void }[] = [];

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** undefined when there was room at once, so that the usual case waits for nothing. */
  enter(bytes: number): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#usedBytes += bytes;
      return undefined;
    }
    return new Promise((enter) => this.#waiting.push({ bytes, enter }));
  }

  leave(bytes: number): void {
    this.#usedBytes -= bytes;
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0]!.bytes)) {
      const next = this.#waiting.shift()!;
      this.#usedBytes += next.bytes;
      next.enter();
    }
  }

  #fits(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.#limitBytes;
  }
}
