// Brokers in memory with logs to fetch from: as a broker answers ListOffsets, OffsetForLeaderEpoch and Fetch, sessions included, with what a test
// scripts in place of an answer.

import {
  ErrorCode,
  encodeBatch,
  type FetchRequest,
  type FetchResponse,
  fetchRequest,
  type fetchResponse,
  type InferInput,
  type ListOffsetsRequest,
  listOffsetsRequest,
  type listOffsetsResponse,
  type OffsetForLeaderEpochRequest,
  offsetForLeaderEpochRequest,
  type offsetForLeaderEpochResponse,
} from '@moldau/protocol';
import { Cluster } from '../../cluster/cluster.ts';
import { ClientWorld, metadataOf, ScriptedBroker } from '../../network/testing-network.ts';
import type { ClientOptions } from '../../options/client-options.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';
import { Fetcher } from './fetcher.ts';
import { FETCH_DEFAULTS, type FetchSettings } from './types.ts';

type FetchAnswer = InferInput<typeof fetchResponse>;
type PartitionAnswer = FetchAnswer['responses'][number]['partitions'][number];
type AskedPartition = FetchRequest['topics'][number]['partitions'][number];

export const TOPIC = 'orders';
export const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';

/** One partition. Values are its offsets as texts, unless given. */
export class ScriptedLog {
  readonly entries: { readonly baseOffset: number; readonly nextOffset: number; bytes: Buffer }[] = [];
  startOffset = 0;
  endOffset = 0;
  /** Where each leader epoch begins. */
  readonly epochs: { readonly epoch: number; readonly startOffset: number }[] = [];
  abortedTransactions: { producerId: number; firstOffset: number }[] | null = null;

  append(
    count: number,
    { epoch = 1, timestampMs = 1, valueBytes = 0, compression = 'none' as const } = {},
  ): this {
    const baseOffset = this.endOffset;
    const records = Array.from({ length: count }, (_, index) => ({
      timestamp: timestampMs,
      key: null,
      value: valueBytes > 0 ? Buffer.alloc(valueBytes, 1) : Buffer.from(String(baseOffset + index)),
    }));
    this.endOffset += count;
    if (this.epochs.at(-1)?.epoch !== epoch) this.epochs.push({ epoch, startOffset: baseOffset });
    const bytes = encodeBatch({ records, baseOffset, partitionLeaderEpoch: epoch, compression });
    this.entries.push({ baseOffset, nextOffset: this.endOffset, bytes });
    return this;
  }

  /** A leader that lacks what is behind `endOffset`. */
  cutBack(endOffset: number): void {
    while ((this.entries.at(-1)?.nextOffset ?? 0) > endOffset) this.entries.pop();
    while ((this.epochs.at(-1)?.startOffset ?? 0) >= endOffset) this.epochs.pop();
    this.endOffset = endOffset;
  }

  /** As brokers do: the first batch whole where it is the first of the answer, else nothing in place of a part of it. */
  read(fromOffset: number, maxBytes: number, isFirst: boolean, cutsOff = false): Buffer {
    const entries = this.entries.filter(({ nextOffset }) => nextOffset > fromOffset);
    const firstBytes = entries[0]?.bytes.length ?? 0;
    if (firstBytes > maxBytes && !cutsOff) return isFirst ? entries[0]!.bytes : Buffer.alloc(0);
    return Buffer.concat(entries.map(({ bytes }) => bytes)).subarray(0, maxBytes);
  }

  /** The end of the highest epoch up to this one. */
  endOfEpoch(epoch: number): { epoch: number; endOffset: number } {
    const index = this.epochs.findLastIndex((each) => each.epoch <= epoch);
    const found = this.epochs[index];
    if (found === undefined) return { epoch: -1, endOffset: -1 };
    return { epoch: found.epoch, endOffset: this.epochs[index + 1]?.startOffset ?? this.endOffset };
  }
}

