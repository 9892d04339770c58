// The identity of a transactional producer: the ids that its coordinator gave it, and the transaction that its batches belong to.
//
// Invariants
// - Requests to coordinators go one after the other: none overtakes the end of the transaction before, or is overtaken by its own transaction's end.
// - No batch is sent before its partition belongs to the transaction: by a request of its own (protocol 1), or by the Produce itself (protocol 2).
// - After an error of protocol 1 the next transaction has a new epoch, so that nothing sent before can still arrive (KIP-360). With protocol 2 every end
//   brings one.

import assert from 'node:assert/strict';
import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../../cluster/cluster.ts';
import { BrokerError, ClosedError, KafkaError, type TransactionError } from '../../errors/kafka-error.ts';
import type { FailedBatch, ProducerIdentity } from '../producer-identity.ts';
import {
  CoordinatorRequests,
  type ProducerEpoch,
  type TransactionGroup,
  type TransactionOffset,
} from './coordinator-requests.ts';
import { abortableError, type ErrorSource, fatalError, transactionError } from './transaction-errors.ts';
import { type TransactionPhase, TransactionState } from './transaction-state.ts';

export interface TransactionalSettings {
  readonly transactionalId: string;
  /** After so long the broker aborts a transaction that is not ended. */
  readonly transactionTimeoutMs: number;
}

const LAST_PRODUCE_VERSION_OF_PROTOCOL_1 = 11;

/** Partitions that will be added by one request. */
interface Addition {
  readonly partitions: TopicPartition[];
  readonly done: Promise<void>;
}

export class TransactionalIdentity implements ProducerIdentity {
  readonly isTransactional = true;
  readonly #cluster: Cluster;
  readonly #settings: TransactionalSettings;
  readonly #requests: CoordinatorRequests;
  readonly #state = new TransactionState();
  #epoch: ProducerEpoch = { producerId: -1, producerEpoch: -1 };
  /** The next transaction needs ids first: there are none yet, or a new epoch is needed. */
  #needsEpoch = true;
  /** Aborted when the transaction fails or is aborted: what it asks for is of no use any more. */
  #abandoned = new AbortController();
  #lastTurn: Promise<unknown> = Promise.resolve();
  #addition: Addition | undefined;
  readonly #adding = new Map<string, Promise<void>>();

  constructor(cluster: Cluster, settings: TransactionalSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#requests = new CoordinatorRequests(cluster, settings.transactionalId);
  }

  get transactionalId(): string {
    return this.#settings.transactionalId;
  }

  get producerId(): number {
    return this.#epoch.producerId;
  }

  get producerEpoch(): number {
    return this.#epoch.producerEpoch;
  }

  get phase(): TransactionPhase {
    return this.#state.phase;
  }

  /** Why the transaction cannot be committed, if that is so. */
  get failure(): TransactionError | undefined {
    return this.#state.failure;
  }

  /** Why nothing can be added to a transaction, if that is so. */
  get refusal(): TransactionError | undefined {
    return this.#state.refusal;
  }

  /** Aborted when the open transaction cannot be committed any more. */
  get abandoned(): AbortSignal {
    return this.#abandoned.signal;
  }

  get isReady(): boolean {
    return this.#state.phase !== 'idle' && this.#state.phase !== 'fatal';
  }

  get maxProduceVersion(): number | undefined {
    return this.#state.protocol === 2 ? undefined : LAST_PRODUCE_VERSION_OF_PROTOCOL_1;
  }

  /** Ids come with begin(), so there is nothing to wait for. */
  async ready(): Promise<void> {
    if (!this.isReady) throw this.#state.refusal;
  }

  /** Opens a transaction, none of which must be under way. The broker hears of it when something is added. */
  async begin(options: CallOptions): Promise<void> {
    assert.ok(this.#state.phase === 'idle' || this.#state.phase === 'fatal');
    await this.#inTurn(async () => {
      if (this.#state.phase === 'fatal') throw this.#state.failure;
      // Late batches of the first protocol must not get into a transaction of the second.
      if (this.#state.protocol === 1 && this.#requests.protocol === 2) this.#needsEpoch = true;
      if (this.#needsEpoch) await this.#renew(options);
      this.#abandoned = new AbortController();
      this.#state.open(this.#requests.protocol);
    });
  }

  enrol(topic: string, partition: number): Promise<void> | undefined {
    const key = `${partition}:${topic}`;
    if (this.#state.hasPartition(key)) return undefined;
    const { refusal } = this.#state;
    if (refusal !== undefined) return Promise.reject(refusal);
    if (this.#state.protocol === 2) {
      this.#state.addPartition(key);
      return undefined;
    }
    let adding = this.#adding.get(key);
    if (adding === undefined) {
      adding = this.#add({ topic, partition });
      this.#adding.set(key, adding);
    }
    return adding;
  }

  async sendOffsets(
    offsets: readonly TransactionOffset[],
    group: TransactionGroup,
    options: CallOptions,
  ): Promise<void> {
    const { refusal, protocol } = this.#state;
    if (refusal !== undefined) throw refusal;
    const limits = { ...options, signal: either(options.signal, this.abandoned) };
    await this.#inTurn(async () => {
      const { groupId } = group;
      if (protocol === 1 && !this.#state.hasGroup(groupId)) {
        await this.#adds('coordinator', () => this.#requests.addOffsets(this.#epoch, groupId, limits));
        this.#state.addGroup(groupId);
      }
      await this.#adds('group', () =>
        this.#requests.commitOffsets(this.#epoch, offsets, group, { ...limits, protocol }),
      );
      this.#state.addGroup(groupId);
    });
  }

