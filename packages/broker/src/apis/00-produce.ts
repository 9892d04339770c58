// Produce (KIP-98 idempotence, KIP-516 topic ids from version 13, KIP-467 record errors).
//
// Version 0 to 2 carry message sets of magic 0 and 1, which are stored as batches of magic 2. acks=0 wants no answer;
// when it fails the connection is closed, which is the only way to tell that client. acks=1 is answered when the
// records are in the page cache, acks=all (-1) when they are as durable as the topic asks.

import type { AppendResult, Verification } from '@moldau/log';
import { isInternalTopic } from '@moldau/metadata';
import {
  ErrorCode,
  KafkaError,
  type ProduceRequest,
  produceRequest,
  produceResponse,
  RecordValidationError,
} from '@moldau/protocol';
import type { TopicFigures } from '../monitoring/topic-traffic.ts';
import type { Partition } from '../replication/partition.ts';
import { batchesOf, prepareBatches } from '../replication/prepare-batches.ts';
import { within } from '../replication/within.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may } from './authorize.ts';
import { NO_RESPONSE, type RequestContext, type Services, serve } from './handler.ts';
import {
  hasTransactionalRecords,
  transactionalBatchesOf,
  type Verifications,
  verifyBatches,
} from './produce-transactions.ts';

const FIRST_VERSION_WITH_TOPIC_IDS = 13;
const MIN_DISK_TIMEOUT_MS = 10_000;
/** The name that Kafka's admin tools give themselves: they alone may write to internal topics. */
const ADMIN_CLIENT_ID = '__admin_client';
/** Errors of an append that do not tell where the log starts; all others do, so that a producer sees what was deleted. */
const ERRORS_WITHOUT_LOG_START: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.MESSAGE_TOO_LARGE,
  ErrorCode.RECORD_LIST_TOO_LARGE,
  ErrorCode.CORRUPT_MESSAGE,
  ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
  ErrorCode.KAFKA_STORAGE_ERROR,
]);

type TopicData = ProduceRequest['topicData'][number];
type PartitionData = TopicData['partitionData'][number];

interface PartitionAnswer {
  index: number;
  errorCode: number;
  baseOffset: number;
  logAppendTimeMs: number;
  logStartOffset: number;
  recordErrors: { batchIndex: number; batchIndexErrorMessage: string }[];
  errorMessage: string | null;
}

export const produce = serve({
  request: produceRequest,
  response: produceResponse,
  minVersion: 0,
  maxVersion: 13,
  async handle(request, context, services) {
    const { transactionalId } = request;
    if (hasTransactionalRecords(request)) {
      if (transactionalId === null) {
        const message = 'the records are of a transaction, and the request names no transactional id';
        throw new KafkaError(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, message);
      }
      demand(services, context, permissions.produce.transactionalId, transactionalId);
    }
    const answers = await (transactionalId === null
      ? produceAll(request, context, services)
      : produceInTransaction(request, transactionalId, context, services));
    context.throttle(services.quotas.recordProduced(context, context.sizeBytes));
    if (request.acks === 0) {
      const failure = answers.flat().find((answer) => answer.errorCode !== ErrorCode.NONE);
      if (failure !== undefined) throw new KafkaError(failure.errorCode, failure.errorMessage ?? undefined);
      return NO_RESPONSE;
    }
    return {
      responses: request.topicData.map((topic, index) => ({
        name: topic.name,
        topicId: topic.topicId,
        partitionResponses: answers[index]!,
      })),
    };
  },
  fail: (request, errorCode, errorMessage) =>
    request.acks === 0
      ? undefined
      : {
          responses: request.topicData.map((topic) => ({
            name: topic.name,
            topicId: topic.topicId,
            partitionResponses: topic.partitionData.map((data) =>
              failure(data.index, withoutUnknown(errorCode), errorMessage),
            ),
          })),
        },
});

