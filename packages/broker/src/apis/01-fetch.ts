// Fetch (KIP-74 limits, KIP-227 sessions, KIP-320 truncation, KIP-516 topic ids from version 13).
//
// Version 0 to 3 get message sets of magic 0 and 1, converted down. From version 4 on the batches are answered as they
// are stored, views of the same memory they were received in.

import {
  downConvert,
  ErrorCode,
  type FetchRequest,
  fetchRequest,
  fetchResponse,
  KafkaError,
  MalformedError,
  ZERO_UUID,
} from '@moldau/protocol';
import type { FetchedPartition, SessionView } from '../replication/fetch-sessions.ts';
import type { PartitionRead } from '../replication/fetcher.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { may, partition } from './authorize.ts';
import { type RequestContext, type Services, serve } from './handler.ts';
import { isReadCommitted } from './isolation-level.ts';

const FIRST_VERSION_WITH_MAGIC_1 = 2;
const FIRST_VERSION_WITH_SOFT_LIMIT = 3;
const FIRST_VERSION_WITH_BATCHES = 4;
const FIRST_VERSION_WITH_ZSTD = 10;
const FIRST_VERSION_WITH_TOPIC_IDS = 13;

const NO_RECORDS: readonly Uint8Array[] = [];

export const fetch = serve({
  request: fetchRequest,
  response: fetchResponse,
  minVersion: 0,
  maxVersion: 18,
  async handle(request, context, services) {
    const seesCommittedOnly = isReadCommitted(request.isolationLevel);
    const usesTopicIds = context.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS;
    const session = services.fetchSessions.view({
      principal: context.principal,
      sessionId: request.sessionId,
      sessionEpoch: request.sessionEpoch,
      usesTopicIds,
      partitions: fetchedPartitions(request),
      forgotten: request.forgottenTopicsData,
    });
    if (session.errorCode !== ErrorCode.NONE) return { errorCode: session.errorCode, responses: [] };
    const maxBytes = Math.min(
      request.maxBytes,
      services.config.fetchMaxBytes,
      services.quotas.maxFetchBytes(context),
    );
    const limits = {
      minBytes: Math.min(request.minBytes, maxBytes),
      maxBytes,
      maxWaitMs: request.maxWaitMs,
      isHardLimit: context.apiVersion < FIRST_VERSION_WITH_SOFT_LIMIT,
      isReadCommitted: seesCommittedOnly,
      skipsControl: context.apiVersion < FIRST_VERSION_WITH_BATCHES,
    };
    const mayFetch = permissionToFetch(request, context, services);
    const [allowed, refused] = partition(session.partitions, mayFetch);
    const isNothingLeft = allowed.length === 0 && refused.length > 0;
    const fetched = isNothingLeft
      ? []
      : await services.fetcher.fetch(
          allowed,
          limits,
          (run) => context.onClosed(run),
          (durationMs) => context.waited(durationMs),
        );
    // What was allowed when the wait began may be no more.
    const delivered = fetched.map((read) =>
      read.sizeBytes === 0 || mayFetch(read.fetched) ? read : refusedRead(read.fetched),
    );
    const reads = [...refused.map(refusedRead), ...delivered];
    const sizeBytes = reads.reduce((total, read) => total + read.sizeBytes, 0);
    const throttleMs = services.quotas.recordFetched(context, sizeBytes);
    if (throttleMs > 0) {
      context.throttle(throttleMs);
      return { sessionId: services.fetchSessions.throttled(session), responses: [] };
    }
    countReads(reads, services.figures);
    return {
      sessionId: session.sessionId,
      responses: groupByTopic(
        reads.filter((read) => belongsInAnswer(read, session)),
        context.apiVersion,
      ),
    };
  },
  // Versions before 7 tell errors only by partition.
  fail: (request, errorCode) => ({
    errorCode,
    responses: request.topics
      .filter(({ topicId }) => topicId === ZERO_UUID)
      .map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition }) => ({
          partitionIndex: partition,
          errorCode,
          highWatermark: -1,
          abortedTransactions: null,
          records: NO_RECORDS,
        })),
      })),
  }),
});

/** Counts what is answered, by topic. */
function countReads(reads: readonly PartitionRead[], { topics, requests }: Services['figures']): void {
  for (const { partition, errorCode, sizeBytes } of reads) {
    const figures = partition?.figures ?? topics.unknown;
    figures.fetchRequests += 1;
    figures.bytesOut += sizeBytes;
    if (errorCode === ErrorCode.NONE) continue;
    figures.failedFetchRequests += 1;
    requests.countError(fetchRequest.apiKey, errorCode);
  }
}

