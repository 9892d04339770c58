// Requests of groups and of configs that are allowed and that nobody sends: nothing in them, the same twice, numbers without sense.

import { batchOf } from '../records.ts';
import {
  AlterConfigs,
  DeleteGroups,
  DescribeGroups,
  Heartbeat,
  IncrementalAlterConfigs,
  inEveryVersion,
  JoinGroup,
  LeaveGroup,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  type Scenario,
  SyncGroup,
} from '../scenario.ts';
import {
  commitQuietly,
  joinQuietly,
  joinRequest,
  NO_MEMBER,
  stableGroup,
  syncRequest,
  untilCoordinated,
} from './group-requests.ts';

const MAX_INT = 0x7fff_ffff;
const UNKNOWN_ID = 'abcdefghijklmnopqrstuA';

export const oddGroupScenarios: readonly Scenario[] = [
  inEveryVersion(JoinGroup, 'odd requests', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    let count = 0;
    // A group of its own for each, so that nobody waits for another.
    const join = (label: string, fields: object) =>
      side.ask(JoinGroup, version, joinRequest(`${group}${count++}`, fields), label);
    await join('shortest session', { sessionTimeoutMs: 6000 });
    await join('a little shorter', { sessionTimeoutMs: 5999 });
    await join('longest session', { sessionTimeoutMs: 1_800_000 });
    await join('a little longer', { sessionTimeoutMs: 1_800_001 });
    await join('negative session', { sessionTimeoutMs: -1 });
    await join('endless rebalance', { rebalanceTimeoutMs: MAX_INT });
    await join('no time to rebalance', { rebalanceTimeoutMs: 0 });
    // Kafka never answers before version 4.
    if (version >= 4) await join('a protocol twice', { protocols: ['range', 'range'] });
    await join('a protocol without name', { protocols: [''] });
    await join('another type', { protocolType: 'connect' });
    if (version >= 5) {
      await join('a long instance', { groupInstanceId: 'x'.repeat(250) });
      await join('a bad instance', { groupInstanceId: 'a/b' });
      await join('an instance of dots', { groupInstanceId: '..' });
    }
    if (version >= 8) await join('a long reason', { reason: 'x'.repeat(1000) });
    await side.ask(JoinGroup, version, joinRequest(`${group} /ü*`), 'a strange group');
    await side.ask(JoinGroup, version, joinRequest(`${group}${'x'.repeat(5000)}`), 'a long group');
  }),
  inEveryVersion(SyncGroup, 'odd requests', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const { memberId, generationId } = await joinQuietly(side, group);
    side.record('member', { memberId });
    const member = { groupId: group, memberId, generationId };
    const twice: [string, string][] = [
      [memberId, 'first'],
      [memberId, 'second'],
    ];
    await side.ask(SyncGroup, version, syncRequest(member, twice), 'itself twice');
    await side.ask(SyncGroup, version, syncRequest(member, [[memberId, 'third']]), 'once more');
    await side.ask(DescribeGroups, 5, { groups: [group] }, 'after that');
  }),
  inEveryVersion(Heartbeat, 'odd requests', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const member = await stableGroup(side, group, { groupInstanceId: 'i' });
    const beat = (label: string, fields: object) =>
      side.ask(Heartbeat, version, { ...member, ...fields }, label);
    await beat('generation 2^31-1', { generationId: MAX_INT });
    await beat('generation -7', { generationId: -7 });
    await beat('no instance', { groupInstanceId: null });
    if (version >= 3) await beat('an empty instance', { groupInstanceId: '' });
    await beat('a long member', { memberId: 'x'.repeat(5000) });
  }),
  inEveryVersion(LeaveGroup, 'odd requests', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const { memberId } = await stableGroup(side, group);
    const leave = (label: string, member: { memberId: string; groupInstanceId: string | null }) =>
      side.ask(
        LeaveGroup,
        version,
        { groupId: group, memberId: member.memberId, members: [{ ...member, reason: 'x'.repeat(1000) }] },
        label,
      );
    await leave('nobody', { memberId: NO_MEMBER, groupInstanceId: null });
    if (version >= 3) await leave('with an instance that it has not', { memberId, groupInstanceId: 'i' });
    if (version >= 3) await leave('an empty instance', { memberId, groupInstanceId: '' });
    await leave('good', { memberId, groupInstanceId: null });
  }),
  inEveryVersion(
    OffsetCommit,
    'odd requests',
    async (side, version) => {
      const group = `${side.prefix}g`;
      const { name, id } = await side.createTopic('a', { partitions: 2 });
      await untilCoordinated(side, group);
      const partition = (fields: object = {}) => ({
        ...{ partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: -1, committedMetadata: '' },
        ...fields,
      });
      const commit = (label: string, partitions: object[], fields: object = {}) =>
        side.ask(
          OffsetCommit,
          version,
          {
            ...{ groupId: group, generationIdOrMemberEpoch: -1, memberId: NO_MEMBER, groupInstanceId: null },
            topics: [{ name, topicId: id, partitions: partitions as never }],
            ...fields,
          },
          label,
        );
      await commit('a topic without partitions', []);
      await commit('a partition twice', [partition(), partition({ committedOffset: 6 })]);
      await commit('a far offset', [partition({ committedOffset: 2 ** 53 - 1 })]);
      await commit('a far epoch', [partition({ committedLeaderEpoch: MAX_INT })]);
      await commit('a negative partition', [partition({ partitionIndex: -1 })]);
      await commit('strange metadata', [partition({ committedMetadata: 'ü\u0000' })]);
      await commit('generation -7', [partition()], { generationIdOrMemberEpoch: -7 });
      await commit('as an instance', [partition()], { groupInstanceId: version >= 7 ? 'i' : null });
      const topic = (partitionIndex: number) => ({
        name,
        topicId: id,
        partitions: [partition({ partitionIndex })] as never,
      });
      await commit('a topic in two pieces', [], { topics: [topic(0), topic(1)] });
      const topics = [{ name, topicId: id, partitionIndexes: [0, 1] }];
      const fetch = { groupId: group, groups: [{ groupId: group, topics }], topics };
      await side.ask(OffsetFetch, 7, fetch, 'at last');
    },
    { from: 2 },
  ),
  inEveryVersion(
    OffsetFetch,
    'odd requests',
    async (side, version) => {
      const group = `${side.prefix}g`;
      const { name, id } = await side.createTopic('a', { partitions: 2 });
      await untilCoordinated(side, group);
      await commitQuietly(side, group, name, [
        [0, 5, 'm'],
        [1, 6, ''],
      ]);
      const topic = (partitionIndexes: number[]) => ({ name, topicId: id, partitionIndexes });
      const ask = (label: string, topics: ReturnType<typeof topic>[]) =>
        side.ask(
          OffsetFetch,
          version,
          { groupId: group, topics, groups: [{ groupId: group, topics }], requireStable: false },
          label,
        );
      await ask('a topic without partitions', [topic([])]);
      await ask('a topic in two pieces', [topic([0]), topic([1])]);
      await ask('far partitions', [topic([MAX_INT, -7])]);
      if (version >= 8) {
        const one = { groupId: group, topics: [topic([0])] };
        await side.ask(OffsetFetch, version, { groups: [one, one] }, 'a group twice');
      }
      if (version >= 10) await ask('an unknown id', [{ ...topic([0, 1]), topicId: UNKNOWN_ID }]);
    },
    { from: 1 },
  ),
  inEveryVersion(OffsetDelete, 'odd requests', async (side, version) => {
    const group = `${side.prefix}g`;
    const { name } = await side.createTopic('a', { partitions: 2 });
    await untilCoordinated(side, group);
    const member = await stableGroup(side, group);
    await side.ask(
      OffsetCommit,
      9,
      {
        ...{ groupId: group, memberId: member.memberId, generationIdOrMemberEpoch: member.generationId },
        groupInstanceId: null,
        topics: [{ name, partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }] }],
      },
      'of a member',
    );
    const ask = (label: string, topics: { name: string; partitions: { partitionIndex: number }[] }[]) =>
      side.ask(OffsetDelete, version, { groupId: group, topics }, label);
    await ask('a topic that nobody has subscribed to', [{ name, partitions: [{ partitionIndex: 0 }] }]);
    await ask('the topic that is subscribed to', [
      { name: 'topic for range', partitions: [{ partitionIndex: 0 }] },
    ]);
    await ask('a partition twice', [{ name, partitions: [{ partitionIndex: 1 }, { partitionIndex: 1 }] }]);
    await ask('a topic without partitions', [{ name, partitions: [] }]);
    await ask('a negative partition', [{ name, partitions: [{ partitionIndex: -1 }] }]);
  }),
  inEveryVersion(DeleteGroups, 'odd requests', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const { name } = await side.createTopic('a');
    await commitQuietly(side, group, name, [[0, 1, 'm']]);
    await side.ask(DeleteGroups, version, { groupsNames: [' ', 'ü/', 'x'.repeat(5000)] }, 'strange names');
    await side.ask(DeleteGroups, version, { groupsNames: [`${group}x`, group, `${group}y`] }, 'one known');
    await side.ask(DescribeGroups, 6, { groups: [' ', group] }, 'after that');
  }),
  inEveryVersion(AlterConfigs, 'odd requests', async (side, version) => {
    const { name } = await side.createTopic('a');
    await side.append(name, batchOf(['a']));
    const alter = (label: string, type: number, resourceName: string, configs: [string, string | null][]) =>
      side.ask(
        AlterConfigs,
        version,
        {
          resources: [
            {
              resourceType: type,
              resourceName,
              configs: configs.map(([key, value]) => ({ name: key, value })),
            },
          ],
          validateOnly: true,
        },
        label,
      );
    await side.ask(AlterConfigs, version, { resources: [], validateOnly: false }, 'nothing');
    await alter('an empty number', 2, name, [['retention.ms', '']]);
    await alter('an empty key', 2, name, [['', '1']]);
    await alter('no name', 2, '', [['retention.ms', '1']]);
    await alter('a group', 32, `${side.prefix}g`, [['consumer.session.timeout.ms', '46000']]);
    await alter('a group, wrong', 32, `${side.prefix}g`, [['consumer.session.timeout.ms', 'x']]);
    await alter('metrics', 16, `${side.prefix}m`, [['interval.ms', '1000']]);
    await alter('metrics, wrong', 16, `${side.prefix}m`, [['interval.ms', 'x']]);
    await alter('no type', 0, name, [['retention.ms', '1']]);
    await alter('no number of a broker', 4, 'x', [['log.cleaner.threads', '1']]);
  }),
  inEveryVersion(IncrementalAlterConfigs, 'odd requests', async (side, version) => {
    const { name } = await side.createTopic('a');
    const topic = (resourceName: string, configs: [string, number, string | null][]) => ({
      resourceType: 2,
      resourceName,
      configs: configs.map(([key, configOperation, value]) => ({ name: key, configOperation, value })),
    });
    const alter = (label: string, ...resources: ReturnType<typeof topic>[]) =>
      side.ask(IncrementalAlterConfigs, version, { resources, validateOnly: true }, label);
    await alter('nothing');
    await alter('an empty key', topic(name, [['', 0, '1']]));
    await alter('an empty number', topic(name, [['retention.ms', 0, '']]));
    await alter('one good and one bad', topic(name, [['retention.ms', 0, '1']]), topic('a/b', []));
    await alter('append nothing', topic(name, [['cleanup.policy', 2, '']]));
    await alter('append null', topic(name, [['cleanup.policy', 2, null]]));
    await alter('subtract all', topic(name, [['cleanup.policy', 3, 'delete']]));
    await alter('append to an unknown key', topic(name, [['nonsense', 2, '1']]));
    await alter('a huge number', topic(name, [['retention.ms', 0, '9'.repeat(30)]]));
    await alter('an empty choice', topic(name, [['compression.type', 0, '']]));
    await alter('capitals', topic(name, [['compression.type', 0, 'GZIP']]));
    await alter('a truth', topic(name, [['preallocate', 0, 'TRUE']]));
    await alter('half a truth', topic(name, [['preallocate', 0, 'yes']]));
    await alter('half a number', topic(name, [['min.cleanable.dirty.ratio', 0, '0.5x']]));
    await alter('more than one', topic(name, [['min.cleanable.dirty.ratio', 0, '1.5']]));
    await alter(
      'lags that do not fit',
      topic(name, [
        ['min.compaction.lag.ms', 0, '5'],
        ['max.compaction.lag.ms', 0, '4'],
      ]),
    );
  }),
];
