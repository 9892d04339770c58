// How the topics that brokers keep for themselves are made: from the broker's configuration, with as many replicas as
// there are brokers to hold them.

import { GROUP_METADATA_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { NewTopic } from './create-topics.ts';

/** undefined for a topic that is made like any other. */
export function internalTopic(name: string, config: BrokerConfig, liveBrokers: number): NewTopic | undefined {
  const replicas = (wanted: number) => Math.min(wanted, Math.max(1, liveBrokers));
  if (name === GROUP_METADATA_TOPIC) {
    return {
      name,
      numPartitions: config.offsetsTopicPartitions,
      replicationFactor: config.offsetsTopicReplicationFactor(liveBrokers),
      assignments: [],
      configs: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'compression.type', value: 'producer' },
        { name: 'segment.bytes', value: String(config.get('offsets.topic.segment.bytes')) },
      ],
    };
  }
  if (name === TRANSACTION_STATE_TOPIC) {
    const replicationFactor = replicas(config.get('transaction.state.log.replication.factor'));
    return {
      name,
      numPartitions: config.get('transaction.state.log.num.partitions'),
      replicationFactor,
      assignments: [],
      configs: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'compression.type', value: 'uncompressed' },
        {
          name: 'min.insync.replicas',
          value: String(Math.min(config.get('transaction.state.log.min.isr'), replicationFactor)),
        },
        { name: 'segment.bytes', value: String(config.get('transaction.state.log.segment.bytes')) },
        { name: 'unclean.leader.election.enable', value: 'false' },
      ],
    };
  }
  if (name === SHARE_GROUP_STATE_TOPIC) {
    const replicationFactor = replicas(config.get('share.coordinator.state.topic.replication.factor'));
    const minInSync = Math.min(config.get('share.coordinator.state.topic.min.isr'), replicationFactor);
    return {
      name,
      numPartitions: config.get('share.coordinator.state.topic.num.partitions'),
      replicationFactor,
      assignments: [],
      configs: [
        // What is needed no more is deleted by the coordinator, which knows; nothing goes by age.
        { name: 'cleanup.policy', value: 'delete' },
        { name: 'compression.type', value: 'producer' },
        { name: 'min.insync.replicas', value: String(minInSync) },
        ...durabilityOfShareState(config),
        { name: 'retention.ms', value: '-1' },
        { name: 'segment.bytes', value: String(config.get('share.coordinator.state.topic.segment.bytes')) },
      ],
    };
  }
  return undefined;
}

/** A power cut that takes an acknowledgement has the record delivered again, as share groups may do; to fsync each would slow down all. */
function durabilityOfShareState(config: BrokerConfig): NewTopic['configs'] {
  return config.get('moldau.durability') === 'fsync'
    ? [{ name: 'moldau.durability', value: 'replicated' }]
    : [];
}
