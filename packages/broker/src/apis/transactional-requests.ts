// What the APIs of transactional producers have in common.

import { ErrorCode } from '@moldau/protocol';
import type { PartitionAnswer, TopicPartition } from '../coordinators/transactions/transaction-commands.ts';

/** Clients from before PRODUCER_FENCED know the same as INVALID_PRODUCER_EPOCH. */
export function epochErrorFor(errorCode: number, isOldClient: boolean): number {
  return isOldClient && errorCode === ErrorCode.PRODUCER_FENCED
    ? ErrorCode.INVALID_PRODUCER_EPOCH
    : errorCode;
}

export interface NamedPartitions {
  readonly name: string;
  readonly partitions: readonly number[];
}

/** Partitions as AddPartitionsToTxn names them, each once. */
export function partitionsOf(topics: readonly NamedPartitions[]): TopicPartition[] {
  const byTopic = new Map<string, Set<number>>();
  for (const { name, partitions } of topics) {
    const known = byTopic.get(name) ?? new Set();
    for (const partition of partitions) known.add(partition);
    byTopic.set(name, known);
  }
  return Array.from(byTopic).flatMap(([topic, partitions]) =>
    Array.from(partitions, (partition) => ({ topic, partition })),
  );
}

/** The same answer for all that was named, as often as it was named. */
export function sameResult(topics: readonly NamedPartitions[], errorCode: number) {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: errorCode,
    })),
  }));
}

/** Answers, each once, as AddPartitionsToTxn groups them. */
export function resultsByTopic(answers: readonly PartitionAnswer[]) {
  const results = new Map<string, { partitionIndex: number; partitionErrorCode: number }[]>();
  for (const { topic, partition, errorCode } of answers) {
    const ofTopic = results.get(topic) ?? [];
    ofTopic.push({ partitionIndex: partition, partitionErrorCode: errorCode });
    results.set(topic, ofTopic);
  }
  return Array.from(results, ([name, resultsByPartition]) => ({ name, resultsByPartition }));
}
