// SaslAuthenticate (API 36): carries one step of a SASL exchange (KIP-152). 1: how long the session lives
// (KIP-368).

import { type Infer, request, response } from '../message.ts';
import { bytes, int16, int64, string } from '../schema.ts';

export const saslAuthenticateRequest = request(
  'SaslAuthenticateRequest',
  36,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    authBytes: bytes,
  }),
);
export type SaslAuthenticateRequest = Infer<typeof saslAuthenticateRequest>;

export const saslAuthenticateResponse = response(
  'SaslAuthenticateResponse',
  36,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    errorCode: int16,
    errorMessage: string.nullable(),
    authBytes: bytes,
    sessionLifetimeMs: int64.since(1, 0),
  }),
);
export type SaslAuthenticateResponse = Infer<typeof saslAuthenticateResponse>;
