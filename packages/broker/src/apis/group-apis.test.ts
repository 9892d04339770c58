import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nodeClock, nodeRandom, nodeTimers, silentLogger } from '@moldau/io';
import { GROUP_METADATA_TOPIC, MetadataImage } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { BrokerConfig } from '../config/broker-config.ts';
import { defaultConsumerGroupConfig, defaultGroupConfig } from '../coordinators/groups/group-config.ts';
import { GroupCoordinator } from '../coordinators/groups/group-coordinator.ts';
import { groupTopicsOf } from '../coordinators/groups/group-topics.ts';
import { MemoryLogs } from '../coordinators/runtime/testing-logs.ts';
import { OPEN_AUTHORIZER } from '../security/authorization/authorizer.ts';
import { offsetCommit } from './08-offset-commit.ts';
import { offsetFetch } from './09-offset-fetch.ts';
import { findCoordinator } from './10-find-coordinator.ts';
import { joinGroup } from './11-join-group.ts';
import { heartbeat } from './12-heartbeat.ts';
import { leaveGroup } from './13-leave-group.ts';
import { syncGroup } from './14-sync-group.ts';
import { describeGroups } from './15-describe-groups.ts';
import { listGroups } from './16-list-groups.ts';
import { deleteGroups } from './42-delete-groups.ts';
import { offsetDelete } from './47-offset-delete.ts';
import type { ApiHandler, RequestContext, Services } from './handler.ts';

const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
const UNKNOWN_ID = 'AAAAAAAAAAAAAAAAAAAAAg';

function start() {
  const logs = new MemoryLogs();
  const image = new MetadataImage();
  const state = { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] };
  const endpoints = [{ listener: 'PLAINTEXT', host: 'moldau', port: 9092, securityProtocol: 'PLAINTEXT' }];
  image.apply({ type: 'broker', brokerId: 1, endpoints, rack: null });
  image.apply({ type: 'topic', id: TOPIC_ID, name: 'topic', partitions: [{ count: 2, state }] });
  const open = logs.open.bind(logs);
  logs.open = async (partition) => {
    const log = await open(partition);
    if (image.topicByName(GROUP_METADATA_TOPIC) === undefined) {
      const partitions = [{ count: 50, state }];
      image.apply({ type: 'topic', id: 'AAAAAAAAAAAAAAAAAAAACQ', name: GROUP_METADATA_TOPIC, partitions });
    }
    return log;
  };
  const groups = new GroupCoordinator({
    config: { ...defaultGroupConfig, initialRebalanceDelayMs: 0 },
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    logger: silentLogger,
    logs,
    consumer: { config: defaultConsumerGroupConfig, topics: groupTopicsOf(image, () => 1) },
    verifier: { isNeeded: () => true, verify: async () => [ErrorCode.NONE] },
  });
  const share = { groups: { deleteGroup: async () => undefined } };
  const services = {
    groups,
    share,
    metadata: () => image,
    config: new BrokerConfig(),
    authorizer: OPEN_AUTHORIZER,
  } as unknown as Services;
  const contextOf = (apiVersion: number) =>
    ({
      apiVersion,
      clientId: 'client',
      clientHost: '/10.0.0.1',
      listenerName: 'PLAINTEXT',
    }) as RequestContext;

  /** Sends a request through its bytes, as a client would, and reads the answer from its bytes. */
  // biome-ignore lint/suspicious/noExplicitAny: requests and answers of eleven APIs
  const call = async (api: ApiHandler, apiVersion: number, body: object): Promise<any> => {
    const request = api.request.decode(api.request.encode(body as never, apiVersion), apiVersion);
    let answer: unknown;
    try {
      answer = await api.handle(request, contextOf(apiVersion), services);
    } catch (error) {
      assert.ok(error instanceof KafkaError);
      answer = api.fail(request, error.code, error.message);
    }
    return api.response.decode(api.response.encode(answer as never, apiVersion), apiVersion);
  };
  return { call, logs, groups };
}

