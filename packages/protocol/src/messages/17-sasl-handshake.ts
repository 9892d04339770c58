// SaslHandshake (API 17): agrees on a SASL mechanism. From 1 on, the exchange itself travels in
// SaslAuthenticate (KIP-152).

import { type Infer, request, response } from '../message.ts';
import { array, int16, string } from '../schema.ts';

export const saslHandshakeRequest = request('SaslHandshakeRequest', 17, { versions: [0, 1] }, () => ({
  mechanism: string,
}));
export type SaslHandshakeRequest = Infer<typeof saslHandshakeRequest>;

export const saslHandshakeResponse = response('SaslHandshakeResponse', 17, { versions: [0, 1] }, () => ({
  errorCode: int16,
  mechanisms: array(string),
}));
export type SaslHandshakeResponse = Infer<typeof saslHandshakeResponse>;
