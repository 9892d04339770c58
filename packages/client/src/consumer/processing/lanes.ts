// Which records may be processed at the same time. Records whose order counts share a lane: one of them is in work, the others wait.

import type { Backoff } from '../../network/backoff.ts';
import type { PartitionSession } from '../assignment/partition-session.ts';
import type { Outstanding } from '../commits/partition-progress.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';
import { Queue } from './queue.ts';

/**
 * - key: records of the same key one after the other; those without a key have no order
 * - partition: records of the same partition one after the other
 * - none: no order
 */
export type OrderBy = 'key' | 'partition' | 'none';

/** What waits or is in work of one partition. */
export class PartitionWork {
  readonly session: PartitionSession;
  /** Those in which something is in work or ready, and what waits behind it. */
  readonly lanes = new Map<string, Queue<Task> | undefined>();
  bytes = 0;
  count = 0;
  signal: AbortSignal | undefined;
  /** Ready, while the partition is paused. */
  parked: Task[] = [];

  constructor(session: PartitionSession) {
    this.session = session;
  }
}

/** One record on its way through the handler. */
export interface Task {
  readonly work: PartitionWork;
  readonly record: ConsumerRecord<unknown, unknown>;
  readonly outstanding: Outstanding;
  /** In its partition; undefined: it may overtake all, and be overtaken. */
  readonly lane: string | undefined;
  attempts: number;
  backoff: Backoff | undefined;
}

export class Lanes {
  readonly #orderBy: OrderBy;
  readonly #ready = new Queue<Task>();

  constructor(orderBy: OrderBy) {
    this.#orderBy = orderBy;
  }

  laneOf(record: ConsumerRecord<unknown, unknown>): string | undefined {
    if (this.#orderBy === 'none') return undefined;
    return this.#orderBy === 'partition' ? '' : record.keyBytes?.toString('latin1');
  }

  add(task: Task): void {
    const { work, lane } = task;
    if (lane === undefined || !work.lanes.has(lane)) {
      if (lane !== undefined) work.lanes.set(lane, undefined);
      this.#ready.push(task);
      return;
    }
    let waiting = work.lanes.get(lane);
    if (waiting === undefined) {
      waiting = new Queue();
      work.lanes.set(lane, waiting);
    }
    waiting.push(task);
  }

  /** The next that may be worked on. */
  take(): Task | undefined {
    return this.#ready.shift();
  }

  /** It keeps its lane. */
  again(task: Task): void {
    this.#ready.push(task);
  }

  /** The next of its lane is ready. */
  leave({ work, lane }: Task): void {
    if (lane === undefined) return;
    const next = work.lanes.get(lane)?.shift();
    if (next === undefined) work.lanes.delete(lane);
    else this.#ready.push(next);
  }
}
