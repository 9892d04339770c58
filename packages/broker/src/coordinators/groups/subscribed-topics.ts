// Which topics the members of a group consume, as far as their metadata says: it belongs to clients, and a broker only
// peeks into the one kind it knows.

import { consumerProtocolSubscription, MalformedError } from '@moldau/protocol';
import type { ClassicGroup } from './classic-group.ts';

/** Every later version starts with the fields of version 0, so reading version 0 reads them all. */
const SUBSCRIPTION_VERSION = 0;

/** Null when it cannot be known: not consumers, or not the metadata of Kafka's consumer protocol. */
export function subscribedTopicsOf(group: ClassicGroup): ReadonlySet<string> | null {
  if (!group.usesConsumerProtocol) return null;
  const topics = new Set<string>();
  try {
    for (const member of group.members.values()) {
      const metadata = group.metadataOf(member);
      if (metadata.length < 2) return null;
      for (const topic of consumerProtocolSubscription.decode(metadata, SUBSCRIPTION_VERSION, 2).topics) {
        topics.add(topic);
      }
    }
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
  return topics;
}
