// Which brokers hold the replicas of new partitions: as asked for, or spread round robin.

import type { PartitionRun, PartitionState } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { ReadableMetadata } from './metadata-view.ts';

/** Partitions next to each other whose replicas are on neighbouring brokers; the first replica leads. */
export function spreadReplicas(
  view: ReadableMetadata,
  options: { partitionCount: number; replicationFactor: number; firstBroker: number },
): PartitionRun[] {
  const { partitionCount, replicationFactor, firstBroker } = options;
  const brokers = [...view.brokers.keys()].sort((a, b) => a - b);
  if (replicationFactor > brokers.length) {
    throw new KafkaError(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `Unable to replicate the partition ${replicationFactor} time(s): The target replication factor of ${replicationFactor} cannot be reached because only ${brokers.length} broker(s) are registered.`,
    );
  }
  if (brokers.length === 1) return [{ count: partitionCount, state: newPartition(brokers) }];
  return Array.from({ length: partitionCount }, (_, partition) => {
    const replicas = Array.from(
      { length: replicationFactor },
      (_each, replica) => brokers[(firstBroker + partition + replica) % brokers.length]!,
    );
    return { count: 1, state: newPartition(replicas) };
  });
}

/** @throws KafkaError when the brokers are not such that each partition can have them */
export function placeAsAsked(
  view: ReadableMetadata,
  assignments: readonly (readonly number[])[],
  replicationFactor?: number,
): PartitionRun[] {
  const wantedReplicas = replicationFactor ?? assignments[0]?.length ?? 0;
  return assignments.map((brokerIds) => {
    checkReplicas(view, brokerIds);
    if (brokerIds.length !== wantedReplicas) {
      throw invalidAssignment(
        `The manual partition assignment includes a partition with ${brokerIds.length} replica(s), but this is not consistent with previous partitions, which have ${wantedReplicas} replica(s).`,
      );
    }
    return { count: 1, state: newPartition(brokerIds) };
  });
}

function checkReplicas(view: ReadableMetadata, brokerIds: readonly number[]): void {
  if (brokerIds.length === 0) {
    throw invalidAssignment('The manual partition assignment includes an empty replica list.');
  }
  const seen = new Set<number>();
  for (const brokerId of brokerIds) {
    if (!view.brokers.has(brokerId)) {
      throw invalidAssignment(
        `The manual partition assignment includes broker ${brokerId}, but no such broker is registered.`,
      );
    }
    if (seen.has(brokerId)) {
      throw invalidAssignment(
        `The manual partition assignment includes the broker ${brokerId} more than once.`,
      );
    }
    seen.add(brokerId);
  }
}

function newPartition(replicas: readonly number[]): PartitionState {
  return { leader: replicas[0]!, leaderEpoch: 0, replicas, isr: replicas };
}

export function invalidAssignment(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message);
}
