// Fetch (API 1): reads record batches from partitions, for consumers and followers.
// 4: isolation (KIP-98). 7: sessions (KIP-227). 12: diverging epochs (KIP-595). 13: topic ids (KIP-516).
// 15: replica state (KIP-903).
// 16: new leaders (KIP-951). 17: replica directories (KIP-853). 18: the follower's high watermark (KIP-1166).

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, int64, records, string, struct, uuid } from '../schema.ts';

export const fetchRequest = request('FetchRequest', 1, { versions: [0, 18], flexibleSince: 12 }, () => ({
  clusterId: string.nullable().since(12, null).tagged(0),
  replicaId: int32.default(-1).until(14),
  replicaState: struct({
    replicaId: int32.default(-1),
    replicaEpoch: int64.default(-1),
  })
    .since(15)
    .tagged(1),
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32.since(3, 0x7fffffff),
  isolationLevel: int8.since(4, 0),
  sessionId: int32.since(7, 0),
  sessionEpoch: int32.since(7, -1),
  topics: array({
    topic: string.until(12),
    topicId: uuid.since(13),
    partitions: array({
      partition: int32,
      currentLeaderEpoch: int32.since(9, -1),
      fetchOffset: int64,
      lastFetchedEpoch: int32.since(12, -1),
      logStartOffset: int64.since(5, -1),
      partitionMaxBytes: int32,
      replicaDirectoryId: uuid.since(17).tagged(0),
      highWatermark: int64.since(18, Number.POSITIVE_INFINITY).tagged(1),
    }),
  }),
  forgottenTopicsData: array({
    topic: string.until(12),
    topicId: uuid.since(13),
    partitions: array(int32),
  }).since(7),
  rackId: string.since(11, ''),
}));
export type FetchRequest = Infer<typeof fetchRequest>;

export const fetchResponse = response('FetchResponse', 1, { versions: [0, 18], flexibleSince: 12 }, () => ({
  throttleTimeMs: int32.since(1, 0),
  errorCode: int16.since(7),
  sessionId: int32.since(7, 0),
  responses: array({
    topic: string.until(12),
    topicId: uuid.since(13),
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      highWatermark: int64,
      lastStableOffset: int64.since(4, -1),
      logStartOffset: int64.since(5, -1),
      divergingEpoch: struct({
        epoch: int32.default(-1),
        endOffset: int64.default(-1),
      })
        .since(12)
        .tagged(0),
      currentLeader: struct({
        leaderId: int32.default(-1),
        leaderEpoch: int32.default(-1),
      })
        .since(12)
        .tagged(1),
      snapshotId: struct({
        endOffset: int64.default(-1),
        epoch: int32.default(-1),
      })
        .since(12)
        .tagged(2),
      abortedTransactions: array({
        producerId: int64,
        firstOffset: int64,
      })
        .nullable()
        .since(4),
      preferredReadReplica: int32.since(11, -1),
      records: records.nullable(),
    }),
  }),
  nodeEndpoints: array({
    nodeId: int32,
    host: string,
    port: int32,
    rack: string.nullable().default(null),
  })
    .since(16)
    .tagged(0),
}));
export type FetchResponse = Infer<typeof fetchResponse>;
