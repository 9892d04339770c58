// Produce (API 0): appends record batches to partitions, in the order of the request.
// 2: log append time. 3: transactions (KIP-98). 8: which record was refused (KIP-467). 10: new leaders
// (KIP-951). 13: topic ids (KIP-516).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, records, string, struct, uuid } from '../schema.ts';

export const produceRequest = request('ProduceRequest', 0, { versions: [0, 13], flexibleSince: 9 }, () => ({
  transactionalId: string.nullable().since(3, null),
  acks: int16,
  timeoutMs: int32,
  topicData: array({
    name: string.until(12),
    topicId: uuid.since(13),
    partitionData: array({
      index: int32,
      records: records.nullable(),
    }),
  }),
}));
export type ProduceRequest = Infer<typeof produceRequest>;

export const produceResponse = response(
  'ProduceResponse',
  0,
  { versions: [0, 13], flexibleSince: 9 },
  () => ({
    responses: array({
      name: string.until(12),
      topicId: uuid.since(13),
      partitionResponses: array({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        logAppendTimeMs: int64.since(2, -1),
        logStartOffset: int64.since(5, -1),
        recordErrors: array({
          batchIndex: int32,
          batchIndexErrorMessage: string.nullable().default(null),
        }).since(8),
        errorMessage: string.nullable().since(8, null),
        currentLeader: struct({
          leaderId: int32.default(-1),
          leaderEpoch: int32.default(-1),
        })
          .since(10)
          .tagged(0),
      }),
    }),
    throttleTimeMs: int32.since(1, 0),
    nodeEndpoints: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.nullable().default(null),
    })
      .since(10)
      .tagged(0),
  }),
);
export type ProduceResponse = Infer<typeof produceResponse>;
