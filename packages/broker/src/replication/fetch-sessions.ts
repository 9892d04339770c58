// Incremental fetch sessions (KIP-227): the broker remembers which partitions a client fetches, so that a request
// names only what changed and an answer carries only partitions that have news.
//
// Invariants: at most `maxSessions` sessions live at once, and have at most MAX_PARTITIONS in all; a session's epoch goes up by one with every request served
// in it; a session holds partitions by topic id or by topic name, never both; a session is unknown to everybody but the principal who opened it,
// for ids can be guessed (in Kafka whoever guesses one learns the names in it, and breaks it).

import type { Clock, Random } from '@moldau/io';
import { ErrorCode, type Uuid } from '@moldau/protocol';

const NO_SESSION = 0;
const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;
const MAX_EPOCH = 0x7fffffff;
/** A few hundred megabytes. Who names more than there is room for fetches without a session. */
const MAX_PARTITIONS = 1_000_000;

/** One partition as a client fetches it. */
export interface FetchedPartition {
  /** '' when the request names the topic by id. */
  topic: string;
  /** The zero uuid when the request names the topic. */
  topicId: Uuid;
  index: number;
  fetchOffset: number;
  maxBytes: number;
  /** -1 when the client does not know it. */
  currentLeaderEpoch: number;
  /** -1 when the client does not know it (KIP-320). */
  lastFetchedEpoch: number;
  /** What the client was last told, so that changes can be seen. */
  sentHighWatermark: number;
  sentLogStartOffset: number;
}

export interface ForgottenPartitions {
  topic: string;
  topicId: Uuid;
  partitions: readonly number[];
}

export interface FetchSessionRequest {
  /** As in 'User:ada'. */
  principal: string;
  sessionId: number;
  sessionEpoch: number;
  usesTopicIds: boolean;
  partitions: FetchedPartition[];
  forgotten: readonly ForgottenPartitions[];
}

/** What a fetch is about once its session has been consulted. */
export interface SessionView {
  /** A session error to answer with, or NONE. */
  readonly errorCode: number;
  /** To be answered; 0 when there is no session. */
  readonly sessionId: number;
  /** The partitions to read, the longest unserved first. */
  readonly partitions: readonly FetchedPartition[];
  /** True when only partitions with news belong in the answer. */
  readonly isIncremental: boolean;
  /** A partition was given data: it moves behind the others, so that a small maxBytes starves none. */
  served(partition: FetchedPartition): void;
}

export class FetchSessions {
  readonly #sessions = new Map<number, Session>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #maxSessions: number;
  readonly #evictionMs: number;
  readonly #maxPartitions: number;
  #partitionCount = 0;

  /** @param options.evictionMs a session unused for this long may make room for another. */
  constructor(options: {
    clock: Clock;
    random: Random;
    maxSessions: number;
    evictionMs?: number;
    maxPartitions?: number;
  }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#maxSessions = options.maxSessions;
    this.#evictionMs = options.evictionMs ?? 120_000;
    this.#maxPartitions = options.maxPartitions ?? MAX_PARTITIONS;
  }

  get count(): number {
    return this.#sessions.size;
  }

  view(request: FetchSessionRequest): SessionView {
    const isFull = request.sessionEpoch === INITIAL_EPOCH || request.sessionEpoch === FINAL_EPOCH;
    return isFull ? this.#viewFull(request) : this.#viewIncremental(request);
  }

  /** The session to be answered when nothing was read after all: none for one that has only been asked for, so that its client asks again. */
  throttled({ sessionId, isIncremental }: SessionView): number {
    if (isIncremental) return sessionId;
    this.#remove(this.#sessions.get(sessionId));
    return NO_SESSION;
  }

  #viewFull(request: FetchSessionRequest): SessionView {
    this.#remove(this.#sessionOf(request));
    if (request.sessionEpoch === FINAL_EPOCH || !this.#makeRoom(request.partitions.length)) {
      return sessionless(request.partitions);
    }
    const session = new Session(this.#newId(), request);
    session.lastUsedMs = this.#clock.monotonicMs();
    this.#sessions.set(session.id, session);
    this.#partitionCount += session.size;
    return session.view(false);
  }

