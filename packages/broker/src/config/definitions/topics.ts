// Keys of topics that are created without saying how, and of the offsets topic.

import { bool, className, inert, int, list, long, short } from '../definition.ts';

export const topicsConfigs = {
  'auto.create.topics.enable': bool(true, 'Whether a topic is created when a client first asks for it.', {
    importance: 'HIGH',
  }),
  'delete.topic.enable': bool(true, 'Whether topics can be deleted.', { importance: 'HIGH' }),
  'num.partitions': int(1, 'Partitions of a topic that is created without saying how many.', { min: 1 }),
  'default.replication.factor': int(
    1,
    'Replicas of a topic that is created without saying how many; at most the live brokers for topics created by themselves.',
  ),
  'offsets.topic.num.partitions': int(50, 'Partitions of __consumer_offsets; cannot change once it exists.', {
    min: 1,
    importance: 'HIGH',
  }),
  'offsets.topic.replication.factor': short(3, 'Replicas of __consumer_offsets; at most the live brokers.', {
    min: 1,
    importance: 'HIGH',
  }),
  'offsets.topic.segment.bytes': int(104_857_600, 'Segment size of __consumer_offsets.', {
    min: 1,
    importance: 'HIGH',
  }),
  'offset.metadata.max.bytes': int(4096, 'The longest metadata text an offset commit may carry.', {
    importance: 'HIGH',
  }),
  'offsets.retention.minutes': int(10_080, 'How long the offsets of an empty group are kept.', {
    min: 1,
    importance: 'HIGH',
  }),
  'offsets.retention.check.interval.ms': long(600_000, 'How often expired offsets are looked for.', {
    min: 1,
    importance: 'HIGH',
  }),
  ...inert('A commit waits for its record as long as it takes', {
    'offsets.commit.timeout.ms': int(5000, 'How long a commit may wait for its record to be written.', {
      min: 1,
      importance: 'HIGH',
    }),
  }),
  ...inert('Offsets are loaded in large reads and stored uncompressed', {
    'offsets.load.buffer.size': int(5_242_880, 'Bytes read at a time when offsets are loaded.', {
      min: 1,
      importance: 'HIGH',
    }),
    'offsets.topic.compression.codec': int(0, 'Codec of __consumer_offsets.', { importance: 'HIGH' }),
  }),
  ...inert('Policies are Java classes, and there is no JVM', {
    'create.topic.policy.class.name': className(null, 'Class that may refuse new topics.', {
      importance: 'LOW',
    }),
    'alter.config.policy.class.name': className(null, 'Class that may refuse config changes.', {
      importance: 'LOW',
    }),
    'client.quota.callback.class': className(null, 'Class that decides quotas.', { importance: 'LOW' }),
  }),
  'config.providers': list(
    '',
    'More names for the providers of values that stand elsewhere; file, dir and env are there without it. For values of the start only.',
    { importance: 'LOW', update: 'cluster-wide' },
  ),
};
