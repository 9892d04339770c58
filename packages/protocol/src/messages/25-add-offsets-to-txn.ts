// AddOffsetsToTxn (API 25): adds a group's offsets partition to a transaction.

import { type Infer, request, response } from '../message.ts';
import { int16, int32, int64, string } from '../schema.ts';

export const addOffsetsToTxnRequest = request(
  'AddOffsetsToTxnRequest',
  25,
  { versions: [0, 4], flexibleSince: 3 },
  () => ({
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    groupId: string,
  }),
);
export type AddOffsetsToTxnRequest = Infer<typeof addOffsetsToTxnRequest>;

export const addOffsetsToTxnResponse = response(
  'AddOffsetsToTxnResponse',
  25,
  { versions: [0, 4], flexibleSince: 3 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
  }),
);
export type AddOffsetsToTxnResponse = Infer<typeof addOffsetsToTxnResponse>;
