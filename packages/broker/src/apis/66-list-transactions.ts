// ListTransactions (KIP-664; KIP-994 duration filter from version 1, KIP-1152 pattern from version 2): the transactional
// ids of this broker. States that nobody knows are told apart from states that nothing is in.

import { listTransactionsRequest, listTransactionsResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { may } from './authorize.ts';
import { serve } from './handler.ts';

export const listTransactions = serve({
  request: listTransactionsRequest,
  response: listTransactionsResponse,
  minVersion: 0,
  maxVersion: 2,
  async handle(request, context, services) {
    const { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern } = request;
    const listed = await services.transactions.list({
      ...{ stateFilters, producerIdFilters, transactionalIdPattern },
      durationFilterMs: durationFilter,
    });
    const isSeen = ({ transactionalId }: { transactionalId: string }) =>
      may(services, context, permissions.listTransactions.transactionalId, transactionalId);
    return { ...listed, transactionStates: listed.transactionStates.filter(isSeen) };
  },
  fail: (_request, errorCode) => ({ errorCode, unknownStateFilters: [], transactionStates: [] }),
});
