// `for await (const record of consumer)`: a record is done when the next one is asked for.
//
// When the loop is left by break, return or an error, nobody can tell whether the record in hand is done: it is not, and comes again when consuming goes
// on, unless it was committed by itself.

import type { Consumption, ConsumptionHost } from '../consumption.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';
import type { Chunk } from './chunk.ts';

/** Taken from one partition before it is another's turn. */
export const CHUNK_RECORDS = 500;

type Result<R> = IteratorResult<R, undefined>;

export class RecordIteration<R> implements AsyncIterableIterator<R, undefined>, Consumption {
  readonly #host: ConsumptionHost;
  #state: 'new' | 'running' | 'stopped' | 'ended' = 'new';
  /** Its record before `index` is in the application's hands. */
  #chunk: Chunk | undefined;
  #waiting: Promise<Result<R>> | undefined;

  constructor(host: ConsumptionHost) {
    this.#host = host;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result<R>> {
    if (this.#waiting !== undefined) {
      const again = (): Promise<Result<R>> => this.next();
      return this.#waiting.then(again, again);
    }
    const chunk = this.#chunk;
    if (chunk !== undefined) {
      chunk.doneBefore(chunk.index);
      chunk.session.handBack();
      const { isOpen, isPaused } = chunk.session;
      if (isOpen && !isPaused && !chunk.isHandedOut && this.#state === 'running')
        return Promise.resolve(this.#handOut(chunk));
      this.#chunk = undefined;
      this.#host.intake.giveBack(chunk);
    }
    this.#waiting = this.#more().finally(() => {
      this.#waiting = undefined;
    });
    return this.#waiting;
  }

  async return(): Promise<Result<R>> {
    const chunk = this.#chunk;
    this.#chunk = undefined;
    if (chunk !== undefined) {
      chunk.rewind();
      chunk.session.handBack();
      this.#host.intake.giveBack(chunk);
    }
    this.stop();
    await this.#end();
    return { done: true, value: undefined };
  }

  stop(): void {
    if (this.#state === 'ended') return;
    this.#state = this.#state === 'new' ? 'ended' : 'stopped';
    this.#host.intake.wake();
  }

  *inHands(): Iterable<ConsumerRecord<unknown, unknown>> {
    const record = this.#chunk?.records[this.#chunk.index - 1];
    if (record !== undefined) yield record;
  }

  async #more(): Promise<Result<R>> {
    if (this.#state === 'new') {
      this.#state = this.#host.begin(this) ? 'running' : 'ended';
    }
    try {
      while (this.#state === 'running') {
        const chunk = await this.#host.intake.next(CHUNK_RECORDS);
        if (chunk === undefined) continue;
        if (this.#state === 'running' && chunk.session.isOpen) return this.#handOut(chunk);
        this.#host.intake.giveBack(chunk);
      }
    } catch (error) {
      await this.#end();
      throw error;
    }
    await this.#end();
    return { done: true, value: undefined };
  }

  #handOut(chunk: Chunk): Result<R> {
    this.#chunk = chunk;
    chunk.session.handOut();
    // The subscription says what the records of a topic are.
    return { done: false, value: chunk.records[chunk.index++] as R };
  }

  async #end(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    await this.#host.end(this);
  }
}
