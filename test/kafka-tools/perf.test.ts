// kafka-producer-perf-test, kafka-consumer-perf-test, kafka-e2e-latency, kafka-verifiable-producer and kafka-verifiable-consumer beside Kafka's own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Comparison, SideBySide } from './side-by-side.ts';

let both: SideBySide;
const folder = mkdtempSync(join(tmpdir(), 'moldau-perf-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

before(async () => {
  both = await SideBySide.start();
  await both.kafka.admin().topics.create(['measured', 'latency'].map((name) => ({ name })));
});
after(async () => {
  await both.stop();
  rmSync(folder, { recursive: true });
});

/** Numbers with a fraction are measured, whole ones are counted. */
const measured = (text: string) =>
  text.replace(/\b(\d+\.\d+(E-?\d+)?|Infinity)\b/g, 'X').replace(/\b\d+ ms (?=\d+(\.\d)?th)/g, 'X ms ');
const wrong = { code: 1 };

async function all(tool: string, lines: readonly string[], how: Comparison = {}): Promise<void> {
  for (const line of lines) {
    const words = line.replaceAll('BROKERS', both.brokers).split(' ');
    await both.sameWords(tool, line === '' ? [] : words, how);
  }
}

describe('kafka-producer-perf-test', { timeout: 240_000 }, () => {
  const basis = '--topic measured --num-records 600 --throughput -1';
  const produce = (lines: readonly string[], how: Comparison = {}) =>
    all('kafka-producer-perf-test', lines, { normal: measured, ...how });

  it('tells how quickly records were sent', async () => {
    const config = file('producer.properties', `bootstrap.servers=${both.brokers}\nlinger.ms=0\n`);
    await produce([
      `${basis} --record-size 20 --bootstrap-server BROKERS`,
      `${basis} --payload-monotonic --command-property bootstrap.servers=BROKERS linger.ms=0`,
      `${basis} --record-size 20 --producer-props bootstrap.servers=BROKERS --warmup-records 200`,
      `${basis} --payload-file ${file('payloads', 'one\ntwo\n')} --producer.config ${config}`,
      `${basis} --payload-file ${file('others', 'one;two;three')} --payload-delimiter ; --command-config ${config}`,
      `${basis} --record-size 20 --bootstrap-server BROKERS --transaction-duration-ms 100`,
      `--topic measured --num-records 20 --throughput 100 --record-size 20 --bootstrap-server BROKERS`,
    ]);
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    await produce(['']);
    await produce(
      [
        '--help',
        '--topic a',
        `${basis} --bootstrap-server a:1`,
        `${basis} --record-size 1 --payload-monotonic --bootstrap-server a:1`,
        `${basis} --record-size 1`,
        `${basis} --record-size 0 --bootstrap-server a:1`,
        `${basis} --record-size x --bootstrap-server a:1`,
        `--topic a --num-records 0 --throughput -1 --record-size 1 --bootstrap-server a:1`,
        `--topic a --num-records 5 --throughput fast --record-size 1 --bootstrap-server a:1`,
        `${basis} --record-size 1 --bootstrap-server a:1 --warmup-records 600`,
        `${basis} --record-size 1 --bootstrap-server a:1 --reporting-interval 0`,
        `${basis} --record-size 1 --bootstrap-server a:1 --transaction-duration-ms 0`,
        `${basis} --record-size 1 --command-property a=b --producer-props a=b`,
        `${basis} --record-size 1 --command-config a --producer.config a`,
        `${basis} --record-size 1 --command-property a`,
        `${basis} --payload-file /no/such/file --bootstrap-server a:1`,
        `${basis} --record-size 1 --bootstrap-server a:1 --record`,
        `${basis} --record-size 1 --bootstrap-servers a:1`,
      ],
      wrong,
    );
  });
});

describe('kafka-consumer-perf-test', { timeout: 240_000 }, () => {
  const consume = (lines: readonly string[], how: Comparison = {}) =>
    all('kafka-consumer-perf-test', lines, {
      // Times, and how long it took.
      normal: (text) =>
        measured(text)
          .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}/g, 'TIME')
          .replace(/(?<=, )\d+, \d+(?=, X, X$)/gm, 'X, X')
          .replace(/-?\bX\b/g, 'X'),
      ...how,
    });

  it('tells how quickly records were read', async () => {
    await consume(
      [
        '--bootstrap-server BROKERS --topic measured --num-records 500',
        '--bootstrap-server BROKERS --include meas.* --num-records 500 --hide-header',
        '--bootstrap-server BROKERS --topic measured --messages 500 --group group-{side}',
        '--bootstrap-server BROKERS --topic latency --num-records 10 --timeout 300 --show-detailed-stats',
        '--bootstrap-server BROKERS --topic measured --num-records 10 --timeout 300 --from-latest --hide-header --show-detailed-stats',
      ],
      {
        normal: (text) =>
          measured(text)
            .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}/g, 'TIME')
            // How many came at once differs, and all of them are counted.
            .replace(/^TIME, TIME,.*$/gm, (line) => line.replace(/-?\b\d+\b/g, 'N')),
      },
    );
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    await consume(
      [
        '',
        '--help',
        '--topic a --num-records 1',
        '--bootstrap-server a:1 --num-records 1',
        '--bootstrap-server a:1 --topic a --include b --num-records 1',
        '--bootstrap-server a:1 --topic a',
        '--bootstrap-server a:1 --topic a --num-records 1 --messages 1',
        '--bootstrap-server a:1 --topic a --num-records 1 --consumer.config a --command-config b',
        '--bootstrap-server a:1 --topic a --num-records 1 --threads 3',
        '--bootstrap-server a:1 --topic a --num-records 1 --group',
      ],
      wrong,
    );
  });
});

