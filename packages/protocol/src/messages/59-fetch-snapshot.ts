// FetchSnapshot (API 59): reads a metadata snapshot from the quorum's leader (KIP-630).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, records, string, struct, uint16, uuid } from '../schema.ts';

export const fetchSnapshotRequest = request(
  'FetchSnapshotRequest',
  59,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    clusterId: string.nullable().default(null).tagged(0),
    replicaId: int32.default(-1),
    maxBytes: int32.default(0x7fffffff),
    topics: array({
      name: string,
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32,
        snapshotId: struct({
          endOffset: int64,
          epoch: int32,
        }),
        position: int64,
        replicaDirectoryId: uuid.since(1).tagged(0),
      }),
    }),
  }),
);
export type FetchSnapshotRequest = Infer<typeof fetchSnapshotRequest>;

export const fetchSnapshotResponse = response(
  'FetchSnapshotResponse',
  59,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    topics: array({
      name: string,
      partitions: array({
        index: int32,
        errorCode: int16,
        snapshotId: struct({
          endOffset: int64,
          epoch: int32,
        }),
        currentLeader: struct({
          leaderId: int32,
          leaderEpoch: int32,
        }).tagged(0),
        size: int64,
        position: int64,
        unalignedRecords: records,
      }),
    }),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: uint16,
    })
      .since(1)
      .tagged(0),
  }),
);
export type FetchSnapshotResponse = Infer<typeof fetchSnapshotResponse>;
