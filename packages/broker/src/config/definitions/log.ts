// Keys of logs on disk; most are the default of a topic config of a similar name.

import { bool, double, inert, int, LONG_MAX, list, long, string } from '../definition.ts';

export const logConfigs = {
  'log.dirs': list(null, 'The folders that hold the data, several with commas; log.dir when unset.', {
    nonEmpty: true,
    importance: 'HIGH',
  }),
  'log.dir': list('./moldau-data', 'The folder that holds the data when log.dirs is unset.', {
    nonEmpty: true,
    importance: 'HIGH',
    kafkaDefault: '/tmp/kafka-logs',
  }),
  'log.segment.bytes': int(1_073_741_824, 'Size of a segment file before the next one is started.', {
    min: 1_048_576,
    importance: 'HIGH',
    update: 'cluster-wide',
  }),
  'log.roll.ms': long(null, 'Age of a segment before the next one is started; log.roll.hours when unset.', {
    importance: 'HIGH',
    update: 'cluster-wide',
  }),
  'log.roll.hours': int(168, 'Age of a segment in hours, when log.roll.ms is unset.', {
    min: 1,
    importance: 'HIGH',
  }),
  'log.roll.jitter.ms': long(
    null,
    "Up to this much is taken off a segment's age at random, so that logs do not all roll at once.",
    { importance: 'HIGH', update: 'cluster-wide' },
  ),
  'log.roll.jitter.hours': int(0, 'The same in hours, when log.roll.jitter.ms is unset.', {
    min: 0,
    importance: 'HIGH',
  }),
  'log.index.size.max.bytes': int(
    10_485_760,
    'Size of an offset or time index before the next segment is started.',
    { min: 4, update: 'cluster-wide' },
  ),
  'log.index.interval.bytes': int(4096, 'About one index entry for so many bytes of records.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'log.retention.ms': long(
    null,
    'How long records are kept, -1 for ever; log.retention.minutes when unset.',
    { importance: 'HIGH', update: 'cluster-wide' },
  ),
  'log.retention.minutes': int(
    null,
    'How long records are kept in minutes, when log.retention.ms is unset.',
    { importance: 'HIGH' },
  ),
  'log.retention.hours': int(
    168,
    'How long records are kept in hours, when neither of the finer keys is set.',
    { importance: 'HIGH' },
  ),
  'log.retention.bytes': long(-1, 'How many bytes of a partition are kept, -1 for all.', {
    importance: 'HIGH',
    update: 'cluster-wide',
  }),
  'log.retention.check.interval.ms': long(300_000, 'How often retention is enforced.', { min: 1 }),
  'log.cleanup.policy': list('delete', 'What happens to old records: delete, compact, or both.', {
    oneOf: ['compact', 'delete'],
    update: 'cluster-wide',
  }),
  'log.segment.delete.delay.ms': long(
    60_000,
    'How long a removed file stays for those who are still reading it.',
    { min: 0, importance: 'HIGH', update: 'cluster-wide' },
  ),
  'log.flush.interval.messages': long(
    LONG_MAX,
    'Records of a partition after which it is fsynced, whether or not somebody waits for it.',
    { min: 1, importance: 'HIGH', update: 'cluster-wide' },
  ),
  'log.flush.interval.ms': long(
    null,
    'Time after which a record is fsynced, whether or not somebody waits for it; log.flush.scheduler.interval.ms when unset.',
    { importance: 'HIGH', update: 'cluster-wide' },
  ),
  'log.flush.scheduler.interval.ms': long(LONG_MAX, 'The default of log.flush.interval.ms.', {
    importance: 'HIGH',
  }),
  'log.flush.offset.checkpoint.interval.ms': int(
    60_000,
    'How often the recovery points are written, which bound what a start after a crash scans.',
    { min: 0, importance: 'HIGH' },
  ),
  'log.message.timestamp.type': string(
    'CreateTime',
    "Whose clock stamps records: CreateTime the producer's, LogAppendTime the broker's.",
    { oneOf: ['CreateTime', 'LogAppendTime'], update: 'cluster-wide' },
  ),
  'log.message.timestamp.before.max.ms': long(LONG_MAX, "How far a record's timestamp may lie in the past.", {
    min: 0,
    update: 'cluster-wide',
  }),
  'log.message.timestamp.after.max.ms': long(
    3_600_000,
    "How far a record's timestamp may lie in the future.",
    { min: 0, update: 'cluster-wide' },
  ),
  'message.max.bytes': int(1_048_588, 'The largest record batch taken, as compressed by the producer.', {
    min: 0,
    importance: 'HIGH',
    update: 'cluster-wide',
  }),
  'compression.type': string('producer', 'How batches are stored: producer keeps them as they come.', {
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    importance: 'HIGH',
    update: 'cluster-wide',
  }),
  'compression.gzip.level': int(
    -1,
    "Level for gzip, when the broker compresses; -1 is the codec's own default.",
    { min: 1, max: 9, orElse: -1, update: 'cluster-wide' },
  ),
  'compression.lz4.level': int(9, 'Level for lz4, when the broker compresses.', {
    min: 1,
    max: 17,
    update: 'cluster-wide',
  }),
  'compression.zstd.level': int(3, 'Level for zstd, when the broker compresses.', {
    min: -131_072,
    max: 22,
    update: 'cluster-wide',
  }),
  'min.insync.replicas': int(1, 'Replicas that must be in sync for acks=all to be accepted.', {
    min: 1,
    importance: 'HIGH',
    update: 'cluster-wide',
  }),
  'producer.id.expiration.ms': int(
    86_400_000,
    "How long an idle producer's sequence numbers are remembered.",
    { min: 1, importance: 'LOW', update: 'cluster-wide' },
  ),
  ...inert('Log start offsets are written with the recovery points', {
    'log.flush.start.offset.checkpoint.interval.ms': int(60_000, 'How often log start offsets are written.', {
      min: 0,
      importance: 'HIGH',
    }),
  }),
  ...inert('Files grow as they are written', {
    'log.preallocate': bool(false, 'Whether segment files are made at full size.', {
      update: 'cluster-wide',
    }),
  }),
  'log.cleaner.enable': bool(true, 'Whether compacted topics are compacted.'),
  ...inert('One log is compacted at a time', {
    'log.cleaner.threads': int(1, 'Threads that compact.', { min: 0, update: 'cluster-wide' }),
  }),
  'log.cleaner.backoff.ms': long(15_000, 'How long an idle cleaner sleeps.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'log.cleaner.dedupe.buffer.size': long(
    134_217_728,
    'The most memory for the keys of a compaction; taken as needed, given back after it.',
    { update: 'cluster-wide' },
  ),
  'log.cleaner.io.buffer.load.factor': double(0.9, 'How full that memory may become.', {
    update: 'cluster-wide',
  }),
  'log.cleaner.io.buffer.size': int(524_288, 'Memory for reading and writing during compaction.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'log.cleaner.io.max.bytes.per.second': double(
    Number.MAX_VALUE,
    'The most bytes per second a compaction moves.',
    { update: 'cluster-wide' },
  ),
  'log.cleaner.min.cleanable.ratio': double(
    0.5,
    'The share of a log that must be dirty before it is compacted.',
    { min: 0, max: 1, update: 'cluster-wide' },
  ),
  'log.cleaner.min.compaction.lag.ms': long(0, 'How long a record stays uncompacted at least.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'log.cleaner.max.compaction.lag.ms': long(LONG_MAX, 'How long a record stays uncompacted at most.', {
    min: 1,
    update: 'cluster-wide',
  }),
  'log.cleaner.delete.retention.ms': long(86_400_000, 'How long tombstones are kept in a compacted topic.', {
    min: 0,
    update: 'cluster-wide',
  }),
  ...inert('Folders are used until they fail, and then are offline', {
    'log.dir.failure.timeout.ms': long(
      30_000,
      'How long a broker that cannot report a failed folder lives on.',
      { min: 1, importance: 'LOW' },
    ),
    'cordoned.log.dirs': list('', 'Folders that get no new partitions.', { update: 'per-broker' }),
    'alter.log.dirs.replication.quota.window.num': int(
      11,
      'Samples kept for the quota of moves between folders.',
      { min: 1, importance: 'LOW' },
    ),
    'alter.log.dirs.replication.quota.window.size.seconds': int(1, 'Length of one such sample.', {
      min: 1,
      importance: 'LOW',
    }),
    'replica.alter.log.dirs.io.max.bytes.per.second': long(
      LONG_MAX,
      'The most bytes per second that moves between folders write.',
      { min: 0, update: 'cluster-wide' },
    ),
  }),
};
