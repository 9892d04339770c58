// InitProducerId (KIP-98, KIP-360 epoch bumps from version 3) for idempotent producers.
//
// A producer that comes back with its id asks for a higher epoch; as nothing is kept of idempotent producers between
// batches, it gets a new id, as Kafka does. There are no transactions yet: a transactional id is refused with an error
// that clients do not retry.

import { ErrorCode, initProducerIdRequest, initProducerIdResponse } from '@moldau/protocol';
import { serve } from './handler.ts';

export const initProducerId = serve({
  request: initProducerIdRequest,
  response: initProducerIdResponse,
  minVersion: 0,
  maxVersion: 5,
  async handle({ transactionalId, producerId, producerEpoch }, _context, { producerIds }) {
    // An id without an epoch, or an epoch without an id, says nothing.
    const isHalfKnown = (producerId === -1) !== (producerEpoch === -1);
    if (transactionalId !== null || isHalfKnown) {
      return { errorCode: ErrorCode.INVALID_REQUEST, producerId: -1, producerEpoch: -1 };
    }
    return { errorCode: ErrorCode.NONE, producerId: await producerIds.next(), producerEpoch: 0 };
  },
  fail: (_request, errorCode) => ({ errorCode, producerId: -1, producerEpoch: -1 }),
});
