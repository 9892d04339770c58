// Takes in what a broker answered: records into buffers, errors where they belong, and what else the answer tells (leaders, replicas, ends of logs).

import { ErrorCode, type FetchResponse } from '@moldau/protocol';
import { CorruptRecordError } from '../../errors/consumer-errors.ts';
import { BrokerError } from '../../errors/kafka-error.ts';
import { bytes } from '../../serdes/primitives.ts';
import { endOf, RecordReader, type RecordSetEnd } from '../records/record-reader.ts';
import type { FetchContext } from './fetch-context.ts';
import type { FetchSession, FetchWish } from './fetch-session.ts';
import type { MemoryHold } from './memory-budget.ts';
import { outOfRange, truncated } from './repositioning.ts';

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];

interface Arrival {
  readonly wish: FetchWish;
  readonly answer: PartitionAnswer;
  readonly records: Buffer;
  readonly end: RecordSetEnd;
}

/** Errors after which another broker may be the right one. */
const MOVED = new Set<number>([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.REPLICA_NOT_AVAILABLE,
  ErrorCode.KAFKA_STORAGE_ERROR,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.INCONSISTENT_TOPIC_ID,
  ErrorCode.OFFSET_NOT_AVAILABLE,
]);

const MAX_CUT_OFFS = 20;
const BYTES = { key: bytes(), value: bytes() };
const NONE = Buffer.alloc(0);

/** Returns how many bytes of records came. */
export function takeAnswer(
  { responses, nodeEndpoints }: FetchResponse,
  session: FetchSession,
  brokerId: number,
  context: FetchContext,
): number {
  const arrivals: Arrival[] = [];
  let totalBytes = 0;
  for (const topic of responses) {
    for (const answer of topic.partitions) {
      const wish = session.wishOf(topic, answer.partitionIndex);
      totalBytes += answer.records?.length ?? 0;
      if (wish === undefined || !isWanted(wish)) continue;
      if (answer.errorCode !== ErrorCode.NONE) {
        takeError(answer, wish, brokerId, nodeEndpoints, context);
        continue;
      }
      const arrival = takeState(answer, wish, context);
      if (arrival !== undefined) arrivals.push(arrival);
    }
  }
  if (arrivals.length === 0) return totalBytes;
  const hold = context.budget.hold(totalBytes, arrivals.length);
  for (const arrival of arrivals) takeRecords(arrival, brokerId, hold, context);
  return totalBytes;
}

function isWanted({ partition, generation, fetchOffset }: FetchWish): boolean {
  return (
    partition.generation === generation &&
    partition.state === 'fetch' &&
    partition.fetchPosition?.offset === fetchOffset
  );
}

/** Undefined when there are no records to take. */
function takeState(answer: PartitionAnswer, wish: FetchWish, context: FetchContext): Arrival | undefined {
  const { partition } = wish;
  const { highWatermark, lastStableOffset, logStartOffset, divergingEpoch, preferredReadReplica } = answer;
  const nowMs = context.nowMs();
  if (highWatermark >= 0) partition.highWatermark = highWatermark;
  if (lastStableOffset >= 0) partition.lastStableOffset = lastStableOffset;
  if (logStartOffset >= 0) partition.logStartOffset = logStartOffset;
  if (divergingEpoch.endOffset >= 0) {
    const { endOffset, epoch } = divergingEpoch;
    const divergent = { offset: endOffset, leaderEpoch: epoch < 0 ? undefined : epoch };
    truncated(partition, divergent, context);
    return undefined;
  }
  if (preferredReadReplica >= 0) {
    const untilMs = nowMs + context.cluster.settings.metadataMaxAgeMs;
    partition.preferred = { brokerId: preferredReadReplica, untilMs };
  }
  const records = answer.records ?? NONE;
  if (records.length === 0) {
    partition.succeeded();
    return undefined;
  }
  return { wish, answer, records, end: endOf(records) };
}

