// What groups refuse for good, and what to do about it.

import {
  consumerGroupDescribeRequest,
  consumerGroupDescribeResponse,
  describeGroupsRequest,
  describeGroupsResponse,
  ErrorCode,
} from '@moldau/protocol';
import { BrokerError, KafkaError } from '../../errors/kafka-error.ts';
import type { CoordinatorCalls } from './coordinator-calls.ts';

const DESCRIBE_TIMEOUT_MS = 5_000;

const CLASSIC_DESCRIBE = { request: describeGroupsRequest, response: describeGroupsResponse };
const CONSUMER_DESCRIBE = {
  request: consumerGroupDescribeRequest,
  response: consumerGroupDescribeResponse,
};

export interface GroupProblemContext {
  readonly calls: CoordinatorCalls;
  readonly instanceId: string | undefined;
  /** The assignors of this member; for the consumer protocol the broker's that it asks for. */
  readonly assignors: readonly string[];
}

/** The error as the application is to see it. */
export async function explainGroupProblem(
  error: KafkaError,
  { calls, instanceId, assignors }: GroupProblemContext,
): Promise<KafkaError> {
  const { groupId } = calls;
  if (!(error instanceof BrokerError)) return error;
  const about = { topic: error.topic, broker: error.broker, cause: error };
  const explained = (said: string): KafkaError =>
    new BrokerError(error.errorCode, { ...about, said, saysAll: true });
  switch (error.errorCode) {
    case ErrorCode.GROUP_AUTHORIZATION_FAILED:
      return new BrokerError(error.errorCode, { ...about, resource: `group ${groupId}`, operation: 'Read' });
    case ErrorCode.TOPIC_AUTHORIZATION_FAILED:
      return new BrokerError(error.errorCode, { ...about, operation: 'Read' });
    case ErrorCode.FENCED_INSTANCE_ID:
      return explained(
        `Another member has taken over instanceId ${instanceId} in the group ${groupId}. Give every running consumer an instanceId of its own.`,
      );
    case ErrorCode.UNRELEASED_INSTANCE_ID:
      return explained(
        `Another member holds instanceId ${instanceId} in the group ${groupId}, and did not leave within the session timeout. Give every running consumer an instanceId of its own.`,
      );
    case ErrorCode.GROUP_MAX_SIZE_REACHED:
      return explained(
        `The group ${groupId} has as many members as the broker allows (group.max.size, group.consumer.max.size).`,
      );
    case ErrorCode.INVALID_SESSION_TIMEOUT:
      return explained(
        'sessionTimeoutMs is outside of what the broker allows (group.min.session.timeout.ms to group.max.session.timeout.ms).',
      );
    case ErrorCode.UNSUPPORTED_ASSIGNOR:
      return explained(
        `The broker has no assignor ${assignors.join(', ')}: choose one of its group.consumer.assignors, by default uniform and range.`,
      );
    case ErrorCode.INCONSISTENT_GROUP_PROTOCOL:
    case ErrorCode.GROUP_ID_NOT_FOUND:
      return explained(await explainOtherKind(calls, assignors));
    default:
      return error;
  }
}

async function explainOtherKind(calls: CoordinatorCalls, assignors: readonly string[]): Promise<string> {
  const own = `This member has ${assignors.join(', ') || "the broker's"}`;
  const advice =
    'Every member needs one assignor that all others have too, and the protocol of the group: adapt this one, or stop the others first.';
  const theirs =
    (await described(() => describeClassic(calls))) ?? (await described(() => describeConsumer(calls)));
  return `The members of the group ${calls.groupId} ${theirs ?? 'assign partitions in another way'}. ${own}. ${advice}`;
}

/** What cannot be found out is left out. */
async function described(ask: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof KafkaError) return undefined;
    throw error;
  }
}

async function describeClassic(calls: CoordinatorCalls): Promise<string | undefined> {
  const input = { groups: [calls.groupId] };
  const options = { purpose: 'control', timeoutMs: DESCRIBE_TIMEOUT_MS } as const;
  const [group] = (await calls.request(CLASSIC_DESCRIBE, input, options)).groups;
  if (group === undefined || group.errorCode !== ErrorCode.NONE || group.protocolType === '')
    return undefined;
  if (group.groupState === 'Dead' || group.groupState === 'Empty') return undefined;
  return `are of the protocol type ${group.protocolType} and have the assignor ${group.protocolData || 'that they are just agreeing on'}`;
}

async function describeConsumer(calls: CoordinatorCalls): Promise<string | undefined> {
  const input = { groupIds: [calls.groupId], includeAuthorizedOperations: false };
  const options = { purpose: 'control', timeoutMs: DESCRIBE_TIMEOUT_MS } as const;
  const [group] = (await calls.request(CONSUMER_DESCRIBE, input, options)).groups;
  if (group === undefined || group.errorCode !== ErrorCode.NONE) return undefined;
  return `are of the consumer protocol (KIP-848), with the broker's assignor ${group.assignorName}`;
}
