// What kafka-dump-log shows of control records: ends of transactions, and what the quorum of the controllers keeps in its log.

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
import { messageToJson } from '@moldau/protocol/json';

const TRANSACTION_ENDS = ['ABORT', 'COMMIT'];

/** By the type in the key. */
const QUORUM_RECORDS: ReadonlyMap<number, readonly [title: string, message: AnyMessage]> = new Map([
  [2, ['LeaderChange:', leaderChangeMessage]],
  [3, ['SnapshotHeader', snapshotHeaderRecord]],
  [4, ['SnapshotFooter', snapshotFooterRecord]],
  [5, ['KRaftVersion', kRaftVersionRecord]],
  [6, ['KRaftVoters', votersRecord]],
]);

export function controlRecordText({ key, value }: Pick<Record, 'key' | 'value'>): string {
  const { type } = decodeVersioned(controlRecordTypeSchema, key!);
  const end = TRANSACTION_ENDS[type];
  if (end !== undefined) {
    const { coordinatorEpoch } = decodeVersioned(endTxnMarker, value!);
    return ` endTxnMarker: ${end} coordinatorEpoch: ${coordinatorEpoch}`;
  }
  const known = QUORUM_RECORDS.get(type);
  if (known === undefined) return ` controlType: UNKNOWN(${type})`;
  const [title, message] = known;
  const data = message.decode(value!, 0) as { readonly version: number };
  return ` ${title} ${JSON.stringify(messageToJson(message, data, data.version))}`;
}