function takeRecords(
  { wish, answer, records, end }: Arrival,
  brokerId: number,
  hold: MemoryHold,
  context: FetchContext,
): void {
  const { partition, fetchOffset } = wish;
  const { cluster, settings } = context;
  // No broker should answer twice for a partition.
  if (!isWanted(wish)) {
    hold.release();
    return;
  }
  if (end.offset === undefined && !end.isDamaged) {
    hold.release();
    needMore(wish, end.cutOffBytes, context);
    return;
  }
  // A broker that gives again what was read already is given time.
  if (end.offset !== undefined && end.offset <= fetchOffset && !end.isDamaged) {
    hold.release();
    const { topic, partition: index } = partition;
    const error = new BrokerError(ErrorCode.OFFSET_NOT_AVAILABLE, { topic, partition: index });
    partition.trouble(error, context.nowMs());
    return;
  }
  const { topic } = partition;
  const reader = new RecordReader(
    {
      ...{ topic, partition: partition.partition, brokerId, serdes: settings.serdesOf?.(topic) ?? BYTES },
      ...{ bytes: records, fromOffset: fetchOffset, abortedTransactions: answer.abortedTransactions },
    },
    {
      ...{ isolation: settings.isolation, checkCrcs: settings.checkCrcs },
      maxDecompressedBytes: cluster.settings.maxAnswerBytes,
    },
  );
  partition.succeeded();
  partition.neededBytes = 0;
  partition.cutOffCount = 0;
  const previous = partition.fetchPosition?.leaderEpoch;
  const offset = Math.max(fetchOffset, end.offset ?? fetchOffset);
  partition.buffer({ reader, hold }, { offset, leaderEpoch: end.leaderEpoch ?? previous });
  context.ready(partition);
}

/** Not even one batch is whole: it is asked for with room for all of it. */
function needMore(wish: FetchWish, neededBytes: number, { cluster, ready }: FetchContext): void {
  const { partition, fetchOffset, maxBytes } = wish;
  const { maxAnswerBytes } = cluster.settings;
  // Others may have left it no room in the answer, but not each time.
  partition.cutOffCount++;
  const isHopeless = neededBytes > maxAnswerBytes || partition.cutOffCount > MAX_CUT_OFFS;
  if (!isHopeless) {
    if (neededBytes > maxBytes) partition.neededBytes = neededBytes;
    return;
  }
  const what =
    neededBytes > maxAnswerBytes
      ? `the next batch claims ${neededBytes} bytes, more than maxAnswerBytes, ${maxAnswerBytes}: raise that if it is true`
      : `the broker sends but a part of the next batch, which claims ${neededBytes} bytes`;
  partition.fail(
    new CorruptRecordError(partition, { offset: fetchOffset, nextOffset: fetchOffset + 1, what }),
  );
  ready(partition);
}

function takeError(
  { errorCode, currentLeader }: PartitionAnswer,
  wish: FetchWish,
  brokerId: number,
  endpoints: FetchResponse['nodeEndpoints'],
  context: FetchContext,
): void {
  const { partition } = wish;
  const { topic, partition: index } = partition;
  const nowMs = context.nowMs();
  const error = new BrokerError(errorCode, { topic, partition: index, operation: 'Read' });
  const isFollower = partition.leaderId !== brokerId;
  partition.preferred = undefined;
  if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
    // A follower may lag behind, and some brokers cannot tell an epoch that they have forgotten: the leader is asked, for the offset alone.
    if (isFollower) partition.trouble(error, nowMs);
    else if (wish.lastFetchedEpoch >= 0) partition.isEpochSent = false;
    else outOfRange(partition, context);
  } else if (errorCode === ErrorCode.CORRUPT_MESSAGE) {
    const what = 'the broker cannot read them itself';
    const offset = wish.fetchOffset;
    partition.fail(new CorruptRecordError(partition, { offset, nextOffset: offset + 1, what, cause: error }));
  } else if (MOVED.has(errorCode)) {
    partition.trouble(error, nowMs);
    if (currentLeader.leaderId >= 0 && currentLeader.leaderEpoch > partition.leaderEpoch)
      context.cluster.teach(topic, index, currentLeader, endpoints);
    else context.outdated(partition, error.code);
  } else {
    // What is right may be granted, and what a broker stumbles over may pass.
    const isToldAtOnce = !error.retriable && errorCode !== ErrorCode.UNKNOWN_SERVER_ERROR;
    partition.trouble(error, nowMs, isToldAtOnce);
  }
  context.ready(partition);
}
