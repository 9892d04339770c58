// ExpireDelegationToken (API 40): ends a delegation token.

import { type Infer, request, response } from '../message.ts';
import { bytes, int16, int32, int64 } from '../schema.ts';

export const expireDelegationTokenRequest = request(
  'ExpireDelegationTokenRequest',
  40,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    hmac: bytes,
    expiryTimePeriodMs: int64,
  }),
);
export type ExpireDelegationTokenRequest = Infer<typeof expireDelegationTokenRequest>;

export const expireDelegationTokenResponse = response(
  'ExpireDelegationTokenResponse',
  40,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32.default(0),
  }),
);
export type ExpireDelegationTokenResponse = Infer<typeof expireDelegationTokenResponse>;
