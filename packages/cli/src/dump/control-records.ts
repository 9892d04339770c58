// Records that brokers write among those of clients: ends of transactions, and what the metadata quorum keeps in its log.

import {
  type AnyMessage,
  controlRecordTypeSchema,
  decodeVersioned,
  endTxnMarker,
  kRaftVersionRecord,
  leaderChangeMessage,
  type Record,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  votersRecord,
} from '@moldau/protocol';
import type { ControlRow } from './dump-row.ts';

export type ControlReader = (record: Record) => ControlRow;

/** By the type in the key. Only ends of transactions have their version in front. */
export const CONTROL_TYPES: readonly (readonly [type: string, message: AnyMessage])[] = [
  ['abort', endTxnMarker],
  ['commit', endTxnMarker],
  ['leader-change', leaderChangeMessage],
  ['snapshot-header', snapshotHeaderRecord],
  ['snapshot-footer', snapshotFooterRecord],
  ['kraft-version', kRaftVersionRecord],
  ['voters', votersRecord],
];

export function controlReader(): ControlReader {
  return ({ offset, timestamp, key, value }) => {
    const code = key === null ? -1 : decodeVersioned(controlRecordTypeSchema, key).type;
    const [type, message] = CONTROL_TYPES[code] ?? [`type ${code}`, undefined];
    return {
      ...{ kind: 'control', offset, timestampMs: timestamp, type },
      value:
        message === undefined || value === null ? (value?.toString('hex') ?? null) : read(message, value),
    };
  };
}

function read(message: AnyMessage, value: Buffer): unknown {
  try {
    return message === (endTxnMarker as AnyMessage)
      ? decodeVersioned(endTxnMarker, value)
      : // Their first field is their version.
        message.decode(value, value.readInt16BE(0));
  } catch {
    return value.toString('hex');
  }
}
