// ElectLeaders (KIP-183, unclean elections by KIP-460 from version 1).
//
// Every partition's only replica leads it already, so no election is ever needed; what is asked for is checked all the same.

import type { MetadataImage } from '@moldau/metadata';
import {
  type ElectLeadersRequest,
  ErrorCode,
  electLeadersRequest,
  electLeadersResponse,
} from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

const LAST_ELECTION_TYPE = 1;

export const electLeaders = serve({
  request: electLeadersRequest,
  response: electLeadersResponse,
  minVersion: 0,
  maxVersion: 2,
  handle(request, context, services) {
    const { electionType, topicPartitions } = request;
    demand(services, context, permissions.electLeaders.cluster);
    const isKnownType = electionType >= 0 && electionType <= LAST_ELECTION_TYPE;
    if (!isKnownType && topicPartitions?.length !== 0)
      return refusal(request, ErrorCode.INVALID_REQUEST, `Unknown election type ${electionType}`);
    const image = services.metadata();
    if (topicPartitions === null) {
      // Of all partitions those are left out that need no election.
      const topics = image.sortedTopicNames();
      return {
        errorCode: ErrorCode.NONE,
        replicaElectionResults: topics.map((topic) => ({ topic, partitionResult: [] })),
      };
    }
    return {
      errorCode: ErrorCode.NONE,
      replicaElectionResults: topicPartitions.map(({ topic, partitions }) => ({
        topic,
        partitionResult: partitions.map((partitionId) => ({
          partitionId,
          ...election(image, topic, partitionId),
        })),
      })),
    };
  },
  fail: refusal,
});

function election(image: MetadataImage, topicName: string, index: number) {
  const topic = image.topicByName(topicName);
  const errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  if (topic === undefined) return { errorCode, errorMessage: `No such topic as ${topicName}` };
  if (topic.partition(index) === undefined)
    return { errorCode, errorMessage: `No such partition as ${topicName}-${index}` };
  return {
    errorCode: ErrorCode.ELECTION_NOT_NEEDED,
    errorMessage: 'Leader election not needed for topic partition.',
  };
}

function refusal({ topicPartitions }: ElectLeadersRequest, errorCode: number, errorMessage: string) {
  return {
    errorCode,
    replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map((partitionId) => ({ partitionId, errorCode, errorMessage })),
    })),
  };
}
