// All share partitions this broker leads: made when a member first fetches them, dropped when their group has no sessions
// left, when their topic is deleted, or when somebody else has taken over their state.

import type { Clock, Logger, Timers } from '@moldau/io';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { PartitionRegistry } from '../../replication/partition-registry.ts';
import { toKafkaError } from '../runtime/coordinator-errors.ts';
import type { ShareConfig } from './share-config.ts';
import type { ShareCoordinator } from './share-coordinator.ts';
import type { Acknowledgement } from './share-partition.ts';
import { SharePartitionLeader } from './share-partition-leader.ts';
import type { TopicPartition } from './share-sessions.ts';

export interface SharePartitionsOptions {
  readonly partitions: PartitionRegistry;
  readonly coordinator: ShareCoordinator;
  readonly config: ShareConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

export class SharePartitions {
  readonly #options: SharePartitionsOptions;
  /** By group, then by topic id and partition. */
  readonly #leaders = new Map<string, Map<string, SharePartitionLeader>>();

  constructor(options: SharePartitionsOptions) {
    this.#options = options;
  }

  /** Made when it is not there. @throws KafkaError when there is no such partition */
  leader(groupId: string, { topicId, partition: index }: TopicPartition): SharePartitionLeader {
    const known = this.find(groupId, { topicId, partition: index });
    if (known !== undefined) return known;
    const partition = this.#options.partitions.getById(topicId, index);
    if (partition === undefined) {
      throw new KafkaError(
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        `There is no partition ${index} of topic ${topicId}.`,
      );
    }
    const name = nameOf({ topicId, partition: index });
    const leader = new SharePartitionLeader({
      ...this.#options,
      key: { groupId, topicId, partition: index },
      partition,
      onFenced: () => {
        const ofGroup = this.#leaders.get(groupId);
        if (ofGroup?.get(name) === leader) ofGroup.delete(name);
        if (ofGroup?.size === 0) this.#leaders.delete(groupId);
      },
    });
    const ofGroup = this.#leaders.get(groupId) ?? new Map<string, SharePartitionLeader>();
    this.#leaders.set(groupId, ofGroup.set(name, leader));
    return leader;
  }

  find(groupId: string, partition: TopicPartition): SharePartitionLeader | undefined {
    return this.#leaders.get(groupId)?.get(nameOf(partition));
  }

  /** The error of one partition's acknowledgements; undefined when they are persisted. */
  async acknowledge(
    groupId: string,
    memberId: string,
    partition: TopicPartition,
    acknowledgements: readonly Acknowledgement[],
  ): Promise<KafkaError | undefined> {
    const leader = this.find(groupId, partition);
    if (leader === undefined) {
      return new KafkaError(
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        'This server does not host this topic-partition.',
      );
    }
    try {
      await leader.acknowledge(memberId, acknowledgements);
      return undefined;
    } catch (error) {
      return toKafkaError(error);
    }
  }

  /** A member is gone: what it holds of these is given back. Never rejects. */
  async release(groupId: string, memberId: string, partitions: readonly TopicPartition[]): Promise<void> {
    await Promise.all(
      partitions.map(async (partition) => {
        const leader = this.find(groupId, partition);
        try {
          await leader?.release(memberId);
        } catch (error) {
          // Whoever has taken over the state has taken over the locks.
          if (leader?.isFenced === true) return;
          const fields = { ...leader?.key, memberId, err: toKafkaError(error) };
          const message = 'Records of a member that is gone could not be released; their locks will end';
          this.#options.logger.warn(fields, message);
        }
      }),
    );
  }

  dropGroup(groupId: string): void {
    for (const leader of [...(this.#leaders.get(groupId)?.values() ?? [])]) leader.fence();
  }

  topicRemoved(topicId: string): void {
    for (const leaders of [...this.#leaders.values()]) {
      for (const leader of [...leaders.values()]) if (leader.key.topicId === topicId) leader.fence();
    }
  }

  close(): void {
    for (const groupId of [...this.#leaders.keys()]) this.dropGroup(groupId);
  }
}

function nameOf({ topicId, partition }: TopicPartition): string {
  return `${topicId}/${partition}`;
}
