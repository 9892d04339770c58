// SaslHandshake: chooses the mechanism of a login, or begins to renew one (KIP-368).
//
// 0: the login's tokens follow bare, without Kafka headers. 1: they follow in SaslAuthenticate (KIP-152).

import { saslHandshakeRequest, saslHandshakeResponse } from '@moldau/protocol';
import { serve } from './handler.ts';

export const saslHandshake = serve({
  request: saslHandshakeRequest,
  response: saslHandshakeResponse,
  minVersion: 0,
  maxVersion: 1,
  handle: ({ mechanism }, { authentication, apiVersion }) => authentication.handshake(mechanism, apiVersion),
  fail: (_request, errorCode) => ({ errorCode, mechanisms: [] }),
});
