// Where brokers keep partitions: their log directories, what is in them, and moving replicas from one to another.

import {
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
  type DescribeLogDirsResponse,
  describeLogDirsRequest,
  describeLogDirsResponse,
} from '@moldau/protocol';
import { byTopic, keyOf, type TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { type BrokerError, KafkaError } from '../errors/kafka-error.ts';
import { eachBroker } from './each-broker.ts';
import { allOrThrow, each, errorOf, wholeAnswer } from './results.ts';

export interface LogDirDescription {
  readonly brokerId: number;
  readonly path: string;
  /** Why it cannot be used; undefined: it can. */
  readonly error: BrokerError | undefined;
  /** Of the volume; undefined where the broker is too old to tell. */
  readonly totalBytes: number | undefined;
  readonly usableBytes: number | undefined;
  /** No new replicas are put there (KIP-1066). */
  readonly isCordoned: boolean;
  readonly replicas: readonly LogDirReplica[];
}

export interface LogDirReplica extends TopicPartition {
  readonly sizeBytes: number;
  /** Of a replica that is there: records that are not replicated yet. Of one on its way: records that are still to come. */
  readonly offsetLag: number;
  /** It is on its way there, and will take the other's place. */
  readonly isFuture: boolean;
}

export interface Replica extends TopicPartition {
  readonly brokerId: number;
}

export interface ReplicaLogDir extends Replica {
  /** Undefined: the broker has no such replica. */
  readonly path: string | undefined;
  readonly offsetLag: number | undefined;
  /** Where it is on its way to. */
  readonly futurePath: string | undefined;
  readonly futureOffsetLag: number | undefined;
}

export interface ReplicaMove extends Replica {
  /** One of the broker's log.dirs. */
  readonly path: string;
}

const DESCRIBE = { request: describeLogDirsRequest, response: describeLogDirsResponse, minVersion: 1 };
const ALTER = { request: alterReplicaLogDirsRequest, response: alterReplicaLogDirsResponse, minVersion: 1 };

export class LogDirsAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Of all brokers, or of some; of all partitions, or of some. */
  async describe(
    options: CallOptions & { brokerIds?: readonly number[]; partitions?: readonly TopicPartition[] } = {},
  ): Promise<LogDirDescription[]> {
    const { brokerIds, partitions } = options;
    const topics = partitions === undefined ? null : asked(partitions);
    return await eachBroker(this.#cluster, brokerIds, options, async (brokerId, call) => {
      const retry = wholeAnswer('Describe');
      const { results } = await this.#cluster.request(DESCRIBE, { topics }, { ...call, retry });
      return results.map((result) => description(brokerId, result));
    });
  }

  /** Where single replicas are, in the order of `replicas`. */
  async replicas(
    replicas: Replica | readonly Replica[],
    options: CallOptions = {},
  ): Promise<ReplicaLogDir[]> {
    const wanted = [replicas].flat();
    const brokerIds = [...new Set(wanted.map(({ brokerId }) => brokerId))];
    const dirs = await this.describe({ ...options, brokerIds, partitions: wanted });
    return wanted.map(({ topic, partition, brokerId }) => {
      const places = dirs
        .filter((dir) => dir.brokerId === brokerId)
        .flatMap(({ path, replicas }) => replicas.map((replica) => ({ ...replica, path })))
        .filter((replica) => keyOf(replica) === keyOf({ topic, partition }));
      const current = places.find(({ isFuture }) => !isFuture);
      const future = places.find(({ isFuture }) => isFuture);
      return {
        ...{ topic, partition, brokerId },
        ...{ path: current?.path, offsetLag: current?.offsetLag },
        ...{ futurePath: future?.path, futureOffsetLag: future?.offsetLag },
      };
    });
  }

  /** Moves replicas to other log directories of their brokers. Resolves when that has begun: see `replicas` for how far it is. */
  async alter(moves: ReplicaMove | readonly ReplicaMove[], options: CallOptions = {}): Promise<void> {
    const wanted = [moves].flat();
    const errors = new Map<ReplicaMove, KafkaError | undefined>();
    await each([...Map.groupBy(wanted, ({ brokerId }) => brokerId)], async ([brokerId, group]) => {
      const dirs = [...Map.groupBy(group, ({ path }) => path)].map(([path, moves]) => ({
        path,
        topics: asked(moves).map(({ topic, partitions }) => ({ name: topic, partitions })),
      }));
      try {
        const { results } = await this.#cluster.request(
          ALTER,
          { dirs },
          { ...options, to: { brokerId }, retry: {} },
        );
        for (const move of group) errors.set(move, moveError(move, results));
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        for (const move of group) errors.set(move, error);
      }
    });
    allOrThrow(wanted.map((move) => errors.get(move)));
  }
}

function asked(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return [...byTopic(partitions)].map(([topic, group]) => ({
    topic,
    partitions: group.map(({ partition }) => partition),
  }));
}

function description(
  brokerId: number,
  result: DescribeLogDirsResponse['results'][number],
): LogDirDescription {
  const { logDir, totalBytes, usableBytes, isCordoned, topics } = result;
  return {
    ...{ brokerId, path: logDir, isCordoned },
    error: errorOf(result, { broker: String(brokerId) }),
    totalBytes: totalBytes < 0 ? undefined : totalBytes,
    usableBytes: usableBytes < 0 ? undefined : usableBytes,
    replicas: topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => ({
        ...{ topic: name, partition: partitionIndex },
        ...{ sizeBytes: partitionSize, offsetLag, isFuture: isFutureKey },
      })),
    ),
  };
}

function moveError(
  { topic, partition, brokerId, path }: ReplicaMove,
  results: readonly {
    topicName: string;
    partitions: readonly { partitionIndex: number; errorCode: number }[];
  }[],
): BrokerError | undefined {
  const answers = results
    .filter(({ topicName }) => topicName === topic)
    .flatMap(({ partitions }) => partitions);
  const answer = answers.find(({ partitionIndex }) => partitionIndex === partition);
  const resource = `${topic}, partition ${partition}, to ${path} of broker ${brokerId}`;
  return errorOf(answer, { topic, partition, broker: String(brokerId), resource, operation: 'Alter' });
}
