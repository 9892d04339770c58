// Keys of transactions.

import { bool, inert, int, short } from '../definition.ts';

export const transactionsConfigs = {
  'transaction.state.log.num.partitions': int(50, 'Partitions of __transaction_state.', {
    min: 1,
    importance: 'HIGH',
  }),
  'transaction.state.log.replication.factor': short(
    3,
    'Replicas of __transaction_state; at most the live brokers.',
    { min: 1, importance: 'HIGH' },
  ),
  'transaction.state.log.min.isr': int(2, 'min.insync.replicas of __transaction_state.', {
    min: 1,
    importance: 'HIGH',
  }),
  'transaction.state.log.segment.bytes': int(104_857_600, 'Segment size of __transaction_state.', {
    min: 1,
    importance: 'HIGH',
  }),
  'transaction.max.timeout.ms': int(900_000, 'The longest transaction timeout a producer may ask for.', {
    min: 1,
    importance: 'HIGH',
  }),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': int(
    10_000,
    'How often transactions that took too long are aborted.',
    { min: 1, importance: 'LOW' },
  ),
  'transaction.remove.expired.transaction.cleanup.interval.ms': int(
    3_600_000,
    'How often expired transactional ids are looked for.',
    { min: 1, importance: 'LOW' },
  ),
  'transactional.id.expiration.ms': int(604_800_000, 'How long an idle transactional id is remembered.', {
    min: 1,
    importance: 'HIGH',
  }),
  ...inert('Transactions are loaded in pieces of a size of their own', {
    'transaction.state.log.load.buffer.size': int(
      5_242_880,
      'Bytes read at a time when transactions are loaded.',
      { min: 1, importance: 'HIGH' },
    ),
  }),
  ...inert('Two-phase commit (KIP-939) is not finished in Kafka', {
    'transaction.two.phase.commit.enable': bool(
      false,
      'Whether producers may prepare transactions that another system commits.',
      { importance: 'LOW' },
    ),
  }),
  'transaction.partition.verification.enable': bool(
    true,
    'Whether a partition is checked to belong to its transaction.',
    { importance: 'LOW', update: 'cluster-wide' },
  ),
  'add.partitions.to.txn.retry.backoff.ms': int(
    20,
    'Wait before a partition is added to a transaction again.',
    { min: 1, importance: 'HIGH' },
  ),
  'add.partitions.to.txn.retry.backoff.max.ms': int(100, 'The longest such wait.', {
    min: 0,
    importance: 'HIGH',
  }),
};
