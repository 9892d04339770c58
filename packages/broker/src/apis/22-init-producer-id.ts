// InitProducerId (KIP-98, KIP-360 epoch bumps from version 3) for idempotent and for transactional producers.
//
// Of idempotent producers nothing is kept between batches: one that comes back with its id gets a new one, as in Kafka.

import { ErrorCode, initProducerIdRequest, initProducerIdResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { type RequestContext, type Services, serve } from './handler.ts';
import { epochErrorFor } from './transactional-requests.ts';

const FIRST_VERSION_WITH_FENCED = 4;
const NO_ID = { producerId: -1, producerEpoch: -1 };

export const initProducerId = serve({
  request: initProducerIdRequest,
  response: initProducerIdResponse,
  minVersion: 0,
  maxVersion: 5,
  async handle(request, context, services) {
    const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request;
    const { producerIds, transactions } = services;
    checkPermission(transactionalId, context, services);
    // An id without an epoch, or an epoch without an id, says nothing.
    if ((producerId === -1) !== (producerEpoch === -1)) {
      return { errorCode: ErrorCode.INVALID_REQUEST, ...NO_ID };
    }
    if (transactionalId === null) {
      return { errorCode: ErrorCode.NONE, producerId: await producerIds.next(), producerEpoch: 0 };
    }
    const expected = producerId === -1 ? null : { producerId, producerEpoch };
    const answer = await transactions.initProducerId({ transactionalId, transactionTimeoutMs, expected });
    return {
      ...answer,
      errorCode: epochErrorFor(answer.errorCode, context.apiVersion < FIRST_VERSION_WITH_FENCED),
    };
  },
  fail: (_request, errorCode) => ({ errorCode, ...NO_ID }),
});

/** Whoever may write to any topic may do so idempotently (KIP-679). */
function checkPermission(transactionalId: string | null, context: RequestContext, services: Services): void {
  const permission = permissions.initProducerId;
  if (transactionalId !== null) {
    demand(services, context, permission.transactionalId, transactionalId);
    return;
  }
  const { operation, resourceType } = permission.anyTopic;
  if (services.authorizer.isOpen || services.authorizer.allowsOnAny(context, operation, resourceType)) return;
  demand(services, context, permission.cluster);
}
