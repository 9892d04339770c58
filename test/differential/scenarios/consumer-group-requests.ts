// What scenarios of groups of the consumer protocol send, and what they wait for.

import {
  type ConsumerGroupHeartbeatResponse,
  consumerGroupDescribeRequest,
  consumerGroupDescribeResponse,
  consumerGroupHeartbeatRequest,
  consumerGroupHeartbeatResponse,
} from '@moldau/protocol';
import { DeleteGroups } from '../scenario.ts';
import { api, pause, type Side } from '../side.ts';
import { configureGroup } from './group-requests.ts';

export const ConsumerGroupHeartbeat = api(consumerGroupHeartbeatRequest, consumerGroupHeartbeatResponse);
export const ConsumerGroupDescribe = api(consumerGroupDescribeRequest, consumerGroupDescribeResponse);
export const NEWEST = 1;
const LEAVING = -1;

export type Query = Parameters<typeof consumerGroupHeartbeatRequest.encode>[0];

export function joining(
  groupId: string,
  memberId: string,
  topics: string[],
  fields: Partial<Query> = {},
): Query {
  return {
    ...{ groupId, memberId, memberEpoch: 0, rebalanceTimeoutMs: 60_000, topicPartitions: [] },
    ...{ subscribedTopicNames: topics, ...fields },
  };
}

export function staying(
  groupId: string,
  memberId: string,
  memberEpoch: number,
  fields: Partial<Query> = {},
): Query {
  return { groupId, memberId, memberEpoch, ...fields };
}

type Owned = { topicId: string; partitions: number[] }[];

/** A member that does what it is told. */
export class Member {
  readonly #side: Side;
  readonly #groupId: string;
  readonly memberId: string;
  readonly fields: Partial<Query>;
  memberEpoch = 0;
  owned: Owned = [];

  constructor(side: Side, groupId: string, memberId: string, fields: Partial<Query> = {}) {
    this.#side = side;
    this.#groupId = groupId;
    this.memberId = memberId;
    this.fields = fields;
  }

  async join(topics: string[], label = `${this.memberId} joins`): Promise<void> {
    this.memberEpoch = 0;
    this.owned = [];
    this.#take(
      await this.#side.ask(
        ConsumerGroupHeartbeat,
        NEWEST,
        joining(this.#groupId, this.memberId, topics, this.fields),
        label,
      ),
    );
  }

  async beat(fields: Partial<Query> = {}, label = `${this.memberId} heartbeats`): Promise<void> {
    const { instanceId = null } = this.fields;
    this.#take(
      await this.#side.ask(
        ConsumerGroupHeartbeat,
        NEWEST,
        staying(this.#groupId, this.memberId, this.memberEpoch, { instanceId, ...fields }),
        label,
      ),
    );
  }

  /** Says what it owns, as after each change. */
  beatOwning(label = `${this.memberId} says what it owns`): Promise<void> {
    return this.beat({ topicPartitions: this.owned }, label);
  }

  #take(answer: ConsumerGroupHeartbeatResponse | undefined): void {
    if (answer === undefined || answer.errorCode !== 0) return;
    this.memberEpoch = answer.memberEpoch;
    if (answer.assignment !== null) this.owned = answer.assignment.topicPartitions;
  }
}

/** Makes a topic, and waits until members are assigned its partitions: Kafka's groups hear of it later than those who ask for its metadata. */
export async function topicKnownToGroups(side: Side, options: { partitions: number }, suffix = 't') {
  const topic = await side.createTopic(suffix, options);
  for (let attempt = 0; attempt < 1500; attempt++) {
    // Each time a new group, which gets an assignment at once.
    const groupId = `probe-${attempt}.${topic.name}`;
    const { assignment } = await side.quietly(
      ConsumerGroupHeartbeat,
      NEWEST,
      joining(groupId, 'm', [topic.name]),
    );
    await side.quietly(ConsumerGroupHeartbeat, NEWEST, staying(groupId, 'm', LEAVING));
    await side.quietly(DeleteGroups, 2, { groupsNames: [groupId] });
    if ((assignment?.topicPartitions.length ?? 0) > 0) return topic;
    await pause(25);
  }
  throw new Error(`groups do not see ${topic.name}`);
}

/** From now on the group gets an assignment whenever it wants one; before, only its first. */
export function assignAtOnce(side: Side, groupId: string): Promise<void> {
  return configureGroup(side, groupId, { 'consumer.assignment.interval.ms': '0' });
}

/** Waits until the group's epoch is newer than this: Kafka finds what an expression matches in the background. */
export async function untilNewerEpoch(side: Side, groupId: string, epoch: number): Promise<void> {
  for (let attempt = 0; attempt < 1500; attempt++) {
    const { groups } = await side.quietly(ConsumerGroupDescribe, NEWEST, {
      ...{ groupIds: [groupId], includeAuthorizedOperations: false },
    });
    if (groups[0]!.groupEpoch > epoch) return;
    await pause(25);
  }
  throw new Error(`${groupId} stays in its epoch ${epoch}`);
}

export function describe(side: Side, groupId: string, label: string) {
  return side.ask(
    ConsumerGroupDescribe,
    NEWEST,
    { groupIds: [groupId], includeAuthorizedOperations: false },
    label,
  );
}
