// Topics: which there are, what they are like; making, growing and deleting them.

import {
  createPartitionsRequest,
  createPartitionsResponse,
  createTopicsRequest,
  createTopicsResponse,
  deleteTopicsRequest,
  deleteTopicsResponse,
  ErrorCode,
  metadataRequest,
  metadataResponse,
  type Uuid,
  ZERO_UUID,
} from '@moldau/protocol';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { BrokerError, OptionsError } from '../errors/kafka-error.ts';
import { type ConfigValues, configTexts } from './config-values.ts';
import { allOrThrow } from './results.ts';

export interface TopicListing {
  readonly name: string;
  /** Undefined: the broker is too old to tell. */
  readonly id: Uuid | undefined;
  /** One of the brokers' own, as __consumer_offsets. */
  readonly isInternal: boolean;
}

export interface TopicDescription extends TopicListing {
  readonly partitions: readonly PartitionDescription[];
}

export interface PartitionDescription {
  readonly index: number;
  /** Undefined: there is none just now. */
  readonly leaderId: number | undefined;
  readonly leaderEpoch: number | undefined;
  /** Ids of brokers, the preferred leader first. */
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
  readonly offlineReplicas: readonly number[];
}

export interface NewTopic {
  readonly name: string;
  /** By default the broker's num.partitions. */
  readonly partitions?: number;
  /** By default the broker's default.replication.factor. */
  readonly replicationFactor?: number;
  /** In place of the two: brokers for each partition, the preferred leader first. */
  readonly assignments?: readonly (readonly number[])[];
  readonly configs?: ConfigValues;
}

export interface CreatedTopic {
  readonly name: string;
  readonly id: Uuid | undefined;
  /** Undefined where the broker is too old to tell, or this client may not know. */
  readonly partitions: number | undefined;
  readonly replicationFactor: number | undefined;
}

export interface NewPartitions {
  readonly topic: string;
  /** How many there are to be in all. */
  readonly count: number;
  /** Brokers for each new partition. */
  readonly assignments?: readonly (readonly number[])[];
}

export interface ChangeOptions extends CallOptions {
  /** Only asks whether it could be done. */
  readonly validateOnly?: boolean;
}

const METADATA = { request: metadataRequest, response: metadataResponse, minVersion: 1 };
// From 4 on the broker has defaults for partitions and replication.
const CREATE_TOPICS = { request: createTopicsRequest, response: createTopicsResponse, minVersion: 4 };
const DELETE_TOPICS = { request: deleteTopicsRequest, response: deleteTopicsResponse };
const CREATE_PARTITIONS = { request: createPartitionsRequest, response: createPartitionsResponse };

