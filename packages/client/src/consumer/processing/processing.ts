// consumer.run(): records through a handler, many at a time, in the order that counts.
//
// Invariants
// - At most `concurrency` records are in work; a record that waits for its next attempt is not, and holds up none but those of its lane.
// - A record is done when its handler is, or when it was put aside. What is dropped for its partition was revoked stays outstanding: nothing is lost.
// - Each partition has an equal share of maxBufferedBytes, so that one that is slow does not stop the others.

import type { Clock, Logger, Random, Timer, Timers } from '@moldau/io';
import { type KafkaError, TimeoutError } from '../../errors/kafka-error.ts';
import type { PartitionSession } from '../assignment/partition-session.ts';
import type { Consumption, ConsumptionHost } from '../consumption.ts';
import type { Chunk } from '../iteration/chunk.ts';
import { CHUNK_RECORDS } from '../iteration/record-iteration.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';
import { type DeadLetter, handlerFailed, putAside, Retries, reasonOf, type SendPlain } from './failures.ts';
import { Lanes, PartitionWork, type Task } from './lanes.ts';
import type { HandlerContext, RunOptions } from './run-options.ts';

export interface ProcessingParts {
  readonly host: ConsumptionHost;
  readonly ports: {
    readonly clock: Clock;
    readonly timers: Timers;
    readonly random: Random;
    readonly logger: Logger;
  };
  readonly groupId: string | undefined;
  readonly drainTimeoutMs: number;
  readonly send: SendPlain;
}

type AnyRecord = ConsumerRecord<unknown, unknown>;

/** Of one partition, waiting: more than a handler's parallelism can use, and little enough for a commit's metadata to tell which are done. */
const MIN_WAITING_RECORDS = 1_000;

export class Processing<R> implements Consumption {
  readonly #parts: ProcessingParts;
  readonly #handler: (record: R, context: HandlerContext) => unknown;
  readonly #deadLetter: DeadLetter<AnyRecord> | undefined;
  readonly #concurrency: number;
  readonly #maxBufferedBytes: number;
  readonly #retries: Retries;
  readonly #lanes: Lanes;
  readonly #works = new Map<PartitionSession, PartitionWork>();
  readonly #inWork = new Set<Task>();
  readonly #delayed = new Map<Task, Timer>();
  readonly #overdue = new AbortController();
  #isStopped = false;
  #isPumping = false;
  #error: unknown;
  #idle: (() => void) | undefined;

  constructor(options: RunOptions<R>, parts: ProcessingParts) {
    this.#parts = parts;
    this.#handler = options.handler;
    this.#deadLetter = options.deadLetter as DeadLetter<AnyRecord> | undefined;
    this.#concurrency = options.concurrency ?? 16;
    this.#maxBufferedBytes = options.maxBufferedBytes ?? 32 * 1024 * 1024;
    this.#retries = new Retries(options.retry, parts.ports.random);
    this.#lanes = new Lanes(options.orderBy ?? 'partition');
  }

