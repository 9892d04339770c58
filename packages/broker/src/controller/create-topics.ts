// Decides which of the topics asked for come to be, by Kafka's rules and in Kafka's words.

import {
  CLUSTER_METADATA_TOPIC,
  ConfigResourceType,
  type MetadataRecord,
  type PartitionRun,
  topicNameProblem,
} from '@moldau/metadata';
import { ErrorCode, KafkaError, type Uuid, ZERO_UUID } from '@moldau/protocol';
import { validateTopicConfigs } from '../config/validate.ts';
import type { MutationQuota } from '../quotas/client-quotas.ts';
import { MetadataView, type ReadableMetadata } from './metadata-view.ts';
import { failed, type ItemResult, OK, type Outcome, splitDuplicates } from './outcome.ts';
import { invalidAssignment, placeAsAsked, spreadReplicas } from './replica-placement.ts';

/** More than this in one request stalls everybody. */
export const MAX_PARTITIONS_PER_REQUEST = 10_000;
/** What a request says for "as the broker is configured". */
const BROKER_DEFAULT = -1;

export interface NewTopic {
  readonly name: string;
  /** -1: the default. */
  readonly numPartitions: number;
  /** -1: the default, but no more than there are brokers. */
  readonly replicationFactor: number;
  /** The brokers of each partition; empty: spread over all. */
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface CreateTopicsCommand {
  readonly topics: readonly NewTopic[];
  readonly validateOnly: boolean;
  /** What is left out has no bounds. */
  readonly mutations?: MutationQuota;
}

export interface CreatedTopic extends ItemResult {
  readonly name: string;
  readonly topicId: Uuid;
  /** -1 when it failed. */
  readonly numPartitions: number;
  readonly replicationFactor: number;
  readonly configs: ReadonlyMap<string, string>;
}

/** Where new topics get what their request leaves open. */
export interface TopicDefaults {
  readonly numPartitions: number;
  readonly replicationFactor: number;
  newTopicId(): Uuid;
  /** Any whole number: where the round of brokers starts. */
  firstBroker(): number;
}

export function createTopics(
  view: ReadableMetadata,
  command: CreateTopicsCommand,
  defaults: TopicDefaults,
): Outcome<CreatedTopic[]> {
  const { duplicates, single } = splitDuplicates(command.topics, ({ name }) => name);
  const response: CreatedTopic[] = [];
  const records: MetadataRecord[] = [];
  // Later topics of the same request must see the earlier ones, also when all of it is only tried out.
  const seen = new MetadataView(view);
  const isTooLarge =
    single.reduce((sum, topic) => sum + requestedPartitions(topic), 0) > MAX_PARTITIONS_PER_REQUEST;
  for (const topic of single) {
    try {
      if (isTooLarge) throw tooManyPartitions();
      const created = createTopic(seen, topic, defaults);
      command.mutations?.record(created.response.numPartitions);
      for (const record of created.records) seen.apply(record);
      records.push(...created.records);
      response.push(created.response);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      response.push(notCreated(topic.name, failed(error)));
    }
  }
  const duplicate = new KafkaError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.');
  for (const name of duplicates) response.push(notCreated(name, failed(duplicate)));
  return { records: command.validateOnly ? [] : records, response };
}

export function tooManyPartitions(): KafkaError {
  return new KafkaError(
    ErrorCode.POLICY_VIOLATION,
    `Excessively large number of partitions per request: at most ${MAX_PARTITIONS_PER_REQUEST} can be created at once.`,
  );
}

function createTopic(
  view: ReadableMetadata,
  topic: NewTopic,
  defaults: TopicDefaults,
): Outcome<CreatedTopic> {
  const { name } = topic;
  checkName(view, name);
  const configs = checkConfigs(topic.configs);
  const partitions = topic.assignments.length > 0 ? assign(view, topic) : spread(view, topic, defaults);
  const id = defaults.newTopicId();
  const records: MetadataRecord[] = [{ type: 'topic', id, name, partitions }];
  if (configs.size > 0) {
    const entries = [...configs].map(([key, value]) => ({ name: key, value }));
    records.push({ type: 'config', resourceType: ConfigResourceType.TOPIC, resourceName: name, entries });
  }
  const response = {
    ...OK,
    name,
    topicId: id,
    numPartitions: partitions.reduce((sum, run) => sum + run.count, 0),
    replicationFactor: partitions[0]!.state.replicas.length,
    configs,
  };
  return { records, response };
}

function checkName(view: ReadableMetadata, name: string): void {
  const problem = topicNameProblem(name);
  if (problem !== undefined) {
    throw new KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${problem}`);
  }
  if (name === CLUSTER_METADATA_TOPIC) {
    throw new KafkaError(ErrorCode.INVALID_REQUEST, `Creation of internal topic ${name} is prohibited.`);
  }
  if (view.topicByName(name) !== undefined) {
    throw new KafkaError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
  }
  const colliding = view.collidingTopic(name);
  if (colliding !== undefined) {
    const message = `Topic '${name}' collides with existing topic: ${colliding}`;
    throw new KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, message);
  }
}

function checkConfigs(configs: NewTopic['configs']): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { name, value } of configs) {
    if (value === null) {
      throw new KafkaError(ErrorCode.INVALID_CONFIG, `Null value not supported for topic configs: ${name}`);
    }
    texts.set(name, value);
  }
  const problem = validateTopicConfigs(texts);
  if (problem !== undefined) throw new KafkaError(ErrorCode.INVALID_CONFIG, problem);
  return texts;
}

function spread(view: ReadableMetadata, topic: NewTopic, defaults: TopicDefaults): PartitionRun[] {
  const { numPartitions, replicationFactor } = topic;
  if (replicationFactor !== BROKER_DEFAULT && replicationFactor <= 0) {
    throw new KafkaError(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    );
  }
  if (numPartitions !== BROKER_DEFAULT && numPartitions <= 0) {
    throw new KafkaError(
      ErrorCode.INVALID_PARTITIONS,
      'Number of partitions was set to an invalid non-positive value.',
    );
  }
  const liveBrokers = view.brokers.size;
  return spreadReplicas(view, {
    partitionCount: numPartitions === BROKER_DEFAULT ? defaults.numPartitions : numPartitions,
    replicationFactor:
      replicationFactor === BROKER_DEFAULT
        ? Math.min(defaults.replicationFactor, Math.max(1, liveBrokers))
        : replicationFactor,
    firstBroker: defaults.firstBroker(),
  });
}

function assign(view: ReadableMetadata, topic: NewTopic): PartitionRun[] {
  if (topic.replicationFactor !== BROKER_DEFAULT) throw assignmentAnd('replication factor');
  if (topic.numPartitions !== BROKER_DEFAULT) throw assignmentAnd('numPartitions');
  const byPartition = new Map<number, readonly number[]>();
  for (const { partitionIndex, brokerIds } of topic.assignments) {
    if (byPartition.has(partitionIndex)) {
      throw invalidAssignment(`Found multiple manual partition assignments for partition ${partitionIndex}`);
    }
    byPartition.set(partitionIndex, brokerIds);
  }
  const inOrder = Array.from({ length: byPartition.size }, (_, partition) => {
    const brokerIds = byPartition.get(partition);
    if (brokerIds !== undefined) return brokerIds;
    throw invalidAssignment('partitions should be a consecutive 0-based integer sequence');
  });
  return placeAsAsked(view, inOrder);
}

function assignmentAnd(other: string): KafkaError {
  return new KafkaError(
    ErrorCode.INVALID_REQUEST,
    `A manual partition assignment was specified, but ${other} was not set to -1.`,
  );
}

function requestedPartitions({ assignments, numPartitions }: NewTopic): number {
  return assignments.length > 0 ? assignments.length : Math.max(1, numPartitions);
}

function notCreated(name: string, result: ItemResult): CreatedTopic {
  const nothing = { topicId: ZERO_UUID, numPartitions: -1, replicationFactor: -1, configs: new Map() };
  return { name, ...result, ...nothing };
}
