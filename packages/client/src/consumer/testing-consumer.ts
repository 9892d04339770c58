// A consumer whose brokers are maps in memory: a log, the group's committed offsets, and a membership that does what the test says. What a broker would
// have survives the consumer, so that a crash is a consumer that is not used any more.

import { silentLogger } from '@moldau/io';
import { encodeBatch } from '@moldau/protocol';
import { ManualTime, SeededRandom } from '@moldau/testing';
import type { TopicPartition } from '../cluster/ask-leaders.ts';
import { ClosedError, type KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import { type Limits, within } from '../network/waiting.ts';
import type { Ports } from '../options/ports.ts';
import { bytes } from '../serdes/primitives.ts';
import type { OutgoingRecord, Plain } from '../topic.ts';
import { Consumer } from './consumer.ts';
import type {
  AssignedPartition,
  FetchedRecords,
  PartitionLag,
  Position,
  RecordFetcher,
  SeekTarget,
} from './fetching/types.ts';
import type {
  CommitOffset,
  CommittedOffset,
  GroupSubscription,
  Membership,
  MembershipHost,
  OffsetStore,
} from './groups/types.ts';
import { type ConsumerOptions, resolveConsumerOptions } from './options/consumer-options.ts';
import type { ConsumerRecord, TopicSerdes } from './records/consumer-record.ts';
import { RecordReader } from './records/record-reader.ts';
import { KnownTopics } from './subscription.ts';

const keyOf = ({ topic, partition }: TopicPartition): string => `${partition}:${topic}`;

/** What brokers have. */
export class FakeCluster {
  /** Values by partition; their index is the offset. */
  readonly logs = new Map<string, { key: string | null; value: string; leaderEpoch: number }[]>();
  readonly committed = new Map<string, CommittedOffset>();
  readonly commits: CommitOffset[] = [];
  readonly deadLetters: { topic: string; record: OutgoingRecord<Plain, Plain> }[] = [];
  /** What the next commits and lookups fail with. */
  readonly commitErrors: KafkaError[] = [];
  readonly committedErrors: KafkaError[] = [];
  /** Commits get no answer. */
  isSilent = false;
  readonly time = new ManualTime();
  readonly random: SeededRandom;
  readonly #arrivals = new Set<() => void>();

  constructor(seed = 1) {
    this.random = new SeededRandom(seed);
  }

  write(
    partition: TopicPartition,
    values: readonly (string | readonly [key: string, value: string])[],
    leaderEpoch = 1,
  ): void {
    const log = this.logs.get(keyOf(partition)) ?? [];
    this.logs.set(keyOf(partition), log);
    for (const each of values) {
      const [key, value] = typeof each === 'string' ? [null, each] : each;
      log.push({ key, value, leaderEpoch });
    }
    for (const arrived of [...this.#arrivals]) arrived();
  }

  /** Lets time pass until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    for (await this.time.advance(0); !isSettled; ) {
      const stepMs = this.time.nextDueMs - this.time.monotonicMs();
      if (stepMs > 600_000) throw new Error('not settled, and nothing is due');
      await this.time.advance(stepMs);
    }
    return await promise;
  }

  onArrival(arrived: () => void): () => void {
    this.#arrivals.add(arrived);
    return () => void this.#arrivals.delete(arrived);
  }

  read(
    partition: TopicPartition,
    from: number,
    count: number,
    serdes: TopicSerdes<unknown, unknown>,
  ): ConsumerRecord<unknown, unknown>[] {
    const records: ConsumerRecord<unknown, unknown>[] = [];
    const log = this.logs.get(keyOf(partition)) ?? [];
    for (let offset = from; offset < Math.min(log.length, from + count); offset++) {
      const { key, value, leaderEpoch } = log[offset]!;
      const record = {
        timestamp: offset,
        key: key === null ? null : Buffer.from(key),
        value: Buffer.from(value),
      };
      const batch = encodeBatch({ records: [record], baseOffset: offset, partitionLeaderEpoch: leaderEpoch });
      const { topic, partition: index } = partition;
      const reader = new RecordReader(
        { topic, partition: index, brokerId: 1, serdes, fromOffset: 0, bytes: batch },
        { isolation: 'read-uncommitted', checkCrcs: false, maxDecompressedBytes: 1_000_000 },
      );
      reader.read(1, records);
    }
    return records;
  }

  readonly offsets: OffsetStore = {
    commit: async (offsets, { timeoutMs = 60_000, signal } = {}) => {
      await Promise.resolve();
      if (this.isSilent) await this.#silence({ deadlineMs: this.time.monotonicMs() + timeoutMs, signal });
      const error = this.commitErrors.shift();
      if (error !== undefined) throw error;
      for (const each of offsets) {
        this.commits.push(each);
        const { topic, partition, offset, leaderEpoch, metadata = '' } = each;
        this.committed.set(keyOf(each), { topic, partition, offset, leaderEpoch, metadata });
      }
    },
    committed: async (partitions) => {
      await Promise.resolve();
      const error = this.committedErrors.shift();
      if (error !== undefined) throw error;
      return partitions.map((each) => this.committed.get(keyOf(each)));
    },
  };

  async #silence(limits: Limits): Promise<void> {
    const time = { clock: this.time, timers: this.time };
    await within(time, limits, new Promise(() => {}), () => new TimeoutError('nothing came'));
  }
}

export class FakeFetcher implements RecordFetcher {
  readonly #cluster: FakeCluster;
  readonly #serdesOf: KnownTopics['serdesOf'];
  readonly partitions = new Map<string, TopicPartition & { position: Position; isPaused: boolean }>();
  /** Thrown by the next take(). */
  readonly errors: Error[] = [];
  /** Of those, nothing comes: as when a broker does not answer. */
  readonly stuck = new Set<string>();
  isClosed = false;
  #turn = 0;
  readonly #wakes = new Set<() => void>();

  constructor(cluster: FakeCluster, serdesOf: KnownTopics['serdesOf']) {
    this.#cluster = cluster;
    this.#serdesOf = serdesOf;
  }

  assign(partitions: readonly AssignedPartition[]): void {
    for (const { topic, partition, position = { offset: 0 } } of partitions)
      this.partitions.set(keyOf({ topic, partition }), { topic, partition, position, isPaused: false });
    this.wake();
  }

  unassign(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.partitions.delete(keyOf(each));
  }

  assigned(): TopicPartition[] {
    return [...this.partitions.values()];
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#of(each).isPaused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#of(each).isPaused = false;
    this.wake();
  }

  paused(): TopicPartition[] {
    return [...this.partitions.values()].filter(({ isPaused }) => isPaused);
  }

  seek(partition: TopicPartition, to: SeekTarget): void {
    const end = this.#cluster.logs.get(keyOf(partition))?.length ?? 0;
    const isPosition = typeof to === 'object' && 'offset' in to;
    this.#of(partition).position = isPosition ? to : { offset: to === 'latest' ? end : 0 };
    this.wake();
  }

  position(partition: TopicPartition): Position | undefined {
    return this.partitions.get(keyOf(partition))?.position;
  }

  lagOf(): PartitionLag {
    return {
      records: undefined,
      highWatermark: undefined,
      lastStableOffset: undefined,
      logStartOffset: undefined,
    };
  }

  take(maxRecords: number): FetchedRecords | undefined {
    const error = this.errors.shift();
    if (error !== undefined) throw error;
    const partitions = [...this.partitions.values()];
    for (let index = 0; index < partitions.length; index++) {
      const state = partitions[(this.#turn + index) % partitions.length]!;
      if (state.isPaused || this.stuck.has(keyOf(state))) continue;
      const { topic, partition, position } = state;
      const serdes = this.#serdesOf(topic) ?? { key: bytes(), value: bytes() };
      const records = this.#cluster.read(state, position.offset, maxRecords, serdes);
      if (records.length === 0) continue;
      this.#turn += index + 1;
      const { offset, leaderEpoch } = records.at(-1)!;
      state.position = { offset: offset + 1, leaderEpoch };
      return { topic, partition, records, nextPosition: state.position };
    }
    return undefined;
  }

  async whenReady(signal?: AbortSignal): Promise<void> {
    if (this.isClosed) throw new ClosedError();
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => reject(signal?.reason);
    this.#wakes.add(resolve);
    const forget = this.#cluster.onArrival(resolve);
    signal?.addEventListener('abort', abort);
    try {
      await promise;
    } finally {
      this.#wakes.delete(resolve);
      forget();
      signal?.removeEventListener('abort', abort);
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  wake(): void {
    for (const wake of this.#wakes) wake();
  }

  #of(partition: TopicPartition) {
    const state = this.partitions.get(keyOf(partition));
    if (state === undefined) throw new Error(`${keyOf(partition)} is not assigned`);
    return state;
  }
}

/** Does what the test says. */
export class FakeMembership implements Membership {
  readonly followsRebalances = true;
  assignment: TopicPartition[] = [];
  state = 'idle' as const;
  subscription: GroupSubscription | undefined;
  readonly rejoins: string[] = [];
  pokes = 0;
  isLeft = false;
  readonly host: MembershipHost;

  constructor(host: MembershipHost) {
    this.host = host;
  }

  start(): void {}

  subscribe(subscription: GroupSubscription): void {
    this.subscription = subscription;
  }

  async give(...partitions: TopicPartition[]): Promise<void> {
    this.assignment.push(...partitions);
    await this.host.assigned(partitions);
  }

  async takeAway(...partitions: TopicPartition[]): Promise<void> {
    await this.host.revoked(partitions);
    this.assignment = this.assignment.filter(
      (each) => !partitions.some((gone) => keyOf(gone) === keyOf(each)),
    );
  }

  lose(...partitions: TopicPartition[]): void {
    this.assignment = this.assignment.filter(
      (each) => !partitions.some((gone) => keyOf(gone) === keyOf(each)),
    );
    this.host.lost(partitions);
  }

  async leave(): Promise<void> {
    if (!this.isLeft) await this.host.revoked(this.assignment);
    this.isLeft = true;
  }

  groupMetadata() {
    return { groupId: 'group', generationId: 1, memberId: 'me', groupInstanceId: undefined };
  }

  rejoin(reason: string): void {
    this.rejoins.push(reason);
  }

  poke(): void {
    this.pokes++;
  }
}

/** One consumer on it. */
export class FakeWorld {
  readonly cluster: FakeCluster;
  readonly topics = new KnownTopics();
  readonly fetcher: FakeFetcher;
  readonly consumer: Consumer;
  readonly reconnects: TopicPartition[][] = [];
  #membership: FakeMembership | undefined;

  constructor(cluster: FakeCluster, options: ConsumerOptions = {}) {
    this.cluster = cluster;
    this.fetcher = new FakeFetcher(cluster, this.topics.serdesOf);
    const { time, random } = cluster;
    const ends = async (partitions: readonly TopicPartition[]): Promise<number[]> =>
      partitions.map((each) => cluster.logs.get(keyOf(each))?.length ?? 0);
    const settings = resolveConsumerOptions({ groupId: 'group', ...options });
    this.consumer = new Consumer({
      ports: { clock: time, timers: time, random, logger: silentLogger } as unknown as Ports,
      ...{ settings, topics: this.topics, fetcher: this.fetcher, retryBackoffMaxMs: 1_000 },
      queries: {
        ends,
        watermarks: async (partitions) =>
          (await ends(partitions)).map((high, index) => ({ ...partitions[index]!, low: 0, high })),
        forTimes: async () => [],
      },
      watchPartitions: () => () => {},
      group: {
        offsets: () => cluster.offsets,
        join: (host) => {
          this.#membership = new FakeMembership(host);
          return this.#membership;
        },
      },
      reconnect: (partitions) => void this.reconnects.push([...partitions]),
      deadLetters: {
        send: async (topic, record) => void cluster.deadLetters.push({ topic, record }),
        close: async () => {},
      },
      disconnect: async () => {},
    });
  }

  get membership(): FakeMembership {
    if (this.#membership === undefined) throw new Error('nothing is consumed yet');
    return this.#membership;
  }
}
