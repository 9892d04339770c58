// kafka-broker-api-versions, kafka-cluster, kafka-features and kafka-transactions beside Kafka's own.

import { after, before, describe, it } from 'node:test';
import type { Producer, Transaction } from '@moldau/client';
import { type Comparison, SideBySide } from './side-by-side.ts';

let both: SideBySide;
let producer: Producer;
let open: Transaction;

// Java's client logs as well what it throws.
const unlogged = (text: string) => text.replace(/^\[time\] ERROR \[AdminClient .*\n/gm, '');

before(async () => {
  both = await SideBySide.start();
  await both.kafka.admin().topics.create([{ name: 'orders', partitions: 2 }, { name: 'payments' }]);
  producer = both.kafka.producer({ transactionalId: 'open', transactionTimeoutMs: 600_000 });
  await producer.transaction(async (transaction) => {
    await transaction.send('payments', { value: 'a' });
  });
  open = await producer.begin();
  await open.send(
    'orders',
    [0, 1].map((partition) => ({ partition, value: 'a' })),
  );
});
after(async () => {
  await open.abort().catch(() => {});
  await producer.close();
  await both.stop();
});

describe('kafka-broker-api-versions', { timeout: 240_000 }, () => {
  it('lists what brokers speak', async () => {
    await both.same('kafka-broker-api-versions', []);
  });

  it('refuses command lines that cannot be meant, and says when no broker is there', async () => {
    const wrong = (...words: string[]) => both.sameWords('kafka-broker-api-versions', words, { code: 1 });
    await wrong();
    await wrong('--help');
    await wrong('--command-config', 'a');
    await wrong('--nothing');
    await wrong('--bootstrap-server');
    await wrong('--bootstrap-server', '127.0.0.1:1');
  });
});

describe('kafka-cluster', { timeout: 240_000 }, () => {
  const asked = async (lines: readonly string[], how: Comparison = {}) => {
    for (const line of lines) {
      const words = line === '' ? [] : line.replace('BROKERS', both.brokers).split(' ');
      await both.sameWords('kafka-cluster', words, { normal: unlogged, ...how });
    }
  };

  it('shows the id of the cluster and its brokers, and forgets none that it does not know', async () => {
    await asked([
      'cluster-id --bootstrap-server BROKERS',
      'cluster-id -b BROKERS',
      'list-endpoints --bootstrap-server BROKERS',
      'list --bootstrap-server=BROKERS --include-fenced-brokers',
    ]);
    await asked(['unregister --bootstrap-server BROKERS --id 77'], { code: 1 });
    await asked(['cluster-id --bootstrap-server BROKERS --config a --command-config b'], { code: 1 });
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    await asked(['', 'clusters', 'unregister -b BROKERS', 'list-endpoints', 'unregister -b BROKERS -i x'], {
      ...{ code: 1, isAlone: true },
    });
    await asked(['--help', 'list-endpoints --help'], { code: 1, isAlone: true });
  });
});

describe('kafka-features', { timeout: 240_000 }, () => {
  const asked = (lines: readonly string[], how: Comparison = {}) => both.all('kafka-features', lines, how);
  const offline = async (lines: readonly string[], how: Comparison = {}) => {
    for (const line of lines) await both.sameWords('kafka-features', line === '' ? [] : line.split(' '), how);
  };

  it('shows what is on, and what goes with what', async () => {
    await asked(['describe', 'describe --node-id 1']);
    await offline([
      ...[
        'version-mapping',
        'version-mapping --release-version 3.9',
        'version-mapping --release-version 4.1-IV0',
      ],
      'feature-dependencies --feature transaction.version=2 --feature metadata.version=25',
      'feature-dependencies --feature eligible.leader.replicas.version=1 --feature kraft.version=0',
      ...['--help', 'upgrade --help', 'downgrade -h'],
    ]);
    await offline(
      [
        ...['version-mapping --release-version 2.8', 'feature-dependencies --feature metadata.version=3'],
        ...['feature-dependencies --feature none=1', 'feature-dependencies --feature share.version=9'],
        ...['feature-dependencies --feature share.version', 'feature-dependencies --feature share.version=x'],
        ...['', 'describe', 'versions', 'feature-dependencies'],
      ],
      { code: 1 },
    );
  });

  it('tells what could be changed, and what not', async () => {
    await asked(['upgrade --feature group.version=1 --dry-run', 'upgrade --feature group.version=1']);
    await asked(
      [
        'upgrade --feature transaction.version=1 --dry-run',
        'upgrade --feature none=1 --feature group.version=1',
        'upgrade --feature group.version=1 --feature group.version=1',
        'upgrade --release-version 4.3 --metadata 4.3',
        'upgrade --release-version 9.9',
        'upgrade --metadata 9.9',
        'upgrade',
        'downgrade --feature none=0',
        'downgrade --metadata 3.7 --dry-run',
        'disable --feature none --dry-run',
        'disable --unsafe',
      ],
      { code: 1 },
    );
  });
});

describe('kafka-transactions', { timeout: 240_000 }, () => {
  const asked = (lines: readonly string[], how: Comparison = {}) =>
    both.all('kafka-transactions', lines, { normal: unlogged, ...how });
  const durations = (text: string) => text.replace(/\b\d{1,7} *\t(?=orders)/, 'MS\t').replace(/ +\t/g, '\t');

  it('lists and describes transactions and producers', async () => {
    await asked([
      'list',
      'list --duration-filter 10000000',
      'list --duration-filter -1',
      'list --transactional-id-pattern op.*',
      'list --transactional-id-pattern x.*',
      'describe-producers --topic orders --partition 0',
      'describe-producers --topic payments --partition 0 --broker-id 1',
      'find-hanging --topic orders',
      'find-hanging --broker-id 1 --max-transaction-timeout 10',
      'find-hanging --topic orders --partition 1',
    ]);
    await asked(['describe --transactional-id open'], { normal: durations });
  });

  it('says what cannot be found or ended', async () => {
    const addressed = (text: string) => unlogged(text).replace('to broker {broker}', 'to broker 1');
    await asked(['list --transactional-id-pattern ['], { code: 1, normal: addressed });
    await asked(
      [
        'describe --transactional-id none',
        'find-hanging',
        'find-hanging --broker-id 1 --partition 0',
        'abort --topic orders --partition 0',
        'abort --topic orders --partition 0 --start-offset 77',
        'abort --topic orders --partition 0 --producer-id 1',
        'abort --topic orders --partition 0 --producer-id 1 --producer-epoch 1',
      ],
      { code: 1 },
    );
  });

  it('ends transactions', async () => {
    await asked(['forceTerminateTransaction --transactionalId {side}']);
    const owners = (text: string) => text.replace(/^\{(side|other)\}( *\t1 *\t)\d+/gm, '{side}$2N');
    await asked(['list'], { normal: owners, isUnordered: true });
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    const wrong = async (...lines: string[]) => {
      for (const line of lines)
        await both.sameWords('kafka-transactions', line === '' ? [] : line.split(' '), { code: 1 });
    };
    await wrong('', 'list', 'describe --transactional-id a', '--help', 'abort --help', '--nothing');
    await asked(
      ['', 'lists', 'describe', 'abort --topic a', 'list --duration-filter x', 'list -v', 'list --duration'],
      { code: 1 },
    );
  });
});
