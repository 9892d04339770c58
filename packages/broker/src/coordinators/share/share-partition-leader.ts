// Drives the state machine of one partition in one share group: loads it, has its changes persisted, ends locks in time,
// and wakes those that wait for it.

import type { Clock, Logger, Timer, Timers } from '@moldau/io';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { Partition } from '../../replication/partition.ts';
import type { Wait } from '../../replication/waits.ts';
import { toKafkaError } from '../runtime/coordinator-errors.ts';
import type { ShareConfig, ShareGroupConfig } from './share-config.ts';
import type { ShareCoordinator } from './share-coordinator.ts';
import { type Acknowledgement, SharePartition, type StateChange } from './share-partition.ts';
import type { ShareKey } from './share-state-records.ts';

export interface LeaderOptions {
  readonly key: ShareKey;
  readonly partition: Partition;
  readonly coordinator: ShareCoordinator;
  readonly config: ShareConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Somebody else leads it, or it is gone: it must be loaded anew. */
  readonly onFenced: () => void;
}

const FENCING_CODES: ReadonlySet<number> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.GROUP_ID_NOT_FOUND,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
]);

export class SharePartitionLeader {
  readonly key: ShareKey;
  readonly partition: Partition;
  /** Fetches that wait for records to be given back, or for room. */
  readonly waits = new Set<Wait>();
  /** One reads at a time: what it reads it may acquire. */
  isFetching = false;
  /** Somebody passed it over because another was reading it. */
  isWanted = false;
  #isFenced = false;
  readonly #options: LeaderOptions;
  #state: SharePartition | undefined;
  #loading: Promise<void> | undefined;
  #stateEpoch = 0;
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.key = options.key;
    this.partition = options.partition;
  }

  /** undefined until it is loaded, and when it is fenced. */
  get state(): SharePartition | undefined {
    return this.#isFenced ? undefined : this.#state;
  }

  get isFenced(): boolean {
    return this.#isFenced;
  }

  get #config(): ShareGroupConfig {
    return this.#options.config.of(this.key.groupId);
  }

  // Loading --------------------------------------------------------------------------------------------------------

  /** Reads the state, once however many ask. Rejects with a KafkaError. */
  load(): Promise<void> {
    if (this.#state !== undefined) return Promise.resolve();
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    const { coordinator, config } = this.#options;
    await this.partition.log.ready();
    const { leaderEpoch } = this.partition;
    const read = await coordinator.read(this.key, leaderEpoch);
    if (read.errorCode !== ErrorCode.NONE) throw persisterError(read.errorCode, read.errorMessage);
    const { stateEpoch, stateBatches } = read;
    this.#stateEpoch = stateEpoch;
    let { startOffset } = read;
    if (startOffset === -1) {
      startOffset = await this.#chooseStart();
      // Else a crash before the first acknowledgement would choose anew, and pass over what was delivered meanwhile.
      const chosen = { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount: 0, stateBatches: [] };
      const written = await coordinator.write(this.key, chosen);
      if (written.errorCode !== ErrorCode.NONE) throw persisterError(written.errorCode, written.errorMessage);
    }
    const { groupId } = this.key;
    const limits = {
      get maxInFlightRecords() {
        return config.of(groupId).maxInFlightRecords;
      },
      get maxDeliveryCount() {
        return config.of(groupId).maxDeliveryCount;
      },
      get lockDurationMs() {
        return config.of(groupId).lockDurationMs;
      },
      get isRenewEnabled() {
        return config.of(groupId).isRenewEnabled;
      },
    };
    this.#state = new SharePartition(limits, { startOffset, stateBatches });
  }

  /** share.auto.offset.reset */
  async #chooseStart(): Promise<number> {
    const { offsetReset } = this.#config;
    const { log, highWatermark } = this.partition;
    if (offsetReset === 'earliest') return log.logStartOffset;
    if (offsetReset === 'latest') return highWatermark;
    const found = await log.offsetForTimestamp(this.#options.clock.wallMs() - offsetReset, highWatermark);
    return found?.offset ?? highWatermark;
  }

  // Changes --------------------------------------------------------------------------------------------------------

  /** Resolves when it is persisted. Rejects with a KafkaError when nothing of it holds. */
  async acknowledge(memberId: string, acknowledgements: readonly Acknowledgement[]): Promise<void> {
    const state = this.#active();
    const change = state.acknowledge(memberId, acknowledgements, this.#nowMs());
    this.planExpiry();
    if (change !== null) await this.#persist(state, change);
  }

  /** The member is gone. Resolves when what it held can be delivered to others; rejects with a KafkaError. */
  async release(memberId: string): Promise<void> {
    const state = this.#active();
    const change = state.releaseMember(memberId);
    if (change !== null) await this.#persist(state, change);
  }

  #active(): SharePartition {
    const { state } = this;
    if (state !== undefined) return state;
    throw new KafkaError(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      'Nothing of this partition is out for delivery.',
    );
  }

  async #persist(state: SharePartition, change: StateChange): Promise<void> {
    const error = await this.#write(change);
    const isNews = state.settle(change, error === undefined, this.#nowMs());
    this.planExpiry();
    if (isNews) this.wake();
    if (error === undefined) return;
    if (FENCING_CODES.has(error.code)) this.fence();
    throw error;
  }

  async #write({
    startOffset,
    deliveryCompleteCount,
    stateBatches,
  }: StateChange): Promise<KafkaError | undefined> {
    const { errorCode, errorMessage } = await this.#options.coordinator.write(this.key, {
      ...{ stateEpoch: this.#stateEpoch, leaderEpoch: this.partition.leaderEpoch },
      ...{ startOffset, deliveryCompleteCount, stateBatches },
    });
    return errorCode === ErrorCode.NONE ? undefined : persisterError(errorCode, errorMessage);
  }

  /** From here on nothing is given out or taken back: who waits has to look again. */
  fence(): void {
    if (this.#isFenced) return;
    this.#isFenced = true;
    this.#timer?.cancel();
    this.#options.onFenced();
    this.wake();
  }

  wake(except?: Wait): void {
    for (const wait of [...this.waits]) if (wait !== except) wait.end();
  }

  // Locks ----------------------------------------------------------------------------------------------------------

  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  /** To be called when locks may have been given out. */
  planExpiry(): void {
    const atMs = this.#state?.nextLockEndMs() ?? Number.POSITIVE_INFINITY;
    if (this.#isFenced || atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#options.timers.after(Math.max(0, atMs - this.#nowMs()), () => this.#expire());
  }

  #expire(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const { state } = this;
    if (state === undefined) return;
    const change = state.expireLocks(this.#nowMs());
    this.planExpiry();
    if (change === null) return;
    this.wake();
    this.#persist(state, change).catch((error: unknown) => {
      // They are available all the same; only after a restart would they count one delivery less.
      this.#options.logger.warn(
        { ...this.key, err: toKafkaError(error) },
        'The end of locks could not be persisted',
      );
    });
  }
}

/** What members are told: they know the partition, not who keeps its state. */
function persisterError(errorCode: number, errorMessage: string | null): KafkaError {
  const message = errorMessage ?? 'The share state could not be kept.';
  switch (errorCode) {
    case ErrorCode.NOT_COORDINATOR:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
      return new KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, message);
    case ErrorCode.GROUP_ID_NOT_FOUND:
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
      return new KafkaError(errorCode, message);
    case ErrorCode.FENCED_LEADER_EPOCH:
    case ErrorCode.FENCED_STATE_EPOCH:
      return new KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER, message);
    default:
      return new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, message);
  }
}
