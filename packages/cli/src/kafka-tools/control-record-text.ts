// What kafka-dump-log shows of control records: ends of transactions, and what the quorum of the controllers keeps in its log.

import { controlRecordTypeSchema, decodeVersioned, endTxnMarker, type Record } from '@moldau/protocol';
import { messageToJson } from '@moldau/protocol/json';
import { CONTROL_TYPES } from '../dump/control-records.ts';

const TRANSACTION_ENDS = ['ABORT', 'COMMIT'];

const QUORUM_TITLES: ReadonlyMap<string, string> = new Map([
  ['leader-change', 'LeaderChange:'],
  ['snapshot-header', 'SnapshotHeader'],
  ['snapshot-footer', 'SnapshotFooter'],
  ['kraft-version', 'KRaftVersion'],
  ['voters', 'KRaftVoters'],
]);

export function controlRecordText({ key, value }: Pick<Record, 'key' | 'value'>): string {
  const { type } = decodeVersioned(controlRecordTypeSchema, key!);
  const end = TRANSACTION_ENDS[type];
  if (end !== undefined) {
    const { coordinatorEpoch } = decodeVersioned(endTxnMarker, value!);
    return ` endTxnMarker: ${end} coordinatorEpoch: ${coordinatorEpoch}`;
  }
  const [name = '', message] = CONTROL_TYPES[type] ?? [];
  const title = QUORUM_TITLES.get(name);
  if (title === undefined || message === undefined) return ` controlType: UNKNOWN(${type})`;
  const data = message.decode(value!, 0) as { readonly version: number };
  return ` ${title} ${JSON.stringify(messageToJson(message, data, data.version))}`;
}
