// DescribeLogDirs (KIP-113, KIP-827 sizes of the volume from version 4): what lies in each folder, or why it cannot be used.

import { describeLogDirsRequest, describeLogDirsResponse, ErrorCode } from '@moldau/protocol';
import { serve } from './handler.ts';

interface TopicSizes {
  name: string;
  partitions: { partitionIndex: number; partitionSize: number; offsetLag: number; isFutureKey: boolean }[];
}

export const describeLogDirs = serve({
  request: describeLogDirsRequest,
  response: describeLogDirsResponse,
  minVersion: 0,
  maxVersion: 5,
  async handle(request, _context, { logs, logger }) {
    const wanted = request.topics === null ? undefined : wantedPartitions(request.topics);
    const results = [];
    for (const dir of await logs.logDirUsage()) {
      if (dir.offlineReason !== undefined) {
        logger.debug({ path: dir.path, reason: dir.offlineReason }, 'told a client that a folder is offline');
        results.push({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR, logDir: dir.path, topics: [] });
        continue;
      }
      results.push({
        errorCode: ErrorCode.NONE,
        logDir: dir.path,
        topics: groupByTopic(dir.logs, wanted),
        totalBytes: dir.totalBytes,
        usableBytes: dir.usableBytes,
      });
    }
    return { errorCode: ErrorCode.NONE, results };
  },
  fail: (_request, errorCode) => ({ errorCode, results: [] }),
});

function wantedPartitions(topics: readonly { topic: string; partitions: readonly number[] }[]): Set<string> {
  return new Set(topics.flatMap(({ topic, partitions }) => partitions.map((index) => `${topic}-${index}`)));
}

function groupByTopic(
  logs: readonly { directoryName: string; sizeBytes: number }[],
  wanted: ReadonlySet<string> | undefined,
): TopicSizes[] {
  const topics = new Map<string, TopicSizes>();
  for (const { directoryName, sizeBytes } of logs) {
    if (wanted !== undefined && !wanted.has(directoryName)) continue;
    const dash = directoryName.lastIndexOf('-');
    const name = directoryName.slice(0, dash);
    let topic = topics.get(name);
    if (topic === undefined) {
      topic = { name, partitions: [] };
      topics.set(name, topic);
    }
    const partitionIndex = Number(directoryName.slice(dash + 1));
    topic.partitions.push({ partitionIndex, partitionSize: sizeBytes, offsetLag: 0, isFutureKey: false });
  }
  return [...topics.values()];
}
