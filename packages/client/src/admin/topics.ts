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
import { OptionsError } from '../errors/kafka-error.ts';
import { type ConfigValues, configTexts } from './config-values.ts';
import { notController, throughQuota } from './controller.ts';
import { type EligibleLeaders, eligibleLeaders } from './eligible-leaders.ts';
import { type Operation, operationsOf } from './names.ts';
import { allOrThrow, errorOf } from './results.ts';
import { brokerTimeoutMs } from './timing.ts';

interface TopicIdentity {
  readonly name: string;
  /** Undefined: the broker is too old to tell. */
  readonly id: Uuid | undefined;
  /** One of the brokers' own, as __consumer_offsets. */
  readonly isInternal: boolean;
}

export interface TopicListing extends TopicIdentity {
  readonly partitionCount: number;
  /** Of its first partition; 0 where it has none yet. */
  readonly replicationFactor: number;
}

/** By name or, where it may have been made anew in the meantime, by id (from Kafka 3.1 on). */
export type TopicChoice = string | { readonly id: Uuid };

export interface TopicDescription extends TopicIdentity {
  readonly partitions: readonly PartitionDescription[];
  /** What this principal may do with it; only when asked for, and where the broker tells. */
  readonly authorizedOperations: readonly Operation[] | undefined;
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
const METADATA_BY_ID = { ...METADATA, minVersion: 12, neededFor: 'topic ids' };
const DELETE_TOPICS_BY_ID = { ...DELETE_TOPICS, minVersion: 6, neededFor: 'topic ids' };
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
      .map(({ partitions, ...topic }) => ({
        ...identity(topic),
        partitionCount: partitions.length,
        replicationFactor: partitions[0]?.replicaNodes.length ?? 0,
      }))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** In the order of `choices`. Rejects when one of them is not there. */
  async describe(
    choices: TopicChoice | readonly TopicChoice[],
    options: CallOptions & { includeAuthorizedOperations?: boolean } = {},
  ): Promise<TopicDescription[]> {
    const asked = [choices].flat();
    if (asked.length === 0) return [];
    const input = {
      topics: asked.map(topicOf),
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: options.includeAuthorizedOperations ?? false,
    };
    const api = asked.every(isName) ? METADATA : METADATA_BY_ID;
    const { topics } = await this.#cluster.request(api, input, { ...options, to: 'any', retry: {} });
    return allOrThrow(
      asked.map((choice) => {
        const topic = topics.find((each) => isMeant(choice, each));
        const isThere = topic !== undefined;
        const outcome = isThere ? topic : { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
        const error = errorOf(outcome, { topic: nameOf(choice), operation: 'Describe' });
        if (error !== undefined || !isThere) return error!;
        const partitions = topic.partitions.map(partitionDescription);
        return {
          ...identity(topic),
          partitions: partitions.sort((left, right) => left.index - right.index),
          authorizedOperations: operationsOf(topic.topicAuthorizedOperations),
        };
      }),
    );
  }

  /** Who may lead each partition though it is not in sync; from Kafka 3.8 on. `pageSize`: partitions in one answer. */
  eligibleLeaders(
    topics: string | readonly string[],
    options: CallOptions & { pageSize?: number } = {},
  ): Promise<EligibleLeaders[]> {
    return eligibleLeaders(this.#cluster, [topics].flat(), options);
  }

  /** Rejects with TOPIC_ALREADY_EXISTS when one is there already; the others are made. */
  async create(topics: NewTopic | readonly NewTopic[], options: ChangeOptions = {}): Promise<CreatedTopic[]> {
    const asked = [topics].flat();
    const made = asked.map(newTopic);
    const answers = await throughQuota(this.#cluster, made, options, async (open, left) => {
      const input = {
        topics: open,
        timeoutMs: brokerTimeoutMs(this.#cluster, options),
        validateOnly: options.validateOnly ?? false,
      };
      const answer = await this.#cluster.request(CREATE_TOPICS, input, {
        ...left,
        to: 'controller',
        retry: { errorOf: ({ topics }) => notController(topics) },
      });
      const byName = new Map(answer.topics.map((topic) => [topic.name, topic]));
      return open.map(({ name }) => byName.get(name));
    });
    return allOrThrow(
      asked.map(({ name }, index) => {
        const topic = answers[index];
        const error = errorOf(topic, { topic: name, operation: 'Create' });
        if (error !== undefined) return error;
        const { numPartitions, replicationFactor, topicId } = topic!;
        return {
          name,
          id: knownId(topicId),
          partitions: numPartitions < 0 ? undefined : numPartitions,
          replicationFactor: replicationFactor < 0 ? undefined : replicationFactor,
        };
      }),
    );
  }

  async delete(choices: TopicChoice | readonly TopicChoice[], options: CallOptions = {}): Promise<void> {
    const asked = [choices].flat();
    if (asked.length === 0) return;
    const api = asked.every(isName) ? DELETE_TOPICS : DELETE_TOPICS_BY_ID;
    const answers = await throughQuota(this.#cluster, asked, options, async (open, left) => {
      const input = {
        topics: open.map(topicOf),
        topicNames: open.filter(isName),
        timeoutMs: brokerTimeoutMs(this.#cluster, options),
      };
      const { responses } = await this.#cluster.request(api, input, {
        ...left,
        to: 'controller',
        retry: { errorOf: ({ responses }) => notController(responses) },
      });
      return open.map((choice) => responses.find((each) => isMeant(choice, each)));
    });
    allOrThrow(
      asked.map((choice, index) => errorOf(answers[index], { topic: nameOf(choice), operation: 'Delete' })),
    );
  }

  async addPartitions(
    growth: NewPartitions | readonly NewPartitions[],
    options: ChangeOptions = {},
  ): Promise<void> {
    const asked = [growth].flat();
    const answers = await throughQuota(this.#cluster, asked, options, async (open, left) => {
      const input = {
        topics: open.map(({ topic, count, assignments }) => ({
          name: topic,
          count,
          assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null,
        })),
        timeoutMs: brokerTimeoutMs(this.#cluster, options),
        validateOnly: options.validateOnly ?? false,
      };
      const answer = await this.#cluster.request(CREATE_PARTITIONS, input, {
        ...left,
        to: 'controller',
        retry: { errorOf: ({ results }) => notController(results) },
      });
      const byName = new Map(answer.results.map((result) => [result.name, result]));
      return open.map(({ topic }) => byName.get(topic));
    });
    allOrThrow(asked.map(({ topic }, index) => errorOf(answers[index], { topic, operation: 'Alter' })));
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

function identity({
  name,
  topicId,
  isInternal,
}: {
  name: string | null;
  topicId: Uuid;
  isInternal: boolean;
}) {
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

function isName(choice: TopicChoice): choice is string {
  return typeof choice === 'string';
}

function nameOf(choice: TopicChoice): string {
  return isName(choice) ? choice : choice.id;
}

/** As requests have it: with a name or an id. */
function topicOf(choice: TopicChoice): { name: string | null; topicId: Uuid } {
  return isName(choice) ? { name: choice, topicId: ZERO_UUID } : { name: null, topicId: choice.id };
}

function isMeant(choice: TopicChoice, { name, topicId }: { name: string | null; topicId: Uuid }): boolean {
  return isName(choice) ? choice === name : choice.id === topicId;
}
