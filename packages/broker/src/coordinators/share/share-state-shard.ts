// Owns what one shard knows of share partitions: where they start, what is done in their windows, and the epochs that
// fence older leaders and older states. Rebuilt from the shard's log by `replay`.
//
// Invariants: answered only when committed; commands see what those before them have written, committed or not; when a
// write fails, what it said is forgotten again.

import { ErrorCode, type KafkaError, type Record } from '@moldau/protocol';
import { appendErrorCode } from '../runtime/coordinator-errors.ts';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import { Deadlines } from '../runtime/deadlines.ts';
import type { ShardEffects } from '../runtime/shard-effects.ts';
import type { CoordinatorShard } from '../runtime/shard-runtime.ts';
import {
  parseShareStateRecord,
  type ShareKey,
  type ShareStateChange,
  shareKeyText,
  shareTombstone,
  snapshotRecord,
  updateRecord,
} from './share-state-records.ts';
import { mergeStateBatches, type StateBatch } from './state-batches.ts';

export interface ShareStateShardOptions {
  readonly effects: ShardEffects;
  readonly wallMs: () => number;
  readonly partitionExists: (topicId: string, partition: number) => boolean;
  /** share.coordinator.snapshot.update.records.per.snapshot */
  readonly updatesPerSnapshot: () => number;
}

export interface ShareState {
  readonly snapshotEpoch: number;
  /** Set when the group's offsets are: writes of an older one are fenced. */
  readonly stateEpoch: number;
  /** Of the partition's leader: writes and reads of an older one are fenced. */
  readonly leaderEpoch: number;
  /** -1 when no offset has been chosen yet. */
  readonly startOffset: number;
  /** How many offsets after the start are done; -1 when that is not known. */
  readonly deliveryCompleteCount: number;
  readonly stateBatches: readonly StateBatch[];
  readonly createTimestamp: number;
  readonly writeTimestamp: number;
  readonly updatesSinceSnapshot: number;
  /** The highest epochs there have been: a state that is made anew begins with leader epoch 0 all the same. */
  readonly fence: { readonly stateEpoch: number; readonly leaderEpoch: number };
}

export interface ShareStateError {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface WriteShareState {
  readonly stateEpoch: number;
  readonly leaderEpoch: number;
  readonly startOffset: number;
  readonly deliveryCompleteCount: number;
  readonly stateBatches: readonly StateBatch[];
}

export type ReadShareState = ShareStateError &
  Pick<ShareState, 'stateEpoch' | 'startOffset' | 'stateBatches'>;
export type ShareStateSummary = ShareStateError &
  Pick<ShareState, 'stateEpoch' | 'leaderEpoch' | 'startOffset' | 'deliveryCompleteCount'>;

interface Entry {
  readonly key: ShareKey;
  /** What is in the log. */
  committed: ShareState | undefined;
  /** With what is on its way into it. */
  latest: ShareState | undefined;
  readonly pending: ShareStateChange[];
}

const NO_ERROR: ShareStateError = { errorCode: ErrorCode.NONE, errorMessage: null };
const NOTHING_READ = { stateEpoch: 0, startOffset: 0, stateBatches: [] };

export class ShareStateShard implements CoordinatorShard {
  readonly deadlines = new Deadlines();
  readonly #options: ShareStateShardOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: ShareStateShardOptions) {
    this.#options = options;
  }

  /** How many share partitions there are. */
  get count(): number {
    return this.#entries.size;
  }

  replay(record: Pick<Record, 'key' | 'value'>): boolean {
    const parsed = parseShareStateRecord(record);
    if (parsed === undefined) return false;
    const entry = this.#entry(parsed.key);
    entry.committed = changed(entry.committed, parsed.change);
    entry.latest = entry.committed;
    this.#forgetIfGone(entry);
    return true;
  }

  resume(): void {}

  abandon(_errorCode: number): void {}

  // Commands -------------------------------------------------------------------------------------------------------

  initialize(
    key: ShareKey,
    wanted: { stateEpoch: number; startOffset: number },
    reply: (answer: ShareStateError) => void,
  ): void {
    const { partition, topicId } = key;
    const { stateEpoch, startOffset } = wanted;
    const state = this.#stateOf(key);
    const error =
      negativePartition(partition) ??
      fencedState(state, stateEpoch) ??
      this.#unknownPartition(topicId, partition);
    if (error !== undefined) {
      reply(error);
      return;
    }
    const nowMs = this.#options.wallMs();
    const value = {
      snapshotEpoch: state === undefined ? 0 : state.snapshotEpoch + 1,
      stateEpoch,
      leaderEpoch: 0,
      startOffset,
      deliveryCompleteCount: startOffset === -1 ? -1 : 0,
      createTimestamp: nowMs,
      writeTimestamp: nowMs,
      stateBatches: [],
    };
    this.#append(key, { kind: 'snapshot', value }, (failure) => reply(failed(failure)));
  }

