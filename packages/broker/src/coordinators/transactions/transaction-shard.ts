// Owns all that one shard knows of its transactional ids, rebuilt from the shard's log by `replay` and kept in step with
// it by appending before answering. Deterministic: the same commands at the same times give the same records, markers
// and answers.
//
// Invariants: a transactional id has at most one transition under way. A decision to commit or to abort is in the log
// before anyone hears of it and before the first marker is written; from then on markers are sent until every partition
// has its own, over restarts too. That they are all written decides nothing, so it counts at once: whatever it allows
// comes after its record in the log.

import { ErrorCode, KafkaError, type Record } from '@moldau/protocol';
import { appendErrorCode } from '../runtime/coordinator-errors.ts';
import { Deadlines } from '../runtime/deadlines.ts';
import type { ShardEffects } from '../runtime/shard-effects.ts';
import type { CoordinatorShard } from '../runtime/shard-runtime.ts';
import { MarkerDelivery, type MarkerEffects } from './marker-delivery.ts';
import { withoutPartitions } from './partition-set.ts';
import type {
  AddPartitionsCommand,
  DescribedTransaction,
  EndTransactionCommand,
  InitProducerIdCommand,
  ListedTransaction,
  ProducerIdAnswer,
  Reply,
  TransactionVersion,
} from './transaction-commands.ts';
import type { TransactionConfig } from './transaction-config.ts';
import {
  type Decision,
  decideAddPartitions,
  decideEnd,
  decideFence,
  decideInitProducerId,
  type Situation,
  verifyPartitions,
} from './transaction-decisions.ts';
import { listed, type TransactionFilter } from './transaction-filter.ts';
import {
  completed,
  isIdle,
  isPrepared,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_TIMEOUT_MS,
  newMetadata,
  type TransactionMetadata,
  type TransactionState,
} from './transaction-metadata.ts';
import { parseTransactionRecord, transactionRecord, transactionTombstone } from './transaction-records.ts';

/** What the shard may do to the world. */
export interface TransactionEffects extends ShardEffects, MarkerEffects {
  /** Asks for a producer id that nobody has had. Calls back once, not before it returned. */
  newProducerId(settled: (producerId: number | KafkaError) => void): void;
}

export interface TransactionShardOptions {
  readonly config: TransactionConfig;
  readonly clock: { wallMs(): number; monotonicMs(): number };
  readonly logger: { warn(fields: object, message: string): void };
  readonly effects: TransactionEffects;
  /** transaction.version of the cluster. */
  readonly serverVersion: () => TransactionVersion;
  /** The leader epoch of the shard's partition. */
  readonly coordinatorEpoch: number;
}

/** One transactional id. */
interface Entry {
  readonly transactionalId: string;
  current: TransactionMetadata;
  /** The transition under way; from a decision until its last marker the one to its completion. */
  pending: TransactionState | null;
  /** Commands that came meanwhile, in their order. */
  readonly waiters: Waiter[];
}

interface Waiter {
  readonly run: () => void;
  readonly refuse: (errorCode: number) => void;
}

/** Decides over an entry; and answers when there is nothing to write, or when what was written is committed. */
interface Command {
  readonly decide: (situation: Situation) => Decision;
  readonly answer: (errorCode: number, current: TransactionMetadata) => void;
}

/** How long a command waits for a transition under way before its client is told to come again. */
const TRANSITION_WAIT_MS = 100;
const COMPLETION_RETRY_MS = 1_000;

export class TransactionShard implements CoordinatorShard {
  readonly deadlines = new Deadlines();
  readonly #options: TransactionShardOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #markers: MarkerDelivery;
  #abandonedCode: number = ErrorCode.NONE;

  constructor(options: TransactionShardOptions) {
    this.#options = options;
    this.#markers = new MarkerDelivery({ ...options, deadlines: this.deadlines });
  }

  // Loading --------------------------------------------------------------------------------------------------------

  /** Takes in one record of the log, in the log's order. Throws MalformedError. */
  replay(record: Pick<Record, 'key' | 'value'>): boolean {
    const parsed = parseTransactionRecord(record);
    if (parsed.kind === 'unknown') return false;
    const { transactionalId, metadata } = parsed;
    if (metadata === null) this.#entries.delete(transactionalId);
    else this.#entries.set(transactionalId, newEntry(transactionalId, metadata));
    return true;
  }

