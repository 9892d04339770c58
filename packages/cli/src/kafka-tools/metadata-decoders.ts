// How kafka-dump-log reads the records of __cluster_metadata and of __remote_log_metadata.
//
// Invariant: what cannot be read is told in the record's place, in Kafka's words where they are Kafka's own; the dump goes on.

import { type AnyMessage, MalformedError } from '@moldau/protocol';
import { clusterMetadataRecords } from '@moldau/protocol/data/cluster-metadata-records';
import { METADATA_FRAME_VERSION, metadataFrame } from '@moldau/protocol/data/metadata-frame';
import {
  type RemoteLogSegmentMetadataRecord,
  type RemoteLogSegmentMetadataSnapshotRecord,
  type RemoteLogSegmentMetadataUpdateRecord,
  type RemotePartitionDeleteMetadataRecord,
  remoteLogSegmentMetadataRecord,
  remoteLogSegmentMetadataSnapshotRecord,
  remoteLogSegmentMetadataUpdateRecord,
  remotePartitionDeleteMetadataRecord,
} from '@moldau/protocol/data/remote-log-records';
import { messageToJson } from '@moldau/protocol/json';
import type { Decode } from './log-decoders.ts';

interface MetadataRecord {
  readonly message: AnyMessage;
  readonly version: number;
  readonly value: object;
}

export const clusterMetadataDecoder: Decode = decoder(
  'Error at',
  clusterMetadataRecords,
  ({ message, version, value }) =>
    JSON.stringify({ type: typeName(message.name), version, data: messageToJson(message, value, version) }),
);

/** RegisterBrokerRecord is REGISTER_BROKER_RECORD. */
function typeName(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}

function decoder(
  errorTitle: string,
  messages: readonly AnyMessage[],
  text: (record: MetadataRecord) => string,
): Decode {
  const byKey = new Map(messages.map((message) => [message.apiKey, message]));
  return ({ offset, value }) => {
    try {
      if (value === null) throw new MalformedError('The record has no value.');
      return { key: undefined, value: text(recordIn(value, byKey)) };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { key: undefined, value: `${errorTitle} ${offset}, skipping. ${reason}` };
    }
  };
}

function recordIn(bytes: Buffer, byKey: ReadonlyMap<number, AnyMessage>): MetadataRecord {
  const { frameVersion, apiKey, version, start } = metadataFrame(bytes);
  if (frameVersion === 0)
    throw new MalformedError(
      'Could not deserialize metadata record with frame version 0. Note that upgrades from the preview release of KRaft in 2.8 to newer versions are not supported.',
    );
  if (frameVersion !== METADATA_FRAME_VERSION)
    throw new MalformedError(
      `Could not deserialize metadata record due to unknown frame version ${frameVersion}(only frame version 1 is supported)`,
    );
  const message = byKey.get(apiKey);
  if (message === undefined)
    throw new MalformedError(
      `org.apache.kafka.common.errors.UnsupportedVersionException: Unknown metadata id ${apiKey}`,
    );
  const { value, end } = decoded(message, bytes, version, start);
  if (end < bytes.length)
    throw new MalformedError(`Found ${bytes.length - end} byte(s) of garbage after ${apiKey}`);
  return { message, version, value: value as object };
}

function decoded(message: AnyMessage, bytes: Buffer, version: number, start: number) {
  try {
    return message.decodeAt(bytes, version, start);
  } catch {
    throw new MalformedError(`Failed to deserialize record with type ${message.apiKey}`);
  }
}

/** Kafka shows these as Java shows objects. */
export const remoteLogMetadataDecoder: Decode = decoder(
  'Error at offset',
  [
    remoteLogSegmentMetadataRecord,
    remoteLogSegmentMetadataUpdateRecord,
    remotePartitionDeleteMetadataRecord,
    remoteLogSegmentMetadataSnapshotRecord,
  ],
  ({ message, value }) => {
    switch (message.name) {
      case remoteLogSegmentMetadataRecord.name:
        return segmentText(value as RemoteLogSegmentMetadataRecord);
      case remoteLogSegmentMetadataUpdateRecord.name:
        return updateText(value as RemoteLogSegmentMetadataUpdateRecord);
      case remotePartitionDeleteMetadataRecord.name:
        return deleteText(value as RemotePartitionDeleteMetadataRecord);
      default:
        return snapshotText(value as RemoteLogSegmentMetadataSnapshotRecord);
    }
  },
);

