// Two ways of doing less: many callers share one run of an operation, and no more than a few operations run at a time.

/** One run of an operation serves all who asked before it began; who asks while it runs is served by the next run. */
export class GroupedOperation {
  readonly #operation: () => Promise<void>;
  #running = false;
  #next: PromiseWithResolvers<void> | undefined;

  constructor(operation: () => Promise<void>) {
    this.#operation = operation;
  }

  run(): Promise<void> {
    this.#next ??= Promise.withResolvers();
    const mine = this.#next.promise;
    if (!this.#running) void this.#loop();
    return mine;
  }

  async #loop(): Promise<void> {
    this.#running = true;
    // Those who ask in the same turn still belong to this group.
    await Promise.resolve();
    while (this.#next !== undefined) {
      const group = this.#next;
      this.#next = undefined;
      try {
        await this.#operation();
        group.resolve();
      } catch (error) {
        group.reject(error);
      }
    }
    this.#running = false;
  }
}

/** At most `limit` tasks at a time; the others wait in order. */
export class Limiter {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
