// The state that is kept of share partitions, and what admins may see and change of it.

import { DeleteGroups, inEveryVersion, type Scenario } from '../scenario.ts';
import { untilCoordinated } from './group-requests.ts';
import {
  ACCEPT,
  AlterShareOffsets,
  acknowledgeOf,
  acquire,
  batch,
  DeleteShareOffsets,
  DeleteState,
  DescribeShareOffsets,
  fetchOf,
  heartbeatOf,
  InitializeState,
  joinShare,
  oneMember,
  ReadState,
  ReadStateSummary,
  ShareAcknowledge,
  ShareFetch,
  ShareGroupDescribe,
  ShareGroupHeartbeat,
  untilShareCoordinated,
  WriteState,
} from './share-requests.ts';

export const shareOffsetScenarios: readonly Scenario[] = [
  inEveryVersion(WriteState, 'share state', async (side, version) => {
    const { id: topicId } = await side.createTopic('t', { partitions: 2 });
    const groupId = `${side.prefix}g`;
    await untilCoordinated(side, groupId);
    await untilShareCoordinated(side, groupId, topicId);
    const on = <T extends object>(fields: T, partition = 0, topic = topicId) => ({
      groupId,
      topics: [{ topicId: topic, partitions: [{ partition, ...fields }] }],
    });
    const read = (label: string, leaderEpoch = 0) => side.ask(ReadState, 0, on({ leaderEpoch }), label);
    const summary = (label: string, partition = 0) =>
      side.ask(ReadStateSummary, 1, on({ leaderEpoch: 0 }, partition), label);
    const write = (label: string, fields: object = {}) =>
      side.ask(
        WriteState,
        version,
        on({
          stateEpoch: 2,
          leaderEpoch: 0,
          startOffset: 10,
          deliveryCompleteCount: 0,
          stateBatches: [],
          ...fields,
        }),
        label,
      );
    await read('uninitialized');
    await summary('uninitialized');
    await write('uninitialized');
    await side.ask(DeleteState, 0, on({}), 'uninitialized');
    await side.ask(InitializeState, 0, on({ stateEpoch: 2, startOffset: -1 }), 'first');
    await read('new');
    await summary('new');
    await side.ask(InitializeState, 0, on({ stateEpoch: 1, startOffset: 5 }), 'older');
    await side.ask(InitializeState, 0, on({ stateEpoch: 2, startOffset: 0 }, 9), 'unknown partition');
    await side.ask(InitializeState, 0, on({ stateEpoch: 2, startOffset: 0 }, -1), 'negative partition');
    await side.ask(
      InitializeState,
      0,
      on({ stateEpoch: 2, startOffset: 0 }, 0, 'AAAAAAAAAAAAAAAAAAAAAQ'),
      'unknown topic',
    );
    const state = (
      firstOffset: number,
      lastOffset: number,
      deliveryState: number,
      deliveryCount: number,
    ) => ({
      ...{ firstOffset, lastOffset, deliveryState, deliveryCount },
    });
    await write('batches', {
      stateBatches: [state(10, 19, 0, 1), state(30, 39, 2, 1)],
      deliveryCompleteCount: 10,
    });
    await read('batches');
    await write('overlapping', {
      stateBatches: [state(15, 34, 0, 2), state(12, 12, 2, 1), state(40, 41, 2, 1)],
    });
    await read('overlapping');
    await write('older deliveries', { stateBatches: [state(15, 20, 0, 1)] });
    await read('older deliveries');
    await write('start moved', { startOffset: 18, deliveryCompleteCount: 3 });
    await read('start moved');
    await summary('start moved');
    await write('start kept', { startOffset: -1, stateBatches: [state(50, 50, 4, 5)] });
    await read('start kept');
    await write('older state', { stateEpoch: 1 });
    await read('newer leader', 4);
    await read('older leader', 3);
    await write('older leader', { leaderEpoch: 3 });
    await write('newer leader', { leaderEpoch: 7, startOffset: 20 });
    await summary('by a newer leader');
    await write('no epochs', { leaderEpoch: -1, stateEpoch: -1, startOffset: 21 });
    await read('no epochs', 4);
    await side.ask(InitializeState, 0, on({ stateEpoch: 5, startOffset: 100 }), 'anew');
    await read('anew', 4);
    await summary('anew');
    await side.ask(ReadState, 0, on({ leaderEpoch: 0 }, -1), 'negative partition');
    await side.ask(ReadStateSummary, 0, on({ leaderEpoch: 0 }, -1), 'negative partition');
    await side.ask(ReadStateSummary, 0, on({ leaderEpoch: 0 }, 9), 'unknown partition');
    await side.ask(DeleteState, 0, on({}, -1), 'negative partition');
    await side.ask(DeleteState, 0, on({}, 9), 'unknown partition');
    await side.ask(DeleteState, 0, on({}), 'there');
    await read('deleted');
    await side.ask(ReadState, 0, { groupId: '', topics: [] }, 'nothing of no group');
    await side.ask(ReadState, 0, { ...on({ leaderEpoch: 0 }), groupId: '' }, 'no group');
    await side.ask(
      WriteState,
      version,
      { ...on({ stateEpoch: 0, leaderEpoch: 0, startOffset: 0, stateBatches: [] }), groupId: '' },
      'no group',
    );
    await side.ask(InitializeState, 0, { ...on({ stateEpoch: 0, startOffset: 0 }), groupId: '' }, 'no group');
    await side.ask(DeleteState, 0, { ...on({}), groupId: '' }, 'no group');
    await side.ask(ReadStateSummary, 0, { ...on({ leaderEpoch: 0 }), groupId: '' }, 'no group');
    await side.ask(ReadState, 0, { groupId, topics: [] }, 'nothing');
  }),
  inEveryVersion(DescribeShareOffsets, 'offsets of groups', async (side, version) => {
    const { topic, groupId, member } = await oneMember(side, { batches: [4, 4] });
    const names = (...partitions: number[]) => [{ topicName: topic.name, partitions }];
    const describe = (label: string, topics: ReturnType<typeof names> | null) =>
      side.ask(DescribeShareOffsets, version, { groups: [{ groupId, topics }] }, label);
    const alter = (label: string, group: string, startOffset: number, ...partitions: number[]) =>
      side.ask(
        AlterShareOffsets,
        0,
        {
          groupId: group,
          topics: [
            {
              topicName: topic.name,
              partitions: partitions.map((partitionIndex) => ({ partitionIndex, startOffset })),
            },
          ],
        },
        label,
      );
    const epoch = await acquire(side, member, topic.id, { maxRecords: 4 });
    await describe('delivered, nothing acknowledged', null);
    await side.ask(
      ShareAcknowledge,
      2,
      acknowledgeOf(member, epoch, topic.id, [batch(0, 1, ACCEPT)]),
      'two of four',
    );
    await describe('all', null);
    await describe('named', names(0));
    await describe('a partition that is not there', names(5));
    await describe('unknown topic', [{ topicName: `${side.prefix}unknown`, partitions: [0] }]);
    await describe('no topics', []);
    await side.ask(
      DescribeShareOffsets,
      version,
      { groups: [{ groupId: `${side.prefix}x`, topics: null }] },
      'unknown group',
    );
    await side.ask(
      DescribeShareOffsets,
      version,
      { groups: [{ groupId: `${side.prefix}x`, topics: names(0) }] },
      'unknown group, named',
    );
    await side.ask(DescribeShareOffsets, version, { groups: [{ groupId: '', topics: null }] }, 'no group');
    await alter('with members', groupId, 3, 0);
    await side.ask(DeleteShareOffsets, 0, { groupId, topics: [{ topicName: topic.name }] }, 'with members');
    await side.quietly(ShareFetch, 2, fetchOf(member, -1, topic.id));
    await side.quietly(ShareGroupHeartbeat, 1, heartbeatOf(member, -1));
    await alter('without members', groupId, 3, 0, 9);
    await describe('altered', null);
    await alter('no group id', '', 3, 0);
    await side.ask(
      AlterShareOffsets,
      0,
      {
        groupId,
        topics: [{ topicName: `${side.prefix}unknown`, partitions: [{ partitionIndex: 0, startOffset: 1 }] }],
      },
      'unknown topic',
    );
    const fresh = { groupId: `${side.prefix}new`, memberId: 'member-n' };
    await alter('of a new group', fresh.groupId, 6, 0);
    await side.ask(
      ShareGroupDescribe,
      1,
      { groupIds: [fresh.groupId], includeAuthorizedOperations: false },
      'new group',
    );
    await joinShare(side, fresh, [topic.name]);
    await side.ask(ShareFetch, 2, fetchOf(fresh, 0, topic.id), 'from where it was set');
    await joinShare(side, member, [topic.name]);
    await side.ask(ShareFetch, 2, fetchOf(member, 0, topic.id), 'from where the other was set');
    await side.quietly(ShareFetch, 2, fetchOf(member, -1, topic.id));
    await side.quietly(ShareGroupHeartbeat, 1, heartbeatOf(member, -1));
    const remove = (label: string, group: string, ...topics: string[]) =>
      side.ask(
        DeleteShareOffsets,
        0,
        { groupId: group, topics: topics.map((topicName) => ({ topicName })) },
        label,
      );
    await remove('no group id', '', topic.name);
    await remove('unknown group', `${side.prefix}x`, topic.name);
    await remove('unknown topic', groupId, `${side.prefix}unknown`);
    await remove('there', groupId, topic.name);
    await remove('again', groupId, topic.name);
    await describe('deleted', null);
    await side.ask(DeleteGroups, 2, { groupsNames: [groupId, fresh.groupId] }, 'one empty, one not');
  }),
];
