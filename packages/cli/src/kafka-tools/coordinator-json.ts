// The records of Kafka's own topics as JSON, as Kafka's formatters and its dump show them.

import {
  type AnyMessage,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  decodeVersioned,
  groupMetadataValue,
  versionPrefix,
} from '@moldau/protocol';
import { dataMessages } from '@moldau/protocol/data/index';
import { type Json, messageToJson } from '@moldau/protocol/json';

/** Whose records they are: each counts its kinds by itself, from the int16 that opens the key. */
export type Coordinator = 'group' | 'transaction' | 'share';

export interface CoordinatorRecord {
  readonly type: number;
  readonly key: Json;
  /** Null: a tombstone. */
  readonly value: { readonly version: number; readonly data: Json } | null;
}

const BELONGS: Readonly<Record<Coordinator, (name: string) => boolean>> = {
  transaction: (name) => name.startsWith('TransactionLog'),
  share: (name) => /^Share(Snapshot|Update)/.test(name),
  group: (name) => !/^(TransactionLog|ShareSnapshot|ShareUpdate)/.test(name),
};

interface Kind {
  readonly key: AnyMessage;
  readonly value: AnyMessage;
}

export class CoordinatorReader {
  readonly #kinds = new Map<number, Kind>();
  readonly #opensMembers: boolean;

  /** `opensMembers`: what consumers tell each other in their group is shown as well, rather than its bytes. */
  constructor(coordinator: Coordinator, { opensMembers }: { readonly opensMembers: boolean }) {
    this.#opensMembers = opensMembers;
    const messages = dataMessages.filter(({ name }) => BELONGS[coordinator](name));
    for (const key of messages) {
      const value = messages.find(
        ({ kind, apiKey }) => kind === 'coordinator-value' && apiKey === key.apiKey,
      );
      if (key.kind === 'coordinator-key' && value !== undefined) this.#kinds.set(key.apiKey, { key, value });
    }
  }

  /** Undefined: such records are not known. @throws MalformedError */
  read(key: Buffer, value: Buffer | null): CoordinatorRecord | undefined {
    const type = versionPrefix(key);
    const kind = this.#kinds.get(type);
    if (kind === undefined) return undefined;
    const keyData = messageToJson(kind.key, decodeVersioned(kind.key as never, key) as object, 0);
    if (value === null) return { type, key: keyData, value: null };
    const version = versionPrefix(value);
    const data = messageToJson(kind.value, decodeVersioned(kind.value as never, value) as object, version);
    const isOpened = this.#opensMembers && kind.value.name === groupMetadataValue.name;
    return { type, key: keyData, value: { version, data: isOpened ? withMembers(data) : data } };
  }
}

function withMembers(group: Json): Json {
  const { protocolType, members, ...rest } = group as { [name: string]: Json };
  if (protocolType !== 'consumer' || !Array.isArray(members)) return group;
  return {
    protocolType,
    ...rest,
    members: members.map((member: { [name: string]: Json }) => ({
      ...member,
      subscription: opened(consumerProtocolSubscription, member.subscription),
      assignment: opened(consumerProtocolAssignment, member.assignment),
    })),
  };
}

/** Members may tell each other what they like. */
function opened(message: AnyMessage, base64: Json | undefined): Json {
  const bytes = Buffer.from(String(base64), 'base64');
  if (bytes.length === 0) return null;
  try {
    return messageToJson(message, decodeVersioned(message as never, bytes) as object, versionPrefix(bytes));
  } catch {
    return base64 ?? null;
  }
}
