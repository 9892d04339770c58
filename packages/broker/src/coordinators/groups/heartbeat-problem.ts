// What is wrong with a ConsumerGroupHeartbeat in itself, whatever the group.

import { ErrorCode, KafkaError } from '@moldau/protocol';
import { AWAY_EPOCH, JOINING_EPOCH, LEFT_EPOCH } from './consumer-group.ts';
import type { ConsumerHeartbeatCommand } from './group-commands.ts';
import type { ConsumerGroupConfig } from './group-config.ts';
import { fitsIntoRecord } from './group-records.ts';

/** The first version whose members choose their ids themselves. */
const VERSION_WITH_OWN_MEMBER_ID = 1;

/** undefined when nothing is. */
export function heartbeatProblem(
  command: ConsumerHeartbeatCommand,
  apiVersion: number,
  { isEnabled, assignors }: ConsumerGroupConfig,
): KafkaError | undefined {
  const { groupId, memberId, memberEpoch, instanceId, rackId, serverAssignor } = command;
  if (!isEnabled) {
    return new KafkaError(ErrorCode.UNSUPPORTED_VERSION, 'The consumer group protocol is not enabled.');
  }
  const needsMemberId =
    apiVersion >= VERSION_WITH_OWN_MEMBER_ID || memberEpoch > 0 || memberEpoch === LEFT_EPOCH;
  if (needsMemberId && memberId === '') return invalid("MemberId can't be empty.");
  if (groupId === '') return invalid("GroupId can't be empty.");
  if (instanceId?.trim() === '') return invalid("InstanceId can't be empty.");
  if (rackId?.trim() === '') return invalid("RackId can't be empty.");
  if (!fitsIntoRecord(groupId, memberId, command.subscribedTopicRegex ?? '')) {
    return invalid('GroupId, MemberId and SubscribedTopicRegex must be shorter than 32,703 bytes.');
  }
  const problem = epochProblem(command);
  if (problem !== undefined) return invalid(problem);
  if (serverAssignor === null || assignors.includes(serverAssignor)) return undefined;
  return new KafkaError(
    ErrorCode.UNSUPPORTED_ASSIGNOR,
    `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${assignors.join(', ')}.`,
  );
}

function epochProblem(command: ConsumerHeartbeatCommand): string | undefined {
  const { memberEpoch, instanceId, rebalanceTimeoutMs, topicPartitions } = command;
  if (memberEpoch < AWAY_EPOCH) return 'MemberEpoch is invalid.';
  if (memberEpoch === AWAY_EPOCH && instanceId === null) return "InstanceId can't be null.";
  if (memberEpoch !== JOINING_EPOCH) return undefined;
  if (rebalanceTimeoutMs === -1) return 'RebalanceTimeoutMs must be provided in first request.';
  if (topicPartitions === null || topicPartitions.length > 0) {
    return 'TopicPartitions must be empty when (re-)joining.';
  }
  if (command.subscribedTopicNames === null && command.subscribedTopicRegex === null) {
    return 'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.';
  }
  return undefined;
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message);
}
