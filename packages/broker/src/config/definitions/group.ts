// Keys of single groups (the GROUP resource of the config APIs).

import { bool, inert, int, string } from '../definition.ts';
import { isoDurationMs } from '../iso-duration.ts';

export const groupConfigDefinitions = {
  'consumer.session.timeout.ms': int(45_000, 'How long a silent member stays in this group.', { min: 1 }),
  'consumer.heartbeat.interval.ms': int(5000, 'How often members of this group send a heartbeat.', {
    min: 1,
  }),
  'consumer.assignment.interval.ms': int(1000, 'Least time between two assignments of this group.', {
    min: 0,
  }),
  'share.session.timeout.ms': int(45_000, 'How long a silent member stays in this group.', { min: 1 }),
  'share.heartbeat.interval.ms': int(5000, 'How often members of this group send a heartbeat.', { min: 1 }),
  'share.record.lock.duration.ms': int(30_000, 'How long a delivered record waits for its acknowledgement.', {
    min: 1000,
  }),
  'share.delivery.count.limit': int(5, 'How often a record is delivered at most.', { min: 2 }),
  'share.partition.max.record.locks': int(2000, 'Records of a partition that may be out for delivery.', {
    min: 100,
  }),
  'share.auto.offset.reset': string('latest', 'Where a new share group starts.', {
    check: checkOffsetReset,
  }),
  'share.isolation.level': string('read_uncommitted', 'Whether records of open transactions are delivered.', {
    oneOf: ['read_committed', 'read_uncommitted'],
  }),
  'share.renew.acknowledge.enable': bool(true, 'Whether a delivery may be renewed.'),
  'share.assignment.interval.ms': int(1000, 'Least time between two assignments of this group.', {
    min: 0,
  }),
  ...inert('Streams groups are not supported so far', {
    'streams.session.timeout.ms': int(45_000, 'How long a silent member stays in this group.', { min: 1 }),
    'streams.heartbeat.interval.ms': int(5000, 'How often members of this group send a heartbeat.', {
      min: 1,
    }),
    'streams.num.standby.replicas': int(0, "Standby copies of each task's state.", { min: 0 }),
    'streams.initial.rebalance.delay.ms': int(
      3000,
      'How long this group waits for more members when it is new.',
      { min: 0 },
    ),
    'streams.assignment.interval.ms': int(1000, 'Least time between two assignments of this group.', {
      min: 0,
    }),
  }),
};

export type GroupConfigKey = keyof typeof groupConfigDefinitions;

function checkOffsetReset(value: string): string | undefined {
  const [method, duration] = value.split(/:(.*)/s, 2);
  const isDuration = method === 'by_duration' && isoDurationMs(duration ?? '') !== undefined;
  const isFine = value === 'latest' || value === 'earliest' || isDuration;
  return isFine ? undefined : 'expected latest, earliest, or by_duration: with an ISO 8601 duration';
}
