// DescribeTransactions (KIP-664): the state of transactional ids, each with an error of its own.

import { describeTransactionsRequest, describeTransactionsResponse } from '@moldau/protocol';
import { undescribed } from '../coordinators/transactions/transaction-shard.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { may } from './authorize.ts';
import { distinctWhenMany } from './distinct-when-many.ts';
import { serve } from './handler.ts';

export const describeTransactions = serve({
  request: describeTransactionsRequest,
  response: describeTransactionsResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ transactionalIds }, context, services) {
    const permission = permissions.describeTransactions;
    const states = distinctWhenMany(transactionalIds).map(async (id) => {
      if (!may(services, context, permission.transactionalId, id))
        return undescribed(id, permission.transactionalId.denied);
      const { topics, ...state } = await services.transactions.describe(id);
      return {
        ...state,
        topics: topics.filter(({ topic }) => may(services, context, permission.topic, topic)),
      };
    });
    return { transactionStates: await Promise.all(states) };
  },
  fail: ({ transactionalIds }, errorCode) => ({
    transactionStates: transactionalIds.map((each) => undescribed(each, errorCode)),
  }),
});
