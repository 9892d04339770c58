// kafka-console-share-consumer and kafka-share-consumer-perf-test beside Kafka's own.

import { after, before, describe, it } from 'node:test';
import { type Comparison, SideBySide } from './side-by-side.ts';

let both: SideBySide;
const consume = (lines: readonly string[], how: Comparison = {}) =>
  both.all('kafka-console-share-consumer', lines, {
    normal: (text) => text.replace(/CreateTime:\d{13}/g, 'CreateTime:MS'),
    ...how,
  });

before(async () => {
  both = await SideBySide.start();
  const { topics, configs } = both.kafka.admin();
  await topics.create({ name: 'records' });
  for (const name of ['g', 'h', 'i'].flatMap((group) => [`${group}-side-a`, `${group}-side-b`]))
    await configs.alter({
      resource: { type: 'group', name },
      set: { 'share.auto.offset.reset': 'earliest' },
    });
  await using producer = both.kafka.producer();
  await producer.send('records', [
    { key: 'k1', value: 'v1', headers: { a: '1' } },
    { key: null, value: 'two' },
    { key: Buffer.from('0000000000000007', 'hex'), value: null },
  ]);
});
after(async () => await both.stop());

describe('kafka-console-share-consumer', { timeout: 240_000 }, () => {
  it('shows records and says what is to become of them', async () => {
    const shown = ['key', 'offset', 'delivery', 'headers', 'timestamp']
      .map((part) => `--formatter-property print.${part}=true`)
      .join(' ');
    await consume([
      `--topic records --group g-{side} --max-messages 3 --release ${shown}`,
      `--topic records --group g-{side} --max-messages 3 --property print.delivery=true`,
      '--topic records --group g-{side} --timeout-ms 1000',
      '--topic records --group h-{side} --max-messages 3 --reject',
      '--topic records --group h-{side} --timeout-ms 1000',
    ]);
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    const nowhere = ['--bootstrap-server', 'nowhere', '--topic', 'records', '--timeout-ms', '300'];
    await both.refuse(
      'kafka-console-share-consumer',
      [[], ['--help'], ['--topic', 'records'], nowhere],
      [
        '--max-messages 3',
        '--topic a --reject --release',
        '--topic a --partition 3',
        '--topic a --group g --command-property group.id=h',
        '--topic a --consumer-property a=b --command-property a=b',
        '--topic a --consumer-config a --command-config b',
        '--topic a --property a=b --formatter-property a=b',
        '--topic a --formatter com.example.Formatter',
      ],
    );
  });
});

describe('kafka-share-consumer-perf-test', { timeout: 240_000 }, () => {
  const measure = (lines: readonly string[], how: Comparison = {}) =>
    both.all('kafka-share-consumer-perf-test', lines, {
      normal: (text) =>
        text
          .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}/g, 'TIME')
          .replace(/\b\d+\.\d+/g, 'X')
          .replace(/\b\d+$/gm, 'MS'),
      ...how,
    });

  it('tells how quickly records were read', async () => {
    await measure([
      '--topic records --group i-{side} --num-records 3 --show-consumer-stats',
      '--topic records --group i-{side} --messages 3 --timeout 500 --hide-header',
    ]);
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    await both.refuse(
      'kafka-share-consumer-perf-test',
      [[], ['--help'], ['--topic', 'records', '--num-records', '1']],
      [
        '--num-records 1',
        '--topic a',
        '--topic a --num-records 1 --messages 1',
        '--topic a --num-records 1 --from-latest',
        '--topic a --num-records 1 --consumer.config a --command-config b',
      ],
    );
  });
});
