// Tells which partitions there are of topics and patterns, now and whenever there are others: for consumers that assign by themselves, and that no group tells.

import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { SubscribedTopics } from '../groups/subscribed-topics.ts';
import type { GroupSubscription } from '../groups/types.ts';

/** Returns how to end it; it ends with the cluster. */
export function watchPartitions(
  cluster: Cluster,
  subscription: GroupSubscription,
  onPartitions: (partitions: readonly TopicPartition[]) => void,
): () => void {
  const { closing } = cluster;
  // Their names are up to date when the second listener looks at them.
  const topics = new SubscribedTopics(cluster, () => {});
  let told = '';
  const look = (): void => {
    const counts = topics.names.map(
      (topic) => [topic, cluster.metadata.topic(topic)?.partitions.length ?? 0] as const,
    );
    const now = JSON.stringify(counts.filter(([, count]) => count > 0));
    if (now === told) return;
    told = now;
    onPartitions(
      counts.flatMap(([topic, count]) =>
        Array.from({ length: count }, (_, partition) => ({ topic, partition })),
      ),
    );
  };
  const unlisten = cluster.onChange(look);
  const stop = (): void => {
    closing.removeEventListener('abort', stop);
    unlisten();
    topics.close();
  };
  closing.addEventListener('abort', stop, { once: true });
  topics.subscribe(subscription);
  return stop;
}
