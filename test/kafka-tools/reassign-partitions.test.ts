// kafka-reassign-partitions beside Kafka's own.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Comparison, SideBySide } from './side-by-side.ts';

let both: SideBySide;
const same = (lines: readonly string[], how: Comparison = {}) =>
  both.all('kafka-reassign-partitions', lines, how);

before(async () => {
  both = await SideBySide.start([], { logDirs: ['one', 'two'] });
  const { topics } = both.kafka.admin();
  await topics.create([
    { name: 'orders', partitions: 3 },
    { name: 'side-a', partitions: 2 },
    { name: 'side-b', partitions: 2 },
  ]);
});
after(async () => await both.stop());

function file(name: string, value: unknown): string {
  const path = join(both.broker.dataDirectory, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

const plan = (...partitions: readonly object[]) => ({ version: 1, partitions });
const on = (topic: string, partition: number, replicas: readonly number[], more: object = {}) => ({
  ...{ topic, partition, replicas },
  ...more,
});

/** Which of the two directories a partition is in is the broker's choice. */
function dirs(text: string): string {
  return text.replace(/moldau-\w+\/(one|two)/g, 'DIR');
}

describe('kafka-reassign-partitions', { timeout: 240_000 }, () => {
  it('proposes where partitions could be', async () => {
    const topics = file('topics.json', { topics: [{ topic: 'orders' }], version: 1 });
    const none = file('none.json', { topics: [{ topic: 'none' }], version: 1 });
    const twice = file('twice.json', { topics: [{ topic: 'orders' }, { topic: 'orders' }] });
    await same([`--generate --topics-to-move-json-file ${topics} --broker-list 1`]);
    await same(
      [
        `--generate --topics-to-move-json-file ${topics} --broker-list 7`,
        `--generate --topics-to-move-json-file ${topics} --broker-list one`,
        `--generate --topics-to-move-json-file ${topics} --broker-list 1,1`,
        `--generate --topics-to-move-json-file ${none} --broker-list 1`,
        `--generate --topics-to-move-json-file ${twice} --broker-list 1`,
        '--generate --topics-to-move-json-file /no/such/file --broker-list 1',
      ],
      { code: 1 },
    );
  });

  it('moves partitions, tells how far they are, and leaves them', async () => {
    for (const side of ['side-a', 'side-b']) file(`${side}.json`, plan(on(side, 1, [1]), on(side, 0, [1])));
    const path = join(both.broker.dataDirectory, '{side}.json');
    await same(
      [
        `--verify --reassignment-json-file ${path}`,
        `--execute --reassignment-json-file ${path}`,
        `--execute --reassignment-json-file ${path} --throttle 5000 --replica-alter-log-dirs-throttle 6000`,
        '--list',
        `--verify --reassignment-json-file ${path} --preserve-throttles`,
        `--cancel --reassignment-json-file ${path}`,
        `--cancel --reassignment-json-file ${path} --preserve-throttles --timeout 100`,
        `--verify --reassignment-json-file ${path}`,
      ],
      { normal: dirs },
    );
    const elsewhere = file('elsewhere.json', plan(on('orders', 0, [1, 2]), on('none', 0, [1])));
    await same([`--verify --reassignment-json-file ${elsewhere} --preserve-throttles`]);
  });

  it('moves replicas to other directories', async () => {
    for (const side of ['side-a', 'side-b']) {
      const [replica] = await both.kafka.admin().logDirs.replicas({ topic: side, partition: 0, brokerId: 1 });
      const other = replica!.path!.replace(/(one|two)$/, (name) => (name === 'one' ? 'two' : 'one'));
      file(`${side}.json`, plan(on(side, 0, [1], { log_dirs: [other] })));
    }
    const path = join(both.broker.dataDirectory, '{side}.json');
    await same([`--execute --reassignment-json-file ${path}`], { normal: dirs });
    await both.settled(async () => {
      const places = await both.kafka.admin().logDirs.replicas([
        { topic: 'side-a', partition: 0, brokerId: 1 },
        { topic: 'side-b', partition: 0, brokerId: 1 },
      ]);
      return places.every(({ futurePath }) => futurePath === undefined);
    });
    await same([`--verify --reassignment-json-file ${path}`], { normal: dirs });
  });

  it('refuses plans that cannot be carried out', async () => {
    const plans = [
      plan(),
      { version: 2, partitions: [] },
      plan(on('orders', 0, [])),
      plan(on('orders', 0, [1]), on('orders', 0, [1])),
      plan(on('orders', 0, [1, 1])),
      plan(on('orders', 0, [7])),
      plan(on('orders', 9, [1])),
      plan(on('none', 0, [1])),
      plan(on('orders', 0, [1], { log_dirs: [] })),
      plan({ topic: 'orders', replicas: [1] }),
    ];
    const paths = plans.map((each, index) => file(`wrong-${index}.json`, each));
    await same(
      [...paths, '/no/such/file'].map((path) => `--execute --reassignment-json-file ${path}`),
      { code: 1, normal: (text) => text.replace(/^ at \[Source.*\n/gm, '') },
    );
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    for (const words of [[], ['--help'], ['--list'], ['--what']])
      await both.sameWords('kafka-reassign-partitions', words, { code: 1 });
    await same(
      [
        '--list --verify',
        '--bootstrap-controller a:1 --list',
        '--verify',
        '--generate --broker-list 1',
        '--list --throttle 5',
        '--verify --reassignment-json-file a --throttle 5',
        '--execute --reassignment-json-file a --preserve-throttles',
        '--zookeeper a --list',
      ],
      { code: 1 },
    );
  });
});
