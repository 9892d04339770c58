// The keys and values of control batches: ends of transactions, and what the metadata quorum writes into
// its log.

import { data, type Infer } from '../message.ts';
import { array, int16, int32, int64, string, struct, uint16, uuid } from '../schema.ts';

export const controlRecordTypeSchema = data('ControlRecordTypeSchema', { versions: [0, 0] }, () => ({
  type: int16,
}));
export type ControlRecordTypeSchema = Infer<typeof controlRecordTypeSchema>;

export const endTxnMarker = data('EndTxnMarker', { versions: [0, 0] }, () => ({
  coordinatorEpoch: int32,
}));
export type EndTxnMarker = Infer<typeof endTxnMarker>;

export const leaderChangeMessage = data('LeaderChangeMessage', { versions: [0, 1], flexibleSince: 0 }, () => {
  const voter = struct({
    voterId: int32,
    voterDirectoryId: uuid.since(1),
  });
  return {
    version: int16,
    leaderId: int32,
    voters: array(voter),
    grantingVoters: array(voter),
  };
});
export type LeaderChangeMessage = Infer<typeof leaderChangeMessage>;

export const snapshotHeaderRecord = data(
  'SnapshotHeaderRecord',
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    version: int16,
    lastContainedLogTimestamp: int64,
  }),
);
export type SnapshotHeaderRecord = Infer<typeof snapshotHeaderRecord>;

export const snapshotFooterRecord = data(
  'SnapshotFooterRecord',
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    version: int16,
  }),
);
export type SnapshotFooterRecord = Infer<typeof snapshotFooterRecord>;

export const kRaftVersionRecord = data('KRaftVersionRecord', { versions: [0, 0], flexibleSince: 0 }, () => ({
  version: int16,
  kRaftVersion: int16,
}));
export type KRaftVersionRecord = Infer<typeof kRaftVersionRecord>;

export const votersRecord = data('VotersRecord', { versions: [0, 0], flexibleSince: 0 }, () => ({
  version: int16,
  voters: array({
    voterId: int32,
    voterDirectoryId: uuid,
    endpoints: array({
      name: string,
      host: string,
      port: uint16,
    }),
    kRaftVersionFeature: struct({
      minSupportedVersion: int16,
      maxSupportedVersion: int16,
    }),
  }),
}));
export type VotersRecord = Infer<typeof votersRecord>;
