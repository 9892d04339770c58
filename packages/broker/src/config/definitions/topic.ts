// Keys of topics: what can be set for each one, and the broker's keys that give its default.
//
// Invariant: every key that Kafka's topics have is here, so that a topic's config from Kafka is never refused as unknown.

import { bool, double, inert, int, LONG_MAX, list, long, string } from '../definition.ts';
import type { BrokerConfigKey } from './broker.ts';
import { DURABILITIES } from './moldau.ts';

export const topicConfigDefinitions = {
  'cleanup.policy': list('delete', 'What happens to old records: delete, compact, or both.', {
    oneOf: ['compact', 'delete'],
  }),
  'compression.gzip.level': int(
    -1,
    "Level for gzip, when the broker compresses; -1 is the codec's own default.",
    { min: 1, max: 9, orElse: -1 },
  ),
  'compression.lz4.level': int(9, 'Level for lz4, when the broker compresses.', { min: 1, max: 17 }),
  'compression.type': string('producer', 'How batches are stored: producer keeps them as they come.', {
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
  }),
  'compression.zstd.level': int(3, 'Level for zstd, when the broker compresses.', { min: -131_072, max: 22 }),
  'file.delete.delay.ms': long(60_000, 'How long a removed file stays for those who are still reading it.', {
    min: 0,
  }),
  'flush.messages': long(
    LONG_MAX,
    'Records of a partition after which it is fsynced, whether or not somebody waits for it.',
    { min: 1 },
  ),
  'flush.ms': long(LONG_MAX, 'Time after which a record is fsynced, whether or not somebody waits for it.', {
    min: 0,
  }),
  'index.interval.bytes': int(4096, 'About one index entry for so many bytes of records.', { min: 0 }),
  'max.message.bytes': int(1_048_588, 'The largest record batch taken, as compressed by the producer.', {
    min: 0,
  }),
  'message.timestamp.after.max.ms': long(3_600_000, "How far a record's timestamp may lie in the future.", {
    min: 0,
  }),
  'message.timestamp.before.max.ms': long(LONG_MAX, "How far a record's timestamp may lie in the past.", {
    min: 0,
  }),
  'message.timestamp.type': string(
    'CreateTime',
    "Whose clock stamps records: CreateTime the producer's, LogAppendTime the broker's.",
    { oneOf: ['CreateTime', 'LogAppendTime'] },
  ),
  'min.insync.replicas': int(1, 'Replicas that must be in sync for acks=all to be accepted.', { min: 1 }),
  'retention.bytes': long(-1, 'How many bytes of a partition are kept, -1 for all.'),
  'retention.ms': long(604_800_000, 'How long records are kept, -1 for ever.', { min: -1 }),
  'segment.bytes': int(1_073_741_824, 'Size of a segment file before the next one is started.', {
    min: 1_048_576,
  }),
  'segment.index.bytes': int(
    10_485_760,
    'Size of an offset or time index before the next segment is started.',
    { min: 4 },
  ),
  'segment.jitter.ms': long(
    0,
    "Up to this much is taken off a segment's age at random, so that logs do not all roll at once.",
    { min: 0 },
  ),
  'segment.ms': long(604_800_000, 'Age of a segment before the next one is started.', { min: 1 }),
  'moldau.durability': string(
    'fsync',
    'What acks=all waits for: fsync the disk, replicated the page cache of every replica in sync, memory nothing (the topic has no files and is empty after a restart; it stays in memory, and others never come there).',
    { oneOf: DURABILITIES },
  ),
  'delete.retention.ms': long(86_400_000, 'How long tombstones are kept in a compacted topic.', { min: 0 }),
  'max.compaction.lag.ms': long(LONG_MAX, 'How long a record stays uncompacted at most.', { min: 1 }),
  'min.cleanable.dirty.ratio': double(0.5, 'The share of a log that must be dirty before it is compacted.', {
    min: 0,
    max: 1,
  }),
  'min.compaction.lag.ms': long(0, 'How long a record stays uncompacted at least.', { min: 0 }),
  ...inert('There is one broker so far, so nothing is replicated or moved', {
    'follower.replication.throttled.replicas': list(
      '',
      'Replicas whose fetching is throttled: partition:broker, several with commas, or *.',
      { check: checkThrottledReplicas },
    ),
    'leader.replication.throttled.replicas': list(
      '',
      'Replicas whose leaders are throttled: partition:broker, several with commas, or *.',
      { check: checkThrottledReplicas },
    ),
    'unclean.leader.election.enable': bool(false, 'Whether a replica out of sync may become leader.'),
  }),
  ...inert('Tiered storage is not supported', {
    'local.retention.bytes': long(-2, 'Bytes of a partition kept on local disk; -2 is retention.bytes.', {
      min: -2,
    }),
    'local.retention.ms': long(-2, 'How long records are kept on local disk; -2 is retention.ms.', {
      min: -2,
    }),
    'remote.log.copy.disable': bool(false, 'Whether a tiered topic stops copying segments.'),
    'remote.log.delete.on.disable': bool(false, 'Whether remote data goes when tiering is turned off.'),
    'remote.storage.enable': bool(false, 'Whether the topic is tiered.', { check: refuseTiering }),
  }),
  ...inert('Files grow as they are written', {
    preallocate: bool(false, 'Whether segment files are made at full size.'),
  }),
};

