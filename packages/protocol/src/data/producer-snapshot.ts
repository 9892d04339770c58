// The .snapshot file beside a segment: the producers of the partition at that offset. The file opens with
// its version as int16.

import { data, type Infer } from '../message.ts';
import { array, int16, int32, int64, uint32 } from '../schema.ts';

export const producerSnapshot = data('ProducerSnapshot', { versions: [1, 1] }, () => ({
  crc: uint32,
  producerEntries: array({
    producerId: int64,
    epoch: int16,
    lastSequence: int32,
    lastOffset: int64,
    offsetDelta: int32,
    timestamp: int64,
    coordinatorEpoch: int32,
    currentTxnFirstOffset: int64,
  }),
}));
export type ProducerSnapshot = Infer<typeof producerSnapshot>;
