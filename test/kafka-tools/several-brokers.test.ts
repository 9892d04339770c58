// The tools beside Kafka's own, where there are three brokers: Kafka's, since Moldau's is one. The tests follow each other: in the end broker 3 is gone.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { JavaCluster } from './java-cluster.ts';
import { type Comparison, oneName, SideBySide } from './side-by-side.ts';

let cluster: JavaCluster;
let both: SideBySide;

/** Where replicas are, the preferred leader first. */
const PLACES: Readonly<Record<string, readonly (readonly number[])[]>> = {
  orders: [
    [1, 2, 3],
    [2, 3, 1],
    [3, 1, 2],
  ],
  pairs: [
    [1, 2],
    [2, 3],
    [3, 1],
  ],
  alone: [[3], [1]],
  'side-a': [
    [1, 2],
    [2, 1],
  ],
  'side-b': [
    [1, 2],
    [2, 1],
  ],
};

before(async () => {
  cluster = await JavaCluster.start();
  both = await SideBySide.at(cluster.address);
  const admin = both.kafka.admin();
  await admin.topics.create(
    Object.entries(PLACES).map(([name, assignments]) => ({
      ...{ name, assignments },
      configs: { 'min.insync.replicas': name === 'pairs' ? '2' : '1' },
    })),
  );
  await using producer = both.kafka.producer();
  for (const [topic, { length }] of Object.entries(PLACES))
    await producer.send(
      topic,
      Array.from({ length }, (_, partition) => ({ partition, value: topic })),
    );
  // More than moves before a throttle is felt.
  for (const topic of ['side-a', 'side-b'])
    for (let sent = 0; sent < 4; sent++)
      await producer.send(topic, { partition: 1, value: Buffer.alloc(900_000) });
  await admin.groupOffsets.alter(
    'billing',
    [0, 1, 2].map((partition) => ({ topic: 'orders', partition, offset: 1 })),
  );
});
after(async () => {
  await both.stop();
  await cluster.stop();
});

const same = async (tool: string, lines: readonly string[], how: Comparison = {}) =>
  await both.all(tool, lines, how);

