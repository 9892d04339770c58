// DescribeTopicPartitions (KIP-966): topics page by page, in the order of their names. A page ends after a number of
// partitions; the cursor says where the next one starts.

import { type TopicImage, topicNameProblem } from '@moldau/metadata';
import {
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
  ErrorCode,
  KafkaError,
  ZERO_UUID,
} from '@moldau/protocol';
import { ResourceType } from '../security/authorization/acl.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { may, partition } from './authorize.ts';
import { serve } from './handler.ts';

export const describeTopicPartitions = serve({
  request: describeTopicPartitionsRequest,
  response: describeTopicPartitionsResponse,
  minVersion: 0,
  maxVersion: 0,
  handle(request, context, services) {
    const { metadata, config } = services;
    const permission = permissions.describeTopicPartitions;
    const image = metadata();
    const { cursor } = request;
    if (cursor !== null && cursor.partitionIndex < 0) {
      throw new KafkaError(
        ErrorCode.INVALID_REQUEST,
        `the cursor stands at partition ${cursor.partitionIndex}`,
      );
    }
    const asked = [...new Set(request.topics.map(({ name }) => name))].sort();
    if (cursor !== null && asked.length > 0 && !asked.includes(cursor.topicName)) {
      const message = `the cursor stands at topic ${cursor.topicName}, which is not asked for`;
      throw new KafkaError(ErrorCode.INVALID_REQUEST, message);
    }
    const [names, refused] =
      asked.length === 0
        ? [image.sortedTopicNames().filter((name) => may(services, context, permission.anyTopic, name)), []]
        : partition(asked, (name) => may(services, context, permission.topic, name));
    const operationsOf = (name: string) =>
      services.authorizer.authorizedOperations(context, ResourceType.TOPIC, name);
    const limit = Math.min(request.responsePartitionLimit, config.maxRequestPartitionSizeLimit);
    const topics = [];
    const unauthorized = refused.map((name) => failed(name, permission.topic.denied));
    let room = Math.max(1, limit);
    for (const name of names) {
      if (cursor !== null && name < cursor.topicName) continue;
      const first = cursor?.topicName === name ? cursor.partitionIndex : 0;
      if (room === 0)
        return {
          topics: [...topics, ...unauthorized],
          nextCursor: { topicName: name, partitionIndex: first },
        };
      const topic = image.topicByName(name);
      if (topic === undefined) {
        // A topic that went away between two pages is not missed.
        if (asked.length > 0) topics.push(missingTopic(name, operationsOf(name)));
        continue;
      }
      // A cursor may stand beyond the end: of a topic that was made anew, or by a client's invention.
      const start = Math.min(first, topic.partitionCount);
      const end = Math.min(topic.partitionCount, start + room);
      topics.push(describe(topic, start, end, operationsOf(name)));
      room -= end - start;
      if (end < topic.partitionCount)
        return { topics: [...topics, ...unauthorized], nextCursor: { topicName: name, partitionIndex: end } };
    }
    return { topics: [...topics, ...unauthorized], nextCursor: null };
  },
  fail: ({ topics }, errorCode) => ({
    topics: topics.map(({ name }) => failed(name, errorCode)),
  }),
});

function describe(topic: TopicImage, first: number, end: number, topicAuthorizedOperations: number) {
  const partitions = [];
  for (let partitionIndex = first; partitionIndex < end; partitionIndex += 1) {
    const { leader, leaderEpoch, replicas, isr } = topic.partition(partitionIndex)!;
    partitions.push({
      errorCode: ErrorCode.NONE,
      partitionIndex,
      leaderId: leader,
      leaderEpoch,
      replicaNodes: replicas,
      isrNodes: isr,
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
      offlineReplicas: [],
    });
  }
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: topic.isInternal,
    partitions,
    topicAuthorizedOperations,
  };
}

function missingTopic(name: string, topicAuthorizedOperations: number) {
  const isWrong = topicNameProblem(name) !== undefined;
  const errorCode = isWrong ? ErrorCode.INVALID_TOPIC_EXCEPTION : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return { ...failed(name, errorCode), topicAuthorizedOperations };
}

function failed(name: string, errorCode: number) {
  return { errorCode, name, topicId: ZERO_UUID, partitions: [] };
}
