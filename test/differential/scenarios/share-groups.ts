// Share groups: members, sessions, records that go out and come back, the state that is kept of them, and admin requests.

import {
  DeleteGroups,
  DescribeGroups,
  inEveryVersion,
  JoinGroup,
  ListGroups,
  OffsetCommit,
  type Scenario,
} from '../scenario.ts';
import { pause, type Side } from '../side.ts';
import { joinRequest, stableGroup, untilCoordinated } from './group-requests.ts';
import {
  ACCEPT,
  AlterShareOffsets,
  acknowledgeOf,
  batch,
  batchOf,
  DeleteShareOffsets,
  DescribeShareOffsets,
  fetchOf,
  GAP,
  heartbeatOf,
  joinShare,
  oneMember,
  REJECT,
  RELEASE,
  RENEW,
  ShareAcknowledge,
  ShareFetch,
  ShareGroupDescribe,
  ShareGroupHeartbeat,
  untilShareCoordinated,
} from './share-requests.ts';

const LATEST_FETCH = 2;
const SHORTLY = { maxWaitMs: 200 };
/** Longer than records need to come back, and a fetch is answered when they have. */
const PATIENCE_MS = 9_000;

/** A second member with a session of its own connection. */
async function joinAnother(side: Side, groupId: string, topic: string) {
  const other = side.another();
  const member = { groupId, memberId: 'member-b' };
  await joinShare(other, member, [topic]);
  return { other, member };
}

