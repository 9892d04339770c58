// Records of one or several partitions, in the order of each, that are done together.

import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import type { CallOptions } from '../../cluster/cluster.ts';
import type { ConsumptionHost } from '../consumption.ts';
import type { CommitOffset } from '../groups/types.ts';
import type { Chunk } from './chunk.ts';

/** Records of a chunk, from `from` to before `to`. */
export interface ChunkPart {
  readonly chunk: Chunk;
  readonly from: number;
  readonly to: number;
}

export class ConsumerBatch<R> implements Iterable<R> {
  readonly records: readonly R[];
  /** Where each partition goes on when the batch is done, as transactions want it. */
  readonly offsets: readonly CommitOffset[];
  readonly #parts: readonly ChunkPart[];
  readonly #host: ConsumptionHost;
  #signal: AbortSignal | undefined;

  /** For those who make batches. */
  constructor(parts: readonly ChunkPart[], host: ConsumptionHost) {
    this.#parts = parts;
    this.#host = host;
    // The subscription says what the records of a topic are.
    this.records = parts.flatMap(({ chunk, from, to }) => chunk.records.slice(from, to)) as unknown as R[];
    this.offsets = offsetsOf(parts);
  }

  get length(): number {
    return this.records.length;
  }

  get partitions(): TopicPartition[] {
    return this.offsets.map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Aborted when one of its partitions has gone to others, or was lost: what is done of it does not count any more. */
  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.any(this.#parts.map(({ chunk }) => chunk.session.signal));
    return this.#signal;
  }

  [Symbol.iterator](): Iterator<R> {
    return this.records[Symbol.iterator]();
  }

  /** All records are done, and that is committed. Without it they are done when the next batch is asked for. */
  async commit(options: CallOptions = {}): Promise<void> {
    this.done();
    await this.#host.commitDone([...new Set(this.#parts.map(({ chunk }) => chunk.session))], options);
  }

  /** All records are done. */
  done(): void {
    for (const { chunk, to } of this.#parts) chunk.doneBefore(to);
  }
}

function offsetsOf(parts: readonly ChunkPart[]): CommitOffset[] {
  const last = new Map(parts.map((part) => [part.chunk.session, part]));
  return [...last.values()].map(({ chunk, to }) => {
    const { topic, partition } = chunk.session;
    const next = chunk.records[to];
    return {
      ...{ topic, partition },
      offset: next?.offset ?? chunk.outstanding.to,
      leaderEpoch: chunk.records[to - 1]!.leaderEpoch,
    };
  });
}
