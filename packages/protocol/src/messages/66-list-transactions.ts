// ListTransactions (API 66): lists transactions by state, producer, duration (KIP-994) and pattern
// (KIP-1152).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, string } from '../schema.ts';

export const listTransactionsRequest = request(
  'ListTransactionsRequest',
  66,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    stateFilters: array(string),
    producerIdFilters: array(int64),
    durationFilter: int64.since(1, -1),
    transactionalIdPattern: string.nullable().since(2, null),
  }),
);
export type ListTransactionsRequest = Infer<typeof listTransactionsRequest>;

export const listTransactionsResponse = response(
  'ListTransactionsResponse',
  66,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    unknownStateFilters: array(string),
    transactionStates: array({
      transactionalId: string,
      producerId: int64,
      transactionState: string,
    }),
  }),
);
export type ListTransactionsResponse = Infer<typeof listTransactionsResponse>;
