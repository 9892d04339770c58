// Produce (KIP-98 idempotence, KIP-516 topic ids from version 13, KIP-467 record errors).
//
// Version 0 to 2 carry message sets of magic 0 and 1, which are stored as batches of magic 2. acks=0 wants no answer;
// when it fails the connection is closed, which is the only way to tell that client. acks=1 is answered when the
// records are in the page cache, acks=all (-1) when they are as durable as the topic asks.

import type { AppendResult } from '@moldau/log';
import {
  ErrorCode,
  KafkaError,
  type ProduceRequest,
  produceRequest,
  produceResponse,
  RecordValidationError,
  ZERO_UUID,
} from '@moldau/protocol';
import type { Partition } from '../replication/partition.ts';
import { prepareBatches } from '../replication/prepare-batches.ts';
import { within } from '../replication/within.ts';
import { NO_RESPONSE, type RequestContext, type Services, serve } from './handler.ts';

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
    const answers = await Promise.all(
      request.topicData.map((topic) =>
        Promise.all(
          topic.partitionData.map((data) => producePartition(request, topic, data, context, services)),
        ),
      ),
    );
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

async function producePartition(
  request: ProduceRequest,
  topic: TopicData,
  data: PartitionData,
  context: RequestContext,
  services: Services,
): Promise<PartitionAnswer> {
  try {
    const partition = findPartition(topic, data.index, services);
    checkAcks(request.acks, partition);
    const appended = await partition.inOrder(() => {
      const { settings } = partition;
      const { apiVersion } = context;
      const nowMs = services.clock.wallMs();
      return partition.append(prepareBatches(data.records, { apiVersion, settings, nowMs }));
    });
    await acknowledged(appended, partition, request, services);
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
    if (error instanceof RecordValidationError) {
      const recordErrors = error.recordErrors.map(({ batchIndex, message }) => ({
        batchIndex,
        batchIndexErrorMessage: message,
      }));
      return { ...failure(data.index, error.code, error.message), recordErrors };
    }
    if (error instanceof KafkaError) return failure(data.index, error.code, error.message);
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

function findPartition(topic: TopicData, index: number, { partitions }: Services): Partition {
  const isById = topic.topicId !== ZERO_UUID;
  const partition = isById ? partitions.getById(topic.topicId, index) : partitions.get(topic.name, index);
  if (partition !== undefined) return partition;
  throw isById
    ? new KafkaError(ErrorCode.UNKNOWN_TOPIC_ID, `no topic has the id ${topic.topicId}`)
    : new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no partition ${topic.name}-${index}`);
}

function checkAcks(acks: number, partition: Partition): void {
  if (acks < -1 || acks > 1) {
    throw new KafkaError(ErrorCode.INVALID_REQUIRED_ACKS, `acks is ${acks}, allowed are -1 (all), 0 and 1`);
  }
  const { minInSyncReplicas } = partition.settings;
  if (acks === -1 && partition.inSyncReplicaCount < minInSyncReplicas) {
    throw new KafkaError(
      ErrorCode.NOT_ENOUGH_REPLICAS,
      `${partition.inSyncReplicaCount} replicas are in sync, min.insync.replicas of ${partition.topic} wants ${minInSyncReplicas}`,
    );
  }
}

/** Resolves when the append is as safe as the request's acks ask for. */
async function acknowledged(
  appended: AppendResult,
  partition: Partition,
  request: ProduceRequest,
  services: Services,
): Promise<void> {
  if (request.acks !== -1) return appended.written;
  await within(services.timers, request.timeoutMs, partition.log.flush(), () => {
    return new KafkaError(
      ErrorCode.REQUEST_TIMED_OUT,
      `the disk took longer than the request's timeout of ${request.timeoutMs} ms`,
    );
  });
}

function failure(index: number, errorCode: number, errorMessage: string): PartitionAnswer {
  return {
    index,
    errorCode,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    recordErrors: [],
    errorMessage,
  };
}

/** Java's producers take UNKNOWN_SERVER_ERROR for a reason to bump their epoch and send again, which duplicates (KAFKA-14034). */
function withoutUnknown(errorCode: number): number {
  return errorCode === ErrorCode.UNKNOWN_SERVER_ERROR ? ErrorCode.KAFKA_STORAGE_ERROR : errorCode;
}
