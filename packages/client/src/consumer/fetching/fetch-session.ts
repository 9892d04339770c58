// What one broker remembers of what we ask it for (KIP-227): requests tell only what has changed, answers only what has come.
//
// Invariant: `#sent` is what the broker knows, or will know when it has taken the request under way. When that is in doubt (no answer, or an error) the
// next request starts a session anew and tells all.

import { ErrorCode, type FetchRequest, type Uuid, ZERO_UUID } from '@moldau/protocol';
import type { FetchPartition } from './fetch-partition.ts';

/** What is asked of one partition. */
export interface FetchWish {
  readonly partition: FetchPartition;
  /** The partition's, when it was asked for. */
  readonly generation: number;
  readonly topic: string;
  readonly topicId: Uuid | undefined;
  readonly index: number;
  readonly fetchOffset: number;
  readonly currentLeaderEpoch: number;
  readonly lastFetchedEpoch: number;
  readonly maxBytes: number;
}

type SessionRequest = Pick<FetchRequest, 'sessionId' | 'sessionEpoch' | 'topics' | 'forgottenTopicsData'>;
type TopicRequest = FetchRequest['topics'][number];

const NO_SESSION = 0;
const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;
const MAX_EPOCH = 0x7fffffff;

export class FetchSession {
  #id = NO_SESSION;
  #epoch = INITIAL_EPOCH;
  #usesIds = true;
  #sent: ReadonlyMap<string, FetchWish> = new Map();

  get isOpen(): boolean {
    return this.#id !== NO_SESSION;
  }

  /** All that is wanted now. With `usesIds` topics go by their ids, which all of them have. */
  request(wishes: readonly FetchWish[], usesIds: boolean): SessionRequest {
    // A session knows topics by names or by ids.
    if (usesIds !== this.#usesIds) this.failed();
    this.#usesIds = usesIds;
    const isWhole = this.#epoch === INITIAL_EPOCH;
    const wanted = new Map<string, FetchWish>();
    const changed: FetchWish[] = [];
    for (const wish of wishes) {
      const key = keyOf(this.#nameOf(wish), wish.index);
      const known = isWhole ? undefined : this.#sent.get(key);
      if (known === undefined || !isSame(known, wish)) changed.push(wish);
      wanted.set(key, wish);
    }
    const forgotten = isWhole
      ? []
      : [...this.#sent].filter(([key]) => !wanted.has(key)).map(([, wish]) => wish);
    this.#sent = wanted;
    return {
      ...{ sessionId: this.#id, sessionEpoch: this.#epoch },
      topics: byTopic(changed),
      forgottenTopicsData: byTopic(forgotten).map(({ topic, topicId, partitions }) => ({
        ...{ topic, topicId },
        partitions: partitions.map(({ partition }) => partition),
      })),
    };
  }

  /** What an answer's partition was asked for with. */
  wishOf({ topic, topicId }: { topic: string; topicId: Uuid }, index: number): FetchWish | undefined {
    return this.#sent.get(keyOf(this.#usesIds ? topicId : topic, index));
  }

  answered({ errorCode, sessionId }: { errorCode: number; sessionId: number }): void {
    if (errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND) {
      this.#id = NO_SESSION;
      this.#epoch = INITIAL_EPOCH;
    } else if (errorCode !== ErrorCode.NONE) {
      this.failed();
    } else if (this.#epoch === INITIAL_EPOCH) {
      this.#id = sessionId;
      // A broker that has no room for another session has none for us: the next request tells all again.
      this.#epoch = sessionId === NO_SESSION ? INITIAL_EPOCH : 1;
    } else {
      this.#epoch = this.#epoch === MAX_EPOCH ? 1 : this.#epoch + 1;
    }
  }

  /** The broker may know one thing or another: the next request closes the session and asks for a new one. */
  failed(): void {
    this.#epoch = INITIAL_EPOCH;
  }

  /** The last request: the broker may forget. */
  end(): SessionRequest {
    return { sessionId: this.#id, sessionEpoch: FINAL_EPOCH, topics: [], forgottenTopicsData: [] };
  }

  #nameOf({ topic, topicId }: FetchWish): string {
    return this.#usesIds ? topicId! : topic;
  }
}

function keyOf(topic: string, index: number): string {
  return `${index}:${topic}`;
}

function isSame(left: FetchWish, right: FetchWish): boolean {
  return (
    left.fetchOffset === right.fetchOffset &&
    left.currentLeaderEpoch === right.currentLeaderEpoch &&
    left.lastFetchedEpoch === right.lastFetchedEpoch &&
    left.maxBytes === right.maxBytes
  );
}

/** In their order, which is the order in which the broker fills its answer. */
function byTopic(wishes: readonly FetchWish[]): TopicRequest[] {
  const topics = new Map<string, TopicRequest>();
  for (const wish of wishes) {
    const { topic, topicId = ZERO_UUID } = wish;
    let request = topics.get(topic + topicId);
    if (request === undefined) {
      request = { topic, topicId, partitions: [] };
      topics.set(topic + topicId, request);
    }
    request.partitions.push(partitionRequest(wish));
  }
  return [...topics.values()];
}

function partitionRequest(wish: FetchWish): TopicRequest['partitions'][number] {
  return {
    partition: wish.index,
    currentLeaderEpoch: wish.currentLeaderEpoch,
    fetchOffset: wish.fetchOffset,
    lastFetchedEpoch: wish.lastFetchedEpoch,
    logStartOffset: -1,
    partitionMaxBytes: wish.maxBytes,
    replicaDirectoryId: ZERO_UUID,
    highWatermark: Number.POSITIVE_INFINITY,
  };
}
