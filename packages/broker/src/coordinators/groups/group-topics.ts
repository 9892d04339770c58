// What groups need to know of the cluster's topics, and nothing else of it.

import type { MetadataImage } from '@moldau/metadata';
import type { Uuid } from '@moldau/protocol';

export interface GroupTopic {
  readonly name: string;
  readonly id: Uuid;
  readonly partitionCount: number;
}

/** Topics as of now; every call may answer anew. */
export interface GroupTopics {
  /** Position of the metadata log that the answers are of. */
  version(): number;
  byName(name: string): GroupTopic | undefined;
  byId(id: Uuid): GroupTopic | undefined;
  names(): Iterable<string>;
  /** Racks of the brokers that hold replicas of a partition; those that have none are left out. */
  racks(topic: GroupTopic, partition: number): readonly string[];
}

export function groupTopicsOf(image: MetadataImage, position: () => number): GroupTopics {
  return {
    version: position,
    byName: (name) => image.topicByName(name),
    byId: (id) => image.topicById(id),
    names: () => image.sortedTopicNames(),
    racks: ({ id }, partition) =>
      (image.topicById(id)?.partition(partition)?.replicas ?? []).flatMap((brokerId) => {
        const rack = image.brokers.get(brokerId)?.rack;
        return rack === null || rack === undefined ? [] : [rack];
      }),
  };
}
