// What administrators ask: quotas, features, elections, reassignments, the quorum, credentials, log dirs.

import {
  alterClientQuotasRequest,
  alterClientQuotasResponse,
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
  describeClientQuotasRequest,
  describeClientQuotasResponse,
  describeQuorumRequest,
  describeQuorumResponse,
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
  electLeadersRequest,
  electLeadersResponse,
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
  unregisterBrokerRequest,
  unregisterBrokerResponse,
  updateFeaturesRequest,
  updateFeaturesResponse,
  ZERO_UUID,
} from '@moldau/protocol';
import { inEveryVersion, type Scenario } from '../scenario.ts';
import { api, type Side } from '../side.ts';

const AlterClientQuotas = api(alterClientQuotasRequest, alterClientQuotasResponse);
const DescribeClientQuotas = api(describeClientQuotasRequest, describeClientQuotasResponse);
const UpdateFeatures = api(updateFeaturesRequest, updateFeaturesResponse);
const ElectLeaders = api(electLeadersRequest, electLeadersResponse);
const AlterPartitionReassignments = api(
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
);
const ListPartitionReassignments = api(listPartitionReassignmentsRequest, listPartitionReassignmentsResponse);
const DescribeQuorum = api(describeQuorumRequest, describeQuorumResponse);
const DescribeUserScramCredentials = api(
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
);
const UnregisterBroker = api(unregisterBrokerRequest, unregisterBrokerResponse);
const AlterReplicaLogDirs = api(alterReplicaLogDirsRequest, alterReplicaLogDirsResponse);

type Entity = Record<string, string | null>;
/** null takes the quota back. */
type Quotas = Record<string, number | null>;

function setQuotas(side: Side, version: number, entity: Entity, quotas: Quotas, validateOnly = false) {
  const label = `${JSON.stringify(entity)} ${Object.entries(quotas)}`;
  return side.ask(AlterClientQuotas, version, alteration(entity, quotas, validateOnly), label);
}

async function setQuietly(side: Side, entity: Entity, quotas: Quotas): Promise<void> {
  await side.quietly(AlterClientQuotas, 1, alteration(entity, quotas, false));
}

function alteration(entity: Entity, quotas: Quotas, validateOnly: boolean) {
  return {
    entries: [
      {
        entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
        ops: Object.entries(quotas).map(([key, value]) => ({
          key,
          value: value ?? 0,
          remove: value === null,
        })),
      },
    ],
    validateOnly,
  };
}

type Component = [entityType: string, matchType: number, match?: string | null];

async function describeQuotas(side: Side, version: number, components: Component[], strict = false) {
  const answer = await side.quietly(DescribeClientQuotas, version, {
    components: components.map(([entityType, matchType, match = null]) => ({ entityType, matchType, match })),
    strict,
  });
  const entries = answer.entries
    ?.map(({ entity, values }) => ({
      entity: entity.toSorted((a, b) => (a.entityType < b.entityType ? -1 : 1)),
      values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
    }))
    // Other scenarios have quotas of their own.
    .filter(({ entity }) => entity.some(({ entityName }) => entityName?.includes(side.prefix)))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  side.record(`${JSON.stringify(components)} ${strict}`, { ...answer, entries });
}

