// Owns the records of groups of the consumer protocol in __consumer_offsets, in Kafka's own formats, so that Kafka can
// take over our groups and we its. What a record says is a value here: state machines make and apply values, and only
// the log sees bytes.

import {
  consumerGroupCurrentMemberAssignmentKey,
  consumerGroupCurrentMemberAssignmentValue,
  consumerGroupMemberMetadataKey,
  consumerGroupMemberMetadataValue,
  consumerGroupMetadataKey,
  consumerGroupMetadataValue,
  consumerGroupPartitionMetadataKey,
  consumerGroupRegularExpressionKey,
  consumerGroupRegularExpressionValue,
  consumerGroupTargetAssignmentMemberKey,
  consumerGroupTargetAssignmentMemberValue,
  consumerGroupTargetAssignmentMetadataKey,
  consumerGroupTargetAssignmentMetadataValue,
  decodeVersioned,
  encodeVersioned,
  type Message,
  type Record,
  type Uuid,
} from '@moldau/protocol';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import type { TopicPartitions } from './assignors/assignor.ts';
import {
  type CurrentAssignment,
  type MemberMetadata,
  MemberState,
  type PartitionEpochs,
  type ResolvedRegex,
} from './consumer-group.ts';
import { ownedCopy } from './group-records.ts';

/** One record; a null value takes away what its key names. */
export type ConsumerGroupRecord = { readonly groupId: string } & (
  | { kind: 'group'; value: { epoch: number; metadataHash: bigint } | null }
  | { kind: 'member'; memberId: string; value: MemberMetadata | null }
  | { kind: 'target'; value: { assignmentEpoch: number; timestampMs: number } | null }
  | { kind: 'member-target'; memberId: string; value: TopicPartitions | null }
  | { kind: 'member-assignment'; memberId: string; value: CurrentAssignment | null }
  | { kind: 'regex'; regex: string; value: ResolvedRegex | null }
  /** Kafka 4.0 wrote down how topics looked; newer brokers remove it. */
  | { kind: 'legacy-metadata'; value: 'present' | null }
);

const VALUE_VERSION = 0;

export function encodeConsumerGroupRecord(record: ConsumerGroupRecord): CoordinatorRecord {
  const { groupId } = record;
  switch (record.kind) {
    case 'group':
      return bytes(
        encodeVersioned(consumerGroupMetadataKey, { groupId }),
        consumerGroupMetadataValue,
        record.value,
      );
    case 'member':
      return bytes(
        encodeVersioned(consumerGroupMemberMetadataKey, { groupId, memberId: record.memberId }),
        consumerGroupMemberMetadataValue,
        record.value === null ? null : metadataFields(record.value),
      );
    case 'target': {
      const { value } = record;
      return bytes(
        encodeVersioned(consumerGroupTargetAssignmentMetadataKey, { groupId }),
        consumerGroupTargetAssignmentMetadataValue,
        value === null
          ? null
          : { assignmentEpoch: value.assignmentEpoch, assignmentTimestamp: value.timestampMs },
      );
    }
    case 'member-target':
      return bytes(
        encodeVersioned(consumerGroupTargetAssignmentMemberKey, { groupId, memberId: record.memberId }),
        consumerGroupTargetAssignmentMemberValue,
        record.value === null ? null : { topicPartitions: partitionList(record.value) },
      );
    case 'member-assignment':
      return bytes(
        encodeVersioned(consumerGroupCurrentMemberAssignmentKey, { groupId, memberId: record.memberId }),
        consumerGroupCurrentMemberAssignmentValue,
        record.value === null ? null : assignmentFields(record.value),
      );
    case 'regex':
      return bytes(
        encodeVersioned(consumerGroupRegularExpressionKey, { groupId, regularExpression: record.regex }),
        consumerGroupRegularExpressionValue,
        record.value === null
          ? null
          : {
              topics: [...record.value.topics],
              version: record.value.version,
              timestamp: record.value.resolvedAtMs,
            },
      );
    case 'legacy-metadata':
      return { key: encodeVersioned(consumerGroupPartitionMetadataKey, { groupId }), value: null };
  }
}

function bytes<Input>(
  key: Buffer,
  message: Message<unknown, Input>,
  value: NoInfer<Input> | null,
): CoordinatorRecord {
  return { key, value: value === null ? null : encodeVersioned(message, value, VALUE_VERSION) };
}

function metadataFields(member: MemberMetadata) {
  const { classic, subscribedTopicNames, ...rest } = member;
  return {
    ...rest,
    // Sorted, so that the same state is the same bytes.
    subscribedTopicNames: [...subscribedTopicNames].sort(),
    classicMemberMetadata:
      classic === null
        ? null
        : {
            sessionTimeoutMs: classic.sessionTimeoutMs,
            supportedProtocols: classic.protocols.map(({ name, metadata }) => ({ name, metadata })),
          },
  };
}

function assignmentFields({
  memberEpoch,
  previousMemberEpoch,
  state,
  assigned,
  pendingRevocation,
}: CurrentAssignment) {
  return {
    memberEpoch,
    previousMemberEpoch,
    state,
    assignedPartitions: epochList(assigned),
    partitionsPendingRevocation: epochList(pendingRevocation),
  };
}

export interface TopicPartitionList {
  topicId: Uuid;
  partitions: number[];
}

