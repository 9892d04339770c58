// What brokers tell of themselves: versions, the cluster, topics, coordinators, folders, producer ids.

import { batchOf } from '../records.ts';
import {
  ApiVersions,
  CreateTopics,
  DescribeCluster,
  DescribeLogDirs,
  DescribeTopicPartitions,
  FindCoordinator,
  InitProducerId,
  inEveryVersion,
  ListConfigResources,
  Metadata,
  SaslAuthenticate,
  SaslHandshake,
  type Scenario,
} from '../scenario.ts';
import { pause } from '../side.ts';

/** The APIs that Moldau serves too. */
const SERVED = new Set([
  0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 32, 33, 35, 37, 42, 44, 47, 60, 74,
  75,
]);
const UNKNOWN_ID = 'abcdefghijklmnopqrstuA';
const LONG_NAME = 'x'.repeat(250);

export const clusterScenarios: readonly Scenario[] = [
  inEveryVersion(ApiVersions, 'ranges and software names', async (side, version) => {
    const ask = async (clientSoftwareName: string, clientSoftwareVersion: string) => {
      const { apiKeys, ...others } = await side.quietly(ApiVersions, version, {
        clientSoftwareName,
        clientSoftwareVersion,
      });
      side.record(`'${clientSoftwareName}' '${clientSoftwareVersion}'`, {
        ...others,
        apiKeys: apiKeys.filter(({ apiKey }) => SERVED.has(apiKey)),
      });
    };
    await ask('apache-kafka-java', '4.3.0');
    for (const name of ['', 'with space', '-x', 'x-', 'a.b-c', 'ü']) await ask(name, '4.3.0');
    await ask('apache-kafka-java', '');
  }),
  inEveryVersion(SaslHandshake, 'where nobody logs in', async (side, version) => {
    for (const mechanism of ['PLAIN', ''])
      await side.ask(SaslHandshake, version, { mechanism }, `'${mechanism}'`);
  }),
  inEveryVersion(SaslAuthenticate, 'where nobody logs in', async (side, version) => {
    await side.ask(SaslAuthenticate, version, { authBytes: Buffer.from('\0ada\0secret') }, 'a token');
    await side.ask(SaslAuthenticate, version, { authBytes: Buffer.alloc(0) }, 'none');
  }),
  inEveryVersion(Metadata, 'by name', async (side, version) => {
    const { name } = await side.createTopic('a', { partitions: 3 });
    await side.ask(Metadata, version, { topics: [{ name }], allowAutoTopicCreation: false }, 'known');
    await side.ask(
      Metadata,
      version,
      {
        topics: [{ name }],
        allowAutoTopicCreation: false,
        includeTopicAuthorizedOperations: true,
        includeClusterAuthorizedOperations: true,
      },
      'with operations',
    );
    await side.ask(
      Metadata,
      version,
      { topics: [{ name: `${name}-unknown` }, { name }], allowAutoTopicCreation: false },
      'one unknown',
    );
    if (version >= 4)
      for (const bad of ['', '.', '..', 'a/b', LONG_NAME, 'a b'])
        for (const allowAutoTopicCreation of [false, true])
          await side.ask(
            Metadata,
            version,
            { topics: [{ name: bad }], allowAutoTopicCreation },
            `name '${bad.slice(0, 10)}' ${allowAutoTopicCreation}`,
          );
    await side.ask(
      Metadata,
      version,
      { topics: [{ name }, { name }], allowAutoTopicCreation: false },
      'twice',
    );
    if (version >= 1) await side.ask(Metadata, version, { topics: [] }, 'no topics');
  }),
  inEveryVersion(Metadata, 'of all topics', async (side, version) => {
    const { name } = await side.createTopic('a');
    const answer = await side.quietly(Metadata, version, { topics: version === 0 ? [] : null });
    side.record(
      'all',
      answer.topics.some((topic) => topic.name === name),
    );
  }),
  inEveryVersion(
    Metadata,
    'by id',
    async (side, version) => {
      const { name, id } = await side.createTopic('a');
      await side.ask(Metadata, version, { topics: [{ topicId: id, name: null }] }, 'known');
      await side.ask(Metadata, version, { topics: [{ topicId: UNKNOWN_ID, name: null }] }, 'unknown');
      await side.ask(
        Metadata,
        version,
        {
          topics: [
            { topicId: UNKNOWN_ID, name: null },
            { topicId: id, name: null },
          ],
        },
        'one unknown',
      );
      await side.ask(Metadata, version, { topics: [{ name: null }] }, 'neither');
      await side.ask(Metadata, version, { topics: [{ topicId: id, name }] }, 'both');
      await side.ask(
        Metadata,
        version,
        { topics: [{ topicId: id, name: null }, { name }] },
        'one by id and one by name',
      );
    },
    { from: 10 },
  ),
  inEveryVersion(
    Metadata,
    'creating topics',
    async (side, version) => {
      const name = `${side.prefix}new`;
      await side.ask(Metadata, version, { topics: [{ name }], allowAutoTopicCreation: true }, 'first');
      await side.untilLed(name);
      await side.ask(Metadata, version, { topics: [{ name }], allowAutoTopicCreation: true }, 'then');
      await side.ask(
        Metadata,
        version,
        { topics: [{ name: name.replaceAll('.', '_') }], allowAutoTopicCreation: true },
        'colliding',
      );
    },
    { from: 1 },
  ),
  inEveryVersion(DescribeCluster, 'all of it', async (side, version) => {
    const plain = { includeClusterAuthorizedOperations: false };
    await side.ask(DescribeCluster, version, plain);
    await side.ask(DescribeCluster, version, { includeClusterAuthorizedOperations: true }, 'operations');
    await side.ask(DescribeCluster, version, { ...plain, endpointType: 2 }, 'controllers');
    await side.ask(DescribeCluster, version, { ...plain, endpointType: 3 }, 'unknown endpoint type');
    await side.ask(DescribeCluster, version, { ...plain, includeFencedBrokers: true }, 'fenced brokers too');
  }),
  inEveryVersion(DescribeTopicPartitions, 'with cursors', async (side, version) => {
    const { name: a } = await side.createTopic('a', { partitions: 3 });
    const { name: b } = await side.createTopic('b', { partitions: 2 });
    const all = { topics: [{ name: b }, { name: a }], responsePartitionLimit: 2000, cursor: null };
    await side.ask(DescribeTopicPartitions, version, all);
    for (const responsePartitionLimit of [-1, 0, 1, 2, 3, 4, 5])
      await side.ask(
        DescribeTopicPartitions,
        version,
        { ...all, responsePartitionLimit },
        `limit ${responsePartitionLimit}`,
      );
    for (const [topicName, partitionIndex] of [
      [a, 1],
      [a, 3],
      [a, 7],
      [b, 0],
      [`${a}a`, 0],
      ['zzz', 1],
      [a, -1],
      ['', 0],
    ] as const)
      await side.ask(
        DescribeTopicPartitions,
        version,
        { ...all, cursor: { topicName, partitionIndex } },
        `cursor ${topicName.slice(-3)} ${partitionIndex}`,
      );
    await side.ask(
      DescribeTopicPartitions,
      version,
      { ...all, responsePartitionLimit: 2, cursor: { topicName: a, partitionIndex: 2 } },
      'cursor and limit',
    );
    for (const name of [`${a}-unknown`, '', '.', 'a/b', LONG_NAME])
      await side.ask(
        DescribeTopicPartitions,
        version,
        { ...all, topics: [{ name }, { name: a }] },
        `name ${name.slice(0, 10)}`,
      );
    await side.ask(DescribeTopicPartitions, version, { ...all, topics: [{ name: a }, { name: a }] }, 'twice');
  }),
  inEveryVersion(DescribeLogDirs, 'sizes', async (side, version) => {
    const { name } = await side.createTopic('a', { partitions: 2 });
    await side.append(name, batchOf(['one']));
    await side.append(name, batchOf(['one']), 1);
    await side.ask(DescribeLogDirs, version, { topics: [{ topic: name, partitions: [0, 1] }] }, 'known');
    await side.ask(DescribeLogDirs, version, { topics: [{ topic: name, partitions: [1] }] }, 'one partition');
    await side.ask(
      DescribeLogDirs,
      version,
      { topics: [{ topic: name, partitions: [7] }] },
      'unknown partition',
    );
    await side.ask(DescribeLogDirs, version, { topics: [{ topic: `${name}x`, partitions: [0] }] }, 'unknown');
    await side.ask(DescribeLogDirs, version, { topics: [] }, 'none');
  }),
  inEveryVersion(DescribeLogDirs, 'of partitions without records', async (side, version) => {
    const { name } = await side.createTopic('a');
    await side.ask(DescribeLogDirs, version, { topics: [{ topic: name, partitions: [0] }] });
  }),
  inEveryVersion(ListConfigResources, 'by type', async (side, version) => {
    const { name } = await side.createTopic('a');
    for (const types of [[2], [4], [8], [16], [32], [99], [0]]) {
      const answer = await side.quietly(ListConfigResources, version, { resourceTypes: types });
      const { errorCode, configResources } = answer;
      const isOurs = (resource: { resourceName: string; resourceType: number }) =>
        resource.resourceName === name || resource.resourceType === 4 || resource.resourceType === 8;
      side.record(`types ${types}`, { errorCode, resources: configResources.filter(isOurs) });
    }
  }),
  inEveryVersion(InitProducerId, 'idempotent', async (side, version) => {
    const fresh = { transactionalId: null, transactionTimeoutMs: 60_000 };
    // Kafka fetches its first ids after it was asked for one.
    for (let attempt = 0; attempt < 1500; attempt++) {
      const { errorCode } = await side.quietly(InitProducerId, version, fresh);
      if (errorCode === 0) break;
      await pause(100);
    }
    const answer = await side.ask(InitProducerId, version, fresh);
    await side.ask(InitProducerId, version, fresh, 'again');
    const known = { producerId: answer?.producerId ?? 0, producerEpoch: 0 };
    await side.ask(InitProducerId, version, { ...fresh, ...known }, 'with id');
    await side.ask(InitProducerId, version, { ...fresh, producerId: 7 }, 'id without epoch');
    await side.ask(InitProducerId, version, { ...fresh, producerEpoch: 7 }, 'epoch without id');
    await side.ask(InitProducerId, version, { ...fresh, producerId: -5, producerEpoch: -5 }, 'negative');
    await side.ask(InitProducerId, version, { ...fresh, transactionTimeoutMs: -1 }, 'negative timeout');
    await side.ask(InitProducerId, version, { transactionalId: '', transactionTimeoutMs: 1000 }, 'empty id');
  }),
  inEveryVersion(FindCoordinator, 'of groups', async (side, version) => {
    const ask = (key: string, keyType: number, label: string) =>
      side.ask(FindCoordinator, version, { key, keyType, coordinatorKeys: [key] }, label);
    // The first question makes the topic, which Kafka answers with an error.
    for (let attempt = 0; attempt < 1500; attempt++) {
      const answer = await side.quietly(FindCoordinator, version, {
        key: 'g',
        keyType: 0,
        coordinatorKeys: ['g'],
      });
      if ((answer.coordinators[0]?.errorCode ?? answer.errorCode) === 0) break;
      await pause(100);
    }
    await ask('g', 0, 'a group');
    await ask('', 0, 'an empty group');
    await ask('g', 99, 'unknown type');
    await ask('g', -1, 'negative type');
    if (version >= 4) {
      await side.ask(FindCoordinator, version, { keyType: 0, coordinatorKeys: [] }, 'none');
      await side.ask(FindCoordinator, version, { keyType: 0, coordinatorKeys: ['a', 'b', 'a'] }, 'several');
    }
    await ask('no-colons', 2, 'a bad share key');
  }),
  inEveryVersion(CreateTopics, 'is seen by Metadata', async (side, version) => {
    const { name } = await side.createTopic('a', { partitions: 2 });
    await side.ask(Metadata, 12, { topics: [{ name }] }, `after v${version}`);
  }),
];
