// The state of share partitions (KIP-932) in __share_group_state: snapshots, and updates since.

import { coordinatorKey, coordinatorValue, type Infer } from '../message.ts';
import { array, int8, int16, int32, int64, string, uuid } from '../schema.ts';

export const shareSnapshotKey = coordinatorKey('ShareSnapshotKey', 0, { versions: [0, 0] }, () => ({
  groupId: string,
  topicId: uuid,
  partition: int32,
}));
export type ShareSnapshotKey = Infer<typeof shareSnapshotKey>;

export const shareSnapshotValue = coordinatorValue(
  'ShareSnapshotValue',
  0,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    snapshotEpoch: int32,
    stateEpoch: int32,
    leaderEpoch: int32,
    startOffset: int64,
    deliveryCompleteCount: int32.default(-1).tagged(0),
    createTimestamp: int64,
    writeTimestamp: int64,
    stateBatches: array({
      firstOffset: int64,
      lastOffset: int64,
      deliveryState: int8,
      deliveryCount: int16,
    }),
  }),
);
export type ShareSnapshotValue = Infer<typeof shareSnapshotValue>;

export const shareUpdateKey = coordinatorKey('ShareUpdateKey', 1, { versions: [0, 0] }, () => ({
  groupId: string,
  topicId: uuid,
  partition: int32,
}));
export type ShareUpdateKey = Infer<typeof shareUpdateKey>;

export const shareUpdateValue = coordinatorValue(
  'ShareUpdateValue',
  1,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    snapshotEpoch: int32,
    leaderEpoch: int32,
    startOffset: int64,
    deliveryCompleteCount: int32.default(-1).tagged(0),
    stateBatches: array({
      firstOffset: int64,
      lastOffset: int64,
      deliveryState: int8,
      deliveryCount: int16,
    }),
  }),
);
export type ShareUpdateValue = Infer<typeof shareUpdateValue>;
