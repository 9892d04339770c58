// Keys of groups and their coordinators.

import { INT_MAX, inert, int, list, short, string } from '../definition.ts';

export const groupsConfigs = {
  'group.initial.rebalance.delay.ms': int(
    100,
    'How long a new group waits for more members before its first assignment.',
    { kafkaDefault: '3000' },
  ),
  'group.min.session.timeout.ms': int(6000, 'The shortest session timeout a member may ask for.'),
  'group.max.session.timeout.ms': int(1_800_000, 'The longest session timeout a member may ask for.'),
  'group.max.size': int(INT_MAX, 'The most members a group may have.', { min: 1 }),
  ...inert('The coordinator runs in the event loop and appends at once', {
    'group.coordinator.threads': int(4, 'Threads of the group coordinator.', { min: 1, importance: 'HIGH' }),
    'group.coordinator.background.threads': int(2, 'Threads for its background work.', {
      min: 1,
      importance: 'HIGH',
    }),
    'group.coordinator.append.linger.ms': int(
      -1,
      'How long it collects records before it appends; -1 adapts.',
      { min: -1 },
    ),
    'group.coordinator.cached.buffer.max.bytes': int(
      1_048_588,
      'The largest buffer it keeps for the next append.',
      { min: 524_288, update: 'cluster-wide' },
    ),
  }),
  'group.coordinator.rebalance.protocols': list(
    'classic,consumer,streams',
    'The group protocols that are on.',
    { oneOf: ['consumer', 'classic', 'share', 'streams'], nonEmpty: true },
  ),
  'group.consumer.assignment.interval.ms': int(1000, 'Least time between two assignments of a group.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'group.consumer.min.assignment.interval.ms': int(0, "Lower bound of that for a group's own setting.", {
    min: 0,
  }),
  'group.consumer.max.assignment.interval.ms': int(15_000, "Upper bound of that for a group's own setting.", {
    min: 0,
  }),
  'group.consumer.assignors': list(
    'uniform,range',
    'Assignors on the server side, the first one by default.',
    { nonEmpty: true },
  ),
  'group.consumer.heartbeat.interval.ms': int(5000, 'How often members send a heartbeat.', { min: 1 }),
  'group.consumer.min.heartbeat.interval.ms': int(5000, "Lower bound of that for a group's own setting.", {
    min: 1,
  }),
  'group.consumer.max.heartbeat.interval.ms': int(15_000, "Upper bound of that for a group's own setting.", {
    min: 1,
  }),
  'group.consumer.session.timeout.ms': int(45_000, 'How long a silent member stays in its group.', {
    min: 1,
  }),
  'group.consumer.min.session.timeout.ms': int(45_000, "Lower bound of that for a group's own setting.", {
    min: 1,
  }),
  'group.consumer.max.session.timeout.ms': int(60_000, "Upper bound of that for a group's own setting.", {
    min: 1,
  }),
  'group.consumer.max.size': int(INT_MAX, 'The most members such a group may have.', { min: 1 }),
  'group.consumer.migration.policy': string(
    'bidirectional',
    'Which groups may change between the classic and the new protocol.',
    { oneOf: ['DISABLED', 'DOWNGRADE', 'UPGRADE', 'BIDIRECTIONAL'], ignoreCase: true },
  ),
  'group.share.assignment.interval.ms': int(1000, 'Least time between two assignments of a group.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'group.share.min.assignment.interval.ms': int(0, "Lower bound of that for a group's own setting.", {
    min: 0,
  }),
  'group.share.max.assignment.interval.ms': int(15_000, "Upper bound of that for a group's own setting.", {
    min: 0,
  }),
  'group.share.delivery.count.limit': int(5, 'How often a record is delivered at most.', {
    min: 2,
    max: 10,
  }),
  'group.share.min.delivery.count.limit': int(2, "Lower bound of that for a group's own setting.", {
    min: 2,
    max: 5,
  }),
  'group.share.max.delivery.count.limit': int(10, "Upper bound of that for a group's own setting.", {
    min: 5,
    max: 25,
  }),
  'group.share.heartbeat.interval.ms': int(5000, 'How often members send a heartbeat.', { min: 1 }),
  'group.share.min.heartbeat.interval.ms': int(5000, "Lower bound of that for a group's own setting.", {
    min: 1,
  }),
  'group.share.max.heartbeat.interval.ms': int(15_000, "Upper bound of that for a group's own setting.", {
    min: 1,
  }),
  'group.share.session.timeout.ms': int(45_000, 'How long a silent member stays in its group.', { min: 1 }),
  'group.share.min.session.timeout.ms': int(45_000, "Lower bound of that for a group's own setting.", {
    min: 1,
  }),
  'group.share.max.session.timeout.ms': int(60_000, "Upper bound of that for a group's own setting.", {
    min: 1,
  }),
  'group.share.partition.max.record.locks': int(
    2000,
    'Records of a partition that may be out for delivery.',
    { min: 100, max: 10_000 },
  ),
  'group.share.min.partition.max.record.locks': int(100, "Lower bound of that for a group's own setting.", {
    min: 100,
    max: 2000,
  }),
  'group.share.max.partition.max.record.locks': int(4000, "Upper bound of that for a group's own setting.", {
    min: 2000,
    max: 10_000,
  }),
  'group.share.record.lock.duration.ms': int(
    30_000,
    'How long a delivered record waits for its acknowledgement.',
    { min: 1000, max: 3_600_000 },
  ),
  'group.share.min.record.lock.duration.ms': int(15_000, "Lower bound of that for a group's own setting.", {
    min: 1000,
    max: 30_000,
  }),
  'group.share.max.record.lock.duration.ms': int(60_000, "Upper bound of that for a group's own setting.", {
    min: 30_000,
    max: 3_600_000,
  }),
  'group.share.max.share.sessions': int(2000, 'Share sessions open at a time.', { min: 1 }),
  'group.share.max.size': int(200, 'The most members a share group may have.', { min: 1, max: 1000 }),
  'share.coordinator.snapshot.update.records.per.snapshot': int(
    500,
    'Updates of share state between two snapshots.',
    { min: 0, max: 500 },
  ),
  'share.coordinator.state.topic.min.isr': short(2, 'min.insync.replicas of __share_group_state.', {
    min: 1,
    importance: 'HIGH',
  }),
  'share.coordinator.state.topic.num.partitions': int(50, 'Partitions of __share_group_state.', {
    min: 1,
    importance: 'HIGH',
  }),
  'share.coordinator.state.topic.replication.factor': short(3, 'Replicas of __share_group_state.', {
    min: 1,
    importance: 'HIGH',
  }),
  'share.coordinator.state.topic.segment.bytes': int(104_857_600, 'Segment size of __share_group_state.', {
    min: 1,
    importance: 'HIGH',
  }),
  ...inert('Simple is the only assignor of share groups', {
    'group.share.assignors': list('simple', 'Assignors on the server side.', { nonEmpty: true }),
  }),
  ...inert('The share coordinator runs in the event loop and appends at once', {
    'share.coordinator.append.linger.ms': int(
      -1,
      'How long the share coordinator collects records before it appends.',
      { min: -1 },
    ),
    'share.coordinator.cached.buffer.max.bytes': int(
      1_048_588,
      'The largest buffer it keeps for the next append.',
      { min: 524_288, update: 'cluster-wide' },
    ),
    'share.coordinator.load.buffer.size': int(5_242_880, 'Bytes read at a time when share state is loaded.', {
      min: 1,
      importance: 'HIGH',
    }),
    'share.coordinator.threads': int(1, 'Threads of the share coordinator.', { min: 1 }),
    'share.coordinator.write.timeout.ms': int(5000, 'How long its writes may take.', {
      min: 1,
      importance: 'HIGH',
    }),
  }),
  ...inert('The batches of __share_group_state are small and not compressed', {
    'share.coordinator.state.topic.compression.codec': int(0, 'Codec of __share_group_state.', {
      importance: 'HIGH',
    }),
  }),
  ...inert('Streams groups are not supported so far; Kafka Streams works with the classic protocol', {
    'group.streams.assignment.interval.ms': int(1000, 'Least time between two assignments of a group.', {
      min: 0,
      update: 'cluster-wide',
    }),
    'group.streams.max.assignment.interval.ms': int(
      15_000,
      "Upper bound of that for a group's own setting.",
      { min: 0 },
    ),
    'group.streams.min.assignment.interval.ms': int(0, "Lower bound of that for a group's own setting.", {
      min: 0,
    }),
    'group.streams.heartbeat.interval.ms': int(5000, 'How often members send a heartbeat.', { min: 1 }),
    'group.streams.min.heartbeat.interval.ms': int(5000, "Lower bound of that for a group's own setting.", {
      min: 1,
    }),
    'group.streams.max.heartbeat.interval.ms': int(15_000, "Upper bound of that for a group's own setting.", {
      min: 1,
    }),
    'group.streams.initial.rebalance.delay.ms': int(3000, 'How long a new group waits for more members.', {
      min: 0,
    }),
    'group.streams.session.timeout.ms': int(45_000, 'How long a silent member stays in its group.', {
      min: 1,
    }),
    'group.streams.min.session.timeout.ms': int(45_000, "Lower bound of that for a group's own setting.", {
      min: 1,
    }),
    'group.streams.max.session.timeout.ms': int(60_000, "Upper bound of that for a group's own setting.", {
      min: 1,
    }),
    'group.streams.max.size': int(INT_MAX, 'The most members a streams group may have.', { min: 1 }),
    'group.streams.num.standby.replicas': int(0, "Standby copies of each task's state.", { min: 0 }),
    'group.streams.max.standby.replicas': int(2, "Upper bound of that for a group's own setting.", {
      min: 0,
    }),
  }),
};
