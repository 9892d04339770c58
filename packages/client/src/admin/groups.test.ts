// What the admin does with groups and their offsets, against a broker in this process, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { uuidFromBytes } from '@moldau/protocol';
import { has, lacks } from '../cluster/testing-elsewhere.ts';
import { type KafkaError, PartialFailureError } from '../errors/kafka-error.ts';
import type { Admin } from './admin.ts';
import { AdminWorld, eventually } from './testing-admin.ts';

const memberId = (): string => uuidFromBytes(crypto.getRandomValues(new Uint8Array(16)));

describe('the admin of groups', () => {
  let world: AdminWorld;
  let admin: Admin;

  before(async () => {
    world = await AdminWorld.start({ settings: ['group.initial.rebalance.delay.ms=0'] });
    admin = world.admin;
  });
  after(() => world.stop());

  it('sets, tells and forgets what groups have committed', async () => {
    const topic = await world.made(3);
    const [one, other] = [world.name(), world.name()];
    await admin.groupOffsets.alter(one, [
      { topic, partition: 0, offset: 4, metadata: 'by hand' },
      { topic, partition: 1, offset: 0 },
    ]);
    await admin.groupOffsets.alter(other, { topic, partition: 2, offset: 1, leaderEpoch: 0 });
    const committed = await admin.groupOffsets.get([one, other, world.name()], {
      requireStable: await has('stable offsets'),
    });
    assert.deepEqual(committed, [
      { groupId: one, topic, partition: 0, offset: 4, leaderEpoch: undefined, metadata: 'by hand' },
      { groupId: one, topic, partition: 1, offset: 0, leaderEpoch: undefined, metadata: '' },
      { groupId: other, topic, partition: 2, offset: 1, leaderEpoch: 0, metadata: '' },
    ]);
    const partitions = [
      { topic, partition: 1 },
      { topic, partition: 2 },
    ];
    assert.deepEqual(await admin.groupOffsets.get(one, { partitions }), [committed[1]]);
    await admin.groupOffsets.delete(one, [{ topic, partition: 0 }]);
    assert.deepEqual(await admin.groupOffsets.get(one), [committed[1]]);
    await admin.groups.delete([one, other]);
    await assert.rejects(admin.groups.describe(one), {
      code: 'GROUP_ID_NOT_FOUND',
      message: new RegExp(`^group ${one}: `),
    });
    await assert.rejects(
      admin.groupOffsets.alter(one, [
        { topic, partition: 0, offset: 1 },
        { topic: world.name(), partition: 0, offset: 1 },
      ]),
      (error) =>
        error instanceof PartialFailureError && error.errors[0]!.code === 'UNKNOWN_TOPIC_OR_PARTITION',
    );
  });

  it('moves groups to other places, or says where it would', async () => {
    const topic = await world.made(2);
    const group = world.name();
    await world.write(topic, 0, [1_000, 2_000, 3_000]);
    const hourAgoMs = Date.now() - 3_600_000;
    await world.write(topic, 1, [hourAgoMs, Date.now()]);
    const move = async (...args: Parameters<Admin['groupOffsets']['reset']>) =>
      (await admin.groupOffsets.reset(...args)).map(({ partition, from, to }) => [partition, from, to]);
    const isThere = (offset: number | undefined) => offset !== undefined;
    await eventually(
      () => admin.offsets.list({ topic, partition: 1, at: 'latest' }),
      ([end]) => isThere(end!.offset),
    );
    assert.deepEqual(await move(group, 'latest'), [], 'it has committed nothing');
    assert.deepEqual(await move(group, 'latest', { topics: [topic], dryRun: true }), [
      [0, undefined, 3],
      [1, undefined, 2],
    ]);
    assert.deepEqual(await admin.groupOffsets.get(group), []);
    await admin.groupOffsets.reset(group, 'latest', { topics: [topic] });
    assert.deepEqual(await move(group, { shiftBy: -2 }), [
      [0, 3, 1],
      [1, 2, 0],
    ]);
    assert.deepEqual(
      await move(group, { timestampMs: 2_500 }),
      [[0, 1, 2]],
      'the other is where it should be',
    );
    assert.deepEqual(await move(group, { durationMs: 60_000 }, { partitions: [{ topic, partition: 1 }] }), [
      [1, 0, 1],
    ]);
    assert.deepEqual(await move(group, { timestampMs: Date.now() + 60_000 }), [
      [0, 2, 3],
      [1, 1, 2],
    ]);
    assert.deepEqual(await move(group, { offset: 1 }), [
      [0, 3, 1],
      [1, 2, 1],
    ]);
    assert.deepEqual(await move(group, { shiftBy: 99 }, { dryRun: true }), [
      [0, 1, 3],
      [1, 1, 2],
    ]);
    assert.deepEqual(await move(group, 'earliest'), [
      [0, 1, 0],
      [1, 1, 0],
    ]);
    await assert.rejects(admin.groupOffsets.reset(world.name(), { shiftBy: 1 }, { topics: [topic] }), {
      code: 'INVALID_OPTIONS',
    });
  });

  it('tells who is in a classic group and how far it is, and sends members away', async (test) => {
    if (await lacks(test, 'states of groups')) return;
    const topic = await world.made(2);
    const group = world.name();
    await world.write(topic, 0, [1, 2, 3]);
    await admin.groupOffsets.alter(group, { topic, partition: 0, offset: 1 });
    const memberId = await world.joinClassic(group, 'static-1', topic, [0, 1]);
    const [found] = await admin.groups.describe(group, { includeAuthorizedOperations: true });
    assert.ok(found?.type === 'classic' && found.state === 'stable' && found.protocol === 'range');
    assert.ok(found.authorizedOperations!.includes('read'));
    const [member] = found.members;
    assert.deepEqual(
      [member!.memberId, member!.instanceId, member!.clientId],
      [memberId, 'static-1', 'member'],
    );
    assert.deepEqual(member!.subscribedTopics, [topic]);
    const both = [0, 1].map((partition) => ({ topic, partition }));
    assert.deepEqual(member!.assignment, both);
    const lag = await admin.groupOffsets.lag(group);
    assert.deepEqual(
      lag.map(({ committedOffset, endOffset, lag, member }) => [
        committedOffset,
        endOffset,
        lag,
        member?.memberId,
      ]),
      [
        [1, 3, 2, memberId],
        [undefined, 0, undefined, memberId],
      ],
    );
    const listed = await admin.groups.list({
      states: ['stable'],
      types: ['classic'],
      protocolTypes: ['consumer'],
    });
    assert.equal(listed.filter(({ groupId }) => groupId === group).length, 1);
    assert.ok(!(await admin.groups.list({ states: ['empty'] })).some(({ groupId }) => groupId === group));

    const withMembers = {
      code: 'UNKNOWN_MEMBER_ID',
      message: /The group has members.*stop them first, then change its offsets\.$/,
    };
    await assert.rejects(admin.groupOffsets.reset(group, 'earliest'), withMembers);
    await assert.rejects(admin.groups.delete(group), { code: 'NON_EMPTY_GROUP' });
    await assert.rejects(admin.groupOffsets.delete(group, both[0]!), { code: 'GROUP_SUBSCRIBED_TO_TOPIC' });
    await assert.rejects(
      admin.groups.removeMembers(group, [{ instanceId: 'static-1' }, { instanceId: 'nobody' }]),
      (error: KafkaError) =>
        error instanceof PartialFailureError &&
        /member nobody/.test(error.message) &&
        error.errors.length === 1,
    );
    const [left] = await admin.groups.describe(group);
    assert.deepEqual([left!.state, left!.members.length], ['empty', 0]);
    await world.joinClassic(group, 'static-2', topic, [0]);
    await admin.groups.removeMembers(group, 'all', { reason: 'a test' });
    await admin.groups.removeMembers(group, 'all');
    await admin.groups.delete(group);
  });

  it('describes groups of each type by their ids alone', async (test) => {
    if (await lacks(test, 'share groups')) return;
    const topic = await world.made(2);
    const [classic, consumer, share] = [world.name(), world.name(), world.name()];
    const [first, second] = [memberId(), memberId()];
    await admin.groupOffsets.alter(classic, { topic, partition: 0, offset: 0 });
    let epoch = await world.beatConsumer(consumer, first, 0, topic);
    await world.beatShare(share, second, 0, topic);
    const ids = [share, classic, consumer];
    const found = await eventually(
      async () => {
        // Coordinators learn of topics a moment after they are made, and look when members speak.
        epoch = await world.beatConsumer(consumer, first, epoch, topic);
        return await admin.groups.describe(ids);
      },
      (groups) =>
        groups.some((group) => group.type === 'consumer' && group.members[0]!.targetAssignment.length === 2),
    );
    assert.deepEqual(
      found.map(({ type, groupId }) => [type, groupId]),
      [
        ['share', share],
        ['classic', classic],
        ['consumer', consumer],
      ],
    );
    const [inShare, , inConsumer] = found;
    assert.ok(inShare?.type === 'share' && inConsumer?.type === 'consumer');
    assert.deepEqual(inShare.members[0]!.subscribedTopics, [topic]);
    assert.deepEqual(inConsumer.members[0]!.targetAssignment, [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ]);
    assert.ok(inConsumer.epoch > 0 && inConsumer.members[0]!.isClassic === false);
    const listed = new Map((await admin.groups.list()).map((group) => [group.groupId, group.type]));
    assert.deepEqual(
      ids.map((id) => listed.get(id)),
      ['share', 'classic', 'consumer'],
    );
    const shares = await admin.groups.list({ types: ['share'] });
    assert.ok(
      shares.some(({ groupId }) => groupId === share) && !shares.some(({ type }) => type !== 'share'),
    );
    await world.beatConsumer(consumer, first, -1, topic);
    await world.beatShare(share, second, -1, topic);
    await admin.groups.delete(ids);
  });

  it('tells where share groups begin, sets it, and forgets it', async (test) => {
    if (await lacks(test, 'share groups')) return;
    const topic = await world.made(2);
    const group = world.name();
    const member = memberId();
    await world.write(topic, 0, [1, 2, 3]);
    await world.beatShare(group, member, 0, topic);
    const move = { topic, partition: 0, startOffset: 2 };
    await assert.rejects(admin.shareGroupOffsets.alter(group, move), { code: 'NON_EMPTY_GROUP' });
    await world.beatShare(group, member, -1, topic);
    // Its coordinator may learn of the topic a moment after the others.
    await eventually(
      () =>
        admin.shareGroupOffsets.alter(group, [move, { topic, partition: 1, startOffset: 0 }]).then(
          () => 'done',
          (error: KafkaError) => error.message,
        ),
      (outcome) => outcome === 'done',
    );
    const [found] = await admin.shareGroupOffsets.get(group, { partitions: [{ topic, partition: 0 }] });
    assert.deepEqual([found!.groupId, found!.topic, found!.startOffset, found!.lag], [group, topic, 2, 1]);
    assert.equal((await admin.shareGroupOffsets.get([group])).length, 2);
    const missing = world.name();
    await assert.rejects(admin.shareGroupOffsets.delete(group, [topic, missing]), (error: KafkaError) => {
      assert.ok(error instanceof PartialFailureError);
      return error.errors[0]!.topic === missing;
    });
    assert.deepEqual(await admin.shareGroupOffsets.get(group), []);
    await admin.groups.delete(group);
    await assert.rejects(admin.groups.describe(group), { code: 'GROUP_ID_NOT_FOUND' });
  });
});
