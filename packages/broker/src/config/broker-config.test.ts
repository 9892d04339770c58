// Values in force, and what DescribeConfigs tells of them. The fixtures are what Kafka 4.3's kafka-configs printed of a fresh broker.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { BrokerConfig } from './broker-config.ts';
import { type ConfigDefinition, formatValue } from './definition.ts';
import { brokerConfigDefinitions } from './definitions/broker.ts';
import { ConfigSource } from './description.ts';
import { TopicConfigs } from './topic-settings.ts';

function fixture(name: string): string[][] {
  const text = readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
}

const NOTHING: ReadonlyMap<string, string> = new Map();
const texts = (entries: Record<string, string>) => new Map(Object.entries(entries));

describe('a broker config', () => {
  it("describes Kafka's defaults where it does not say that it differs", () => {
    const described = new Map(new BrokerConfig().describe().map((each) => [each.name, each]));
    /** Set by whoever printed the fixture. */
    const set = [
      'group.initial.rebalance.delay.ms',
      'node.id',
      'process.roles',
      'broker.id',
      'min.insync.replicas',
    ];
    for (const [name, value, isSensitive] of fixture('kafka-broker-description.tsv') as [
      string,
      string,
      string,
    ][]) {
      const ours = described.get(name);
      assert.ok(ours, `${name} is missing`);
      assert.equal(String(ours.isSensitive), isSensitive, name);
      const definition = (brokerConfigDefinitions as Record<string, ConfigDefinition>)[name]!;
      const isOverridden = set.includes(name) || /replication\.factor$|min\.isr$/.test(name);
      if (isOverridden || definition.kafkaDefault !== undefined) continue;
      assert.equal(String(ours.value), value, name);
    }
  });

  it('gives its own value before that of all brokers, that before the file, and that before the default', () => {
    const config = BrokerConfig.of({ 'message.max.bytes': 1000 });
    assert.equal(config.messageMaxBytes, 1000);
    config.update(NOTHING, texts({ 'message.max.bytes': '2000' }));
    assert.equal(config.messageMaxBytes, 2000);
    config.update(texts({ 'message.max.bytes': '3000' }), texts({ 'message.max.bytes': '2000' }));
    assert.equal(config.messageMaxBytes, 3000);
    assert.deepEqual(config.describe(['message.max.bytes'])[0]!.synonyms, [
      { name: 'message.max.bytes', value: '3000', source: ConfigSource.DYNAMIC_BROKER },
      { name: 'message.max.bytes', value: '2000', source: ConfigSource.DYNAMIC_DEFAULT_BROKER },
      { name: 'message.max.bytes', value: '1000', source: ConfigSource.STATIC_BROKER },
      { name: 'message.max.bytes', value: '1048588', source: ConfigSource.DEFAULT },
    ]);
    config.update(NOTHING, NOTHING);
    assert.equal(config.messageMaxBytes, 1000);
  });

  it('keeps what is in force when a changed value is wrong', () => {
    const config = BrokerConfig.of({ 'message.max.bytes': 1000 });
    assert.match(
      config.update(texts({ 'message.max.bytes': 'many' }), NOTHING)[0]!,
      /"many" for configuration message.max.bytes/,
    );
    assert.equal(config.messageMaxBytes, 1000);
  });

  it('tells those who listen of a change, once', () => {
    const config = new BrokerConfig();
    let changes = 0;
    const stop = config.onChange(() => changes++);
    const ofBroker = texts({ 'max.connections': '5' });
    config.update(ofBroker, NOTHING);
    config.update(ofBroker, NOTHING);
    assert.equal(changes, 1);
    assert.equal(config.network.maxConnections, 5);
    stop();
    config.update(NOTHING, NOTHING);
    assert.equal(changes, 1);
  });

  it('never shows a secret', () => {
    const [described] = BrokerConfig.of({ 'ssl.key.password': 'hunter2' }).describe(['ssl.key.password']);
    assert.equal(described!.value, null);
    assert.ok(!JSON.stringify(described).includes('hunter2'));
  });

  it('takes no more replicas for internal topics than there are brokers', () => {
    const config = new BrokerConfig();
    assert.equal(config.offsetsTopicReplicationFactor(1), 1);
    assert.equal(config.offsetsTopicReplicationFactor(5), 3);
  });

  it('reads limits of single addresses', () => {
    const { maxConnectionsPerIpOverrides } = BrokerConfig.of({
      'max.connections.per.ip.overrides': '10.0.0.1:5, ::1:7',
    }).network;
    assert.deepEqual(
      [...maxConnectionsPerIpOverrides],
      [
        ['10.0.0.1', 5],
        ['::1', 7],
      ],
    );
  });
});

describe('topic configs', () => {
  it("describe as Kafka's do", () => {
    const described = new Map(
      new TopicConfigs(new BrokerConfig()).describe(NOTHING).map((each) => [each.name, each]),
    );
    for (const [name, value, synonyms] of fixture('kafka-topic-description.tsv') as [
      string,
      string,
      string?,
    ][]) {
      const ours = described.get(name!)!;
      assert.equal(ours.value, value, name);
      // Kafka leaves out the synonyms in other units; it says where the value came from only of the others.
      if (synonyms === undefined || synonyms === '' || synonyms.startsWith('DYNAMIC')) continue;
      assert.equal(
        ours.synonyms.map((each) => `DEFAULT_CONFIG:${each.name}=${each.value}`).join(', '),
        synonyms,
      );
    }
  });

  it('take the default of the broker in its own unit', () => {
    const settings = (values: Parameters<typeof BrokerConfig.of>[0], own = {}) =>
      new TopicConfigs(BrokerConfig.of(values)).settings(texts(own)).log;
    assert.equal(settings({}).retentionMs, 604_800_000);
    assert.equal(settings({ 'log.retention.hours': 1 }).retentionMs, 3_600_000);
    assert.equal(settings({ 'log.retention.hours': -1 }).retentionMs, -1);
    assert.equal(settings({ 'log.retention.hours': 1, 'log.retention.minutes': 2 }).retentionMs, 120_000);
    assert.equal(settings({ 'log.retention.ms': 7, 'log.retention.minutes': 2 }).retentionMs, 7);
    assert.equal(settings({ 'log.retention.ms': 7 }, { 'retention.ms': '9' }).retentionMs, 9);
    assert.equal(settings({ 'log.roll.hours': 2 }).segmentMs, 7_200_000);
    assert.equal(settings({ 'moldau.durability': 'replicated' }).durability, 'replicated');
    assert.equal(settings({}).flushMs, Number.POSITIVE_INFINITY);
  });

  it('are resolved once until the topic or the broker changes', () => {
    const config = new BrokerConfig();
    const topics = new TopicConfigs(config);
    const own = texts({ 'cleanup.policy': 'compact,delete', 'compression.type': 'uncompressed' });
    const settings = topics.settings(own);
    assert.deepEqual(settings.log.cleanupPolicy, { delete: true, compact: true });
    assert.equal(settings.compression, 'none');
    assert.equal(topics.settings(own), settings);
    config.update(texts({ 'message.max.bytes': '5000' }), NOTHING);
    assert.equal(topics.settings(own).maxMessageBytes, 5000);
  });

  it('print what was parsed', () => {
    const [described] = new TopicConfigs(new BrokerConfig()).describe(
      texts({ 'cleanup.policy': 'compact , delete' }),
      ['cleanup.policy'],
    );
    assert.equal(described!.value, 'compact,delete');
    assert.equal(described!.source, ConfigSource.DYNAMIC_TOPIC);
    assert.equal(formatValue(Number.POSITIVE_INFINITY), '9223372036854775807');
  });
});
