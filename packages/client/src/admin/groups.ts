// Groups of every kind: which there are, who is in them and what each has to read; deleting them, and sending members away.

import {
  deleteGroupsRequest,
  deleteGroupsResponse,
  ErrorCode,
  leaveGroupRequest,
  leaveGroupResponse,
  listGroupsRequest,
  listGroupsResponse,
} from '@moldau/protocol';
import { askCoordinators } from '../cluster/ask-coordinators.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { BrokerError, OptionsError } from '../errors/kafka-error.ts';
import { eachBroker } from './each-broker.ts';
import { describeGroups, type GroupDescription } from './group-descriptions.ts';
import { kebab, pascal } from './names.ts';
import { allOrThrow, wholeAnswer } from './results.ts';
import { inSteps } from './timing.ts';

export type GroupType = 'classic' | 'consumer' | 'share' | 'streams';

export type GroupState =
  | 'empty'
  | 'stable'
  | 'preparing-rebalance'
  | 'completing-rebalance'
  | 'assigning'
  | 'reconciling'
  | 'not-ready'
  | 'dead'
  | 'unknown';

export interface GroupListing {
  readonly groupId: string;
  readonly type: GroupType;
  /** What its members are: 'consumer', 'connect', 'share'. Empty: it has only committed offsets. */
  readonly protocolType: string;
  /** 'unknown' where the broker is too old to tell. */
  readonly state: GroupState;
  readonly coordinatorId: number;
}

/** A member by its id, or a static one by its group.instance.id. */
export type MemberToRemove = { readonly memberId: string } | { readonly instanceId: string };

const LIST = { request: listGroupsRequest, response: listGroupsResponse };
/** Before, brokers had only classic groups. */
const FIRST_WITH_TYPES = 5;
const LIST_BY_STATE = { ...LIST, minVersion: 4, neededFor: 'states' };
const DELETE = { request: deleteGroupsRequest, response: deleteGroupsResponse };
const LEAVE = { request: leaveGroupRequest, response: leaveGroupResponse, minVersion: 3 };

export class GroupsAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Those of all brokers, by id; of these states, types and protocol types only, if they are given. */
  async list(
    options: CallOptions & {
      states?: readonly GroupState[];
      types?: readonly GroupType[];
      protocolTypes?: readonly string[];
    } = {},
  ): Promise<GroupListing[]> {
    const { states = [], types = [], protocolTypes } = options;
    const api = states.length === 0 ? LIST : LIST_BY_STATE;
    const input = (version: number) => ({
      statesFilter: states.map(pascal),
      typesFilter: version < FIRST_WITH_TYPES ? [] : types,
    });
    const listings = await eachBroker(this.#cluster, undefined, options, async (brokerId, call) => {
      const answer = await this.#cluster.request(api, input, { ...call, retry: wholeAnswer('Describe') });
      return answer.groups
        .map((group) => listing(group, brokerId))
        .filter(({ type }) => types.length === 0 || types.includes(type))
        .filter(({ protocolType }) => protocolTypes === undefined || protocolTypes.includes(protocolType));
    });
    return listings.sort((one, other) => (one.groupId < other.groupId ? -1 : 1));
  }

  /** In the order of `groupIds`, whatever their types: see `type` of each. Rejects with GROUP_ID_NOT_FOUND for those that are not there. */
  describe(
    groupIds: string | readonly string[],
    options: CallOptions & { includeAuthorizedOperations?: boolean } = {},
  ): Promise<GroupDescription[]> {
    return describeGroups(this.#cluster, [groupIds].flat(), options);
  }

  /** With all their offsets. Rejects with NON_EMPTY_GROUP while a group has members. */
  async delete(groupIds: string | readonly string[], options: CallOptions = {}): Promise<void> {
    const asked = [groupIds].flat();
    const results = await askCoordinators(this.#cluster, asked, options, {
      type: 'group',
      operation: 'Delete',
      ask: async (groupsNames, call) => {
        const answer = await this.#cluster.request(DELETE, { groupsNames }, call);
        return new Map(answer.results.map((result) => [result.groupId, result]));
      },
    });
    allOrThrow(asked.map((groupId) => results.get(groupId)));
  }

  /**
   * Takes members out of a group, so that the others get their partitions at once: static ones that will not come back, or 'all'. Those that still run
   * join again. Members of share groups cannot be taken out.
   */
  async removeMembers(
    groupId: string,
    members: 'all' | MemberToRemove | readonly MemberToRemove[],
    options: CallOptions & { reason?: string } = {},
  ): Promise<void> {
    const left = inSteps(this.#cluster, options);
    const asked = members === 'all' ? await this.#membersOf(groupId, left()) : [members].flat();
    if (asked.length === 0) return;
    const input = {
      groupId,
      members: asked.map((member) => ({
        ...('instanceId' in member
          ? { memberId: '', groupInstanceId: member.instanceId }
          : { memberId: member.memberId, groupInstanceId: null }),
        reason: options.reason ?? 'removed by an administrator',
      })),
    };
    const resource = `group ${groupId}`;
    const answer = await this.#cluster.request(LEAVE, input, {
      ...left(),
      to: { coordinatorOf: 'group', key: groupId },
      retry: wholeAnswer('Read', resource),
    });
    allOrThrow(
      asked.map((member, index) => {
        const errorCode = answer.members[index]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
        if (errorCode === ErrorCode.NONE) return undefined;
        const name = 'instanceId' in member ? member.instanceId : member.memberId;
        return new BrokerError(errorCode, { resource: `${resource}, member ${name}` });
      }),
    );
  }

  async #membersOf(groupId: string, options: CallOptions): Promise<MemberToRemove[]> {
    const [group] = await this.describe(groupId, options);
    if (group!.type !== 'classic' && group!.type !== 'consumer')
      throw new OptionsError(`${groupId} is a ${group!.type} group: its members cannot be removed.`);
    return group!.members.map(({ memberId }) => ({ memberId }));
  }
}

function listing(
  group: { groupId: string; protocolType: string; groupState: string; groupType: string },
  coordinatorId: number,
): GroupListing {
  return {
    ...{ groupId: group.groupId, protocolType: group.protocolType, coordinatorId },
    type: kebab(group.groupType || 'classic'),
    state: kebab(group.groupState || 'unknown'),
  };
}
