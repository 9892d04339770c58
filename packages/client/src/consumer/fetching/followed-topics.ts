// Which topics are fetched from: their metadata is kept up to date, and changes are told.

import type { Cluster } from '../../cluster/cluster.ts';

export class Followed {
  readonly #cluster: Cluster;
  readonly #topics = new Map<string, { count: number; readonly stop: () => void }>();
  readonly #stop: () => void;

  constructor(cluster: Cluster, onTopics: (topics: ReadonlySet<string>) => void) {
    this.#cluster = cluster;
    this.#stop = cluster.onChange(({ topics }) => onTopics(topics));
  }

  /** Once for each partition. */
  add(topic: string): void {
    const known = this.#topics.get(topic);
    if (known === undefined) this.#topics.set(topic, { count: 1, stop: this.#cluster.follow([topic]) });
    else known.count++;
  }

  remove(topic: string): void {
    const known = this.#topics.get(topic);
    if (known === undefined) return;
    known.count--;
    if (known.count > 0) return;
    known.stop();
    this.#topics.delete(topic);
  }

  close(): void {
    this.#stop();
    for (const { stop } of this.#topics.values()) stop();
    this.#topics.clear();
  }
}
