// Notices that topics are deleted while they are read. The client goes on asking for them, as they may come back, and nobody would know why nothing comes.

import type { Timer, Timers } from '@moldau/io';

const LOOK_EVERY_MS = 5_000;

export interface TopicWatchParts {
  readonly timers: Timers;
  /** Of these those that are not there; rejects when nobody can tell. */
  readonly missing: (topics: readonly string[]) => Promise<readonly string[]>;
  /** Told of each once. */
  readonly whenGone: (topic: string) => void;
}

export class TopicWatch {
  readonly #parts: TopicWatchParts;
  #topics: readonly string[];
  #timer: Timer;
  #isBusy = false;
  #hasEnded = false;

  constructor(topics: readonly string[], parts: TopicWatchParts) {
    this.#topics = topics;
    this.#parts = parts;
    this.#timer = this.#next();
  }

  /** Others are read as well, or again. */
  add(topics: Iterable<string>): void {
    this.#topics = [...new Set([...this.#topics, ...topics])];
  }

  /** All are gone. */
  get isEmpty(): boolean {
    return this.#topics.length === 0;
  }

  /** Records come, so nothing need be asked. */
  busy(): void {
    this.#isBusy = true;
  }

  end(): void {
    this.#hasEnded = true;
    this.#timer.cancel();
  }

  #next(): Timer {
    return this.#parts.timers.after(LOOK_EVERY_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const isBusy = this.#isBusy;
    this.#isBusy = false;
    const gone = isBusy || this.isEmpty ? [] : await this.#parts.missing(this.#topics).catch(() => []);
    if (this.#hasEnded) return;
    this.#topics = this.#topics.filter((topic) => !gone.includes(topic));
    for (const topic of gone) this.#parts.whenGone(topic);
    if (!this.#hasEnded) this.#timer = this.#next();
  }
}
