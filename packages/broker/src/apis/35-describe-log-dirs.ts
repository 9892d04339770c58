// DescribeLogDirs (KIP-113, KIP-827 sizes of the volume from version 4): what lies in each folder, or why it cannot be used.

import type { LogDirDescription } from '@moldau/log';
import type { MetadataImage } from '@moldau/metadata';
import { describeLogDirsRequest, describeLogDirsResponse, ErrorCode } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

interface TopicSizes {
  name: string;
  partitions: { partitionIndex: number; partitionSize: number; offsetLag: number; isFutureKey: boolean }[];
}

interface ListedLog {
  readonly directoryName: string;
  readonly sizeBytes: number;
  /** Of a copy that is being made. */
  readonly offsetLag?: number;
}

export const describeLogDirs = serve({
  request: describeLogDirsRequest,
  response: describeLogDirsResponse,
  minVersion: 0,
  maxVersion: 5,
  async handle(request, context, services) {
    const { logs, logger, metadata } = services;
    demand(services, context, permissions.describeLogDirs.cluster);
    const wanted = request.topics === null ? undefined : wantedPartitions(request.topics);
    const results = [];
    const usage = await logs.logDirUsage();
    const unwritten = partitionsWithoutFolder(metadata(), usage);
    for (const dir of usage) {
      if (dir.offlineReason !== undefined) {
        logger.debug({ path: dir.path, reason: dir.offlineReason }, 'told a client that a folder is offline');
        results.push({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR, logDir: dir.path, topics: [] });
        continue;
      }
      results.push({
        errorCode: ErrorCode.NONE,
        logDir: dir.path,
        topics: groupByTopic([...dir.logs, ...dir.futureLogs, ...unwritten(dir)], wanted),
        totalBytes: dir.totalBytes,
        usableBytes: dir.usableBytes,
      });
    }
    return { errorCode: ErrorCode.NONE, results };
  },
  fail: (_request, errorCode) => ({ errorCode, results: [] }),
});

/**
 * What nobody has written to has no folder yet; Kafka makes one with the topic, and lists it. Returns those of one log dir: where they are
 * expected, else the first that can be used.
 */
function partitionsWithoutFolder(
  image: MetadataImage,
  usage: readonly LogDirDescription[],
): (dir: LogDirDescription) => ListedLog[] {
  const missing = missingPartitions(image, usage);
  const firstUsable = usage.find(({ offlineReason }) => offlineReason === undefined);
  const expected = new Set(usage.flatMap(({ expectedLogs }) => expectedLogs));
  return (dir) =>
    missing.filter(({ directoryName }) =>
      expected.has(directoryName) ? dir.expectedLogs.includes(directoryName) : dir === firstUsable,
    );
}

function missingPartitions(image: MetadataImage, usage: readonly LogDirDescription[]): ListedLog[] {
  const found = new Set(usage.flatMap(({ logs }) => logs.map(({ directoryName }) => directoryName)));
  const missing = [];
  for (const { name, partitionCount } of image.topics()) {
    for (let index = 0; index < partitionCount; index += 1) {
      const directoryName = `${name}-${index}`;
      if (!found.has(directoryName)) missing.push({ directoryName, sizeBytes: 0 });
    }
  }
  return missing;
}

function wantedPartitions(topics: readonly { topic: string; partitions: readonly number[] }[]): Set<string> {
  return new Set(topics.flatMap(({ topic, partitions }) => partitions.map((index) => `${topic}-${index}`)));
}

function groupByTopic(logs: readonly ListedLog[], wanted: ReadonlySet<string> | undefined): TopicSizes[] {
  const topics = new Map<string, TopicSizes>();
  for (const { directoryName, sizeBytes, offsetLag } of logs) {
    if (wanted !== undefined && !wanted.has(directoryName)) continue;
    const dash = directoryName.lastIndexOf('-');
    const name = directoryName.slice(0, dash);
    let topic = topics.get(name);
    if (topic === undefined) {
      topic = { name, partitions: [] };
      topics.set(name, topic);
    }
    const partitionIndex = Number(directoryName.slice(dash + 1));
    topic.partitions.push({
      partitionIndex,
      partitionSize: sizeBytes,
      offsetLag: offsetLag ?? 0,
      // Only a copy that is being made is behind anything.
      isFutureKey: offsetLag !== undefined,
    });
  }
  return [...topics.values()];
}
