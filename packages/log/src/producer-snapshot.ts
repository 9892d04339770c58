// Kafka's .snapshot file: the producers of a log as they were at the offset in the file's name. int16 version, uint32 crc32c of
// what follows, then an array of fixed-size entries. Only the last batch of each producer is kept, as in Kafka.

import { crc32c } from '@moldau/protocol';
import { readInt64, writeInt64 } from './int64.ts';
import { type ProducerEntry, ProducerStates } from './producer-state.ts';

const VERSION = 1;
const CRC_POSITION = 2;
const COUNT_POSITION = 6;
const ENTRIES_POSITION = 10;
const ENTRY_BYTES = 46;

export function encodeProducerSnapshot(states: ProducerStates): Buffer {
  const bytes = Buffer.alloc(ENTRIES_POSITION + states.size * ENTRY_BYTES);
  bytes.writeInt16BE(VERSION, 0);
  bytes.writeInt32BE(states.size, COUNT_POSITION);
  let at = ENTRIES_POSITION;
  for (const [producerId, entry] of states.entries()) {
    const last = entry.batches[entry.batches.length - 1];
    writeInt64(bytes, producerId, at);
    bytes.writeInt16BE(entry.producerEpoch, at + 8);
    bytes.writeInt32BE(last?.lastSequence ?? -1, at + 10);
    writeInt64(bytes, last?.lastOffset ?? -1, at + 14);
    bytes.writeInt32BE(last?.offsetDelta ?? 0, at + 22);
    writeInt64(bytes, entry.lastTimestampMs, at + 26);
    bytes.writeInt32BE(entry.coordinatorEpoch, at + 34);
    writeInt64(bytes, entry.currentTransactionFirstOffset, at + 38);
    at += ENTRY_BYTES;
  }
  bytes.writeUInt32BE(crc32c(bytes, COUNT_POSITION), CRC_POSITION);
  return bytes;
}

/** undefined when the bytes are not a whole snapshot. */
export function decodeProducerSnapshot(bytes: Buffer): ProducerStates | undefined {
  if (bytes.length < ENTRIES_POSITION || bytes.readInt16BE(0) !== VERSION) return undefined;
  if (crc32c(bytes, COUNT_POSITION) !== bytes.readUInt32BE(CRC_POSITION)) return undefined;
  const count = bytes.readInt32BE(COUNT_POSITION);
  if (count < 0 || bytes.length !== ENTRIES_POSITION + count * ENTRY_BYTES) return undefined;
  const entries: [number, ProducerEntry][] = [];
  for (let at = ENTRIES_POSITION; at < bytes.length; at += ENTRY_BYTES) {
    const lastSequence = bytes.readInt32BE(at + 10);
    const lastOffset = readInt64(bytes, at + 14);
    const offsetDelta = bytes.readInt32BE(at + 22);
    const timestampMs = readInt64(bytes, at + 26);
    const entry: ProducerEntry = {
      producerEpoch: bytes.readInt16BE(at + 8),
      coordinatorEpoch: bytes.readInt32BE(at + 34),
      currentTransactionFirstOffset: readInt64(bytes, at + 38),
      lastTimestampMs: timestampMs,
      batches: lastSequence < 0 ? [] : [{ lastSequence, lastOffset, offsetDelta, timestampMs }],
    };
    entries.push([readInt64(bytes, at), entry]);
  }
  const states = new ProducerStates();
  states.restore(entries);
  return states;
}
