// EndTxn (API 26): commits or aborts a transaction. From 5 on, the answer carries the next epoch (KIP-890).

import { type Infer, request, response } from '../message.ts';
import { bool, int16, int32, int64, string } from '../schema.ts';

export const endTxnRequest = request('EndTxnRequest', 26, { versions: [0, 5], flexibleSince: 3 }, () => ({
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  committed: bool,
}));
export type EndTxnRequest = Infer<typeof endTxnRequest>;

export const endTxnResponse = response('EndTxnResponse', 26, { versions: [0, 5], flexibleSince: 3 }, () => ({
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  producerId: int64.since(5, -1),
  producerEpoch: int16.since(5, -1),
}));
export type EndTxnResponse = Infer<typeof endTxnResponse>;
