// Requests that are allowed and that nobody sends: nothing in them, the same twice, numbers without sense.

import { ZERO_UUID } from '@moldau/protocol';
import { batchOf, LONG_AGO_MS } from '../records.ts';
import {
  CreatePartitions,
  CreateTopics,
  DeleteRecords,
  DescribeLogDirs,
  Fetch,
  FindCoordinator,
  inEveryVersion,
  ListConfigResources,
  ListOffsets,
  Metadata,
  OffsetForLeaderEpoch,
  Produce,
  type Scenario,
} from '../scenario.ts';
import { untilCoordinated } from './group-requests.ts';

const UNKNOWN_ID = 'abcdefghijklmnopqrstuA';
const MAX_INT = 0x7fff_ffff;
const MIN_INT = -0x8000_0000;

export const oddScenarios: readonly Scenario[] = [
  inEveryVersion(
    Produce,
    'odd requests',
    async (side, version) => {
      const { name, id } = await side.createTopic('a', { partitions: 2 });
      const topic = { name, topicId: id };
      const send = (topicData: object[], label: string, fields: object = {}) =>
        side.ask(
          Produce,
          version,
          { acks: -1, timeoutMs: 10_000, ...fields, topicData: topicData as never },
          label,
        );
      const partition = (index: number) => ({ index, records: batchOf(['x']) });
      await send([{ ...topic, partitionData: [] }], 'a topic without partitions');
      await send([{ ...topic, partitionData: [partition(0)] }], 'negative timeout', { timeoutMs: -1 });
      await send([{ ...topic, partitionData: [partition(0)] }], 'endless timeout', { timeoutMs: MAX_INT });
      await send([{ ...topic, partitionData: [partition(MAX_INT), partition(MIN_INT)] }], 'far partitions');
      await send(
        [
          { ...topic, partitionData: [partition(0)] },
          { ...topic, partitionData: [partition(1)] },
        ],
        'a topic in two pieces',
      );
      await send([{ ...topic, partitionData: [partition(0)] }], 'acks of 32767', { acks: 32_767 });
      await send([{ ...topic, partitionData: [partition(0)] }], 'a transactional id for plain records', {
        transactionalId: `${side.prefix}t`,
      });
    },
    { from: 3 },
  ),
  inEveryVersion(
    Fetch,
    'odd requests',
    async (side, version) => {
      const { name, id } = await side.createTopic('a', { partitions: 2 });
      await side.append(name, batchOf(['a', 'b']));
      const topic = { topic: name, topicId: id };
      const partition = (fields: object = {}) => ({
        partition: 0,
        fetchOffset: 0,
        partitionMaxBytes: 1_000_000,
        ...fields,
      });
      const ask = (topics: object[], label: string, fields: object = {}) =>
        side.ask(
          Fetch,
          version,
          {
            maxWaitMs: 0,
            minBytes: 0,
            sessionEpoch: -1,
            ...fields,
            topics: topics as never,
            forgottenTopicsData: ('forgotten' in fields ? fields.forgotten : []) as never,
          },
          label,
        );
      await ask([{ ...topic, partitions: [] }], 'a topic without partitions');
      await ask([{ ...topic, partitions: [partition(), partition({ fetchOffset: 1 })] }], 'twice');
      await ask(
        [
          { ...topic, partitions: [partition()] },
          { ...topic, partitions: [partition({ partition: 1 })] },
        ],
        'a topic in two pieces',
      );
      await ask([{ ...topic, partitions: [partition({ partition: MAX_INT })] }], 'far partition');
      await ask([{ ...topic, partitions: [partition({ fetchOffset: 2 ** 53 - 1 })] }], 'far offset');
      await ask([{ ...topic, partitions: [partition({ fetchOffset: -(2 ** 53) + 1 })] }], 'far back');
      await ask([{ ...topic, partitions: [partition({ partitionMaxBytes: MAX_INT })] }], 'all bytes', {
        maxBytes: MAX_INT,
      });
      await ask([{ ...topic, partitions: [partition()] }], 'negative minimum', { minBytes: -7 });
      await ask([{ ...topic, partitions: [partition()] }], 'more at least than at most', {
        minBytes: 2000,
        maxBytes: 1000,
        maxWaitMs: 100,
      });
      await ask([{ ...topic, partitions: [partition({ fetchOffset: 2 })] }], 'minimum 0 at the end', {
        maxWaitMs: 5000,
      });
      await ask([{ ...topic, partitions: [partition({ logStartOffset: -7 })] }], 'log start of -7');
      if (version >= 11) await ask([{ ...topic, partitions: [partition()] }], 'a rack', { rackId: 'far' });
      if (version >= 12)
        await ask([{ ...topic, partitions: [partition()] }], 'a cluster id', { clusterId: 'another' });
      if (version >= 7) {
        await ask([{ ...topic, partitions: [partition()] }], 'forgets what it never asked for', {
          sessionEpoch: 0,
          forgotten: [{ ...topic, partitions: [1] }],
        });
        await ask([{ ...topic, partitions: [partition()] }], 'epoch -7', { sessionEpoch: -7 });
        await ask([{ ...topic, partitions: [partition()] }], 'a session id with no session', {
          sessionId: 7,
          sessionEpoch: -1,
        });
        await ask([{ ...topic, partitions: [partition()] }], 'a session id that begins', {
          sessionId: 7,
          sessionEpoch: 0,
        });
      }
    },
    { from: 4 },
  ),
  inEveryVersion(ListOffsets, 'odd requests', async (side, version) => {
    const { name } = await side.createTopic('a', { partitions: 2 });
    await side.append(name, batchOf(['a', 'b']));
    const ask = (topics: object[], label: string, fields: object = {}) =>
      side.ask(ListOffsets, version, { replicaId: -1, ...fields, topics: topics as never }, label);
    const partition = (fields: object = {}) => ({ partitionIndex: 0, timestamp: -1, ...fields });
    await ask([], 'nothing');
    await ask([{ name, partitions: [] }], 'a topic without partitions');
    await ask(
      [{ name, partitions: [partition({ timestamp: Number.POSITIVE_INFINITY })] }],
      'the end of time',
    );
    await ask([{ name, partitions: [partition({ timestamp: LONG_AGO_MS + 1e12 })] }], 'the future');
    await ask([{ name, partitions: [partition({ timestamp: -100 })] }], 'an unknown special time');
    await ask([{ name, partitions: [partition({ partitionIndex: MAX_INT })] }], 'far partition');
    await ask([{ name, partitions: [partition({ partitionIndex: -1 })] }], 'negative partition');
    await ask([{ name, partitions: [partition({ currentLeaderEpoch: MAX_INT })] }], 'far epoch');
    await ask([{ name, partitions: [partition({ currentLeaderEpoch: -7 })] }], 'epoch -7');
    await ask([{ name: '', partitions: [partition()] }], 'no name');
    await ask(
      [
        { name, partitions: [partition()] },
        { name, partitions: [partition({ partitionIndex: 1 })] },
      ],
      'a topic in two pieces',
    );
    await ask([{ name, partitions: [partition()] }], 'no time at all', { timeoutMs: 0 });
  }),
  inEveryVersion(OffsetForLeaderEpoch, 'odd requests', async (side, version) => {
    const { name } = await side.createTopic('a');
    await side.append(name, batchOf(['a', 'b']));
    const ask = (topics: object[], label: string) =>
      side.ask(OffsetForLeaderEpoch, version, { replicaId: -1, topics: topics as never }, label);
    const partition = (fields: object = {}) => ({
      partition: 0,
      currentLeaderEpoch: -1,
      leaderEpoch: 0,
      ...fields,
    });
    await ask([], 'nothing');
    await ask([{ topic: name, partitions: [] }], 'a topic without partitions');
    await ask([{ topic: name, partitions: [partition({ leaderEpoch: MAX_INT })] }], 'far epoch');
    await ask([{ topic: name, partitions: [partition({ partition: -1 })] }], 'negative partition');
    await ask([{ topic: '', partitions: [partition()] }], 'no name');
    await ask([{ topic: name, partitions: [partition({ currentLeaderEpoch: -7 })] }], 'current epoch -7');
  }),
  inEveryVersion(DeleteRecords, 'odd requests', async (side, version) => {
    const { name } = await side.createTopic('a', { partitions: 2 });
    await side.append(name, batchOf(['a', 'b']));
    const ask = (topics: object[], label: string, timeoutMs = 10_000) =>
      side.ask(DeleteRecords, version, { topics: topics as never, timeoutMs }, label);
    const partition = (offset: number, partitionIndex = 0) => ({ partitionIndex, offset });
    await ask([], 'nothing');
    await ask([{ name, partitions: [] }], 'a topic without partitions');
    await ask([{ name, partitions: [partition(2 ** 53 - 1)] }], 'far offset');
    await ask([{ name, partitions: [partition(0, -1)] }], 'negative partition');
    await ask([{ name: '', partitions: [partition(0)] }], 'no name');
    await ask([{ name: 'a/b', partitions: [partition(0)] }], 'bad name');
    await ask([{ name, partitions: [partition(0), partition(0, 1), partition(0, 9)] }], 'several');
    await ask([{ name, partitions: [partition(1)] }], 'no time', 0);
    await ask([{ name, partitions: [partition(1)] }], 'negative time', -1);
  }),
  inEveryVersion(DescribeLogDirs, 'odd requests', async (side, version) => {
    const { name } = await side.createTopic('a', { partitions: 2 });
    const ask = (topics: { topic: string; partitions: number[] }[], label: string) =>
      side.ask(DescribeLogDirs, version, { topics }, label);
    await ask([{ topic: name, partitions: [] }], 'a topic without partitions');
    await ask([{ topic: name, partitions: [0, 0] }], 'twice');
    await ask([{ topic: name, partitions: [-1, MAX_INT] }], 'far partitions');
    await ask([{ topic: '', partitions: [0] }], 'no name');
    await ask(
      [
        { topic: name, partitions: [0] },
        { topic: name, partitions: [1] },
      ],
      'a topic in two pieces',
    );
    const all = await side.quietly(DescribeLogDirs, version, { topics: null });
    const mine = all.results.flatMap(({ topics }) => topics.filter((topic) => topic.name === name));
    side.record('all', mine);
  }),
  inEveryVersion(ListConfigResources, 'odd requests', async (side, version) => {
    const { name } = await side.createTopic('a');
    for (const resourceTypes of [[], [2, 2], [2, 99], [-1]]) {
      const answer = await side.quietly(ListConfigResources, version, { resourceTypes });
      const { errorCode, configResources } = answer;
      const isMine = ({ resourceName }: { resourceName: string }) => resourceName === name;
      side.record(`types ${resourceTypes}`, { errorCode, mine: configResources.filter(isMine) });
    }
  }),
  inEveryVersion(Metadata, 'odd requests', async (side, version) => {
    const { name, id } = await side.createTopic('a');
    const ask = (topics: object[], label: string, fields: object = {}) =>
      side.ask(
        Metadata,
        version,
        { allowAutoTopicCreation: false, ...fields, topics: topics as never },
        label,
      );
    if (version >= 10) {
      await ask(
        [
          { name: null, topicId: id },
          { name: null, topicId: id },
        ],
        'an id twice',
      );
      await ask([{ name, topicId: UNKNOWN_ID }], 'a name with an unknown id');
      await ask([{ name, topicId: ZERO_UUID }], 'a name with no id');
    }
    if (version >= 8) {
      const operations = { includeTopicAuthorizedOperations: true, includeClusterAuthorizedOperations: true };
      await ask([{ name: `${name}x` }], 'operations on an unknown topic', operations);
      if (version >= 10) await ask([{ name: null, topicId: UNKNOWN_ID }], 'and on an unknown id', operations);
    }
    if (version >= 4) await ask([{ name: 'ü' }, { name: '\u0000' }, { name: 'x'.repeat(249) }], 'names');
  }),
  inEveryVersion(FindCoordinator, 'odd requests', async (side, version) => {
    await untilCoordinated(side, 'g');
    const ask = (keyType: number, keys: string[], label: string) =>
      side.ask(FindCoordinator, version, { key: keys[0] ?? '', keyType, coordinatorKeys: keys }, label);
    await ask(0, ['x'.repeat(10_000)], 'a long group');
    await ask(0, ['ü/\u0000 *'], 'a strange group');
    await ask(127, ['g'], 'type 127');
    await ask(-128, ['g'], 'type -128');
    if (version >= 4) {
      await ask(0, ['', 'g'], 'one without a name');
      await ask(0, ['g', 'g'], 'twice');
      await ask(99, [], 'unknown type of nothing');
    }
    for (const key of ['g', 'g:', 'g:t:0', `g:${UNKNOWN_ID}:-1`, `g:${UNKNOWN_ID}:0`, `:${UNKNOWN_ID}:0`])
      await ask(2, [key], `share key ${key}`);
  }),
  inEveryVersion(CreateTopics, 'odd requests', async (side, version) => {
    const topic = (suffix: string, fields: object = {}) => ({
      ...{ name: `${side.prefix}${suffix}`, numPartitions: 1, replicationFactor: 1 },
      ...{ assignments: [], configs: [] },
      ...fields,
    });
    const ask = async (topics: object[], label: string, fields: object = {}) => {
      const request = { timeoutMs: 10_000, validateOnly: true, ...fields, topics: topics as never };
      const answer = await side.quietly(CreateTopics, version, request);
      side.record(label, {
        topics: answer.topics.map(({ topicId: _, configs, ...rest }) => ({
          ...rest,
          hasConfigs: configs !== null,
        })),
      });
    };
    await ask([topic('a', { numPartitions: MAX_INT })], 'as many partitions as can be');
    await ask([topic('a', { numPartitions: MIN_INT })], 'as few');
    await ask([topic('a', { replicationFactor: 32_767 })], 'many replicas');
    await ask([topic('a', { numPartitions: 10_001 })], 'a little too many');
    await ask([topic('a', { configs: [{ name: '', value: '' }] })], 'a config without a name');
    await ask([topic('a', { configs: [{ name: 'retention.ms', value: '' }] })], 'an empty number');
    await ask([topic('a', { configs: [{ name: 'cleanup.policy', value: '' }] })], 'an empty list');
    await ask([topic('a', { configs: [{ name: 'retention.ms', value: '9'.repeat(30) }] })], 'a huge number');
    await ask([topic('a.b'), topic('a_b')], 'two that collide');
    await ask([topic('c'), topic('c', { numPartitions: 3 }), topic('d')], 'one twice, one once');
    await ask([topic('e')], 'no time', { timeoutMs: 0 });
    await ask([topic('e')], 'negative time', { timeoutMs: -1 });
  }),
  inEveryVersion(CreatePartitions, 'odd requests', async (side, version) => {
    const { name } = await side.createTopic('a');
    const ask = (topics: object[], label: string, timeoutMs = 10_000) =>
      side.ask(CreatePartitions, version, { topics: topics as never, timeoutMs, validateOnly: true }, label);
    const topic = (count: number, assignments: object[] | null = null) => ({ name, count, assignments });
    await ask([], 'nothing');
    await ask([topic(MIN_INT)], 'as few as can be');
    await ask([topic(2, [{ brokerIds: [-1] }])], 'a negative broker');
    await ask([topic(2), { ...topic(2), name: `${name}x` }], 'one unknown');
    await ask([{ ...topic(2), name: '' }], 'no name');
    await ask([{ ...topic(2), name: '__consumer_offsets' }], 'an internal topic');
    await ask([topic(2)], 'no time', 0);
  }),
];