function produceAll(
  request: ProduceRequest,
  context: RequestContext,
  services: Services,
  verifications?: Verifications,
): Promise<PartitionAnswer[][]> {
  return Promise.all(
    request.topicData.map((topic) =>
      Promise.all(
        topic.partitionData.map((data) =>
          producePartition(request, topic, data, context, services, verifications?.get(data)),
        ),
      ),
    ),
  );
}

/**
 * A producer's requests are verified and appended one after the other, so that its batches keep their order; they wait for the disk
 * together.
 */
async function produceInTransaction(
  request: ProduceRequest,
  transactionalId: string,
  context: RequestContext,
  services: Services,
): Promise<PartitionAnswer[][]> {
  const batches = transactionalBatchesOf(request);
  if (batches === undefined) return produceAll(request, context, services);
  const topics = new Map(
    request.topicData.flatMap((topic) => topic.partitionData.map((data) => [data, topic] as const)),
  );
  const partitionOf = (wanted: PartitionData): Partition | undefined => {
    const found = lookUp(topics.get(wanted)!, wanted.index, context, services);
    // What may not be written to does not come into the transaction either.
    const isAllowed = found !== undefined && may(services, context, permissions.produce.topic, found.topic);
    return isAllowed ? found : undefined;
  };
  const { answers } = await services.verifier.inTurn(batches.producerId, async () => {
    const { apiVersion } = context;
    const verifications = await verifyBatches(
      transactionalId,
      batches,
      partitionOf,
      apiVersion,
      services.verifier,
    );
    return { answers: produceAll(request, context, services, verifications) };
  });
  return answers;
}

async function producePartition(
  request: ProduceRequest,
  topic: TopicData,
  data: PartitionData,
  context: RequestContext,
  services: Services,
  verification?: Verification | KafkaError,
): Promise<PartitionAnswer> {
  let logStartOffset = () => -1;
  let figures = services.figures.topics.unknown;
  try {
    if (verification instanceof KafkaError) throw verification;
    const partition = findPartition(topic, data.index, context, services);
    figures = partition.figures;
    checkAcks(request.acks, partition);
    const appended = await partition.inOrder(() => {
      const { settings } = partition;
      const { apiVersion } = context;
      const batches = batchesOf(data.records, { apiVersion, settings });
      logStartOffset = () => partition.log.logStartOffset;
      const nowMs = services.clock.wallMs();
      return partition.append(prepareBatches(batches, { apiVersion, settings, nowMs }), { verification });
    });
    await acknowledged(appended, partition, request, services);
    figures.produceRequests += 1;
    return {
      index: data.index,
      errorCode: ErrorCode.NONE,
      baseOffset: appended.baseOffset,
      logAppendTimeMs: appended.appendTimeMs,
      logStartOffset: appended.logStartOffset,
      recordErrors: [],
      errorMessage: null,
    };
  } catch (error) {
    const code = error instanceof KafkaError ? error.code : ErrorCode.KAFKA_STORAGE_ERROR;
    countFailure(figures, code, data, services);
    if (error instanceof RecordValidationError) {
      const recordErrors = error.recordErrors.map(({ batchIndex, message }) => ({
        batchIndex,
        batchIndexErrorMessage: message,
      }));
      return { ...failure(data.index, error.code, error.message, logStartOffset()), recordErrors };
    }
    if (error instanceof KafkaError) {
      const startOffset = ERRORS_WITHOUT_LOG_START.has(error.code) ? -1 : logStartOffset();
      return failure(data.index, error.code, error.message, startOffset);
    }
    services.logger.error(
      { err: error, topic: topic.name, partition: data.index, clientId: context.clientId },
      'an append failed unexpectedly',
    );
    return failure(
      data.index,
      ErrorCode.KAFKA_STORAGE_ERROR,
      'the append failed; the log of the broker says more',
    );
  }
}

