// Owns the records of groups in __consumer_offsets, in Kafka's own formats, so that its tools read ours and we read its.
// A key opens with the int16 that says what it is a key of, a value with the int16 of its version.

import {
  decodeVersioned,
  encodeVersioned,
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
  type Record,
  ZERO_UUID,
} from '@moldau/protocol';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import { type ClassicGroup, type ClassicMember, NO_ASSIGNMENT } from './classic-group.ts';

/** One committed offset. */
export interface CommittedOffset {
  offset: number;
  /** -1 when the client did not say. */
  leaderEpoch: number;
  metadata: string;
  /** Wall milliseconds. */
  commitTimestampMs: number;
  /** Wall milliseconds after which it is gone whatever the broker's retention; -1: the broker's retention counts. */
  expireTimestampMs: number;
  /** The topic's id when it was committed; the zero uuid when that is unknown. */
  topicId: string;
}

export interface StoredMember {
  memberId: string;
  groupInstanceId: string | null;
  clientId: string;
  clientHost: string;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  subscription: Buffer;
  assignment: Buffer;
}

export interface StoredGroup {
  generationId: number;
  protocolType: string | null;
  protocolName: string | null;
  leaderId: string | null;
  /** Wall milliseconds; -1 when unknown. */
  stateSinceMs: number;
  members: StoredMember[];
}

export interface OffsetRecord {
  kind: 'offset';
  groupId: string;
  topic: string;
  partition: number;
  value: CommittedOffset | null;
}

export type GroupRecord =
  | OffsetRecord
  | { kind: 'group'; groupId: string; value: StoredGroup | null }
  | { kind: 'unknown'; keyType: number };

/** The first version of GroupMetadataValue that knows static members; newer ones say nothing more. */
const GROUP_METADATA_VERSION = 3;
/** The one version of OffsetCommitValue that has an expiry of its own. */
const OFFSET_COMMIT_VERSION_WITH_EXPIRY = 1;
const OFFSET_COMMIT_VERSION = 3;
const OFFSET_COMMIT_VERSION_WITH_TOPIC_ID = 4;
/** Offsets stored by the brokers of 2014 have a key type of their own with the same fields. */
const LEGACY_OFFSET_COMMIT_KEY = 0;

export function offsetCommitRecord(
  groupId: string,
  topic: string,
  partition: number,
  committed: CommittedOffset,
): CoordinatorRecord {
  return {
    key: encodeVersioned(offsetCommitKey, { group: groupId, topic, partition }),
    value: encodeVersioned(
      offsetCommitValue,
      {
        offset: committed.offset,
        leaderEpoch: committed.leaderEpoch,
        metadata: committed.metadata,
        commitTimestamp: committed.commitTimestampMs,
        expireTimestamp: committed.expireTimestampMs,
        topicId: committed.topicId,
      },
      offsetCommitVersion(committed),
    ),
  };
}

function offsetCommitVersion(committed: CommittedOffset): number {
  if (committed.expireTimestampMs !== -1) return OFFSET_COMMIT_VERSION_WITH_EXPIRY;
  return committed.topicId === ZERO_UUID ? OFFSET_COMMIT_VERSION : OFFSET_COMMIT_VERSION_WITH_TOPIC_ID;
}

export function offsetTombstone(groupId: string, topic: string, partition: number): CoordinatorRecord {
  return {
    key: encodeVersioned(offsetCommitKey, { group: groupId, topic, partition }),
    value: null,
  };
}

/** The group as it is, its members with these assignments. */
export function groupMetadataRecord(
  group: ClassicGroup,
  assignmentOf: (member: ClassicMember) => Buffer,
): CoordinatorRecord {
  return {
    key: encodeVersioned(groupMetadataKey, { group: group.groupId }),
    value: encodeVersioned(
      groupMetadataValue,
      {
        protocolType: group.protocolType ?? '',
        generation: group.generationId,
        protocol: group.protocolName,
        leader: group.leaderId,
        currentStateTimestamp: group.stateSinceMs,
        members: Array.from(group.members.values(), (member) => ({
          memberId: member.memberId,
          groupInstanceId: member.groupInstanceId,
          clientId: member.clientId,
          clientHost: member.clientHost,
          rebalanceTimeout: member.rebalanceTimeoutMs,
          sessionTimeout: member.sessionTimeoutMs,
          subscription: group.metadataOf(member),
          assignment: assignmentOf(member),
        })),
      },
      GROUP_METADATA_VERSION,
    ),
  };
}

export function groupTombstone(groupId: string): CoordinatorRecord {
  return {
    key: encodeVersioned(groupMetadataKey, { group: groupId }),
    value: null,
  };
}

/** Throws MalformedError. What it returns shares no memory with the record. */
export function parseGroupRecord(record: Pick<Record, 'key' | 'value'>): GroupRecord {
  const { key, value } = record;
  if (key === null || key.length < 2) return { kind: 'unknown', keyType: -1 };
  const keyType = key.readInt16BE(0);
  if (keyType === offsetCommitKey.apiKey || keyType === LEGACY_OFFSET_COMMIT_KEY) {
    const { group, topic, partition } = offsetCommitKey.decode(key, 0, 2);
    return {
      kind: 'offset',
      groupId: group,
      topic,
      partition,
      value: value === null ? null : parseOffset(value),
    };
  }
  if (keyType === groupMetadataKey.apiKey) {
    const { group } = groupMetadataKey.decode(key, 0, 2);
    return { kind: 'group', groupId: group, value: value === null ? null : parseGroup(value) };
  }
  return { kind: 'unknown', keyType };
}

function parseOffset(bytes: Buffer): CommittedOffset {
  const value = decodeVersioned(offsetCommitValue, bytes);
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: value.expireTimestamp,
    topicId: value.topicId,
  };
}

function parseGroup(bytes: Buffer): StoredGroup {
  const value = decodeVersioned(groupMetadataValue, bytes);
  return {
    generationId: value.generation,
    protocolType: value.protocolType === '' ? null : value.protocolType,
    protocolName: value.protocol,
    leaderId: value.leader,
    stateSinceMs: value.currentStateTimestamp,
    members: value.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
      sessionTimeoutMs: member.sessionTimeout,
      subscription: ownedCopy(member.subscription),
      assignment: ownedCopy(member.assignment),
    })),
  };
}

/** What a string of these records can hold, less the id that follows a name in a member id. */
const MAX_STRING_BYTES = 32_767 - 64;

/** Whether all of these can be written into a record: newer requests carry longer strings than the records do. */
export function fitsIntoRecord(...texts: readonly string[]): boolean {
  return texts.every(
    (text) => text.length * 3 <= MAX_STRING_BYTES || Buffer.byteLength(text) <= MAX_STRING_BYTES,
  );
}

/** A copy that keeps neither the frame nor a shared pool alive. */
export function ownedCopy(bytes: Uint8Array): Buffer {
  if (bytes.length === 0) return NO_ASSIGNMENT;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
