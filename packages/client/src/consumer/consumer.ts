// A consumer: reads the partitions that its group or the application gives it, in one of several ways at a time, and commits what is done.
//
// Invariants
// - An offset is committed when the records before it are done, never before: what becomes of a crash is that some records come again.
// - Nothing begins before records are asked for: then the group is joined. Heartbeats depend on no handler.
// - close() awaits what is in hands within the time to drain, commits, leaves the group, and leaves no timer and no socket.

import type { TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions } from '../cluster/cluster.ts';
import type { TracedRecord, Tracing } from '../observability/tracing.ts';
import type { PartitionSession } from './assignment/partition-session.ts';
import { type Committable, commitExplicitly } from './commits/explicit-commit.ts';
import { ConsumerCore, type ConsumerParts } from './consumer-core.ts';
import { stopOn } from './consumption.ts';
import type { SeekTarget } from './fetching/types.ts';
import type { CommittedOffset, GroupMetadata } from './groups/types.ts';
import { BatchIteration, type BatchOptions } from './iteration/batch-iteration.ts';
import { ConsumerBatch } from './iteration/consumer-batch.ts';
import { RecordIteration } from './iteration/record-iteration.ts';
import { RecordStream, type StreamOptions } from './iteration/record-stream.ts';
import type { OffsetForTime, TimeQuery, Watermarks } from './positions/offset-queries.ts';
import { Processing } from './processing/processing.ts';
import { checkRunOptions, type RunOptions } from './processing/run-options.ts';
import type { ConsumerRecord } from './records/consumer-record.ts';
import type { PartitionInput, RecordOf, RecordOfPartition, SubscriptionInput } from './subscription.ts';

/** How far the end of a partition is. */
export interface Lag extends TopicPartition {
  /** Of the next record; undefined: it is not known yet. */
  readonly position: number | undefined;
  /** What the consumer's isolation may read ends there. */
  readonly end: number;
  readonly records: number | undefined;
}

/** R: the type of its records, as subscribe() and assign() say. */
export class Consumer<R = ConsumerRecord<unknown, unknown>> implements AsyncIterable<R>, AsyncDisposable {
  readonly #core: ConsumerCore;

  /** For kafka.consumer(). */
  constructor(parts: ConsumerParts) {
    this.#core = new ConsumerCore(parts);
  }

  /**
   * What to read, in place of what was subscribed before. Returns this consumer with the type of its records: those of a Topic are read with its serdes,
   * those of names and patterns as bytes.
   */
  subscribe<const S extends SubscriptionInput>(topics: S): Consumer<RecordOf<S>> {
    this.#core.subscribe(this.#core.parts.topics.subscription(topics));
    return this as unknown as Consumer<RecordOf<S>>;
  }

  /** Gives everything back and leaves the group. */
  unsubscribe(): void {
    this.#core.subscribe({ topics: [], patterns: [] });
  }

  /** Reads these partitions, in place of those assigned before, without a group's help. With a groupId offsets are committed nevertheless. */
  assign<const P extends PartitionInput>(partitions: readonly P[]): Consumer<RecordOfPartition<P>> {
    this.#core.assign(partitions.map((partition) => this.#core.parts.topics.partition(partition)));
    return this as unknown as Consumer<RecordOfPartition<P>>;
  }

  /**
   * Tells of all partitions that there are of these topics and patterns, as soon as that is known and whenever others are made, within metadataMaxAgeMs: for
   * assign(), which leaves those as they are that it has already. Returns how to end it; close() does, too.
   */
  watchPartitions(
    topics: SubscriptionInput,
    onPartitions: (partitions: readonly TopicPartition[]) => void,
  ): () => void {
    this.#core.requireOpen();
    return this.#core.parts.watchPartitions(this.#core.parts.topics.subscription(topics), onPartitions);
  }

