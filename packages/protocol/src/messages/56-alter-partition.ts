// AlterPartition (API 56): a leader proposes its in-sync replicas to the controller (KIP-497). 3: with
// broker epochs (KIP-903).

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, int64, uuid } from '../schema.ts';

export const alterPartitionRequest = request(
  'AlterPartitionRequest',
  56,
  { versions: [2, 3], flexibleSince: 0 },
  () => ({
    brokerId: int32,
    brokerEpoch: int64.default(-1),
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        leaderEpoch: int32,
        newIsr: array(int32).until(2),
        newIsrWithEpochs: array({
          brokerId: int32,
          brokerEpoch: int64.default(-1),
        }).since(3),
        leaderRecoveryState: int8.default(0),
        partitionEpoch: int32,
      }),
    }),
  }),
);
export type AlterPartitionRequest = Infer<typeof alterPartitionRequest>;

export const alterPartitionResponse = response(
  'AlterPartitionResponse',
  56,
  { versions: [2, 3], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    topics: array({
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        leaderId: int32,
        leaderEpoch: int32,
        isr: array(int32),
        leaderRecoveryState: int8.default(0),
        partitionEpoch: int32,
      }),
    }),
  }),
);
export type AlterPartitionResponse = Infer<typeof alterPartitionResponse>;
