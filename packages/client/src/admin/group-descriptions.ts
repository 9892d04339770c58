// Describes groups, whose types the caller need not know: the coordinator is asked for each id as a group of each type that it knows, all at once.

import {
  type ConsumerGroupDescribeResponse,
  consumerGroupDescribeRequest,
  consumerGroupDescribeResponse,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  type DescribeGroupsResponse,
  decodeVersioned,
  describeGroupsRequest,
  describeGroupsResponse,
  ErrorCode,
  MalformedError,
  type Message,
  type ShareGroupDescribeResponse,
  shareGroupDescribeRequest,
  shareGroupDescribeResponse,
} from '@moldau/protocol';
import { askCoordinators } from '../cluster/ask-coordinators.ts';
import type { TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { KafkaError } from '../errors/kafka-error.ts';
import type { ClientApi } from '../network/client-api.ts';
import type { GroupState } from './groups.ts';
import { kebab, type Operation, operationsOf, partitionsOf } from './names.ts';
import { allOrThrow } from './results.ts';

export type GroupDescription = ClassicGroupDescription | ConsumerGroupDescription | ShareGroupDescription;

interface AnyGroupDescription {
  readonly groupId: string;
  readonly state: GroupState;
  readonly coordinatorId: number;
  /** Only when asked for, and where the broker tells. */
  readonly authorizedOperations: readonly Operation[] | undefined;
}

export interface ClassicGroupDescription extends AnyGroupDescription {
  readonly type: 'classic';
  /** 'consumer' for consumers, 'connect' for Kafka Connect. */
  readonly protocolType: string;
  /** What the members have agreed on: of consumers, the assignor. */
  readonly protocol: string;
  readonly members: readonly ClassicGroupMember[];
}

/** One of the groups that brokers assign to (KIP-848). */
export interface ConsumerGroupDescription extends AnyGroupDescription {
  readonly type: 'consumer';
  readonly epoch: number;
  /** Of the assignment that the members are on their way to; less than `epoch` while it is made. */
  readonly assignmentEpoch: number;
  readonly assignor: string;
  readonly members: readonly ConsumerGroupMember[];
}

/** One of the groups that share records (KIP-932). */
export interface ShareGroupDescription extends AnyGroupDescription {
  readonly type: 'share';
  readonly epoch: number;
  readonly assignmentEpoch: number;
  readonly assignor: string;
  readonly members: readonly ShareGroupMember[];
}

export interface GroupMember {
  readonly memberId: string;
  readonly clientId: string;
  readonly host: string;
  readonly assignment: readonly TopicPartition[];
}

export interface ClassicGroupMember extends GroupMember {
  readonly instanceId: string | undefined;
  /** What it wants to read; undefined when it is no consumer, or the group is rebalancing. */
  readonly subscribedTopics: readonly string[] | undefined;
  /** As the member sent it: for groups that are not of consumers. */
  readonly metadata: Buffer;
  readonly assignmentBytes: Buffer;
}

export interface ShareGroupMember extends GroupMember {
  readonly rack: string | undefined;
  readonly epoch: number;
  readonly subscribedTopics: readonly string[];
}

export interface ConsumerGroupMember extends ShareGroupMember {
  readonly instanceId: string | undefined;
  /** In RE2's syntax. */
  readonly subscribedPattern: string | undefined;
  /** What it is to have in the end. */
  readonly targetAssignment: readonly TopicPartition[];
  /** It still speaks the classic protocol; undefined where the broker does not tell. */
  readonly isClassic: boolean | undefined;
}

interface DescribeOptions extends CallOptions {
  readonly includeAuthorizedOperations?: boolean;
}

/** In the order of `groupIds`. @throws as allOrThrow */
export async function describeGroups(
  cluster: Cluster,
  groupIds: readonly string[],
  options: DescribeOptions,
): Promise<GroupDescription[]> {
  const kinds = await Promise.all([
    describeAs(cluster, CLASSIC, groupIds, options),
    describeAs(cluster, CONSUMER, groupIds, options),
    describeAs(cluster, SHARE, groupIds, options),
  ]);
  return allOrThrow(
    groupIds.map((groupId) => {
      const answers = kinds.map((kind) => kind.get(groupId)!);
      const description = answers.find((answer) => !(answer instanceof KafkaError));
      const serious = answers.find(
        (answer) => answer instanceof KafkaError && !SAYS_OTHER_TYPE.has(answer.code),
      );
      return description ?? serious ?? answers[0]!;
    }),
  );
}

/** Of groups that are not of the type asked for, and of brokers that do not know the type. */
const SAYS_OTHER_TYPE = new Set(['GROUP_ID_NOT_FOUND', 'UNSUPPORTED_VERSION']);

/** Each API takes what it needs of it. */
interface GroupsAsked {
  readonly groups: readonly string[];
  readonly groupIds: readonly string[];
  readonly includeAuthorizedOperations: boolean;
}

/** One API that describes groups of one type. */
interface Kind<Answer> {
  readonly api: ClientApi<GroupsAsked, { groups: readonly Answer[] }>;
  describe(answer: Answer, common: AnyGroupDescription): GroupDescription;
}

interface AnyAnswer {
  readonly groupId: string;
  readonly groupState: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly authorizedOperations: number;
}

async function describeAs<Answer extends AnyAnswer>(
  cluster: Cluster,
  { api, describe }: Kind<Answer>,
  groupIds: readonly string[],
  { includeAuthorizedOperations = false, ...options }: DescribeOptions,
): Promise<Map<string, GroupDescription | KafkaError>> {
  const results = await askCoordinators(cluster, groupIds, options, {
    type: 'group',
    operation: 'Describe',
    ask: async (asked, call, coordinatorId) => {
      const input = { groups: asked, groupIds: asked, includeAuthorizedOperations };
      const { groups } = await cluster.request(api, input, call);
      return new Map(
        groups.map((group) => [group.groupId, { ...group, coordinatorId, errorCode: errorOf(group) }]),
      );
    },
  });
  const described = new Map<string, GroupDescription | KafkaError>();
  for (const [groupId, answer] of results) {
    if (answer instanceof KafkaError) {
      described.set(groupId, answer);
      continue;
    }
    const { coordinatorId, groupState } = answer;
    const authorizedOperations = operationsOf(answer.authorizedOperations);
    const common = { groupId, coordinatorId, state: kebab<GroupState>(groupState), authorizedOperations };
    described.set(groupId, describe(answer, common));
  }
  return described;
}

/** Before version 6 of DescribeGroups, groups that are not there are dead. */
function errorOf({ errorCode, groupState }: AnyAnswer): number {
  return errorCode === ErrorCode.NONE && groupState === 'Dead' ? ErrorCode.GROUP_ID_NOT_FOUND : errorCode;
}

const CLASSIC: Kind<DescribeGroupsResponse['groups'][number]> = {
  api: { request: describeGroupsRequest, response: describeGroupsResponse },
  describe: ({ protocolType, protocolData, members }, common) => ({
    ...common,
    type: 'classic',
    protocolType,
    protocol: protocolData,
    members: members.map((member) => classicMember(member, protocolType === 'consumer')),
  }),
};

const CONSUMER: Kind<ConsumerGroupDescribeResponse['groups'][number]> = {
  api: { request: consumerGroupDescribeRequest, response: consumerGroupDescribeResponse },
  describe: ({ groupEpoch, assignmentEpoch, assignorName, members }, common) => ({
    ...common,
    type: 'consumer',
    ...{ epoch: groupEpoch, assignmentEpoch, assignor: assignorName },
    members: members.map((member) => ({
      ...shareMember(member),
      instanceId: member.instanceId ?? undefined,
      subscribedPattern: member.subscribedTopicRegex || undefined,
      targetAssignment: assigned(member.targetAssignment),
      isClassic: member.memberType < 0 ? undefined : member.memberType === 0,
    })),
  }),
};

const SHARE: Kind<ShareGroupDescribeResponse['groups'][number]> = {
  api: { request: shareGroupDescribeRequest, response: shareGroupDescribeResponse },
  describe: ({ groupEpoch, assignmentEpoch, assignorName, members }, common) => ({
    ...common,
    type: 'share',
    ...{ epoch: groupEpoch, assignmentEpoch, assignor: assignorName },
    members: members.map(shareMember),
  }),
};

function classicMember(
  member: DescribeGroupsResponse['groups'][number]['members'][number],
  isConsumer: boolean,
): ClassicGroupMember {
  const { memberId, groupInstanceId, clientId, clientHost, memberMetadata, memberAssignment } = member;
  const subscription = isConsumer ? readable(consumerProtocolSubscription, memberMetadata) : undefined;
  const assignment = isConsumer ? readable(consumerProtocolAssignment, memberAssignment) : undefined;
  return {
    ...{ memberId, clientId, host: clientHost, instanceId: groupInstanceId ?? undefined },
    subscribedTopics: subscription?.topics,
    assignment: partitionsOf(assignment?.assignedPartitions ?? [], (each) => each),
    ...{ metadata: memberMetadata, assignmentBytes: memberAssignment },
  };
}

/** undefined: there is nothing yet, or not in the format of consumers. */
function readable<Value>(message: Message<Value, never>, bytes: Buffer): Value | undefined {
  try {
    return bytes.length === 0 ? undefined : decodeVersioned(message, bytes);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

function shareMember(
  member: ShareGroupDescribeResponse['groups'][number]['members'][number],
): ShareGroupMember {
  const { memberId, clientId, clientHost, rackId, memberEpoch, subscribedTopicNames, assignment } = member;
  return {
    ...{ memberId, clientId, host: clientHost, rack: rackId ?? undefined, epoch: memberEpoch },
    subscribedTopics: subscribedTopicNames,
    assignment: assigned(assignment),
  };
}

function assigned({
  topicPartitions,
}: {
  readonly topicPartitions: readonly { readonly topicName: string; readonly partitions: readonly number[] }[];
}): TopicPartition[] {
  return partitionsOf(topicPartitions, ({ topicName, partitions }) => ({ topic: topicName, partitions }));
}
