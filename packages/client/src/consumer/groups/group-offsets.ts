// The offsets that a group has committed: written as the member that this consumer is at the moment, and read.
//
// Invariants: a commit is tried again only as long as its partition has been this member's without a break, for another member may have gone further
// meanwhile; and never after a later commit of the same partition. Whatever is said of one partition fails that partition alone.

import {
  ErrorCode,
  offsetCommitRequest,
  offsetCommitResponse,
  offsetFetchRequest,
  offsetFetchResponse,
  ZERO_UUID,
} from '@moldau/protocol';
import { byTopic, type TopicPartition } from '../../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../../cluster/cluster.ts';
import { BrokerError, ClosedError, KafkaError, PartialFailureError } from '../../errors/kafka-error.ts';
import type { Limits } from '../../network/waiting.ts';
import { keyOf } from './assigned-partitions.ts';
import { explainCommit } from './commit-problems.ts';
import { CoordinatorCalls } from './coordinator-calls.ts';
import type {
  CommitOffset,
  CommittedOffset,
  GroupMetadata,
  GroupOffsetsOptions,
  OffsetStore,
} from './types.ts';

const COMMIT = { request: offsetCommitRequest, response: offsetCommitResponse, minVersion: 2 };
/** With null topics as nobody knows before, but that is not asked for here. */
const FETCH = { request: offsetFetchRequest, response: offsetFetchResponse, minVersion: 1 };
/** From then on topics go by id. */
const FIRST_VERSION_OF_IDS = 10;
const FIRST_FETCH_OF_MANY_GROUPS = 8;
const NO_GENERATION = -1;