export const shareGroupScenarios: readonly Scenario[] = [
  inEveryVersion(ShareGroupHeartbeat, 'right and wrong', async (side, version) => {
    const groupId = `${side.prefix}g`;
    const { name } = await side.createTopic('t', { partitions: 2 });
    await untilCoordinated(side, groupId);
    const member = { groupId, memberId: 'member-a' };
    const beat = (label: string, epoch: number, topics: string[] | null = null, fields = {}) =>
      side.ask(ShareGroupHeartbeat, version, { ...heartbeatOf(member, epoch, topics), ...fields }, label);
    await beat('no member id', 0, [name], { memberId: '' });
    await beat('no group id', 0, [name], { groupId: '' });
    await beat('empty rack', 0, [name], { rackId: '' });
    await beat('no topics', 0, null);
    await beat('empty topics', 0, []);
    await beat('bad epoch', -2, [name]);
    await beat('unknown group', 1);
    await beat('leaving an unknown group', -1);
    const epoch = await joinShare(side, member, [name]);
    await beat('as before', epoch);
    await beat('all of it', epoch, [name]);
    await beat('ahead', epoch + 1);
    await beat('long ago', epoch - 2);
    await beat('unknown member', epoch, null, { memberId: 'nobody' });
    await beat('unknown member leaves', -1, null, { memberId: 'nobody' });
    await side.ask(ShareGroupDescribe, 1, {
      groupIds: [groupId, 'nothing', ''],
      includeAuthorizedOperations: true,
    });
    await side.ask(
      DescribeGroups,
      6,
      { groups: [groupId], includeAuthorizedOperations: false },
      'as a classic group',
    );
    await side.ask(JoinGroup, 9, joinRequest(groupId), 'as a classic group');
    await side.ask(
      OffsetCommit,
      9,
      {
        ...{ groupId, generationIdOrMemberEpoch: -1, memberId: '' },
        topics: [{ name, partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }] }],
      },
      'of a share group',
    );
    await side.ask(DeleteGroups, 2, { groupsNames: [groupId] }, 'with members');
    await beat('again from the beginning', 0, [name]);
    await beat('leave', -1);
    await beat('leave again', -1);
    await side.ask(
      ShareGroupDescribe,
      1,
      { groupIds: [groupId], includeAuthorizedOperations: false },
      'empty',
    );
    const { groups } = await side.quietly(ListGroups, 5, { statesFilter: [], typesFilter: ['share'] });
    side.record(
      'listed',
      groups.filter(({ groupId: each }) => each === groupId),
    );
    await side.ask(DeleteGroups, 2, { groupsNames: [groupId] }, 'without members');
    await side.ask(
      ShareGroupDescribe,
      1,
      { groupIds: [groupId], includeAuthorizedOperations: false },
      'gone',
    );
  }),
  inEveryVersion(ShareGroupHeartbeat, 'a classic group', async (side, version) => {
    const group = `${side.prefix}c`;
    await untilCoordinated(side, group);
    await stableGroup(side, group);
    const member = { groupId: group, memberId: 'member-a' };
    await side.ask(ShareGroupHeartbeat, version, heartbeatOf(member, 0, ['t']), 'join');
    await side.ask(ShareGroupHeartbeat, version, heartbeatOf(member, -1), 'leave');
    await side.ask(ShareGroupDescribe, 1, { groupIds: [group], includeAuthorizedOperations: false });
    await side.ask(DeleteShareOffsets, 0, { groupId: group, topics: [{ topicName: 't' }] });
    await side.ask(AlterShareOffsets, 0, { groupId: group, topics: [] });
    await side.ask(DescribeShareOffsets, 0, { groups: [{ groupId: group, topics: null }] });
  }),
  inEveryVersion(ShareFetch, 'sessions', async (side, version) => {
    const { topic, member, groupId } = await oneMember(side, { batches: [3] });
    const fetch = (label: string, epoch: number, fields: Parameters<typeof fetchOf>[3] = {}, who = {}) =>
      side.ask(ShareFetch, version, fetchOf({ ...member, ...who }, epoch, topic.id, fields), label);
    await fetch('no group', 0, {}, { groupId: null });
    await fetch('no member', 0, {}, { memberId: null });
    await fetch('empty member', 0, {}, { memberId: '' });
    await fetch('long member id', 0, {}, { memberId: 'x'.repeat(37) });
    await fetch('no session', 1);
    await fetch('ends no session', -1);
    await fetch('acknowledges at once', 0, { acknowledgementBatches: [batch(0, 0, ACCEPT)] });
    await fetch('first', 0);
    await fetch('wrong epoch', 5);
    await fetch('second', 1, { maxWaitMs: 100 });
    await fetch('again the same epoch', 1, { maxWaitMs: 100 });
    await fetch('unknown partition', 2, { partitions: [7], maxWaitMs: 100 });
    await fetch('nothing new', 3, { maxWaitMs: 100 });
    await fetch('unknown partition forgotten', 4, { forgotten: [7], maxWaitMs: 100 });
    await fetch('no records wanted', 5, { maxRecords: 0 });
    await fetch('no bytes wanted', 6, { maxBytes: 0 });
    await side.ask(
      ShareFetch,
      version,
      { ...fetchOf(member, 7, 'AAAAAAAAAAAAAAAAAAAAAQ', { maxWaitMs: 100 }) },
      'unknown topic',
    );
    await fetch('from the beginning', 0, { maxWaitMs: 100 });
    const acknowledge = (label: string, epoch: number, who = {}) =>
      side.ask(
        ShareAcknowledge,
        version,
        acknowledgeOf({ ...member, ...who }, epoch, topic.id, [batch(0, 0, ACCEPT)]),
        label,
      );
    await acknowledge('no group', 1, { groupId: null });
    await acknowledge('no member', 1, { memberId: null });
    await acknowledge('first epoch', 0);
    await acknowledge('unknown session', 1, { memberId: 'nobody' });
    await acknowledge('wrong epoch', 9);
    await acknowledge('right epoch', 1);
    await fetch('after it', 2, { maxWaitMs: 100 });
    await fetch('last', -1);
    await fetch('after the last', 3);
    await side.ask(
      ShareFetch,
      version,
      fetchOf({ groupId, memberId: 'member-b' }, 0, topic.id),
      'what it gave back',
    );
  }),
  inEveryVersion(ShareFetch, 'a group that nobody has joined', async (side, version) => {
    const topic = await side.createTopic('t');
    const groupId = `${side.prefix}g`;
    await untilCoordinated(side, groupId);
    await untilShareCoordinated(side, groupId, topic.id);
    await side.ask(
      ShareFetch,
      version,
      fetchOf({ groupId, memberId: 'member-a' }, 0, topic.id, { maxWaitMs: 2_000 }),
    );
  }),
  inEveryVersion(ShareFetch, 'batches and limits', async (side, version) => {
    const { topic, member } = await oneMember(side, { batches: [5, 5, 5, 10, 1] });
    const fetch = (label: string, epoch: number, fields: Parameters<typeof fetchOf>[3] = {}) =>
      side.ask(
        ShareFetch,
        version,
        fetchOf(member, epoch, topic.id, { ...(epoch === 0 ? {} : SHORTLY), ...fields }),
        label,
      );
    await fetch('three records of a batch', 0, { maxRecords: 3 });
    await fetch('seven records in small batches', 1, { maxRecords: 7, batchSize: 2 });
    await fetch('few bytes', 2, { maxBytes: 1 });
    await fetch('the rest', 3);
    await fetch('nothing left', 4);
    await side.ask(
      ShareAcknowledge,
      version,
      acknowledgeOf(member, 5, topic.id, [batch(0, 3, ACCEPT, GAP, RELEASE, REJECT), batch(5, 14, RELEASE)]),
      'each its own',
    );
    await fetch('what came back', 6, { maxRecords: 4 });
    await fetch('what came back, again', 7);
    await side.ask(
      DescribeShareOffsets,
      1,
      { groups: [{ groupId: member.groupId, topics: null }] },
      'on the way',
    );
    await side.ask(
      ShareAcknowledge,
      version,
      acknowledgeOf(member, 8, topic.id, [batch(4, 25, ACCEPT)]),
      'some twice',
    );
    await side.ask(
      ShareAcknowledge,
      version,
      acknowledgeOf(member, 9, topic.id, [batch(2, 2, ACCEPT)]),
      'one',
    );
    await side.ask(
      ShareAcknowledge,
      version,
      acknowledgeOf(member, 10, topic.id, [batch(4, 25, ACCEPT)]),
      'all',
    );
    await fetch('nothing left at all', 11);
    await side.ask(
      DescribeShareOffsets,
      1,
      { groups: [{ groupId: member.groupId, topics: null }] },
      'at the end',
    );
    await side.append(topic.name, batchOf(2));
    await fetch('a new batch', 12);
  }),
  inEveryVersion(
    ShareFetch,
    'record limit',
    async (side, version) => {
      const { topic, member } = await oneMember(side, { batches: [5, 5, 10] });
      const limit = { shareAcquireMode: 1 };
      const fetch = (label: string, epoch: number, fields: Parameters<typeof fetchOf>[3] = {}) =>
        side.ask(
          ShareFetch,
          version,
          fetchOf(member, epoch, topic.id, { ...limit, ...(epoch === 0 ? {} : SHORTLY), ...fields }),
          label,
        );
      await fetch('three', 0, { maxRecords: 3 });
      await fetch('four', 1, { maxRecords: 4 });
      await fetch('one', 2, { maxRecords: 1 });
      await fetch('a hundred', 3, { maxRecords: 100 });
      await side.ask(ShareAcknowledge, version, acknowledgeOf(member, 4, topic.id, [batch(0, 9, RELEASE)]));
      await fetch('two of what came back', 5, { maxRecords: 2 });
      await fetch('six of what came back', 6, { maxRecords: 6 });
      await fetch('the rest', 7, { maxRecords: 50 });
    },
    { from: LATEST_FETCH },
  ),
  inEveryVersion(ShareFetch, 'two members', async (side, version) => {
    const { topic, groupId, member } = await oneMember(side, { batches: [4, 4] });
    const { other, member: second } = await joinAnother(side, groupId, topic.name);
    await side.ask(ShareFetch, version, fetchOf(member, 0, topic.id, { maxRecords: 4 }), 'first');
    await other.ask(ShareFetch, version, fetchOf(second, 0, topic.id), 'second');
    await other.ask(
      ShareAcknowledge,
      version,
      acknowledgeOf(second, 1, topic.id, [batch(0, 3, ACCEPT)]),
      "another's",
    );
    await other.ask(
      ShareAcknowledge,
      version,
      acknowledgeOf(second, 2, topic.id, [batch(4, 7, ACCEPT)]),
      'its own',
    );
    await other.ask(
      ShareAcknowledge,
      version,
      acknowledgeOf(second, 3, topic.id, [batch(4, 7, ACCEPT)]),
      'twice',
    );
    await other.ask(
      ShareAcknowledge,
      version,
      acknowledgeOf(second, 4, topic.id, [batch(8, 9, ACCEPT)]),
      'not yet',
    );
    await side.ask(
      ShareFetch,
      version,
      fetchOf(member, -1, topic.id, { acknowledgementBatches: [batch(0, 0, ACCEPT)] }),
      'ends',
    );
    const patiently = { maxWaitMs: PATIENCE_MS };
    await other.ask(ShareFetch, version, fetchOf(second, 5, topic.id, patiently), 'what the first gave back');
    other.close();
    // Kafka counts one delivery less, now and then, to a fetch that waits when a lost connection gives records back.
    await pause(500);
    await side.ask(
      ShareFetch,
      version,
      fetchOf(member, 0, topic.id, patiently),
      'what a lost connection gave back',
    );
  }),
  inEveryVersion(ShareFetch, 'deliveries', async (side, version) => {
    const { topic, member } = await oneMember(side, { batches: [8, 2] });
    let epoch = 0;
    for (let delivery = 1; delivery < 14; delivery++) {
      const answer = await side.ask(
        ShareFetch,
        version,
        fetchOf(member, epoch++, topic.id, delivery === 1 ? {} : SHORTLY),
        `delivery ${delivery}`,
      );
      const acquired =
        answer?.responses.flatMap(({ partitions }) => partitions.flatMap((each) => each.acquiredRecords)) ??
        [];
      const batches = acquired.map(({ firstOffset, lastOffset }) => batch(firstOffset, lastOffset, RELEASE));
      if (batches.length === 0) break;
      await side.ask(
        ShareAcknowledge,
        version,
        acknowledgeOf(member, epoch++, topic.id, batches),
        `release ${delivery}`,
      );
    }
    await side.ask(
      DescribeShareOffsets,
      1,
      { groups: [{ groupId: member.groupId, topics: null }] },
      'at the end',
    );
  }),
  inEveryVersion(ShareFetch, 'locks', async (side, version) => {
    const configs = { 'share.record.lock.duration.ms': '3000', 'share.delivery.count.limit': '2' };
    const { topic, member } = await oneMember(side, { configs, batches: [3] });
    await side.ask(ShareFetch, version, fetchOf(member, 0, topic.id), 'first');
    await pause(4_000);
    await side.ask(
      ShareAcknowledge,
      version,
      acknowledgeOf(member, 1, topic.id, [batch(0, 2, ACCEPT)]),
      'too late',
    );
    await side.ask(ShareFetch, version, fetchOf(member, 2, topic.id), 'second');
    await side.ask(
      ShareAcknowledge,
      version,
      acknowledgeOf(member, 3, topic.id, [batch(1, 1, ACCEPT)]),
      'one in time',
    );
    await pause(4_000);
    await side.ask(
      ShareFetch,
      version,
      fetchOf(member, 4, topic.id, { maxWaitMs: 200 }),
      'delivered often enough',
    );
    await side.ask(DescribeShareOffsets, 1, { groups: [{ groupId: member.groupId, topics: null }] });
  }),
  inEveryVersion(ShareAcknowledge, 'bad requests', async (side, version) => {
    const { topic, member } = await oneMember(side, { batches: [5, 5] });
    await side.quietly(ShareFetch, version, fetchOf(member, 0, topic.id));
    let epoch = 1;
    const acknowledge = (label: string, ...batches: ReturnType<typeof batch>[]) =>
      side.ask(ShareAcknowledge, version, acknowledgeOf(member, epoch++, topic.id, batches), label);
    await acknowledge('none');
    await acknowledge('backwards', batch(3, 1, ACCEPT));
    await acknowledge('out of order', batch(3, 4, ACCEPT), batch(0, 1, ACCEPT));
    await acknowledge('no types', batch(0, 1));
    await acknowledge('too few types', batch(0, 4, ACCEPT, ACCEPT));
    await acknowledge('unknown type', batch(0, 1, 9));
    await acknowledge('negative type', batch(0, 1, -1));
    await acknowledge('renew without saying so', batch(0, 1, RENEW));
    await acknowledge('past the end', batch(5, 20, ACCEPT));
    await acknowledge('all past the end', batch(20, 30, ACCEPT));
    await acknowledge('right and wrong', batch(0, 1, ACCEPT), batch(20, 30, ACCEPT));
    await acknowledge('what was right', batch(0, 1, ACCEPT));
    await acknowledge('some again', batch(1, 2, ACCEPT));
    await acknowledge('the others', batch(2, 9, ACCEPT));
    await acknowledge('all again', batch(0, 9, ACCEPT));
    const missing = acknowledgeOf(member, epoch++, topic.id, [batch(0, 0, ACCEPT)], { partitionIndex: 9 });
    await side.ask(ShareAcknowledge, version, missing, 'unknown partition');
    const unknown = acknowledgeOf(member, epoch++, 'AAAAAAAAAAAAAAAAAAAAAQ', [batch(0, 0, ACCEPT)]);
    await side.ask(ShareAcknowledge, version, unknown, 'unknown topic');
    await side.ask(ShareAcknowledge, version, acknowledgeOf(member, -1, topic.id, []), 'last');
    await side.ask(ShareAcknowledge, version, acknowledgeOf(member, -1, topic.id, []), 'after the last');
  }),
  inEveryVersion(
    ShareAcknowledge,
    'renewing',
    async (side, version) => {
      const configs = { 'share.record.lock.duration.ms': '5000' };
      const { topic, member } = await oneMember(side, { configs, batches: [4] });
      await side.ask(ShareFetch, version, fetchOf(member, 0, topic.id));
      await pause(3_000);
      const renewed = acknowledgeOf(member, 1, topic.id, [batch(0, 1, RENEW)], { isRenewAck: true });
      await side.ask(ShareAcknowledge, version, renewed, 'two of four');
      await side.ask(
        ShareFetch,
        version,
        fetchOf(member, 2, topic.id, { isRenewAck: true, acknowledgementBatches: [batch(2, 2, RENEW)] }),
        'with limits',
      );
      const noLimits = { maxWaitMs: 0, minBytes: 0, maxBytes: 0, maxRecords: 0 };
      await side.ask(
        ShareFetch,
        version,
        fetchOf(member, 2, topic.id, {
          ...noLimits,
          isRenewAck: true,
          acknowledgementBatches: [batch(2, 2, RENEW)],
        }),
        'one more',
      );
      await pause(3_000);
      await side.ask(
        ShareAcknowledge,
        version,
        acknowledgeOf(member, 3, topic.id, [batch(0, 1, ACCEPT)]),
        'renewed',
      );
      await side.ask(
        ShareAcknowledge,
        version,
        acknowledgeOf(member, 4, topic.id, [batch(3, 3, ACCEPT)]),
        'not renewed',
      );
      await side.ask(ShareFetch, version, fetchOf(member, 5, topic.id), 'what came back');
    },
    { from: LATEST_FETCH },
  ),
  inEveryVersion(ShareFetch, 'acknowledgements along with it', async (side, version) => {
    const { topic, member } = await oneMember(side, { batches: [2, 2, 2] });
    const fetch = (label: string, epoch: number, fields: Parameters<typeof fetchOf>[3] = {}) =>
      side.ask(
        ShareFetch,
        version,
        fetchOf(member, epoch, topic.id, { ...(epoch === 0 ? {} : SHORTLY), ...fields }),
        label,
      );
    await fetch('first', 0, { maxRecords: 2 });
    await fetch('accept and read', 1, { maxRecords: 2, acknowledgementBatches: [batch(0, 1, ACCEPT)] });
    await fetch('wrong and read', 2, { maxRecords: 2, acknowledgementBatches: [batch(0, 5, ACCEPT)] });
    await fetch('release and read', 3, { maxRecords: 10, acknowledgementBatches: [batch(4, 5, RELEASE)] });
    await fetch('bad type', 4, { acknowledgementBatches: [batch(2, 3, 7)] });
    await fetch('the end', -1, { acknowledgementBatches: [batch(2, 3, ACCEPT)] });
  }),
];