  /** The reader is the partition's leader; from then on older leaders are fenced. */
  read(key: ShareKey, leaderEpoch: number, reply: (answer: ReadShareState) => void): void {
    const state = this.#stateOf(key);
    const error =
      negativePartition(key.partition) ??
      uninitialized(state, 'Read operation on uninitialized share partition not allowed.') ??
      fencedLeader(state, leaderEpoch) ??
      this.#unknownPartition(key.topicId, key.partition);
    if (error !== undefined || state === undefined) {
      reply({ ...NOTHING_READ, ...(error ?? NO_ERROR) });
      return;
    }
    const { stateEpoch, startOffset, stateBatches, deliveryCompleteCount } = state;
    const answer = { ...NO_ERROR, stateEpoch, startOffset, stateBatches };
    if (leaderEpoch === -1 || leaderEpoch === state.fence.leaderEpoch) {
      reply(answer);
      return;
    }
    const change = this.#writing(
      state,
      { startOffset, deliveryCompleteCount, stateBatches: [] },
      leaderEpoch,
    );
    this.#append(key, change, (failure) =>
      reply(failure === null ? answer : { ...NOTHING_READ, ...failed(failure) }),
    );
  }

  write(key: ShareKey, written: WriteShareState, reply: (answer: ShareStateError) => void): void {
    const state = this.#stateOf(key);
    const error =
      negativePartition(key.partition) ??
      uninitialized(state, 'Write operation on uninitialized share partition not allowed.') ??
      (written.leaderEpoch === -1 ? undefined : fencedLeader(state, written.leaderEpoch)) ??
      fencedState(state, written.stateEpoch) ??
      this.#unknownPartition(key.topicId, key.partition);
    if (error !== undefined || state === undefined) {
      reply(error ?? NO_ERROR);
      return;
    }
    this.#append(key, this.#writing(state, written, state.leaderEpoch), (failure) => reply(failed(failure)));
  }

  remove(key: ShareKey, reply: (answer: ShareStateError) => void): void {
    const error = negativePartition(key.partition) ?? this.#unknownPartition(key.topicId, key.partition);
    if (error !== undefined || this.#stateOf(key) === undefined) {
      reply(error ?? NO_ERROR);
      return;
    }
    this.#append(key, { kind: 'gone' }, (failure) => reply(failed(failure)));
  }

  /** Of a share partition that is not known: no offset. */
  summary(key: ShareKey): ShareStateSummary {
    const error = negativePartition(key.partition) ?? this.#unknownPartition(key.topicId, key.partition);
    if (error !== undefined)
      return { ...error, stateEpoch: 0, leaderEpoch: 0, startOffset: 0, deliveryCompleteCount: -1 };
    const state = this.#stateOf(key);
    if (state === undefined)
      return { ...NO_ERROR, stateEpoch: 0, leaderEpoch: 0, startOffset: -1, deliveryCompleteCount: -1 };
    const { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount } = state;
    return { ...NO_ERROR, stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount };
  }

  /** A topic is deleted: its share partitions are gone. */
  forgetTopic(topicId: string, done: () => void): void {
    const keys = [...this.#entries.values()].filter(
      ({ key, latest }) => key.topicId === topicId && latest !== undefined,
    );
    let open = keys.length + 1;
    const one = () => {
      open--;
      if (open === 0) done();
    };
    for (const { key } of keys) this.#append(key, { kind: 'gone' }, one);
    one();
  }

  /** Writes all that is known anew, so that what was written before is needed no more. */
  snapshotAll(settled: (error: KafkaError | null) => void): void {
    const nowMs = this.#options.wallMs();
    let failure: KafkaError | null = null;
    for (const { key, latest } of this.#entries.values()) {
      if (latest === undefined) continue;
      const { updatesSinceSnapshot: _updates, fence: _fence, ...state } = latest;
      const value = {
        ...state,
        snapshotEpoch: latest.snapshotEpoch + 1,
        writeTimestamp: nowMs,
        stateBatches: [...latest.stateBatches],
      };
      this.#append(key, { kind: 'snapshot', value }, (error) => {
        failure ??= error;
      });
    }
    this.#options.effects.append([], (error) => settled(error ?? failure));
  }

  // State ----------------------------------------------------------------------------------------------------------

  #writing(
    state: ShareState,
    written: Pick<WriteShareState, 'startOffset' | 'deliveryCompleteCount' | 'stateBatches'>,
    leaderEpoch: number,
  ): ShareStateChange {
    const { deliveryCompleteCount } = written;
    if (state.updatesSinceSnapshot < this.#options.updatesPerSnapshot()) {
      const stateBatches = mergeStateBatches([], written.stateBatches, written.startOffset);
      const value = {
        snapshotEpoch: state.snapshotEpoch,
        leaderEpoch,
        startOffset: written.startOffset,
        deliveryCompleteCount,
        stateBatches,
      };
      return { kind: 'update', value };
    }
    const startOffset = written.startOffset === -1 ? state.startOffset : written.startOffset;
    const nowMs = this.#options.wallMs();
    const value = {
      snapshotEpoch: state.snapshotEpoch + 1,
      stateEpoch: state.stateEpoch,
      leaderEpoch,
      startOffset,
      deliveryCompleteCount,
      createTimestamp: nowMs,
      writeTimestamp: nowMs,
      stateBatches: mergeStateBatches(state.stateBatches, written.stateBatches, startOffset),
    };
    return { kind: 'snapshot', value };
  }

  #append(key: ShareKey, change: ShareStateChange, settled: (error: KafkaError | null) => void): void {
    const entry = this.#entry(key);
    entry.latest = changed(entry.latest, change);
    entry.pending.push(change);
    this.#options.effects.append([recordOf(key, change)], (error) => {
      entry.pending.shift();
      if (error === null) {
        entry.committed = changed(entry.committed, change);
      } else {
        entry.latest = entry.pending.reduce(changed, entry.committed);
      }
      this.#forgetIfGone(entry);
      settled(error);
    });
  }

  #entry(key: ShareKey): Entry {
    const text = shareKeyText(key);
    let entry = this.#entries.get(text);
    if (entry === undefined) {
      entry = { key, committed: undefined, latest: undefined, pending: [] };
      this.#entries.set(text, entry);
    }
    return entry;
  }

  #stateOf(key: ShareKey): ShareState | undefined {
    return this.#entries.get(shareKeyText(key))?.latest;
  }

  #forgetIfGone({ key, committed, pending }: Entry): void {
    if (committed === undefined && pending.length === 0) this.#entries.delete(shareKeyText(key));
  }

  #unknownPartition(topicId: string, partition: number): ShareStateError | undefined {
    if (this.#options.partitionExists(topicId, partition)) return undefined;
    return {
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      errorMessage: 'This server does not host this topic-partition.',
    };
  }
}

