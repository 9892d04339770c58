// Asks the coordinator of a transaction, on behalf of a partition that is about to open it, whether the transaction goes
// on (KIP-890). Producers of protocol 2 do not add partitions by themselves: asking adds the partition.

import type { Clock, Timers } from '@moldau/io';
import { ErrorCode } from '@moldau/protocol';
import type { TopicPartition, TransactionalProducer } from './transaction-commands.ts';
import type { TransactionCoordinator } from './transaction-coordinator.ts';

/**
 * What the client's version allows. 'verify': it knows INVALID_TXN_STATE only. 'verify-abortable': it also knows
 * TRANSACTION_ABORTABLE. 'add': the partition is added to the transaction, whose epoch is its own.
 */
export type TransactionOperation = 'verify' | 'verify-abortable' | 'add';

export interface TransactionVerifierConfig {
  /** transaction.partition.verification.enable */
  readonly isVerificationEnabled: boolean;
  /** add.partitions.to.txn.retry.backoff.ms */
  readonly addRetryBackoffMs: number;
  /** add.partitions.to.txn.retry.backoff.max.ms */
  readonly addRetryBackoffMaxMs: number;
}

export interface TransactionVerifierOptions {
  readonly config: TransactionVerifierConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly transactions: () => Pick<TransactionCoordinator, 'addPartitions'>;
}

export class TransactionVerifier {
  readonly #options: TransactionVerifierOptions;
  /** By producer the end of what it asked for last. */
  readonly #turns = new Map<number, Promise<void>>();

  constructor(options: TransactionVerifierOptions) {
    this.#options = options;
  }

  /** Runs what a producer asks for after all that it asked for before, in the order of the calls. */
  inTurn<T>(producerId: number, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(producerId);
    const running = before === undefined ? work() : before.then(work);
    const settled = running.then(ignore, ignore);
    this.#turns.set(producerId, settled);
    void settled.then(() => {
      if (this.#turns.get(producerId) === settled) this.#turns.delete(producerId);
    });
    return running;
  }

  /** Whether a batch needs to be verified at all: adding is never left out. */
  isNeeded(operation: TransactionOperation): boolean {
    return operation === 'add' || this.#options.config.isVerificationEnabled;
  }

  /** Error codes in the order of the partitions. Rejects with a KafkaError when the coordinator cannot be asked. */
  async verify(
    producer: TransactionalProducer,
    partitions: readonly TopicPartition[],
    operation: TransactionOperation,
  ): Promise<number[]> {
    const verifyOnly = operation !== 'add';
    const { transactionalId, producerId, producerEpoch } = producer;
    const answers = await this.#options
      .transactions()
      .addPartitions({ transactionalId, producerId, producerEpoch, partitions, verifyOnly });
    return answers.map(({ errorCode }) => asPartition(errorCode, operation));
  }

  /** As verify(); while the transaction before is still being ended it waits a little, so that the client need not ask again. */
  async verifyPatiently(
    producer: TransactionalProducer,
    partitions: readonly TopicPartition[],
    operation: TransactionOperation,
  ): Promise<number[]> {
    const { clock, timers, config } = this.#options;
    const untilMs = clock.monotonicMs() + config.addRetryBackoffMaxMs;
    for (;;) {
      const codes = await this.verify(producer, partitions, operation);
      const mayRetry = operation === 'add' && codes.includes(ErrorCode.CONCURRENT_TRANSACTIONS);
      if (!mayRetry || clock.monotonicMs() >= untilMs) return codes;
      await new Promise<void>((resolve) => timers.after(config.addRetryBackoffMs, resolve));
    }
  }
}

function ignore(): void {}

/** Who sent the batch knows an error of its partition, not of the coordinator behind it. */
function asPartition(errorCode: number, operation: TransactionOperation): number {
  if (errorCode === ErrorCode.PRODUCER_FENCED) return ErrorCode.INVALID_PRODUCER_EPOCH;
  if (errorCode === ErrorCode.TRANSACTION_ABORTABLE && operation === 'verify')
    return ErrorCode.INVALID_TXN_STATE;
  return errorCode;
}
