// DescribeTransactions (API 65): describes transactions (KIP-664).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string } from '../schema.ts';

export const describeTransactionsRequest = request(
  'DescribeTransactionsRequest',
  65,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    transactionalIds: array(string),
  }),
);
export type DescribeTransactionsRequest = Infer<typeof describeTransactionsRequest>;

export const describeTransactionsResponse = response(
  'DescribeTransactionsResponse',
  65,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    transactionStates: array({
      errorCode: int16,
      transactionalId: string,
      transactionState: string,
      transactionTimeoutMs: int32,
      transactionStartTimeMs: int64,
      producerId: int64,
      producerEpoch: int16,
      topics: array({
        topic: string,
        partitions: array(int32),
      }),
    }),
  }),
);
export type DescribeTransactionsResponse = Infer<typeof describeTransactionsResponse>;