interface Session {
  epoch: number;
  readonly partitions: Map<string, AskedPartition & { readonly name: string; readonly id: string }>;
}

export class LogBroker extends ScriptedBroker {
  readonly fetches: { request: FetchRequest; version: number }[] = [];
  readonly lookups: ListOffsetsRequest[] = [];
  readonly validations: OffsetForLeaderEpochRequest[] = [];
  readonly sessions = new Map<number, Session>();
  /** In place of what a partition would answer. */
  script: ((asked: AskedPartition, topic: string) => Partial<PartitionAnswer> | undefined) | undefined;
  /** In place of a whole answer. */
  refuse: ((request: FetchRequest) => number) | undefined;
  endpoints: FetchResponse['nodeEndpoints'] = [];
  sessionsLeft = Number.POSITIVE_INFINITY;
  /** How long an answer is on its way. */
  answerDelayMs = 0;
  /** A broker from before version 3 of Fetch. */
  cutsOff = false;
  readonly #cluster: LogCluster;
  #nextSession = 100;

  constructor(cluster: LogCluster) {
    super(() => cluster.metadata());
    this.#cluster = cluster;
    this.serve(listOffsetsRequest.apiKey, [1, 11], (request: ListOffsetsRequest) => this.#lookUp(request));
    this.serve(offsetForLeaderEpochRequest.apiKey, [0, 4], (request: OffsetForLeaderEpochRequest) =>
      this.#validate(request),
    );
    this.serve(fetchRequest.apiKey, [4, 18], (request: FetchRequest, version: number) =>
      this.#fetch(request, version),
    );
  }

  #lookUp(request: ListOffsetsRequest): InferInput<typeof listOffsetsResponse> {
    this.lookups.push(request);
    const find = (topic: string, partition: number, timestamp: number): number => {
      const { startOffset, endOffset, entries } = this.#cluster.log(partition, topic);
      if (timestamp === -2) return startOffset;
      if (timestamp === -1) return endOffset;
      return entries.find(({ bytes }) => Number(bytes.readBigInt64BE(35)) >= timestamp)?.baseOffset ?? -1;
    };
    return {
      topics: request.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => ({
          ...{ partitionIndex, errorCode: 0 },
          offset: find(name, partitionIndex, timestamp),
          leaderEpoch: -1,
        })),
      })),
    };
  }

  #validate(request: OffsetForLeaderEpochRequest): InferInput<typeof offsetForLeaderEpochResponse> {
    this.validations.push(request);
    return {
      topics: request.topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, leaderEpoch }) => {
          const { epoch, endOffset } = this.#cluster.log(partition, topic).endOfEpoch(leaderEpoch);
          return { partition, errorCode: 0, leaderEpoch: epoch, endOffset };
        }),
      })),
    };
  }

  async #fetch(request: FetchRequest, version: number): Promise<FetchAnswer> {
    this.fetches.push({ request, version });
    const errorCode = this.refuse?.(request) ?? 0;
    const session = errorCode === 0 ? this.#sessionOf(request, version) : errorCode;
    if (typeof session === 'number') return { errorCode: session, responses: [] };
    const { sessionId, partitions, isWhole } = session;
    const deadlineMs = this.#cluster.world.time.monotonicMs() + request.maxWaitMs;
    for (;;) {
      const responses = this.#read(partitions, request, isWhole);
      const leftMs = deadlineMs - this.#cluster.world.time.monotonicMs();
      if (leftMs <= 0 || responses.some(({ isNews }) => isNews)) {
        const { time } = this.#cluster.world;
        if (this.answerDelayMs > 0) await new Promise<void>((come) => time.after(this.answerDelayMs, come));
        return {
          ...{ errorCode: 0, sessionId, nodeEndpoints: this.endpoints },
          responses: responses.map(({ topic, topicId, partitions }) => ({ topic, topicId, partitions })),
        };
      }
      await this.#cluster.changed(leftMs);
    }
  }

  #sessionOf(request: FetchRequest, version: number) {
    const asked = request.topics.flatMap(({ topic, topicId, partitions }) =>
      partitions.map((each) => ({ ...each, name: topic, id: topicId })),
    );
    const keyOf = (topic: string, topicId: string, partition: number): string =>
      `${version >= 13 ? topicId : topic}:${partition}`;
    const { sessionId, sessionEpoch } = request;
    if (version < 7 || sessionEpoch <= 0) {
      this.sessions.delete(sessionId);
      const partitions = new Map(asked.map((each) => [keyOf(each.name, each.id, each.partition), each]));
      if (version < 7 || sessionEpoch < 0 || this.sessions.size >= this.sessionsLeft)
        return { sessionId: 0, partitions, isWhole: true };
      const id = this.#nextSession++;
      this.sessions.set(id, { epoch: 1, partitions });
      return { sessionId: id, partitions, isWhole: true };
    }
    const session = this.sessions.get(sessionId);
    if (session === undefined) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
    if (session.epoch !== sessionEpoch) return ErrorCode.INVALID_FETCH_SESSION_EPOCH;
    session.epoch++;
    for (const each of asked) session.partitions.set(keyOf(each.name, each.id, each.partition), each);
    for (const { topic, topicId, partitions } of request.forgottenTopicsData)
      for (const partition of partitions) session.partitions.delete(keyOf(topic, topicId, partition));
    return { sessionId, partitions: session.partitions, isWhole: false };
  }

  #read(partitions: Session['partitions'], request: FetchRequest, isWhole: boolean) {
    let leftBytes = request.maxBytes;
    const responses = [];
    for (const [key, asked] of [...partitions]) {
      const topic = this.#cluster.nameOf(asked.name, asked.id);
      const answer = this.#partition(asked, topic, leftBytes, leftBytes === request.maxBytes);
      const bytes = answer.records?.length ?? 0;
      leftBytes -= bytes;
      const isNews =
        bytes > 0 ||
        answer.errorCode !== 0 ||
        answer.divergingEpoch !== undefined ||
        (answer.preferredReadReplica ?? -1) >= 0;
      if (!isNews && !isWhole) continue;
      // Those that got something are the last next time.
      if (bytes > 0) {
        partitions.delete(key);
        partitions.set(key, asked);
      }
      responses.push({ topic: asked.name, topicId: asked.id, partitions: [answer], isNews });
    }
    return responses;
  }

  #partition(
    asked: AskedPartition,
    topic: string | undefined,
    leftBytes: number,
    isFirst: boolean,
  ): PartitionAnswer {
    const { partition: partitionIndex, fetchOffset, lastFetchedEpoch, partitionMaxBytes } = asked;
    const none = { partitionIndex, highWatermark: -1, abortedTransactions: null, records: null };
    if (topic === undefined) return { ...none, errorCode: ErrorCode.UNKNOWN_TOPIC_ID };
    const scripted = this.script?.(asked, topic);
    if (scripted !== undefined) return { ...none, errorCode: 0, ...scripted };
    const log = this.#cluster.log(partitionIndex, topic);
    const { startOffset, endOffset, abortedTransactions } = log;
    if (this.#cluster.leaders[partitionIndex] !== this.#cluster.idOf(this))
      return { ...none, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER };
    if (lastFetchedEpoch >= 0) {
      const end = log.endOfEpoch(lastFetchedEpoch);
      if (end.epoch < lastFetchedEpoch || end.endOffset < fetchOffset)
        return { ...none, errorCode: 0, divergingEpoch: end };
    }
    if (fetchOffset < startOffset || fetchOffset > endOffset)
      return { ...none, errorCode: ErrorCode.OFFSET_OUT_OF_RANGE };
    const mostBytes = Math.min(partitionMaxBytes, Math.max(0, leftBytes));
    const records = log.read(fetchOffset, mostBytes, isFirst, this.cutsOff);
    return {
      ...{ partitionIndex, errorCode: 0, highWatermark: endOffset, lastStableOffset: endOffset },
      ...{ logStartOffset: startOffset, abortedTransactions, records },
    };
  }
}

