// The entry '@moldau/protocol/compaction': what compaction needs of record batches. Apart from the main entry, because a broker
// starts without it.

export { RecordCursor } from './record-cursor.ts';
export { RetainedRecords, withoutRecords } from './retained-batch.ts';
