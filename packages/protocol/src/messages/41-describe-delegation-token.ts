// DescribeDelegationToken (API 41): lists delegation tokens.

import { type Infer, request, response } from '../message.ts';
import { array, bytes, int16, int32, int64, string } from '../schema.ts';

export const describeDelegationTokenRequest = request(
  'DescribeDelegationTokenRequest',
  41,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    owners: array({
      principalType: string,
      principalName: string,
    }).nullable(),
  }),
);
export type DescribeDelegationTokenRequest = Infer<typeof describeDelegationTokenRequest>;

export const describeDelegationTokenResponse = response(
  'DescribeDelegationTokenResponse',
  41,
  { versions: [0, 3], flexibleSince: 2 },
  () => ({
    errorCode: int16,
    tokens: array({
      principalType: string,
      principalName: string,
      tokenRequesterPrincipalType: string.since(3),
      tokenRequesterPrincipalName: string.since(3),
      issueTimestamp: int64,
      expiryTimestamp: int64,
      maxTimestamp: int64,
      tokenId: string,
      hmac: bytes,
      renewers: array({
        principalType: string,
        principalName: string,
      }),
    }),
    throttleTimeMs: int32.default(0),
  }),
);
export type DescribeDelegationTokenResponse = Infer<typeof describeDelegationTokenResponse>;
