// What brokers keep in topics of their own: committed offsets and groups, transactions, and the state of share groups.

import {
  type AnyMessage,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeVersioned,
  type GroupMetadataValue,
  groupMetadataValue,
  versionPrefix,
} from '@moldau/protocol';
import { dataMessages } from '@moldau/protocol/data/index';
import type { Decoder } from './decoders.ts';

/** Each topic counts its kinds of records by itself, from the int16 that opens the key. */
const TOPICS: Readonly<Record<string, (name: string) => boolean>> = {
  __transaction_state: (name) => name.startsWith('TransactionLog'),
  __share_group_state: (name) => /^Share(Snapshot|Update)/.test(name),
  __consumer_offsets: (name) => !/^(TransactionLog|ShareSnapshot|ShareUpdate)/.test(name),
};

export function isInternal(topic: string): boolean {
  return Object.hasOwn(TOPICS, topic);
}

/** For the topics that are internal. */
export function internalDecoder(part: 'key' | 'value'): Decoder {
  const kinds = new Map<string, ReadonlyMap<number, AnyMessage>>();
  return (bytes, { topic, keyBytes }) => {
    let ofTopic = kinds.get(topic);
    if (ofTopic === undefined) {
      ofTopic = kindsOf(topic, part);
      kinds.set(topic, ofTopic);
    }
    const kind = versionPrefix(part === 'key' || keyBytes === null ? bytes : keyBytes);
    const message = ofTopic.get(kind);
    if (message === undefined) throw new Error(`a record of kind ${kind} is not known in ${topic}`);
    const decoded = decodeVersioned(message as never, bytes) as object;
    return {
      kind: message.name,
      ...(message.name === groupMetadataValue.name ? withMembers(decoded) : decoded),
    };
  };
}

function kindsOf(topic: string, part: 'key' | 'value'): ReadonlyMap<number, AnyMessage> {
  const wanted = part === 'key' ? 'coordinator-key' : 'coordinator-value';
  const messages = dataMessages.filter(({ kind, name }) => kind === wanted && TOPICS[topic]!(name));
  return new Map(messages.map((message) => [message.apiKey, message]));
}

/** What consumers tell each other stands in their group as bytes. */
function withMembers(decoded: object): object {
  const group = decoded as GroupMetadataValue;
  if (group.protocolType !== 'consumer') return group;
  return {
    ...group,
    members: group.members.map((member) => ({
      ...member,
      subscription: readOr(member.subscription, (bytes) =>
        decodeVersioned(consumerProtocolSubscription, bytes),
      ),
      assignment: readOr(member.assignment, (bytes) => decodeVersioned(consumerProtocolAssignment, bytes)),
    })),
  };
}

/** Members may tell each other what they like. */
function readOr(bytes: Buffer, read: (bytes: Buffer) => unknown): unknown {
  if (bytes.length === 0) return null;
  try {
    return read(bytes);
  } catch {
    return bytes;
  }
}
