// FindCoordinator (API 10): finds the broker that coordinates a group, a transactional id or a share
// state. From 4 on, for several keys at once (KIP-699).

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, string } from '../schema.ts';

export const findCoordinatorRequest = request(
  'FindCoordinatorRequest',
  10,
  { versions: [0, 6], flexibleSince: 3 },
  () => ({
    key: string.until(3),
    keyType: int8.since(1, 0),
    coordinatorKeys: array(string).since(4),
  }),
);
export type FindCoordinatorRequest = Infer<typeof findCoordinatorRequest>;

export const findCoordinatorResponse = response(
  'FindCoordinatorResponse',
  10,
  { versions: [0, 6], flexibleSince: 3 },
  () => ({
    throttleTimeMs: int32.since(1, 0),
    errorCode: int16.until(3),
    errorMessage: string.nullable().since(1).until(3),
    nodeId: int32.until(3),
    host: string.until(3),
    port: int32.until(3),
    coordinators: array({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode: int16,
      errorMessage: string.nullable(),
    }).since(4),
  }),
);
export type FindCoordinatorResponse = Infer<typeof findCoordinatorResponse>;