export class TopicsAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** By name; the brokers' own topics are left out unless asked for. */
  async list(options: CallOptions & { includeInternal?: boolean } = {}): Promise<TopicListing[]> {
    const { topics } = await this.#cluster.request(
      METADATA,
      { topics: null },
      { ...options, to: 'any', retry: {} },
    );
    return topics
      .filter(({ isInternal }) => options.includeInternal === true || !isInternal)
      .map(listing)
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** In the order of `names`. Rejects when one of them is not there. */
  async describe(names: string | readonly string[], options: CallOptions = {}): Promise<TopicDescription[]> {
    const asked = [names].flat();
    if (asked.length === 0) return [];
    const input = { topics: asked.map((name) => ({ name })), allowAutoTopicCreation: false };
    const { topics } = await this.#cluster.request(METADATA, input, { ...options, to: 'any', retry: {} });
    const byName = new Map(topics.map((topic) => [topic.name, topic]));
    return allOrThrow(
      asked.map((name) => {
        const topic = byName.get(name);
        const errorCode = topic?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
        if (topic === undefined || errorCode !== ErrorCode.NONE)
          return new BrokerError(errorCode, { topic: name });
        const partitions = topic.partitions.map(partitionDescription);
        return { ...listing(topic), partitions: partitions.sort((left, right) => left.index - right.index) };
      }),
    );
  }

  /** Rejects with TOPIC_ALREADY_EXISTS when one is there already; the others are made. */
  async create(topics: NewTopic | readonly NewTopic[], options: ChangeOptions = {}): Promise<CreatedTopic[]> {
    const asked = [topics].flat();
    const input = {
      topics: asked.map(newTopic),
      timeoutMs: this.#brokerTimeoutMs(options),
      validateOnly: options.validateOnly ?? false,
    };
    const answer = await this.#cluster.request(CREATE_TOPICS, input, {
      ...options,
      to: 'controller',
      retry: { errorOf: ({ topics }) => notController(topics) },
    });
    const byName = new Map(answer.topics.map((topic) => [topic.name, topic]));
    return allOrThrow(
      asked.map(({ name }) => {
        const topic = byName.get(name);
        const error = errorAbout(name, topic);
        if (topic === undefined || error !== undefined) return error ?? new BrokerError(-1, { topic: name });
        const { numPartitions, replicationFactor, topicId } = topic;
        return {
          name,
          id: knownId(topicId),
          partitions: numPartitions < 0 ? undefined : numPartitions,
          replicationFactor: replicationFactor < 0 ? undefined : replicationFactor,
        };
      }),
    );
  }

  async delete(names: string | readonly string[], options: CallOptions = {}): Promise<void> {
    const asked = [names].flat();
    const input = {
      topics: asked.map((name) => ({ name, topicId: ZERO_UUID })),
      topicNames: asked,
      timeoutMs: this.#brokerTimeoutMs(options),
    };
    const answer = await this.#cluster.request(DELETE_TOPICS, input, {
      ...options,
      to: 'controller',
      retry: { errorOf: ({ responses }) => notController(responses) },
    });
    const byName = new Map(answer.responses.map((topic) => [topic.name, topic]));
    allOrThrow(asked.map((name) => errorAbout(name, byName.get(name))));
  }

  async addPartitions(
    growth: NewPartitions | readonly NewPartitions[],
    options: ChangeOptions = {},
  ): Promise<void> {
    const asked = [growth].flat();
    const input = {
      topics: asked.map(({ topic, count, assignments }) => ({
        name: topic,
        count,
        assignments: assignments?.map((brokerIds) => ({ brokerIds: [...brokerIds] })) ?? null,
      })),
      timeoutMs: this.#brokerTimeoutMs(options),
      validateOnly: options.validateOnly ?? false,
    };
    const answer = await this.#cluster.request(CREATE_PARTITIONS, input, {
      ...options,
      to: 'controller',
      retry: { errorOf: ({ results }) => notController(results) },
    });
    const byName = new Map(answer.results.map((result) => [result.name, result]));
    allOrThrow(asked.map(({ topic }) => errorAbout(topic, byName.get(topic))));
  }

  /** For the broker to wait until its change is known; a little less than this client waits for the broker. */
  #brokerTimeoutMs({ timeoutMs }: CallOptions): number {
    const { requestTimeoutMs } = this.#cluster.settings;
    return Math.floor(Math.min(timeoutMs ?? requestTimeoutMs, requestTimeoutMs) * 0.9);
  }
}

function newTopic({ name, partitions, replicationFactor, assignments, configs = {} }: NewTopic) {
  if (assignments !== undefined && (partitions !== undefined || replicationFactor !== undefined))
    throw new OptionsError(
      `The topic ${name} has assignments, so partitions and replicationFactor follow from them.`,
    );
  return {
    name,
    numPartitions: partitions ?? -1,
    replicationFactor: replicationFactor ?? -1,
    assignments: (assignments ?? []).map((brokerIds, partitionIndex) => ({
      partitionIndex,
      brokerIds: [...brokerIds],
    })),
    configs: configTexts(configs),
  };
}

function listing({ name, topicId, isInternal }: { name: string | null; topicId: Uuid; isInternal: boolean }) {
  return { name: name ?? '', id: knownId(topicId), isInternal };
}

function knownId(id: Uuid): Uuid | undefined {
  return id === ZERO_UUID ? undefined : id;
}

function partitionDescription(partition: {
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicaNodes: readonly number[];
  readonly isrNodes: readonly number[];
  readonly offlineReplicas: readonly number[];
}): PartitionDescription {
  const { leaderId, leaderEpoch } = partition;
  return {
    index: partition.partitionIndex,
    leaderId: leaderId < 0 ? undefined : leaderId,
    leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch,
    replicas: partition.replicaNodes,
    inSyncReplicas: partition.isrNodes,
    offlineReplicas: partition.offlineReplicas,
  };
}

/** One broker answers for all topics, so when it is not the controller, it says so of each. */
function notController(answers: readonly { errorCode: number }[]): number {
  const isOther = answers.some(({ errorCode }) => errorCode === ErrorCode.NOT_CONTROLLER);
  return isOther ? ErrorCode.NOT_CONTROLLER : ErrorCode.NONE;
}

function errorAbout(
  topic: string,
  answer: { errorCode: number; errorMessage: string | null } | undefined,
): BrokerError | undefined {
  const errorCode = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
  if (errorCode === ErrorCode.NONE) return undefined;
  return new BrokerError(errorCode, { topic, said: answer?.errorMessage ?? null });
}
