// AddPartitionsToTxn (API 24): adds partitions to a transaction. From 4 on, of several transactions, for
// brokers that verify them (KIP-890).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, int64, string, struct } from '../schema.ts';

export const addPartitionsToTxnRequest = request(
  'AddPartitionsToTxnRequest',
  24,
  { versions: [0, 5], flexibleSince: 3 },
  () => {
    const addPartitionsToTxnTopic = struct({
      name: string,
      partitions: array(int32),
    });
    return {
      transactions: array({
        transactionalId: string,
        producerId: int64,
        producerEpoch: int16,
        verifyOnly: bool.default(false),
        topics: array(addPartitionsToTxnTopic),
      }).since(4),
      v3AndBelowTransactionalId: string.until(3),
      v3AndBelowProducerId: int64.until(3),
      v3AndBelowProducerEpoch: int16.until(3),
      v3AndBelowTopics: array(addPartitionsToTxnTopic).until(3),
    };
  },
);
export type AddPartitionsToTxnRequest = Infer<typeof addPartitionsToTxnRequest>;

export const addPartitionsToTxnResponse = response(
  'AddPartitionsToTxnResponse',
  24,
  { versions: [0, 5], flexibleSince: 3 },
  () => {
    const addPartitionsToTxnPartitionResult = struct({
      partitionIndex: int32,
      partitionErrorCode: int16,
    });
    const addPartitionsToTxnTopicResult = struct({
      name: string,
      resultsByPartition: array(addPartitionsToTxnPartitionResult),
    });
    return {
      throttleTimeMs: int32.default(0),
      errorCode: int16.since(4),
      resultsByTransaction: array({
        transactionalId: string,
        topicResults: array(addPartitionsToTxnTopicResult),
      }).since(4),
      resultsByTopicV3AndBelow: array(addPartitionsToTxnTopicResult).until(3),
    };
  },
);
export type AddPartitionsToTxnResponse = Infer<typeof addPartitionsToTxnResponse>;
