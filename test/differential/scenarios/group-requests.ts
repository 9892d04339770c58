// What scenarios of groups send.

import { Buffer } from 'node:buffer';
import { consumerProtocolSubscription, encodeVersioned } from '@moldau/protocol';
import {
  DescribeGroups,
  FindCoordinator,
  Heartbeat,
  IncrementalAlterConfigs,
  JoinGroup,
  LeaveGroup,
  OffsetCommit,
  SyncGroup,
} from '../scenario.ts';
import { pause, type Side } from '../side.ts';

export const JOIN_VERSION = 9;
export const SYNC_VERSION = 5;
export const NO_MEMBER = '';
const GROUP_RESOURCE = 32;
const SET = 0;

export interface Membership {
  groupId: string;
  memberId: string;
  generationId: number;
  groupInstanceId?: string | null;
}

export interface JoinFields {
  memberId?: string;
  groupInstanceId?: string | null;
  sessionTimeoutMs?: number;
  rebalanceTimeoutMs?: number;
  protocolType?: string;
  protocols?: string[];
  reason?: string | null;
}

/** Waits until members are asked to join again. */
export function untilRebalancing(side: Side, groupId: string): Promise<void> {
  return untilState(side, groupId, 'PreparingRebalance');
}

/** Waits until a classic group is in that state. */
export async function untilState(side: Side, groupId: string, state: string): Promise<void> {
  for (let attempt = 0; attempt < 1500; attempt++) {
    const { groups } = await side.quietly(DescribeGroups, 5, { groups: [groupId] });
    if (groups[0]?.groupState === state) return;
    await pause(25);
  }
  throw new Error(`${groupId} does not come to be ${state}`);
}

/** Waits until groups can be used: Kafka makes its topic for them at the first question. */
export async function untilCoordinated(side: Side, groupId: string): Promise<void> {
  const ready = { groupId, generationId: -1, memberId: NO_MEMBER };
  for (let attempt = 0; attempt < 1500; attempt++) {
    const { coordinators } = await side.quietly(FindCoordinator, 4, {
      keyType: 0,
      coordinatorKeys: [groupId],
    });
    if (coordinators[0]?.errorCode === 0) {
      const { errorCode } = await side.quietly(Heartbeat, 4, ready);
      // COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR
      if (![14, 15, 16].includes(errorCode)) return;
    }
    await pause(50);
  }
  throw new Error('no coordinator');
}

/** Sets configs of a group, and waits until it works by them. */
export async function configureGroup(
  side: Side,
  groupId: string,
  configs: Record<string, string>,
): Promise<void> {
  const { responses } = await side.quietly(IncrementalAlterConfigs, 1, {
    resources: [
      {
        resourceType: GROUP_RESOURCE,
        resourceName: groupId,
        configs: Object.entries(configs).map(([name, value]) => ({ name, configOperation: SET, value })),
      },
    ],
    validateOnly: false,
  });
  const { errorCode, errorMessage } = responses[0]!;
  if (errorCode !== 0) throw new Error(`cannot configure ${groupId}: ${errorMessage}`);
  await side.untilInForce();
}

/** Kafka reads what consumers subscribe to, and never answers a join when it cannot. */
function metadataOf(protocolType: string, protocol: string): Buffer {
  return protocolType === 'consumer'
    ? encodeVersioned(consumerProtocolSubscription, { topics: [`topic for ${protocol}`] }, 0)
    : Buffer.from(`metadata of ${protocol}`);
}

export function joinRequest(groupId: string, fields: JoinFields = {}) {
  const { protocols = ['range', 'roundrobin'], protocolType = 'consumer', ...others } = fields;
  return {
    groupId,
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 30_000,
    memberId: NO_MEMBER,
    protocolType,
    ...others,
    protocols: protocols.map((name) => ({ name, metadata: metadataOf(protocolType, name) })),
  };
}

/** Joins, with the second try that a new member needs, and says nothing of it. */
export async function joinQuietly(side: Side, groupId: string, fields: JoinFields = {}) {
  const first = await side.quietly(JoinGroup, JOIN_VERSION, joinRequest(groupId, fields));
  const MEMBER_ID_REQUIRED = 79;
  if (first.errorCode !== MEMBER_ID_REQUIRED) return first;
  return side.quietly(JoinGroup, JOIN_VERSION, joinRequest(groupId, { ...fields, memberId: first.memberId }));
}

export function syncRequest(
  member: Membership,
  assignments: [memberId: string, text: string][] = [],
  fields: { protocolType?: string | null; protocolName?: string | null } = {},
) {
  return {
    protocolType: 'consumer',
    protocolName: 'range',
    ...member,
    ...fields,
    assignments: assignments.map(([memberId, text]) => ({ memberId, assignment: Buffer.from(text) })),
  };
}

/** A group of one member that is stable. */
export async function stableGroup(side: Side, groupId: string, fields: JoinFields = {}): Promise<Membership> {
  const joined = await joinQuietly(side, groupId, fields);
  if (joined.errorCode !== 0) throw new Error(`cannot join: ${joined.errorCode}`);
  const { memberId, generationId } = joined;
  const member = { groupId, memberId, generationId, groupInstanceId: fields.groupInstanceId ?? null };
  const { protocolType = 'consumer' } = fields;
  const sync = syncRequest(member, [[memberId, 'all of it']], { protocolType });
  const synced = await side.quietly(SyncGroup, SYNC_VERSION, sync);
  if (synced.errorCode !== 0) throw new Error(`cannot sync: ${synced.errorCode}`);
  side.record('members', { memberId });
  return member;
}

export async function leaveQuietly(side: Side, { groupId, memberId }: Membership): Promise<void> {
  await side.quietly(LeaveGroup, 5, {
    groupId,
    members: [{ memberId, groupInstanceId: null, reason: null }],
  });
}

export async function commitQuietly(
  side: Side,
  groupId: string,
  topic: string,
  offsets: [partition: number, offset: number, metadata: string][],
): Promise<void> {
  await side.quietly(OffsetCommit, 9, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: NO_MEMBER,
    groupInstanceId: null,
    topics: [
      {
        name: topic,
        partitions: offsets.map(([partitionIndex, committedOffset, committedMetadata]) => ({
          partitionIndex,
          committedOffset,
          committedLeaderEpoch: -1,
          committedMetadata,
        })),
      },
    ],
  });
}