/** As messages list them. */
export function partitionList(partitions: TopicPartitions): TopicPartitionList[] {
  return Array.from(partitions, ([topicId, indexes]) => ({ topicId, partitions: sorted(indexes) }));
}

/** As Kafka lists them. */
export function sorted(partitions: Iterable<number>): number[] {
  return [...partitions].sort((a, b) => a - b);
}

function epochList(epochs: PartitionEpochs) {
  return Array.from(epochs, ([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions.keys()],
    assignmentEpochs: [...partitions.values()],
  }));
}

/** undefined for a record that is not of such a group. Throws MalformedError. What it returns shares no memory with the record. */
export function parseConsumerGroupRecord({
  key,
  value,
}: Pick<Record, 'key' | 'value'>): ConsumerGroupRecord | undefined {
  if (key === null || key.length < 2) return undefined;
  const read = <T, R>(message: Message<T, never>, change: (fields: T) => R): R | null =>
    value === null ? null : change(decodeVersioned(message, value));
  switch (key.readInt16BE(0)) {
    case consumerGroupMetadataKey.apiKey:
      return {
        kind: 'group',
        ...consumerGroupMetadataKey.decode(key, 0, 2),
        value: read(consumerGroupMetadataValue, ({ epoch, metadataHash }) => ({ epoch, metadataHash })),
      };
    case consumerGroupPartitionMetadataKey.apiKey:
      return {
        kind: 'legacy-metadata',
        ...consumerGroupPartitionMetadataKey.decode(key, 0, 2),
        value: value === null ? null : 'present',
      };
    case consumerGroupMemberMetadataKey.apiKey:
      return {
        kind: 'member',
        ...consumerGroupMemberMetadataKey.decode(key, 0, 2),
        value: read(consumerGroupMemberMetadataValue, metadataOf),
      };
    case consumerGroupTargetAssignmentMetadataKey.apiKey:
      return {
        kind: 'target',
        ...consumerGroupTargetAssignmentMetadataKey.decode(key, 0, 2),
        value: read(
          consumerGroupTargetAssignmentMetadataValue,
          ({ assignmentEpoch, assignmentTimestamp }) => ({
            assignmentEpoch,
            timestampMs: assignmentTimestamp,
          }),
        ),
      };
    case consumerGroupTargetAssignmentMemberKey.apiKey:
      return {
        kind: 'member-target',
        ...consumerGroupTargetAssignmentMemberKey.decode(key, 0, 2),
        value: read(consumerGroupTargetAssignmentMemberValue, ({ topicPartitions }) =>
          partitionsOfList(topicPartitions),
        ),
      };
    case consumerGroupCurrentMemberAssignmentKey.apiKey:
      return {
        kind: 'member-assignment',
        ...consumerGroupCurrentMemberAssignmentKey.decode(key, 0, 2),
        value: read(consumerGroupCurrentMemberAssignmentValue, currentAssignmentOf),
      };
    case consumerGroupRegularExpressionKey.apiKey: {
      const { groupId, regularExpression } = consumerGroupRegularExpressionKey.decode(key, 0, 2);
      return {
        kind: 'regex',
        groupId,
        regex: regularExpression,
        value: read(consumerGroupRegularExpressionValue, ({ topics, version, timestamp }) => ({
          topics: new Set(topics),
          version,
          resolvedAtMs: timestamp,
        })),
      };
    }
    default:
      return undefined;
  }
}

type MetadataFields = ReturnType<typeof consumerGroupMemberMetadataValue.decode>;
type AssignmentFields = ReturnType<typeof consumerGroupCurrentMemberAssignmentValue.decode>;

function metadataOf(fields: MetadataFields): MemberMetadata {
  const { classicMemberMetadata: classic, subscribedTopicNames, subscribedTopicRegex, ...rest } = fields;
  return {
    ...rest,
    subscribedTopicNames: new Set(subscribedTopicNames),
    subscribedTopicRegex: subscribedTopicRegex ?? '',
    classic:
      classic === null
        ? null
        : {
            sessionTimeoutMs: classic.sessionTimeoutMs,
            protocols: classic.supportedProtocols.map(({ name, metadata }) => ({
              name,
              metadata: ownedCopy(metadata),
            })),
          },
  };
}

function currentAssignmentOf(fields: AssignmentFields): CurrentAssignment {
  const { memberEpoch, previousMemberEpoch, state } = fields;
  const epochs = (list: AssignmentFields['assignedPartitions']): PartitionEpochs =>
    new Map(
      list.map(({ topicId, partitions, assignmentEpochs }) => [
        topicId,
        // Brokers before 4.3 did not write the epochs down.
        new Map(
          partitions.map((partition, at) => [partition, assignmentEpochs?.[at] ?? Math.max(memberEpoch, 0)]),
        ),
      ]),
    );
  return {
    memberEpoch,
    previousMemberEpoch,
    state: isKnownState(state) ? state : MemberState.UNKNOWN,
    assigned: epochs(fields.assignedPartitions),
    pendingRevocation: epochs(fields.partitionsPendingRevocation),
  };
}

function isKnownState(state: number): state is MemberState {
  return Object.values<number>(MemberState).includes(state);
}

export function partitionsOfList(
  list: readonly { topicId: Uuid; partitions: readonly number[] }[],
): TopicPartitions {
  return new Map(list.map(({ topicId, partitions }) => [topicId, new Set(partitions)]));
}