function countFailure(
  figures: TopicFigures,
  errorCode: number,
  { records }: PartitionData,
  services: Services,
): void {
  figures.produceRequests += 1;
  figures.failedProduceRequests += 1;
  if (errorCode === ErrorCode.MESSAGE_TOO_LARGE || errorCode === ErrorCode.RECORD_LIST_TOO_LARGE)
    figures.bytesRejected += records?.length ?? 0;
  services.figures.requests.countError(produceRequest.apiKey, errorCode);
}

function lookUp(
  { name, topicId }: TopicData,
  index: number,
  { apiVersion }: RequestContext,
  { partitions }: Services,
): Partition | undefined {
  return apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS
    ? partitions.getById(topicId, index)
    : partitions.get(name, index);
}

function findPartition(
  wanted: TopicData,
  index: number,
  context: RequestContext,
  services: Services,
): Partition {
  const { name, topicId } = wanted;
  const isById = context.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS;
  const partition = lookUp(wanted, index, context, services);
  const topic = partition?.topic ?? (isById ? services.metadata().topicById(topicId)?.name : name);
  if (topic === undefined) {
    throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_ID, `no topic has the id ${topicId}`);
  }
  demand(services, context, permissions.produce.topic, topic);
  if (isInternalTopic(topic) && context.clientId !== ADMIN_CLIENT_ID) {
    throw new KafkaError(
      ErrorCode.INVALID_TOPIC_EXCEPTION,
      `${topic} is written by the broker alone: produce to a topic of your own`,
    );
  }
  if (partition !== undefined) return partition;
  const named = isById ? topicId : name;
  throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no partition ${named}-${index}`);
}

function checkAcks(acks: number, partition: Partition): void {
  if (acks < -1 || acks > 1) {
    throw new KafkaError(ErrorCode.INVALID_REQUIRED_ACKS, `acks is ${acks}, allowed are -1 (all), 0 and 1`);
  }
  // More than there are replicas can never be in sync.
  const minInSyncReplicas = Math.min(partition.settings.minInSyncReplicas, partition.replicaCount);
  if (acks === -1 && partition.inSyncReplicaCount < minInSyncReplicas) {
    throw new KafkaError(
      ErrorCode.NOT_ENOUGH_REPLICAS,
      `${partition.inSyncReplicaCount} replicas are in sync, min.insync.replicas of ${partition.topic} wants ${minInSyncReplicas}`,
    );
  }
}

/**
 * Resolves when the append is as safe as the request's acks ask for. The request's timeout is meant for waiting for other
 * replicas, and clients set it as low as 0; our own disk is given its time, since a record that is refused late was
 * appended all the same and comes twice.
 */
async function acknowledged(
  appended: AppendResult,
  partition: Partition,
  request: ProduceRequest,
  services: Services,
): Promise<void> {
  if (request.acks !== -1) return appended.written;
  const { figures } = services;
  figures.producesWaiting += 1;
  const timeoutMs = Math.max(request.timeoutMs, MIN_DISK_TIMEOUT_MS);
  // Both: offsets that a full disk took back may be flushed later, with others' records.
  const safe = Promise.all([appended.written, partition.log.flush()]);
  try {
    await within(services.timers, timeoutMs, safe, () => {
      return new KafkaError(ErrorCode.REQUEST_TIMED_OUT, `the disk took longer than ${timeoutMs} ms`);
    });
  } finally {
    figures.producesWaiting -= 1;
  }
}

function failure(
  index: number,
  errorCode: number,
  errorMessage: string,
  logStartOffset = -1,
): PartitionAnswer {
  return {
    index,
    errorCode,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset,
    recordErrors: [],
    errorMessage,
  };
}

/** Java's producers take UNKNOWN_SERVER_ERROR for a reason to bump their epoch and send again, which duplicates (KAFKA-14034). */
function withoutUnknown(errorCode: number): number {
  return errorCode === ErrorCode.UNKNOWN_SERVER_ERROR ? ErrorCode.KAFKA_STORAGE_ERROR : errorCode;
}
