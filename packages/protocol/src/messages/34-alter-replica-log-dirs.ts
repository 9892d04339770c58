// AlterReplicaLogDirs (API 34): moves replicas between the log directories of a broker (KIP-113).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string } from '../schema.ts';

export const alterReplicaLogDirsRequest = request(
  'AlterReplicaLogDirsRequest',
  34,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    dirs: array({
      path: string,
      topics: array({
        name: string,
        partitions: array(int32),
      }),
    }),
  }),
);
export type AlterReplicaLogDirsRequest = Infer<typeof alterReplicaLogDirsRequest>;

export const alterReplicaLogDirsResponse = response(
  'AlterReplicaLogDirsResponse',
  34,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    throttleTimeMs: int32.default(0),
    results: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  }),
);
export type AlterReplicaLogDirsResponse = Infer<typeof alterReplicaLogDirsResponse>;
