// What ShareFetch and ShareAcknowledge share: checks of acknowledgements, and answers by topic.

import { ErrorCode } from '@moldau/protocol';
import type { Acknowledgement } from '../coordinators/share/share-partition.ts';
import type { TopicPartition } from '../coordinators/share/share-sessions.ts';
import type { Permission } from '../security/authorization/permissions.ts';
import { may } from './authorize.ts';
import { endpointsFor } from './endpoints.ts';
import type { RequestContext, Services } from './handler.ts';

const MAX_MEMBER_ID_LENGTH = 36;
const MAX_TYPE_WITHOUT_RENEW = 3;
const MAX_TYPE = 4;
const FIRST_VERSION_WITH_RENEW = 2;

export interface AcknowledgedPartition extends TopicPartition {
  readonly acknowledgements: readonly Acknowledgement[];
}

export interface PartitionError {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

interface RequestedTopics {
  readonly topicId: string;
  readonly partitions: readonly {
    readonly partitionIndex: number;
    readonly acknowledgementBatches: readonly {
      readonly firstOffset: number;
      readonly lastOffset: number;
      readonly acknowledgeTypes: readonly number[];
    }[];
  }[];
}

/** What is wrong with a request's group or member; undefined when nothing is. */
export function identityProblem(groupId: string | null, memberId: string | null): string | undefined {
  if (groupId === null) return 'Invalid group id in the request.';
  const isValid = memberId !== null && memberId !== '' && memberId.length <= MAX_MEMBER_ID_LENGTH;
  return isValid ? undefined : 'Invalid member id in the request.';
}

export function acknowledgedPartitions(topics: readonly RequestedTopics[]): AcknowledgedPartition[] {
  return topics.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partitionIndex, acknowledgementBatches }) => ({
      ...{ topicId, partition: partitionIndex },
      acknowledgements: acknowledgementBatches.map(({ firstOffset, lastOffset, acknowledgeTypes }) => ({
        ...{ firstOffset, lastOffset, types: acknowledgeTypes },
      })),
    })),
  );
}

/** The error of one partition's acknowledgements as the request has them; NONE when they may be tried. */
export function acknowledgementError(
  acknowledgements: readonly Acknowledgement[],
  { apiVersion, isRenewAck }: { apiVersion: number; isRenewAck: boolean },
): number {
  const maxType = apiVersion >= FIRST_VERSION_WITH_RENEW ? MAX_TYPE : MAX_TYPE_WITHOUT_RENEW;
  let previousEnd = -1;
  for (const { firstOffset, lastOffset, types } of acknowledgements) {
    const isListed = types.length <= 1 || lastOffset - firstOffset === types.length - 1;
    const isTyped = types.every((type) => type >= 0 && type <= maxType && (type !== MAX_TYPE || isRenewAck));
    const isOrdered = firstOffset <= lastOffset && firstOffset >= previousEnd;
    if (!isOrdered || types.length === 0 || !isListed || !isTyped) return ErrorCode.INVALID_REQUEST;
    previousEnd = lastOffset;
  }
  return ErrorCode.NONE;
}

/** Who acknowledges, and what it needs of each topic. */
interface Acknowledger {
  readonly groupId: string;
  readonly memberId: string;
  readonly isRenewAck: boolean;
  readonly permission: Permission;
}

/** Has each partition's acknowledgements persisted. @returns the errors in the order of the partitions */
export function acknowledgeAll(
  { groupId, memberId, isRenewAck, permission }: Acknowledger,
  partitions: readonly AcknowledgedPartition[],
  context: RequestContext,
  services: Services,
): Promise<PartitionError[]> {
  const { apiVersion } = context;
  const { share, metadata } = services;
  const image = metadata();
  return Promise.all(
    partitions.map(async ({ acknowledgements, ...partition }) => {
      const topic = image.topicById(partition.topicId);
      if (topic === undefined) return partitionError(ErrorCode.UNKNOWN_TOPIC_ID);
      if (!may(services, context, permission, topic.name)) return partitionError(permission.denied);
      const errorCode = acknowledgementError(acknowledgements, { apiVersion, isRenewAck });
      if (errorCode !== ErrorCode.NONE) return partitionError(errorCode);
      if (topic.partition(partition.partition) === undefined) {
        return partitionError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      }
      if (acknowledgements.length === 0) return partitionError(ErrorCode.NONE);
      const error = await share.partitions.acknowledge(groupId, memberId, partition, acknowledgements);
      return error === undefined
        ? partitionError(ErrorCode.NONE)
        : { errorCode: error.code, errorMessage: error.message };
    }),
  );
}

export function partitionError(errorCode: number): PartitionError {
  return { errorCode, errorMessage: null };
}

/** Answers by topic, in the order in which topics first come. */
export function byTopic<Part extends TopicPartition, Answer>(
  parts: readonly Part[],
  answer: (part: Part) => Answer,
): { topicId: string; partitions: Answer[] }[] {
  const topics = new Map<string, Answer[]>();
  for (const part of parts) {
    const partitions = topics.get(part.topicId) ?? [];
    topics.set(part.topicId, partitions);
    partitions.push(answer(part));
  }
  return Array.from(topics, ([topicId, partitions]) => ({ topicId, partitions }));
}

/** Whom a client should ask instead, when it asked the wrong broker. */
export function leadersOf(
  parts: readonly (TopicPartition & PartitionError)[],
  context: RequestContext,
  services: Services,
): {
  leaderOf(part: TopicPartition & PartitionError): { leaderId: number; leaderEpoch: number };
  nodeEndpoints: { nodeId: number; host: string; port: number; rack: string | null }[];
} {
  const image = services.metadata();
  const isMisled = ({ errorCode }: PartitionError) =>
    errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH;
  const stateOf = ({ topicId, partition }: TopicPartition) => image.topicById(topicId)?.partition(partition);
  const leaders = new Set(parts.filter(isMisled).map((part) => stateOf(part)?.leader));
  return {
    leaderOf(part) {
      if (!isMisled(part)) return { leaderId: 0, leaderEpoch: 0 };
      const state = stateOf(part);
      return { leaderId: state?.leader ?? -1, leaderEpoch: state?.leaderEpoch ?? -1 };
    },
    nodeEndpoints:
      leaders.size === 0 ? [] : endpointsFor(context, services).filter(({ nodeId }) => leaders.has(nodeId)),
  };
}