const quotaScenarios: readonly Scenario[] = [
  inEveryVersion(AlterClientQuotas, 'right and wrong', async (side, version) => {
    const user = `${side.prefix}user`;
    const set = (entity: Entity, quotas: Quotas) => setQuotas(side, version, entity, quotas);
    for (const entity of [{}, { moon: 'x' }, { '': 'x' }, { user: '' }, { user, ip: '10.0.0.1' }])
      await set(entity, { producer_byte_rate: 1 });
    await set({ ip: '10.0.0.400' }, { connection_creation_rate: 1 });
    await set({ ip: '10.200.0.1' }, { producer_byte_rate: 1 });
    await set({ ip: '10.200.0.1' }, { connection_creation_rate: 1.5 });
    await set({ ip: '10.200.0.1' }, { connection_creation_rate: null });
    for (const value of [1, 0, -1, 1.5, 1.000_000_01, 1e30, Number.POSITIVE_INFINITY, Number.NaN])
      for (const key of ['producer_byte_rate', 'request_percentage']) await set({ user }, { [key]: value });
    await set({ user }, { connection_creation_rate: 1 });
    await set({ user }, { nonsense: 1 });
    await set({ user }, { consumer_byte_rate: 9, nonsense: 1 });
    await set({ user }, { nonsense: null });
    await set({ user }, { consumer_byte_rate: null });
    await set({ user }, {});
    await setQuotas(side, version, { user: `${user}2` }, { consumer_byte_rate: 9 }, true);
    await side.untilInForce();
    await describeQuotas(side, version, [['user', 2]]);
    await set({ user }, { producer_byte_rate: null, request_percentage: null });
    await side.untilInForce();
    await describeQuotas(side, version, [['user', 2]]);
  }),
  inEveryVersion(DescribeClientQuotas, 'filters', async (side, version) => {
    const user = `${side.prefix}user`;
    const clientId = `${side.prefix}client`;
    const entities: Entity[] = [
      { user },
      { 'client-id': clientId },
      { user, 'client-id': clientId },
      { user, 'client-id': null },
      { user: null, 'client-id': clientId },
    ];
    for (const [index, entity] of entities.entries())
      await setQuietly(side, entity, { consumer_byte_rate: index + 1, controller_mutation_rate: 0.5 });
    await side.untilInForce();
    const filters: Component[][] = [
      [],
      [['user', 2]],
      [['user', 1]],
      [['user', 0, user]],
      [['client-id', 0, clientId]],
      [['client-id', 1]],
      [
        ['client-id', 2],
        ['user', 2],
      ],
      [
        ['user', 0, user],
        ['client-id', 1],
      ],
      [['user', 0]],
      [['user', 1, user]],
      [['user', 2, user]],
      [['user', 3]],
      [['user', -1]],
      [['', 2]],
      [['moon', 2]],
      [
        ['user', 2],
        ['user', 1],
      ],
      [
        ['user', 2],
        ['ip', 2],
      ],
      [
        ['ip', 2],
        ['moon', 2],
      ],
    ];
    for (const filter of filters)
      for (const strict of [false, true]) await describeQuotas(side, version, filter, strict);
    for (const entity of entities)
      await setQuietly(side, entity, { consumer_byte_rate: null, controller_mutation_rate: null });
  }),
];

