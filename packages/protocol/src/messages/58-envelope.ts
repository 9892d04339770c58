// Envelope (API 58): a broker forwards a client's request to the controller (KIP-590).

import { type Infer, request, response } from '../message.ts';
import { bytes, int16 } from '../schema.ts';

export const envelopeRequest = request('EnvelopeRequest', 58, { versions: [0, 0], flexibleSince: 0 }, () => ({
  requestData: bytes,
  requestPrincipal: bytes.nullable(),
  clientHostAddress: bytes,
}));
export type EnvelopeRequest = Infer<typeof envelopeRequest>;

export const envelopeResponse = response(
  'EnvelopeResponse',
  58,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    responseData: bytes.nullable().default(null),
    errorCode: int16,
  }),
);
export type EnvelopeResponse = Infer<typeof envelopeResponse>;
