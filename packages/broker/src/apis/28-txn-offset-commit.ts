// TxnOffsetCommit (KIP-98, KIP-447 members from version 3): stores how far a group has come as a part of a producer's
// transaction. From version 5 on (KIP-890) it adds the group to the transaction by itself.

import { ErrorCode, txnOffsetCommitRequest, txnOffsetCommitResponse } from '@moldau/protocol';
import type { TransactionOperation } from '../coordinators/transactions/transaction-verifier.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may } from './authorize.ts';
import { splitByAccess, withCode } from './group-requests.ts';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_LOAD_IN_PROGRESS = 2;
const FIRST_VERSION_WITH_ABORTABLE = 4;
const FIRST_VERSION_WITH_ADDING = 5;

export const txnOffsetCommit = serve({
  request: txnOffsetCommitRequest,
  response: txnOffsetCommitResponse,
  minVersion: 0,
  maxVersion: 5,
  async handle(request, context, services) {
    const { apiVersion } = context;
    const { groups, metadata } = services;
    const permission = permissions.txnOffsetCommit;
    demand(services, context, permission.transactionalId, request.transactionalId);
    demand(services, context, permission.group, request.groupId);
    const image = metadata();
    const checked = request.topics.map((topic) => {
      const found = image.topicByName(topic.name);
      const isAllowed = may(services, context, permission.topic, topic.name);
      const refusal = isAllowed ? ErrorCode.NONE : permission.topic.denied;
      return { topic, found, ...splitByAccess(topic.partitions, found, refusal) };
    });
    const isNothingLeft = checked.every(({ existing }) => existing.length === 0);
    const { generationId, ...command } = request;
    const codes = isNothingLeft
      ? []
      : await groups.commitTransactionalOffsets(
          {
            ...command,
            generationIdOrMemberEpoch: generationId,
            retentionTimeMs: -1,
            topics: checked.map(({ topic: { name }, found, existing }) => ({
              name,
              topicId: found?.id ?? '',
              partitions: existing,
            })),
          },
          operationOf(apiVersion),
        );
    return {
      topics: checked.map(({ topic: { name }, existing, missing, missingCode }, index) => ({
        name,
        partitions: [
          ...withCode(missing, () => missingCode),
          ...withCode(existing, (position) => codeFor(codes[index]![position]!, apiVersion)),
        ],
      })),
    };
  },
  fail: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: withCode(partitions, () => errorCode),
    })),
  }),
});

function operationOf(apiVersion: number): TransactionOperation {
  if (apiVersion >= FIRST_VERSION_WITH_ADDING) return 'add';
  return apiVersion >= FIRST_VERSION_WITH_ABORTABLE ? 'verify-abortable' : 'verify';
}

/** Producers from before 2.0 do not ask again when the coordinator is loading. */
function codeFor(errorCode: number, apiVersion: number): number {
  return apiVersion < FIRST_VERSION_WITH_LOAD_IN_PROGRESS &&
    errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    ? ErrorCode.COORDINATOR_NOT_AVAILABLE
    : errorCode;
}
