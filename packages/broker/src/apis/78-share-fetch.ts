// ShareFetch (KIP-932): reads records for a member of a share group, and acknowledges earlier ones. Version 2 adds a strict
// limit of records (KIP-1206) and renewed locks (KIP-1222); a request that renews fetches nothing.

import { ErrorCode, type ShareFetchRequest, shareFetchRequest, shareFetchResponse } from '@moldau/protocol';
import type { SharePart } from '../coordinators/share/share-fetcher.ts';
import {
  FINAL_EPOCH,
  type ShareSessionView,
  type TopicPartition,
} from '../coordinators/share/share-sessions.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may } from './authorize.ts';
import { type RequestContext, type Services, serve } from './handler.ts';
import {
  type AcknowledgedPartition,
  acknowledgeAll,
  acknowledgedPartitions,
  byTopic,
  identityProblem,
  leadersOf,
  type PartitionError,
  partitionError,
} from './share-requests.ts';

const FIRST_VERSION_WITH_RENEW = 2;
const RECORD_LIMIT = 1;

interface Answered extends SharePart {
  readonly acknowledged: PartitionError;
}

export const shareFetch = serve({
  request: shareFetchRequest,
  response: shareFetchResponse,
  minVersion: 1,
  maxVersion: 2,
  async handle(request, context, services) {
    const { groupId, memberId } = request;
    const problem = identityProblem(groupId, memberId) ?? renewProblem(request, context.apiVersion);
    if (groupId === null || memberId === null || problem !== undefined)
      return refused(ErrorCode.INVALID_REQUEST, problem ?? null);
    demand(services, context, permissions.shareFetch.group, groupId);
    const { share } = services;
    const named = acknowledgedPartitions(request.topics);
    const acknowledged = named.filter(({ acknowledgements }) => acknowledgements.length > 0);
    const session = share.sessions.view(
      {
        ...{ groupId, memberId, epoch: request.shareSessionEpoch, partitions: named.map(placeOf) },
        forgotten: request.forgottenTopicsData.flatMap(({ topicId, partitions }) =>
          partitions.map((partition) => ({ topicId, partition })),
        ),
        hasAcknowledgements: acknowledged.length > 0,
      },
      (run) => context.onClosed(run),
    );
    if (session.errorCode !== ErrorCode.NONE) {
      // Else a client that finds no room would ask again at once.
      if (session.errorCode === ErrorCode.SHARE_SESSION_LIMIT_REACHED)
        await pause(request.maxWaitMs, services);
      return refused(session.errorCode, null);
    }
    const isRenewAck = request.isRenewAck && context.apiVersion >= FIRST_VERSION_WITH_RENEW;
    // Before anything is acquired: else what is said of a lock that has run out would be taken for one that this request gets.
    const acknowledging =
      acknowledged.length === 0
        ? []
        : acknowledgeAll(
            { groupId, memberId, isRenewAck: request.isRenewAck, permission: permissions.shareFetch.topic },
            named,
            context,
            services,
          );
    const fetching = isRenewAck ? [] : fetchParts(request, { groupId, memberId }, session, context, services);
    const [parts, errors] = await Promise.all([fetching, acknowledging]);
    if (request.shareSessionEpoch === FINAL_EPOCH) {
      const held = share.sessions.close(groupId, memberId);
      await share.partitions.release(groupId, memberId, held);
    }
    return answer(withAcknowledgements(parts, named, errors), { groupId, context, services });
  },
  fail: (_request, errorCode, errorMessage) => refused(errorCode, errorMessage),
});

/** What a request that renews locks must not ask for. */
function renewProblem(request: ShareFetchRequest, apiVersion: number): string | undefined {
  if (apiVersion < FIRST_VERSION_WITH_RENEW || !request.isRenewAck) return undefined;
  const names = ['maxBytes', 'minBytes', 'maxRecords', 'maxWaitMs'] as const;
  const wrong = names.filter((name) => request[name] !== 0);
  if (wrong.length === 0) return undefined;
  return `${wrong.map((name) => `${name} must be set to 0, `).join('')}if isRenewAck is true.`;
}

