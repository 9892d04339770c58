// The identities of producers without transactions: an id from any broker, whose epoch the producer raises by itself; or none.

import { ErrorCode, initProducerIdRequest, initProducerIdResponse } from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import type { Limits } from '../network/waiting.ts';
import type { ProducerIdentity } from './producer-identity.ts';

const API = { request: initProducerIdRequest, response: initProducerIdResponse };
const MAX_EPOCH = 0x7fff;

/** For a producer that is not idempotent. */
export const noIdentity: ProducerIdentity = {
  isTransactional: false,
  transactionalId: null,
  producerId: -1,
  producerEpoch: -1,
  isReady: true,
  maxProduceVersion: undefined,
  ready: async () => {},
  enrol: () => undefined,
  bumpEpoch: () => false,
  batchFailed: (error) => error,
};

export class IdempotentIdentity implements ProducerIdentity {
  readonly isTransactional = false;
  readonly transactionalId = null;
  readonly maxProduceVersion = undefined;
  readonly #cluster: Cluster;
  #producerId = -1;
  #producerEpoch = -1;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get producerId(): number {
    return this.#producerId;
  }

  get producerEpoch(): number {
    return this.#producerEpoch;
  }

  get isReady(): boolean {
    return this.#producerId >= 0;
  }

  async ready({ deadlineMs, signal }: Limits): Promise<void> {
    if (this.isReady) return;
    const timeoutMs = Math.max(1, deadlineMs - this.#cluster.ports.clock.monotonicMs());
    const { producerId, producerEpoch } = await this.#cluster.request(
      API,
      { transactionalId: null, transactionTimeoutMs: 0x7fffffff, producerId: -1, producerEpoch: -1 },
      { to: 'any', timeoutMs, signal, retry: { errorOf: ({ errorCode }) => errorCode, messageOf } },
    );
    this.#producerId = producerId;
    this.#producerEpoch = producerEpoch;
  }

  enrol(): undefined {
    return undefined;
  }

  /** Nobody else has the id, so nobody has to be asked. After the last epoch comes a new id. */
  bumpEpoch(): boolean {
    if (this.#producerEpoch < MAX_EPOCH) this.#producerEpoch++;
    else this.#producerId = -1;
    return true;
  }

  batchFailed<Failure>(error: Failure): Failure {
    return error;
  }
}

function messageOf({ errorCode }: { readonly errorCode: number }): string | null {
  if (errorCode !== ErrorCode.CLUSTER_AUTHORIZATION_FAILED) return null;
  return 'An idempotent producer may not be made: allow the operation IdempotentWrite on the cluster, or Write on a topic since Kafka 2.8; or set idempotent: false';
}
