// For tests: one shard with a log in memory and a clock that stands still until it is told to go on.

import { type Clock, silentLogger } from '@moldau/io';
import { type KafkaError, ZERO_UUID } from '@moldau/protocol';
import type { CoordinatorMarker, CoordinatorRecord, TransactionOf } from '../runtime/coordinator-log.ts';
import type {
  CommitOffsetsAnswer,
  GroupCaller,
  JoinAnswer,
  JoinCommand,
  LeaveAnswer,
  Reply,
  SyncAnswer,
  SyncCommand,
} from './group-commands.ts';
import {
  type ConsumerGroupConfig,
  defaultConsumerGroupConfig,
  defaultGroupConfig,
  type GroupConfig,
} from './group-config.ts';
import { GroupShard } from './group-shard.ts';
import { TestingTopics } from './testing-topics.ts';

const WALL_START_MS = 1_700_000_000_000;
export const GROUP = 'group';

/** What a request was answered, if it has been. */
export class Asked<T> {
  answer: T | undefined;

  get isAnswered(): boolean {
    return this.answer !== undefined;
  }
}

export function ask<T>(command: (reply: Reply<T>) => void): Asked<T> {
  const asked = new Asked<T>();
  command((answer) => {
    if (asked.isAnswered) throw new Error('answered twice');
    asked.answer = answer;
  });
  return asked;
}

interface Append {
  records: readonly CoordinatorRecord[];
  transaction?: TransactionOf | undefined;
  marker?: CoordinatorMarker;
  settled: (error: KafkaError | null) => void;
}

export class SimulatedShard {
  readonly log: CoordinatorRecord[] = [];
  readonly #transactions = new Map<CoordinatorRecord, TransactionOf>();
  /** Each with how many records stand before it. */
  readonly #markers: [number, CoordinatorMarker][] = [];
  readonly config: GroupConfig;
  readonly consumerConfig: ConsumerGroupConfig;
  readonly topics = new TestingTopics();
  /** Set: appends stay open until commit() or fail(). */
  holdsAppends = false;
  shard: GroupShard;
  #nowMs = 0;
  #memberCount = 0;
  #appends: Append[] = [];
  #isSettling = false;

