// Where all ways to consume get their records from: the fetcher's, of partitions that are still assigned, without those that are known to be done.
//
// Invariant: what was taken is outstanding in its partition's progress before anybody has it. What is given back is given again, before what follows it.

import type { KafkaError } from '../../errors/kafka-error.ts';
import type { PartitionSession } from '../assignment/partition-session.ts';
import type { FetchedRecords, RecordFetcher } from '../fetching/types.ts';
import { Chunk } from './chunk.ts';

export interface IntakeParts {
  readonly fetcher: RecordFetcher;
  /** Of a partition that is assigned. */
  readonly sessionOf: (topic: string, partition: number) => PartitionSession | undefined;
  /** What makes consuming impossible from now on. */
  readonly failure: () => KafkaError | undefined;
}

export class Intake {
  readonly #parts: IntakeParts;
  #returned: Chunk[] = [];
  #isAwaited = false;
  #waking = new AbortController();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Some records of one partition, if there are any now. @throws what is wrong with a partition, or with the whole consumer */
  take(maxRecords: number): Chunk | undefined {
    const { fetcher, failure, sessionOf } = this.#parts;
    const error = failure();
    if (error !== undefined) throw error;
    const returned = this.#takeReturned();
    if (returned !== undefined) return returned;
    for (;;) {
      const fetched = fetcher.take(maxRecords);
      if (fetched === undefined) return undefined;
      const session = sessionOf(fetched.topic, fetched.partition);
      if (session?.isOpen !== true) continue;
      const chunk = chunkOf(session, fetched);
      if (chunk !== undefined) return chunk;
    }
  }

  /** What was not handed out of it comes again. */
  giveBack(chunk: Chunk): void {
    if (chunk.session.isOpen && !chunk.isHandedOut) this.#returned.push(chunk);
  }

  /** What was in hands comes again from its beginning, in the order of the chunks. */
  giveBackAll(chunks: Iterable<Chunk>): void {
    for (const chunk of chunks) {
      chunk.rewind();
      this.giveBack(chunk);
    }
  }

  /** As take(), when there is something, or something to say; undefined: whoever waits is to look again whether he still wants it. */
  async next(maxRecords: number): Promise<Chunk | undefined> {
    const { signal } = this.#waking;
    this.#isAwaited = true;
    try {
      const there = this.take(maxRecords);
      if (there !== undefined) return there;
      await this.#parts.fetcher.whenReady(signal);
      return this.take(maxRecords);
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
      return undefined;
    } finally {
      this.#isAwaited = false;
    }
  }

  /** Somebody waits for records. */
  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  /** Whoever waits looks again. */
  wake(): void {
    this.#waking.abort();
    this.#waking = new AbortController();
  }

  #takeReturned(): Chunk | undefined {
    if (this.#returned.length === 0) return undefined;
    this.#returned = this.#returned.filter(({ session }) => session.isOpen);
    const index = this.#returned.findIndex(({ session }) => !session.isPaused && !session.isHeld);
    return index < 0 ? undefined : this.#returned.splice(index, 1)[0];
  }
}

function chunkOf(session: PartitionSession, { records, nextPosition }: FetchedRecords): Chunk | undefined {
  const isAnyKnown = session.known.ranges.length > 0;
  const left = isAnyKnown ? records.filter((record) => !session.isKnownDone(record)) : records;
  return left.length === 0 ? undefined : new Chunk(session, left, nextPosition.offset);
}
