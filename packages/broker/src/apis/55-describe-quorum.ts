// DescribeQuorum (KIP-595, times from version 1, KIP-853 directories and addresses from version 2).
//
// The metadata log has one writer and no voters; what is told is that log, as the quorum of one that it amounts to. Its high watermark is the
// number of its records. As in a quorum whose voters are fixed (kraft.version 0), which features say this is, no ids of directories are told.

import { CLUSTER_METADATA_TOPIC } from '@moldau/metadata';
import {
  type DescribeQuorumRequest,
  describeQuorumRequest,
  describeQuorumResponse,
  ErrorCode,
} from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { type RequestContext, type Services, serve } from './handler.ts';

const FIRST_VERSION_WITH_MESSAGES = 2;

export const describeQuorum = serve({
  request: describeQuorumRequest,
  response: describeQuorumResponse,
  minVersion: 0,
  maxVersion: 2,
  handle(request, context, services) {
    demand(services, context, permissions.describeQuorum.cluster);
    if (!asksForMetadata(request)) return refusal(request, context);
    const { config, metadata } = services;
    const { endpoints = [] } = metadata().brokers.get(config.nodeId) ?? {};
    return {
      errorCode: ErrorCode.NONE,
      errorMessage: '',
      topics: [{ topicName: CLUSTER_METADATA_TOPIC, partitions: [metadataPartition(services)] }],
      nodes: [
        {
          nodeId: config.nodeId,
          listeners: endpoints.map(({ listener, host, port }) => ({ name: listener, host, port })),
        },
      ],
    };
  },
  fail: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, topics: [], nodes: [] }),
});

/** Exactly the metadata's partition, and nothing else. */
function asksForMetadata({ topics }: DescribeQuorumRequest): boolean {
  const [topic] = topics;
  return (
    topics.length === 1 &&
    topic?.topicName === CLUSTER_METADATA_TOPIC &&
    topic.partitions.length === 1 &&
    topic.partitions[0]?.partitionIndex === 0
  );
}

function metadataPartition({ config, clock, controller, metadataPosition }: Services) {
  const highWatermark = metadataPosition();
  const nowMs = clock.wallMs();
  return {
    partitionIndex: 0,
    errorCode: ErrorCode.NONE,
    errorMessage: '',
    leaderId: config.nodeId,
    leaderEpoch: controller.epoch,
    highWatermark,
    currentVoters: [
      {
        replicaId: config.nodeId,
        logEndOffset: highWatermark,
        lastFetchTimestamp: nowMs,
        lastCaughtUpTimestamp: nowMs,
      },
    ],
    observers: [],
  };
}

function refusal({ topics }: DescribeQuorumRequest, { apiVersion }: RequestContext) {
  const errorMessage =
    apiVersion < FIRST_VERSION_WITH_MESSAGES ? '' : 'This server does not host this topic-partition.';
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: '',
    topics: topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => ({
        ...{ partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage },
        ...{ leaderId: 0, leaderEpoch: 0, highWatermark: 0, currentVoters: [], observers: [] },
      })),
    })),
    nodes: [],
  };
}
