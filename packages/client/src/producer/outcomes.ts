// What becomes of a batch: acknowledged, sent again, cut into smaller ones, or given up. Each ends here, and its memory is given back here.

import { ErrorCode, isRetriable } from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import { LEADER_MAY_HAVE_MOVED } from '../cluster/moved.ts';
import { BrokerError, type KafkaError } from '../errors/kafka-error.ts';
import type { Batch, Compression } from './batch.ts';
import type { Blocks } from './blocks.ts';
import type { BufferRoom } from './buffer-room.ts';
import type { PartitionQueue } from './partition-queue.ts';
import type { PartitionAnswer, Shipment } from './produce-call.ts';
import type { ProducerIdentity } from './producer-identity.ts';
import { splitBatch } from './split-batch.ts';
import { explainTooLarge } from './too-large.ts';

type Endpoints = Parameters<Cluster['teach']>[3];

export interface OutcomesOptions {
  readonly cluster: Cluster;
  readonly identity: ProducerIdentity;
  readonly room: BufferRoom;
  readonly blocks: Blocks;
  readonly compression: Compression;
  /** The broker refused a batch of so many bytes; smaller ones are made from now on. */
  onRefusedSize(topic: string, sizeBytes: number): void;
  /** Told before the batch's memory is given back. */
  onFailed(batch: Batch, error: KafkaError, recordErrors?: ReadonlyMap<number, KafkaError>): void;
}

/** After these the batch is there, or may be. */
const PERHAPS_WRITTEN = new Set<number>([
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ErrorCode.UNKNOWN_SERVER_ERROR,
]);

const NONE: Compression = { type: 'none', level: undefined };

export class Outcomes {
  readonly #options: OutcomesOptions;
  /** Failed, while it is being found out what to say of it. */
  readonly #ending = new Map<Batch, PartitionQueue>();

  constructor(options: OutcomesOptions) {
    this.#options = options;
  }

  /** Those that are in no queue any more, and have no outcome yet. */
  get ending(): Iterable<Batch> {
    return this.#ending.keys();
  }

  /** Nothing is appended any more; compressed, it takes less room. */
  seal(queue: PartitionQueue, batch: Batch, compression: Compression = this.#options.compression): void {
    if (queue.open === batch) queue.open = undefined;
    const { memoryBytes } = batch;
    batch.seal(compression);
    if (batch.memoryBytes !== memoryBytes) this.#options.room.give(memoryBytes - batch.memoryBytes);
  }

