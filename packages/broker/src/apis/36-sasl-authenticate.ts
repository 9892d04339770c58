// SaslAuthenticate: one token of a login (KIP-152). 1: says how long the login is good for (KIP-368).

import { saslAuthenticateRequest, saslAuthenticateResponse } from '@moldau/protocol';
import { serve } from './handler.ts';

export const saslAuthenticate = serve({
  request: saslAuthenticateRequest,
  response: saslAuthenticateResponse,
  minVersion: 0,
  maxVersion: 2,
  handle: ({ authBytes }, { authentication }) => authentication.authenticate(authBytes),
  fail: (_request, errorCode, errorMessage) => ({
    errorCode,
    errorMessage,
    authBytes: Buffer.alloc(0),
    sessionLifetimeMs: 0,
  }),
});
