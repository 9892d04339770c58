// The files of kafka-reassign-partitions: where partitions are to be, and which topics are to be moved.

import type { Replica, TopicPartition } from '@moldau/client';
import { executionError, JavaError } from './java-errors.ts';
import { split } from './java-text.ts';
import type { ToolContext } from './kafka-tool.ts';
import {
  adminProblem,
  commandProblem,
  documentOf,
  integerIn,
  integerOf,
  listOf,
  objectOf,
  readJson,
  textIn,
  twins,
} from './tool-json.ts';

export interface PlannedPartition extends TopicPartition {
  readonly replicas: readonly number[];
}

/** A replica that is to be in a directory of its broker. */
export interface PlannedReplica extends Replica {
  readonly path: string;
}

export interface Plan {
  readonly partitions: readonly PlannedPartition[];
  readonly replicas: readonly PlannedReplica[];
}

const ANYWHERE = 'any';

export async function readPlan(context: ToolContext, path: string): Promise<Plan> {
  const json = await readJson(context, path);
  if (json === undefined) {
    throw adminProblem('com.fasterxml.jackson.core.JsonParseException: the file is no JSON');
  }
  const { partitions = [] } = documentOf(json);
  const planned: PlannedPartition[] = [];
  const placed: PlannedReplica[] = [];
  for (const each of listOf(partitions)) {
    const object = objectOf(each);
    const topic = textIn(object, 'topic');
    const partition = integerIn(object, 'partition');
    const replicas = listOf(object.replicas).map((id) => integerOf(id));
    const paths =
      object.log_dirs === undefined ? replicas.map(() => ANYWHERE) : listOf(object.log_dirs).map(String);
    if (paths.length !== replicas.length) {
      throw commandProblem(
        `Size of replicas list [${replicas.join(', ')}] is different from size of log dirs list [${paths.join(', ')}] for partition ${topic}-${partition}`,
      );
    }
    planned.push({ topic, partition, replicas });
    for (const [index, brokerId] of replicas.entries())
      if (paths[index] !== ANYWHERE) placed.push({ topic, partition, brokerId, path: paths[index]! });
  }
  return { partitions: planned, replicas: placed };
}

/** @throws JavaError for a plan that cannot be carried out */
export function checkPlan({ partitions }: Plan): void {
  if (partitions.length === 0) throw commandProblem('Partition reassignment list cannot be empty');
  if (partitions.some(({ replicas }) => replicas.length === 0))
    throw commandProblem('Partition replica list cannot be empty');
  const twice = twins(partitions.map(nameOf));
  if (twice.length > 0)
    throw commandProblem(`Partition reassignment contains duplicate topic partitions: ${twice.join(',')}`);
  const manifold = partitions
    .map((partition) => ({ name: nameOf(partition), ids: twins(partition.replicas) }))
    .filter(({ ids }) => ids.length > 0)
    .map(({ name, ids }) => `${name} contains multiple entries for ${ids.join(',')}`);
  if (manifold.length > 0) {
    throw commandProblem(`Partition replica lists may not contain duplicate entries: ${manifold.join('. ')}`);
  }
}

/** The topics that --generate is about. */
export async function readTopics(context: ToolContext, path: string): Promise<string[]> {
  const json = await readJson(context, path);
  if (json === undefined) throw adminProblem('The input string is not a valid JSON');
  const { topics = [] } = documentOf(json);
  const names = listOf(topics).map((each) => textIn(objectOf(each), 'topic'));
  const twice = twins(names);
  if (twice.length === 0) return names;
  throw commandProblem(`List of topics to reassign contains duplicate entries: [${twice.join(', ')}]`);
}

/** '0,1,2'. @throws JavaError */
export function brokersIn(text: string): number[] {
  const ids = split(text, ',').map((id) => {
    if (/^[+-]?\d+$/.test(id)) return Number(id);
    throw new JavaError('java.lang.NumberFormatException', `For input string: "${id}"`);
  });
  const twice = twins(ids);
  if (twice.length === 0) return ids;
  throw commandProblem(`Broker list contains duplicate entries: [${twice.join(', ')}]`);
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

export function replicaName({ topic, partition, brokerId }: Replica): string {
  return `${topic}-${partition}-${brokerId}`;
}

/** By topic and partition. */
export function inOrder<Item extends TopicPartition>(partitions: readonly Item[]): Item[] {
  return [...partitions].sort((left, right) =>
    left.topic === right.topic ? left.partition - right.partition : left.topic < right.topic ? -1 : 1,
  );
}

/** As such a file has it. `paths` by the names of replicas. */
export function planText(
  partitions: readonly PlannedPartition[],
  paths: ReadonlyMap<string, string> = new Map(),
): string {
  return JSON.stringify({
    version: 1,
    partitions: inOrder(partitions).map(({ topic, partition, replicas }) => ({
      ...{ topic, partition, replicas },
      log_dirs: replicas.map(
        (brokerId) => paths.get(replicaName({ topic, partition, brokerId })) ?? ANYWHERE,
      ),
    })),
  });
}

/** What is not there, as a future that failed tells it. */
export function notThere(message: string): JavaError {
  return executionError(
    new JavaError('org.apache.kafka.common.errors.UnknownTopicOrPartitionException', message),
  );
}
