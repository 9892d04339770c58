// Brings records of the assigned partitions, ahead of those who take them: looks offsets up, follows leaders, fetches from each broker, and hands out what
// came, each partition in turn.
//
// Invariants
// - What is held and asked for is bounded by maxBufferedBytes. A paused partition keeps what it has, unless that leaves no room for those that go on.
// - Nothing is skipped or given twice: an answer counts only where the partition still is, and what is wrong with a partition is thrown by take().
// - take() gives nothing once in a while, until the event loop has turned: else a loop over it would keep answers, heartbeats and timers waiting.

import type { Timer } from '@moldau/io';
import { ErrorCode } from '@moldau/protocol';
import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { BrokerError, ClosedError, OptionsError } from '../../errors/kafka-error.ts';
import { Backoff } from '../../network/backoff.ts';
import { BrokerFetcher, type BrokerWork } from './broker-fetcher.ts';
import { validatePositions } from './epoch-validation.ts';
import type { FetchContext } from './fetch-context.ts';
import { FetchPartition } from './fetch-partition.ts';
import { Followed } from './followed-topics.ts';
import { MemoryBudget } from './memory-budget.ts';
import { lookUpOffsets } from './offset-lookup.ts';
import { Readiness } from './readiness.ts';
import { beginSomewhere, madeAnew } from './repositioning.ts';
import type {
  AssignedPartition,
  FetchedRecords,
  FetchSettings,
  PartitionLag,
  Position,
  RecordFetcher,
  SeekTarget,
} from './types.ts';

export class Fetcher implements RecordFetcher {
  readonly #cluster: Cluster;
  readonly #settings: FetchSettings;
  readonly #context: FetchContext;
  readonly #budget: MemoryBudget;
  readonly #partitions = new Map<string, FetchPartition>();
  readonly #brokers = new Map<number, BrokerFetcher>();
  readonly #readiness: Readiness;
  readonly #followed: Followed;
  readonly #closing = new AbortController();
  #isProceeding = false;
  #wake: { readonly timer: Timer; readonly atMs: number } | undefined;

  constructor(cluster: Cluster, settings: FetchSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#budget = new MemoryBudget(settings.maxBufferedBytes);
    this.#readiness = new Readiness(cluster.ports.timers);
    this.#followed = new Followed(cluster, (topics) => this.#onTopics(topics));
    const { retryBackoffMs, retryBackoffMaxMs } = cluster.settings;
    this.#context = {
      ...{ cluster, settings, budget: this.#budget, closing: this.#closing.signal },
      newBackoff: () => new Backoff(retryBackoffMs, retryBackoffMaxMs, cluster.ports.random),
      nowMs: () => cluster.ports.clock.monotonicMs(),
      ready: (partition) => this.#readiness.offer(partition),
      proceed: () => this.#proceed(),
      outdated: ({ topic }, reason) => cluster.outdated({ topics: [topic], reason }),
    };
  }

  assign(partitions: readonly AssignedPartition[]): void {
    this.#checkOpen();
    for (const each of partitions) {
      const key = keyOf(each);
      if (this.#partitions.has(key)) continue;
      const partition = new FetchPartition(each, {
        backoff: this.#context.newBackoff(),
        patienceMs: this.#cluster.settings.apiTimeoutMs,
      });
      this.#partitions.set(key, partition);
      this.#followed.add(each.topic);
      this.#followLeader(partition);
      if (each.position === undefined) beginSomewhere(partition, this.#context);
      else partition.goToUnsure(each.position);
    }
    this.#proceed();
  }

  unassign(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) {
      const partition = this.#partitions.get(keyOf(each));
      if (partition === undefined) continue;
      partition.remove();
      this.#partitions.delete(keyOf(each));
      this.#followed.remove(each.topic);
    }
    this.#proceed();
  }

  assigned(): TopicPartition[] {
    return [...this.#partitions.values()].map(plain);
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) this.#of(each).isPaused = true;
    this.#proceed();
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) {
      const partition = this.#of(each);
      partition.isPaused = false;
      this.#readiness.offer(partition);
    }
    this.#proceed();
  }

