// Keys of tiered storage.

import { bool, inert, int, LONG_MAX, long, string } from '../definition.ts';

export const remoteStorageConfigs = {
  ...inert('Tiered storage is not supported', {
    'log.local.retention.bytes': long(
      -2,
      'Bytes of a partition kept on local disk; -2 is log.retention.bytes.',
      { min: -2, update: 'cluster-wide' },
    ),
    'log.local.retention.ms': long(-2, 'How long records are kept on local disk; -2 is log.retention.ms.', {
      min: -2,
      update: 'cluster-wide',
    }),
    'remote.fetch.max.wait.ms': int(500, 'How long a fetch waits for remote storage.', {
      min: 1,
      update: 'cluster-wide',
    }),
    'remote.list.offsets.request.timeout.ms': long(30_000, 'How long ListOffsets waits for remote storage.', {
      min: 1,
      update: 'cluster-wide',
    }),
    'remote.log.index.file.cache.total.size.bytes': long(
      1_073_741_824,
      'Space for indexes of remote segments.',
      { min: 1, importance: 'LOW', update: 'cluster-wide' },
    ),
    'remote.log.manager.copier.thread.pool.size': int(10, 'Threads that copy segments.', {
      min: 1,
      update: 'cluster-wide',
    }),
    'remote.log.manager.copy.max.bytes.per.second': long(LONG_MAX, 'The most bytes per second copied.', {
      min: 1,
      update: 'cluster-wide',
    }),
    'remote.log.manager.copy.quota.window.num': int(11, 'Samples kept for that.', { min: 1 }),
    'remote.log.manager.copy.quota.window.size.seconds': int(1, 'Length of one such sample.', { min: 1 }),
    'remote.log.manager.expiration.thread.pool.size': int(10, 'Threads that remove expired segments.', {
      min: 1,
      update: 'cluster-wide',
    }),
    'remote.log.manager.fetch.max.bytes.per.second': long(LONG_MAX, 'The most bytes per second fetched.', {
      min: 1,
      update: 'cluster-wide',
    }),
    'remote.log.manager.fetch.quota.window.num': int(11, 'Samples kept for that.', { min: 1 }),
    'remote.log.manager.fetch.quota.window.size.seconds': int(1, 'Length of one such sample.', { min: 1 }),
    'remote.log.manager.follower.thread.pool.size': int(2, 'Threads for partitions that follow.', {
      min: 1,
      update: 'cluster-wide',
    }),
    'remote.log.manager.task.interval.ms': long(30_000, 'How often remote tasks run.', {
      min: 1,
      importance: 'LOW',
    }),
    'remote.log.manager.thread.pool.size': int(2, 'Threads of remote tasks.', { min: 1 }),
    'remote.log.metadata.custom.metadata.max.bytes': int(128, 'The largest custom metadata of a segment.', {
      min: 0,
      importance: 'LOW',
    }),
    'remote.log.metadata.manager.class.name': string(
      'org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager',
      'Class that keeps remote metadata.',
      { nonEmpty: true },
    ),
    'remote.log.metadata.manager.class.path': string(null, 'Class path of that.'),
    'remote.log.metadata.manager.impl.prefix': string('rlmm.config.', 'Prefix of its configs.', {
      nonEmpty: true,
    }),
    'remote.log.metadata.manager.listener.name': string(null, 'Listener it connects to.', { nonEmpty: true }),
    'remote.log.reader.max.pending.tasks': int(100, 'Remote reads that may wait.', { min: 1 }),
    'remote.log.reader.threads': int(10, 'Threads of remote reads.', { min: 1, update: 'cluster-wide' }),
    'remote.log.storage.manager.class.name': string(null, 'Class that stores segments.', { nonEmpty: true }),
    'remote.log.storage.manager.class.path': string(null, 'Class path of that.'),
    'remote.log.storage.manager.impl.prefix': string('rsm.config.', 'Prefix of its configs.', {
      nonEmpty: true,
    }),
    'remote.log.storage.system.enable': bool(false, 'Whether tiered storage is on.'),
  }),
};
