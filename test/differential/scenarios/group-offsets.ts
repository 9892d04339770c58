// Offsets that groups commit.

import {
  DeleteGroups,
  DescribeGroups,
  inEveryVersion,
  LeaveGroup,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  type Scenario,
} from '../scenario.ts';
import type { Side } from '../side.ts';
import { commitQuietly, leaveQuietly, NO_MEMBER, stableGroup, untilCoordinated } from './group-requests.ts';

const UNKNOWN_ID = 'abcdefghijklmnopqrstuA';
const ZERO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

interface Topic {
  name: string;
  id: string;
}

function commitRequest(
  groupId: string,
  { name, id }: Topic,
  fields: {
    memberId?: string;
    generationId?: number;
    groupInstanceId?: string | null;
    partitionIndex?: number;
    committedOffset?: number;
    committedMetadata?: string | null;
    committedLeaderEpoch?: number;
    retentionTimeMs?: number;
  } = {},
) {
  const {
    memberId = NO_MEMBER,
    generationId = -1,
    groupInstanceId = null,
    retentionTimeMs = -1,
    ...partition
  } = fields;
  return {
    groupId,
    generationIdOrMemberEpoch: generationId,
    memberId,
    groupInstanceId,
    retentionTimeMs,
    topics: [
      {
        name,
        topicId: id,
        partitions: [
          {
            partitionIndex: 0,
            committedOffset: 5,
            committedLeaderEpoch: -1,
            committedMetadata: 'm',
            ...partition,
          },
        ],
      },
    ],
  };
}

function fetchRequest(
  groups: {
    groupId: string;
    topics: [Topic, number[]][] | null;
    memberId?: string | null;
    memberEpoch?: number;
  }[],
  requireStable = false,
) {
  const of = (topics: [Topic, number[]][] | null) =>
    topics?.map(([{ name, id }, partitionIndexes]) => ({ name, topicId: id, partitionIndexes })) ?? null;
  const [first] = groups;
  return {
    groupId: first?.groupId ?? '',
    topics: of(first?.topics ?? null),
    groups: groups.map(({ topics, ...group }) => ({ ...group, topics: of(topics) })),
    requireStable,
  };
}

