// One topic as of some position of the metadata log.
//
// Invariants: never changed once made, a change makes another one; its runs cover partitions 0 to partitionCount - 1.

import type { Uuid } from '@moldau/protocol';
import type { PartitionRun, PartitionState } from './records.ts';
import { isInternalTopic } from './topic-names.ts';

export class TopicImage {
  readonly name: string;
  readonly id: Uuid;
  /** Runs are shared by all topics that look alike, which is what keeps a hundred thousand topics small. */
  readonly runs: readonly PartitionRun[];

  constructor(name: string, id: Uuid, runs: readonly PartitionRun[]) {
    this.name = name;
    this.id = id;
    this.runs = runs;
  }

  get partitionCount(): number {
    let count = 0;
    for (const run of this.runs) count += run.count;
    return count;
  }

  get isInternal(): boolean {
    return isInternalTopic(this.name);
  }

  /** undefined when the topic has no such partition. */
  partition(index: number): PartitionState | undefined {
    if (index < 0) return undefined;
    let before = 0;
    for (const run of this.runs) {
      before += run.count;
      if (index < before) return run.state;
    }
    return undefined;
  }

  /** The state of each partition, in order of their numbers. */
  *partitions(): IterableIterator<PartitionState> {
    for (const run of this.runs) {
      for (let i = 0; i < run.count; i += 1) yield run.state;
    }
  }
}
