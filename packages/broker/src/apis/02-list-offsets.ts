// ListOffsets (KIP-79 one offset by timestamp, KIP-207 leader epochs, KIP-734 max timestamp from version 7, KIP-405 and KIP-1005
// tiered offsets from versions 8 and 9, KIP-1023 pending upload from version 11).
//
// Nothing is tiered here: the local log is the whole log. Version 0 answers a list of offsets; it gets the newest that
// is not after the timestamp first, and the log's start behind it.

import {
  ErrorCode,
  KafkaError,
  type ListOffsetsRequest,
  listOffsetsRequest,
  listOffsetsResponse,
} from '@moldau/protocol';
import type { Partition } from '../replication/partition.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { may } from './authorize.ts';
import { type RequestContext, type Services, serve } from './handler.ts';
import { isReadCommitted } from './isolation-level.ts';

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
const LATEST_TIERED = -5;
const EARLIEST_PENDING_UPLOAD = -6;
/** The first version that may ask for each. */
const SPECIAL_TIMESTAMPS = new Map([
  [LATEST, 0],
  [EARLIEST, 0],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
  [EARLIEST_PENDING_UPLOAD, 11],
]);

type PartitionRequest = ListOffsetsRequest['topics'][number]['partitions'][number];

interface Found {
  offset: number;
  timestamp: number;
  leaderEpoch: number;
}

const NOT_FOUND: Found = { offset: -1, timestamp: -1, leaderEpoch: -1 };

export const listOffsets = serve({
  request: listOffsetsRequest,
  response: listOffsetsResponse,
  minVersion: 0,
  maxVersion: 11,
  async handle(request, context, services) {
    const toLastStable = isReadCommitted(request.isolationLevel);
    const permission = permissions.listOffsets.topic;
    const topics = request.topics.map(async ({ name, partitions }) => {
      if (!may(services, context, permission, name)) {
        const refused = partitions.map(({ partitionIndex }) => failure(partitionIndex, permission.denied));
        return { name, partitions: refused };
      }
      const isRepeated = repeated(partitions.map(({ partitionIndex }) => partitionIndex));
      const wantedOnce = partitions.filter(({ partitionIndex }) => !isRepeated.has(partitionIndex));
      const answers = wantedOnce.map((wanted) => answer(name, wanted, toLastStable, context, services));
      return {
        name,
        partitions: [
          ...(await Promise.all(answers)),
          ...[...isRepeated].map((index) => failure(index, ErrorCode.INVALID_REQUEST)),
        ],
      };
    });
    return { topics: await Promise.all(topics) };
  },
  fail: (request, errorCode) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => failure(partitionIndex, errorCode)),
    })),
  }),
});

async function answer(
  topic: string,
  wanted: PartitionRequest,
  toLastStable: boolean,
  context: RequestContext,
  services: Services,
) {
  const { partitionIndex, timestamp } = wanted;
  const firstVersion = SPECIAL_TIMESTAMPS.get(timestamp) ?? (timestamp < 0 ? Number.POSITIVE_INFINITY : 0);
  if (context.apiVersion < firstVersion) return failure(partitionIndex, ErrorCode.UNSUPPORTED_VERSION);
  const partition = services.partitions.get(topic, partitionIndex);
  if (partition === undefined) return failure(partitionIndex, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  try {
    await partition.log.ready();
    partition.checkLeaderEpoch(wanted.currentLeaderEpoch);
    const endOffset = toLastStable ? partition.lastStableOffset : partition.highWatermark;
    const found = await find(partition, timestamp, endOffset);
    if (context.apiVersion > 0)
      return { partitionIndex, errorCode: ErrorCode.NONE, oldStyleOffsets: [], ...found };
    const newest = found.offset === -1 ? endOffset : found.offset;
    const offsets = newest > partition.log.logStartOffset ? [newest, partition.log.logStartOffset] : [newest];
    const oldStyleOffsets = offsets.slice(0, Math.max(0, wanted.maxNumOffsets));
    return { partitionIndex, errorCode: ErrorCode.NONE, oldStyleOffsets };
  } catch (error) {
    if (error instanceof KafkaError) return failure(partitionIndex, error.code);
    throw error;
  }
}

async function find(partition: Partition, timestamp: number, endOffset: number): Promise<Found> {
  const { log } = partition;
  switch (timestamp) {
    case LATEST:
      return { offset: endOffset, timestamp: -1, leaderEpoch: partition.leaderEpoch };
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { offset: log.logStartOffset, timestamp: -1, leaderEpoch: epochAtStart(partition) };
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      return NOT_FOUND;
    default: {
      const found =
        timestamp === MAX_TIMESTAMP
          ? await log.offsetOfMaxTimestamp(endOffset)
          : await log.offsetForTimestamp(timestamp, endOffset);
      if (found === undefined) return NOT_FOUND;
      return { offset: found.offset, timestamp: found.timestampMs, leaderEpoch: found.leaderEpoch };
    }
  }
}

/** A log that holds nothing starts with what its leader will write. */
function epochAtStart({ log, leaderEpoch }: Partition): number {
  const isEmpty = log.logStartOffset === log.logEndOffset;
  const epoch = log.epochOf(log.logStartOffset);
  return epoch === -1 && isEmpty ? leaderEpoch : epoch;
}

/** Those that stand in the list more than once. */
function repeated(indexes: readonly number[]): Set<number> {
  const seen = new Set<number>();
  return new Set(indexes.filter((index) => seen.size === seen.add(index).size));
}

function failure(partitionIndex: number, errorCode: number) {
  return { partitionIndex, errorCode, oldStyleOffsets: [], ...NOT_FOUND };
}