export class LogCluster {
  readonly world: ClientWorld;
  readonly brokers: LogBroker[];
  /** By partition. */
  readonly leaders: number[];
  readonly topics = new Map<string, { id: string; logs: ScriptedLog[] }>();
  epoch = 1;
  #waiting = new Set<() => void>();

  constructor(seed: number, { brokers = 1, partitions = 1 } = {}) {
    this.world = new ClientWorld(seed);
    this.leaders = Array.from({ length: partitions }, (_, index) => 1 + (index % brokers));
    this.make(TOPIC, TOPIC_ID);
    this.brokers = Array.from({ length: brokers }, () => new LogBroker(this));
    for (const [index, broker] of this.brokers.entries())
      this.world.network.place(`b${index + 1}:9092`, broker);
  }

  get broker(): LogBroker {
    return this.brokers[0]!;
  }

  make(topic: string, id: string): void {
    this.topics.set(topic, { id, logs: this.leaders.map(() => new ScriptedLog()) });
  }

  log(partition = 0, topic = TOPIC): ScriptedLog {
    return this.topics.get(topic)!.logs[partition]!;
  }

  nameOf(topic: string, id: string): string | undefined {
    if (topic !== '') return topic;
    return [...this.topics].find(([, each]) => each.id === id)?.[0];
  }

