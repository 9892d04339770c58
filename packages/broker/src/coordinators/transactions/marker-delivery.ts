// Brings the markers of a decided transaction to its partitions: asks again for those that could not be written, until
// every partition has its own or has no use for one.

import { ErrorCode, errorName } from '@moldau/protocol';
import type { Deadlines } from '../runtime/deadlines.ts';
import { listPartitions } from './partition-set.ts';
import type { PartitionAnswer, TopicPartition, TransactionMarkers } from './transaction-commands.ts';
import { isPrepared, type TransactionMetadata } from './transaction-metadata.ts';

const BACKOFF_MS = 20;
const BACKOFF_MAX_MS = 1_000;
/** So many attempts in vain are no passing trouble. */
const ATTEMPTS_UNTIL_WARNING = 10;

/** What an answer means for the partition; all codes that are not here are asked again. */
const FINAL_CODES: ReadonlySet<number> = new Set([
  ErrorCode.NONE,
  // The topic is gone, and the transaction's records with it.
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  // A later epoch of the producer is there, which could not be if this transaction were still open.
  ErrorCode.INVALID_PRODUCER_EPOCH,
]);

export interface MarkerEffects {
  /** Writes markers. Calls back once, not before it returned, with an answer for each partition in whatever order. */
  writeMarkers(markers: TransactionMarkers, settled: (answers: readonly PartitionAnswer[]) => void): void;
}

export interface MarkerDeliveryOptions {
  readonly effects: MarkerEffects;
  readonly clock: { monotonicMs(): number };
  readonly deadlines: Deadlines;
  readonly logger: { warn(fields: object, message: string): void };
  /** The leader epoch of the shard's partition. */
  readonly coordinatorEpoch: number;
}

export interface DeliveryProgress {
  /** These partitions need no marker any more. */
  settled(partitions: readonly TopicPartition[]): void;
  /** None is left. */
  done(): void;
}

export class MarkerDelivery {
  readonly #options: MarkerDeliveryOptions;
  #isStopped = false;

  constructor(options: MarkerDeliveryOptions) {
    this.#options = options;
  }

  /** Calls back at once when there are no partitions. */
  deliver(transactionalId: string, metadata: TransactionMetadata, progress: DeliveryProgress): void {
    const { producerId, producerEpoch, state, clientVersion } = metadata;
    if (!isPrepared(metadata)) throw new Error(`no markers follow from ${state}`);
    const markers = {
      producerId,
      producerEpoch,
      coordinatorEpoch: this.#options.coordinatorEpoch,
      committed: state === 'PrepareCommit',
      transactionVersion: clientVersion,
    };
    this.#attempt(
      transactionalId,
      { ...markers, partitions: listPartitions(metadata.partitions) },
      progress,
      1,
    );
  }

  /** Nothing is sent and nobody is told any more. */
  stop(): void {
    this.#isStopped = true;
  }

  #attempt(
    transactionalId: string,
    markers: TransactionMarkers,
    progress: DeliveryProgress,
    attempt: number,
  ): void {
    if (this.#isStopped) return;
    if (markers.partitions.length === 0) {
      progress.done();
      return;
    }
    const { effects, clock, deadlines } = this.#options;
    effects.writeMarkers(markers, (answers) => {
      if (this.#isStopped) return;
      const final = answers.filter(({ errorCode }) => FINAL_CODES.has(errorCode));
      progress.settled(final);
      const partitions = without(markers.partitions, final);
      if (partitions.length === 0) {
        progress.done();
        return;
      }
      if (attempt === ATTEMPTS_UNTIL_WARNING) this.#warn(transactionalId, markers, answers);
      const backoffMs = Math.min(BACKOFF_MS * 2 ** (attempt - 1), BACKOFF_MAX_MS);
      deadlines.schedule(clock.monotonicMs() + backoffMs, () =>
        this.#attempt(transactionalId, { ...markers, partitions }, progress, attempt + 1),
      );
    });
  }

  #warn(transactionalId: string, markers: TransactionMarkers, answers: readonly PartitionAnswer[]): void {
    const errors = new Set(answers.map(({ errorCode }) => errorName(errorCode)));
    errors.delete('NONE');
    const { producerId, producerEpoch, partitions } = markers;
    this.#options.logger.warn(
      { transactionalId, producerId, producerEpoch, errors: [...errors], partitions: partitions.slice(0, 5) },
      'The end of a transaction cannot be written to all of its partitions; it is tried further',
    );
  }
}

function without(partitions: readonly TopicPartition[], gone: readonly TopicPartition[]): TopicPartition[] {
  const keys = new Set(gone.map(({ topic, partition }) => `${partition} ${topic}`));
  return partitions.filter(({ topic, partition }) => !keys.has(`${partition} ${topic}`));
}
