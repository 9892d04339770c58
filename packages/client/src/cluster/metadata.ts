// What is known of the cluster: its brokers, and its topics with their partitions and leaders. Only what brokers said, and never less than was known.
//
// Invariants: a partition's leader is never replaced by one of an older epoch (another broker may answer from older knowledge), unless the topic was
// made anew. Nothing here waits or asks; see metadata-refresh.ts.

import { ErrorCode, type MetadataResponse, type Uuid, ZERO_UUID } from '@moldau/protocol';
import type { BrokerPlace } from '../network/broker-pool.ts';

export interface Broker extends BrokerPlace {
  readonly rack: string | undefined;
}

export interface Partition {
  readonly index: number;
  /** Undefined: it has none just now, or none that is known. */
  readonly leaderId: number | undefined;
  /** -1: the broker is too old to tell. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface Topic {
  readonly name: string;
  /** Undefined: the broker is too old to tell. */
  readonly id: Uuid | undefined;
  readonly isInternal: boolean;
  /** By their index, from 0 without gaps. */
  readonly partitions: readonly Partition[];
}

/** What changed, for those who follow. */
export interface MetadataChange {
  /** Topics that are new, gone, or have other partitions or leaders. */
  readonly topics: ReadonlySet<string>;
}

/** A look at what is known now. */
export interface MetadataView {
  readonly clusterId: string | undefined;
  readonly controllerId: number | undefined;
  readonly brokers: ReadonlyMap<number, Broker>;
  readonly topics: ReadonlyMap<string, Topic>;
  topic(name: string): Topic | undefined;
  topicById(id: Uuid): Topic | undefined;
  partition(topic: string, index: number): Partition | undefined;
  /** Undefined while the leader, or its address, is not known. */
  leader(topic: string, index: number): Broker | undefined;
  /** What the broker said of a topic when it was last asked for: NONE, or an error code; undefined: it was not asked for. */
  topicError(name: string): number | undefined;
}

/** A leader as answers to Produce and Fetch tell it (KIP-951). */
export interface TaughtLeader {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

type TopicAnswer = MetadataResponse['topics'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];

export class Metadata implements MetadataView {
  #clusterId: string | undefined;
  #controllerId: number | undefined;
  #brokers: Map<number, Broker> = new Map();
  readonly #topics = new Map<string, Topic>();
  readonly #names = new Map<Uuid, string>();
  readonly #errors = new Map<string, number>();

  get clusterId(): string | undefined {
    return this.#clusterId;
  }

  get controllerId(): number | undefined {
    return this.#controllerId;
  }

  get brokers(): ReadonlyMap<number, Broker> {
    return this.#brokers;
  }

  get topics(): ReadonlyMap<string, Topic> {
    return this.#topics;
  }

  topic(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  topicById(id: Uuid): Topic | undefined {
    const name = this.#names.get(id);
    return name === undefined ? undefined : this.#topics.get(name);
  }

  partition(topic: string, index: number): Partition | undefined {
    return this.#topics.get(topic)?.partitions[index];
  }

  leader(topic: string, index: number): Broker | undefined {
    const leaderId = this.partition(topic, index)?.leaderId;
    return leaderId === undefined ? undefined : this.#brokers.get(leaderId);
  }

  topicError(name: string): number | undefined {
    return this.#errors.get(name);
  }

  /** `isWhole`: the answer has all topics there are, so others are gone. `answeredBy` is the address that it came from. */
  apply(answer: MetadataResponse, options: { isWhole: boolean; answeredBy: string }): MetadataChange {
    const { brokers, clusterId, controllerId } = answer;
    this.#clusterId = clusterId ?? this.#clusterId;
    this.#controllerId = controllerId < 0 ? undefined : controllerId;
    if (brokers.length > 0) {
      const advertisedBy = options.answeredBy;
      this.#brokers = new Map(
        brokers.map(({ nodeId, host, port, rack }) => [
          nodeId,
          { id: nodeId, host, port, rack: rack ?? undefined, advertisedBy },
        ]),
      );
    }
    const changed = new Set<string>();
    if (options.isWhole) this.#dropOthers(new Set(answer.topics.map(({ name }) => name)), changed);
    for (const topic of answer.topics) this.#applyTopic(topic, changed);
    return { topics: changed };
  }

