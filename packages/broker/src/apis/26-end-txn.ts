// EndTxn (KIP-98): commits or aborts a transaction; answered when the decision cannot be lost any more, while its
// markers may still be on their way. From version 5 on (KIP-890) the epoch is bumped, and the answer brings the
// producer's id and epoch for its next transaction.

import { endTxnRequest, endTxnResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';
import { epochErrorFor } from './transactional-requests.ts';

const FIRST_VERSION_WITH_FENCED = 2;
const FIRST_VERSION_WITH_EPOCH_BUMP = 5;

export const endTxn = serve({
  request: endTxnRequest,
  response: endTxnResponse,
  minVersion: 0,
  maxVersion: 5,
  async handle(request, context, services) {
    const { apiVersion } = context;
    demand(services, context, permissions.endTxn.transactionalId, request.transactionalId);
    const clientVersion = apiVersion >= FIRST_VERSION_WITH_EPOCH_BUMP ? 2 : 0;
    const answer = await services.transactions.endTransaction({ ...request, clientVersion });
    return {
      ...answer,
      errorCode: epochErrorFor(answer.errorCode, apiVersion < FIRST_VERSION_WITH_FENCED),
    };
  },
  fail: (_request, errorCode) => ({ errorCode, producerId: -1, producerEpoch: -1 }),
});