export const groupOffsetScenarios: readonly Scenario[] = [
  inEveryVersion(
    OffsetCommit,
    'right and wrong',
    async (side, version) => {
      const group = `${side.prefix}g`;
      const topic = await side.createTopic('a', { partitions: 2 });
      await untilCoordinated(side, group);
      const commit = (
        label: string,
        fields: Parameters<typeof commitRequest>[2] = {},
        to: Topic = topic,
        groupId = group,
      ) => side.ask(OffsetCommit, version, commitRequest(groupId, to, fields), label);
      await commit('without members');
      await commit('metadata null', { committedMetadata: null });
      await commit('metadata too large', { committedMetadata: 'x'.repeat(4097) });
      await commit('metadata large', { committedMetadata: 'x'.repeat(4096) });
      await commit('negative offset', { committedOffset: -1 });
      await commit('very negative offset', { committedOffset: -7 });
      await commit('leader epoch', { committedLeaderEpoch: 7 });
      await commit('unknown partition', { partitionIndex: 9 });
      await commit('unknown topic', {}, { name: `${topic.name}x`, id: UNKNOWN_ID });
      await commit('no topic', {}, { name: '', id: ZERO_ID });
      await commit('bad name', {}, { name: 'a/b', id: UNKNOWN_ID });
      await commit('generation without member', { generationId: 3 });
      await commit('member without generation', { memberId: 'x' });
      await commit('member of an unknown group', { memberId: 'x', generationId: 3 }, topic, `${group}x`);
      await side.ask(OffsetCommit, version, { ...commitRequest(group, topic), topics: [] }, 'nothing');
      const both = commitRequest(group, topic);
      const unknown = { ...both.topics[0]!, name: `${topic.name}x`, topicId: UNKNOWN_ID };
      await side.ask(OffsetCommit, version, { ...both, topics: [unknown, ...both.topics] }, 'one unknown');
      const twoPartitions = {
        ...both.topics[0]!,
        partitions: [
          both.topics[0]!.partitions[0]!,
          { ...both.topics[0]!.partitions[0]!, partitionIndex: 9 },
        ],
      };
      await side.ask(OffsetCommit, version, { ...both, topics: [twoPartitions] }, 'one unknown partition');
      await side.ask(OffsetFetch, 8, fetchRequest([{ groupId: group, topics: null }]), 'at last');
    },
    { from: 2 },
  ),
  inEveryVersion(
    OffsetCommit,
    'to the group without a name',
    async (side, version) => {
      const topic = await side.createTopic('a');
      await untilCoordinated(side, '');
      await side.ask(OffsetCommit, version, commitRequest('', topic));
      await side.ask(OffsetFetch, 8, fetchRequest([{ groupId: '', topics: null }]), 'of all');
      await side.ask(DescribeGroups, 6, { groups: [''] }, 'of it');
      await side.ask(DeleteGroups, 2, { groupsNames: [''] }, 'of it');
    },
    { from: 2, isAlone: true },
  ),
  inEveryVersion(
    OffsetCommit,
    'of members',
    async (side, version) => {
      const group = `${side.prefix}g`;
      const topic = await side.createTopic('a');
      await untilCoordinated(side, group);
      const { memberId, generationId } = await stableGroup(side, group, { groupInstanceId: 'i' });
      const commit = (label: string, fields: Parameters<typeof commitRequest>[2] = {}) =>
        side.ask(
          OffsetCommit,
          version,
          commitRequest(group, topic, { memberId, generationId, ...fields }),
          label,
        );
      await commit('good');
      await commit('old generation', { generationId: 0 });
      await commit('later generation', { generationId: 9 });
      await commit('no generation', { generationId: -1 });
      await commit('unknown member', { memberId: 'nobody' });
      await commit('nobody', { memberId: NO_MEMBER, generationId: -1 });
      await commit('instance', { groupInstanceId: 'i' });
      await commit('unknown instance', { groupInstanceId: 'unknown' });
      await commit('instance of another', { groupInstanceId: 'i', memberId: 'nobody' });
      await leaveQuietly(side, { groupId: group, memberId, generationId });
      await commit('after it left');
      await commit('nobody, after it left', { memberId: NO_MEMBER, generationId: -1 });
    },
    { from: 2 },
  ),
  inEveryVersion(
    OffsetFetch,
    'right and wrong',
    async (side, version) => {
      const group = `${side.prefix}g`;
      const topic = await side.createTopic('a', { partitions: 3 });
      const other = await side.createTopic('b');
      await untilCoordinated(side, group);
      await commitQuietly(side, group, topic.name, [
        [0, 5, 'm'],
        [2, 7, ''],
      ]);
      const fetch = (
        label: string,
        topics: [Topic, number[]][] | null,
        groupId = group,
        requireStable = false,
      ) => side.ask(OffsetFetch, version, fetchRequest([{ groupId, topics }], requireStable), label);
      await fetch('known', [[topic, [0, 1, 2]]]);
      await fetch('known, stable', [[topic, [0, 1, 2]]], group, true);
      await fetch('without commits', [[other, [0]]]);
      await fetch('unknown partition', [[topic, [9, -1]]]);
      await fetch('unknown topic', [[{ name: `${topic.name}x`, id: UNKNOWN_ID }, [0]]]);
      await fetch('no topic', [[{ name: '', id: ZERO_ID }, [0]]]);
      await fetch('one unknown topic', [
        [{ name: `${topic.name}x`, id: UNKNOWN_ID }, [0]],
        [topic, [0]],
      ]);
      await fetch('no topics', []);
      if (version >= 2) {
        await fetch('all', null);
        await fetch('all of an unknown group', null, `${group}x`);
        await fetch('all of an empty group id', null, '');
      }
      await fetch('unknown group', [[topic, [0]]], `${group}x`);
      await fetch('empty group', [[topic, [0]]], '');
      await fetch('twice', [[topic, [0, 0]]]);
      if (version >= 8) {
        await side.ask(OffsetFetch, version, fetchRequest([]), 'no groups');
        const wanted: [Topic, number[]][] = [[topic, [0]]];
        await side.ask(
          OffsetFetch,
          version,
          fetchRequest([
            { groupId: group, topics: wanted },
            { groupId: `${group}x`, topics: null },
          ]),
          'two groups',
        );
        await side.ask(
          OffsetFetch,
          version,
          fetchRequest([{ groupId: group, topics: wanted, memberId: 'nobody', memberEpoch: 5 }]),
          'as an unknown member',
        );
        const member = await stableGroup(side, `${group}2`);
        const as = (memberId: string | null, memberEpoch: number, label: string) =>
          side.ask(
            OffsetFetch,
            version,
            fetchRequest([{ groupId: `${group}2`, topics: wanted, memberId, memberEpoch }]),
            label,
          );
        await as(member.memberId, member.generationId, 'as a member');
        await as(member.memberId, 9, 'as a member of a later generation');
        await as('nobody', 1, 'as no member');
      }
    },
    { from: 1 },
  ),
  inEveryVersion(OffsetDelete, 'right and wrong', async (side, version) => {
    const group = `${side.prefix}g`;
    const topic = await side.createTopic('a', { partitions: 3 });
    await untilCoordinated(side, group);
    await commitQuietly(side, group, topic.name, [
      [0, 5, 'm'],
      [1, 6, 'm'],
    ]);
    const remove = (label: string, name: string, partitionIndexes: number[], groupId = group) =>
      side.ask(
        OffsetDelete,
        version,
        {
          groupId,
          topics: [{ name, partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex })) }],
        },
        label,
      );
    await remove('known', topic.name, [0]);
    await remove('again', topic.name, [0]);
    await remove('unknown partition', topic.name, [9]);
    await remove('unknown topic', `${topic.name}x`, [0]);
    await remove('unknown group', topic.name, [0], `${group}x`);
    await remove('empty group', topic.name, [0], '');
    await side.ask(OffsetDelete, version, { groupId: group, topics: [] }, 'nothing');
    await whileSubscribed(side, version, topic);
    await side.ask(OffsetFetch, 8, fetchRequest([{ groupId: group, topics: null }]), 'at last');
  }),
];

async function whileSubscribed(side: Side, version: number, topic: Topic): Promise<void> {
  const group = `${side.prefix}members`;
  await commitQuietly(side, group, topic.name, [[0, 5, 'm']]);
  const member = await stableGroup(side, group, { protocolType: 'other' });
  const request = { groupId: group, topics: [{ name: topic.name, partitions: [{ partitionIndex: 0 }] }] };
  await side.ask(OffsetDelete, version, request, 'of a group with members that are no consumers');
  await side.ask(
    LeaveGroup,
    5,
    { groupId: group, members: [{ memberId: member.memberId, groupInstanceId: null, reason: null }] },
    'of them',
  );
  await side.ask(OffsetDelete, version, request, 'after they left');
}
