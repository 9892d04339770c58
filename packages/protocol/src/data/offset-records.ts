// Committed positions in __consumer_offsets. Keys 0 and 1 look the same; 0 is what brokers before 0.9 wrote.

import { coordinatorKey, coordinatorValue, type Infer } from '../message.ts';
import { int32, int64, string, uuid } from '../schema.ts';

export const legacyOffsetCommitKey = coordinatorKey('LegacyOffsetCommitKey', 0, { versions: [0, 0] }, () => ({
  group: string,
  topic: string,
  partition: int32,
}));
export type LegacyOffsetCommitKey = Infer<typeof legacyOffsetCommitKey>;

export const legacyOffsetCommitValue = coordinatorValue(
  'LegacyOffsetCommitValue',
  0,
  { versions: [0, 0] },
  () => ({
    offset: int64,
    metadata: string,
    commitTimestamp: int64,
  }),
);
export type LegacyOffsetCommitValue = Infer<typeof legacyOffsetCommitValue>;

export const offsetCommitKey = coordinatorKey('OffsetCommitKey', 1, { versions: [0, 0] }, () => ({
  group: string,
  topic: string,
  partition: int32,
}));
export type OffsetCommitKey = Infer<typeof offsetCommitKey>;

export const offsetCommitValue = coordinatorValue(
  'OffsetCommitValue',
  1,
  { versions: [0, 4], flexibleSince: 4 },
  () => ({
    offset: int64,
    leaderEpoch: int32.since(3, -1),
    metadata: string,
    commitTimestamp: int64,
    expireTimestamp: int64.since(1, -1).until(1),
    topicId: uuid.since(4).tagged(0),
  }),
);
export type OffsetCommitValue = Infer<typeof offsetCommitValue>;
