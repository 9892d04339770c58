// What a run shows while it goes on, and by what it knows that consumers have caught up: counts, how far each partition is decided, and how far
// each group has polled. The verdict is the checker's; this only decides when to stop waiting.

import { type ProcessInfo, partitionKey, partitionName } from './checker/history.ts';

export class Progress {
  sent = 0;
  acknowledged = 0;
  polled = 0;
  committed = 0;
  aborted = 0;
  /** One past the highest offset that is known to be visible, by partition. */
  readonly #visible = new Map<number, number>();
  /** The same of transactions that are open, by process. */
  readonly #open = new Map<number, Map<number, number>>();
  /** One past the highest offset polled, or by processors committed, by group and partition. */
  readonly #groups = new Map<string, Map<number, number>>();

  take(info: ProcessInfo, line: string): void {
    const words = line.split(' ');
    switch (words[0]) {
      case 's':
        this.sent += Number(words[5]);
        break;
      case 'a': {
        const count = Number(words[6]);
        this.acknowledged += count;
        const visible = this.#open.get(info.number) ?? this.#visible;
        raise(visible, partitionKey(Number(words[2]), Number(words[3])), Number(words[4]) + count);
        break;
      }
      case 'b':
        this.#open.set(info.number, new Map());
        break;
      case 'C':
        this.committed += 1;
        for (const [key, end] of this.#open.get(info.number) ?? []) raise(this.#visible, key, end);
        this.#open.delete(info.number);
        break;
      case 'X':
        this.aborted += 1;
        this.#open.delete(info.number);
        break;
      case 'r': {
        const count = Number(words[7]);
        this.polled += count;
        // What a processor has polled may still be aborted.
        if (info.processes === undefined) this.#reached(info, words, Number(words[4]) + count);
        break;
      }
      case 'k':
        if (info.processes !== undefined) this.#reached(info, words, Number(words[4]));
        break;
    }
  }

  #reached(info: ProcessInfo, words: readonly string[], end: number): void {
    if (info.group === undefined) return;
    const reached = this.#groups.get(info.group) ?? new Map<number, number>();
    this.#groups.set(info.group, reached);
    raise(reached, partitionKey(Number(words[2]), Number(words[3])), end);
  }

  /** What a group has not worked off yet of these topics; empty when it has caught up. */
  behind(group: string, topics: readonly number[]): string[] {
    const polled = this.#groups.get(group);
    const lines: string[] = [];
    for (const [key, end] of this.#visible) {
      const isOfTopic = topics.some(
        (topic) => key >= partitionKey(topic, 0) && key < partitionKey(topic + 1, 0),
      );
      const seen = polled?.get(key) ?? 0;
      if (isOfTopic && seen < end) lines.push(`${partitionName(key)} at ${seen} of ${end}`);
    }
    return lines;
  }
}

function raise(ends: Map<number, number>, key: number, end: number): void {
  if ((ends.get(key) ?? 0) < end) ends.set(key, end);
}
