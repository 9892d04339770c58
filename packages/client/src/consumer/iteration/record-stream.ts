// The consumer as a Readable of records. A record is done when its reader is ready for more: it read again, or did not pause the stream. With pipe() that
// is when the next stream has taken it into its buffer; to be certain, commit by hand where the record is processed.

import { Readable } from 'node:stream';
import { type Consumption, type ConsumptionHost, stopOn } from '../consumption.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';
import type { Chunk } from './chunk.ts';
import { CHUNK_RECORDS } from './record-iteration.ts';

export interface StreamOptions {
  /** Records that wait in the stream itself. Default 1: what was fetched ahead waits in the consumer. */
  readonly highWaterMark?: number | undefined;
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
}

export class RecordStream<R = ConsumerRecord<unknown, unknown>> extends Readable implements Consumption {
  readonly #host: ConsumptionHost;
  #state: 'new' | 'running' | 'stopped' | 'ended' = 'new';
  /** Being pushed. */
  #chunk: Chunk | undefined;
  readonly #release: () => void;
  #isReading = false;
  /** Asked for more since the last push. */
  #isWanted = false;
  /** In the stream: the chunk of each record that was pushed and not read. */
  readonly #waiting: { readonly chunk: Chunk; readonly index: number }[] = [];
  #inHand: { readonly chunk: Chunk; readonly index: number } | undefined;

  constructor(host: ConsumptionHost, { highWaterMark = 1, signal }: StreamOptions = {}) {
    super({ objectMode: true, highWaterMark });
    this.#host = host;
    this.#release = stopOn(signal, this);
  }

  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<R> {
    return super[Symbol.asyncIterator]();
  }

  override read(count?: number): unknown {
    if (count !== 0) this.#done();
    return super.read(count);
  }

  /** All records leave the stream as 'data', also those that are read. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if (event !== 'data') return super.emit(event, ...values);
    this.#done();
    this.#inHand = this.#waiting.shift();
    this.#inHand?.chunk.session.handOut();
    const isHeard = super.emit(event, ...values);
    if (this.readableFlowing === true) this.#done();
    return isHeard;
  }

  override _read(): void {
    this.#isWanted = true;
    if (this.#isReading) return;
    this.#isReading = true;
    this.#fill().catch((error: unknown) => this.destroy(error as Error));
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#giveBack();
    this.stop();
    this.#end().then(() => callback(error), callback);
  }

  stop(): void {
    if (this.#state === 'ended') return;
    this.#state = 'stopped';
    this.#host.intake.wake();
    if (!this.#isReading) this._read();
  }

  *inHands(): Iterable<ConsumerRecord<unknown, unknown>> {
    if (this.#inHand !== undefined) yield this.#inHand.chunk.records[this.#inHand.index]!;
  }

  async #fill(): Promise<void> {
    if (this.#state === 'new') this.#state = this.#host.begin(this) ? 'running' : 'stopped';
    while (this.#state === 'running') {
      const chunk = this.#chunk ?? (await this.#host.intake.next(CHUNK_RECORDS));
      this.#chunk = chunk;
      if (chunk === undefined) continue;
      while (!chunk.isHandedOut && chunk.session.isOpen && !chunk.session.isPaused) {
        const index = chunk.index++;
        this.#waiting.push({ chunk, index });
        this.#isWanted = false;
        if (!this.push(chunk.records[index]) && !this.#isWanted) {
          this.#isReading = false;
          return;
        }
        if (this.#state !== 'running') break;
      }
      this.#chunk = undefined;
      if (!chunk.isHandedOut) this.#host.intake.giveBack(chunk);
    }
    if (this.#state === 'stopped' && !this.destroyed) this.push(null);
  }

  #done(): void {
    if (this.#inHand === undefined) return;
    const { chunk, index } = this.#inHand;
    this.#inHand = undefined;
    chunk.doneBefore(index + 1);
    chunk.session.handBack();
  }

  /** In their order. */
  #giveBack(): void {
    const chunks = new Set<Chunk>();
    if (this.#inHand !== undefined) {
      chunks.add(this.#inHand.chunk);
      this.#inHand.chunk.session.handBack();
      this.#inHand = undefined;
    }
    for (const { chunk } of this.#waiting.splice(0)) chunks.add(chunk);
    if (this.#chunk !== undefined) chunks.add(this.#chunk);
    this.#chunk = undefined;
    this.#host.intake.giveBackAll(chunks);
  }

  async #end(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#release();
    await this.#host.end(this);
  }
}
