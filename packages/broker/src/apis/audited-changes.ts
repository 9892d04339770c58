// Who changed what: each request that changes more than records and positions is a line of the audit log at info, done or refused.
//
// Invariant: a line is bounded, and has no secret in it, as log lines of requests have none.

import type { Logger } from '@moldau/io';
import { errorName } from '@moldau/protocol';
import { eachOutcome } from '../monitoring/answer-errors.ts';
import type { ApiHandler, RequestContext } from './handler.ts';
import { summarizeRequest } from './request-summary.ts';

const MAX_NAME_LENGTH = 256;

const CHANGES: ReadonlySet<string> = new Set([
  ...['CreateTopics', 'DeleteTopics', 'CreatePartitions', 'DeleteRecords', 'AlterReplicaLogDirs'],
  ...['AlterConfigs', 'IncrementalAlterConfigs', 'AlterClientQuotas', 'UpdateFeatures', 'UnregisterBroker'],
  ...['AlterPartitionReassignments', 'ElectLeaders', 'WriteTxnMarkers'],
  ...['CreateAcls', 'DeleteAcls', 'AlterUserScramCredentials'],
  ...['CreateDelegationToken', 'RenewDelegationToken', 'ExpireDelegationToken'],
  ...['DeleteGroups', 'OffsetDelete', 'AlterShareGroupOffsets', 'DeleteShareGroupOffsets'],
]);

export function auditChange(
  { name }: ApiHandler,
  request: unknown,
  answer: unknown,
  { principal, clientHost, clientId, listenerName }: RequestContext,
  logger: Logger,
): void {
  if (!CHANGES.has(name) || isOnlyAsked(request)) return;
  const errors = new Set<string>();
  let isDone = false;
  eachOutcome(answer, (errorCode) => {
    if (errorCode === 0) isDone = true;
    else errors.add(errorName(errorCode));
  });
  const fields = {
    ...{ principal: cut(principal), host: clientHost.slice(1), clientId: cut(clientId ?? ''), listenerName },
    ...{ api: name, request: summarizeRequest(request) },
    ...(errors.size === 0 ? {} : { errors: [...errors] }),
  };
  const refused = isDone ? 'changed by a client, refused in part' : 'refused to a client';
  logger.info(fields, errors.size === 0 ? 'changed by a client' : refused);
}

/** What would come of it. */
function isOnlyAsked(request: unknown): boolean {
  return (request as { validateOnly?: boolean }).validateOnly === true;
}

function cut(name: string): string {
  return name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name;
}
