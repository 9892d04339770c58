// For tests of this room: partitions over a disk in memory, in time that a test moves.

import { silentLogger } from '@moldau/io';
import { LogManager } from '@moldau/log';
import { ConfigResourceType, MetadataImage } from '@moldau/metadata';
import { encodeBatch, RecordBatch, ZERO_UUID } from '@moldau/protocol';
import { ManualTime, MemoryDisk, SeededRandom } from '@moldau/testing';
import { BrokerConfig } from '../config/broker-config.ts';
import { TopicConfigs } from '../config/topic-settings.ts';
import type { FetchedPartition } from './fetch-sessions.ts';
import { PartitionRegistry } from './partition-registry.ts';

export const TOPIC_ID = 'topic-of-the-test_____';

export async function testPartitions(configs: Record<string, string> = {}) {
  const time = new ManualTime();
  const disk = new MemoryDisk();
  const random = new SeededRandom(1);
  const logs = await LogManager.open({
    disk,
    clock: time,
    timers: time,
    random,
    logger: silentLogger,
    logDirs: ['/data'],
  });
  const image = new MetadataImage();
  const state = { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] };
  image.apply({ type: 'topic', id: TOPIC_ID, name: 'orders', partitions: [{ count: 2, state }] });
  const entries = Object.entries(configs).map(([name, value]) => ({ name, value }));
  image.apply({ type: 'config', resourceType: ConfigResourceType.TOPIC, resourceName: 'orders', entries });
  const topicConfigs = new TopicConfigs(new BrokerConfig());
  const partitions = new PartitionRegistry({
    logs,
    metadata: () => image,
    settingsOf: (name) => topicConfigs.settings(image.topicConfigs(name)),
  });
  return { time, disk, logs, image, partitions };
}

/** A batch with one record of so many bytes for each value. */
export function batchOf(...sizes: number[]): RecordBatch {
  const records = sizes.map((size) => ({ timestamp: 1, key: null, value: Buffer.alloc(size, 7) }));
  return new RecordBatch(encodeBatch({ records }));
}

export function fetched(
  index: number,
  fetchOffset: number,
  change: Partial<FetchedPartition> = {},
): FetchedPartition {
  return {
    topic: 'orders',
    topicId: ZERO_UUID,
    index,
    fetchOffset,
    maxBytes: 1_000_000,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
    sentHighWatermark: -1,
    sentLogStartOffset: -1,
    ...change,
  };
}