  answered({ queue, batch }: Shipment, said: PartitionAnswer | undefined, endpoints: Endpoints): void {
    this.#arrived(queue, batch);
    const errorCode = said?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
      const offset = said!.baseOffset;
      this.#succeeded(queue, batch, offset < 0 ? undefined : offset, said!.logAppendTimeMs);
      return;
    }
    const { topic, index: partition } = queue;
    const reason = said === undefined ? LEFT_OUT : said.errorMessage;
    const operation = errorCode === ErrorCode.TOPIC_AUTHORIZATION_FAILED ? 'Write' : undefined;
    batch.lastError = new BrokerError(errorCode, { topic, partition, said: reason, operation });
    if (said === undefined || PERHAPS_WRITTEN.has(errorCode)) batch.isOutcomeUnknown = true;
    if (errorCode === ErrorCode.MESSAGE_TOO_LARGE || errorCode === ErrorCode.RECORD_LIST_TOO_LARGE) {
      if (batch.recordCount > 1 && !batch.isSettled) this.#split(queue, batch);
      else void this.#tooLarge(queue, batch);
    } else if (this.#isOutOfStep(queue, batch, errorCode, said)) {
      if (!queue.isBehindAnother(batch)) queue.needsNewEpoch = true;
      this.#again(queue, batch, batch.lastError);
    } else if (isRetriable(errorCode as ErrorCode)) {
      const hasMoved = LEADER_MAY_HAVE_MOVED.has(errorCode) && this.#learnLeader(queue, said!, endpoints);
      this.#again(queue, batch, batch.lastError);
      if (hasMoved) queue.resumeMs = 0;
    } else {
      this.#failed(queue, batch, batch.lastError, true, said && recordErrorsOf(batch, said));
    }
  }

  /** Sent with acks 0. */
  posted({ queue, batch }: Shipment): void {
    this.#arrived(queue, batch);
    batch.succeed(undefined, -1);
    this.#report(batch, undefined, undefined);
    this.#dispose(batch, false);
  }

  /** No answer will come. */
  lost(shipments: readonly Shipment[], error: KafkaError): void {
    for (const { queue, batch } of shipments) {
      this.#arrived(queue, batch);
      batch.lastError = error;
      if (error.retriable) {
        batch.isOutcomeUnknown = true;
        this.#again(queue, batch, error);
      } else {
        this.#failed(queue, batch, error, false);
      }
    }
    this.#outdated(new Set(shipments.map(({ queue }) => queue.topic)), error.code);
  }

  /** There is no connection to the broker of these. */
  unreachable(queues: readonly PartitionQueue[], error: KafkaError): void {
    for (const queue of queues) {
      if (error.retriable) this.holdBack(queue, error);
      else this.failAllWaiting(queue, error);
    }
    this.#outdated(new Set(queues.map(({ topic }) => topic)), error.code);
  }

  leaderMissing(queue: PartitionQueue): void {
    const { topic, index: partition } = queue;
    const { metadata } = this.#options.cluster;
    const asked = metadata.topicError(topic) ?? ErrorCode.NONE;
    const isThere = metadata.partition(topic, partition) !== undefined;
    const unknown = asked === ErrorCode.NONE ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : asked;
    const error = new BrokerError(isThere ? ErrorCode.LEADER_NOT_AVAILABLE : unknown, { topic, partition });
    this.holdBack(queue, error);
    this.#outdated(new Set([topic]), error.code);
  }

  /** The back-off passes before the partition is looked at again. */
  holdBack(queue: PartitionQueue, error: KafkaError): void {
    const [head] = queue.waiting;
    if (head !== undefined) head.lastError = error;
    queue.problem = error;
    queue.resumeMs = this.#options.cluster.ports.clock.monotonicMs() + queue.backoff.failed();
  }

  failAllWaiting(queue: PartitionQueue, error: KafkaError): void {
    for (const batch of [...queue.waiting]) this.failWaiting(queue, batch, error);
  }

  failWaiting(queue: PartitionQueue, batch: Batch, error: KafkaError): void {
    queue.remove(batch);
    this.#failed(queue, batch, error, false);
  }

  /** Its time is over; the answer may come still, and then tells how the sequence goes on. */
  failInFlight(batch: Batch, error: KafkaError): void {
    batch.isOutcomeUnknown = true;
    this.#tellFailed(batch, error);
  }

  /** Nobody will hear the answer. */
  abandon(queue: PartitionQueue, batch: Batch, error: KafkaError): void {
    this.#arrived(queue, batch);
    batch.isOutcomeUnknown = true;
    this.#failed(queue, batch, error, false);
  }

  #arrived(queue: PartitionQueue, batch: Batch): void {
    queue.arrive(batch);
    this.#options.room.depart(-batch.memoryBytes);
  }

  #succeeded(
    queue: PartitionQueue,
    batch: Batch,
    baseOffset: number | undefined,
    appendTimeMs: number,
  ): void {
    queue.acknowledged(batch);
    queue.backoff.succeeded();
    queue.problem = undefined;
    queue.resumeMs = 0;
    const isTold = !batch.isSettled;
    batch.succeed(baseOffset, appendTimeMs);
    if (isTold) this.#report(batch, baseOffset, undefined);
    this.#dispose(batch, true);
  }

  /** The broker's idea of the sequence is another than ours. */
  #isOutOfStep(
    queue: PartitionQueue,
    batch: Batch,
    errorCode: number,
    said: PartitionAnswer | undefined,
  ): boolean {
    if (batch.producerId < 0) return false;
    if (errorCode === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER) return true;
    if (errorCode !== ErrorCode.UNKNOWN_PRODUCER_ID) return false;
    // A broker that does not know where its log begins is asked again.
    return (said?.logStartOffset ?? -1) >= 0 || queue.isBehindAnother(batch);
  }

  #again(queue: PartitionQueue, batch: Batch, error: KafkaError): void {
    if (batch.isSettled) {
      queue.givenUp(batch);
      this.#dispose(batch, false);
      return;
    }
    queue.putBack(batch);
    this.holdBack(queue, error);
  }

  /** KIP-951: the answer tells who leads now. False: somebody has to be asked. */
  #learnLeader(
    { topic, index }: PartitionQueue,
    { currentLeader }: PartitionAnswer,
    endpoints: Endpoints,
  ): boolean {
    const { cluster } = this.#options;
    const before = cluster.metadata.leader(topic, index)?.id;
    if (currentLeader.leaderId >= 0) cluster.teach(topic, index, currentLeader, endpoints);
    const now = cluster.metadata.leader(topic, index)?.id;
    if (now !== undefined && now !== before) return true;
    this.#outdated(new Set([topic]), 'the leader has moved');
    return false;
  }

  #outdated(topics: ReadonlySet<string>, reason: string): void {
    this.#options.cluster.outdated({ topics: [...topics], reason });
  }

  #split(queue: PartitionQueue, batch: Batch): void {
    const { room, blocks, onRefusedSize } = this.#options;
    onRefusedSize(batch.topic, batch.sizeBytes);
    const parts = splitBatch(batch, blocks);
    for (const part of parts) {
      room.take(part.memoryBytes);
      queue.putBack(part);
    }
    batch.becomes(parts);
    this.#dispose(batch, true);
  }

  /** Which limit it was is asked before anybody is told. */
  async #tooLarge(queue: PartitionQueue, batch: Batch): Promise<void> {
    this.#ending.set(batch, queue);
    const error = await explainTooLarge(this.#options.cluster, batch);
    if (this.#ending.delete(batch)) this.#failed(queue, batch, error, true);
  }

  /** Nobody finds out anything any more. */
  close(error: KafkaError): void {
    for (const [batch, queue] of this.#ending) this.#failed(queue, batch, error, true);
    this.#ending.clear();
  }

  #failed(
    queue: PartitionQueue,
    batch: Batch,
    error: KafkaError,
    isAnswered: boolean,
    recordErrors?: ReadonlyMap<number, KafkaError>,
  ): void {
    queue.givenUp(batch);
    if (!batch.isSealed) this.seal(queue, batch, NONE);
    this.#tellFailed(batch, error, recordErrors);
    this.#dispose(batch, isAnswered);
  }

  #tellFailed(batch: Batch, error: KafkaError, recordErrors?: ReadonlyMap<number, KafkaError>): void {
    if (batch.isSettled) return;
    const told = this.#options.identity.batchFailed(error, batch);
    batch.fail(told, recordErrors);
    this.#report(batch, undefined, told);
    this.#options.onFailed(batch, told, recordErrors);
  }

  #report(batch: Batch, baseOffset: number | undefined, error: KafkaError | undefined): void {
    const { instruments, ports } = this.#options.cluster;
    if (instruments === undefined) return;
    const { topic, partition, recordCount, sizeBytes, attempts, createdMs } = batch;
    const tookMs = ports.clock.monotonicMs() - createdMs;
    instruments.batchSettled({
      ...{ topic, partition, recordCount, sizeBytes, attempts, tookMs, baseOffset, error },
    });
  }

  #dispose(batch: Batch, isAnswered: boolean): void {
    batch.release(isAnswered);
    this.#options.room.give(batch.memoryBytes);
  }
}

const LEFT_OUT = 'the answer says nothing of this partition';

/** What the broker says of single records; the others fail because of them. */
function recordErrorsOf(
  { topic, partition }: Batch,
  { errorCode, recordErrors }: PartitionAnswer,
): ReadonlyMap<number, KafkaError> | undefined {
  if (recordErrors.length === 0) return undefined;
  return new Map(
    recordErrors.map(({ batchIndex, batchIndexErrorMessage: said }) => [
      batchIndex,
      new BrokerError(errorCode, { topic, partition, said }),
    ]),
  );
}
