// DescribeTransactions (KIP-664): the state of transactional ids, each with an error of its own.

import { describeTransactionsRequest, describeTransactionsResponse } from '@moldau/protocol';
import { undescribed } from '../coordinators/transactions/transaction-shard.ts';
import { serve } from './handler.ts';

export const describeTransactions = serve({
  request: describeTransactionsRequest,
  response: describeTransactionsResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ transactionalIds }, _context, { transactions }) {
    return {
      transactionStates: await Promise.all(transactionalIds.map((each) => transactions.describe(each))),
    };
  },
  fail: ({ transactionalIds }, errorCode) => ({
    transactionStates: transactionalIds.map((each) => undescribed(each, errorCode)),
  }),
});
