// What classic consumers say about themselves in JoinGroup and are told in SyncGroup: metadata that belongs to clients,
// which the broker reads only when classic members and members of the consumer protocol share a group.

import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  MalformedError,
  type Uuid,
} from '@moldau/protocol';
import type { TopicPartitions } from './assignors/assignor.ts';
import type { GroupTopics } from './group-topics.ts';

const NEWEST_VERSION = 3;
const VERSION_BYTES = 2;

export interface ClassicSubscription {
  readonly topics: readonly string[];
  readonly rackId: string | null;
  /** Of topics that exist. */
  readonly owned: TopicPartitions;
}

/** Throws MalformedError. */
export function parseSubscription(metadata: Buffer, topics: GroupTopics): ClassicSubscription {
  const version = versionOf(metadata);
  const fields = consumerProtocolSubscription.decode(metadata, version, VERSION_BYTES);
  const owned = partitionsByTopic(fields.ownedPartitions, topics);
  return { topics: fields.topics, rackId: fields.rackId, owned };
}

/** Null: it carries data of an assignor of its own, which nobody here understands. Throws MalformedError. */
export function parseAssignment(assignment: Buffer, topics: GroupTopics): TopicPartitions | null {
  if (assignment.length === 0) return new Map();
  const version = versionOf(assignment);
  const fields = consumerProtocolAssignment.decode(assignment, version, VERSION_BYTES);
  if (fields.userData !== null && fields.userData.length > 0) return null;
  return partitionsByTopic(fields.assignedPartitions, topics);
}

/** In the version that the member speaks. Throws MalformedError. */
export function encodeAssignment(
  partitions: TopicPartitions,
  subscription: Buffer,
  topics: GroupTopics,
): Buffer {
  const version = versionOf(subscription);
  const assignedPartitions = [...partitions].flatMap(([topicId, indexes]) => {
    const topic = topics.byId(topicId)?.name;
    return topic === undefined ? [] : [{ topic, partitions: [...indexes] }];
  });
  const prefix = Buffer.alloc(VERSION_BYTES);
  prefix.writeInt16BE(version);
  return Buffer.concat([prefix, consumerProtocolAssignment.encode({ assignedPartitions }, version)]);
}

/** A newer version starts with the fields of the newest that is known. */
function versionOf(metadata: Buffer): number {
  if (metadata.length < VERSION_BYTES) throw new MalformedError('metadata of a consumer without a version');
  const version = metadata.readInt16BE(0);
  if (version < 0) throw new MalformedError(`metadata of a consumer of version ${version}`);
  return Math.min(version, NEWEST_VERSION);
}

function partitionsByTopic(
  list: readonly { topic: string; partitions: readonly number[] }[],
  topics: GroupTopics,
): TopicPartitions {
  const result = new Map<Uuid, ReadonlySet<number>>();
  for (const { topic, partitions } of list) {
    const id = topics.byName(topic)?.id;
    if (id !== undefined && partitions.length > 0) result.set(id, new Set(partitions));
  }
  return result;
}
