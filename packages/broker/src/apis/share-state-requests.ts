// What the requests to the share coordinator share: all of them name topics by id, and partitions of them.

import type { ShareKey } from '../coordinators/share/share-state-records.ts';

/** Does something for each partition at once, and keeps the results by topic. */
export function forEachPartition<Partition extends { readonly partition: number }, Result>(
  groupId: string,
  topics: readonly { readonly topicId: string; readonly partitions: readonly Partition[] }[],
  change: (key: ShareKey, partition: Partition) => Promise<Result>,
): Promise<{ topicId: string; partitions: Result[] }[]> {
  // Kafka answers nothing for a group without a name.
  if (groupId === '') return Promise.resolve([]);
  const results = topics.map(async ({ topicId, partitions }) => {
    const ofTopic = partitions.map((each) => change({ groupId, topicId, partition: each.partition }, each));
    return { topicId, partitions: await Promise.all(ofTopic) };
  });
  return Promise.all(results);
}
