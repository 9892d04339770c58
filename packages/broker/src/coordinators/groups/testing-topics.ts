// For tests: topics that come, grow and go.

import type { GroupTopic, GroupTopics } from './group-topics.ts';

export class TestingTopics implements GroupTopics {
  readonly #topics = new Map<string, GroupTopic>();
  #version = 0;

  /** Makes a topic, or another one of the same name. Returns its id. */
  create(name: string, partitionCount: number): string {
    this.#version++;
    const id = Buffer.from(`${name}-${this.#version}`.padEnd(16, '.').slice(0, 16)).toString('base64url');
    this.#topics.set(name, { name, id, partitionCount });
    return id;
  }

  grow(name: string, partitionCount: number): void {
    this.#version++;
    this.#topics.set(name, { ...this.#topics.get(name)!, partitionCount });
  }

  remove(name: string): void {
    this.#version++;
    this.#topics.delete(name);
  }

  version(): number {
    return this.#version;
  }

  byName(name: string): GroupTopic | undefined {
    return this.#topics.get(name);
  }

  byId(id: string): GroupTopic | undefined {
    return [...this.#topics.values()].find((topic) => topic.id === id);
  }

  names(): Iterable<string> {
    return this.#topics.keys();
  }

  racks(): readonly string[] {
    return [];
  }
}