const versions = ({ minVersion, maxVersion }: ApiHandler): number[] =>
  Array.from({ length: maxVersion - minVersion + 1 }, (_, index) => minVersion + index);

const join = (groupId: string, memberId = '') => ({
  groupId,
  sessionTimeoutMs: 10_000,
  memberId,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('all') }],
});

const commit = (groupId: string, committedOffset: number, topicId = TOPIC_ID, partitionIndex = 0) => ({
  groupId,
  memberId: '',
  topics: [
    { name: 'topic', topicId, partitions: [{ partitionIndex, committedOffset, committedMetadata: null }] },
  ],
});

test('a member lives through a generation in every version', async () => {
  const { call, groups } = start();
  for (const version of versions(joinGroup)) {
    const groupId = `group-${version}`;
    let joined = await call(joinGroup, version, join(groupId));
    if (version >= 4) {
      assert.equal(joined.errorCode, ErrorCode.MEMBER_ID_REQUIRED);
      joined = await call(joinGroup, version, join(groupId, joined.memberId));
    }
    assert.equal(joined.errorCode, ErrorCode.NONE);
    assert.equal(joined.generationId, 1);
    assert.equal(joined.protocolName, 'range');
    assert.equal(joined.members.length, 1);
    const { memberId } = joined;
    const member = { groupId, generationId: 1, memberId };
    const assignments = [{ memberId, assignment: Buffer.from('mine') }];
    const syncVersion = Math.min(version, syncGroup.maxVersion);
    const protocols = { protocolType: 'consumer', protocolName: 'range' };
    const synced = await call(syncGroup, syncVersion, { ...member, ...protocols, assignments });
    assert.equal(synced.assignment.toString(), 'mine');
    const heartbeatVersion = Math.min(version, heartbeat.maxVersion);
    assert.equal((await call(heartbeat, heartbeatVersion, member)).errorCode, ErrorCode.NONE);
    const describeVersion = Math.min(version, describeGroups.maxVersion);
    const { groups: described } = await call(describeGroups, describeVersion, { groups: [groupId] });
    assert.equal(described[0].groupState, 'Stable');
    assert.equal(described[0].protocolData, 'range');
    assert.equal(described[0].members[0].clientHost, '/10.0.0.1');
    assert.equal(described[0].members[0].memberMetadata.toString(), 'all');
    assert.equal(described[0].members[0].memberAssignment.toString(), 'mine');
    const leaveVersion = Math.min(version, leaveGroup.maxVersion);
    const left = await call(leaveGroup, leaveVersion, { groupId, memberId, members: [{ memberId }] });
    assert.equal(left.errorCode, ErrorCode.NONE);
    assert.equal((await call(heartbeat, heartbeatVersion, member)).errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
  }
  const { groups: listed } = await call(listGroups, 5, {});
  assert.equal(listed.length, versions(joinGroup).length);
  await groups.close();
});

test('an offset committed in any version is fetched in every version', async () => {
  const { call } = start();
  for (const commitVersion of versions(offsetCommit)) {
    const groupId = `group-${commitVersion}`;
    const committed = await call(offsetCommit, commitVersion, commit(groupId, 40 + commitVersion));
    assert.equal(committed.topics[0].partitions[0].errorCode, ErrorCode.NONE);
    for (const version of versions(offsetFetch)) {
      const topics = [{ name: 'topic', topicId: TOPIC_ID, partitionIndexes: [0, 1] }];
      const body = version < 8 ? { groupId, topics } : { groups: [{ groupId, topics }] };
      const fetched = await call(offsetFetch, version, body);
      const [first, second] = (version < 8 ? fetched : fetched.groups[0]).topics[0].partitions;
      assert.equal(first.committedOffset, 40 + commitVersion);
      assert.equal(second.committedOffset, -1);
      const missingCode = version === 0 ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.NONE;
      assert.equal(second.errorCode, missingCode);
    }
  }
});

describe('OffsetCommit', () => {
  test('refuses what does not exist, each partition for itself', async () => {
    const { call, logs } = start();
    const codeOf = async (version: number, body: object) =>
      (await call(offsetCommit, version, body)).topics[0].partitions[0].errorCode;
    assert.equal(await codeOf(8, commit('g', 1, TOPIC_ID, 2)), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assert.equal(await codeOf(8, commit('g', 1, TOPIC_ID, -1)), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assert.equal(await codeOf(10, commit('g', 1, UNKNOWN_ID)), ErrorCode.UNKNOWN_TOPIC_ID);
    assert.equal(logs.openCount, 0);
    const partition = { committedOffset: 1, committedMetadata: null };
    const partitions = [5, 0, 1].map((partitionIndex) => ({ ...partition, partitionIndex }));
    const { topics } = await call(offsetCommit, 8, {
      ...commit('g', 1),
      topics: [{ name: 'topic', partitions }],
    });
    const codes = new Map(
      topics[0].partitions.map((each: { partitionIndex: number; errorCode: number }) => [
        each.partitionIndex,
        each.errorCode,
      ]),
    );
    assert.deepEqual(
      [codes.get(5), codes.get(0), codes.get(1)],
      [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0, 0],
    );
  });
});

describe('OffsetFetch', () => {
  test('of several groups answers each, and of all topics those that exist', async () => {
    const { call } = start();
    await call(offsetCommit, 8, commit('a', 7));
    const wanted = [
      { groupId: 'a', topics: null },
      { groupId: 'none', topics: null },
      { groupId: 'a', topics: [{ topicId: UNKNOWN_ID, partitionIndexes: [0] }] },
    ];
    const { groups } = await call(offsetFetch, 10, { groups: wanted });
    assert.equal(groups[0].topics[0].topicId, TOPIC_ID);
    assert.equal(groups[0].topics[0].partitions[0].committedOffset, 7);
    assert.deepEqual(groups[1].topics, []);
    assert.equal(groups[2].topics[0].partitions[0].errorCode, ErrorCode.UNKNOWN_TOPIC_ID);
    const all = await call(offsetFetch, 2, { groupId: 'a', topics: null });
    assert.equal(all.topics[0].name, 'topic');
  });
});

describe('FindCoordinator', () => {
  test('finds the leader of the partition that keeps a group, and makes the topic first', async () => {
    for (const version of versions(findCoordinator)) {
      const { call } = start();
      const answer = await call(findCoordinator, version, {
        key: 'g',
        keyType: 0,
        coordinatorKeys: ['g', ''],
      });
      const found = version < 4 ? [answer] : answer.coordinators;
      for (const { errorCode, nodeId, host, port } of found) {
        assert.deepEqual(
          { errorCode, nodeId, host, port },
          { errorCode: 0, nodeId: 1, host: 'moldau', port: 9092 },
        );
      }
    }
  });

  test('says in a way nobody retries that a key is no share partition, and that a type does not exist', async () => {
    const { call } = start();
    for (const keyType of [2, 3, -1]) {
      const { coordinators } = await call(findCoordinator, 6, { keyType, coordinatorKeys: ['x'] });
      assert.equal(coordinators[0].errorCode, ErrorCode.INVALID_REQUEST);
      assert.ok(coordinators[0].errorMessage.length > 20);
      // Before version 6 nobody could know of share groups.
      const key = keyType === 2 ? 'g:abcdefghijklmnopqrstuA:0' : 'x';
      const older = await call(findCoordinator, 1, { keyType, key });
      assert.equal(older.errorCode, ErrorCode.INVALID_REQUEST);
    }
  });

  test('tells why when the topic that keeps groups cannot be made', async () => {
    const { call, logs } = start();
    logs.openError = new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, 'the disk is full');
    const { coordinators } = await call(findCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] });
    assert.equal(coordinators[0].errorCode, ErrorCode.COORDINATOR_NOT_AVAILABLE);
    assert.match(coordinators[0].errorMessage, /the disk is full/);
  });
});

