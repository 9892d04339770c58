// SaslAuthenticate: one token of a login (KIP-152). 1: says how long the login is good for (KIP-368).

import { saslAuthenticateRequest, saslAuthenticateResponse } from '@moldau/protocol';
import { NO_RESPONSE, serve } from './handler.ts';

export const saslAuthenticate = serve({
  request: saslAuthenticateRequest,
  response: saslAuthenticateResponse,
  minVersion: 0,
  maxVersion: 2,
  async handle({ authBytes }, { authentication }) {
    return (await authentication.authenticate(authBytes)) ?? NO_RESPONSE;
  },
  fail: (_request, errorCode, errorMessage) => ({
    errorCode,
    errorMessage,
    authBytes: Buffer.alloc(0),
    sessionLifetimeMs: 0,
  }),
});
