// What makes one broker look like several: requests that went to the wrong one are refused, leader epochs are told as the poses have them, and answers that
// name brokers name those of the proxy.
//
// Invariant: what is refused has not been done, except a Fetch, which changes nothing.

import {
  type DescribeClusterResponse,
  type DescribeTopicPartitionsResponse,
  ErrorCode,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
  type ListGroupsResponse,
  type ListTransactionsResponse,
  type MetadataResponse,
} from '@moldau/protocol';
import { coordinatedKeys } from './coordinated.ts';
import { type Part, partsOf } from './partition-parts.ts';
import type { CoordinatorKind, PosedCluster } from './posed-cluster.ts';
import type { ProxiedRequest } from './proxied-request.ts';

const KINDS: readonly CoordinatorKind[] = ['group', 'transaction', 'share'];

/** Whether that broker does not lead the partition. */
export function isElsewhere(cluster: PosedCluster, broker: number, { topic, partition }: Part): boolean {
  return topic !== undefined && cluster.leaderOf(topic, partition) !== broker;
}

/** Whether the request is for a group or a transactional id that another broker coordinates. */
export function isForOtherCoordinator(cluster: PosedCluster, request: ProxiedRequest): boolean {
  if (cluster.brokers.length === 1 || !request.isKnown) return false;
  const found = coordinatedKeys(request.apiKey, () => request.body);
  if (found === undefined) return false;
  const { kind, keys } = found;
  const wrong = keys.filter((key) => cluster.coordinatorOf(kind, key) !== request.broker);
  for (const key of wrong) cluster.coordinatorFault(kind, key)?.meet(request.summary);
  return wrong.length > 0;
}

/** A partition of a request with the epochs that the broker itself knows. */
export function withBrokerEpochs(cluster: PosedCluster, { topic, partition }: Part, fields: object): object {
  if (topic === undefined || cluster.movesOf(topic, partition) === 0) return fields;
  const own = cluster.brokerEpochOf(topic, partition);
  const changed: Record<string, unknown> = { ...fields };
  if ('currentLeaderEpoch' in changed) changed.currentLeaderEpoch = -1;
  for (const name of ['lastFetchedEpoch', 'leaderEpoch'])
    if (typeof changed[name] === 'number') changed[name] = Math.min(changed[name], own);
  return changed;
}

/** The leader as clients are told it (KIP-951). */
export function currentLeader(cluster: PosedCluster, topic: string, partition: number) {
  return {
    leaderId: cluster.leaderOf(topic, partition),
    leaderEpoch: cluster.brokerEpochOf(topic, partition) + cluster.movesOf(topic, partition),
  };
}

export function nodeEndpoints(cluster: PosedCluster) {
  return cluster.brokers.map(({ id, host, port }) => ({ nodeId: id, host, port, rack: null }));
}

type Amend = (answer: never, cluster: PosedCluster, request: ProxiedRequest) => object;

/** By Kafka's name of the API. */
const AMENDMENTS: Readonly<Record<string, Amend>> = {
  Metadata: (answer: MetadataResponse, cluster) => ({
    ...answer,
    brokers: answer.brokers.length === 0 ? [] : nodeEndpoints(cluster),
    controllerId: answer.controllerId < 0 ? answer.controllerId : 1,
    topics: answer.topics.map((topic) => amendTopic(topic, cluster)),
  }),
  DescribeTopicPartitions: (answer: DescribeTopicPartitionsResponse, cluster) => ({
    ...answer,
    topics: answer.topics.map((topic) => amendTopic(topic, cluster)),
  }),
  DescribeCluster: (answer: DescribeClusterResponse, cluster) => ({
    ...answer,
    controllerId: 1,
    brokers: cluster.brokers.map(({ id, host, port }) => ({ brokerId: id, host, port, rack: null })),
  }),
  FindCoordinator: amendCoordinators,
  ListGroups: (answer: ListGroupsResponse, cluster, { broker }) => ({
    ...answer,
    groups: answer.groups.filter(({ groupId }) => cluster.coordinatorOf('group', groupId) === broker),
  }),
  ListTransactions: (answer: ListTransactionsResponse, cluster, { broker }) => ({
    ...answer,
    transactionStates: answer.transactionStates.filter(
      ({ transactionalId }) => cluster.coordinatorOf('transaction', transactionalId) === broker,
    ),
  }),
};

/** How the answer to a request has to be changed; undefined: not at all. */
export function amendment(
  request: ProxiedRequest,
  cluster: PosedCluster,
): ((answer: object) => object) | undefined {
  const amend = AMENDMENTS[request.api];
  return amend === undefined || !request.isKnown
    ? undefined
    : (answer) => amend(answer as never, cluster, request);
}

function amendTopic<
  Topic extends {
    name: string | null;
    topicId: string;
    partitions: readonly { partitionIndex: number; leaderId: number; leaderEpoch: number }[];
  },
>(topic: Topic, cluster: PosedCluster): Topic {
  const { name } = topic;
  cluster.learn(topic);
  if (name === null) return topic;
  const all = cluster.brokers.map(({ id }) => id);
  const partitions = topic.partitions.map((partition) => {
    if (partition.leaderId < 0) return partition;
    const { leaderId, leaderEpoch } = currentLeader(cluster, name, partition.partitionIndex);
    const replicas = [leaderId, ...all.filter((id) => id !== leaderId)];
    return { ...partition, leaderId, leaderEpoch, replicaNodes: replicas, isrNodes: replicas };
  });
  return { ...topic, partitions };
}

function amendCoordinators(
  answer: FindCoordinatorResponse,
  cluster: PosedCluster,
  request: ProxiedRequest,
): object {
  const { key, keyType } = request.body as FindCoordinatorRequest;
  const kind = KINDS[keyType] ?? 'group';
  const place = (ofKey: string) => {
    const { id, host, port } = cluster.broker(cluster.coordinatorOf(kind, ofKey));
    return { nodeId: id, host, port };
  };
  return {
    ...answer,
    ...(answer.errorCode === ErrorCode.NONE && answer.coordinators.length === 0 ? place(key) : {}),
    coordinators: answer.coordinators.map((each) =>
      each.errorCode === ErrorCode.NONE ? { ...each, ...place(each.key) } : each,
    ),
  };
}

/** Whether a request names a topic; of one to leaders, that partition of it. */
export function namesTopic(
  cluster: PosedCluster,
  request: ProxiedRequest,
  topic: string,
  partition: number | undefined,
): boolean {
  const parts = partsOf(request.apiKey, request.body, (id) => cluster.topicName(id));
  if (parts.length > 0)
    return parts.some((part) => part.topic === topic && (partition ?? part.partition) === part.partition);
  return mentions(request.body, (text) => text === topic || cluster.topicName(text) === topic);
}

function mentions(value: unknown, isIt: (text: string) => boolean): boolean {
  if (typeof value === 'string') return isIt(value);
  if (Array.isArray(value)) return value.some((each) => mentions(each, isIt));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return Object.values(value).some((each) => mentions(each, isIt));
}
