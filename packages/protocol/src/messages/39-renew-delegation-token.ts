// RenewDelegationToken (API 39): gives a delegation token more time.

import { type Infer, request, response } from '../message.ts';
import { bytes, int16, int32, int64 } from '../schema.ts';

export const renewDelegationTokenRequest = request(
  'RenewDelegationTokenRequest',
  39,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    hmac: bytes,
    renewPeriodMs: int64,
  }),
);
export type RenewDelegationTokenRequest = Infer<typeof renewDelegationTokenRequest>;

export const renewDelegationTokenResponse = response(
  'RenewDelegationTokenResponse',
  39,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    errorCode: int16,
    expiryTimestampMs: int64,
    throttleTimeMs: int32.default(0),
  }),
);
export type RenewDelegationTokenResponse = Infer<typeof renewDelegationTokenResponse>;
