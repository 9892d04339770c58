// Groups of the consumer protocol (KIP-848), and classic members among them.

import {
  DeleteGroups,
  DescribeGroups,
  Heartbeat,
  inEveryVersion,
  JoinGroup,
  LeaveGroup,
  ListGroups,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  type Scenario,
  SyncGroup,
} from '../scenario.ts';
import {
  assignAtOnce,
  ConsumerGroupDescribe,
  ConsumerGroupHeartbeat,
  describe,
  joining,
  Member,
  NEWEST,
  type Query,
  staying,
  topicKnownToGroups,
  untilNewerEpoch,
} from './consumer-group-requests.ts';
import {
  JOIN_VERSION,
  joinRequest,
  SYNC_VERSION,
  stableGroup,
  syncRequest,
  untilCoordinated,
} from './group-requests.ts';

export const consumerGroupScenarios: readonly Scenario[] = [
  inEveryVersion(ConsumerGroupHeartbeat, 'bad requests', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const topic = await topicKnownToGroups(side, { partitions: 2 });
    const ask = (label: string, query: Query) => side.ask(ConsumerGroupHeartbeat, version, query, label);
    const join = (fields: Partial<Query>) => joining(group, 'm', [topic.name], fields);
    await ask('empty group', join({ groupId: '' }));
    await ask('empty instance', join({ instanceId: '' }));
    await ask('empty rack', join({ rackId: '' }));
    await ask('no rebalance timeout', join({ rebalanceTimeoutMs: -1 }));
    await ask('no partitions', join({ topicPartitions: null }));
    await ask('partitions when joining', join({ topicPartitions: [{ topicId: topic.id, partitions: [0] }] }));
    await ask('no subscription', join({ subscribedTopicNames: null }));
    await ask('unknown assignor', join({ serverAssignor: 'best' }));
    await ask('epoch -3', join({ memberEpoch: -3 }));
    await ask('away without a name', join({ memberEpoch: -2 }));
    await ask('leaving without an id', join({ memberEpoch: -1, memberId: '' }));
    await ask('staying without an id', join({ memberEpoch: 1, memberId: '' }));
    await ask('staying in no group', staying(group, 'm', 1));
    await ask('leaving no group', staying(group, 'm', -1));
    if (version >= 1) {
      await ask('no id', join({ memberId: '' }));
      await ask('bad expression', join({ subscribedTopicNames: null, subscribedTopicRegex: '(' }));
      await ask(
        'backtracking expression',
        join({ subscribedTopicNames: null, subscribedTopicRegex: 'a(?=b)' }),
      );
    }
    await ask('well', join({}));
    await ask('unknown member', staying(group, 'other', 1));
    await ask('unknown member leaves', staying(group, 'other', -1));
    await ask('unknown instance', staying(group, 'm', 1, { instanceId: 'i' }));
    await ask('newer epoch', staying(group, 'm', 7));
    await ask('well again', staying(group, 'm', 2));
    await ask('leaves', staying(group, 'm', -1));
  }),
  inEveryVersion(ConsumerGroupHeartbeat, 'one member', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const topic = await topicKnownToGroups(side, { partitions: 3 });
    const ask = (label: string, query: Query) => side.ask(ConsumerGroupHeartbeat, version, query, label);
    await ask('joins', joining(group, 'm', [topic.name]));
    await ask('joins again', joining(group, 'm', [topic.name]));
    await ask('stays', staying(group, 'm', 2));
    const owned = [{ topicId: topic.id, partitions: [0, 1, 2] }];
    await ask('owns', staying(group, 'm', 2, { topicPartitions: owned }));
    await ask(
      'says all',
      staying(group, 'm', 2, {
        rebalanceTimeoutMs: 1000,
        subscribedTopicNames: [topic.name],
        topicPartitions: owned,
      }),
    );
    await describe(side, group, 'stable');
    await assignAtOnce(side, group);
    await ask('unsubscribes', staying(group, 'm', 2, { subscribedTopicNames: [] }));
    await describe(side, group, 'unsubscribed');
    await ask('gave up', staying(group, 'm', 2, { topicPartitions: [] }));
    await ask('stays', staying(group, 'm', 3, { topicPartitions: [] }));
    await ask('the epoch before', staying(group, 'm', 2, { topicPartitions: [] }));
    await ask('the epoch before, silent', staying(group, 'm', 2));
    await describe(side, group, 'nothing');
    await ask('leaves', staying(group, 'm', -1));
    await describe(side, group, 'empty');
    await side.ask(DeleteGroups, 2, { groupsNames: [group] });
    await describe(side, group, 'deleted');
  }),
  inEveryVersion(ConsumerGroupHeartbeat, 'two members', async (side, version) => {
    if (version < NEWEST) return;
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const topic = await topicKnownToGroups(side, { partitions: 4 });
    const [a, b] = [new Member(side, group, 'a'), new Member(side, group, 'b')];
    await a.join([topic.name]);
    await b.join([topic.name], 'b joins at once');
    await describe(side, group, 'assigning');
    await assignAtOnce(side, group);
    await b.beatOwning('b waits');
    await describe(side, group, 'reconciling');
    await a.beat({}, 'a is told to give up');
    await a.beat({}, 'a does not say');
    await b.beat({}, 'b waits still');
    await a.beatOwning();
    await a.beat();
    await b.beat({}, 'b gets its share');
    await b.beatOwning();
    await describe(side, group, 'stable');
    await a.beat({ serverAssignor: 'range' }, 'a wants ranges');
    await side.ask(ConsumerGroupHeartbeat, NEWEST, staying(group, 'b', -1), 'b leaves');
    await describe(side, group, 'one less');
    await a.beat({}, 'a gets all');
    await describe(side, group, 'a alone');
  }),
  inEveryVersion(ConsumerGroupHeartbeat, 'static members', async (side, version) => {
    if (version < NEWEST) return;
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const topic = await topicKnownToGroups(side, { partitions: 2 });
    const a = new Member(side, group, 'a', { instanceId: 'i' });
    const b = new Member(side, group, 'b', { instanceId: 'i', rackId: 'r' });
    await a.join([topic.name]);
    await b.join([topic.name], 'its name is taken');
    await side.ask(ConsumerGroupHeartbeat, NEWEST, staying(group, 'b', 2, { instanceId: 'i' }), 'fenced');
    await side.ask(ConsumerGroupHeartbeat, NEWEST, staying(group, 'a', -2, { instanceId: 'i' }), 'away');
    await describe(side, group, 'away');
    await b.join([topic.name], 'takes its place');
    await describe(side, group, 'replaced');
    await a.beat({}, 'the former one');
    await b.beat();
    await side.ask(ConsumerGroupHeartbeat, NEWEST, staying(group, 'b', -1, { instanceId: 'i' }), 'leaves');
    await describe(side, group, 'empty');
  }),
  inEveryVersion(ConsumerGroupHeartbeat, 'expressions', async (side, version) => {
    if (version < NEWEST) return;
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const topic = await topicKnownToGroups(side, { partitions: 2 }, 'x1');
    const regex = `${side.prefix.replaceAll('.', '\\.')}x.*`;
    const a = new Member(side, group, 'a', { subscribedTopicNames: null, subscribedTopicRegex: regex });
    const query = joining(group, 'a', [], { subscribedTopicNames: null, subscribedTopicRegex: regex });
    const first = await side.ask(ConsumerGroupHeartbeat, NEWEST, query, 'joins');
    a.memberEpoch = first?.memberEpoch ?? 0;
    await untilNewerEpoch(side, group, a.memberEpoch);
    await assignAtOnce(side, group);
    await a.beat({ topicPartitions: [] }, 'gets what matches');
    await a.beatOwning();
    const described = await side.quietly(ConsumerGroupDescribe, NEWEST, {
      groupIds: [group],
      includeAuthorizedOperations: false,
    });
    const [only] = described.groups;
    side.record('described', {
      ...only,
      members: only?.members.map(({ subscribedTopicRegex: _, ...rest }) => rest),
    });
    await a.beat({ subscribedTopicRegex: '', subscribedTopicNames: [topic.name] }, 'by name instead');
    await describe(side, group, 'by name');
  }),
  inEveryVersion(ConsumerGroupHeartbeat, 'topics that change', async (side, version) => {
    if (version < NEWEST) return;
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const topic = await topicKnownToGroups(side, { partitions: 1 });
    const a = new Member(side, group, 'a');
    const topics = [topic.name, `${side.prefix}later`];
    await a.join(topics);
    await assignAtOnce(side, group);
    await topicKnownToGroups(side, { partitions: 2 }, 'later');
    await a.beat({}, 'a topic has come');
    await a.beatOwning();
    const { groups } = await side.quietly(ConsumerGroupDescribe, NEWEST, {
      ...{ groupIds: [group], includeAuthorizedOperations: false },
    });
    const inOrder = groups.flatMap(({ members }) =>
      members.map((member) => ({ ...member, subscribedTopicNames: topics })),
    );
    side.record('both', inOrder);
  }),
  inEveryVersion(ConsumerGroupDescribe, 'groups of all kinds', async (side, version) => {
    const group = `${side.prefix}g`;
    const classic = `${side.prefix}classic`;
    await untilCoordinated(side, group);
    await untilCoordinated(side, classic);
    await stableGroup(side, classic);
    const topic = await topicKnownToGroups(side, { partitions: 1 });
    const a = new Member(side, group, 'a', { rackId: 'r', serverAssignor: 'range' });
    await a.join([topic.name]);
    const groupIds = [group, classic, `${side.prefix}none`, ''];
    await side.ask(ConsumerGroupDescribe, version, { groupIds, includeAuthorizedOperations: false });
    await side.ask(ConsumerGroupDescribe, version, { groupIds, includeAuthorizedOperations: true });
    await side.ask(DescribeGroups, 5, { groups: groupIds });
    await side.ask(DescribeGroups, 6, { groups: groupIds });
    const { groups } = await side.quietly(ListGroups, 5, { typesFilter: ['Consumer'] });
    side.record(
      'listed',
      groups.filter(({ groupId }) => groupId.startsWith(side.prefix)),
    );
    const stable = await side.quietly(ListGroups, 5, { statesFilter: ['stable'], typesFilter: ['consumer'] });
    side.record(
      'stable',
      stable.groups.filter(({ groupId }) => groupId.startsWith(side.prefix)),
    );
    await side.ask(DeleteGroups, 2, { groupsNames: [group] }, 'in use');
    const { name } = topic;
    await side.ask(OffsetDelete, 0, {
      groupId: group,
      topics: [{ name, partitions: [{ partitionIndex: 0 }] }],
    });
  }),
  inEveryVersion(OffsetCommit, 'by members of the consumer protocol', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const topic = await topicKnownToGroups(side, { partitions: 2 });
    const a = new Member(side, group, 'a');
    const commit = (label: string, memberId: string, generationIdOrMemberEpoch: number) =>
      side.ask(
        OffsetCommit,
        version,
        {
          ...{ groupId: group, memberId, generationIdOrMemberEpoch },
          topics: [
            {
              name: topic.name,
              topicId: topic.id,
              partitions: [{ partitionIndex: 0, committedOffset: 5, committedMetadata: '' }],
            },
          ],
        },
        label,
      );
    await a.join([topic.name]);
    await commit('well', 'a', 2);
    await commit('stale', 'a', 1);
    await commit('newer', 'a', 3);
    await commit('unknown', 'b', 2);
    await commit('nobody', '', -1);
    await assignAtOnce(side, group);
    await a.beat({ subscribedTopicNames: [topic.name, 'other'] }, 'its epoch is raised');
    await commit('the epoch before', 'a', 2);
    await side.ask(ConsumerGroupHeartbeat, NEWEST, staying(group, 'a', -1), 'leaves');
    await commit('empty', '', -1);
    await commit('empty with epoch', 'a', 1);
  }),
  inEveryVersion(OffsetFetch, 'by members of the consumer protocol', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const topic = await topicKnownToGroups(side, { partitions: 1 });
    const a = new Member(side, group, 'a');
    await a.join([topic.name]);
    const { name, id: topicId } = topic;
    const topics = [{ name, topicId, partitionIndexes: [0] }];
    const fetch = (label: string, memberId: string | null, memberEpoch: number) =>
      side.ask(
        OffsetFetch,
        version,
        { groupId: group, topics, groups: [{ groupId: group, memberId, memberEpoch, topics }] },
        label,
      );
    await fetch('not a member', null, -1);
    await fetch('well', 'a', 2);
    await fetch('stale', 'a', 1);
    await fetch('newer', 'a', 3);
    await fetch('unknown', 'b', 2);
    await fetch('none', '', 1);
  }),
  inEveryVersion(JoinGroup, 'of a group of the consumer protocol', async (side, version) => {
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const topic = await topicKnownToGroups(side, { partitions: 2 });
    const a = new Member(side, group, 'a');
    await a.join([topic.name]);
    const join = (label: string, fields: Parameters<typeof joinRequest>[1]) =>
      side.ask(
        JoinGroup,
        version,
        { ...joinRequest(group, fields), protocols: subscriptions(topic.name) },
        label,
      );
    await join('another type', { protocolType: 'connect' });
    const request = { ...joinRequest(group), protocols: subscriptions(topic.name) };
    const first = await side.quietly(JoinGroup, version, request);
    let memberId = first.memberId;
    side.call(memberId, '<classic>');
    side.record('new', first);
    if (first.errorCode !== 0) await join('with the id given', { memberId });
    const classic = { groupId: group, memberId, groupInstanceId: null };
    await side.ask(Heartbeat, 4, { ...classic, generationId: 2 }, 'its generation');
    await assignAtOnce(side, group);
    await a.beat({}, 'a is told to give up');
    await side.ask(Heartbeat, 4, { ...classic, generationId: 2 }, 'has to join again');
    const again = await join('joins again', { memberId });
    memberId = again?.memberId ?? '';
    const generationId = again?.generationId ?? 0;
    await side.ask(
      SyncGroup,
      SYNC_VERSION,
      syncRequest({ groupId: group, memberId, generationId }),
      'nothing yet',
    );
    await side.ask(Heartbeat, 4, { ...classic, generationId }, 'waits');
    await a.beatOwning();
    await side.ask(Heartbeat, 4, { ...classic, generationId }, 'something is free');
    await join('joins a third time', { memberId });
    await side.ask(
      SyncGroup,
      SYNC_VERSION,
      syncRequest({ groupId: group, memberId, generationId }),
      'its share',
    );
    await side.ask(
      SyncGroup,
      SYNC_VERSION,
      syncRequest({ groupId: group, memberId, generationId: 9 }),
      'wrong',
    );
    await side.ask(Heartbeat, 4, { ...classic, generationId }, 'all is well');
    await side.ask(Heartbeat, 4, { ...classic, memberId: 'a', generationId }, 'not a classic member');
    const described = await side.quietly(ConsumerGroupDescribe, NEWEST, {
      groupIds: [group],
      includeAuthorizedOperations: false,
    });
    side.record('described', described);
    await side.ask(
      ConsumerGroupHeartbeat,
      NEWEST,
      staying(group, 'a', -1),
      'the other leaves: classic again',
    );
    await side.ask(Heartbeat, 4, { ...classic, generationId }, 'in the classic group');
    const { groups } = await side.quietly(DescribeGroups, 5, { groups: [group] });
    side.record(
      'downgraded',
      groups.map(({ members: _, ...rest }) => rest),
    );
    await side.ask(LeaveGroup, 5, { groupId: group, members: [{ memberId }] }, 'leaves');
  }),
  inEveryVersion(ConsumerGroupHeartbeat, 'of a classic group', async (side, version) => {
    if (version < NEWEST) return;
    const group = `${side.prefix}g`;
    await untilCoordinated(side, group);
    const topic = await topicKnownToGroups(side, { partitions: 2 });
    const other = `${side.prefix}connect`;
    await untilCoordinated(side, other);
    const foreign = await side.quietly(JoinGroup, 3, joinRequest(other, { protocolType: 'connect' }));
    side.call(foreign.memberId, '<foreign>');
    await new Member(side, other, 'a').join([topic.name], 'a group of another kind');
    const request = { ...joinRequest(group), protocols: subscriptions(topic.name) };
    const joined = await side.quietly(JoinGroup, 3, request);
    const { memberId, generationId } = joined;
    side.call(memberId, '<classic>');
    const assignment = Buffer.concat([
      Buffer.from([0, 1, 0, 0, 0, 1]),
      javaString(topic.name),
      Buffer.from([0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255]),
    ]);
    await side.quietly(SyncGroup, SYNC_VERSION, {
      ...syncRequest({ groupId: group, memberId, generationId }),
      assignments: [{ memberId, assignment }],
    });
    const a = new Member(side, group, 'a');
    await side.ask(ConsumerGroupHeartbeat, NEWEST, staying(group, 'a', 1), 'not joining');
    await a.join([topic.name], 'upgrades');
    await describe(side, group, 'upgraded');
    await side.ask(Heartbeat, 4, { groupId: group, memberId, generationId }, 'the classic member');
    await side.ask(LeaveGroup, 5, { groupId: group, members: [{ memberId }, { memberId: 'x' }] }, 'leaves');
    await assignAtOnce(side, group);
    await a.beat({}, 'a alone');
    await describe(side, group, 'no classic member');
    await side.ask(ConsumerGroupHeartbeat, NEWEST, staying(group, 'a', -1), 'a leaves');
    const back = await side.ask(
      JoinGroup,
      JOIN_VERSION,
      joinRequest(group, {}),
      'the empty group is classic again',
    );
    side.call(back?.memberId ?? '', '<back>');
  }),
];

function javaString(text: string): Buffer {
  const size = Buffer.alloc(2);
  size.writeInt16BE(text.length);
  return Buffer.concat([size, Buffer.from(text)]);
}

/** Metadata of a consumer of one topic that owns nothing, version 1. */
function subscriptions(topic: string) {
  const metadata = Buffer.concat([
    Buffer.from([0, 1, 0, 0, 0, 1]),
    javaString(topic),
    Buffer.from([255, 255, 255, 255, 0, 0, 0, 0]),
  ]);
  return [{ name: 'range', metadata }];
}
