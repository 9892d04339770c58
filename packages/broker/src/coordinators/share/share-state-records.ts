// Owns the records of share state in __share_group_state, in Kafka's own formats, so that its tools read ours and we read
// its: a snapshot is all that is known of a share partition, an update what has changed since.

import {
  decodeVersioned,
  encodeVersioned,
  type Record,
  type ShareSnapshotValue,
  type ShareUpdateValue,
  shareSnapshotKey,
  shareSnapshotValue,
  shareUpdateKey,
  shareUpdateValue,
  versionPrefix,
} from '@moldau/protocol';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';

/** One partition of a topic in one share group. */
export interface ShareKey {
  readonly groupId: string;
  readonly topicId: string;
  readonly partition: number;
}

/** The key as FindCoordinator and the spreading over shards know it. */
export function shareKeyText({ groupId, topicId, partition }: ShareKey): string {
  return `${groupId}:${topicId}:${partition}`;
}

/** @returns undefined when this is not such a key. A group id may contain colons. */
export function parseShareKeyText(text: string): ShareKey | undefined {
  const found = /^(.+):([A-Za-z0-9_-]{22}):(\d{1,10})$/s.exec(text);
  if (found === null || Number(found[3]) > 0x7fffffff) return undefined;
  return { groupId: found[1]!, topicId: found[2]!, partition: Number(found[3]) };
}

export function snapshotRecord(key: ShareKey, value: ShareSnapshotValue): CoordinatorRecord {
  return {
    key: encodeVersioned(shareSnapshotKey, key),
    value: encodeVersioned(shareSnapshotValue, value),
  };
}

export function updateRecord(key: ShareKey, value: ShareUpdateValue): CoordinatorRecord {
  return { key: encodeVersioned(shareUpdateKey, key), value: encodeVersioned(shareUpdateValue, value) };
}

/** The share partition is no longer known. */
export function shareTombstone(key: ShareKey): CoordinatorRecord {
  return { key: encodeVersioned(shareSnapshotKey, key), value: null };
}

export type ShareStateChange =
  | { readonly kind: 'snapshot'; readonly value: ShareSnapshotValue }
  | { readonly kind: 'update'; readonly value: ShareUpdateValue }
  | { readonly kind: 'gone' };

/** undefined for a kind of record that is not known. @throws MalformedError */
export function parseShareStateRecord({
  key,
  value,
}: Pick<Record, 'key' | 'value'>): { key: ShareKey; change: ShareStateChange } | undefined {
  if (key === null) return undefined;
  const kind = versionPrefix(key);
  if (kind === shareSnapshotKey.apiKey) {
    const change: ShareStateChange =
      value === null
        ? { kind: 'gone' }
        : { kind: 'snapshot', value: decodeVersioned(shareSnapshotValue, value) };
    return { key: decodeVersioned(shareSnapshotKey, key), change };
  }
  if (kind === shareUpdateKey.apiKey && value !== null) {
    return {
      key: decodeVersioned(shareUpdateKey, key),
      change: { kind: 'update', value: decodeVersioned(shareUpdateValue, value) },
    };
  }
  return undefined;
}