  /** No epoch is to be had without ending the transaction. */
  bumpEpoch(): boolean {
    return false;
  }

  batchFailed(error: KafkaError, batch: FailedBatch): KafkaError {
    // One that was not sent yet has no ids.
    const isOld =
      batch.producerId >= 0 &&
      (batch.producerId !== this.#epoch.producerId || batch.producerEpoch !== this.#epoch.producerEpoch);
    if (isOld || this.#state.phase !== 'open') return error;
    const failure = this.#fail(error, 'leader');
    // Without epochs of KIP-360 nothing tells whether the next transaction's batches follow on what was written.
    if (batch.isOutcomeUnknown && !failure.fatal && !this.#canGoOn)
      this.#state.fail(fatalError(error, this.#settings));
    return this.#state.failure ?? failure;
  }

  /** A record, or something else that belongs to the transaction, did not get into it. */
  failed(error: unknown): void {
    if (this.#state.phase === 'open') this.#fail(error, 'leader');
  }

  /** From now on nothing is added; end() follows. */
  startCommit(): void {
    this.#state.commit();
  }

  startAbort(reason: TransactionError): void {
    this.#state.abort();
    this.#abandoned.abort(reason);
  }

  /** Asks until the end that was started is reached; may be called again when it rejected with an error that passes. */
  async end(options: CallOptions): Promise<void> {
    await this.#inTurn(async () => {
      const { phase, presence, protocol } = this.#state;
      if (phase === 'fatal') throw this.#state.failure;
      if (phase !== 'committing' && phase !== 'aborting') return;
      const isCommit = phase === 'committing';
      if (presence !== 'none') {
        try {
          this.#epoch = await this.#requests.end(this.#epoch, isCommit, { ...options, protocol });
        } catch (error) {
          this.#endFailed(error, isCommit);
        }
      }
      this.#adding.clear();
      this.#state.ended();
    });
  }

  /** Returns when that is as good as the end of the transaction. */
  #endFailed(error: unknown, isCommit: boolean): void {
    const { protocol, presence } = this.#state;
    if (isPassing(error)) throw error;
    const hasNone = error instanceof BrokerError && error.code === 'INVALID_TXN_STATE';
    if (hasNone && !isCommit && presence === 'possible') return;
    const isAbortable =
      (hasNone && isCommit && protocol === 2) || (error as KafkaError).code === 'TRANSACTION_ABORTABLE';
    if (isCommit && isAbortable) {
      const failure = abortableError(error as KafkaError, this.#settings);
      this.#state.commitRefused(failure);
      this.#abandoned.abort(failure);
      throw failure;
    }
    const failure = fatalError(error as KafkaError, this.#settings);
    this.#state.fail(failure);
    throw failure;
  }

  async #renew(options: CallOptions): Promise<void> {
    const { transactionTimeoutMs } = this.#settings;
    const current = this.#epoch.producerId >= 0 && this.#requests.canBump ? this.#epoch : undefined;
    try {
      this.#epoch = await this.#requests.initProducerId(transactionTimeoutMs, current, options);
      this.#needsEpoch = false;
    } catch (error) {
      if (isPassing(error)) throw error;
      const failure = transactionError(error, 'coordinator', this.#settings);
      if (failure.fatal && current !== undefined) this.#state.fail(failure as TransactionError);
      throw failure;
    }
  }

  /** With all that are wanted before its turn comes. */
  #add(wanted: TopicPartition): Promise<void> {
    if (this.#addition === undefined) {
      const partitions: TopicPartition[] = [];
      const soon = new Promise<void>((resolve) => this.#cluster.ports.timers.soon(resolve));
      const done = soon.then(() =>
        this.#inTurn(async () => {
          this.#addition = undefined;
          await this.#adds('coordinator', () =>
            this.#requests.addPartitions(this.#epoch, partitions, { signal: this.abandoned }),
          );
          for (const { topic, partition } of partitions) this.#state.addPartition(`${partition}:${topic}`);
        }),
      );
      done.catch(() => {});
      this.#addition = { partitions, done };
    }
    this.#addition.partitions.push(wanted);
    return this.#addition.done;
  }

  /** Something that makes the broker begin the transaction. */
  async #adds(source: ErrorSource, ask: () => Promise<void>): Promise<void> {
    if (this.#state.refusal !== undefined) throw this.#state.refusal;
    this.#state.addedPerhaps();
    try {
      await ask();
    } catch (error) {
      throw this.#fail(error, source);
    }
  }

  #fail(error: unknown, source: ErrorSource): TransactionError | ClosedError {
    const failure = transactionError(error, source, this.#settings);
    if (failure instanceof ClosedError) return failure;
    this.#state.fail(failure);
    this.#needsEpoch ||= this.#state.protocol === 1 && this.#canGoOn;
    this.#abandoned.abort(failure);
    return failure;
  }

  get #canGoOn(): boolean {
    return this.#requests.canBump || this.#state.protocol === 2;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work);
    this.#lastTurn = turn.catch(() => {});
    return turn;
  }
}

/** Nothing is known of the outcome: time was over, or somebody gave up waiting. */
function isPassing(error: unknown): boolean {
  return !(error instanceof KafkaError) || error.retriable || error instanceof ClosedError;
}

function either(one: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return one === undefined ? other : AbortSignal.any([one, other]);
}