const SEGMENT_STATES = [
  'COPY_SEGMENT_STARTED',
  'COPY_SEGMENT_FINISHED',
  'DELETE_SEGMENT_STARTED',
  'DELETE_SEGMENT_FINISHED',
];

const PARTITION_STATES = ['DELETE_PARTITION_MARKED', 'DELETE_PARTITION_STARTED', 'DELETE_PARTITION_FINISHED'];

function stateIn(names: readonly string[], number: number): string {
  const name = names[number];
  if (name === undefined) throw new MalformedError('state can not be null');
  return name;
}

function javaObject(name: string, fields: Readonly<Record<string, unknown>>): string {
  const members = Object.entries(fields).map(([field, value]) => `${field}=${value}`);
  return `${name}{${members.join(', ')}}`;
}

function segmentText(record: RemoteLogSegmentMetadataRecord): string {
  const { startOffset, endOffset, brokerId, maxTimestampMs, eventTimestampMs } = record;
  return javaObject('RemoteLogSegmentMetadata', {
    remoteLogSegmentId: idText(record.remoteLogSegmentId),
    ...{ startOffset, endOffset, brokerId, maxTimestampMs, eventTimestampMs },
    ...contentsOf(record),
  });
}

function snapshotText(record: RemoteLogSegmentMetadataSnapshotRecord): string {
  const { segmentId, startOffset, endOffset, maxTimestampMs } = record;
  return javaObject('RemoteLogSegmentMetadataSnapshot', {
    ...{ segmentId, startOffset, endOffset, maxTimestampMs },
    ...contentsOf(record),
  });
}

function updateText(record: RemoteLogSegmentMetadataUpdateRecord): string {
  const { eventTimestampMs, brokerId } = record;
  return javaObject('RemoteLogSegmentMetadataUpdate', {
    remoteLogSegmentId: idText(record.remoteLogSegmentId),
    customMetadata: customText(record.customMetadata),
    state: stateIn(SEGMENT_STATES, record.remoteLogSegmentState),
    ...{ eventTimestampMs, brokerId },
  });
}

function deleteText(record: RemotePartitionDeleteMetadataRecord): string {
  const { eventTimestampMs, brokerId } = record;
  return javaObject('RemotePartitionDeleteMetadata', {
    topicPartition: partitionText(record.topicIdPartition),
    state: stateIn(PARTITION_STATES, record.remotePartitionDeleteState),
    ...{ eventTimestampMs, brokerId },
  });
}

/** What segments and their snapshots end with. */
function contentsOf(
  record: RemoteLogSegmentMetadataRecord | RemoteLogSegmentMetadataSnapshotRecord,
): Readonly<Record<string, unknown>> {
  const epochs = new Map(record.segmentLeaderEpochs.map(({ leaderEpoch, offset }) => [leaderEpoch, offset]));
  const sorted = [...epochs].sort(([left], [right]) => left - right);
  return {
    segmentLeaderEpochs: `{${sorted.map(([epoch, offset]) => `${epoch}=${offset}`).join(', ')}}`,
    segmentSizeInBytes: record.segmentSizeInBytes,
    customMetadata: customText(record.customMetadata),
    state: stateIn(SEGMENT_STATES, record.remoteLogSegmentState),
    txnIdxEmpty: record.txnIndexEmpty,
  };
}

function customText(bytes: Buffer | null): string {
  return bytes === null ? 'Optional.empty' : `Optional[CustomMetadata{${bytes.length} bytes}]`;
}

type SegmentId = RemoteLogSegmentMetadataRecord['remoteLogSegmentId'];

function idText({ topicIdPartition, id }: SegmentId): string {
  return javaObject('RemoteLogSegmentId', { topicIdPartition: partitionText(topicIdPartition), id });
}

function partitionText({ id, name, partition }: SegmentId['topicIdPartition']): string {
  return `${id}:${name}-${partition}`;
}