  idOf(broker: LogBroker): number {
    return this.brokers.indexOf(broker) + 1;
  }

  metadata() {
    const addresses = this.brokers.map((_, index) => `b${index + 1}:9092`);
    const { leaders, epoch } = this;
    return metadataOf(
      addresses,
      [...this.topics].map(([name, { id }]) => ({ name, leaders, epoch, id })),
    );
  }

  /** Tells those that wait for records. */
  append(count: number, options: Parameters<ScriptedLog['append']>[1] & { partition?: number } = {}): void {
    this.log(options.partition ?? 0).append(count, { epoch: this.epoch, ...options });
    this.tell();
  }

  tell(): void {
    for (const wake of this.#waiting) wake();
  }

  changed(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        timer.cancel();
        resolve();
      };
      const timer = this.world.time.after(mostMs, wake);
      this.#waiting.add(wake);
    });
  }

  client(settings: Partial<FetchSettings> = {}, options: ClientOptions = {}) {
    const cluster = new Cluster(this.world.settings({ brokers: 'b1:9092', ...options }), this.world.ports);
    const fetcher = new Fetcher(cluster, { ...FETCH_DEFAULTS, autoOffsetReset: 'earliest', ...settings });
    return new LogClient(this.world, cluster, fetcher);
  }
}

export class LogClient {
  readonly #world: ClientWorld;
  readonly cluster: Cluster;
  readonly fetcher: Fetcher;

  constructor(world: ClientWorld, cluster: Cluster, fetcher: Fetcher) {
    this.#world = world;
    this.cluster = cluster;
    this.fetcher = fetcher;
  }

  /** The next records, as 'partition:offset'; lets time pass until there are some. */
  async take(count = 1_000): Promise<string[]> {
    return (await this.records(count)).map(({ partition, offset }) => `${partition}:${offset}`);
  }

  async records(count = 1_000): Promise<readonly ConsumerRecord<unknown, unknown>[]> {
    for (;;) {
      const taken = this.fetcher.take(count);
      if (taken !== undefined) return taken.records;
      await this.#world.until(this.fetcher.whenReady());
    }
  }

  async error(): Promise<unknown> {
    try {
      return await this.take();
    } catch (error) {
      return error;
    }
  }

  async close(): Promise<void> {
    await this.#world.until(this.fetcher.close());
    await this.cluster.close();
  }
}
