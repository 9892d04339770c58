// The coordinator of transactions, as handlers see it: hands commands to the shard of a transactional id, one shard per
// partition of __transaction_state, and checks what needs none. Brings shards what they ask the world for: producer ids,
// and markers in partitions.

import type { Clock, Logger, Timer, Timers } from '@moldau/io';
import { TRANSACTION_STATE_TOPIC } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { toKafkaError } from '../runtime/coordinator-errors.ts';
import type { CoordinatorLogs } from '../runtime/coordinator-log.ts';
import type { ShardEffects } from '../runtime/shard-effects.ts';
import type { ShardRuntime } from '../runtime/shard-runtime.ts';
import { Shards } from '../runtime/shards.ts';
import type {
  AddPartitionsCommand,
  DescribedTransaction,
  EndTransactionCommand,
  InitProducerIdCommand,
  ListTransactionsAnswer,
  ListTransactionsCommand,
  PartitionAnswer,
  ProducerIdAnswer,
  TransactionMarkers,
  TransactionVersion,
} from './transaction-commands.ts';
import type { TransactionConfig } from './transaction-config.ts';
import { isStateName } from './transaction-records.ts';
import { noProducerId, TransactionShard, undescribed } from './transaction-shard.ts';

type TransactionRuntime = ShardRuntime<TransactionShard>;

export interface TransactionCoordinatorOptions {
  readonly config: TransactionConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly logs: CoordinatorLogs;
  /** A producer id that nobody has had. Rejects with a KafkaError. */
  readonly newProducerId: () => Promise<number>;
  /** Writes markers, and answers for each partition when they are committed. */
  readonly writeMarkers: (markers: TransactionMarkers) => Promise<readonly PartitionAnswer[]>;
  /** transaction.version of the cluster. */
  readonly serverVersion: () => TransactionVersion;
  /** The leader epoch of a partition of __transaction_state. */
  readonly coordinatorEpoch: (partition: number) => number;
}

/** Methods never reject for what clients did wrong. All of them reject with a KafkaError when a shard cannot be read. */
export class TransactionCoordinator {
  readonly #options: TransactionCoordinatorOptions;
  readonly #shards: Shards<TransactionShard>;
  readonly #planned = new Set<Timer>();

