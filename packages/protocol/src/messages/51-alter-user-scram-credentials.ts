// AlterUserScramCredentials (API 51): changes SCRAM credentials (KIP-554).

import { type Infer, request, response } from '../message.ts';
import { array, bytes, int8, int16, int32, string } from '../schema.ts';

export const alterUserScramCredentialsRequest = request(
  'AlterUserScramCredentialsRequest',
  51,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    deletions: array({
      name: string,
      mechanism: int8,
    }),
    upsertions: array({
      name: string,
      mechanism: int8,
      iterations: int32,
      salt: bytes,
      saltedPassword: bytes,
    }),
  }),
);
export type AlterUserScramCredentialsRequest = Infer<typeof alterUserScramCredentialsRequest>;

export const alterUserScramCredentialsResponse = response(
  'AlterUserScramCredentialsResponse',
  51,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    results: array({
      user: string,
      errorCode: int16,
      errorMessage: string.nullable(),
    }),
  }),
);
export type AlterUserScramCredentialsResponse = Infer<typeof alterUserScramCredentialsResponse>;
