// kafka-console-producer and kafka-console-consumer beside Kafka's own.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Comparison, SideBySide } from './side-by-side.ts';

let both: SideBySide;
const consume = (lines: readonly string[], how: Comparison = {}) =>
  both.all('kafka-console-consumer', lines, { normal: times, ...how });
const produce = (line: string, stdin: string, how: Comparison = {}) =>
  both.same('kafka-console-producer', line.split(' '), { stdin, ...how });
const times = (text: string): string => text.replace(/CreateTime:\d{13}/g, 'CreateTime:MS');

before(async () => {
  both = await SideBySide.start(['auto.create.topics.enable=false']);
  await both.kafka.admin().topics.create(['records', 'side-a', 'side-b'].map((name) => ({ name })));
  await using producer = both.kafka.producer();
  await producer.send('records', [
    { key: 'k1', value: 'v1', headers: { a: '1', b: 'ä€' } },
    { key: null, value: 'with\ttab' },
    { key: 'k3', value: null },
    { key: Buffer.from('0000000000000007', 'hex'), value: Buffer.from('3fe0000000000000', 'hex') },
  ]);
});
after(async () => await both.stop());

/** What each side's tool has sent; Kafka's goes on in the background. */
async function sent(side: string, count: number): Promise<unknown[]> {
  await using consumer = both.kafka.consumer({ autoOffsetReset: 'earliest' });
  consumer.assign([{ topic: side, partition: 0 }]);
  const found: unknown[] = [];
  for await (const { keyBytes, valueBytes, headers } of consumer) {
    found.push([
      keyBytes?.toString('utf8'),
      valueBytes?.toString('utf8'),
      headers.entries.map(([name, value]) => [name, value?.toString('utf8')]),
    ]);
    if (found.length === count) break;
  }
  return found;
}

describe('kafka-console-producer', { timeout: 240_000 }, () => {
  it('sends lines with keys, headers and nulls', async () => {
    await produce('--topic {side} --timeout 0 --sync', 'a\r\nb\rc\n\nlast');
    await produce('--topic {side} --timeout 0 --property parse.key=true', 'k\tv\n\tempty\n');
    await sent('side-b', 7);
    await produce(
      '--topic {side} --timeout 0 --sync --reader-property parse.key=true --reader-property parse.headers=true --reader-property null.marker=- --reader-property key.separator=: --compression-codec',
      'a:1,b:-\tk:v\n-\t-:-\n',
    );
    await produce(
      '--topic {side} --timeout 0 --sync --reader-property ignore.error=true --reader-property parse.key=true --reader-property headers.separator=; --reader-property parse.headers=true',
      'no headers\nx:1;y\tno key\n',
    );
    const [ours, kafkas] = await Promise.all([sent('side-a', 11), sent('side-b', 11)]);
    assert.deepEqual(ours, kafkas);
  });

  it('says which line is no record, and what keeps it from sending', async () => {
    const wrong = { code: 1 };
    await produce('--topic {side} --timeout 0 --sync --property parse.key=true', 'k\tv\nbad\n', wrong);
    await produce('--topic {side} --property parse.headers=true', 'bad\n', wrong);
    await produce('--topic {side} --property parse.headers=true', 'a\tv\n', wrong);
    await produce(
      '--topic {side} --reader-property null.marker=, --reader-property key.separator=,',
      '',
      wrong,
    );
    await produce('--topic {side} --line-reader com.example.Reader', '', wrong);
    await produce('--topic none --sync --max-block-ms 300', 'a\n', wrong);
    await produce('--topic none --max-block-ms 300', 'a\n');
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    const twice = [
      ['command-config', 'producer.config'],
      ['command-property', 'producer-property'],
      ['reader-property', 'property'],
    ].map(([one, other]) => [
      ...['--topic', 'a', `--${one}`, 'a', `--${other}`, 'a', '--bootstrap-server', 'a:1'],
    ]);
    await both.refuse('kafka-console-producer', [
      ...[[], ['--help'], ['--topic', 'a'], ['--topic', 'a', '--bootstrap-server', 'nowhere']],
      ['--topic', 'a', '--broker-list', 'localhost:9092'],
      ['--topic', 'a', '--bootstrap-server', 'a:1', '--batch-size'],
      ...twice,
    ]);
  });
});

