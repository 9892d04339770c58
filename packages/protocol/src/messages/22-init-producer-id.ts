// InitProducerId (API 22): gives out producer ids and their epochs (KIP-98); 3: bumps an epoch (KIP-360).
// 6: two-phase commit (KIP-939).

import { type Infer, request, response } from '../message.ts';
import { bool, int16, int32, int64, string } from '../schema.ts';

export const initProducerIdRequest = request(
  'InitProducerIdRequest',
  22,
  { versions: [0, 6], flexibleSince: 2 },
  () => ({
    transactionalId: string.nullable(),
    transactionTimeoutMs: int32,
    producerId: int64.since(3, -1),
    producerEpoch: int16.since(3, -1),
    enable2Pc: bool.since(6, false),
    keepPreparedTxn: bool.since(6, false),
  }),
);
export type InitProducerIdRequest = Infer<typeof initProducerIdRequest>;

export const initProducerIdResponse = response(
  'InitProducerIdResponse',
  22,
  { versions: [0, 6], flexibleSince: 2 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    producerId: int64.default(-1),
    producerEpoch: int16,
    ongoingTxnProducerId: int64.since(6, -1),
    ongoingTxnProducerEpoch: int16.since(6, -1),
  }),
);
export type InitProducerIdResponse = Infer<typeof initProducerIdResponse>;
