// AddPartitionsToTxn (KIP-98): which partitions a producer is about to write to in its transaction. From version 4 on
// it is what one broker asks another, for several transactions at once, to verify or to add (KIP-890).
//
// All of a transaction's partitions are added or none.

import { isInternalTopic } from '@moldau/metadata';
import {
  type AddPartitionsToTxnRequest,
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  ErrorCode,
} from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may } from './authorize.ts';
import { type RequestContext, type Services, serve } from './handler.ts';
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
  async handle(request, context, services) {
    const { apiVersion } = context;
    if (apiVersion < FIRST_VERSION_WITH_MANY_TRANSACTIONS) {
      const transaction = onlyTransaction(request);
      const { transactionalId } = permissions.addPartitionsToTxn;
      demand(services, context, transactionalId, transaction.transactionalId);
      const results = await addPartitions(transaction, context, services, mayWrite(context, services));
      return { errorCode: ErrorCode.NONE, resultsByTopicV3AndBelow: results };
    }
    demand(services, context, permissions.addPartitionsToTxn.cluster);
    const resultsByTransaction = await Promise.all(
      request.transactions.map(async (transaction) => ({
        transactionalId: transaction.transactionalId,
        topicResults: await addPartitions(transaction, context, services),
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

/** Producers write to no topic of the brokers' own. */
function mayWrite(context: RequestContext, services: Services): (topic: string) => boolean {
  const { topic } = permissions.addPartitionsToTxn;
  return (name) =>
    services.authorizer.isOpen || (!isInternalTopic(name) && may(services, context, topic, name));
}

async function addPartitions(
  { topics, ...transaction }: Transaction,
  { apiVersion }: RequestContext,
  services: Services,
  isAllowed: (topic: string) => boolean = () => true,
) {
  const image = services.metadata();
  const partitions = partitionsOf(topics);
  const problems = partitions.map(({ topic, partition }) => {
    if (!isAllowed(topic)) return ErrorCode.TOPIC_AUTHORIZATION_FAILED;
    const isThere = image.topicByName(topic)?.partition(partition) !== undefined;
    return isThere ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  });
  if (problems.some((errorCode) => errorCode !== ErrorCode.NONE)) {
    return resultsByTopic(
      partitions.map((each, index) => ({
        ...each,
        errorCode: problems[index] || ErrorCode.OPERATION_NOT_ATTEMPTED,
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
