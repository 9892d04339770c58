// DescribeUserScramCredentials (API 50): lists SCRAM credentials, without their secrets (KIP-554).

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, string } from '../schema.ts';

export const describeUserScramCredentialsRequest = request(
  'DescribeUserScramCredentialsRequest',
  50,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    users: array({
      name: string,
    }).nullable(),
  }),
);
export type DescribeUserScramCredentialsRequest = Infer<typeof describeUserScramCredentialsRequest>;

export const describeUserScramCredentialsResponse = response(
  'DescribeUserScramCredentialsResponse',
  50,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: string.nullable(),
      credentialInfos: array({
        mechanism: int8,
        iterations: int32,
      }),
    }),
  }),
);
export type DescribeUserScramCredentialsResponse = Infer<typeof describeUserScramCredentialsResponse>;