function changed(state: ShareState | undefined, change: ShareStateChange): ShareState | undefined {
  if (change.kind === 'gone') return undefined;
  const { value } = change;
  const stateEpoch = change.kind === 'snapshot' ? change.value.stateEpoch : (state?.stateEpoch ?? 0);
  const fence = {
    stateEpoch: Math.max(stateEpoch, state?.fence.stateEpoch ?? stateEpoch),
    leaderEpoch: Math.max(value.leaderEpoch, state?.fence.leaderEpoch ?? value.leaderEpoch),
  };
  if (change.kind === 'snapshot') return { ...change.value, fence, updatesSinceSnapshot: 0 };
  const startOffset = value.startOffset === -1 ? (state?.startOffset ?? -1) : value.startOffset;
  return {
    ...{ fence, stateEpoch, startOffset },
    snapshotEpoch: state?.snapshotEpoch ?? value.snapshotEpoch,
    leaderEpoch: value.leaderEpoch === -1 && state !== undefined ? state.leaderEpoch : value.leaderEpoch,
    deliveryCompleteCount: value.deliveryCompleteCount,
    stateBatches: mergeStateBatches(state?.stateBatches ?? [], value.stateBatches, startOffset),
    createTimestamp: state?.createTimestamp ?? 0,
    writeTimestamp: state?.writeTimestamp ?? 0,
    updatesSinceSnapshot: (state?.updatesSinceSnapshot ?? 0) + 1,
  };
}

function recordOf(key: ShareKey, change: ShareStateChange): CoordinatorRecord {
  if (change.kind === 'gone') return shareTombstone(key);
  return change.kind === 'snapshot' ? snapshotRecord(key, change.value) : updateRecord(key, change.value);
}

function failed(error: KafkaError | null): ShareStateError {
  return error === null ? NO_ERROR : { errorCode: appendErrorCode(error), errorMessage: error.message };
}

function negativePartition(partition: number): ShareStateError | undefined {
  if (partition >= 0) return undefined;
  return {
    errorCode: ErrorCode.INVALID_REQUEST,
    errorMessage: 'The partition id cannot be a negative number.',
  };
}

function uninitialized(state: ShareState | undefined, errorMessage: string): ShareStateError | undefined {
  return state === undefined ? { errorCode: ErrorCode.INVALID_REQUEST, errorMessage } : undefined;
}

function fencedLeader(state: ShareState | undefined, leaderEpoch: number): ShareStateError | undefined {
  if (state === undefined || state.fence.leaderEpoch <= leaderEpoch) return undefined;
  return {
    errorCode: ErrorCode.FENCED_LEADER_EPOCH,
    errorMessage: 'The leader epoch in the request is older than the epoch on the broker.',
  };
}

function fencedState(state: ShareState | undefined, stateEpoch: number): ShareStateError | undefined {
  if (stateEpoch === -1 || state === undefined || state.fence.stateEpoch <= stateEpoch) return undefined;
  return {
    errorCode: ErrorCode.FENCED_STATE_EPOCH,
    errorMessage:
      'The share coordinator rejected the request because the share-group state epoch did not match.',
  };
}
