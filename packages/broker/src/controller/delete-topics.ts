// Decides which topics go, by name or by id.

import type { MetadataRecord, TopicImage } from '@moldau/metadata';
import { ErrorCode, KafkaError, type Uuid, ZERO_UUID } from '@moldau/protocol';
import type { MutationQuota } from '../quotas/client-quotas.ts';
import type { ReadableMetadata } from './metadata-view.ts';
import { failed, type ItemResult, OK, type Outcome, splitDuplicates } from './outcome.ts';

/** By name, or by id when the name is null; the zero id is no id. */
export interface TopicReference {
  readonly name: string | null;
  readonly topicId: Uuid;
}

export interface DeletedTopic extends TopicReference, ItemResult {}

export function deleteTopics(
  view: ReadableMetadata,
  references: readonly TopicReference[],
  mutations?: MutationQuota,
): Outcome<DeletedTopic[]> {
  const records: MetadataRecord[] = [];
  const response: DeletedTopic[] = [];
  const { duplicates, single } = splitDuplicates(references, keyOf);
  const asked = new Set([...duplicates, ...single.map(keyOf)]);
  for (const reference of single) {
    if (isNamedToo(view, reference, asked)) continue;
    const named = reference.name === null ? undefined : view.topicByName(reference.name);
    if (named !== undefined && asked.has(`id/${named.id}`)) {
      const error = invalid('The provided topic name maps to an ID that was already supplied.');
      response.push({ name: named.name, topicId: named.id, ...failed(error) });
      continue;
    }
    try {
      const topic = find(view, reference);
      mutations?.record(topic.partitionCount);
      records.push({ type: 'topic-removed', topicId: topic.id });
      response.push({ name: topic.name, topicId: topic.id, ...OK });
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      response.push({ ...reference, ...failed(error) });
    }
  }
  for (const key of duplicates) {
    const { name, topicId } = references.find((each) => keyOf(each) === key)!;
    const message = name === null ? 'Duplicate topic id.' : 'Duplicate topic name.';
    response.push({ name, topicId, ...failed(invalid(message)) });
  }
  return { records, response };
}

/** A topic asked for by id and by name is answered once, by its name. */
function isNamedToo(view: ReadableMetadata, { name, topicId }: TopicReference, asked: ReadonlySet<string>) {
  const topic = name === null ? view.topicById(topicId) : undefined;
  return topic !== undefined && asked.has(`name/${topic.name}`);
}

function keyOf({ name, topicId }: TopicReference): string {
  return name === null ? `id/${topicId}` : `name/${name}`;
}

function find(view: ReadableMetadata, wanted: TopicReference): TopicImage {
  const { name, topicId } = wanted;
  if (name === null && topicId === ZERO_UUID) throw invalid('Neither topic name nor id were specified.');
  if (name !== null && topicId !== ZERO_UUID) {
    throw invalid('You may not specify both topic name and topic id.');
  }
  const topic = name === null ? view.topicById(topicId) : view.topicByName(name);
  if (topic === undefined) {
    throw name === null
      ? new KafkaError(ErrorCode.UNKNOWN_TOPIC_ID, 'This server does not host this topic ID.')
      : new KafkaError(
          ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
          'This server does not host this topic-partition.',
        );
  }
  if (topic.isInternal) {
    // Kafka lets it go, and with it what every group has committed.
    throw invalid(`${topic.name} keeps the state of groups: delete groups or their offsets, not the topic.`);
  }
  return topic;
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message);
}
