// AlterPartitionReassignments (KIP-455, KIP-860 replication factors kept from version 1).
//
// Replicas can be nowhere but here, so a reassignment is either what is there already or wrong, and none is ever under way.

import type { MetadataImage } from '@moldau/metadata';
import {
  type AlterPartitionReassignmentsRequest,
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
  ErrorCode,
  KafkaError,
} from '@moldau/protocol';
import { invalidAssignment, placeAsAsked } from '../controller/replica-placement.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

type Reassignment = AlterPartitionReassignmentsRequest['topics'][number]['partitions'][number];

export const alterPartitionReassignments = serve({
  request: alterPartitionReassignmentsRequest,
  response: alterPartitionReassignmentsResponse,
  minVersion: 0,
  maxVersion: 1,
  handle({ topics, allowReplicationFactorChange }, context, services) {
    demand(services, context, permissions.alterPartitionReassignments.cluster);
    const image = services.metadata();
    return {
      allowReplicationFactorChange,
      errorCode: ErrorCode.NONE,
      errorMessage: topics.length === 0 ? '' : null,
      responses: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map((each) => ({
          partitionIndex: each.partitionIndex,
          ...outcome(image, name, each),
        })),
      })),
    };
  },
  fail: ({ topics }, errorCode, errorMessage) => ({
    ...{ errorCode, errorMessage },
    responses: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode, errorMessage })),
    })),
  }),
});

function outcome(image: MetadataImage, topicName: string, reassignment: Reassignment) {
  try {
    reassign(image, topicName, reassignment);
    return { errorCode: ErrorCode.NONE, errorMessage: null };
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    const isPlain = error.code === ErrorCode.NO_REASSIGNMENT_IN_PROGRESS;
    return { errorCode: error.code, errorMessage: isPlain ? null : error.message };
  }
}

/** @throws KafkaError when the replicas cannot be these */
function reassign(image: MetadataImage, topicName: string, { partitionIndex, replicas }: Reassignment): void {
  const topic = image.topicByName(topicName);
  if (topic === undefined) throw unknown(`Unable to find a topic named ${topicName}.`);
  const partition = topic.partition(partitionIndex);
  if (partition === undefined) throw unknown(`Unable to find partition ${topicName}:${partitionIndex}.`);
  if (replicas === null) throw new KafkaError(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS);
  placeAsAsked(image, [replicas], replicas.length);
  if (replicas.some((replica) => !partition.replicas.includes(replica)))
    throw invalidAssignment(
      `Replicas can only be on ${partition.replicas.join(', ')}: no other broker runs.`,
    );
}

function unknown(message: string): KafkaError {
  return new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message);
}