  /** What is assigned now. */
  get assignment(): TopicPartition[] {
    return [...this.#core.assignment.sessions].filter(({ isOpen }) => isOpen).map(place);
  }

  /** Record by record: one is done when the next is asked for. Left by break or an error, the record in hand is not done, and comes again. */
  [Symbol.asyncIterator](): AsyncIterableIterator<R, undefined> {
    return new RecordIteration<R>(this.#core);
  }

  /** Some records at a time: a batch is done when it is committed, or the next is asked for. */
  batches(options: BatchOptions = {}): AsyncIterableIterator<ConsumerBatch<R>, undefined> {
    const { ports, tracing, settings } = this.#core.parts;
    const iteration = new BatchIteration<R>(this.#core, ports, {
      ...options,
      handedOut: tracing && ((records) => tracing.received(records, settings.groupId)),
    });
    stopOn(options.signal, iteration);
    return iteration;
  }

  /** A Readable of records, with back pressure. */
  stream(options: StreamOptions = {}): RecordStream<R> {
    return new RecordStream<R>(this.#core, options);
  }

  /**
   * Each record through a handler, many at a time, in the order that counts. Resolves when it was stopped, by a signal or close(); rejects when a handler failed
   * for good and there is nowhere to put its record aside, or when there is no reading on. What is done is committed before.
   */
  async run(options: RunOptions<R>): Promise<void> {
    checkRunOptions(options);
    const core = this.#core;
    const { ports, settings, deadLetters, tracing } = core.parts;
    const { groupId, drainTimeoutMs } = settings;
    const processing = new Processing<R>(
      tracing === undefined ? options : traced(options, tracing, groupId),
      {
        ...{ host: core, ports, groupId, drainTimeoutMs, send: deadLetters.send },
      },
    );
    const { onAssign, onRevoke, onLost } = options;
    const unlisten = core.listen({
      ...(onAssign === undefined ? {} : { onAssign }),
      ...(onRevoke === undefined ? {} : { onRevoke }),
      ...(onLost === undefined ? {} : { onLost }),
    });
    const release = stopOn(options.signal, processing);
    try {
      await processing.run();
    } finally {
      release();
      unlisten();
    }
  }

  /**
   * Without an argument what is done; else a record and those before it in its partition, a batch, or offsets of next records. Resolves when the group has it.
   * The record in hand of a loop is not done yet: commit(record) says that it is.
   */
  commit(options?: CallOptions): Promise<void>;
  commit(what: Committable<R> | readonly Committable<R>[], options?: CallOptions): Promise<void>;
  async commit(
    what: Committable<R> | readonly Committable<R>[] | CallOptions = {},
    options: CallOptions = {},
  ): Promise<void> {
    if (isCommittable(what)) {
      await commitExplicitly(this.#core, [what].flat() as Committable<R>[], options);
    } else {
      this.#core.requireGroup();
      await this.#core.committer.commitDone(this.#core.assignment.sessions, what as CallOptions);
    }
  }

  /** What the group has, in the order of the question; undefined where nothing is committed. */
  async committed(
    partitions: readonly TopicPartition[] = this.assignment,
    options: CallOptions = {},
  ): Promise<(CommittedOffset | undefined)[]> {
    return await this.#core.requireGroup().committed(partitions, options);
  }

  /** Nothing more of them is handed out until resume(): by default of all that are assigned. @throws KafkaError NOT_ASSIGNED */
  pause(partitions: readonly TopicPartition[] = this.assignment): void {
    for (const partition of partitions) this.#core.assignment.setPaused(partition, true);
  }

  resume(partitions: readonly TopicPartition[] = this.assignment): void {
    for (const partition of partitions) this.#core.assignment.setPaused(partition, false);
  }

  get paused(): TopicPartition[] {
    return [...this.#core.assignment.sessions]
      .filter(({ isOpen, isPaused }) => isOpen && isPaused)
      .map(place);
  }

  /** The next record comes from there, also in a loop that is under way; what is in hands counts no more. @throws KafkaError NOT_ASSIGNED */
  seek(partitions: TopicPartition | readonly TopicPartition[], to: number | SeekTarget): void {
    this.#core.assignment.seek(partitions, to);
  }

  /** Of the next record that is handed out; undefined: it is not known yet. @throws KafkaError NOT_ASSIGNED */
  position(partition: TopicPartition): number | undefined {
    return this.#positionOf(this.#core.assignment.require(partition));
  }

  /** From the first offset that can be read to the one behind the last, in the order of the question. */
  async watermarks(
    partitions: readonly TopicPartition[] = this.assignment,
    options: CallOptions = {},
  ): Promise<Watermarks[]> {
    return await this.#core.parts.queries.watermarks(partitions, options);
  }

  /** The first records that are not older, in the order of the question. */
  async offsetsForTimes(queries: readonly TimeQuery[], options: CallOptions = {}): Promise<OffsetForTime[]> {
    return await this.#core.parts.queries.forTimes(queries, options);
  }

  /** How far behind the end it is. */
  async lag(
    partitions: readonly TopicPartition[] = this.assignment,
    options: CallOptions = {},
  ): Promise<Lag[]> {
    const ends = await this.#core.parts.queries.ends(partitions, options);
    return partitions.map((partition, index) => {
      const session = this.#core.assignment.session(partition);
      const position = session === undefined ? undefined : this.#positionOf(session);
      const end = ends[index]!;
      const records = position === undefined ? undefined : Math.max(0, end - position);
      return { topic: partition.topic, partition: partition.partition, position, end, records };
    });
  }

  /** Which member of the group this is, for transactions. */
  groupMetadata(): GroupMetadata {
    this.#core.requireGroup();
    const { groupId, instanceId } = this.#core.parts.settings;
    return (
      this.#core.membership?.groupMetadata() ?? {
        ...{ groupId: groupId!, generationId: -1, memberId: '', groupInstanceId: instanceId },
      }
    );
  }

  /** Asks the group to assign anew. The reason is for people who read the broker's log. */
  enforceRebalance(reason = 'asked for by the application'): void {
    this.#core.requireGroup();
    this.#core.membership?.rejoin(reason);
  }

  /**
   * Ends loops and run(), awaits what is in hands for at most drainTimeoutMs, commits what is done (unless that is manual), leaves the group and closes the connections,
   * within timeoutMs (30 s). Inside a loop leave it first: close() waits for the record in hand. Safe to call twice; never rejects.
   */
  close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    return this.#core.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #positionOf(session: PartitionSession): number | undefined {
    return session.chunk?.next?.offset ?? this.#core.parts.fetcher.position(session)?.offset;
  }
}

/** Each record's handler runs in a span of its own. */
function traced<R>(options: RunOptions<R>, tracing: Tracing, groupId: string | undefined): RunOptions<R> {
  const { handler } = options;
  return {
    ...options,
    handler: (record, context) =>
      tracing.process(record as TracedRecord, groupId, () => handler(record, context)),
  };
}

function place({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}

/** Else they are options. */
function isCommittable(what: unknown): boolean {
  return Array.isArray(what) || what instanceof ConsumerBatch || 'partition' in (what as object);
}
