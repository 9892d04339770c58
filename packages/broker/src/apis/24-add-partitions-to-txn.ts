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
import type {
  AddPartitionsCommand,
  PartitionAnswer,
} from '../coordinators/transactions/transaction-commands.ts';
import { type Services, serve } from './handler.ts';
import { epochErrorFor, partitionsOf, resultsByTopic } from './transactional-requests.ts';

const FIRST_VERSION_WITH_FENCED = 2;
const FIRST_VERSION_WITH_MANY_TRANSACTIONS = 4;
/** The first whose clients follow protocol 2. */
const FIRST_VERSION_WITH_EPOCH_BUMP = 5;

export const addPartitionsToTxn = serve({
  request: addPartitionsToTxnRequest,
  response: addPartitionsToTxnResponse,
  minVersion: 0,
  maxVersion: 5,
  async handle(request, { apiVersion }, services) {
    const clientVersion = apiVersion >= FIRST_VERSION_WITH_EPOCH_BUMP ? 2 : 0;
    if (apiVersion < FIRST_VERSION_WITH_MANY_TRANSACTIONS) {
      const answers = await addPartitions({ ...onlyCommand(request), clientVersion }, services);
      const isOldClient = apiVersion < FIRST_VERSION_WITH_FENCED;
      const told = answers.map(({ errorCode, ...of }) => ({
        ...of,
        errorCode: epochErrorFor(errorCode, isOldClient),
      }));
      return { errorCode: ErrorCode.NONE, resultsByTopicV3AndBelow: resultsByTopic(told) };
    }
    const resultsByTransaction = await Promise.all(
      request.transactions.map(async ({ topics, ...transaction }) => {
        const command = { ...transaction, partitions: partitionsOf(topics), clientVersion } as const;
        const answers = await addPartitions(command, services);
        return { transactionalId: transaction.transactionalId, topicResults: resultsByTopic(answers) };
      }),
    );
    return { errorCode: ErrorCode.NONE, resultsByTransaction };
  },
  fail: (request, errorCode) => ({
    errorCode,
    resultsByTopicV3AndBelow: resultsByTopic(
      partitionsOf(request.v3AndBelowTopics).map((each) => ({ ...each, errorCode })),
    ),
  }),
});

function onlyCommand(request: AddPartitionsToTxnRequest): AddPartitionsCommand {
  return {
    transactionalId: request.v3AndBelowTransactionalId,
    producerId: request.v3AndBelowProducerId,
    producerEpoch: request.v3AndBelowProducerEpoch,
    partitions: partitionsOf(request.v3AndBelowTopics),
    verifyOnly: false,
  };
}

async function addPartitions(command: AddPartitionsCommand, services: Services): Promise<PartitionAnswer[]> {
  const image = services.metadata();
  const isThere = command.partitions.map(
    ({ topic, partition }) => image.topicByName(topic)?.partition(partition) !== undefined,
  );
  if (isThere.every(Boolean)) return services.transactions.addPartitions(command);
  return command.partitions.map((each, index) => ({
    ...each,
    errorCode: isThere[index] ? ErrorCode.OPERATION_NOT_ATTEMPTED : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  }));
}