/** Consumers need each topic, replicas the cluster; which of them asks is what the request says. */
function permissionToFetch(
  request: FetchRequest,
  context: RequestContext,
  services: Services,
): (fetched: FetchedPartition) => boolean {
  if (services.authorizer.isOpen) return () => true;
  const { topic, cluster } = permissions.fetch;
  const replicaId = Math.max(request.replicaId, request.replicaState.replicaId);
  if (replicaId >= 0) {
    const isAllowed = may(services, context, cluster);
    return () => isAllowed;
  }
  const { metadata } = services;
  return (fetched) => {
    const name = fetched.topicId === ZERO_UUID ? fetched.topic : metadata().topicById(fetched.topicId)?.name;
    // An id that nobody knows is answered as such.
    return name === undefined || may(services, context, topic, name);
  };
}

function refusedRead(fetched: FetchedPartition): PartitionRead {
  return {
    ...{ fetched, partition: undefined, errorCode: permissions.fetch.topic.denied },
    ...{ highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 },
    ...{ chunks: [], sizeBytes: 0, abortedTransactions: null, divergingEpoch: undefined },
  };
}

function fetchedPartitions(request: FetchRequest): FetchedPartition[] {
  return request.topics.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((partition) => ({
      topic,
      topicId,
      index: partition.partition,
      fetchOffset: partition.fetchOffset,
      maxBytes: partition.partitionMaxBytes,
      currentLeaderEpoch: partition.currentLeaderEpoch,
      lastFetchedEpoch: partition.lastFetchedEpoch,
      sentHighWatermark: -1,
      sentLogStartOffset: -1,
    })),
  );
}

/** An incremental answer leaves out what the client knows already; the session remembers what it was told. */
function belongsInAnswer(read: PartitionRead, session: SessionView): boolean {
  const { fetched } = read;
  const hasNews =
    read.sizeBytes > 0 ||
    read.errorCode !== ErrorCode.NONE ||
    read.divergingEpoch !== undefined ||
    read.highWatermark !== fetched.sentHighWatermark ||
    read.logStartOffset !== fetched.sentLogStartOffset;
  // After an error the client has forgotten the partition's offsets, so they are told again.
  fetched.sentHighWatermark = read.errorCode === ErrorCode.NONE ? read.highWatermark : -1;
  fetched.sentLogStartOffset = read.logStartOffset;
  if (read.sizeBytes > 0) session.served(fetched);
  return hasNews || !session.isIncremental;
}

function groupByTopic(reads: readonly PartitionRead[], apiVersion: number) {
  const topics = new Map<
    string,
    { topic: string; topicId: string; partitions: ReturnType<typeof partitionAnswer>[] }
  >();
  for (const read of reads) {
    const { topic, topicId } = read.fetched;
    const key = topicId === ZERO_UUID ? topic : topicId;
    let group = topics.get(key);
    if (group === undefined) {
      group = { topic, topicId, partitions: [] };
      topics.set(key, group);
    }
    group.partitions.push(partitionAnswer(read, apiVersion));
  }
  return [...topics.values()];
}

function partitionAnswer(read: PartitionRead, apiVersion: number) {
  const { errorCode, records } = recordsFor(read, apiVersion);
  const isUnknownName = errorCode === ErrorCode.UNKNOWN_TOPIC_ID && apiVersion < FIRST_VERSION_WITH_TOPIC_IDS;
  return {
    partitionIndex: read.fetched.index,
    errorCode: isUnknownName ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : errorCode,
    highWatermark: read.highWatermark,
    lastStableOffset: read.lastStableOffset,
    logStartOffset: read.logStartOffset,
    ...(read.divergingEpoch === undefined ? {} : { divergingEpoch: read.divergingEpoch }),
    abortedTransactions: abortedTransactions(read),
    records,
  };
}

/** Kafka's answers: none where a partition could not be found, null where it could not be read or nobody asked. */
function abortedTransactions({ partition, abortedTransactions: aborted }: PartitionRead) {
  if (partition === undefined) return [];
  return aborted === null
    ? null
    : aborted.map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
}

/** The stored batches, or their older form for a client that cannot read them. */
function recordsFor(
  read: PartitionRead,
  apiVersion: number,
): { errorCode: number; records: readonly Uint8Array[] } {
  const { errorCode, chunks } = read;
  if (apiVersion >= FIRST_VERSION_WITH_ZSTD || read.sizeBytes === 0) return { errorCode, records: chunks };
  // Only a topic that compresses with zstd itself refuses them: some clients read the producer's zstd with an older version.
  if (read.partition?.settings.compression === 'zstd')
    return { errorCode: ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, records: NO_RECORDS };
  if (apiVersion >= FIRST_VERSION_WITH_BATCHES) return { errorCode, records: chunks };
  try {
    const stored = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    return { errorCode, records: [downConvert(stored, apiVersion >= FIRST_VERSION_WITH_MAGIC_1 ? 1 : 0)] };
  } catch (error) {
    if (error instanceof KafkaError) return { errorCode: error.code, records: NO_RECORDS };
    if (error instanceof MalformedError) return { errorCode: ErrorCode.CORRUPT_MESSAGE, records: NO_RECORDS };
    throw error;
  }
}