  /** What was decided before is carried out. */
  resume(): void {
    for (const entry of this.#entries.values()) if (isPrepared(entry.current)) this.#carryOut(entry);
  }

  abandon(errorCode: number): void {
    this.#abandonedCode = errorCode;
    this.#markers.stop();
    for (const entry of this.#entries.values()) {
      for (const waiter of entry.waiters.splice(0)) waiter.refuse(errorCode);
    }
  }

  // Commands -------------------------------------------------------------------------------------------------------

  initProducerId(command: InitProducerIdCommand, reply: Reply<ProducerIdAnswer>): void {
    const { transactionalId, transactionTimeoutMs: timeoutMs } = command;
    const { config, clock } = this.#options;
    const refuse = (errorCode: number) => reply(noProducerId(errorCode));
    if (timeoutMs <= 0 || timeoutMs > config.maxTimeoutMs) {
      refuse(ErrorCode.INVALID_TRANSACTION_TIMEOUT);
      return;
    }
    if (this.#entries.has(transactionalId)) {
      this.#initKnown(command, reply);
      return;
    }
    this.#withProducerId(refuse, (producerId) => {
      if (!this.#entries.has(transactionalId)) {
        const metadata = newMetadata(producerId, timeoutMs, clock.wallMs());
        this.#entries.set(transactionalId, newEntry(transactionalId, metadata));
      }
      this.#initKnown(command, reply);
    });
  }

  #initKnown(command: InitProducerIdCommand, reply: Reply<ProducerIdAnswer>): void {
    this.#run(command.transactionalId, {
      decide: (situation) => decideInitProducerId(situation, command),
      answer: (errorCode, { producerId, producerEpoch }) => {
        if (errorCode === ErrorCode.NONE) reply({ errorCode, producerId, producerEpoch });
        else reply(noProducerId(errorCode));
      },
    });
  }

  /** Answers with one error code for each partition. */
  addPartitions(command: AddPartitionsCommand, reply: Reply<number[]>): void {
    const refuse = (errorCode: number) => reply(command.partitions.map(() => errorCode));
    const entry = this.#entries.get(command.transactionalId);
    if (entry === undefined) {
      refuse(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
      return;
    }
    if (command.verifyOnly) {
      reply(verifyPartitions(entry.current, command));
      return;
    }
    this.#run(command.transactionalId, {
      decide: (situation) => decideAddPartitions(situation, command),
      answer: refuse,
    });
  }

  /** Answers when the decision is committed. Under protocol 2 with the id and epoch of the next transaction, else with -1 and -1. */
  endTransaction(command: EndTransactionCommand, reply: Reply<ProducerIdAnswer>): void {
    this.#run(command.transactionalId, {
      decide: (situation) => decideEnd(situation, command),
      answer: (errorCode, current) => {
        if (errorCode !== ErrorCode.NONE || command.clientVersion < 2) {
          reply(noProducerId(errorCode));
          return;
        }
        const { producerId, producerEpoch } = isPrepared(current) ? completed(current, 0) : current;
        reply({ errorCode, producerId, producerEpoch });
      },
    });
  }

  describe(transactionalId: string): DescribedTransaction {
    const current = this.#entries.get(transactionalId)?.current;
    if (current === undefined) {
      return undescribed(transactionalId, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND);
    }
    return {
      errorCode: ErrorCode.NONE,
      transactionalId,
      transactionState: current.state,
      transactionTimeoutMs: current.timeoutMs,
      transactionStartTimeMs: current.startTimestampMs,
      producerId: current.producerId,
      producerEpoch: current.producerEpoch,
      topics: Array.from(current.partitions, ([topic, partitions]) => ({
        topic,
        partitions: [...partitions],
      })),
    };
  }

  list(filter: TransactionFilter): ListedTransaction[] {
    const nowMs = this.#options.clock.wallMs();
    return Array.from(this.#entries.values()).flatMap(
      ({ transactionalId, current }) => listed(transactionalId, current, filter, nowMs) ?? [],
    );
  }

  // Time -----------------------------------------------------------------------------------------------------------

  /** Aborts transactions that took longer than their producers said, and fences these. */
  abortTimedOut(): void {
    const nowMs = this.#options.clock.wallMs();
    for (const { transactionalId, current, pending } of this.#entries.values()) {
      if (current.state !== 'Ongoing' || pending !== null || current.timeoutMs === NO_TIMEOUT_MS) continue;
      if (current.startTimestampMs + current.timeoutMs >= nowMs) continue;
      const { producerId, producerEpoch, timeoutMs } = current;
      this.#options.logger.warn(
        { transactionalId, producerId, producerEpoch, timeoutMs },
        'A transaction took longer than its transaction.timeout.ms and is aborted',
      );
      this.#fence(transactionalId, current, () => {});
    }
  }

  /** Forgets transactional ids that have not been used for long. */
  expireIds(): void {
    const { clock, config, effects } = this.#options;
    const lastMs = clock.wallMs() - config.idExpirationMs;
    for (const entry of this.#entries.values()) {
      const { transactionalId, current, pending } = entry;
      if (pending !== null || !isIdle(current) || current.lastUpdateTimestampMs > lastMs) continue;
      entry.pending = 'Dead';
      effects.append([transactionTombstone(transactionalId)], (error) => {
        entry.pending = null;
        if (error === null) this.#remove(entry);
        else this.#release(entry);
      });
    }
  }

  // Transitions ----------------------------------------------------------------------------------------------------

  #run(
    transactionalId: string,
    command: Command,
    freshProducerId: number | null = null,
    hasWaited = false,
  ): void {
    const entry = this.#entries.get(transactionalId);
    if (entry === undefined) {
      command.answer(ErrorCode.INVALID_PRODUCER_ID_MAPPING, NOTHING);
      return;
    }
    if (!hasWaited && entry.pending !== null) {
      this.#wait(entry, {
        run: () => this.#run(transactionalId, command, freshProducerId, true),
        refuse: (errorCode) => command.answer(errorCode, entry.current),
      });
      return;
    }
    const decision = command.decide(this.#situation(entry, freshProducerId));
    switch (decision.kind) {
      case 'answer':
        command.answer(decision.errorCode, entry.current);
        return;
      case 'write':
        this.#write(entry, decision.next, (errorCode) => command.answer(errorCode, decision.next));
        return;
      case 'fence':
        this.#fence(transactionalId, entry.current, (errorCode) => {
          const code = errorCode === ErrorCode.NONE ? ErrorCode.CONCURRENT_TRANSACTIONS : errorCode;
          command.answer(code, entry.current);
        });
        return;
      case 'producer-id-needed':
        this.#withProducerId(
          (errorCode) => command.answer(errorCode, entry.current),
          (producerId) => this.#run(transactionalId, command, producerId, hasWaited),
        );
    }
  }

  #situation({ current, pending }: Entry, freshProducerId: number | null): Situation {
    return { current, pending, nowMs: this.#options.clock.wallMs(), freshProducerId };
  }

  /** Aborts this very transaction over its producer's head. */
  #fence(
    transactionalId: string,
    transaction: TransactionMetadata,
    settled: (errorCode: number) => void,
    freshProducerId: number | null = null,
  ): void {
    const entry = this.#entries.get(transactionalId);
    // It may have ended while a producer id was asked for.
    if (entry === undefined || entry.current !== transaction) {
      settled(ErrorCode.CONCURRENT_TRANSACTIONS);
      return;
    }
    const decision = decideFence(this.#situation(entry, freshProducerId), this.#options.serverVersion());
    if (decision.kind === 'producer-id-needed') {
      this.#withProducerId(settled, (producerId) =>
        this.#fence(transactionalId, transaction, settled, producerId),
      );
    } else if (decision.kind === 'write') {
      this.#write(entry, decision.next, settled);
    } else {
      settled(ErrorCode.CONCURRENT_TRANSACTIONS);
    }
  }

  /** Appends a transition, which counts when it is committed. */
  #write(entry: Entry, next: TransactionMetadata, settled: (errorCode: number) => void): void {
    const { effects, serverVersion } = this.#options;
    entry.pending = next.state;
    effects.append([transactionRecord(entry.transactionalId, next, serverVersion())], (error) => {
      entry.pending = null;
      if (error === null) entry.current = next;
      settled(error === null ? ErrorCode.NONE : appendErrorCode(error));
      if (entry.current.producerEpoch === NO_PRODUCER_EPOCH) this.#remove(entry);
      else if (error === null && isPrepared(next)) this.#carryOut(entry);
      else this.#release(entry);
    });
  }

  /** Forgets a transactional id that the log does not know, or not any more. */
  #remove(entry: Entry): void {
    this.#entries.delete(entry.transactionalId);
    for (const waiter of entry.waiters.splice(0)) waiter.refuse(ErrorCode.CONCURRENT_TRANSACTIONS);
  }

  /** Lets those go on who waited for the last transition, until one begins the next. */
  #release(entry: Entry): void {
    while (entry.pending === null && entry.waiters.length > 0) entry.waiters.shift()!.run();
  }

  /** Writes the markers of what has been decided. */
  #carryOut(entry: Entry): void {
    if (this.#abandonedCode !== ErrorCode.NONE) return;
    const { transactionalId, current } = entry;
    entry.pending = current.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort';
    this.#markers.deliver(transactionalId, current, {
      settled: (partitions) => {
        entry.current = {
          ...entry.current,
          partitions: withoutPartitions(entry.current.partitions, partitions),
        };
      },
      done: () => this.#complete(entry),
    });
  }

  #complete(entry: Entry): void {
    entry.current = completed(entry.current, this.#options.clock.wallMs());
    entry.pending = null;
    this.#appendCompletion(entry, entry.current);
    this.#release(entry);
  }

  /** Until it is in the log, a reload would send the markers again; which does no harm, but takes time. */
  #appendCompletion(entry: Entry, completion: TransactionMetadata): void {
    const { effects, serverVersion, clock } = this.#options;
    if (this.#abandonedCode !== ErrorCode.NONE || entry.current !== completion) return;
    const retry = (): void => {
      this.deadlines.schedule(clock.monotonicMs() + COMPLETION_RETRY_MS, () =>
        this.#appendCompletion(entry, completion),
      );
    };
    // It must not come after what follows it.
    if (entry.pending !== null) {
      retry();
      return;
    }
    effects.append([transactionRecord(entry.transactionalId, completion, serverVersion())], (error) => {
      if (error !== null) retry();
    });
  }

  #wait(entry: Entry, { run, refuse }: Waiter): void {
    let isOver = false;
    const once = (then: () => void) => () => {
      if (isOver) return;
      isOver = true;
      this.deadlines.cancel(deadline);
      const index = entry.waiters.indexOf(waiter);
      if (index >= 0) entry.waiters.splice(index, 1);
      then();
    };
    const waiter: Waiter = { run: once(run), refuse: (errorCode: number) => once(() => refuse(errorCode))() };
    const deadline = this.deadlines.schedule(
      this.#options.clock.monotonicMs() + TRANSITION_WAIT_MS,
      waiter.run,
    );
    entry.waiters.push(waiter);
  }

  #withProducerId(refuse: (errorCode: number) => void, go: (producerId: number) => void): void {
    this.#options.effects.newProducerId((producerId) => {
      if (this.#abandonedCode !== ErrorCode.NONE) refuse(this.#abandonedCode);
      else if (producerId instanceof KafkaError) refuse(producerId.code);
      else go(producerId);
    });
  }
}

function newEntry(transactionalId: string, current: TransactionMetadata): Entry {
  return { transactionalId, current, pending: null, waiters: [] };
}

const NOTHING: TransactionMetadata = newMetadata(NO_PRODUCER_ID, 0, -1);

export function noProducerId(errorCode: number): ProducerIdAnswer {
  return { errorCode, producerId: NO_PRODUCER_ID, producerEpoch: NO_PRODUCER_EPOCH };
}

export function undescribed(transactionalId: string, errorCode: number): DescribedTransaction {
  return {
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  };
}