describe('kafka-console-consumer', { timeout: 240_000 }, () => {
  const all = '--topic records --partition 0 --from-beginning --max-messages 4';

  it('shows records as the properties of the formatter say', async () => {
    const shown = ['key', 'offset', 'partition', 'epoch', 'timestamp', 'headers', 'delivery']
      .map((part) => `--formatter-property print.${part}=true`)
      .join(' ');
    await consume([
      all,
      `${all} ${shown}`,
      `${all} ${shown} --formatter-property print.value=false --formatter-property key.separator=|`,
      `${all} --property print.key=true --property null.literal=NIL --property line.separator=;`,
      `${all} --formatter-property print.value=no`,
      `${all} --formatter org.apache.kafka.tools.consumer.NoOpMessageFormatter`,
      `${all} --formatter org.apache.kafka.tools.consumer.LoggingMessageFormatter`,
    ]);
  });

  it('begins and ends where it is told to', async () => {
    await consume([
      '--topic records --partition 0 --offset 1 --max-messages 1',
      '--topic records --partition 0 --offset earliest --max-messages 1',
      '--topic records --partition 0 --offset latest --timeout-ms 300',
      '--topic records --partition 0 --timeout-ms 300',
      '--topic records --from-beginning --max-messages 2',
      '--include rec.* --from-beginning --max-messages 4',
      '--topic records --group group-{side} --from-beginning --max-messages 3',
      '--topic records --group group-{side} --max-messages 1',
      '--topic records --from-beginning --max-messages 1 --command-property group.protocol=consumer',
      '--topic records --from-beginning --max-messages 0',
      '--topic none --partition 0 --from-beginning --timeout-ms 300',
    ]);
  });

  it('reads keys and values with the deserializers of Kafka', async () => {
    const serde = 'org.apache.kafka.common.serialization';
    const last = '--topic records --partition 0 --offset 3 --max-messages 1 --property print.key=true';
    await consume([
      `${last} --key-deserializer ${serde}.LongDeserializer --value-deserializer ${serde}.DoubleDeserializer`,
      `${last} --property key.deserializer=${serde}.BytesDeserializer`,
      `${all} --value-deserializer ${serde}.StringDeserializer`,
    ]);
    await consume([`${all} --value-deserializer ${serde}.LongDeserializer`], { code: 1 });
    await consume([`${all} --value-deserializer ${serde}.LongDeserializer --skip-message-on-error`]);
  });

  it('shows what brokers keep of groups', async () => {
    for (const group of ['group-side-a', 'group-side-b'])
      await both.kafka.admin().groupOffsets.alter(group, [{ topic: 'records', partition: 0, offset: 1 }]);
    const internal = '--topic __consumer_offsets --from-beginning --timeout-ms 3000 --formatter';
    const groups = (text: string) =>
      text
        .split(/(?=\{"key")/)
        .filter((record) => !record.startsWith('{') || record.includes('"group-'))
        .join('\n');
    const formatter = 'org.apache.kafka.tools.consumer.OffsetsMessageFormatter';
    const { out } = await both.same('kafka-console-consumer', `${internal} ${formatter}`.split(' '), {
      isUnordered: true,
      normal: (text) =>
        groups(text)
          .replace(/Processed a total of \d+/, 'Processed a total of N')
          .replace(/\{(side|other)\}/g, 'side')
          // Of a record in the middle of a batch Kafka's tool forgets it.
          .replace(/"leaderEpoch":(-1|0)/g, '"leaderEpoch":N'),
    });
    assert.match(out, /"group":"group-\{side\}","topic":"records","partition":0/);
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    const nowhere = ['--bootstrap-server', 'nowhere', '--topic', 'records', '--timeout-ms', '300'];
    await both.refuse(
      'kafka-console-consumer',
      [[], ['--help'], ['--topic', 'records'], nowhere],
      [
        '',
        '--zookeeper localhost:2181',
        '--topic records --include rec.*',
        '--include rec.* --partition 0',
        '--topic records --offset 3',
        '--topic records --partition 0 --offset 3 --from-beginning',
        '--topic records --partition 0 --offset -3',
        '--topic records --partition 0 --offset soon',
        '--topic records --partition 0 --group g',
        '--topic records --partition zero',
        '--topic records --group g --command-property group.id=h',
        '--topic records --from-beginning --command-property auto.offset.reset=latest',
        '--topic records --property a=b --formatter-property a=b',
        '--topic records --consumer-property a=b --command-property a=b',
        '--topic records --consumer.config a --command-config b',
        '--topic records --formatter com.example.Formatter',
      ],
    );
  });
});
