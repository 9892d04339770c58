// Who a producer is to brokers: the id and epoch that its batches carry, by which they know repeated batches and fence those who were replaced. The
// sender asks an identity; a plain idempotent producer and a transactional one have different ones.
//
// Sequence numbers are not here: the sender counts them per partition, and starts again from 0 where the partition's last batch had another id or epoch.

import type { KafkaError } from '../errors/kafka-error.ts';
import type { Limits } from '../network/waiting.ts';
import type { RecordPost, RecordSend } from './record-calls.ts';

/** What is told of a batch whose records are not going to be acknowledged. */
export interface FailedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** The broker may have written it: its answer was lost, or did not come before the delivery timeout. */
  readonly isOutcomeUnknown: boolean;
}

export interface ProducerIdentity {
  readonly isTransactional: boolean;
  readonly transactionalId: string | null;
  /** -1 before it is ready, and for a producer that is not idempotent. */
  readonly producerId: number;
  readonly producerEpoch: number;
  /** Batches may be sent now, under the id and epoch of this moment. */
  readonly isReady: boolean;
  /** Resolves when isReady, or rejects: nothing can be sent, and what waits fails with that error when it is not one that passes. */
  ready(limits: Limits): Promise<void>;
  /** Of Produce. Undefined: the highest that both know. A transactional producer of the first protocol goes to 11 only. */
  readonly maxProduceVersion: number | undefined;
  /** Asked before each batch is sent. Undefined: it may be sent at once. Else its partition waits for the promise, and its batches fail when it rejects. */
  enrol(topic: string, partition: number): Promise<void> | undefined;
  /**
   * The broker and the sender do not agree on a partition's sequences, and no batch of it is under way. True: there is a new epoch, and batches are
   * sent again from sequence 0. False: there is none to be had just so (a transaction has to be aborted), and the batch fails.
   */
  bumpEpoch(): boolean;
  /** A batch failed for good. Returns the error for those who wait for its records. */
  batchFailed(error: KafkaError, batch: FailedBatch): KafkaError;
}

/** What transactions use of the producer that they belong to. */
export interface RecordChannel {
  /** Resolves when every record taken so far has its outcome, whatever it is; nothing lingers. */
  drain(limits: Limits): Promise<void>;
  /** Fails the records that are in no request that may have reached a broker; the others get their outcome from the broker. */
  discardUnsent(error: KafkaError): void;
  /** Puts records into the buffer, as Producer.send and Producer.post do for those that are not in a transaction. */
  readonly send: RecordSend;
  readonly post: RecordPost;
  /** Resolves when post() may go on. */
  ready(signal?: AbortSignal): Promise<void>;
  /** The failures of posted records since it was asked last. */
  takeFailures(): KafkaError | undefined;
}