describe('Groups', () => {
  test('that do not exist are Dead, and from version 6 on not found', async () => {
    const { call } = start();
    for (const version of versions(describeGroups)) {
      const { groups } = await call(describeGroups, version, {
        groups: ['none'],
        includeAuthorizedOperations: true,
      });
      assert.equal(groups[0].groupState, 'Dead');
      assert.equal(groups[0].errorCode, version >= 6 ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NONE);
    }
  });

  test('are listed by state and type, in any case', async () => {
    const { call } = start();
    await call(offsetCommit, 8, commit('a', 7));
    const idsOf = async (body: object) =>
      (await call(listGroups, 5, body)).groups.map(({ groupId }: { groupId: string }) => groupId);
    assert.deepEqual(await idsOf({}), ['a']);
    assert.deepEqual(await idsOf({ statesFilter: ['EMPTY'], typesFilter: ['Classic'] }), ['a']);
    assert.deepEqual(await idsOf({ statesFilter: ['Stable'] }), []);
    assert.deepEqual(await idsOf({ typesFilter: ['consumer'] }), []);
    for (const version of versions(listGroups))
      assert.equal((await call(listGroups, version, {})).groups.length, 1);
  });

  test('lose offsets and go when they are told to', async () => {
    const { call } = start();
    await call(offsetCommit, 8, commit('a', 7));
    const topics = [
      { name: 'topic', partitions: [{ partitionIndex: 0 }, { partitionIndex: 9 }] },
      { name: 'none', partitions: [{ partitionIndex: 0 }] },
    ];
    const deleted = await call(offsetDelete, 0, { groupId: 'a', topics });
    const codes = deleted.topics.map(({ partitions }: { partitions: { errorCode: number }[] }) =>
      partitions.map(({ errorCode }) => errorCode),
    );
    const { UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
    assert.deepEqual(codes, [[UNKNOWN_TOPIC_OR_PARTITION, 0], [UNKNOWN_TOPIC_OR_PARTITION]]);
    for (const version of versions(deleteGroups)) {
      await call(offsetCommit, 8, commit('a', 7));
      const { results } = await call(deleteGroups, version, { groupsNames: ['a', 'none', 'a'] });
      assert.deepEqual(
        results.map(({ errorCode }: { errorCode: number }) => errorCode),
        [ErrorCode.NONE, ErrorCode.GROUP_ID_NOT_FOUND],
      );
    }
  });
});

test('every API has an answer in every version when groups cannot be read', async () => {
  const { call, logs } = start();
  logs.openError = new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, 'no disk');
  const member = { groupId: 'g', memberId: 'm', generationId: 1 };
  const topics = [{ name: 'topic', topicId: TOPIC_ID, partitionIndexes: [0] }];
  const bodies: [ApiHandler, object][] = [
    [joinGroup, join('g')],
    [syncGroup, { ...member, protocolType: 'consumer', protocolName: 'range', assignments: [] }],
    [heartbeat, member],
    [leaveGroup, { ...member, members: [{ memberId: 'm' }] }],
    [offsetCommit, commit('g', 1)],
    [offsetFetch, { groupId: 'g', topics, groups: [{ groupId: 'g', topics }] }],
    [offsetDelete, { groupId: 'g', topics: [{ name: 'topic', partitions: [{ partitionIndex: 0 }] }] }],
    [describeGroups, { groups: ['g'] }],
    [deleteGroups, { groupsNames: ['g'] }],
  ];
  for (const [api, body] of bodies) {
    for (const version of versions(api)) {
      const text = JSON.stringify(await call(api, version, body));
      assert.match(
        text,
        new RegExp(`"errorCode":${ErrorCode.COORDINATOR_NOT_AVAILABLE}\\b`),
        `${api.name} ${version}`,
      );
    }
  }
  assert.equal((await call(listGroups, 5, {})).errorCode, ErrorCode.NONE);
});

test('no version of SyncGroup that has protocols takes their absence', async () => {
  const { call } = start();
  const { errorCode } = await call(syncGroup, 5, {
    groupId: 'g',
    memberId: 'm',
    generationId: 1,
    assignments: [],
  });
  assert.equal(errorCode, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
});
