// Keys that people's files and environments hold although they are no keys of Kafka 4.3's brokers: those of earlier
// releases, of Kafka's distributions, and of Kafka's inner workings. Each is accepted, and the reason why it does nothing is told.

interface ForeignKeys {
  readonly reason: string;
  readonly names?: readonly string[];
  readonly prefixes?: readonly string[];
}

const FOREIGN_KEYS: readonly ForeignKeys[] = [
  {
    reason: 'Moldau needs no ZooKeeper',
    names: ['broker.id.generation.enable', 'reserved.broker.max.id', 'control.plane.listener.name'],
    prefixes: ['zookeeper.'],
  },
  {
    reason: 'Kafka 4 dropped it: formats and protocol versions follow from what clients ask for',
    names: [
      'inter.broker.protocol.version',
      'log.message.format.version',
      'log.message.downconversion.enable',
    ],
  },
  {
    reason:
      'Kafka 4 dropped it in favour of log.message.timestamp.before.max.ms and log.message.timestamp.after.max.ms',
    names: ['log.message.timestamp.difference.max.ms'],
  },
  {
    reason: 'Kafka 4 dropped it',
    names: [
      'auto.include.jmx.reporter',
      'controlled.shutdown.max.retries',
      'controlled.shutdown.retry.backoff.ms',
      'delegation.token.master.key',
      'group.coordinator.new.enable',
      'offsets.commit.required.acks',
      'sasl.mechanism',
      'quota.consumer.default',
      'quota.producer.default',
    ],
    prefixes: ['password.encoder.', 'zk.'],
  },
  { reason: 'it belongs to Confluent Platform', prefixes: ['confluent.'] },
  { reason: 'tiered storage is not supported', prefixes: ['rlmm.config.', 'rsm.config.'] },
  {
    reason: "it belongs to Kafka's inner workings",
    names: [
      'controller.performance.always.log.threshold.ms',
      'controller.performance.sample.period.ms',
      'group.consumer.regex.refresh.interval.ms',
      'group.share.initialize.retry.interval.ms',
      'group.share.persister.class.name',
      'log.initial.task.delay.ms',
      'producer.id.expiration.check.interval.ms',
      'remote.log.index.file.cache.ttl.ms',
      'remote.log.manager.task.retry.backoff.max.ms',
      'remote.log.manager.task.retry.backoff.ms',
      'remote.log.manager.task.retry.jitter',
      'server.max.startup.time.ms',
      'share.coordinator.cold.partition.snapshot.interval.ms',
      'share.coordinator.state.topic.prune.interval.ms',
      'unclean.leader.election.interval.ms',
      'unstable.api.versions.enable',
      'unstable.feature.versions.enable',
    ],
    prefixes: ['internal.'],
  },
];

/** Why a key that is not ours is accepted and has no effect; undefined when nobody knows it. */
export function foreignKeyReason(name: string): string | undefined {
  for (const { reason, names = [], prefixes = [] } of FOREIGN_KEYS) {
    if (names.includes(name) || prefixes.some((prefix) => name.startsWith(prefix))) return reason;
  }
  return undefined;
}
