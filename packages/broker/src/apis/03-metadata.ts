// Metadata (KIP-4 null asks for all from version 1, auto-creation is a choice from version 4; KIP-430 operations from version 8; KIP-516
// topic ids from version 10).
//
// A topic that is created by being asked for is answered with its leaders at once: there is no LEADER_NOT_AVAILABLE to
// wait through, because the answer is given when the metadata log holds the topic.

import { type TopicImage, topicNameProblem } from '@moldau/metadata';
import {
  ErrorCode,
  KafkaError,
  type MetadataRequest,
  metadataRequest,
  metadataResponse,
  ZERO_UUID,
} from '@moldau/protocol';
import { ResourceType } from '../security/authorization/acl.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { clusterOperations, may, partition } from './authorize.ts';
import { OPERATIONS_NOT_ASKED } from './authorized-operations.ts';
import { endpointsFor } from './endpoints.ts';
import { type RequestContext, type Services, serve } from './handler.ts';

const FIRST_VERSION_WITH_NULL_FOR_ALL = 1;
const FIRST_VERSION_WITH_TOPICS_BY_ID = 12;

export const metadata = serve({
  request: metadataRequest,
  response: metadataResponse,
  minVersion: 0,
  maxVersion: 13,
  async handle(request, context, services) {
    const operationsOf = (name: string) =>
      request.includeTopicAuthorizedOperations
        ? services.authorizer.authorizedOperations(context, ResourceType.TOPIC, name)
        : OPERATIONS_NOT_ASKED;
    const topics = await findTopics(request, context, services);
    return {
      brokers: endpointsFor(context, services),
      clusterId: services.metadata().clusterId,
      controllerId: services.config.nodeId,
      topics: topics.map((found) =>
        'id' in found
          ? describe(found, operationsOf(found.name))
          : {
              ...NO_TOPIC,
              ...found,
              // Whoever knows only an id, or may not see the topic, is not told that it might be allowed something.
              topicAuthorizedOperations:
                found.name === null || found.errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED
                  ? OPERATIONS_NOT_ASKED
                  : operationsOf(found.name),
            },
      ),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
        ? clusterOperations(services, context, permissions.metadata.clusterOperations)
        : OPERATIONS_NOT_ASKED,
      errorCode: ErrorCode.NONE,
    };
  },
  fail: ({ topics }, errorCode) => ({
    brokers: [],
    topics: (topics ?? []).map(({ name, topicId }) => ({
      ...NO_TOPIC,
      errorCode,
      name: name ?? '',
      topicId,
    })),
    errorCode,
  }),
});

interface MissingTopic {
  errorCode: number;
  name: string | null;
  topicId: string;
}

const NO_TOPIC = { isInternal: false, partitions: [] };

async function findTopics(
  request: MetadataRequest,
  context: RequestContext,
  services: Services,
): Promise<(TopicImage | MissingTopic)[]> {
  const { topics } = request;
  const { apiVersion } = context;
  const permission = permissions.metadata;
  const isForAll = apiVersion < FIRST_VERSION_WITH_NULL_FOR_ALL ? topics?.length === 0 : topics === null;
  if (isForAll || topics === null) {
    const isSeen = ({ name }: TopicImage) => may(services, context, permission.anyTopic, name);
    return [...services.metadata().topics()].filter(isSeen);
  }
  for (const { name, topicId } of topics) {
    if (apiVersion >= FIRST_VERSION_WITH_TOPICS_BY_ID || (name !== null && topicId === ZERO_UUID)) continue;
    const message = `topics are asked for by id from Metadata version ${FIRST_VERSION_WITH_TOPICS_BY_ID} on`;
    throw new KafkaError(ErrorCode.INVALID_REQUEST, message);
  }
  const errors = await createMissing(request, context, services);
  const image = services.metadata();
  // A topic asked for twice is answered once, as in Kafka.
  const asked = new Map(topics.map((topic) => [`${topic.name}/${topic.topicId}`, topic]));
  return [...asked.values()].map(({ name, topicId }) => {
    if (topicId !== ZERO_UUID) {
      const known = image.topicById(topicId);
      if (known === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId };
      const isSeen = may(services, context, permission.topic, known.name);
      return isSeen ? known : { errorCode: permission.topic.denied, name: null, topicId };
    }
    // Whoever may not see a topic is not told whether there is one.
    if (!may(services, context, permission.topic, name ?? ''))
      return { errorCode: permission.topic.denied, name, topicId: ZERO_UUID };
    const topic = image.topicByName(name ?? '');
    if (topic !== undefined) return topic;
    const isWrong = topicNameProblem(name ?? '') !== undefined;
    const errorCode = isWrong
      ? ErrorCode.INVALID_TOPIC_EXCEPTION
      : (errors.get(name ?? '') ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    return { errorCode, name, topicId: ZERO_UUID };
  });
}

/** Creates what may be created. Resolves to the errors of those that could not be, by name. */
async function createMissing(
  request: MetadataRequest,
  context: RequestContext,
  services: Services,
): Promise<ReadonlyMap<string, number>> {
  if (!request.allowAutoTopicCreation || !services.config.autoCreateTopics) return new Map();
  const image = services.metadata();
  const permission = permissions.metadata;
  const missing = (request.topics ?? []).flatMap(({ name, topicId }) => {
    const isMissing = name !== null && topicId === ZERO_UUID && image.topicByName(name) === undefined;
    if (!isMissing || !may(services, context, permission.topic, name)) return [];
    return topicNameProblem(name) === undefined ? [name] : [];
  });
  if (missing.length === 0) return new Map();
  const mayCreate = (name: string) =>
    may(services, context, permission.createdInCluster) || may(services, context, permission.created, name);
  const [allowed, refused] = partition([...new Set(missing)], mayCreate);
  const errors = allowed.length === 0 ? [] : await services.controller.autoCreateTopics(allowed);
  return new Map([...errors, ...refused.map((name) => [name, permission.created.denied] as const)]);
}

function describe(topic: TopicImage, topicAuthorizedOperations: number) {
  const partitions = [];
  let partitionIndex = 0;
  for (const { leader, leaderEpoch, replicas, isr } of topic.partitions()) {
    partitions.push({
      errorCode: ErrorCode.NONE,
      partitionIndex: partitionIndex++,
      leaderId: leader,
      leaderEpoch,
      replicaNodes: replicas,
      isrNodes: isr,
      offlineReplicas: [],
    });
  }
  const { name, id, isInternal } = topic;
  return { errorCode: ErrorCode.NONE, name, topicId: id, isInternal, partitions, topicAuthorizedOperations };
}
