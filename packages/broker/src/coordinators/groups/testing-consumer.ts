// For tests: members of groups of the consumer protocol, as far as the broker can see them. They do what they are told,
// and believe every error.

import { ErrorCode } from '@moldau/protocol';
import type {
  ConsumerHeartbeatAnswer,
  ConsumerHeartbeatCommand,
  DescribedConsumerGroup,
} from './group-commands.ts';
import { type Asked, ask, GROUP, type SimulatedShard } from './testing-shard.ts';

export const caller = { apiVersion: 1, clientId: 'client', clientHost: '/127.0.0.1' };

const defaults: ConsumerHeartbeatCommand = {
  groupId: GROUP,
  memberId: 'm',
  memberEpoch: 0,
  instanceId: null,
  rackId: null,
  rebalanceTimeoutMs: -1,
  subscribedTopicNames: null,
  subscribedTopicRegex: null,
  serverAssignor: null,
  topicPartitions: null,
};

export function beat(
  simulated: SimulatedShard,
  command: Partial<ConsumerHeartbeatCommand>,
): Asked<ConsumerHeartbeatAnswer> {
  return ask((reply) => simulated.shard.consumerHeartbeat({ ...defaults, ...command }, caller, reply));
}

export function describeGroup(simulated: SimulatedShard, groupId = GROUP): DescribedConsumerGroup {
  return simulated.shard.describeConsumerGroup(groupId);
}

export interface MemberOptions {
  instanceId?: string | null;
  topics?: string[] | null;
  regex?: string | null;
  assignor?: string | null;
  rebalanceTimeoutMs?: number;
}

export class TestingConsumer {
  readonly simulated: SimulatedShard;
  readonly memberId: string;
  readonly options: MemberOptions;
  memberEpoch = 0;
  /** As 'topicId-partition'. */
  owned = new Set<string>();
  heartbeatIntervalMs = 0;
  lastError = '';
  /** Set: what it is told to give up it keeps for the time being. */
  isSlow = false;
  #wanted = new Set<string>();

  constructor(simulated: SimulatedShard, memberId: string, options: MemberOptions = {}) {
    this.simulated = simulated;
    this.memberId = memberId;
    this.options = options;
  }

  get isJoined(): boolean {
    return this.memberEpoch > 0;
  }

  send(command: Partial<ConsumerHeartbeatCommand> = {}): Asked<ConsumerHeartbeatAnswer> {
    const { instanceId = null } = this.options;
    return beat(this.simulated, {
      ...{ memberId: this.memberId, memberEpoch: this.memberEpoch, instanceId },
      ...(this.memberEpoch === 0 ? this.everything() : {}),
      ...command,
    });
  }

  /** One heartbeat and what follows from its answer. */
  async step(command: Partial<ConsumerHeartbeatCommand> = {}): Promise<number> {
    this.#giveUp();
    const asked = this.send({ ...this.ownedFields(), ...command });
    await this.simulated.pass(0);
    return asked.answer === undefined ? ErrorCode.NONE : this.take(asked.answer);
  }

  /** All fields: when it joins, and when it may have missed an answer. */
  everything(): Partial<ConsumerHeartbeatCommand> {
    const { topics = ['t'], regex = null, assignor = null, rebalanceTimeoutMs = 30_000 } = this.options;
    return {
      rebalanceTimeoutMs,
      subscribedTopicNames: topics,
      subscribedTopicRegex: regex,
      serverAssignor: assignor,
      topicPartitions: listed(this.owned),
    };
  }

  ownedFields(): Partial<ConsumerHeartbeatCommand> {
    return this.memberEpoch === 0 ? {} : { topicPartitions: listed(this.owned) };
  }

  take(answer: ConsumerHeartbeatAnswer): number {
    if (answer.errorCode !== ErrorCode.NONE) {
      this.lastError = answer.errorMessage ?? '';
      if (
        answer.errorCode === ErrorCode.FENCED_MEMBER_EPOCH ||
        answer.errorCode === ErrorCode.UNKNOWN_MEMBER_ID
      ) {
        this.memberEpoch = 0;
        this.owned = new Set();
        this.#wanted = new Set();
      }
      return answer.errorCode;
    }
    this.memberEpoch = answer.memberEpoch;
    this.heartbeatIntervalMs = answer.heartbeatIntervalMs;
    if (answer.assignment !== null) {
      this.#wanted = new Set(
        answer.assignment.topicPartitions.flatMap(({ topicId, partitions }) =>
          partitions.map((partition) => `${topicId}-${partition}`),
        ),
      );
    }
    this.#giveUp();
    for (const partition of this.#wanted) this.owned.add(partition);
    return ErrorCode.NONE;
  }

  #giveUp(): void {
    if (this.isSlow) return;
    for (const partition of this.owned) if (!this.#wanted.has(partition)) this.owned.delete(partition);
  }
}

function listed(owned: ReadonlySet<string>): { topicId: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const each of owned) {
    const dash = each.lastIndexOf('-');
    const topicId = each.slice(0, dash);
    topics.set(topicId, [...(topics.get(topicId) ?? []), Number(each.slice(dash + 1))]);
  }
  return Array.from(topics, ([topicId, partitions]) => ({ topicId, partitions }));
}
