// Transactions in __transaction_state.

import { coordinatorKey, coordinatorValue, type Infer } from '../message.ts';
import { array, int8, int16, int32, int64, string } from '../schema.ts';

export const transactionLogKey = coordinatorKey('TransactionLogKey', 0, { versions: [0, 0] }, () => ({
  transactionalId: string,
}));
export type TransactionLogKey = Infer<typeof transactionLogKey>;

export const transactionLogValue = coordinatorValue(
  'TransactionLogValue',
  0,
  { versions: [0, 1], flexibleSince: 1 },
  () => ({
    producerId: int64,
    previousProducerId: int64.since(1, -1).tagged(0),
    nextProducerId: int64.since(1, -1).tagged(1),
    producerEpoch: int16,
    nextProducerEpoch: int16.since(1, -1).tagged(3),
    transactionTimeoutMs: int32,
    transactionStatus: int8,
    transactionPartitions: array({
      topic: string,
      partitionIds: array(int32),
    }).nullable(),
    transactionLastUpdateTimestampMs: int64,
    transactionStartTimestampMs: int64,
    clientTransactionVersion: int16.since(1, 0).tagged(2),
  }),
);
export type TransactionLogValue = Infer<typeof transactionLogValue>;
