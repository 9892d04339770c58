// Heartbeat (API 12): keeps a member of a classic group alive and tells it of rebalances.

import { type Infer, request, response } from '../message.ts';
import { int16, int32, string } from '../schema.ts';

export const heartbeatRequest = request(
  'HeartbeatRequest',
  12,
  { versions: [0, 4], flexibleSince: 4 },
  () => ({
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: string.nullable().since(3, null),
  }),
);
export type HeartbeatRequest = Infer<typeof heartbeatRequest>;

export const heartbeatResponse = response(
  'HeartbeatResponse',
  12,
  { versions: [0, 4], flexibleSince: 4 },
  () => ({
    throttleTimeMs: int32.since(1, 0),
    errorCode: int16,
  }),
);
export type HeartbeatResponse = Infer<typeof heartbeatResponse>;