  constructor(options: TransactionCoordinatorOptions) {
    this.#options = options;
    const { clock, timers, logger, logs } = options;
    this.#shards = new Shards({
      topic: TRANSACTION_STATE_TOPIC,
      ...{ clock, timers, logger, logs },
      newShard: (effects, partition) => this.#newShard(effects, partition),
    });
  }

  /** Loads all shards that have records, so that what was decided is carried out, and starts to look at the time. */
  async start(): Promise<void> {
    const { config } = this.#options;
    this.#repeat(
      () => config.timeoutCheckIntervalMs,
      (shard) => shard.abortTimedOut(),
    );
    this.#repeat(
      () => config.idExpirationCheckIntervalMs,
      (shard) => shard.expireIds(),
    );
    await this.#shards.loadAll();
  }

  /** Sends everyone who waits elsewhere and waits for appends under way. */
  async close(): Promise<void> {
    for (const timer of this.#planned) timer.cancel();
    await this.#shards.close();
  }

  /** The partition of __transaction_state that keeps this transactional id. */
  partitionFor(transactionalId: string): number {
    return this.#shards.partitionOf(transactionalId);
  }

  /** Loads the id's shard, and makes the topic that keeps transactions when it is not there. */
  async prepare(transactionalId: string): Promise<void> {
    await this.#shards.at(this.partitionFor(transactionalId)).load();
  }

  // Producers ------------------------------------------------------------------------------------------------------

  /** Answers when the producer's new epoch is committed, and everyone with an older one is fenced. */
  async initProducerId(command: InitProducerIdCommand): Promise<ProducerIdAnswer> {
    if (command.transactionalId === '') return noProducerId(ErrorCode.INVALID_REQUEST);
    return this.#ask(command.transactionalId, (shard, reply) => shard.initProducerId(command, reply));
  }

  /** Answers for each partition, in their order, when they are committed to be in the transaction. */
  async addPartitions(command: AddPartitionsCommand): Promise<PartitionAnswer[]> {
    const { transactionalId, partitions } = command;
    const codes =
      transactionalId === ''
        ? partitions.map(() => ErrorCode.INVALID_REQUEST)
        : await this.#ask<number[]>(transactionalId, (shard, reply) => shard.addPartitions(command, reply));
    return partitions.map(({ topic, partition }, index) => ({ topic, partition, errorCode: codes[index]! }));
  }

  /** Answers when the decision is committed; its markers may still be on their way. */
  async endTransaction(command: EndTransactionCommand): Promise<ProducerIdAnswer> {
    if (command.transactionalId === '') return noProducerId(ErrorCode.INVALID_REQUEST);
    return this.#ask(command.transactionalId, (shard, reply) => shard.endTransaction(command, reply));
  }

  // Looking --------------------------------------------------------------------------------------------------------

  async describe(transactionalId: string): Promise<DescribedTransaction> {
    if (transactionalId === '') return undescribed(transactionalId, ErrorCode.INVALID_REQUEST);
    return this.#ask(transactionalId, (shard, reply) => reply(shard.describe(transactionalId)));
  }

  /** All transactions there are; waits until all shards are loaded. */
  async list(command: ListTransactionsCommand): Promise<ListTransactionsAnswer> {
    const filter = { ...command, matchesId: await idMatcher(command.transactionalIdPattern) };
    const runtimes = this.#shards.knownPartitions().map((partition) => this.#shards.at(partition));
    await Promise.all(runtimes.map((runtime) => runtime.load()));
    return {
      errorCode: ErrorCode.NONE,
      unknownStateFilters: command.stateFilters.filter((name) => !isStateName(name)),
      transactionStates: runtimes.flatMap((runtime) => runtime.run((shard) => shard.list(filter))),
    };
  }

  // Shards ---------------------------------------------------------------------------------------------------------

  #newShard(effects: ShardEffects, partition: number): TransactionShard {
    const { config, clock, logger, serverVersion, coordinatorEpoch } = this.#options;
    const runtime = this.#shards.at(partition);
    return new TransactionShard({
      ...{ config, clock, logger, serverVersion },
      coordinatorEpoch: coordinatorEpoch(partition),
      effects: {
        append: (records, settled) => effects.append(records, settled),
        newProducerId: (settled) => this.#newProducerId(runtime, settled),
        writeMarkers: (markers, settled) => this.#writeMarkers(runtime, markers, settled),
      },
    });
  }

  #newProducerId(runtime: TransactionRuntime, settled: (producerId: number | KafkaError) => void): void {
    this.#options.newProducerId().then(
      (producerId) => backIn(runtime, () => settled(producerId)),
      (error: unknown) => backIn(runtime, () => settled(toKafkaError(error))),
    );
  }

  #writeMarkers(
    runtime: TransactionRuntime,
    markers: TransactionMarkers,
    settled: (answers: readonly PartitionAnswer[]) => void,
  ): void {
    this.#options.writeMarkers(markers).then(
      (answers) => backIn(runtime, () => settled(answers)),
      (error: unknown) => {
        this.#options.logger.error({ err: error }, 'Unexpected error when markers were written');
        const errorCode = ErrorCode.UNKNOWN_SERVER_ERROR;
        const answers = markers.partitions.map((each) => ({ ...each, errorCode }));
        backIn(runtime, () => settled(answers));
      },
    );
  }

  #ask<T>(
    transactionalId: string,
    command: (shard: TransactionShard, reply: (answer: T) => void) => void,
  ): Promise<T> {
    return this.#shards.ask(this.partitionFor(transactionalId), command);
  }

  #repeat(intervalMs: () => number, task: (shard: TransactionShard) => void): void {
    const timer = this.#options.timers.after(intervalMs(), () => {
      this.#planned.delete(timer);
      if (this.#shards.isClosed) return;
      for (const [, runtime] of this.#shards.loaded()) runtime.run(task);
      this.#repeat(intervalMs, task);
    });
    this.#planned.add(timer);
  }
}

/** The shard goes on with what it asked for; one that is gone does not need it any more. */
function backIn(runtime: TransactionRuntime, task: () => void): void {
  if (runtime.isLoaded) runtime.run(task);
}

/** RE2, as in Kafka: its time is bounded, whatever the pattern. */
async function idMatcher(pattern: string | null): Promise<(transactionalId: string) => boolean> {
  if (pattern === null || pattern === '') return () => true;
  const { RE2JS, RE2JSSyntaxException } = await import('re2js');
  try {
    const compiled = RE2JS.compile(pattern);
    return (transactionalId) => compiled.matches(transactionalId);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw new KafkaError(
      ErrorCode.INVALID_REGULAR_EXPRESSION,
      `The pattern '${pattern}' is not a regular expression of RE2: ${error.message}`,
    );
  }
}
