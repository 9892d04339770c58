// ShareAcknowledge (KIP-932): a member says what became of records it was given: accepted, released to be delivered again,
// or rejected. Version 2 adds renewing their locks (KIP-1222).

import { ErrorCode, shareAcknowledgeRequest, shareAcknowledgeResponse } from '@moldau/protocol';
import { FINAL_EPOCH } from '../coordinators/share/share-sessions.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';
import {
  type AcknowledgedPartition,
  acknowledgeAll,
  acknowledgedPartitions,
  byTopic,
  identityProblem,
  leadersOf,
  type PartitionError,
} from './share-requests.ts';

export const shareAcknowledge = serve({
  request: shareAcknowledgeRequest,
  response: shareAcknowledgeResponse,
  minVersion: 1,
  maxVersion: 2,
  async handle(request, context, services) {
    const { groupId, memberId, shareSessionEpoch, isRenewAck } = request;
    const problem = identityProblem(groupId, memberId);
    if (groupId === null || memberId === null || problem !== undefined)
      return refused(ErrorCode.INVALID_REQUEST, problem ?? null);
    const permission = permissions.shareAcknowledge;
    demand(services, context, permission.group, groupId);
    const { share } = services;
    const errorCode = share.sessions.acknowledge(groupId, memberId, shareSessionEpoch);
    if (errorCode !== ErrorCode.NONE) return refused(errorCode, null);
    const partitions = acknowledgedPartitions(request.topics);
    const errors = await acknowledgeAll(
      { groupId, memberId, isRenewAck, permission: permission.topic },
      partitions,
      context,
      services,
    );
    if (shareSessionEpoch === FINAL_EPOCH) {
      const held = share.sessions.close(groupId, memberId);
      await share.partitions.release(groupId, memberId, held);
    }
    const parts = answeredParts(partitions, errors);
    const { leaderOf, nodeEndpoints } = leadersOf(parts, context, services);
    return {
      errorCode: ErrorCode.NONE,
      acquisitionLockTimeoutMs: share.config.of(groupId).lockDurationMs,
      responses: byTopic(parts, (part) => ({
        ...{ partitionIndex: part.partition, errorCode: part.errorCode, errorMessage: part.errorMessage },
        currentLeader: leaderOf(part),
      })),
      nodeEndpoints,
    };
  },
  fail: (_request, errorCode, errorMessage) => refused(errorCode, errorMessage),
});

/** Kafka leaves out partitions with nothing acknowledged, but not beside others. */
function answeredParts(partitions: readonly AcknowledgedPartition[], errors: readonly PartitionError[]) {
  const isAnyTried = partitions.some(({ acknowledgements }) => acknowledgements.length > 0);
  return partitions
    .map(({ topicId, partition }, index) => ({ topicId, partition, ...errors[index]! }))
    .filter(({ errorCode }) => isAnyTried || errorCode !== ErrorCode.NONE);
}

function refused(errorCode: number, errorMessage: string | null) {
  return { errorCode, errorMessage, acquisitionLockTimeoutMs: 0, responses: [], nodeEndpoints: [] };
}
