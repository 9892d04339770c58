// Where partitions begin and end, and where a time is in them, for the application and the watchdog.

import { listOffsetsRequest, listOffsetsResponse } from '@moldau/protocol';
import { askLeaders, byTopic, type TopicPartition } from '../../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../../cluster/cluster.ts';
import { KafkaError, PartialFailureError } from '../../errors/kafka-error.ts';

/** From the first offset that can be read to the one behind the last. */
export interface Watermarks extends TopicPartition {
  readonly low: number;
  readonly high: number;
}

export interface TimeQuery extends TopicPartition {
  readonly timestampMs: number;
}

export interface OffsetForTime extends TopicPartition {
  /** Of the first record that is not older; undefined: there is none. */
  readonly offset: number | undefined;
  readonly timestampMs: number | undefined;
  readonly leaderEpoch: number | undefined;
}

interface FoundPlace extends TopicPartition {
  readonly errorCode: number;
  /** -1, as the others: there is none. */
  readonly offset: number;
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

const LATEST = -1;
const EARLIEST = -2;
const CONSUMER = -1;

export class OffsetQueries {
  readonly #cluster: Cluster;
  readonly #isolation: 'read-uncommitted' | 'read-committed';

  constructor(cluster: Cluster, isolation: 'read-uncommitted' | 'read-committed') {
    this.#cluster = cluster;
    this.#isolation = isolation;
  }

  /** In the order of the question. What the consumer's isolation may read ends at `high`. */
  async watermarks(partitions: readonly TopicPartition[], options: CallOptions = {}): Promise<Watermarks[]> {
    const at = (timestampMs: number) =>
      this.forTimes(
        partitions.map(({ topic, partition }) => ({ topic, partition, timestampMs })),
        options,
      );
    const [lows, highs] = await Promise.all([at(EARLIEST), at(LATEST)]);
    return partitions.map(({ topic, partition }, index) => ({
      ...{ topic, partition },
      low: lows[index]!.offset ?? 0,
      high: highs[index]!.offset ?? 0,
    }));
  }

  /** Where they end, in the order of the question. */
  async ends(partitions: readonly TopicPartition[], options: CallOptions = {}): Promise<number[]> {
    const queries = partitions.map(({ topic, partition }) => ({ topic, partition, timestampMs: LATEST }));
    return (await this.forTimes(queries, options)).map(({ offset }) => offset ?? 0);
  }

  /** In the order of the question. Rejects when one of them cannot be had. */
  async forTimes(queries: readonly TimeQuery[], options: CallOptions = {}): Promise<OffsetForTime[]> {
    if (queries.length === 0) return [];
    const items = queries.map((query) => ({ ...query }));
    const results = await askLeaders(
      this.#cluster,
      items,
      options,
      (brokerId, asked, { deadlineMs, signal }) => {
        const leftMs = Math.max(1, Math.ceil(deadlineMs - this.#cluster.ports.clock.monotonicMs()));
        const timeoutMs = Math.min(leftMs, this.#cluster.settings.requestTimeoutMs);
        return this.#ask(brokerId, asked, { timeoutMs, signal });
      },
    );
    const answers = items.map((item) => results.get(item)!);
    const errors = answers.filter((answer) => answer instanceof KafkaError);
    if (errors.length > 0) throw errors.length === 1 ? errors[0] : new PartialFailureError(answers);
    return (answers as FoundPlace[]).map(({ topic, partition, offset, timestamp, leaderEpoch }) => ({
      ...{ topic, partition },
      offset: offset < 0 ? undefined : offset,
      timestampMs: timestamp < 0 ? undefined : timestamp,
      leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch,
    }));
  }

  async #ask(
    brokerId: number,
    items: readonly TimeQuery[],
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<FoundPlace[]> {
    const isCommittedOnly = this.#isolation === 'read-committed';
    const api = {
      ...{ request: listOffsetsRequest, response: listOffsetsResponse },
      minVersion: isCommittedOnly ? 2 : 1,
    };
    const input = {
      ...{ replicaId: CONSUMER, isolationLevel: isCommittedOnly ? 1 : 0, timeoutMs },
      topics: [...byTopic(items)].map(([name, group]) => ({
        name,
        partitions: group.map(({ partition, timestampMs }) => ({
          partitionIndex: partition,
          timestamp: timestampMs,
        })),
      })),
    };
    const { topics } = await this.#cluster.request(api, input, { to: { brokerId }, timeoutMs, signal });
    return topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, ...found }) => ({
        topic: name,
        partition: partitionIndex,
        ...found,
      })),
    );
  }
}
