// AllocateProducerIds (API 67): gives a broker a block of producer ids (KIP-730).

import { type Infer, request, response } from '../message.ts';
import { int16, int32, int64 } from '../schema.ts';

export const allocateProducerIdsRequest = request(
  'AllocateProducerIdsRequest',
  67,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    brokerId: int32,
    brokerEpoch: int64.default(-1),
  }),
);
export type AllocateProducerIdsRequest = Infer<typeof allocateProducerIdsRequest>;

export const allocateProducerIdsResponse = response(
  'AllocateProducerIdsResponse',
  67,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    producerIdStart: int64,
    producerIdLen: int32,
  }),
);
export type AllocateProducerIdsResponse = Infer<typeof allocateProducerIdsResponse>;
