// Why offsets could not be committed or read, and what to do about it.

import { ErrorCode } from '@moldau/protocol';
import { BrokerError } from '../../errors/kafka-error.ts';

export interface CommitProblemContext {
  readonly groupId: string;
  readonly isMember: boolean;
}

export function explainCommit(error: BrokerError, context: CommitProblemContext): BrokerError {
  const { errorCode, topic, partition, broker } = error;
  const about = { topic, partition, broker, cause: error };
  if (errorCode === ErrorCode.GROUP_AUTHORIZATION_FAILED)
    return new BrokerError(errorCode, { ...about, resource: `group ${context.groupId}`, operation: 'Read' });
  if (errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED)
    return new BrokerError(errorCode, { ...about, operation: 'Read' });
  const said = explanation(errorCode, context);
  return said === undefined ? error : new BrokerError(errorCode, { ...about, said, saysAll: true });
}

function explanation(errorCode: number, { groupId, isMember }: CommitProblemContext): string | undefined {
  switch (errorCode) {
    case ErrorCode.ILLEGAL_GENERATION:
    case ErrorCode.UNKNOWN_MEMBER_ID:
    case ErrorCode.REBALANCE_IN_PROGRESS:
    case ErrorCode.STALE_MEMBER_EPOCH:
    case ErrorCode.FENCED_MEMBER_EPOCH:
      return isMember
        ? `The partition went to another member of the group ${groupId} before its offset was committed, and is read there again from the last commit.`
        : `The group ${groupId} has members, and only they may commit: give a consumer that assigns partitions by itself a groupId of its own.`;
    case ErrorCode.OFFSET_METADATA_TOO_LARGE:
      return "The commit's metadata is larger than the broker's offset.metadata.max.bytes. Shorten it, or raise that.";
    case ErrorCode.FENCED_INSTANCE_ID:
      return `Another member has taken over the instanceId of this one in the group ${groupId}. Give every running consumer an instanceId of its own.`;
    default:
      return undefined;
  }
}
