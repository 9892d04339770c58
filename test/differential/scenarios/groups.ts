// Groups and their members.

import {
  DeleteGroups,
  DescribeGroups,
  Heartbeat,
  inEveryVersion,
  JoinGroup,
  LeaveGroup,
  ListGroups,
  type Scenario,
  SyncGroup,
} from '../scenario.ts';
import { pause } from '../side.ts';
import {
  commitQuietly,
  JOIN_VERSION,
  joinQuietly,
  joinRequest,
  leaveQuietly,
  NO_MEMBER,
  SYNC_VERSION,
  stableGroup,
  syncRequest,
  untilCoordinated,
  untilRebalancing,
  untilState,
} from './group-requests.ts';

const UNKNOWN_MEMBER = 'nobody';

export const groupScenarios: readonly Scenario[] = [
  inEveryVersion(JoinGroup, 'one member', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const join = (label: string, groupId: string, fields: Parameters<typeof joinRequest>[1] = {}) =>
      side.ask(JoinGroup, version, joinRequest(groupId, fields), label);
    await join('empty group id', '');
    await join('session too short', group, { sessionTimeoutMs: 1 });
    await join('session too long', group, { sessionTimeoutMs: 10_000_000 });
    await join('no protocols', group, { protocols: [] });
    await join('empty protocol type', group, { protocolType: '' });
    await join('unknown member', group, { memberId: UNKNOWN_MEMBER });
    const first = await join('new', group, { reason: 'because' });
    const memberId = first?.memberId ?? '';
    const second = version >= 4 ? await join('with the id given', group, { memberId }) : first;
    await side.ask(
      SyncGroup,
      SYNC_VERSION,
      syncRequest({ groupId: group, memberId, generationId: second?.generationId ?? 0 }, [[memberId, 'a']]),
      'leader',
    );
    await join('again', group, { memberId });
    await join('with no protocol in common', group, { memberId: NO_MEMBER, protocols: ['sticky'] });
    await join('of another type', group, { memberId: NO_MEMBER, protocolType: 'connect' });
    await join('negative rebalance timeout', `${group}2`, { rebalanceTimeoutMs: -1 });
    await side.ask(Heartbeat, 4, { groupId: group, memberId, generationId: 2 }, 'after all');
  }),
  inEveryVersion(JoinGroup, 'two members', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const a = await stableGroup(side, group);
    const other = side.another();
    const joining = joinQuietly(other, group);
    await untilRebalancing(side, group);
    await side.ask(Heartbeat, 4, a, 'is told to join');
    await side.ask(SyncGroup, SYNC_VERSION, syncRequest(a), 'sync while others join');
    await side.ask(
      JoinGroup,
      version,
      joinRequest(group, { memberId: a.memberId, protocols: ['range', 'roundrobin', 'sticky'] }),
      'leader',
    );
    const b = await joining;
    side.record('the other', b);
    const generationId = b.generationId;
    await side.ask(Heartbeat, 4, { ...a, generationId }, 'before the sync');
    const waiting = other.quietly(
      SyncGroup,
      SYNC_VERSION,
      syncRequest({ groupId: group, memberId: b.memberId, generationId }),
    );
    await pause(50);
    await side.ask(
      SyncGroup,
      SYNC_VERSION,
      syncRequest({ ...a, generationId }, [
        [a.memberId, 'for a'],
        [b.memberId, 'for b'],
      ]),
      'leader',
    );
    side.record('follower', await waiting);
    await side.ask(
      JoinGroup,
      version,
      joinRequest(group, { memberId: b.memberId }),
      'follower joins unchanged',
    );
    await side.ask(Heartbeat, 4, { ...a, generationId }, 'then');
  }),
  inEveryVersion(
    JoinGroup,
    'static members',
    async (side, version) => {
      const group = `${side.prefix}g`;
      await untilCoordinated(side, group);
      const groupInstanceId = 'instance';
      const join = (label: string, fields: Parameters<typeof joinRequest>[1] = {}) =>
        side.ask(JoinGroup, version, joinRequest(group, { groupInstanceId, ...fields }), label);
      const first = await join('new');
      const memberId = first?.memberId ?? '';
      const member = { groupId: group, memberId, generationId: 1, groupInstanceId };
      await side.ask(SyncGroup, SYNC_VERSION, syncRequest(member, [[memberId, 'a']]), 'leader');
      await join('comes back');
      const back = await side.quietly(JoinGroup, version, joinRequest(group, { groupInstanceId }));
      side.record('comes back again', back);
      await side.ask(Heartbeat, 4, member, 'the one replaced');
      await side.ask(SyncGroup, SYNC_VERSION, syncRequest(member), 'the one replaced');
      await join('the one replaced', { memberId });
      await join('unknown instance with an id', { memberId, groupInstanceId: 'unknown' });
      const now = { ...member, memberId: back.memberId, generationId: back.generationId };
      await side.ask(Heartbeat, 4, now, 'the new one');
      await side.ask(DescribeGroups, 5, { groups: [group] }, 'described');
      await join('with other protocols', { memberId: back.memberId, protocols: ['roundrobin'] });
      await side.ask(Heartbeat, 4, now, 'at last');
      const empty = joinRequest(`${group}2`, { groupInstanceId: '' });
      await side.ask(JoinGroup, version, empty, 'empty instance');
    },
    { from: 5 },
  ),
  inEveryVersion(SyncGroup, 'errors', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const member = await stableGroup(side, group);
    const sync = (label: string, request: ReturnType<typeof syncRequest>) =>
      side.ask(SyncGroup, version, request, label);
    await sync('again', syncRequest(member));
    await sync('old generation', syncRequest({ ...member, generationId: 0 }));
    await sync('later generation', syncRequest({ ...member, generationId: 7 }));
    await sync('unknown member', syncRequest({ ...member, memberId: UNKNOWN_MEMBER }));
    await sync('unknown group', syncRequest({ ...member, groupId: `${group}x` }));
    await sync('empty group', syncRequest({ ...member, groupId: '' }));
    await sync('unknown instance', syncRequest({ ...member, groupInstanceId: 'unknown' }));
    await sync('wrong type', syncRequest(member, [], { protocolType: 'connect' }));
    await sync('wrong protocol', syncRequest(member, [], { protocolName: 'roundrobin' }));
    await sync('no protocol', syncRequest(member, [], { protocolName: null, protocolType: null }));
  }),
  inEveryVersion(SyncGroup, 'forgets members that the leader left out', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const { memberId, generationId } = await joinQuietly(side, group);
    side.record('member', { memberId });
    await side.ask(
      SyncGroup,
      version,
      syncRequest({ groupId: group, memberId, generationId }, [[UNKNOWN_MEMBER, 'x']]),
    );
  }),
  inEveryVersion(Heartbeat, 'errors', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const member = await stableGroup(side, group);
    const beat = (label: string, fields: object = {}) =>
      side.ask(Heartbeat, version, { ...member, ...fields }, label);
    await beat('good');
    await beat('old generation', { generationId: 0 });
    await beat('later generation', { generationId: 9 });
    await beat('no generation', { generationId: -1 });
    await beat('unknown member', { memberId: UNKNOWN_MEMBER });
    await beat('no member', { memberId: NO_MEMBER });
    await beat('unknown group', { groupId: `${group}x` });
    await beat('empty group', { groupId: '' });
    await beat('unknown instance', { groupInstanceId: 'unknown' });
    await commitQuietly(side, `${group}2`, 'simple', []);
    await beat('a group without members', { groupId: `${group}2` });
  }),
  inEveryVersion(LeaveGroup, 'errors', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const member = await stableGroup(side, group);
    const leave = (label: string, groupId: string, memberId: string, groupInstanceId: string | null = null) =>
      side.ask(
        LeaveGroup,
        version,
        { groupId, memberId, members: [{ memberId, groupInstanceId, reason: null }] },
        label,
      );
    await leave('unknown member', group, UNKNOWN_MEMBER);
    await leave('unknown group', `${group}x`, UNKNOWN_MEMBER);
    await leave('empty group', '', UNKNOWN_MEMBER);
    await leave('unknown instance', group, NO_MEMBER, 'unknown');
    await leave('good', group, member.memberId);
    await leave('again', group, member.memberId);
    const fixed = await stableGroup(side, `${group}2`, { groupInstanceId: 'i' });
    if (version >= 3) {
      await leave('instance with a wrong id', `${group}2`, UNKNOWN_MEMBER, 'i');
      await leave('instance', `${group}2`, NO_MEMBER, 'i');
      const one = { memberId: fixed.memberId, groupInstanceId: null, reason: 'x' };
      await side.ask(LeaveGroup, version, { groupId: `${group}2`, members: [] }, 'nobody');
      await side.ask(LeaveGroup, version, { groupId: `${group}2`, members: [one, one] }, 'several');
    }
    await side.ask(DescribeGroups, 5, { groups: [group, `${group}2`] }, 'at last');
  }),
  inEveryVersion(DescribeGroups, 'states', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const describe = (label: string, groups: string[], includeAuthorizedOperations = false) =>
      side.ask(DescribeGroups, version, { groups, includeAuthorizedOperations }, label);
    await describe('unknown', [`${group}x`]);
    await describe('empty id', ['']);
    await describe('none', []);
    const joined = await joinQuietly(side, group);
    const member = { groupId: group, memberId: joined.memberId, generationId: joined.generationId };
    await describe('before the sync', [group]);
    await side.quietly(SyncGroup, SYNC_VERSION, syncRequest(member, [[joined.memberId, 'all']]));
    await describe('stable', [group]);
    await describe('with operations', [group], true);
    await describe('twice', [group, group]);
    const other = side.another();
    const joining = joinQuietly(other, group).catch(() => undefined);
    await untilRebalancing(side, group);
    const answer = await side.quietly(DescribeGroups, version, { groups: [group] });
    side.record('while a member joins', {
      state: answer.groups[0]?.groupState,
      count: answer.groups[0]?.members.length,
    });
    await leaveQuietly(side, member);
    const late = await joining;
    if (late !== undefined)
      await leaveQuietly(side, { groupId: group, memberId: late.memberId, generationId: late.generationId });
    await describe('empty', [group]);
    await describe('with operations, unknown', [`${group}x`], true);
    const fixed = await stableGroup(side, `${group}2`, { groupInstanceId: 'i' });
    await describe('static', [fixed.groupId]);
  }),
  inEveryVersion(ListGroups, 'states and types', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    await stableGroup(side, group);
    const { name } = await side.createTopic('a');
    await commitQuietly(side, `${group}-simple`, name, [[0, 1, 'm']]);
    const left = await stableGroup(side, `${group}-empty`, { protocolType: 'other' });
    await leaveQuietly(side, left);
    for (const statesFilter of [
      [],
      ['Stable'],
      ['stable'],
      ['Empty'],
      ['Empty', 'Stable'],
      ['nonsense'],
      ['Dead'],
      ['PreparingRebalance'],
    ])
      for (const typesFilter of [[], ['classic'], ['Classic'], ['consumer'], ['share'], ['nonsense']]) {
        const answer = await side.quietly(ListGroups, version, { statesFilter, typesFilter });
        side.record(`states ${statesFilter} types ${typesFilter}`, {
          errorCode: answer.errorCode,
          groups: answer.groups.filter(({ groupId }) => groupId.startsWith(side.prefix)),
        });
      }
  }),
  inEveryVersion(DeleteGroups, 'right and wrong', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const member = await stableGroup(side, group);
    const { name } = await side.createTopic('a');
    await commitQuietly(side, `${group}-simple`, name, [[0, 1, 'm']]);
    const remove = (label: string, groupsNames: string[]) =>
      side.ask(DeleteGroups, version, { groupsNames }, label);
    await remove('not empty', [group]);
    await remove('unknown', [`${group}x`]);
    await remove('empty id', ['']);
    await remove('none', []);
    await remove('of offsets only', [`${group}-simple`]);
    await remove('again', [`${group}-simple`]);
    await leaveQuietly(side, member);
    await remove('several', [group, `${group}y`]);
    await side.ask(DescribeGroups, 6, { groups: [group] }, 'after that');
    await commitQuietly(side, `${group}-simple`, name, [[0, 1, 'm']]);
    await remove('twice', [`${group}-simple`, `${group}-simple`]);
  }),
  inEveryVersion(
    JoinGroup,
    'a session that ends',
    async (side, version) => {
      const group = `${side.prefix}g`;
      await untilCoordinated(side, group);
      const joined = await joinQuietly(side, group, { sessionTimeoutMs: 6000 });
      const member = { groupId: group, memberId: joined.memberId, generationId: joined.generationId };
      side.record('member', { memberId: joined.memberId });
      await side.quietly(SyncGroup, SYNC_VERSION, syncRequest(member, [[joined.memberId, 'all']]));
      await untilState(side, group, 'Empty');
      await side.ask(Heartbeat, 4, member, 'too late');
      await side.ask(
        JoinGroup,
        version,
        joinRequest(group, { memberId: member.memberId }),
        'joins with the old id',
      );
      await side.ask(DescribeGroups, 5, { groups: [group] }, 'empty');
    },
    { from: JOIN_VERSION },
  ),
];
