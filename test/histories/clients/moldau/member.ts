// A member of a group of the consumer protocol (KIP-848): it heartbeats, takes what it is assigned, polls and commits.

import { randomUUID } from 'node:crypto';
import {
  batches,
  consumerGroupHeartbeatRequest,
  consumerGroupHeartbeatResponse,
  ErrorCode,
  errorName,
  type FetchResponse,
  fetchRequest,
  fetchResponse,
  findCoordinatorRequest,
  findCoordinatorResponse,
  isRetriable,
  metadataRequest,
  metadataResponse,
  offsetCommitRequest,
  offsetCommitResponse,
  offsetFetchRequest,
  offsetFetchResponse,
  readMarker,
} from '@moldau/protocol';
import {
  isStopped,
  Link,
  nowUs,
  placeOf,
  random,
  say,
  settings,
  settled,
  sleep,
  type Topic,
  topics,
} from './history.ts';

const OFFSETS_VERSION = 9;
const FETCH_VERSION = 17;
const READ_COMMITTED = 1;
const LEAVE_EPOCH = -1;
const POLL_MS = 100;

/** A partition that the member owns; its position is unknown until the committed offset has been fetched. */
interface Owned {
  readonly topic: Topic;
  readonly topicId: string;
  readonly partition: number;
  position: number | undefined;
}

type PartitionData = FetchResponse['responses'][number]['partitions'][number];

class Member {
  readonly #groupId = settings.get('group') ?? '';
  readonly #memberId = randomUUID();
  readonly #link = new Link();
  readonly #isolationLevel = settings.get('isolation') === 'committed' ? READ_COMMITTED : 0;
  readonly #topicIds = new Map<string, Topic>();
  #epoch = 0;
  #nextHeartbeatMs = 0;
  #owned: Owned[] = [];

