// Sends records in chunks, of which the last record is awaited: its time counts for all of them, for timing each would be what is measured. A record counts
// when it is acknowledged, and not before.

import type { KafkaError, OutgoingRecord, Producer } from '@moldau/client';

/** What is known of a chunk when its last record has its outcome. */
export interface Acknowledged {
  readonly latencyMs: number;
  /** Without those that failed. */
  readonly count: number;
  readonly sizeBytes: number;
}

export type SizedRecord = OutgoingRecord & { readonly value: Buffer };

export interface ChunksParts {
  readonly topic: string;
  readonly nowMs: () => number;
  readonly next: () => SizedRecord;
  readonly failed: (error: KafkaError) => void;
}

export class Chunks {
  readonly #parts: ChunksParts;
  /** They failed, and no chunk has left them out yet. */
  #failedCount = 0;
  #openCount = 0;

  constructor(parts: ChunksParts) {
    this.#parts = parts;
  }

  /** Of records that were sent and not acknowledged, whatever became of them. */
  get openCount(): number {
    return this.#openCount;
  }

  /** For the option onPostFailed. */
  readonly postFailed = (error: KafkaError): void => {
    this.#failedCount++;
    this.#parts.failed(error);
  };

  /** `acknowledged` is told also where all of it failed. False: there is no room for more just now. */
  send(
    target: Pick<Producer, 'post' | 'send'>,
    size: number,
    acknowledged: (chunk: Acknowledged) => void,
  ): boolean {
    const { topic, next } = this.#parts;
    let hasRoom = true;
    let sizeBytes = 0;
    this.#openCount += size;
    for (let index = 1; index < size; index++) {
      const record = next();
      sizeBytes += record.value.length;
      hasRoom = target.post(topic, record);
    }
    const record = next();
    sizeBytes += record.value.length;
    void this.#outcome(target.send(topic, record), size, sizeBytes).then(acknowledged);
    return hasRoom;
  }

  async #outcome(sending: Promise<unknown>, size: number, sizeBytes: number): Promise<Acknowledged> {
    const { nowMs } = this.#parts;
    const startMs = nowMs();
    try {
      await sending;
    } catch (error) {
      this.postFailed(error as KafkaError);
    }
    const failed = Math.min(size, this.#failedCount);
    this.#failedCount -= failed;
    this.#openCount -= size - failed;
    const count = size - failed;
    return { latencyMs: nowMs() - startMs, count, sizeBytes: Math.round((sizeBytes * count) / size) };
  }
}
