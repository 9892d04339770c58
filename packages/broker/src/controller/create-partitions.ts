// Decides which topics get more partitions.

import type { MetadataRecord, PartitionRun, TopicImage } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { MutationQuota } from '../quotas/client-quotas.ts';
import { MAX_PARTITIONS_PER_REQUEST, tooManyPartitions } from './create-topics.ts';
import type { ReadableMetadata } from './metadata-view.ts';
import { failed, type ItemResult, OK, type Outcome, splitDuplicates } from './outcome.ts';
import { invalidAssignment, placeAsAsked, spreadReplicas } from './replica-placement.ts';

export interface PartitionIncrease {
  readonly name: string;
  /** How many there shall be in all. */
  readonly count: number;
  /** The brokers of each new partition; null: spread over all. */
  readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null;
}

export interface CreatePartitionsCommand {
  readonly topics: readonly PartitionIncrease[];
  readonly validateOnly: boolean;
  /** What is left out has no bounds. */
  readonly mutations?: MutationQuota;
}

export interface IncreasedTopic extends ItemResult {
  readonly name: string;
}

export function createPartitions(
  view: ReadableMetadata,
  { topics, validateOnly, mutations }: CreatePartitionsCommand,
): Outcome<IncreasedTopic[]> {
  const { duplicates, single } = splitDuplicates(topics, ({ name }) => name);
  const records: MetadataRecord[] = [];
  const response: IncreasedTopic[] = [];
  let room = MAX_PARTITIONS_PER_REQUEST;
  for (const wanted of single) {
    try {
      const topic = view.topicByName(wanted.name);
      if (topic === undefined) {
        const message = `The topic '${wanted.name}' does not exist.`;
        throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, message);
      }
      const addedCount = checkCount(topic, wanted.count);
      if (addedCount > room) throw tooManyPartitions();
      room -= addedCount;
      const partitions = place(view, topic, addedCount, wanted.assignments);
      mutations?.record(addedCount);
      records.push({ type: 'partitions-added', topicId: topic.id, partitions });
      response.push({ name: wanted.name, ...OK });
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      response.push({ name: wanted.name, ...failed(error) });
    }
  }
  const duplicate = new KafkaError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.');
  for (const name of duplicates) response.push({ name, ...failed(duplicate) });
  return { records: validateOnly ? [] : records, response };
}

function checkCount({ name, partitionCount }: TopicImage, count: number): number {
  if (count === partitionCount) {
    throw new KafkaError(ErrorCode.INVALID_PARTITIONS, `Topic already has ${partitionCount} partition(s).`);
  }
  if (count < partitionCount) {
    throw new KafkaError(
      ErrorCode.INVALID_PARTITIONS,
      `The topic ${name} currently has ${partitionCount} partition(s); ${count} would not be an increase.`,
    );
  }
  return count - partitionCount;
}

function place(
  view: ReadableMetadata,
  topic: TopicImage,
  addedCount: number,
  assignments: PartitionIncrease['assignments'],
): PartitionRun[] {
  const replicationFactor = topic.partition(0)!.replicas.length;
  if (assignments === null) {
    return spreadReplicas(view, {
      partitionCount: addedCount,
      replicationFactor,
      firstBroker: topic.partitionCount,
    });
  }
  if (assignments.length !== addedCount) {
    throw invalidAssignment(
      `Attempted to add ${addedCount} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
    );
  }
  return placeAsAsked(
    view,
    assignments.map(({ brokerIds }) => brokerIds),
    replicationFactor,
  );
}
