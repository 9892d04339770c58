// kafka-configs beside Kafka's own.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Comparison, oneName, SideBySide } from './side-by-side.ts';

let both: SideBySide;
const same = (lines: readonly string[], how: Comparison = {}) => both.all('kafka-configs', lines, how);
const wrong = (lines: readonly string[]) => same(lines, { code: 1 });

before(async () => {
  both = await SideBySide.start();
  const { topics } = both.kafka.admin();
  await topics.create([
    { name: 'orders', configs: { 'retention.ms': '1000', 'cleanup.policy': 'compact,delete' } },
    { name: 'side-a' },
    { name: 'side-b' },
  ]);
});
after(async () => await both.stop());

describe('kafka-configs', { timeout: 240_000 }, () => {
  it('shows and changes settings of topics', async () => {
    await same([
      '--describe --entity-type topics --entity-name orders',
      '--describe --topic orders --all',
      '--alter --entity-type topics --entity-name {side} --add-config retention.ms=5000,cleanup.policy=[compact,delete]',
      '--alter --topic {side} --add-config segment.ms=3600000 --delete-config retention.ms',
      '--describe --topic {side}',
      '--alter --topic {side} --delete-config segment.bytes,segment.jitter.ms',
      '--describe --topic none',
      '--describe --client-metrics none',
      '--describe --group none',
    ]);
    await same(['--describe --entity-type topics'], { isUnordered: true });
    const file = join(both.broker.dataDirectory, 'settings.properties');
    writeFileSync(file, '# mine\nretention.ms = 7000\nmax.message.bytes=2000\n');
    await same([`--alter --topic {side} --add-config-file ${file}`, '--describe --topic {side}']);
    await wrong([
      '--alter --topic {side} --add-config no.such=1',
      '--alter --topic {side} --add-config retention.ms',
      '--alter --topic {side} --add-config a/b=1',
      '--alter --topic {side} --add-config [a=1',
      '--alter --topic {side} --add-config a=1,,b=2',
      '--alter --topic {side} --add-config =1',
      '--alter --topic {side} --add-config-file /no/such/file',
      '--alter --topic none --add-config retention.ms=1',
    ]);
  });

  it('shows and changes settings of brokers', async () => {
    await same([
      '--describe --entity-type brokers',
      '--alter --entity-type brokers --entity-name 1 --add-config log.cleaner.threads=2',
      '--alter --broker-defaults --add-config log.retention.ms=86400000,message.max.bytes=2000000',
      '--describe --broker 1',
      '--describe --broker-defaults',
      '--describe --entity-type brokers --entity-default',
      '--describe --entity-type brokers',
    ]);
    await both.kafka
      .admin()
      .configs.alter({ resource: { type: 'broker', name: '1' }, remove: ['log.cleaner.threads'] });
    await same(['--alter --broker 1 --delete-config log.cleaner.threads', '--describe --broker 1']);
    await wrong([
      '--alter --broker one --add-config log.cleaner.threads=2',
      '--describe --broker-logger one',
      '--describe --entity-type broker-loggers',
      '--alter --broker 1 --add-config no.such=1',
      '--alter --broker 1 --add-config node.id=2',
    ]);
  });

  it('shows and changes what brokers log', async () => {
    const loggers = await both.kafka.admin().configs.describe({ type: 'broker-logger', name: '1' });
    const [name] = [...loggers[0]!.entries.keys()];
    await same([
      '--describe --broker-logger 1',
      '--describe --entity-type broker-loggers --entity-name 1 --all',
      `--alter --broker-logger 1 --add-config ${name}=ERROR`,
      '--describe --broker-logger 1',
      `--alter --broker-logger 1 --delete-config ${name}`,
    ]);
    await wrong([
      '--alter --broker-logger 1 --add-config no.such=ERROR',
      `--alter --broker-logger 1 --add-config ${name}=LOUD`,
      '--describe --broker-logger one',
    ]);
  });

  it('shows and changes quotas', async () => {
    await same([
      '--alter --entity-type users --entity-name {side} --add-config producer_byte_rate=1024,consumer_byte_rate=2048,request_percentage=200',
      '--alter --user {side} --client reader --add-config consumer_byte_rate=10000000',
      '--alter --entity-type clients --entity-default --add-config controller_mutation_rate=0.5',
      '--alter --entity-type users --entity-default --entity-type clients --entity-name {side} --add-config request_percentage=50',
      '--alter --ip 10.0.0.1 --add-config connection_creation_rate=7',
      '--describe --entity-type users --entity-name {side} --entity-type clients',
      '--describe --client-defaults',
      '--describe --entity-type ips',
    ]);
    // The broker keeps limits in the order in which they were set.
    await same(['--describe --user side-a', '--describe --user side-b'], { normal: oneName });
    await same(['--alter --user {side} --delete-config producer_byte_rate', '--describe --user {side}']);
    await same(['--describe --entity-type users', '--describe --entity-type users --entity-type clients'], {
      isUnordered: true,
    });
    await wrong([
      '--alter --user {side} --delete-config producer_byte_rate',
      '--alter --user {side} --add-config producer_byte_rate=many',
      '--alter --user {side} --add-config producer_byte_rate=-1',
      '--alter --user {side} --add-config producer_byte_rate=0.5',
      '--alter --user {side} --client a --add-config SCRAM-SHA-256=[password=a]',
      '--alter --ip not/an/address --add-config connection_creation_rate=1',
      '--alter --user {side} --add-config no_such=1',
      '--alter --user {side} --delete-config no_such',
      '--alter --client {side} --add-config no_such=1',
      '--alter --ip 10.0.0.1 --add-config producer_byte_rate=1',
    ]);
  });

  it('shows and changes credentials of users', async () => {
    await same([
      '--alter --entity-type users --entity-name {side}-1 --add-config SCRAM-SHA-256=[iterations=8192,password=secret]',
      '--describe --entity-type users --entity-name {side}-1',
      '--alter --user {side}-1 --add-config SCRAM-SHA-512=[password=secret]',
      '--describe --user {side}-1',
      '--describe --user nobody',
      '--alter --user {side}-1 --delete-config SCRAM-SHA-256',
      '--describe --user {side}-1',
    ]);
    await same(['--describe --entity-type users'], { isUnordered: true });
    await wrong([
      '--alter --user {side}-1 --add-config SCRAM-SHA-256=[iterations=1,password=secret]',
      '--alter --user {side}-1 --add-config SCRAM-SHA-256=secret',
      '--alter --user {side}-1 --delete-config SCRAM-SHA-256',
      '--alter --user-defaults --add-config SCRAM-SHA-256=[password=secret]',
      '--alter --user {side}-1 --add-config SCRAM-SHA-256=[password=secret],producer_byte_rate=1',
    ]);
  });

  it('shows and changes settings of groups and of client metrics', async () => {
    await same([
      '--alter --group {side} --add-config consumer.session.timeout.ms=50000',
      '--describe --group {side}',
      '--alter --entity-type client-metrics --entity-name {side} --add-config interval.ms=30000,metrics=[a,b]',
      '--describe --entity-type client-metrics --entity-name {side}',
      '--alter --client-metrics {side} --delete-config metrics',
      '--describe --client-metrics {side}',
    ]);
    await same(['--describe --entity-type groups', '--describe --entity-type client-metrics'], {
      isUnordered: true,
    });
    await wrong(['--alter --group {side} --add-config no.such=1']);
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    for (const words of [[], ['--help'], ['--describe', '--topic', 'a'], ['--bootstrap-server']])
      await both.sameWords('kafka-configs', words, { code: 1 });
    await wrong([
      '--topic a',
      '--topic a --alter --describe',
      '--zookeeper a --describe --topic a',
      '--describe',
      '--describe --entity-type queues',
      '--describe --entity-type topics --entity-type topics',
      '--describe --entity-type topics --entity-type users',
      '--describe --topic a --user b',
      '--describe --entity-type topics --topic a',
      '--describe --topic a --add-config b=c',
      '--describe --entity-type topics --entity-default',
      '--alter --topic a',
      '--alter --entity-type topics --add-config a=b',
      '--alter --entity-type users --add-config a=b',
      '--alter --topic a --add-config a=b --add-config-file c',
      '--alter --entity-type users --entity-type clients --entity-name a --add-config producer_byte_rate=1',
      '--describe --topic',
    ]);
  });
});