  constructor(config: Partial<GroupConfig> = {}, consumerConfig: Partial<ConsumerGroupConfig> = {}) {
    this.config = { ...defaultGroupConfig, ...config };
    this.consumerConfig = { ...defaultConsumerGroupConfig, ...consumerConfig };
    this.shard = this.#newShard();
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get wallMs(): number {
    return WALL_START_MS + this.#nowMs;
  }

  get openAppends(): number {
    return this.#appends.length;
  }

  #newShard(): GroupShard {
    const clock: Clock = { monotonicMs: () => this.#nowMs, wallMs: () => WALL_START_MS + this.#nowMs };
    const shard: GroupShard = new GroupShard({
      config: this.config,
      clock,
      logger: silentLogger,
      consumerConfig: this.consumerConfig,
      topics: this.topics,
      newUuid: () => `uuid-${++this.#memberCount}`,
      newMemberId: (prefix) => `${prefix}-${++this.#memberCount}`,
      effects: {
        append: (records, settled, options) => {
          // A shard from before a restart writes nothing any more.
          if (shard !== this.shard) return;
          this.#appends.push({ records, settled, transaction: options?.transaction });
          if (!this.holdsAppends) this.#settleSoon();
        },
        appendMarker: (marker, settled) => {
          if (shard !== this.shard) return;
          this.#appends.push({ records: [], marker, settled });
          if (!this.holdsAppends) this.#settleSoon();
        },
      },
    });
    return shard;
  }

  /** Not in the middle of a command, as no real log does. */
  #settleSoon(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    queueMicrotask(() => {
      this.#isSettling = false;
      if (!this.holdsAppends) this.commit();
    });
  }

  /** Commits what was appended, the first `count` appends or all. */
  commit(count = this.#appends.length): void {
    for (const { records, transaction, marker, settled } of this.#appends.splice(0, count)) {
      this.log.push(...records);
      if (transaction !== undefined)
        for (const record of records) this.#transactions.set(record, transaction);
      if (marker !== undefined) this.#markers.push([this.log.length, marker]);
      settled(null);
    }
  }

  /** Refuses all that was appended. */
  fail(error: KafkaError): void {
    for (const { settled } of this.#appends.splice(0)) settled(error);
  }

  /** Lets time pass, deadline by deadline. */
  async pass(durationMs: number): Promise<void> {
    const endMs = this.#nowMs + durationMs;
    for (;;) {
      await Promise.resolve();
      const nextMs = this.shard.deadlines.nextMs();
      if (nextMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      this.shard.deadlines.advance(this.#nowMs);
    }
    this.#nowMs = endMs;
    await Promise.resolve();
  }

  /** As after kill -9: only what was committed is left, and nobody is answered. */
  restart(): void {
    this.#appends = [];
    this.shard = this.#newShard();
    this.#replay();
    this.shard.resume();
  }

  #replay(): void {
    const markers = [...this.#markers];
    for (const [index, record] of this.log.entries()) {
      while (markers[0] !== undefined && markers[0][0] <= index) this.shard.replayMarker(markers.shift()![1]);
      const transaction = this.#transactions.get(record);
      const producer = transaction ?? { producerId: -1, producerEpoch: -1 };
      this.shard.replay(record, { ...producer, isTransactional: transaction !== undefined });
    }
    for (const [, marker] of markers) this.shard.replayMarker(marker);
  }

  // Requests with defaults -----------------------------------------------------------------------------------------

  join(command: Partial<JoinCommand> = {}, caller: Partial<GroupCaller> = {}): Asked<JoinAnswer> {
    const whole = { ...defaultJoin, ...command };
    const by = { apiVersion: 3, clientId: 'client', clientHost: '/127.0.0.1', ...caller };
    return ask((reply) => this.shard.join(whole, by, reply));
  }

  sync(command: Partial<SyncCommand>): Asked<SyncAnswer> {
    const whole = { ...defaultSync, ...command };
    return ask((reply) => this.shard.sync(whole, reply));
  }

  heartbeat(memberId: string, generationId: number, groupInstanceId: string | null = null): number {
    return this.shard.heartbeat({ groupId: GROUP, memberId, generationId, groupInstanceId });
  }

  leave(...members: { memberId?: string; groupInstanceId?: string }[]): Asked<LeaveAnswer> {
    const whole = members.map((member) => ({ memberId: '', groupInstanceId: null, reason: null, ...member }));
    return ask((reply) => this.shard.leave({ groupId: GROUP, members: whole }, reply));
  }

  commitOffset(offset: number, options: CommitOptions = {}): Asked<CommitOffsetsAnswer> {
    const { memberId = '', generationId = -1, groupInstanceId = null, groupId = GROUP } = options;
    const { topic = 'topic', topicId = ZERO_UUID, partition = 0, metadata = '' } = options;
    const { retentionTimeMs = -1, apiVersion = 8 } = options;
    const command = {
      groupId,
      memberId,
      groupInstanceId,
      generationIdOrMemberEpoch: generationId,
      retentionTimeMs,
      topics: [
        {
          name: topic,
          topicId,
          partitions: [
            {
              partitionIndex: partition,
              committedOffset: offset,
              committedLeaderEpoch: -1,
              committedMetadata: metadata,
            },
          ],
        },
      ],
    };
    const caller = { apiVersion, clientId: 'client', clientHost: '/127.0.0.1' };
    return ask((reply) => this.shard.offsets.commit(command, caller, reply));
  }

  committedOffset(topic = 'topic', partition = 0, groupId = GROUP, topicId = ZERO_UUID): number {
    const topics = [{ name: topic, topicId, partitionIndexes: [partition] }];
    return this.shard.offsets.fetch({ groupId, topics })[0]!.partitions[0]!.committedOffset;
  }

  state(groupId = GROUP): string {
    return this.shard.describeGroup(groupId).groupState;
  }

  /** A Stable group with these many members, the leader first. Each was assigned its own id. */
  async stableGroup(
    count = 1,
    command: (index: number) => Partial<JoinCommand> = () => ({}),
  ): Promise<JoinAnswer[]> {
    const joins = Array.from({ length: count }, (_, index) => this.join(command(index)));
    await this.pass(3 * this.config.initialRebalanceDelayMs + 1);
    const answers = joins.map(({ answer }) => answer!);
    const leader = answers.find(({ memberId, leader }) => memberId === leader)!;
    const assignments = leader.members.map(({ memberId }) => ({
      memberId,
      assignment: Buffer.from(memberId),
    }));
    const { generationId } = leader;
    for (const { memberId } of answers) {
      const isLeader = memberId === leader.memberId;
      const groupInstanceId =
        leader.members.find((member) => member.memberId === memberId)?.groupInstanceId ?? null;
      this.sync({ memberId, generationId, groupInstanceId, assignments: isLeader ? assignments : [] });
    }
    await this.pass(0);
    return [leader, ...answers.filter((answer) => answer !== leader)];
  }
}

export interface CommitOptions {
  groupId?: string;
  memberId?: string;
  generationId?: number;
  groupInstanceId?: string | null;
  topic?: string;
  topicId?: string;
  partition?: number;
  metadata?: string;
  retentionTimeMs?: number;
  apiVersion?: number;
}

export const defaultJoin: JoinCommand = {
  groupId: GROUP,
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 30_000,
  memberId: '',
  groupInstanceId: null,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('range of nobody') }],
  reason: null,
};

const defaultSync: SyncCommand = {
  groupId: GROUP,
  generationId: 1,
  memberId: '',
  groupInstanceId: null,
  protocolType: null,
  protocolName: null,
  assignments: [],
};
