// Features, the metadata quorum, elections and reassignments through a real connection.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
  apiVersionsRequest,
  apiVersionsResponse,
  createTopicsRequest,
  createTopicsResponse,
  describeQuorumRequest,
  describeQuorumResponse,
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
  ErrorCode,
  electLeadersRequest,
  electLeadersResponse,
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
  pushTelemetryRequest,
  pushTelemetryResponse,
  unregisterBrokerRequest,
  unregisterBrokerResponse,
  updateFeaturesRequest,
  updateFeaturesResponse,
  ZERO_UUID,
} from '@moldau/protocol';
import { RawClient, startTestBroker, type TestBroker } from '@moldau/testing';

let broker: TestBroker;
let client: RawClient;

before(async () => {
  broker = await startTestBroker();
  client = await RawClient.dial(broker);
});

after(async () => {
  client.close();
  await broker.stop();
});

function versions(version: number) {
  return client.request(apiVersionsRequest, apiVersionsResponse, version, {
    clientSoftwareName: 'test',
    clientSoftwareVersion: '1',
  });
}

test('ApiVersions tells features that begin at level 0 only to those who can read them', async () => {
  const [third, fourth] = [await versions(3), await versions(4)];
  assert.deepEqual(third.supportedFeatures, [{ name: 'metadata.version', minVersion: 7, maxVersion: 30 }]);
  assert.ok(fourth.supportedFeatures.some(({ name }) => name === 'kraft.version'));
  for (const { finalizedFeatures, finalizedFeaturesEpoch } of [third, fourth]) {
    assert.ok(finalizedFeaturesEpoch >= 0);
    assert.deepEqual(
      finalizedFeatures.find(({ name }) => name === 'metadata.version'),
      { name: 'metadata.version', maxVersionLevel: 30, minVersionLevel: 30 },
    );
  }
  assert.deepEqual((await versions(2)).finalizedFeatures, []);
});

test('UpdateFeatures names what it updated until version 1', async () => {
  for (const version of [0, 1, 2]) {
    const answer = await client.request(updateFeaturesRequest, updateFeaturesResponse, version, {
      featureUpdates: [{ feature: 'metadata.version', maxVersionLevel: 30 }],
    });
    const updated = { feature: 'metadata.version', errorCode: ErrorCode.NONE, errorMessage: 'NONE' };
    assert.deepEqual(answer, {
      ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null },
      results: version < 2 ? [updated] : [],
    });
  }
});

test('UpdateFeatures tells why it refuses', async () => {
  const answer = await client.request(updateFeaturesRequest, updateFeaturesResponse, 2, {
    featureUpdates: [{ feature: 'streams.version', maxVersionLevel: 1 }],
  });
  assert.equal(answer.errorCode, ErrorCode.INVALID_UPDATE_VERSION);
  assert.match(answer.errorMessage!, /Local controller 1 does not support this feature/);
});

