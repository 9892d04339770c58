// AssignReplicasToDirs (API 73): a broker tells in which log directory its replicas are (KIP-858).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, int64, uuid } from '../schema.ts';

export const assignReplicasToDirsRequest = request(
  'AssignReplicasToDirsRequest',
  73,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    brokerId: int32,
    brokerEpoch: int64.default(-1),
    directories: array({
      id: uuid,
      topics: array({
        topicId: uuid,
        partitions: array({
          partitionIndex: int32,
        }),
      }),
    }),
  }),
);
export type AssignReplicasToDirsRequest = Infer<typeof assignReplicasToDirsRequest>;

export const assignReplicasToDirsResponse = response(
  'AssignReplicasToDirsResponse',
  73,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    directories: array({
      id: uuid,
      topics: array({
        topicId: uuid,
        partitions: array({
          partitionIndex: int32,
          errorCode: int16,
        }),
      }),
    }),
  }),
);
export type AssignReplicasToDirsResponse = Infer<typeof assignReplicasToDirsResponse>;
