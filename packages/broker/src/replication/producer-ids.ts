// Producer ids for idempotent producers, handed out from blocks that the controller reserves for this broker.
//
// Invariant: an id is handed out once in the life of the cluster; what is left of a block at a stop is never used.

export interface ProducerIdBlock {
  first: number;
  count: number;
}

export class ProducerIds {
  readonly #reserve: () => Promise<ProducerIdBlock>;
  #next = 0;
  #end = 0;
  #reserving: Promise<void> | undefined;

  /** @param reserve commits a new block to the metadata log. */
  constructor(reserve: () => Promise<ProducerIdBlock>) {
    this.#reserve = reserve;
  }

  async next(): Promise<number> {
    while (this.#next >= this.#end) {
      this.#reserving ??= this.#refill();
      await this.#reserving;
    }
    return this.#next++;
  }

  async #refill(): Promise<void> {
    try {
      const block = await this.#reserve();
      this.#next = block.first;
      this.#end = block.first + block.count;
    } finally {
      this.#reserving = undefined;
    }
  }
}