test('ElectLeaders says that no election is needed, or that there is nothing to elect for', async () => {
  await client.request(createTopicsRequest, createTopicsResponse, 7, {
    topics: [{ name: 'a', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
  });
  const elect = (electionType: number, topicPartitions: { topic: string; partitions: number[] }[] | null) =>
    client.request(electLeadersRequest, electLeadersResponse, 2, { electionType, topicPartitions });
  const asked = [
    { topic: 'a', partitions: [0, 5] },
    { topic: 'nope', partitions: [0] },
  ];
  const codesOf = ({ replicaElectionResults: results }: Awaited<ReturnType<typeof elect>>) =>
    results.map(({ partitionResult }) => partitionResult.map(({ errorCode }) => errorCode));
  const { ELECTION_NOT_NEEDED, UNKNOWN_TOPIC_OR_PARTITION, INVALID_REQUEST } = ErrorCode;
  const expected = [[ELECTION_NOT_NEEDED, UNKNOWN_TOPIC_OR_PARTITION], [UNKNOWN_TOPIC_OR_PARTITION]];
  assert.deepEqual(codesOf(await elect(0, asked)), expected);
  assert.deepEqual(codesOf(await elect(1, asked)), expected);
  const unknownType = await elect(7, asked);
  assert.equal(unknownType.errorCode, INVALID_REQUEST);
  assert.deepEqual(codesOf(unknownType), [[INVALID_REQUEST, INVALID_REQUEST], [INVALID_REQUEST]]);
  assert.deepEqual((await elect(0, null)).replicaElectionResults, [{ topic: 'a', partitionResult: [] }]);
});

test('AlterPartitionReassignments takes what is there already and refuses all else', async () => {
  const alter = async (name: string, partitionIndex: number, replicas: number[] | null) => {
    const { responses } = await client.request(
      alterPartitionReassignmentsRequest,
      alterPartitionReassignmentsResponse,
      1,
      { topics: [{ name, partitions: [{ partitionIndex, replicas }] }] },
    );
    return responses[0]!.partitions[0]!.errorCode;
  };
  const brokerId = 1;
  assert.equal(await alter('a', 0, [brokerId]), ErrorCode.NONE);
  assert.equal(await alter('a', 0, [99]), ErrorCode.INVALID_REPLICA_ASSIGNMENT);
  assert.equal(await alter('a', 0, [brokerId, brokerId]), ErrorCode.INVALID_REPLICA_ASSIGNMENT);
  assert.equal(await alter('a', 0, []), ErrorCode.INVALID_REPLICA_ASSIGNMENT);
  assert.equal(await alter('a', 0, null), ErrorCode.NO_REASSIGNMENT_IN_PROGRESS);
  assert.equal(await alter('a', 9, null), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  assert.equal(await alter('nope', 0, [brokerId]), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  const listed = await client.request(
    listPartitionReassignmentsRequest,
    listPartitionReassignmentsResponse,
    0,
    { topics: null },
  );
  assert.deepEqual([listed.errorCode, listed.topics], [ErrorCode.NONE, []]);
});

test('DescribeQuorum tells of the metadata log, and of no other partition', async () => {
  const describe = (version: number, topicName: string, ...indexes: number[]) =>
    client.request(describeQuorumRequest, describeQuorumResponse, version, {
      topics: [{ topicName, partitions: indexes.map((partitionIndex) => ({ partitionIndex })) }],
    });
  for (const version of [0, 1, 2]) {
    const { topics, nodes } = await describe(version, '__cluster_metadata', 0);
    const partition = topics[0]!.partitions[0]!;
    assert.equal(partition.errorCode, ErrorCode.NONE);
    assert.ok(partition.highWatermark > 0 && partition.leaderEpoch > 0);
    assert.deepEqual(
      partition.currentVoters.map(({ replicaId, logEndOffset }) => [replicaId, logEndOffset]),
      [[partition.leaderId, partition.highWatermark]],
    );
    assert.equal(nodes.length, version < 2 ? 0 : 1);
  }
  for (const [topicName, ...indexes] of [['nope', 0] as const, ['__cluster_metadata', 0, 1] as const]) {
    const { topics } = await describe(2, topicName, ...indexes);
    for (const { errorCode } of topics[0]!.partitions)
      assert.equal(errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  }
});

test('UnregisterBroker knows no broker but this one, which it keeps', async () => {
  const unregister = async (brokerId: number) =>
    (await client.request(unregisterBrokerRequest, unregisterBrokerResponse, 0, { brokerId })).errorCode;
  assert.equal(await unregister(99), ErrorCode.BROKER_ID_NOT_REGISTERED);
  assert.equal(await unregister(1), ErrorCode.INVALID_REQUEST);
});

test('DescribeUserScramCredentials finds none', async () => {
  const describe = async (...names: string[]) => {
    const { results } = await client.request(
      describeUserScramCredentialsRequest,
      describeUserScramCredentialsResponse,
      0,
      { users: names.map((name) => ({ name })) },
    );
    return results.map(({ user, errorCode }) => [user, errorCode]);
  };
  assert.deepEqual(await describe(), []);
  assert.deepEqual(await describe('ada', 'bob', 'ada'), [
    ['ada', ErrorCode.DUPLICATE_RESOURCE],
    ['bob', ErrorCode.RESOURCE_NOT_FOUND],
  ]);
});

test('telemetry is asked for and taken', async () => {
  const isTold = async () => (await versions(4)).apiKeys.some(({ apiKey }) => apiKey === 71);
  assert.equal(await isTold(), false);
  await client.request(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, 1, {
    resources: [
      {
        resourceType: 16,
        resourceName: 'all',
        configs: [
          { name: 'metrics', configOperation: 0, value: '*' },
          {
            name: 'match',
            configOperation: 0,
            value: 'client_software_name=test,client_source_address=127.*',
          },
          { name: 'interval.ms', configOperation: 0, value: '1000' },
        ],
      },
    ],
    validateOnly: false,
  });
  assert.equal(await isTold(), true);
  const subscribe = (clientInstanceId: string) =>
    client.request(getTelemetrySubscriptionsRequest, getTelemetrySubscriptionsResponse, 0, {
      clientInstanceId,
    });
  const { clientInstanceId, subscriptionId, ...subscribed } = await subscribe(ZERO_UUID);
  assert.deepEqual(subscribed, {
    ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, acceptedCompressionTypes: [4, 3, 1, 2] },
    ...{ pushIntervalMs: 1000, telemetryMaxBytes: 1_048_576, deltaTemporality: true },
    requestedMetrics: ['*'],
  });
  assert.equal((await subscribe(clientInstanceId)).errorCode, ErrorCode.THROTTLING_QUOTA_EXCEEDED);
  const push = (pushedId: string) =>
    client.request(pushTelemetryRequest, pushTelemetryResponse, 0, {
      ...{ clientInstanceId: pushedId, subscriptionId, terminating: false, compressionType: 0 },
      metrics: Buffer.alloc(0),
    });
  assert.equal((await push(clientInstanceId)).errorCode, ErrorCode.NONE);
  assert.equal((await push(clientInstanceId)).errorCode, ErrorCode.THROTTLING_QUOTA_EXCEEDED);
  assert.equal((await push(ZERO_UUID)).errorCode, ErrorCode.INVALID_REQUEST);
});