  paused(): TopicPartition[] {
    return [...this.#partitions.values()].filter(({ isPaused }) => isPaused).map(plain);
  }

  seek(where: TopicPartition, to: SeekTarget): void {
    const partition = this.#of(where);
    if (typeof to === 'string' || 'timestampMs' in to) partition.lookUp(to);
    else partition.goToUnsure(to);
    this.#proceed();
  }

  position(where: TopicPartition): Position | undefined {
    return this.#partitions.get(keyOf(where))?.position;
  }

  lagOf(where: TopicPartition): PartitionLag {
    return this.#of(where).lag(this.#settings.isolation === 'read-committed');
  }

  take(maxRecords: number): FetchedRecords | undefined {
    this.#checkOpen();
    for (
      let partition = this.#readiness.next();
      partition !== undefined;
      partition = this.#readiness.next()
    ) {
      if (!partition.isReady) continue;
      const { unreadBytes } = partition;
      const { heldBytes } = this.#budget;
      try {
        const taken = partition.take(Math.max(1, maxRecords));
        if (taken === undefined) continue;
        this.#readiness.gave(taken.records.length, unreadBytes - partition.unreadBytes);
        const { topic, partition: index, records } = taken;
        this.#cluster.instruments?.consumed({ topic, partition: index, recordCount: records.length });
        return taken;
      } finally {
        this.#readiness.offer(partition);
        const hadRoom = unreadBytes < this.#settings.partitionMaxBytes;
        const isRoomMade = !hadRoom && this.#hasRoom(partition);
        if (isRoomMade || this.#budget.heldBytes < heldBytes) this.#proceed();
      }
    }
    return undefined;
  }

  whenReady(signal?: AbortSignal): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(new ClosedError());
    return this.#readiness.wait(signal);
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const error = new ClosedError();
    this.#followed.close();
    this.#wake?.timer.cancel();
    this.#readiness.close(error);
    for (const partition of this.#partitions.values()) partition.remove();
    this.#partitions.clear();
    const farewells = [...this.#brokers.values()].map((broker) => broker.close());
    this.#closing.abort(error);
    await Promise.all(farewells);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new ClosedError();
  }

  #of(where: TopicPartition): FetchPartition {
    this.#checkOpen();
    const partition = this.#partitions.get(keyOf(where));
    if (partition !== undefined) return partition;
    throw new OptionsError(
      `Partition ${where.partition} of ${where.topic} is not assigned to this consumer: assign or subscribe first.`,
    );
  }

  #onTopics(topics: ReadonlySet<string>): void {
    for (const partition of this.#partitions.values())
      if (topics.has(partition.topic)) this.#followLeader(partition);
    this.#proceed();
  }

  #followLeader(partition: FetchPartition): void {
    const { metadata } = this.#cluster;
    const topic = metadata.topic(partition.topic);
    const known = topic?.partitions[partition.partition];
    if (topic === undefined || known === undefined) {
      partition.leaderId = undefined;
      return;
    }
    const isMadeAnew =
      topic.id !== undefined && partition.topicId !== undefined && topic.id !== partition.topicId;
    partition.topicId = topic.id ?? partition.topicId;
    if (partition.leaderId !== known.leaderId || isMadeAnew) {
      partition.preferred = undefined;
      partition.retryAtMs = 0;
    }
    partition.leaderId = known.leaderId;
    const isNewEpoch = known.leaderEpoch > partition.leaderEpoch;
    partition.leaderEpoch = known.leaderEpoch;
    if (isMadeAnew) madeAnew(partition, this.#context);
    else if (isNewEpoch && partition.state === 'fetch' && partition.fetchPosition?.leaderEpoch !== undefined)
      partition.state = 'validate';
  }

  #hasRoom(partition: FetchPartition): boolean {
    return partition.unreadBytes < this.#settings.partitionMaxBytes;
  }

  /** Who is asked for records; undefined while that is not known. */
  #brokerOf(partition: FetchPartition): number | undefined {
    const { brokers } = this.#cluster.metadata;
    const { preferred, leaderId } = partition;
    if (preferred !== undefined) {
      if (preferred.untilMs > this.#context.nowMs() && brokers.has(preferred.brokerId))
        return preferred.brokerId;
      partition.preferred = undefined;
    }
    return leaderId !== undefined && brokers.has(leaderId) ? leaderId : undefined;
  }

  #proceed(): void {
    if (this.#isProceeding || this.#closing.signal.aborted) return;
    this.#isProceeding = true;
    queueMicrotask(() => {
      this.#isProceeding = false;
      if (!this.#closing.signal.aborted) this.#doWhatIsDue();
    });
  }

  #doWhatIsDue(): void {
    const nowMs = this.#context.nowMs();
    const lookups: FetchPartition[] = [];
    const validations: FetchPartition[] = [];
    const leaderless: FetchPartition[] = [];
    const work = new Map<number, BrokerWork>();
    let wakeMs = Number.POSITIVE_INFINITY;
    this.#freeMemory();
    for (const partition of this.#partitions.values()) {
      if (partition.state === 'failed' || partition.isBusy()) continue;
      if (partition.retryAtMs > nowMs) wakeMs = Math.min(wakeMs, partition.retryAtMs);
      else if (partition.state === 'lookup') lookups.push(partition);
      else if (partition.state === 'validate') validations.push(partition);
      else this.#addFetch(partition, work, leaderless);
    }
    if (lookups.length > 0) void lookUpOffsets(lookups, this.#context);
    if (validations.length > 0) void validatePositions(validations, this.#context);
    if (leaderless.length > 0) this.#askForLeaders(leaderless, nowMs);
    for (const partition of leaderless) wakeMs = Math.min(wakeMs, partition.retryAtMs);
    for (const [brokerId, brokerWork] of work) {
      const retryAtMs = this.#broker(brokerId).fetch(brokerWork, work.size);
      if (retryAtMs !== undefined) wakeMs = Math.min(wakeMs, retryAtMs);
    }
    this.#wakeAt(wakeMs);
  }

  #addFetch(partition: FetchPartition, work: Map<number, BrokerWork>, leaderless: FetchPartition[]): void {
    if (partition.isPaused) return;
    const brokerId = this.#brokerOf(partition);
    if (brokerId === undefined) {
      leaderless.push(partition);
      return;
    }
    let group = work.get(brokerId);
    if (group === undefined) {
      group = { wanted: [], isHeldBack: false };
      work.set(brokerId, group);
    }
    if (this.#hasRoom(partition)) group.wanted.push(partition);
    else group.isHeldBack = true;
  }

  #askForLeaders(partitions: readonly FetchPartition[], nowMs: number): void {
    const { metadata } = this.#cluster;
    for (const partition of partitions) {
      const { topic, partition: index } = partition;
      const said = metadata.topicError(topic) ?? ErrorCode.NONE;
      const isKnown = metadata.partition(topic, index) !== undefined;
      const unknown = said === ErrorCode.NONE ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : said;
      const errorCode = isKnown ? ErrorCode.LEADER_NOT_AVAILABLE : unknown;
      const error = new BrokerError(errorCode, { topic, partition: index, operation: 'Read' });
      partition.trouble(error, nowMs, !error.retriable);
      this.#readiness.offer(partition);
    }
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    this.#cluster.outdated({ topics, reason: 'leaders to fetch from' });
  }

  /** What paused partitions hold is fetched again some day, if there is no room at all for the others. */
  #freeMemory(): void {
    if (this.#budget.freeBytes >= this.#settings.partitionMaxBytes) return;
    const all = [...this.#partitions.values()];
    if (all.some(({ isBuffered, isPaused }) => isBuffered && !isPaused)) return;
    for (const partition of all) if (partition.isBuffered) partition.dropBuffered();
  }

  #broker(brokerId: number): BrokerFetcher {
    let broker = this.#brokers.get(brokerId);
    if (broker === undefined) {
      broker = new BrokerFetcher(brokerId, this.#context);
      this.#brokers.set(brokerId, broker);
    }
    return broker;
  }

  #wakeAt(atMs: number): void {
    if (this.#wake?.atMs === atMs) return;
    this.#wake?.timer.cancel();
    this.#wake = undefined;
    if (atMs === Number.POSITIVE_INFINITY) return;
    const timer = this.#cluster.ports.timers.after(Math.max(0, atMs - this.#context.nowMs()), () => {
      this.#wake = undefined;
      this.#proceed();
    });
    this.#wake = { timer, atMs };
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}:${topic}`;
}

function plain({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
