import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeClock, nodeRandom, nodeTimers, silentLogger } from '@moldau/io';
import { MetadataImage } from '@moldau/metadata';
import { ErrorCode } from '@moldau/protocol';
import { defaultConsumerGroupConfig, defaultGroupConfig } from '../coordinators/groups/group-config.ts';
import { GroupCoordinator } from '../coordinators/groups/group-coordinator.ts';
import { groupTopicsOf } from '../coordinators/groups/group-topics.ts';
import { MemoryLogs } from '../coordinators/runtime/testing-logs.ts';
import { OPEN_AUTHORIZER } from '../security/authorization/authorizer.ts';
import { offsetFetch } from './09-offset-fetch.ts';
import { describeGroups } from './15-describe-groups.ts';
import { listGroups } from './16-list-groups.ts';
import { consumerGroupHeartbeat } from './68-consumer-group-heartbeat.ts';
import { consumerGroupDescribe } from './69-consumer-group-describe.ts';
import type { ApiHandler, RequestContext, Services } from './handler.ts';

const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAABA';
const state = { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] };

function start(consumerConfig = {}) {
  const image = new MetadataImage();
  image.apply({ type: 'topic', id: TOPIC_ID, name: 't', partitions: [{ count: 2, state }] });
  const groups = new GroupCoordinator({
    ...{ clock: nodeClock, timers: nodeTimers, random: nodeRandom, logger: silentLogger },
    config: defaultGroupConfig,
    logs: new MemoryLogs(),
    consumer: {
      config: { ...defaultConsumerGroupConfig, ...consumerConfig },
      topics: groupTopicsOf(image, () => 1),
    },
    verifier: { isNeeded: () => true, verify: async () => [ErrorCode.NONE] },
  });
  const services = { groups, metadata: () => image, authorizer: OPEN_AUTHORIZER } as unknown as Services;
  // biome-ignore lint/suspicious/noExplicitAny: requests and answers of several APIs
  const call = async (api: ApiHandler, apiVersion: number, body: object): Promise<any> => {
    const request = api.request.decode(api.request.encode(body as never, apiVersion), apiVersion);
    const context = { apiVersion, clientId: 'client', clientHost: '/10.0.0.1' } as RequestContext;
    const answer = await api.handle(request, context, services);
    return api.response.decode(api.response.encode(answer as never, apiVersion), apiVersion);
  };
  return { call, groups };
}

const joining = {
  ...{ groupId: 'g', memberId: 'm', memberEpoch: 0, rebalanceTimeoutMs: 1000 },
  ...{ subscribedTopicNames: ['t'], topicPartitions: [] },
};

test('a member joins, is described and listed, and leaves', async () => {
  const { call, groups } = start();
  const joined = await call(consumerGroupHeartbeat, 1, joining);
  assert.equal(joined.errorCode, ErrorCode.NONE);
  assert.deepEqual(joined.assignment, { topicPartitions: [{ topicId: TOPIC_ID, partitions: [0, 1] }] });
  const describe = { groupIds: ['g', 'none'], includeAuthorizedOperations: false };
  const described = await call(consumerGroupDescribe, 1, describe);
  assert.deepEqual(
    described.groups.map(({ errorCode, groupState }: Record<string, unknown>) => [errorCode, groupState]),
    [
      [ErrorCode.NONE, 'Stable'],
      [ErrorCode.GROUP_ID_NOT_FOUND, ''],
    ],
  );
  const [member] = described.groups[0].members;
  assert.deepEqual([member.clientHost, member.memberType], ['/10.0.0.1', 1]);
  assert.equal(member.assignment.topicPartitions[0].topicName, 't');
  const listed = await call(listGroups, 5, { statesFilter: [], typesFilter: ['Consumer'] });
  assert.deepEqual(listed.groups, [
    { groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'consumer' },
  ]);
  assert.deepEqual((await call(listGroups, 5, { statesFilter: [], typesFilter: ['classic'] })).groups, []);
  const classic = await call(describeGroups, 6, { groups: ['g'], includeAuthorizedOperations: false });
  assert.deepEqual(
    [classic.groups[0].errorCode, classic.groups[0].errorMessage],
    [ErrorCode.GROUP_ID_NOT_FOUND, 'Group g is not a classic group.'],
  );
  const left = await call(consumerGroupHeartbeat, 1, { groupId: 'g', memberId: 'm', memberEpoch: -1 });
  assert.deepEqual([left.errorCode, left.memberEpoch], [ErrorCode.NONE, -1]);
  await groups.close();
});

test('a request that makes no sense is refused with a reason', async () => {
  const { call, groups } = start();
  const refused = async (fields: object, apiVersion = 1) => {
    const { errorCode, errorMessage } = await call(consumerGroupHeartbeat, apiVersion, {
      ...joining,
      ...fields,
    });
    assert.notEqual(errorMessage, null);
    return errorCode;
  };
  assert.equal(await refused({ groupId: '' }), ErrorCode.INVALID_REQUEST);
  assert.equal(await refused({ memberId: '' }), ErrorCode.INVALID_REQUEST);
  assert.equal(await refused({ memberId: '', memberEpoch: 1 }, 0), ErrorCode.INVALID_REQUEST);
  assert.equal(await refused({ instanceId: '' }), ErrorCode.INVALID_REQUEST);
  assert.equal(await refused({ rebalanceTimeoutMs: -1 }), ErrorCode.INVALID_REQUEST);
  assert.equal(await refused({ subscribedTopicNames: null }), ErrorCode.INVALID_REQUEST);
  assert.equal(await refused({ topicPartitions: null }), ErrorCode.INVALID_REQUEST);
  assert.equal(await refused({ memberEpoch: -2 }), ErrorCode.INVALID_REQUEST);
  assert.equal(await refused({ memberEpoch: -3 }), ErrorCode.INVALID_REQUEST);
  assert.equal(await refused({ serverAssignor: 'best' }), ErrorCode.UNSUPPORTED_ASSIGNOR);
  assert.equal(await refused({ memberId: 'm'.repeat(32_767) }), ErrorCode.INVALID_REQUEST);
  const chosen = await call(consumerGroupHeartbeat, 0, { ...joining, memberId: '' });
  assert.match(chosen.memberId, /^[\w-]{22}$/);
  await groups.close();
});

test('the protocol is off when group.coordinator.rebalance.protocols says so', async () => {
  const { call, groups } = start({ isEnabled: false });
  assert.equal((await call(consumerGroupHeartbeat, 1, joining)).errorCode, ErrorCode.UNSUPPORTED_VERSION);
  await groups.close();
});

test('a member reads the offsets of its group in its own epoch only', async () => {
  const { call, groups } = start();
  const { memberEpoch } = await call(consumerGroupHeartbeat, 1, joining);
  const fetch = async (memberId: string | null, epoch: number) => {
    const group = { groupId: 'g', memberId, memberEpoch: epoch, topics: null };
    const { groups: answers } = await call(offsetFetch, 9, { groups: [group], requireStable: false });
    return answers[0].errorCode;
  };
  assert.equal(await fetch('m', memberEpoch), ErrorCode.NONE);
  assert.equal(await fetch(null, -1), ErrorCode.NONE);
  assert.equal(await fetch('m', memberEpoch - 1), ErrorCode.STALE_MEMBER_EPOCH);
  assert.equal(await fetch('other', memberEpoch), ErrorCode.UNKNOWN_MEMBER_ID);
  await groups.close();
});
