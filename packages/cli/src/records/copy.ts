// Writes the records that are wanted, until there are enough of them.

import type { Consumer, ConsumerRecord } from '@moldau/client';
import type { BlockWriter } from './block-writer.ts';
import type { Filter } from './filters.ts';
import type { Goals } from './goals.ts';
import type { Print } from './printers.ts';
import type { Problems } from './problems.ts';

export interface CopyParts {
  readonly print: Print;
  readonly filter: Filter | undefined;
  readonly out: BlockWriter;
  readonly problems: Problems;
  readonly goals: Goals;
  /** Of records that are written. */
  readonly limit: number;
}

export class Copy {
  readonly #parts: CopyParts;
  #count = 0;
  /** Of records that could not be written. */
  #failedCount = 0;
  #records: readonly ConsumerRecord[] = [];
  /** How many of these records are done. */
  #done = 0;

  constructor(parts: CopyParts) {
    this.#parts = parts;
  }

  get failedCount(): number {
    return this.#failedCount;
  }

  get isEnough(): boolean {
    return this.#count >= this.#parts.limit;
  }

  /** `mayPass`: some of them may be beyond what is wanted. */
  batch(records: readonly ConsumerRecord[], mayPass: boolean): void {
    const { print, filter, out, goals, limit } = this.#parts;
    this.#records = records;
    this.#done = records.length;
    let count = this.#count;
    for (let index = 0; index < records.length; index++) {
      const record = records[index]!;
      if (mayPass && !goals.isWanted(record)) continue;
      try {
        if (filter !== undefined && !filter(record)) continue;
        out.begin();
        print(record, out, count + 1);
      } catch (error) {
        out.takeBack();
        this.#failed(record, error);
        continue;
      }
      if (++count >= limit) {
        this.#done = index + 1;
        break;
      }
    }
    this.#count = count;
  }

  /** What was read of the last batch, and nothing behind it. */
  async commit(consumer: Consumer<ConsumerRecord>): Promise<void> {
    const last = new Map<string, ConsumerRecord>();
    for (const record of this.#records.slice(0, this.#done)) {
      if (this.#parts.goals.isWanted(record)) last.set(`${record.partition}:${record.topic}`, record);
    }
    if (last.size > 0) await consumer.commit([...last.values()]);
  }

  #failed({ topic, partition, offset }: ConsumerRecord, error: unknown): void {
    this.#failedCount++;
    const reason = error instanceof Error ? error.message : String(error);
    this.#parts.problems.add(`${topic}, partition ${partition}, offset ${offset}: ${reason}`);
  }
}