function file(name: string, value: unknown): string {
  const path = join(cluster.folder, name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

/** One file for each side, in which TOPIC is its own. */
function plans(name: string, ...partitions: readonly object[]): string {
  for (const side of ['side-a', 'side-b'])
    file(`${name}-${side}.json`, {
      version: 1,
      partitions: partitions.map((each) => ({ topic: side, ...each })),
    });
  return join(cluster.folder, `${name}-{side}.json`);
}

/** What is random when topics are made: ids. */
const ids = (text: string) => text.replace(/TopicId: \S+/g, 'TopicId: ID');

/** In which of its folders a broker keeps a partition is its choice. */
const dirs = (text: string) => text.replace(/([123])-(one|two)/g, '$1-DIR');

const settled = async () =>
  await both.settled(async () => (await both.kafka.admin().reassignments.list()).length === 0);

describe('with three brokers', { timeout: 240_000 }, () => {
  it('kafka-topics places replicas where it is told', async () => {
    await same(
      'kafka-topics',
      [
        '--create --topic placed-{side} --replica-assignment 1:2,2:3,3:1',
        '--alter --topic placed-{side} --partitions 5 --replica-assignment 1:2,2:3,3:1,1:3,2:1',
        '--describe --topic placed-{side}',
        '--delete --topic placed-{side}',
        '--describe --topic orders',
        '--describe --at-min-isr-partitions --topic pairs',
        '--describe --under-replicated-partitions',
      ],
      { normal: ids },
    );
    await same(
      'kafka-topics',
      [
        '--create --topic {side}-more --replication-factor 4',
        '--create --topic {side}-more --replica-assignment 1:9',
        '--create --topic {side}-more --replica-assignment 1:1',
        '--create --topic {side}-more --replica-assignment 1:2,3',
        '--alter --topic orders --partitions 5 --replica-assignment 1:2:3',
      ],
      { code: 1 },
    );
  });

  it('others ask all of the brokers, or those that they are told', async () => {
    await same('kafka-broker-api-versions', ['--command-config /dev/null'], { isUnordered: true });
    const words = ['list-endpoints', '--bootstrap-server', cluster.address];
    const { out } = await both.sameWords('kafka-cluster', words);
    assert.equal(out.trimEnd().split('\n').length, 4);
    await same('kafka-log-dirs', ['--describe --broker-list 1,3 --topic-list orders,pairs']);
    await same('kafka-log-dirs', ['--describe --broker-list 1,7'], { code: 1 });
    await same('kafka-get-offsets', ['--topic orders', '--topic-partitions orders:0-2,pairs:1']);
    await same('kafka-consumer-groups', ['--describe --group billing', '--describe --group billing --state']);
    await same('kafka-configs', [
      '--alter --entity-type brokers --entity-name 2 --add-config log.cleaner.threads=1',
      '--alter --entity-type brokers --entity-default --add-config log.retention.ms=600000',
      '--describe --entity-type brokers',
      '--describe --entity-type brokers --entity-name 2',
      '--describe --entity-type brokers --entity-default',
      '--describe --entity-type brokers --entity-name 3 --all',
    ]);
  });

  it('kafka-reassign-partitions proposes what goes where', async () => {
    const topics = file('topics.json', { topics: [{ topic: 'orders' }, { topic: 'pairs' }], version: 1 });
    // Where the first replica goes, Kafka draws.
    const proposed = (text: string) => text.replace(/(Proposed [^\n]*\n)[^\n]*/, '$1PLAN');
    const generate = `--generate --topics-to-move-json-file ${topics} --broker-list`;
    await same('kafka-reassign-partitions', [`${generate} 1,2,3`, `${generate} 3,2,1 --disable-rack-aware`], {
      normal: proposed,
    });
    await same('kafka-reassign-partitions', [`${generate} 1,2`, `${generate} 1,9`], { code: 1 });
  });

  it('kafka-reassign-partitions moves partitions, with throttles and without', async () => {
    const path = plans('move', { partition: 0, replicas: [3, 2] }, { partition: 1, replicas: [1, 3] });
    const tool = 'kafka-reassign-partitions';
    const execute = `--execute --reassignment-json-file ${path}`;
    const how = { between: settled, normal: dirs };
    await same(tool, [`--verify --reassignment-json-file ${path}`]);
    await same(tool, [`${execute} --throttle 100000000 --replica-alter-log-dirs-throttle 200000000`], how);
    await settled();
    const throttles = [
      '--describe --entity-type topics --entity-name {side}',
      '--describe --entity-type brokers',
    ];
    await same('kafka-configs', throttles);
    await same(tool, ['--list', `--verify --reassignment-json-file ${path} --preserve-throttles`]);
    await same(tool, [`--verify --reassignment-json-file ${path}`]);
    await same('kafka-configs', throttles);
    await same('kafka-topics', ['--describe --topic {side}'], { normal: ids });
  });

  it('kafka-reassign-partitions moves replicas to other folders of their brokers', async () => {
    const tool = 'kafka-reassign-partitions';
    const replicas = ['side-a', 'side-b'].map((topic) => ({ topic, partition: 0, brokerId: 2 }));
    const places = await both.kafka.admin().logDirs.replicas(replicas);
    for (const [index, { topic }] of replicas.entries()) {
      const other = places[index]!.path!.replace(/one$|two$/, (name) => (name === 'one' ? 'two' : 'one'));
      file(`folders-${topic}.json`, {
        version: 1,
        partitions: [{ topic, partition: 0, replicas: [3, 2], log_dirs: ['any', other] }],
      });
    }
    const path = join(cluster.folder, 'folders-{side}.json');
    await same(tool, [`--execute --reassignment-json-file ${path}`], { normal: dirs });
    await both.settled(async () => {
      const now = await both.kafka.admin().logDirs.replicas(replicas);
      return now.every(({ futurePath }) => futurePath === undefined);
    });
    await same(tool, [`--verify --reassignment-json-file ${path}`], { normal: dirs });
  });

  it('kafka-reassign-partitions tells how far it is, and stops', async () => {
    const tool = 'kafka-reassign-partitions';
    const path = plans('slow', { partition: 1, replicas: [1, 2] });
    const plan = `--reassignment-json-file ${path}`;
    await same(tool, [`--execute --additional ${plan} --throttle 1`], { normal: dirs });
    await same(tool, ['--list'], { normal: oneName, isUnordered: true });
    await same(tool, [`--verify ${plan}`]);
    await same(tool, [`--execute ${plan}`], { code: 1 });
    await same(tool, [`--execute --additional ${plan} --throttle 2`], { normal: dirs });
    await same(
      'kafka-topics',
      ['--describe --topic {side}', '--describe --topic {side} --under-replicated-partitions'],
      {
        normal: ids,
      },
    );
    await same(tool, [`--cancel ${plan}`]);
    await settled();
    await same(tool, ['--list', `--cancel ${plan}`, `--verify ${plan}`]);
  });

  it('kafka-leader-election has leaders back where they should be', async () => {
    await settled();
    const some = file('some.json', {
      partitions: [
        { topic: 'orders', partition: 1 },
        { topic: 'pairs', partition: 2 },
      ],
    });
    const none = file('none.json', { partitions: [{ topic: 'none', partition: 1 }] });
    await same('kafka-leader-election', [
      '--election-type preferred --topic {side} --partition 0',
      '--election-type preferred --topic orders --partition 0',
      '--election-type unclean --topic orders --partition 0',
      `--election-type preferred --path-to-json-file ${some}`,
    ]);
    await same('kafka-leader-election', [`--election-type preferred --path-to-json-file ${none}`], {
      code: 1,
    });
  });

  it('all of them tell what is missing when a broker is gone', async () => {
    await cluster.stopBroker(3);
    await same('kafka-topics', [
      '--describe --topic alone',
      '--describe --under-replicated-partitions --topic orders,pairs',
      '--describe --unavailable-partitions',
      '--describe --at-min-isr-partitions --topic orders,pairs',
      '--describe --under-min-isr-partitions --topic orders,pairs',
    ]);
    await same('kafka-broker-api-versions', ['--command-config /dev/null'], { isUnordered: true });
    await both.sameWords('kafka-cluster', ['list-endpoints', '--bootstrap-server', cluster.address]);
    await same('kafka-get-offsets', ['--topic orders']);
    await same('kafka-consumer-groups', ['--describe --group billing']);
    await same('kafka-log-dirs', ['--describe --broker-list 3'], { code: 1 });
    const election = '--election-type preferred --topic orders --partition 2';
    await same('kafka-leader-election', [election], { code: 1 });
  });
});
