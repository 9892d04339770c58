// For tests: one request of each API that names what it is given, in terms of all versions at once.

import { encodeBatch, ZERO_UUID } from '@moldau/protocol';

export interface Named {
  readonly topics: readonly { readonly name: string; readonly id: string }[];
  readonly groups: readonly string[];
  readonly transactionalId: string;
}

const TOPIC = 2;
const BROKER = 4;
const GROUP = 32;
const USER = { principalType: 'User', principalName: 'somebody' };

/** The body by the API's key. */
export function requestsNaming({ topics, groups, transactionalId }: Named): ReadonlyMap<number, object> {
  const groupId = groups[0]!;
  const names = topics.map(({ name }) => name);
  const producer = { transactionalId, producerId: 7, producerEpoch: 0 };
  const everyPartition = topics.map(({ name, id }) => ({ name, topic: name, topicId: id, partitions: [0] }));
  const committed = topics.map(({ name, id }) => ({
    ...{ name, topicId: id },
    partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }],
  }));
  const acl = {
    ...{ resourceType: TOPIC, resourceName: names[0], principal: 'User:somebody', host: '*' },
    ...{ operation: 3, permissionType: 3 },
  };
  const aclFilter = {
    ...{ resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1 },
    ...{ principalFilter: null, hostFilter: null, operation: 1, permissionType: 1 },
  };
  const configs = (config: object) => [
    ...names.map((name) => ({ resourceType: TOPIC, resourceName: name, ...config })),
    ...[
      { resourceType: GROUP, resourceName: groupId, ...config },
      { resourceType: BROKER, resourceName: '', ...config },
    ],
  ];
  const shareTopics = (partition: object) =>
    topics.map(({ id }) => ({ topicId: id, partitions: [{ partition: 0, ...partition }] }));
  const shareRead = topics.map(({ id }) => ({
    ...{ topicId: id, partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }] },
  }));
  const acknowledged = topics.map(({ id }) => ({
    topicId: id,
    partitions: [
      {
        partitionIndex: 0,
        acknowledgementBatches: [{ firstOffset: 0, lastOffset: 0, acknowledgeTypes: [1] }],
      },
    ],
  }));
  const memberId = 'AAAAAAAAAAAAAAAAAAAAAQ';
  const records = encodeBatch({
    baseOffset: 0,
    records: [{ timestamp: 0, key: null, value: Buffer.from('v') }],
  });
  const member = { memberId: '', groupInstanceId: null };
  return new Map<number, object>([
    [
      0,
      {
        ...{ transactionalId: null, acks: 1, timeoutMs: 1000 },
        topicData: topics.map(({ name, id }) => ({
          name,
          topicId: id,
          partitionData: [{ index: 0, records }],
        })),
      },
    ],
    [
      1,
      {
        ...{ maxWaitMs: 0, minBytes: 0, maxBytes: 1000, isolationLevel: 0, forgottenTopicsData: [] },
        ...{ replicaId: -1, replicaState: { replicaId: -1 } },
        topics: topics.map(({ name, id }) => ({
          ...{ topic: name, topicId: id },
          partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }],
        })),
      },
    ],
    [
      2,
      {
        ...{ replicaId: -1, isolationLevel: 0 },
        topics: names.map((name) => ({
          name,
          partitions: [{ partitionIndex: 0, timestamp: -1, maxNumOffsets: 1 }],
        })),
      },
    ],
    [
      3,
      {
        topics: names.map((name) => ({ name })),
        ...{ includeTopicAuthorizedOperations: true, includeClusterAuthorizedOperations: true },
      },
    ],
    [8, { groupId, generationIdOrMemberEpoch: -1, memberId: '', retentionTimeMs: -1, topics: committed }],
    [
      9,
      {
        ...{ groupId, topics: names.map((name) => ({ name, partitionIndexes: [0] })) },
        groups: groups.map((group) => ({
          groupId: group,
          topics: topics.map(({ name, id }) => ({ name, topicId: id, partitionIndexes: [0] })),
        })),
      },
    ],
    [10, { key: groupId, keyType: 0, coordinatorKeys: groups }],
    [
      11,
      {
        ...{ groupId, sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, ...member },
        ...{
          protocolType: 'consumer',
          protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
          reason: null,
        },
      },
    ],
    [12, { groupId, generationId: 1, ...member }],
    [13, { groupId, memberId: '', members: [{ memberId: '', groupInstanceId: null, reason: null }] }],
    [
      14,
      {
        groupId,
        generationId: 1,
        ...member,
        protocolType: 'consumer',
        protocolName: 'range',
        assignments: [],
      },
    ],
    [15, { groups, includeAuthorizedOperations: true }],
    [16, { statesFilter: [], typesFilter: [] }],
    [
      19,
      {
        topics: names.map((name) => ({
          ...{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
        })),
        ...{ timeoutMs: 1000, validateOnly: true },
      },
    ],
    [20, { topics: names.map((name) => ({ name, topicId: ZERO_UUID })), topicNames: names, timeoutMs: 1000 }],
    [
      21,
      {
        topics: names.map((name) => ({ name, partitions: [{ partitionIndex: 0, offset: 0 }] })),
        timeoutMs: 1000,
      },
    ],
    [22, { transactionalId, transactionTimeoutMs: 1000, producerId: -1, producerEpoch: -1 }],
    [
      23,
      {
        replicaId: -1,
        topics: names.map((topic) => ({ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] })),
      },
    ],
    [
      24,
      {
        transactions: [{ ...producer, verifyOnly: true, topics: everyPartition }],
        v3AndBelowTransactionalId: transactionalId,
        ...{ v3AndBelowProducerId: 7, v3AndBelowProducerEpoch: 0, v3AndBelowTopics: everyPartition },
      },
    ],
    [25, { ...producer, groupId }],
    [26, { ...producer, committed: false }],
    [
      27,
      {
        markers: [
          {
            ...{ producerId: 7, producerEpoch: 0, transactionResult: false, coordinatorEpoch: 0 },
            topics: names.map((name) => ({ name, partitionIndexes: [0] })),
          },
        ],
      },
    ],
    [28, { ...producer, groupId, generationId: -1, memberId: '', topics: committed }],
    [29, aclFilter],
    [30, { creations: [acl] }],
    [31, { filters: [aclFilter] }],
    [32, { resources: configs({ configurationKeys: ['retention.ms'] }) }],
    [33, { resources: configs({ configs: [] }), validateOnly: true }],
    [34, { dirs: [{ path: '/nowhere', topics: everyPartition }] }],
    [35, { topics: everyPartition }],
    [
      37,
      {
        topics: names.map((name) => ({ name, count: 2, assignments: null })),
        timeoutMs: 1000,
        validateOnly: true,
      },
    ],
    [38, { ownerPrincipalType: 'User', ownerPrincipalName: 'somebody', renewers: [], maxLifetimeMs: -1 }],
    [39, { hmac: Buffer.from('none'), renewPeriodMs: -1 }],
    [40, { hmac: Buffer.from('none'), expiryTimePeriodMs: -1 }],
    [41, { owners: [USER] }],
    [42, { groupsNames: groups }],
    [43, { electionType: 0, topicPartitions: everyPartition, timeoutMs: 1000 }],
    [44, { resources: configs({ configs: [] }), validateOnly: true }],
    [
      45,
      {
        timeoutMs: 1000,
        topics: names.map((name) => ({ name, partitions: [{ partitionIndex: 0, replicas: null }] })),
      },
    ],
    [46, { timeoutMs: 1000, topics: names.map((name) => ({ name, partitionIndexes: [0] })) }],
    [47, { groupId, topics: names.map((name) => ({ name, partitions: [{ partitionIndex: 0 }] })) }],
    [48, { components: [], strict: false }],
    [
      49,
      {
        entries: [
          {
            entity: [{ entityType: 'user', entityName: 'somebody' }],
            ops: [{ key: 'producer_byte_rate', value: 1000, remove: false }],
          },
        ],
        validateOnly: true,
      },
    ],
    [50, { users: [{ name: 'somebody' }] }],
    [51, { deletions: [{ name: 'somebody', mechanism: 1 }], upsertions: [] }],
    [55, { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] }],
    [
      57,
      {
        featureUpdates: [
          { feature: 'group.version', maxVersionLevel: 1, allowDowngrade: false, upgradeType: 1 },
        ],
        validateOnly: true,
      },
    ],
    [60, { includeClusterAuthorizedOperations: true, endpointType: 1 }],
    [61, { topics: names.map((name) => ({ name, partitionIndexes: [0] })) }],
    [64, { brokerId: 77 }],
    [65, { transactionalIds: [transactionalId] }],
    [66, { stateFilters: [], producerIdFilters: [], transactionalIdPattern: transactionalId }],
    [
      68,
      {
        ...{ groupId, memberId, memberEpoch: 0, instanceId: null, rackId: null, rebalanceTimeoutMs: 10_000 },
        ...{
          subscribedTopicNames: names,
          subscribedTopicRegex: null,
          serverAssignor: null,
          topicPartitions: [],
        },
      },
    ],
    [69, { groupIds: groups, includeAuthorizedOperations: true }],
    [74, { resourceTypes: [] }],
    [75, { topics: names.map((name) => ({ name })), responsePartitionLimit: 100, cursor: null }],
    [76, { groupId, memberId, memberEpoch: 0, rackId: null, subscribedTopicNames: names }],
    [77, { groupIds: groups, includeAuthorizedOperations: true }],
    [
      78,
      {
        ...{ groupId, memberId, shareSessionEpoch: 0, maxWaitMs: 0, minBytes: 0, maxBytes: 1000 },
        ...{ maxRecords: 10, batchSize: 10, topics: shareRead, forgottenTopicsData: [] },
      },
    ],
    [79, { groupId, memberId, shareSessionEpoch: 1, topics: acknowledged }],
    [83, { groupId, topics: shareTopics({ stateEpoch: 0, startOffset: 0 }) }],
    [84, { groupId, topics: shareTopics({ leaderEpoch: 0 }) }],
    [
      85,
      { groupId, topics: shareTopics({ stateEpoch: 0, leaderEpoch: 0, startOffset: 0, stateBatches: [] }) },
    ],
    [86, { groupId, topics: shareTopics({}) }],
    [87, { groupId, topics: shareTopics({ leaderEpoch: 0 }) }],
    [
      90,
      {
        groups: groups.map((group) => ({
          ...{ groupId: group, topics: names.map((topicName) => ({ topicName, partitions: [0] })) },
        })),
      },
    ],
    [
      91,
      {
        groupId,
        topics: names.map((topicName) => ({
          topicName,
          partitions: [{ partitionIndex: 0, startOffset: 0 }],
        })),
      },
    ],
    [92, { groupId, topics: names.map((topicName) => ({ topicName })) }],
  ]);
}