  /** Takes over leaders that a broker told with an error; their addresses stand in `endpoints`. */
  teach(
    topic: string,
    index: number,
    { leaderId, leaderEpoch }: TaughtLeader,
    endpoints: readonly { nodeId: number; host: string; port: number; rack: string | null }[],
  ): MetadataChange {
    const known = this.#topics.get(topic);
    const partition = known?.partitions[index];
    if (
      known === undefined ||
      partition === undefined ||
      leaderId < 0 ||
      leaderEpoch <= partition.leaderEpoch
    )
      return { topics: new Set() };
    for (const { nodeId, host, port, rack } of endpoints) {
      const place = this.#brokers.get(nodeId);
      if (place?.host !== host || place.port !== port)
        this.#brokers.set(nodeId, { id: nodeId, host, port, rack: rack ?? undefined });
    }
    // Without its address the leader could not be asked; a refresh finds both.
    if (!this.#brokers.has(leaderId)) return { topics: new Set() };
    const partitions = known.partitions.with(index, { ...partition, leaderId, leaderEpoch });
    this.#topics.set(topic, { ...known, partitions });
    return { topics: new Set([topic]) };
  }

  #dropOthers(names: ReadonlySet<string | null>, changed: Set<string>): void {
    for (const name of this.#topics.keys()) {
      if (!names.has(name)) this.#drop(name, changed);
    }
    for (const name of this.#errors.keys()) {
      if (!names.has(name)) this.#errors.delete(name);
    }
  }

  #drop(name: string, changed: Set<string>): void {
    const id = this.#topics.get(name)?.id;
    if (id !== undefined && this.#names.get(id) === name) this.#names.delete(id);
    if (this.#topics.delete(name)) changed.add(name);
  }

  #applyTopic(answer: TopicAnswer, changed: Set<string>): void {
    const { name, errorCode } = answer;
    if (name === null) return;
    this.#errors.set(name, errorCode);
    if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION || errorCode === ErrorCode.UNKNOWN_TOPIC_ID) {
      this.#drop(name, changed);
      return;
    }
    // What was known is better than nothing: another broker may be of use still.
    if (errorCode !== ErrorCode.NONE) return;
    const known = this.#topics.get(name);
    const id = answer.topicId === ZERO_UUID ? undefined : answer.topicId;
    const isSame = known !== undefined && (id === undefined || known.id === undefined || known.id === id);
    const partitions = inOrder(answer.partitions).map((partition) =>
      newest(isSame ? known.partitions[partition.partitionIndex] : undefined, partition),
    );
    const isChanged =
      !isSame ||
      known.partitions.length !== partitions.length ||
      partitions.some((partition, index) => partition !== known.partitions[index]);
    if (known !== undefined && !isSame) this.#drop(name, changed);
    this.#topics.set(name, { name, id, isInternal: answer.isInternal, partitions });
    if (id !== undefined) this.#names.set(id, name);
    if (isChanged) changed.add(name);
  }
}

/** From 0 on, as far as there is no gap. */
function inOrder(partitions: readonly PartitionAnswer[]): PartitionAnswer[] {
  const sorted = partitions.toSorted((left, right) => left.partitionIndex - right.partitionIndex);
  const gap = sorted.findIndex(({ partitionIndex }, index) => partitionIndex !== index);
  return gap < 0 ? sorted : sorted.slice(0, gap);
}

function newest(known: Partition | undefined, answer: PartitionAnswer): Partition {
  if (known !== undefined && answer.leaderEpoch >= 0 && answer.leaderEpoch < known.leaderEpoch) return known;
  const partition: Partition = {
    index: answer.partitionIndex,
    leaderId: answer.leaderId < 0 ? undefined : answer.leaderId,
    leaderEpoch: answer.leaderEpoch,
    replicas: answer.replicaNodes,
    inSyncReplicas: answer.isrNodes,
    offlineReplicas: answer.offlineReplicas,
  };
  return known !== undefined && isSamePartition(known, partition) ? known : partition;
}

function isSamePartition(left: Partition, right: Partition): boolean {
  return (
    left.leaderId === right.leaderId &&
    left.leaderEpoch === right.leaderEpoch &&
    isSameList(left.replicas, right.replicas) &&
    isSameList(left.inSyncReplicas, right.inSyncReplicas) &&
    isSameList(left.offlineReplicas, right.offlineReplicas)
  );
}

function isSameList(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((each, index) => each === right[index]);
}
