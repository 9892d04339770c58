// CreateDelegationToken (API 38): creates a delegation token (KIP-48). 3: on behalf of another (KIP-373).

import { type Infer, request, response } from '../message.ts';
import { array, bytes, int16, int32, int64, string } from '../schema.ts';

export const createDelegationTokenRequest = request(
  'CreateDelegationTokenRequest',
  38,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    ownerPrincipalType: string.nullable().since(3),
    ownerPrincipalName: string.nullable().since(3),
    renewers: array({
      principalType: string,
      principalName: string,
    }),
    maxLifetimeMs: int64,
  }),
);
export type CreateDelegationTokenRequest = Infer<typeof createDelegationTokenRequest>;

export const createDelegationTokenResponse = response(
  'CreateDelegationTokenResponse',
  38,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    errorCode: int16,
    principalType: string,
    principalName: string,
    tokenRequesterPrincipalType: string.since(3),
    tokenRequesterPrincipalName: string.since(3),
    issueTimestampMs: int64,
    expiryTimestampMs: int64,
    maxTimestampMs: int64,
    tokenId: string,
    hmac: bytes,
    throttleTimeMs: int32.default(0),
  }),
);
export type CreateDelegationTokenResponse = Infer<typeof createDelegationTokenResponse>;