  async begin(): Promise<void> {
    const asked = { topics: topics.map(({ name }) => ({ name })) };
    const { topics: found } = await settled(
      () => this.#link.ask(metadataRequest, metadataResponse, 12, asked),
      (answer) => answer.topics.find(({ errorCode }) => errorCode !== 0)?.errorCode ?? ErrorCode.NONE,
    );
    for (const { topicId, name } of found)
      this.#topicIds.set(topicId, topics.find((one) => one.name === name)!);
    await settled(
      () =>
        this.#link.ask(findCoordinatorRequest, findCoordinatorResponse, 4, {
          coordinatorKeys: [this.#groupId],
        }),
      ({ coordinators }) => coordinators[0]!.errorCode,
    );
  }

  /** One round: what is due with the group, then a poll. */
  async poll(): Promise<void> {
    if (performance.now() >= this.#nextHeartbeatMs) await this.#heartbeat();
    if (this.#owned.some(({ position }) => position === undefined)) await this.#fetchOffsets();
    const ends = await this.#fetch();
    if (ends.length > 0 && random() >= 0.2) await this.#commit(ends);
  }

  async leave(): Promise<void> {
    this.#epoch = LEAVE_EPOCH;
    await this.#askToStay();
    this.#lose(() => true);
    this.#link.close();
  }

  async #heartbeat(): Promise<void> {
    const answer = await this.#askToStay();
    if (answer === undefined) return;
    const { errorCode, memberEpoch, heartbeatIntervalMs, assignment } = answer;
    this.#nextHeartbeatMs = performance.now() + heartbeatIntervalMs;
    if (errorCode === ErrorCode.FENCED_MEMBER_EPOCH || errorCode === ErrorCode.UNKNOWN_MEMBER_ID) {
      this.#lose(() => true);
      this.#epoch = 0;
      this.#nextHeartbeatMs = 0;
    } else if (errorCode !== ErrorCode.NONE) {
      if (!isRetriable(errorCode)) throw new Error(`heartbeat: ${errorName(errorCode)}`);
    } else {
      this.#epoch = memberEpoch;
      if (assignment !== null) this.#assigned(assignment.topicPartitions);
    }
  }

  /** All that there is to say each time; the coordinator makes nothing of what it knows. */
  #askToStay() {
    const owned = Map.groupBy(this.#owned, ({ topicId }) => topicId);
    return this.#link.ask(consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse, 1, {
      ...{ groupId: this.#groupId, memberId: this.#memberId, memberEpoch: this.#epoch },
      ...{ rebalanceTimeoutMs: 10_000, subscribedTopicNames: topics.map(({ name }) => name) },
      topicPartitions: [...owned].map(([topicId, list]) => ({
        topicId,
        partitions: list.map(({ partition }) => partition),
      })),
    });
  }

  #assigned(list: readonly { topicId: string; partitions: readonly number[] }[]): void {
    const names = new Set(
      list.flatMap(({ topicId, partitions }) => partitions.map((one) => `${topicId} ${one}`)),
    );
    const before = this.#owned.length;
    this.#lose(({ topicId, partition }) => !names.has(`${topicId} ${partition}`));
    const isChanged = this.#owned.length !== before || this.#owned.length !== names.size;
    for (const { topicId, partitions } of list) {
      for (const partition of partitions) {
        if (this.#owned.some((one) => one.topicId === topicId && one.partition === partition)) continue;
        const topic = this.#topicIds.get(topicId)!;
        say('A', nowUs(), topic.number, partition, -1);
        this.#owned.push({ topic, topicId, partition, position: undefined });
      }
    }
    // What was given up and taken is told at once.
    if (isChanged) this.#nextHeartbeatMs = 0;
  }

  #lose(isLost: (owned: Owned) => boolean): void {
    const lost = this.#owned.filter(isLost);
    this.#owned = this.#owned.filter((one) => !lost.includes(one));
    for (const { topic, partition } of lost) say('R', nowUs(), topic.number, partition);
  }

  async #fetchOffsets(): Promise<void> {
    const fresh = this.#owned.filter(({ position }) => position === undefined);
    const byName = Map.groupBy(fresh, ({ topic }) => topic.name);
    const answer = await this.#link.ask(offsetFetchRequest, offsetFetchResponse, OFFSETS_VERSION, {
      groups: [
        {
          ...{ groupId: this.#groupId, memberId: this.#memberId, memberEpoch: this.#epoch },
          topics: [...byName].map(([name, list]) => ({
            name,
            partitionIndexes: list.map(({ partition }) => partition),
          })),
        },
      ],
      requireStable: true,
    });
    const group = answer?.groups[0];
    if (group === undefined) return;
    // A stale epoch is mended by the next heartbeat.
    if (group.errorCode !== ErrorCode.NONE) this.#nextHeartbeatMs = 0;
    else
      for (const { name, partitions } of group.topics) {
        for (const { partitionIndex, committedOffset, errorCode } of partitions) {
          const owned = fresh.find(
            ({ topic, partition }) => topic.name === name && partition === partitionIndex,
          );
          if (owned !== undefined && errorCode === ErrorCode.NONE)
            owned.position = Math.max(0, committedOffset);
        }
      }
  }

  /** What was read on. */
  async #fetch(): Promise<Owned[]> {
    const ready = this.#owned.filter(({ position }) => position !== undefined);
    if (ready.length === 0) {
      await sleep(POLL_MS);
      return [];
    }
    const byId = Map.groupBy(ready, ({ topicId }) => topicId);
    const answer = await this.#link.ask(fetchRequest, fetchResponse, FETCH_VERSION, {
      ...{ maxWaitMs: POLL_MS, minBytes: 1, isolationLevel: this.#isolationLevel, forgottenTopicsData: [] },
      topics: [...byId].map(([topicId, list]) => ({
        topicId,
        partitions: list.map(({ partition, position }) => ({
          ...{
            partition,
            fetchOffset: position!,
            partitionMaxBytes: Number(settings.get('fetch') ?? 100_000),
          },
        })),
      })),
    });
    const moved: Owned[] = [];
    for (const { topicId, partitions } of answer?.responses ?? []) {
      for (const found of partitions) {
        const owned = ready.find((one) => one.topicId === topicId && one.partition === found.partitionIndex)!;
        if (found.errorCode !== ErrorCode.NONE) {
          if (!isRetriable(found.errorCode))
            throw new Error(`fetch of ${owned.topic.name} ${owned.partition}: ${errorName(found.errorCode)}`);
        } else if (take(owned, found)) moved.push(owned);
      }
    }
    return moved;
  }

  async #commit(ends: readonly Owned[]): Promise<void> {
    for (const { topic, partition, position } of ends) say('K', nowUs(), topic.number, partition, position!);
    const byName = Map.groupBy(ends, ({ topic }) => topic.name);
    const answer = await this.#link.ask(offsetCommitRequest, offsetCommitResponse, OFFSETS_VERSION, {
      ...{ groupId: this.#groupId, memberId: this.#memberId, generationIdOrMemberEpoch: this.#epoch },
      topics: [...byName].map(([name, list]) => ({
        name,
        partitions: list.map(({ partition, position }) => ({
          ...{ partitionIndex: partition, committedOffset: position!, committedMetadata: null },
        })),
      })),
    });
    for (const { name, partitions } of answer?.topics ?? []) {
      for (const { partitionIndex, errorCode } of partitions) {
        const end = ends.find(({ topic, partition }) => topic.name === name && partition === partitionIndex)!;
        if (errorCode === ErrorCode.NONE) say('k', nowUs(), end.topic.number, partitionIndex, end.position!);
      }
    }
  }
}

/** Says what came, without markers and what was aborted, and moves the position behind it. True when it moved. */
function take(owned: Owned, found: PartitionData): boolean {
  const { topic, partition } = owned;
  const before = owned.position!;
  const aborted = [...(found.abortedTransactions ?? [])].sort(
    (left, right) => left.firstOffset - right.firstOffset,
  );
  const hidden = new Set<number>();
  let run: [offset: number, process: number, index: number, count: number] | undefined;
  const tell = () => {
    if (run !== undefined) say('r', nowUs(), topic.number, partition, ...run);
  };
  for (const batch of batches(found.records ?? Buffer.alloc(0))) {
    while (aborted.length > 0 && aborted[0]!.firstOffset <= batch.lastOffset)
      hidden.add(aborted.shift()!.producerId);
    owned.position = batch.nextOffset;
    if (batch.isControl) {
      if (readMarker(batch)?.committed === false) hidden.delete(batch.producerId);
      continue;
    }
    if (batch.isTransactional && hidden.has(batch.producerId)) continue;
    for (const record of batch.records()) {
      if (record.offset < before) continue;
      const [process, index] = placeOf(record.value!);
      const isNext =
        run !== undefined &&
        run[1] === process &&
        run[0] + run[3] === record.offset &&
        run[2] + run[3] === index;
      if (isNext) run![3] += 1;
      else {
        tell();
        run = [record.offset, process, index, 1];
      }
    }
  }
  tell();
  return owned.position !== before;
}

export async function consume(): Promise<void> {
  const member = new Member();
  await member.begin();
  while (!isStopped()) await member.poll();
  await member.leave();
}
