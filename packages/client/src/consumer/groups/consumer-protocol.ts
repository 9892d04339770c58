// What members of a classic group tell each other through the broker, which does not read it: subscriptions on joining, assignments on syncing. In the
// formats of Java's consumer, so that members of all clients understand each other.

import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeVersioned,
  encodeVersioned,
} from '@moldau/protocol';
import { byTopic, type TopicPartition } from '../../cluster/ask-leaders.ts';
import type { MemberAssignment, SubscribedMember } from './assignors/assignor.ts';
import { compareTexts } from './assignors/member-order.ts';

/** The protocol type of all groups of consumers. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer';

export type SubscriptionContent = Omit<SubscribedMember, 'memberId' | 'instanceId' | 'userData'> & {
  readonly userData: Uint8Array | null;
};

export function encodeSubscription(content: SubscriptionContent): Buffer {
  const { topics, userData, ownedPartitions, generationId, rackId } = content;
  return encodeVersioned(consumerProtocolSubscription, {
    topics: topics.toSorted(compareTexts),
    userData: userData === null ? null : asBuffer(userData),
    ownedPartitions: grouped(ownedPartitions),
    generationId,
    rackId: rackId ?? null,
  });
}

/** @throws MalformedError */
export function decodeSubscription(
  memberId: string,
  instanceId: string | undefined,
  bytes: Buffer,
): SubscribedMember {
  const { topics, userData, ownedPartitions, generationId, rackId } = decodeVersioned(
    consumerProtocolSubscription,
    bytes,
  );
  return {
    ...{ memberId, instanceId, topics, userData, generationId },
    ownedPartitions: flat(ownedPartitions),
    rackId: rackId ?? undefined,
  };
}

export function encodeAssignment({ partitions, userData = null }: MemberAssignment): Buffer {
  return encodeVersioned(consumerProtocolAssignment, {
    assignedPartitions: grouped(partitions),
    userData: userData === null ? null : asBuffer(userData),
  });
}

/** Nothing at all means nothing assigned. @throws MalformedError */
export function decodeAssignment(bytes: Buffer): MemberAssignment {
  if (bytes.length === 0) return { partitions: [] };
  const { assignedPartitions, userData } = decodeVersioned(consumerProtocolAssignment, bytes);
  return { partitions: flat(assignedPartitions), userData };
}

function grouped(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return [...byTopic(partitions)]
    .sort(([left], [right]) => compareTexts(left, right))
    .map(([topic, items]) => ({
      topic,
      partitions: items.map(({ partition }) => partition).sort((left, right) => left - right),
    }));
}

function flat(topics: readonly { topic: string; partitions: readonly number[] }[]): TopicPartition[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