describe('kafka-e2e-latency', { timeout: 240_000 }, () => {
  const latency = (lines: readonly string[], how: Comparison = {}) =>
    all('kafka-e2e-latency', lines, {
      normal: (text) => measured(text).replace(/th = \d+/g, 'th = X'),
      ...how,
    });

  it('times records on their way', async () => {
    const named = '--bootstrap-server BROKERS --num-records 5 --record-size 10 --producer-acks';
    await latency([
      `${named} 1 --topic latency`,
      `${named} all --topic {side} --record-key-size 3 --num-headers 2 --record-header-size 4 --record-header-key-size 2`,
      'BROKERS latency 3 all 7',
    ]);
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    const named = '--bootstrap-server a:1 --topic t';
    await latency(
      [
        ...['', '--help', 'a:1 t 5', named, `${named} --num-records 1 --producer-acks 0 --record-size 1`],
        `${named} --num-records 0 --producer-acks 1 --record-size 1`,
        `${named} --num-records 1 --producer-acks 1 --record-size -1`,
        `${named} --num-records 1 --producer-acks 1 --record-size 1 --num-headers -1`,
        `${named} --num-records 1 --producer-acks 1 --record-size 1 --record-header-size -2`,
        `${named} --num-records 1 --producer-acks 1 --record-size 1 --nothing`,
      ],
      wrong,
    );
  });
});

describe('kafka-verifiable-producer and kafka-verifiable-consumer', { timeout: 240_000 }, () => {
  const alone =
    (tool: string) =>
    (lines: readonly string[], how: Comparison = {}) =>
      all(`kafka-verifiable-${tool}`, lines, {
        isAlone: true,
        normal: (text) =>
          text
            .replace(/"timestamp":\d{13}/g, '"timestamp":MS')
            .replace(/"avg_throughput":[\d.]+/g, '"avg_throughput":X'),
        ...how,
      });
  const produce = alone('producer');
  const consume = alone('consumer');

  it('print what happens as JSON', async () => {
    const servers = '--bootstrap-server BROKERS';
    await produce([
      `${servers} --topic {side}-v --max-messages 3 --value-prefix 7 --repeating-keys 2`,
      `${servers} --topic {side}-w --max-messages 3 --repeating-keys 0`,
      `${servers} --topic {side}-v --max-messages 2 --acks 1 --throughput 50 --message-create-time 1000`,
    ]);
    await consume([`${servers} --topic {side}-v --group-id g-{side} --max-messages 4 --verbose`]);
  });

  it('refuse command lines that cannot be meant, and help', async () => {
    await produce(['']);
    await produce(['--help'], wrong);
    await produce(['--topic a', '--topic a --bootstrap-server b:1 --acks 2'], wrong);
    await consume(['--topic a', '--topic a --bootstrap-server b:1 --group-id g --group-protocol x'], wrong);
  });
});