export type TopicConfigKey = keyof typeof topicConfigDefinitions;

/** The broker's keys that stand behind a topic's key, the first one that is set wins; factors turn hours into milliseconds. */
export const topicConfigSynonyms: Readonly<
  Record<string, readonly { key: BrokerConfigKey; factor: number }[]>
> = {
  'cleanup.policy': same('log.cleanup.policy'),
  'compression.gzip.level': same('compression.gzip.level'),
  'compression.lz4.level': same('compression.lz4.level'),
  'compression.type': same('compression.type'),
  'compression.zstd.level': same('compression.zstd.level'),
  'delete.retention.ms': same('log.cleaner.delete.retention.ms'),
  'file.delete.delay.ms': same('log.segment.delete.delay.ms'),
  'flush.messages': same('log.flush.interval.messages'),
  'flush.ms': same('log.flush.interval.ms', 'log.flush.scheduler.interval.ms'),
  'index.interval.bytes': same('log.index.interval.bytes'),
  'local.retention.bytes': same('log.local.retention.bytes'),
  'local.retention.ms': same('log.local.retention.ms'),
  'max.compaction.lag.ms': same('log.cleaner.max.compaction.lag.ms'),
  'max.message.bytes': same('message.max.bytes'),
  'message.timestamp.after.max.ms': same('log.message.timestamp.after.max.ms'),
  'message.timestamp.before.max.ms': same('log.message.timestamp.before.max.ms'),
  'message.timestamp.type': same('log.message.timestamp.type'),
  'min.cleanable.dirty.ratio': same('log.cleaner.min.cleanable.ratio'),
  'min.compaction.lag.ms': same('log.cleaner.min.compaction.lag.ms'),
  'min.insync.replicas': same('min.insync.replicas'),
  'moldau.durability': same('moldau.durability'),
  preallocate: same('log.preallocate'),
  'retention.bytes': same('log.retention.bytes'),
  'retention.ms': [
    { key: 'log.retention.ms', factor: 1 },
    { key: 'log.retention.minutes', factor: 60_000 },
    { key: 'log.retention.hours', factor: 3_600_000 },
  ],
  'segment.bytes': same('log.segment.bytes'),
  'segment.index.bytes': same('log.index.size.max.bytes'),
  'segment.jitter.ms': [
    { key: 'log.roll.jitter.ms', factor: 1 },
    { key: 'log.roll.jitter.hours', factor: 3_600_000 },
  ],
  'segment.ms': [
    { key: 'log.roll.ms', factor: 1 },
    { key: 'log.roll.hours', factor: 3_600_000 },
  ],
  'unclean.leader.election.enable': same('unclean.leader.election.enable'),
};

function same(...keys: BrokerConfigKey[]): readonly { key: BrokerConfigKey; factor: number }[] {
  return keys.map((key) => ({ key, factor: 1 }));
}

/** What Kafka takes: empty, *, or partition:broker pairs. */
function checkThrottledReplicas(replicas: readonly string[]): string | undefined {
  const isFine =
    replicas.every((each) => /^\d+:\d+$/.test(each)) || (replicas.length === 1 && replicas[0] === '*');
  return isFine ? undefined : 'expected partition:broker pairs with commas, or *';
}

function refuseTiering(isTiered: boolean): string | undefined {
  return isTiered ? 'tiered storage is not supported, expected false' : undefined;
}
