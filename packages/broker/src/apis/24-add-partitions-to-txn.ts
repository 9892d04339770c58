// AddPartitionsToTxn (KIP-98): which partitions a producer is about to write to in its transaction. From version 4 on
// it is what one broker asks another, for several transactions at once, to verify or to add (KIP-890).
//
// All of a transaction's partitions are added or none.

import {
  type AddPartitionsToTxnRequest,
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  ErrorCode,
} from '@moldau/protocol';
import { type Services, serve } from './handler.ts';
import { epochErrorFor, partitionsOf, resultsByTopic, sameResult } from './transactional-requests.ts';

const FIRST_VERSION_WITH_FENCED = 2;
const FIRST_VERSION_WITH_MANY_TRANSACTIONS = 4;
/** The first whose clients follow protocol 2. */
const FIRST_VERSION_WITH_EPOCH_BUMP = 5;

type Transaction = AddPartitionsToTxnRequest['transactions'][number];

export const addPartitionsToTxn = serve({
  request: addPartitionsToTxnRequest,
  response: addPartitionsToTxnResponse,
  minVersion: 0,
  maxVersion: 5,
  async handle(request, { apiVersion }, services) {
    if (apiVersion < FIRST_VERSION_WITH_MANY_TRANSACTIONS) {
      const results = await addPartitions(onlyTransaction(request), apiVersion, services);
      return { errorCode: ErrorCode.NONE, resultsByTopicV3AndBelow: results };
    }
    const resultsByTransaction = await Promise.all(
      request.transactions.map(async (transaction) => ({
        transactionalId: transaction.transactionalId,
        topicResults: await addPartitions(transaction, apiVersion, services),
      })),
    );
    return { errorCode: ErrorCode.NONE, resultsByTransaction };
  },
  fail: (request, errorCode) => ({
    errorCode,
    resultsByTopicV3AndBelow: sameResult(request.v3AndBelowTopics, errorCode),
  }),
});

function onlyTransaction(request: AddPartitionsToTxnRequest): Transaction {
  return {
    transactionalId: request.v3AndBelowTransactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    topics: request.v3AndBelowTopics,
    verifyOnly: false,
  };
}

async function addPartitions(
  { topics, ...transaction }: Transaction,
  apiVersion: number,
  services: Services,
) {
  const image = services.metadata();
  const partitions = partitionsOf(topics);
  const isThere = partitions.map(
    ({ topic, partition }) => image.topicByName(topic)?.partition(partition) !== undefined,
  );
  if (!isThere.every(Boolean)) {
    return resultsByTopic(
      partitions.map((each, index) => ({
        ...each,
        errorCode: isThere[index] ? ErrorCode.OPERATION_NOT_ATTEMPTED : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      })),
    );
  }
  const clientVersion = apiVersion >= FIRST_VERSION_WITH_EPOCH_BUMP ? 2 : 0;
  const answers = await services.transactions.addPartitions({ ...transaction, partitions, clientVersion });
  if (transaction.verifyOnly) return resultsByTopic(answers);
  // All were added, or none for one reason.
  const errorCode = answers[0]?.errorCode ?? ErrorCode.NONE;
  return sameResult(topics, epochErrorFor(errorCode, apiVersion < FIRST_VERSION_WITH_FENCED));
}