  #viewIncremental(request: FetchSessionRequest): SessionView {
    const session = this.#sessionOf(request);
    if (session === undefined) return sessionError(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    if (session.usesTopicIds !== request.usesTopicIds)
      return sessionError(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
    if (session.epoch !== request.sessionEpoch) return sessionError(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    this.#partitionCount -= session.size;
    session.update(request.partitions, request.forgotten);
    this.#partitionCount += session.size;
    if (session.size === 0) {
      this.#remove(session);
      return sessionless([]);
    }
    if (this.#partitionCount > this.#maxPartitions) {
      this.#remove(session);
      return sessionError(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    }
    session.epoch = session.epoch === MAX_EPOCH ? 1 : session.epoch + 1;
    session.lastUsedMs = this.#clock.monotonicMs();
    // The map's order is the order of last use: the first is the one to evict.
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
    return session.view(true);
  }

  #sessionOf({ sessionId, principal }: FetchSessionRequest): Session | undefined {
    const session = this.#sessions.get(sessionId);
    return session?.principal === principal ? session : undefined;
  }

  #remove(session: Session | undefined): void {
    if (session === undefined || !this.#sessions.delete(session.id)) return;
    this.#partitionCount -= session.size;
  }

  /** Sessions that were not used lately make way. */
  #makeRoom(partitionCount: number): boolean {
    const isFull = (): boolean =>
      this.#sessions.size >= this.#maxSessions || this.#partitionCount + partitionCount > this.#maxPartitions;
    while (isFull()) {
      const oldest = this.#sessions.values().next().value;
      if (oldest === undefined || this.#clock.monotonicMs() - oldest.lastUsedMs < this.#evictionMs)
        return false;
      this.#remove(oldest);
    }
    return true;
  }

  #newId(): number {
    for (;;) {
      const id = this.#random.bytes(4).readUInt32BE(0) & MAX_EPOCH;
      if (id !== NO_SESSION && !this.#sessions.has(id)) return id;
    }
  }
}

class Session {
  readonly id: number;
  readonly principal: string;
  readonly usesTopicIds: boolean;
  epoch = 1;
  lastUsedMs = 0;
  /** In the order in which they are to be read next. */
  readonly #partitions = new Map<string, FetchedPartition>();

  constructor(id: number, { principal, usesTopicIds, partitions }: FetchSessionRequest) {
    this.id = id;
    this.principal = principal;
    this.usesTopicIds = usesTopicIds;
    for (const partition of partitions)
      this.#partitions.set(this.#keyOf(partition, partition.index), partition);
  }

  get size(): number {
    return this.#partitions.size;
  }

  update(changed: readonly FetchedPartition[], forgotten: readonly ForgottenPartitions[]): void {
    for (const partition of changed) {
      const key = this.#keyOf(partition, partition.index);
      const known = this.#partitions.get(key);
      if (known === undefined) {
        this.#partitions.set(key, partition);
        continue;
      }
      known.fetchOffset = partition.fetchOffset;
      known.maxBytes = partition.maxBytes;
      known.currentLeaderEpoch = partition.currentLeaderEpoch;
      known.lastFetchedEpoch = partition.lastFetchedEpoch;
    }
    for (const topic of forgotten) {
      for (const index of topic.partitions) this.#partitions.delete(this.#keyOf(topic, index));
    }
  }

  view(isIncremental: boolean): SessionView {
    return {
      errorCode: ErrorCode.NONE,
      sessionId: this.id,
      partitions: [...this.#partitions.values()],
      isIncremental,
      served: (partition) => {
        const key = this.#keyOf(partition, partition.index);
        if (this.#partitions.get(key) !== partition) return;
        this.#partitions.delete(key);
        this.#partitions.set(key, partition);
      },
    };
  }

  #keyOf(topic: { topic: string; topicId: Uuid }, index: number): string {
    return `${this.usesTopicIds ? topic.topicId : topic.topic}/${index}`;
  }
}

function sessionless(partitions: readonly FetchedPartition[]): SessionView {
  return { errorCode: ErrorCode.NONE, sessionId: NO_SESSION, partitions, isIncremental: false, served() {} };
}

function sessionError(errorCode: number): SessionView {
  return { errorCode, sessionId: NO_SESSION, partitions: [], isIncremental: true, served() {} };
}
