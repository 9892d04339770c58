// Some records of one partition, with what to say of all of them at once.

import type { CallOptions } from '../cluster/cluster.ts';
import type { ShareRecord } from './share-record.ts';

export class ShareBatch<K = Buffer | null, V = Buffer | null> implements Iterable<ShareRecord<K, V>> {
  readonly topic: string;
  readonly partition: number;
  /** At least one, in order. */
  readonly records: readonly ShareRecord<K, V>[];
  readonly #commit: (options?: CallOptions) => Promise<void>;

  constructor(records: readonly ShareRecord<K, V>[], commit: (options?: CallOptions) => Promise<void>) {
    const { topic, partition } = records[0]!;
    this.topic = topic;
    this.partition = partition;
    this.records = records;
    this.#commit = commit;
  }

  get length(): number {
    return this.records.length;
  }

  /** Those of which nothing was said. */
  accept(): void {
    for (const record of this.records) record.accept();
  }

  release(): void {
    for (const record of this.records) record.release();
  }

  reject(): void {
    for (const record of this.records) record.reject();
  }

  /** Locks those anew of which nothing was said; see ShareRecord. */
  async renew(): Promise<void> {
    await Promise.all(this.records.map((record) => record.renew()));
  }

  /** Accepts those of which nothing was said, and resolves when the broker has taken it. */
  async commit(options?: CallOptions): Promise<void> {
    this.accept();
    await this.#commit(options);
  }

  [Symbol.iterator](): Iterator<ShareRecord<K, V>> {
    return this.records[Symbol.iterator]();
  }
}