/** The member is, or will soon be, one of another generation. */
const OUTDATED_MEMBER = new Set<number>([
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.STALE_MEMBER_EPOCH,
  ErrorCode.FENCED_MEMBER_EPOCH,
]);
/** Of the classic protocol: they pass with the next generation alone. */
const OF_OTHER_GENERATION = new Set<number>([ErrorCode.ILLEGAL_GENERATION, ErrorCode.REBALANCE_IN_PROGRESS]);
const UNKNOWN_TOPIC = new Set<number>([ErrorCode.UNKNOWN_TOPIC_ID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
/** Over a second or two. A coordinator may hear late of a new topic; what was read before and is unknown by then was deleted. */
const UNKNOWN_TOPIC_ATTEMPTS = 5;
const RETRIABLE = new Set<number>([
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.REQUEST_TIMED_OUT,
  ErrorCode.UNSTABLE_OFFSET_COMMIT,
  ...UNKNOWN_TOPIC,
]);

interface Commit {
  readonly offset: CommitOffset;
  readonly key: string;
  /** The assignment's own object: another one stands for a later assignment of the same partition. */
  readonly tenure: TopicPartition | undefined;
  readonly order: number;
}

export class GroupOffsets implements OffsetStore {
  readonly #options: GroupOffsetsOptions;
  readonly #cluster: Cluster;
  readonly #calls: CoordinatorCalls;
  /** By partition, the last commit that was begun. */
  readonly #latest = new Map<string, number>();
  #order = 0;

  constructor(options: GroupOffsetsOptions) {
    this.#options = options;
    this.#cluster = options.cluster;
    this.#calls = new CoordinatorCalls(options.cluster, options.groupId);
  }

  async commit(offsets: readonly CommitOffset[], options: CallOptions = {}): Promise<void> {
    const commits = this.#begin(offsets);
    let open = commits;
    const errors = new Map<Commit, KafkaError>();
    let unknownTopics = 0;
    const attempt = async (limits: Limits): Promise<void> => {
      open = open.filter((commit) => this.#latest.get(commit.key) === commit.order);
      if (open.length === 0) return;
      const group = this.#group();
      const outcome = await this.#send(open, group, limits);
      const again: Commit[] = [];
      let passing: KafkaError | undefined;
      if ([...outcome.values()].some((code) => UNKNOWN_TOPIC.has(code))) unknownTopics += 1;
      for (const commit of open) {
        const errorCode = outcome.get(commit.key) ?? ErrorCode.UNKNOWN_SERVER_ERROR;
        if (errorCode === ErrorCode.NONE) continue;
        const isGone = UNKNOWN_TOPIC.has(errorCode) && unknownTopics >= UNKNOWN_TOPIC_ATTEMPTS;
        if (!isGone && this.#passes(commit, errorCode)) {
          again.push(commit);
          passing ??= this.#passing(commit, errorCode);
        } else {
          errors.set(commit, this.#explain(commit, errorCode));
        }
      }
      open = again;
      if (passing !== undefined) throw passing;
    };
    if (open.length > 0) await this.#cluster.retrying(options, attempt);
    if (errors.size > 0) throw oneOf(commits.map((commit) => errors.get(commit)));
  }

  async committed(
    partitions: readonly TopicPartition[],
    options: CallOptions = {},
  ): Promise<(CommittedOffset | undefined)[]> {
    if (partitions.length === 0) return [];
    return await this.#cluster.retrying(options, async (limits) => {
      const found = await this.#fetch(partitions, limits);
      return partitions.map(({ topic, partition }) => {
        const answer = found.get(keyOf({ topic, partition }));
        const errorCode = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
        if (answer === undefined || errorCode !== ErrorCode.NONE) {
          if (UNKNOWN_TOPIC.has(errorCode))
            this.#cluster.outdated({ topics: [topic], reason: 'unknown topic id' });
          this.#calls.error(errorCode);
          throw new BrokerError(errorCode, { topic, partition, operation: 'Read' });
        }
        const { committedOffset: offset, committedLeaderEpoch: epoch, metadata } = answer;
        if (offset < 0) return undefined;
        return {
          topic,
          partition,
          offset,
          leaderEpoch: epoch < 0 ? undefined : epoch,
          metadata: metadata ?? '',
        };
      });
    });
  }

  #begin(offsets: readonly CommitOffset[]): Commit[] {
    const assignment = this.#options.membership?.assignment ?? [];
    const tenures = new Map(assignment.map((partition) => [keyOf(partition), partition]));
    const order = ++this.#order;
    return offsets.map((offset) => {
      const key = keyOf(offset);
      this.#latest.set(key, order);
      return { offset, key, tenure: tenures.get(key), order };
    });
  }

  #group(): GroupMetadata {
    const { membership, groupId } = this.#options;
    const nobody = { groupId, memberId: '', generationId: NO_GENERATION, groupInstanceId: undefined };
    return membership?.groupMetadata() ?? nobody;
  }

  /** The error codes by partition. */
  async #send(
    commits: readonly Commit[],
    { groupId, generationId, memberId, groupInstanceId }: GroupMetadata,
    limits: Limits,
  ): Promise<Map<string, number>> {
    if (this.#options.membership?.state === 'left')
      throw new ClosedError('The group was left before its offsets were committed.');
    // Between two generations there is nobody to commit as; of a group without members anybody may.
    if (this.#options.membership !== undefined && generationId === NO_GENERATION)
      return new Map(commits.map(({ key }) => [key, ErrorCode.UNKNOWN_MEMBER_ID]));
    const topics = [...byTopic(commits.map(({ offset }) => offset))];
    const names = topics.map(([name]) => name);
    const input = {
      ...{ groupId, memberId, generationIdOrMemberEpoch: generationId },
      groupInstanceId: groupInstanceId ?? null,
      topics: topics.map(([name, partitions]) => ({
        name,
        topicId: this.#idOf(name),
        partitions: partitions.map(({ partition, offset, leaderEpoch, metadata }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: leaderEpoch ?? -1,
          committedMetadata: metadata ?? '',
        })),
      })),
    };
    const answer = await this.#calls.request(
      { ...COMMIT, maxVersion: this.#maxVersion(names) },
      input,
      this.#attemptOptions(limits),
    );
    const codes = new Map<string, number>();
    for (const { name, topicId, partitions } of answer.topics) {
      const topic = this.#nameOf(name, topicId, names);
      for (const { partitionIndex, errorCode } of partitions)
        codes.set(keyOf({ topic, partition: partitionIndex }), errorCode);
    }
    return codes;
  }

  async #fetch(partitions: readonly TopicPartition[], limits: Limits) {
    const { groupId, requiresStable } = this.#options;
    const topics = [...byTopic(partitions)].map(([name, items]) => ({
      name,
      topicId: this.#idOf(name),
      partitionIndexes: items.map(({ partition }) => partition),
    }));
    const names = topics.map(({ name }) => name);
    const answer = await this.#calls.request(
      { ...FETCH, maxVersion: this.#maxVersion(names) },
      (version) => ({
        groupId,
        topics: version < FIRST_FETCH_OF_MANY_GROUPS ? topics : [],
        groups: version < FIRST_FETCH_OF_MANY_GROUPS ? [] : [{ groupId, topics }],
        requireStable: requiresStable,
      }),
      this.#attemptOptions(limits),
    );
    const group = answer.groups[0] ?? answer;
    if (group.errorCode !== ErrorCode.NONE)
      throw explainCommit(this.#calls.error(group.errorCode), { groupId, isMember: false });
    const found = new Map<string, (typeof group.topics)[number]['partitions'][number]>();
    for (const topic of group.topics) {
      const topicId = 'topicId' in topic ? topic.topicId : ZERO_UUID;
      const name = this.#nameOf(topic.name, topicId, names);
      for (const partition of topic.partitions)
        found.set(keyOf({ topic: name, partition: partition.partitionIndex }), partition);
    }
    return found;
  }

  /** The connection for heartbeats may wait for a join to be answered, so offsets go by another. */
  #attemptOptions({ deadlineMs, signal }: Limits) {
    const { ports, settings } = this.#cluster;
    const leftMs = Math.max(1, deadlineMs - ports.clock.monotonicMs());
    return {
      purpose: 'control',
      timeoutMs: Math.min(settings.requestTimeoutMs, leftMs),
      signal,
    } as const;
  }

  #maxVersion(topics: readonly string[]): number {
    const isKnown = topics.every((topic) => this.#idOf(topic) !== ZERO_UUID);
    return isKnown ? FIRST_VERSION_OF_IDS : FIRST_VERSION_OF_IDS - 1;
  }

  #idOf(topic: string): string {
    return this.#cluster.metadata.topic(topic)?.id ?? ZERO_UUID;
  }

  /** Of those that were asked about: an answer has either the name or the id. */
  #nameOf(name: string, topicId: string, asked: readonly string[]): string {
    return name === '' ? (asked.find((each) => this.#idOf(each) === topicId) ?? '') : name;
  }

  // Failures ---------------------------------------------------------------------------------------------------------

  /** Whether another attempt may succeed. */
  #passes({ tenure }: Commit, errorCode: number): boolean {
    if (RETRIABLE.has(errorCode)) return true;
    if (!OUTDATED_MEMBER.has(errorCode) || tenure === undefined) return false;
    const { membership } = this.#options;
    if (membership?.followsRebalances === false && OF_OTHER_GENERATION.has(errorCode)) return false;
    return membership?.assignment.some((each) => each === tenure) === true;
  }

  #passing({ offset: { topic, partition } }: Commit, errorCode: number): KafkaError {
    if (UNKNOWN_TOPIC.has(errorCode)) this.#cluster.outdated({ topics: [topic], reason: 'unknown topic id' });
    const { code, message } = this.#calls.error(errorCode);
    return new KafkaError(code, message, { topic, partition, retriable: true });
  }

  #explain({ offset: { topic, partition } }: Commit, errorCode: number): KafkaError {
    const { groupId, membership } = this.#options;
    const error = new BrokerError(errorCode, { topic, partition });
    return explainCommit(error, { groupId, isMember: membership !== undefined });
  }
}

/** The results of all partitions; undefined for those that are stored. */
function oneOf(results: readonly (KafkaError | undefined)[]): KafkaError {
  const [first] = results;
  const isOneProblem = results.every((result) => result !== undefined && result.code === first?.code);
  return isOneProblem ? first! : new PartialFailureError(results);
}
