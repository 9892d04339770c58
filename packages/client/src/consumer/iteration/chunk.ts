// Some records of one partition that were taken together, on their way to the application.

import type { PartitionSession } from '../assignment/partition-session.ts';
import type { Outstanding } from '../commits/partition-progress.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';

export class Chunk {
  readonly session: PartitionSession;
  readonly records: readonly ConsumerRecord<unknown, unknown>[];
  /** Those that are not done: from the first of them on. */
  readonly outstanding: Outstanding;
  /** Of the next record to hand out. */
  index = 0;

  /** `end`: the offset at which the next chunk begins. */
  constructor(session: PartitionSession, records: readonly ConsumerRecord<unknown, unknown>[], end: number) {
    this.session = session;
    this.records = records;
    const { offset, leaderEpoch } = records[0]!;
    this.outstanding = { from: offset, to: end, leaderEpoch, isDone: false };
    session.progress.add(this.outstanding);
    session.chunk = this;
  }

  /** Undefined: all are handed out. */
  get next(): ConsumerRecord<unknown, unknown> | undefined {
    return this.records[this.index];
  }

  get isHandedOut(): boolean {
    return this.index === this.records.length;
  }

  /** The records before `index` are done, for those who are done with them in order. */
  doneBefore(index: number): void {
    const { outstanding } = this;
    const next = this.records[index];
    if (next === undefined) {
      this.session.progress.finish(outstanding);
    } else if (outstanding.from < next.offset) {
      outstanding.from = next.offset;
      outstanding.leaderEpoch = next.leaderEpoch;
    }
  }

  /** What is not done is handed out again. */
  rewind(): void {
    const { from, isDone } = this.outstanding;
    const index = isDone ? -1 : this.records.findIndex(({ offset }) => offset >= from);
    this.index = index < 0 ? this.records.length : index;
  }
}
