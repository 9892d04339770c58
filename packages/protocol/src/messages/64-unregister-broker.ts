// UnregisterBroker (API 64): removes a broker from the cluster for good (KIP-631).

import { type Infer, request, response } from '../message.ts';
import { int16, int32, string } from '../schema.ts';

export const unregisterBrokerRequest = request(
  'UnregisterBrokerRequest',
  64,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    brokerId: int32,
  }),
);
export type UnregisterBrokerRequest = Infer<typeof unregisterBrokerRequest>;

export const unregisterBrokerResponse = response(
  'UnregisterBrokerResponse',
  64,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
  }),
);
export type UnregisterBrokerResponse = Infer<typeof unregisterBrokerResponse>;