  /** Resolves after stop(), when what was in work is done and committed, within the time to drain; rejects with what ended it. */
  async run(): Promise<void> {
    const { host } = this.#parts;
    if (this.#isStopped || !host.begin(this)) return;
    try {
      while (!this.#isStopped) {
        const chunk = await host.intake.next(CHUNK_RECORDS);
        if (chunk === undefined) this.#unpark();
        else if (this.#isStopped) host.intake.giveBack(chunk);
        else this.#add(chunk);
      }
    } catch (error) {
      this.#fail(error);
    }
    await this.#drain();
    await host.end(this);
    for (const { session } of this.#works.values()) if (session.isHeld) host.hold(session, false);
    host.rewind([...this.#works.keys()].filter((session) => session.isOpen && !session.progress.isEmpty));
    if (this.#error !== undefined) throw this.#error;
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const timer of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#parts.host.intake.wake();
  }

  *inHands(): Iterable<AnyRecord> {
    for (const { record } of this.#inWork) yield record;
  }

  #add(chunk: Chunk): void {
    const { session, records, outstanding: whole } = chunk;
    const work = this.#workOf(session);
    for (let index = chunk.index; index < records.length; index++) {
      const record = records[index]!;
      const { offset, leaderEpoch } = record;
      const outstanding = { from: offset, to: offset + 1, leaderEpoch, isDone: false };
      session.progress.add(outstanding);
      work.bytes += record.sizeBytes;
      work.count++;
      const lane = this.#lanes.laneOf(record);
      this.#lanes.add({ work, record, outstanding, lane, attempts: 0, backoff: undefined });
    }
    chunk.index = records.length;
    session.progress.finish(whole);
    if (this.#isOver(work)) this.#parts.host.hold(session, true);
    this.#pump();
  }

  #workOf(session: PartitionSession): PartitionWork {
    const known = this.#works.get(session);
    if (known !== undefined) return known;
    for (const [each, { count }] of this.#works) if (!each.isOpen && count === 0) this.#works.delete(each);
    const work = new PartitionWork(session);
    this.#works.set(session, work);
    return work;
  }

  #isOver({ bytes, count }: PartitionWork): boolean {
    const share = this.#maxBufferedBytes / Math.max(1, this.#parts.host.partitionCount);
    return bytes >= share || count >= Math.max(MIN_WAITING_RECORDS, 8 * this.#concurrency);
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#inWork.size < this.#concurrency) {
      const task = this.#lanes.take();
      if (task === undefined) break;
      const { session, parked } = task.work;
      if (this.#isStopped || !session.isOpen) this.#leave(task);
      else if (session.isPaused) parked.push(task);
      else this.#start(task);
    }
    this.#isPumping = false;
    if (this.#inWork.size === 0) this.#idle?.();
  }

  /** Somebody paused or resumed partitions. */
  #unpark(): void {
    for (const work of this.#works.values()) {
      if (work.session.isPaused) continue;
      for (const task of work.parked.splice(0)) this.#lanes.again(task);
    }
    this.#pump();
  }

  #start(task: Task): void {
    this.#inWork.add(task);
    task.work.session.handOut();
    task.attempts++;
    let result: unknown;
    try {
      // The subscription says what the records of a topic are.
      result = this.#handler(task.record as R, new TaskContext(task, this.#overdue.signal));
    } catch (error) {
      this.#failed(task, error);
      return;
    }
    if (!isThenable(result)) {
      this.#done(task);
      return;
    }
    result.then(
      () => this.#done(task),
      (error: unknown) => this.#failed(task, error),
    );
  }

  #done(task: Task): void {
    task.work.session.progress.finish(task.outstanding);
    this.#release(task);
  }

  #failed(task: Task, error: unknown): void {
    const { work, record, attempts } = task;
    const isWorthAnother = this.#retries.isWorthAnother(attempts, error);
    const isLast = !isWorthAnother && this.#deadLetter !== undefined;
    if (!work.session.isOpen || this.#overdue.signal.aborted || (this.#isStopped && !isLast)) {
      // Then it comes again, here or elsewhere.
      const { topic, partition, offset } = record;
      const reason = reasonOf(error);
      this.#parts.ports.logger.debug({ topic, partition, offset }, `failed while it was given up: ${reason}`);
      this.#release(task);
    } else if (isWorthAnother) {
      this.#inWork.delete(task);
      work.session.handBack();
      this.#delay(task);
      this.#pump();
    } else if (this.#deadLetter === undefined) {
      this.#fail(handlerFailed({ record, error, attempts }));
      this.#release(task);
    } else {
      putAside({ record, error, attempts }, this.#deadLetter, this.#parts).then(
        () => this.#done(task),
        (failure: unknown) => {
          this.#fail(failure);
          this.#release(task);
        },
      );
    }
  }

  #delay(task: Task): void {
    task.backoff ??= this.#retries.backoff();
    const timer = this.#parts.ports.timers.after(task.backoff.failed(), () => {
      this.#delayed.delete(task);
      this.#lanes.again(task);
      this.#pump();
    });
    this.#delayed.set(task, timer);
  }

  /** Nobody works on it any more, whether it is done or not. */
  #release(task: Task): void {
    this.#inWork.delete(task);
    task.work.session.handBack();
    this.#leave(task);
    this.#pump();
  }

  #leave(task: Task): void {
    const { work, record } = task;
    work.bytes -= record.sizeBytes;
    work.count--;
    this.#lanes.leave(task);
    if (work.session.isHeld && !this.#isOver(work)) this.#parts.host.hold(work.session, false);
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.stop();
  }

  /** What is in work has so long; then its signals are aborted, and it is not waited for. */
  async #drain(): Promise<void> {
    this.#pump();
    if (this.#inWork.size === 0) return;
    const { ports, drainTimeoutMs } = this.#parts;
    await new Promise<void>((resolve) => {
      const timer = ports.timers.after(drainTimeoutMs, () => {
        this.#overdue.abort(overdue(drainTimeoutMs));
        resolve();
      });
      this.#idle = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

/** The signal is made when somebody looks at it, once for a partition. */
class TaskContext implements HandlerContext {
  readonly attempt: number;
  readonly #work: PartitionWork;
  readonly #overdue: AbortSignal;

  constructor({ work, attempts }: Task, overdue: AbortSignal) {
    this.attempt = attempts;
    this.#work = work;
    this.#overdue = overdue;
  }

  get signal(): AbortSignal {
    const work = this.#work;
    work.signal ??= AbortSignal.any([work.session.signal, this.#overdue]);
    return work.signal;
  }
}

function overdue(drainTimeoutMs: number): KafkaError {
  return new TimeoutError(
    `The handler was not done within ${drainTimeoutMs} ms (drainTimeoutMs) of the end: the record comes again.`,
  );
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