async function fetchParts(
  request: ShareFetchRequest,
  { groupId, memberId }: { groupId: string; memberId: string },
  session: ShareSessionView,
  context: RequestContext,
  services: Services,
): Promise<SharePart[]> {
  const { share, metadata, config } = services;
  const permission = permissions.shareFetch.topic;
  const image = metadata();
  const failed: SharePart[] = [];
  const partitions: TopicPartition[] = [];
  for (const { topicId, partition } of session.partitions) {
    const topic = image.topicById(topicId);
    const isRefused = topic !== undefined && !may(services, context, permission, topic.name);
    if (!isRefused && topic?.partition(partition) !== undefined) partitions.push({ topicId, partition });
    else {
      const missingCode =
        topic === undefined ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      const errorCode = isRefused ? permission.denied : missingCode;
      failed.push({ topicId, partition, ...partitionError(errorCode), chunks: [], acquired: [] });
    }
  }
  const maxBytes = Math.min(request.maxBytes, config.fetchMaxBytes);
  const parts = await share.fetcher.fetch(
    {
      ...{ groupId, memberId, partitions, maxBytes },
      ...{ maxWaitMs: request.maxWaitMs, minBytes: Math.min(request.minBytes, maxBytes) },
      ...{ maxRecords: request.maxRecords, batchSize: request.batchSize },
      isRecordLimit: request.shareAcquireMode === RECORD_LIMIT,
      rotation: Math.max(0, request.shareSessionEpoch),
    },
    session,
  );
  return [...parts, ...failed].filter((part) =>
    session.isTold(part, { hasRecords: part.chunks.length > 0, errorCode: part.errorCode }),
  );
}

/** Partitions of which only acknowledgements are answered come last. */
function withAcknowledgements(
  parts: readonly SharePart[],
  named: readonly AcknowledgedPartition[],
  errors: readonly PartitionError[],
): Answered[] {
  const left = new Map(
    errors.map((error, index) => [keyOf(named[index]!), { ...placeOf(named[index]!), error }] as const),
  );
  const fetched = parts.map((part): Answered => {
    const acknowledged = left.get(keyOf(part))?.error ?? partitionError(ErrorCode.NONE);
    left.delete(keyOf(part));
    return { ...part, acknowledged };
  });
  const others = Array.from(left.values(), ({ error, ...place }) => ({
    ...{ ...place, ...partitionError(ErrorCode.NONE), chunks: [], acquired: [] },
    acknowledged: error,
  }));
  return [...fetched, ...others];
}

function answer(
  parts: readonly Answered[],
  { groupId, context, services }: { groupId: string; context: RequestContext; services: Services },
) {
  const { leaderOf, nodeEndpoints } = leadersOf(parts, context, services);
  return {
    errorCode: ErrorCode.NONE,
    acquisitionLockTimeoutMs: services.share.config.of(groupId).lockDurationMs,
    responses: byTopic(parts, (part) => ({
      ...{ partitionIndex: part.partition, errorCode: part.errorCode, errorMessage: part.errorMessage },
      acknowledgeErrorCode: part.acknowledged.errorCode,
      acknowledgeErrorMessage: part.acknowledged.errorMessage,
      currentLeader: leaderOf(part),
      records: part.chunks,
      acquiredRecords: [...part.acquired],
    })),
    nodeEndpoints,
  };
}

function refused(errorCode: number, errorMessage: string | null) {
  return { errorCode, errorMessage, acquisitionLockTimeoutMs: 0, responses: [], nodeEndpoints: [] };
}

function pause(ms: number, { timers }: Services): Promise<void> {
  return new Promise((resolve) => timers.after(ms, resolve));
}

function placeOf({ topicId, partition }: TopicPartition): TopicPartition {
  return { topicId, partition };
}

function keyOf({ topicId, partition }: TopicPartition): string {
  return `${topicId}/${partition}`;
}
