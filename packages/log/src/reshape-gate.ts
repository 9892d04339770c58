// Keeps apart those who change which segments a log consists of. Cutting and removing segments may go on at the same time, as they
// always could; a swap waits for them to end and they wait for it. A swap that waits holds nobody up.

export class ReshapeGate {
  #shared = 0;
  #exclusive: Promise<void> | undefined;
  #whenIdle: (() => void)[] = [];

  /** Runs work that removes or cuts segments. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    while (this.#exclusive !== undefined) await this.#exclusive;
    this.#shared += 1;
    try {
      return await work();
    } finally {
      this.#shared -= 1;
      if (this.#shared === 0) for (const tell of this.#whenIdle.splice(0)) tell();
    }
  }

  /** Runs work that needs the segments to stay as they are but for its own doing. */
  async exclusively(work: () => Promise<void>): Promise<void> {
    while (this.#shared > 0 || this.#exclusive !== undefined) {
      await (this.#exclusive ?? new Promise<void>((resolve) => this.#whenIdle.push(resolve)));
    }
    const done = Promise.withResolvers<void>();
    this.#exclusive = done.promise;
    try {
      await work();
    } finally {
      this.#exclusive = undefined;
      done.resolve();
    }
  }
}
