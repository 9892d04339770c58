// Topics made, enlarged, emptied and removed.

import { ZERO_UUID } from '@moldau/protocol';
import { batchOf } from '../records.ts';
import {
  CreatePartitions,
  CreateTopics,
  DeleteRecords,
  DeleteTopics,
  Fetch,
  inEveryVersion,
  ListOffsets,
  type Scenario,
} from '../scenario.ts';
import { pause, type Side } from '../side.ts';
import { untilCoordinated } from './group-requests.ts';

const UNKNOWN_ID = 'abcdefghijklmnopqrstuA';
const LONG_NAME = 'x'.repeat(250);

interface NewTopic {
  name: string;
  numPartitions: number;
  replicationFactor: number;
  assignments: { partitionIndex: number; brokerIds: number[] }[];
  configs: { name: string; value: string | null }[];
}

function topic(name: string, fields: Partial<NewTopic> = {}): NewTopic {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...fields };
}

export const topicScenarios: readonly Scenario[] = [
  inEveryVersion(CreateTopics, 'right and wrong', async (side, version) => {
    const name = `${side.prefix}a`;
    const create = async (topics: NewTopic[], label: string, validateOnly = false) => {
      const answer = await side.quietly(CreateTopics, version, { topics, timeoutMs: 10_000, validateOnly });
      for (const made of answer.topics)
        side.call(made.topicId, made.errorCode === 0 ? '<new id>' : made.topicId);
      side.record(`CreateTopics v${version} ${label}`, {
        ...answer,
        topics: answer.topics.map(({ configs, ...rest }) => ({
          ...rest,
          configs: configs === null ? null : configs.length > 20,
        })),
      });
    };
    await untilCoordinated(side, 'g');
    await create([topic(name)], 'valid only', true);
    await create([topic(name)], 'good');
    await side.untilLed(name);
    await create([topic(name)], 'again');
    await create([topic(name)], 'again, to be validated', true);
    for (const bad of ['', '.', '..', 'a/b', LONG_NAME, 'a b', '__consumer_offsets'])
      await create([topic(bad)], `name '${bad.slice(0, 10)}'`, true);
    await create([topic(name.replaceAll('.', '_'))], 'colliding', true);
    await create([topic(`${name}1`), topic(`${name}1`)], 'twice');
    await create([topic(`${name}2`, { numPartitions: 0 })], 'no partitions');
    await create([topic(`${name}2`, { numPartitions: -2 })], 'minus two partitions');
    await create([topic(`${name}2`, { replicationFactor: 2 })], 'two replicas');
    await create([topic(`${name}2`, { replicationFactor: 0 })], 'no replicas');
    await create([topic(`${name}2`, { replicationFactor: -2 })], 'minus two replicas');
    await create([topic(`${name}2`, { configs: [{ name: 'nonsense', value: '1' }] })], 'unknown config');
    await create([topic(`${name}2`, { configs: [{ name: 'retention.ms', value: 'x' }] })], 'wrong config');
    await create([topic(`${name}2`, { configs: [{ name: 'retention.ms', value: null }] })], 'null config');
    await create(
      [topic(`${name}2`, { configs: [{ name: 'segment.bytes', value: '1' }] })],
      'config out of range',
    );
    const twice = [
      { name: 'retention.ms', value: '1' },
      { name: 'retention.ms', value: '2' },
    ];
    await create([topic(`${name}2`, { configs: twice })], 'config twice');
    if (version >= 4)
      await create([topic(`${name}3`, { numPartitions: -1, replicationFactor: -1 })], 'defaults');
    await create([], 'nothing');
    await create([topic(`${name}4`, { numPartitions: 20_000 })], 'many partitions', true);
  }),
  inEveryVersion(CreateTopics, 'with assignments', async (side, version) => {
    const assigned = (suffix: string, assignments: [number, number[]][], fields: Partial<NewTopic> = {}) =>
      topic(`${side.prefix}${suffix}`, {
        numPartitions: -1,
        replicationFactor: -1,
        assignments: assignments.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
        ...fields,
      });
    const cases: [string, NewTopic][] = [
      [
        'good',
        assigned('a', [
          [0, [1]],
          [1, [1]],
        ]),
      ],
      [
        'with a gap',
        assigned('b', [
          [0, [1]],
          [2, [1]],
        ]),
      ],
      ['not from 0', assigned('b', [[1, [1]]])],
      [
        'twice the same',
        assigned('b', [
          [0, [1]],
          [0, [1]],
        ]),
      ],
      ['unknown broker', assigned('b', [[0, [9]]])],
      ['the same broker twice', assigned('b', [[0, [1, 1]]])],
      ['no broker', assigned('b', [[0, []]])],
      ['negative partition', assigned('b', [[-1, [1]]])],
      ['with partitions', assigned('b', [[0, [1]]], { numPartitions: 1 })],
      ['with replicas', assigned('b', [[0, [1]]], { replicationFactor: 1 })],
    ];
    for (const [label, wanted] of cases) {
      const answer = await side.quietly(CreateTopics, version, { topics: [wanted], timeoutMs: 10_000 });
      const { errorCode, errorMessage, numPartitions, replicationFactor } = answer.topics[0]!;
      side.record(label, { errorCode, errorMessage, numPartitions, replicationFactor });
    }
  }),
  inEveryVersion(DeleteTopics, 'by name', async (side, version) => {
    const { name } = await side.createTopic('a');
    const { name: other } = await side.createTopic('b');
    const remove = (names: string[], label: string) =>
      side.ask(
        DeleteTopics,
        version,
        {
          topicNames: names,
          topics: names.map((each) => ({ name: each, topicId: ZERO_UUID })),
          timeoutMs: 10_000,
        },
        label,
      );
    await remove([name], 'known');
    await untilGone(side, name);
    await remove([name], 'again');
    await remove([other, other], 'twice');
    await remove(['', '.', 'a/b', LONG_NAME], 'bad names');
    await remove([], 'nothing');
    await remove([other, `${other}x`], 'one unknown');
  }),
  inEveryVersion(
    DeleteTopics,
    'by id',
    async (side, version) => {
      const { id } = await side.createTopic('a');
      const { name, id: other } = await side.createTopic('b');
      const timeoutMs = 10_000;
      const ask = (wanted: { name: string | null; topicId?: string }[], label: string) => {
        const topics = wanted.map((each) => ({ topicId: ZERO_UUID, ...each }));
        return side.ask(DeleteTopics, version, { topics, timeoutMs }, label);
      };
      await ask([{ name: null, topicId: UNKNOWN_ID }], 'unknown');
      await ask([{ name: null }], 'neither');
      await ask([{ name, topicId: other }], 'both');
      await ask([{ name: null, topicId: other }, { name }], 'twice');
      await ask(
        [
          { name: null, topicId: other },
          { name: null, topicId: other },
        ],
        'the id twice',
      );
      await ask([{ name: null, topicId: id }], 'known');
    },
    { from: 6 },
  ),
  inEveryVersion(CreatePartitions, 'right and wrong', async (side, version) => {
    const { name } = await side.createTopic('a', { partitions: 2 });
    const ask = (
      label: string,
      count: number,
      assignments: { brokerIds: number[] }[] | null = null,
      fields: { name?: string; validateOnly?: boolean } = {},
    ) =>
      side.ask(
        CreatePartitions,
        version,
        {
          topics: [{ name: fields.name ?? name, count, assignments }],
          timeoutMs: 10_000,
          validateOnly: fields.validateOnly ?? false,
        },
        label,
      );
    await ask('to validate', 4, null, { validateOnly: true });
    await ask('good', 3);
    await side.untilLed(name, 3);
    await ask('the same', 3);
    await ask('fewer', 1);
    await ask('none', 0);
    await ask('negative', -1);
    await ask('unknown', 3, null, { name: `${name}x` });
    await ask('bad name', 3, null, { name: 'a/b' });
    await ask('assigned', 4, [{ brokerIds: [1] }]);
    await side.untilLed(name, 4);
    await ask('too many assigned', 5, [{ brokerIds: [1] }, { brokerIds: [1] }]);
    await ask('too few assigned', 6, [{ brokerIds: [1] }]);
    await ask('unknown broker', 5, [{ brokerIds: [7] }]);
    await ask('a broker twice', 5, [{ brokerIds: [1, 1] }]);
    await ask('no broker', 5, [{ brokerIds: [] }]);
    await ask('no assignment', 5, []);
    await ask('very many, to validate', 9_000, null, { validateOnly: true });
    const twice = { name, count: 6, assignments: null };
    await side.ask(
      CreatePartitions,
      version,
      { topics: [twice, twice], timeoutMs: 10_000, validateOnly: false },
      'twice',
    );
  }),
  inEveryVersion(DeleteRecords, 'right and wrong', async (side, version) => {
    const { name } = await side.createTopic('a');
    for (let index = 0; index < 5; index++) await side.append(name, batchOf(['one', 'two']));
    const ask = (label: string, offset: number, topicName = name, partitionIndex = 0) =>
      side.ask(
        DeleteRecords,
        version,
        { topics: [{ name: topicName, partitions: [{ partitionIndex, offset }] }], timeoutMs: 10_000 },
        label,
      );
    await ask('in the middle of a batch', 3);
    await ask('lower again', 1);
    await ask('too high', 11);
    await ask('negative', -2);
    await side.ask(
      ListOffsets,
      5,
      { replicaId: -1, topics: [{ name, partitions: [{ partitionIndex: 0, timestamp: -2 }] }] },
      'earliest',
    );
    await side.ask(
      ListOffsets,
      5,
      { replicaId: -1, topics: [{ name, partitions: [{ partitionIndex: 0, timestamp: 0 }] }] },
      'by time',
    );
    await side.ask(
      Fetch,
      11,
      {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 0,
        topics: [{ topic: name, partitions: [{ partition: 0, fetchOffset: 3, partitionMaxBytes: 1e6 }] }],
        forgottenTopicsData: [],
      },
      'from the start',
    );
    await ask('all', -1);
    await ask('all again', -1);
    await ask('unknown', 0, `${name}x`);
    await ask('unknown partition', 0, name, 7);
    await ask('internal', 0, '__consumer_offsets');
    const { name: compacted } = await side.createTopic('b', { configs: { 'cleanup.policy': 'compact' } });
    await ask('compacted', 0, compacted);
  }),
];

async function untilGone(side: Side, name: string): Promise<void> {
  for (let attempt = 0; attempt < 1500; attempt++) {
    if (!(await side.knows(name))) return;
    await pause(25);
  }
}
