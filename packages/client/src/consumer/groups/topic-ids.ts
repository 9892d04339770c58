// Names for the topic ids by which brokers assign partitions.

import { metadataRequest, metadataResponse, type Uuid } from '@moldau/protocol';
import type { Cluster } from '../../cluster/cluster.ts';

/** The first version that knows topics by id alone. */
const METADATA = { request: metadataRequest, response: metadataResponse, minVersion: 12 };

/** Learns of topics of which the metadata knows nothing so far; ids that nobody knows stay unknown. */
export async function learnTopics(
  cluster: Cluster,
  ids: readonly Uuid[],
  signal: AbortSignal,
): Promise<void> {
  const unknown = ids.filter((id) => cluster.metadata.topicById(id) === undefined);
  if (unknown.length === 0) return;
  const answer = await cluster.request(
    METADATA,
    { topics: unknown.map((topicId) => ({ topicId, name: null })), allowAutoTopicCreation: false },
    { to: 'any', signal },
  );
  const topics = answer.topics.flatMap(({ name }) => name ?? []);
  if (topics.length > 0) await cluster.refresh({ topics, reason: 'assigned topics' }, { signal });
}