const clusterScenarios: readonly Scenario[] = [
  inEveryVersion(UpdateFeatures, 'refused, or changing nothing', async (side, version) => {
    const [UPGRADE, SAFE, UNSAFE] = [1, 2, 3];
    const update = (feature: string, maxVersionLevel: number, upgradeType: number) =>
      side.ask(
        UpdateFeatures,
        version,
        {
          featureUpdates: [{ feature, maxVersionLevel, upgradeType, allowDowngrade: upgradeType > 1 }],
          validateOnly: version > 0,
        },
        `${feature} ${maxVersionLevel} ${upgradeType}`,
      );
    for (const upgradeType of [UPGRADE, SAFE, UNSAFE, 0, 9]) {
      for (const level of [-1, 0, 1]) await update('nope', level, upgradeType!);
      for (const level of [-1, 0, 6, 25, 29, 30, 31]) await update('metadata.version', level, upgradeType!);
      if (version > 0)
        for (const level of [-1, 0, 1, 2, 3]) await update('transaction.version', level, upgradeType!);
    }
    await side.ask(UpdateFeatures, version, { featureUpdates: [] }, 'none');
    await side.ask(
      UpdateFeatures,
      version,
      {
        featureUpdates: [
          { feature: 'metadata.version', maxVersionLevel: 30 },
          { feature: 'nope', maxVersionLevel: 1 },
        ],
      },
      'one good, one bad',
    );
  }),
  inEveryVersion(ElectLeaders, 'of partitions that have a leader', async (side, version) => {
    const { name } = await side.createTopic('a', { partitions: 2 });
    for (const electionType of version === 0 ? [0] : [0, 1, 7]) {
      const elect = (label: string, topicPartitions: { topic: string; partitions: number[] }[]) =>
        side.ask(
          ElectLeaders,
          version,
          { electionType, topicPartitions, timeoutMs: 5000 },
          `${label} ${electionType}`,
        );
      await elect('known and unknown', [
        { topic: name, partitions: [0, 1, 5, -1] },
        { topic: `${name}-nope`, partitions: [0] },
        { topic: '', partitions: [0] },
      ]);
      await elect('none', []);
      const all = await side.quietly(ElectLeaders, version, { electionType, topicPartitions: null });
      side.record(`all ${electionType}`, {
        ...all,
        replicaElectionResults: all.replicaElectionResults.filter(({ topic }) => topic === name),
      });
    }
  }),
  inEveryVersion(AlterPartitionReassignments, 'right and wrong', async (side, version) => {
    const { name } = await side.createTopic('a', { partitions: 2 });
    const alter = (topic: string, partitionIndex: number, replicas: number[] | null) =>
      side.ask(
        AlterPartitionReassignments,
        version,
        { timeoutMs: 5000, topics: [{ name: topic, partitions: [{ partitionIndex, replicas }] }] },
        `${topic === name} ${partitionIndex} ${JSON.stringify(replicas)}`,
      );
    for (const replicas of [[1], [2], [1, 2], [1, 1], [], [-1], null]) {
      await alter(name, 0, replicas);
      await alter(name, 9, replicas);
      await alter(`${name}-nope`, 0, replicas);
    }
    await side.ask(AlterPartitionReassignments, version, { timeoutMs: 5000, topics: [] }, 'none');
  }),
  inEveryVersion(ListPartitionReassignments, 'none under way', async (side, version) => {
    const { name } = await side.createTopic('a');
    await side.ask(ListPartitionReassignments, version, { topics: null }, 'all');
    await side.ask(ListPartitionReassignments, version, { topics: [] }, 'none');
    await side.ask(
      ListPartitionReassignments,
      version,
      { topics: [{ name, partitionIndexes: [0, 9] }] },
      'some',
    );
  }),
  inEveryVersion(DescribeQuorum, 'of the metadata and of others', async (side, version) => {
    const metadata = '__cluster_metadata';
    const { topics, nodes, ...rest } = await side.quietly(DescribeQuorum, version, {
      topics: [{ topicName: metadata, partitions: [{ partitionIndex: 0 }] }],
    });
    const { leaderEpoch, highWatermark, currentVoters, ...partition } = topics[0]!.partitions[0]!;
    side.record('metadata', {
      ...rest,
      ...partition,
      isLed: leaderEpoch > 0 && highWatermark > 0,
      voters: currentVoters.map(({ replicaId, replicaDirectoryId, logEndOffset, lastFetchTimestamp }) => ({
        replicaId,
        hasDirectoryId: replicaDirectoryId !== ZERO_UUID,
        isUpToDate: logEndOffset === highWatermark,
        lastFetchTimestamp,
      })),
      nodes: nodes.map(({ nodeId }) => nodeId),
    });
    for (const [topicName, ...indexes] of [
      ['nope', 0] as const,
      [metadata, 1] as const,
      [metadata, 0, 1] as const,
    ]) {
      const partitions = indexes.map((partitionIndex) => ({ partitionIndex }));
      await side.ask(
        DescribeQuorum,
        version,
        { topics: [{ topicName, partitions }] },
        `${topicName} ${indexes}`,
      );
    }
    await side.ask(DescribeQuorum, version, { topics: [] }, 'none');
  }),
  inEveryVersion(DescribeUserScramCredentials, 'of nobody', async (side, version) => {
    const user = (...names: string[]) => names.map((name) => ({ name }));
    const describe = async (users: { name: string }[], label: string) => {
      const answer = await side.quietly(DescribeUserScramCredentials, version, { users });
      const results = answer.results.toSorted((a, b) => (a.user < b.user ? -1 : 1));
      side.record(label, { ...answer, results });
    };
    await describe(user('ada', 'bob'), 'two');
    await describe(user('ada', 'bob', 'ada'), 'one twice');
  }),
  inEveryVersion(UnregisterBroker, 'that never was', async (side, version) => {
    for (const brokerId of [99, -1])
      await side.ask(UnregisterBroker, version, { brokerId }, String(brokerId));
  }),
  inEveryVersion(AlterReplicaLogDirs, 'to where no log dir is', async (side, version) => {
    const { name } = await side.createTopic('a');
    for (const path of ['/nope', 'nope', ''])
      for (const topic of [name, `${name}-nope`])
        await side.ask(
          AlterReplicaLogDirs,
          version,
          { dirs: [{ path, topics: [{ name: topic, partitions: [0, 7] }] }] },
          `'${path}' ${topic === name}`,
        );
    await side.ask(AlterReplicaLogDirs, version, { dirs: [] }, 'none');
  }),
];

export const administrationScenarios: readonly Scenario[] = [...quotaScenarios, ...clusterScenarios];
