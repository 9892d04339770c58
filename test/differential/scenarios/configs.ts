// Configs described and changed.

import {
  AlterConfigs,
  DescribeConfigs,
  IncrementalAlterConfigs,
  inEveryVersion,
  type Scenario,
} from '../scenario.ts';
import type { Side } from '../side.ts';

const TOPIC = 2;
const BROKER = 4;
const BROKER_LOGGER = 8;
const CLIENT_METRICS = 16;
const GROUP = 32;
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3] as const;

const flags = { includeSynonyms: true, includeDocumentation: true };

type Change = [string, number, string | null];

function incrementally(
  side: Side,
  version: number,
  resourceName: string,
  label: string,
  changes: Change[],
  resourceType = TOPIC,
  validateOnly = false,
) {
  const configs = changes.map(([name, configOperation, value]) => ({ name, configOperation, value }));
  return side.ask(
    IncrementalAlterConfigs,
    version,
    { resources: [{ resourceType, resourceName, configs }], validateOnly },
    label,
  );
}

async function describe(
  side: Side,
  resourceName: string,
  keys: string[],
  label: string,
  resourceType = TOPIC,
): Promise<void> {
  await side.untilInForce();
  await side.ask(
    DescribeConfigs,
    4,
    { resources: [{ resourceType, resourceName, configurationKeys: keys }], ...flags },
    label,
  );
}

export const configScenarios: readonly Scenario[] = [
  inEveryVersion(DescribeConfigs, 'of a topic', async (side, version) => {
    const { name } = await side.createTopic('a', {
      configs: { 'cleanup.policy': 'delete', 'max.message.bytes': '1000' },
    });
    const ask = (configurationKeys: string[] | null, label: string, options: object = flags) =>
      side.ask(
        DescribeConfigs,
        version,
        { resources: [{ resourceType: TOPIC, resourceName: name, configurationKeys }], ...options },
        label,
      );
    await ask(null, 'all');
    await ask(null, 'without synonyms', {});
    await ask(['retention.ms', 'cleanup.policy', 'segment.bytes'], 'some');
    await ask([], 'no keys');
    await ask(['nonsense', 'retention.ms'], 'an unknown key');
    await ask(['retention.ms', 'retention.ms'], 'a key twice');
  }),
  inEveryVersion(DescribeConfigs, 'of the broker', async (side, version) => {
    const ask = (resourceName: string, label: string, configurationKeys: string[] | null = null) =>
      side.ask(
        DescribeConfigs,
        version,
        { resources: [{ resourceType: BROKER, resourceName, configurationKeys }], ...flags },
        label,
      );
    await ask('1', 'some', [
      'log.retention.ms',
      'log.retention.hours',
      'num.partitions',
      'message.max.bytes',
      'log.cleaner.threads',
      'ssl.key.password',
      'offsets.retention.minutes',
    ]);
    await ask('1', 'all');
    await ask('', 'defaults');
    await ask('7', 'another broker');
    await ask('x', 'no number');
  }),
  inEveryVersion(DescribeConfigs, 'of other things', async (side, version) => {
    const ask = (resourceType: number, resourceName: string) =>
      side.ask(
        DescribeConfigs,
        version,
        { resources: [{ resourceType, resourceName, configurationKeys: null }], ...flags },
        `${resourceType} '${resourceName.slice(-5)}'`,
      );
    await ask(TOPIC, `${side.prefix}unknown`);
    await ask(TOPIC, '');
    await ask(TOPIC, 'a/b');
    await ask(0, 'x');
    await ask(99, 'x');
    await ask(GROUP, `${side.prefix}g`);
    await ask(GROUP, '');
    await ask(CLIENT_METRICS, `${side.prefix}m`);
    await ask(CLIENT_METRICS, '');
    await ask(BROKER_LOGGER, 'x');
    await ask(BROKER_LOGGER, '7');
  }),
  inEveryVersion(AlterConfigs, 'of a topic', async (side, version) => {
    const { name } = await side.createTopic('a', { configs: { 'max.message.bytes': '1000' } });
    const keys = ['retention.ms', 'max.message.bytes', 'cleanup.policy'];
    const alter = (
      label: string,
      configs: [string, string | null][],
      resourceName = name,
      resourceType = TOPIC,
      validateOnly = false,
    ) =>
      side.ask(
        AlterConfigs,
        version,
        {
          resources: [
            { resourceType, resourceName, configs: configs.map(([key, value]) => ({ name: key, value })) },
          ],
          validateOnly,
        },
        label,
      );
    await alter('to validate', [['retention.ms', '99']], name, TOPIC, true);
    await describe(side, name, keys, 'unchanged');
    await alter('good', [['retention.ms', '1234567']]);
    await describe(side, name, keys, 'changed');
    await alter('wrong value', [['retention.ms', 'x']]);
    await alter('out of range', [['retention.ms', '-5']]);
    await alter('unknown key', [['nonsense', 'x']]);
    await alter('null', [['retention.ms', null]]);
    await alter('unknown topic', [['retention.ms', '1']], `${name}x`);
    await alter('bad name', [['retention.ms', '1']], 'a/b');
    await alter('twice', [
      ['retention.ms', '1'],
      ['retention.ms', '2'],
    ]);
    await alter('unknown type', [['retention.ms', '1']], name, 99);
    await alter('logger', [['kafka', 'INFO']], '1', BROKER_LOGGER);
    await alter('another broker', [['log.cleaner.threads', '1']], '7', BROKER);
    await alter('nothing', []);
    await describe(side, name, keys, 'at last');
    // Kafka never answers: once is enough.
    if (version < 2) return;
    const resource = { resourceType: TOPIC, resourceName: name, configs: [] };
    await side.ask(
      AlterConfigs,
      version,
      { resources: [resource, resource], validateOnly: false },
      'a topic twice',
    );
  }),
  inEveryVersion(IncrementalAlterConfigs, 'of a topic', async (side, version) => {
    const { name } = await side.createTopic('a', { configs: { 'max.message.bytes': '1000' } });
    const keys = ['retention.ms', 'max.message.bytes', 'cleanup.policy', 'compression.type'];
    const alter = (label: string, ...changes: Change[]) => incrementally(side, version, name, label, changes);
    await alter('set', ['retention.ms', SET, '7777']);
    await describe(side, name, keys, 'set');
    await alter('delete', ['retention.ms', DELETE, null], ['max.message.bytes', DELETE, 'x']);
    await describe(side, name, keys, 'deleted');
    await alter('append', ['cleanup.policy', APPEND, 'compact']);
    await describe(side, name, keys, 'appended');
    await alter('append the same', ['cleanup.policy', APPEND, 'compact,delete']);
    await describe(side, name, keys, 'appended again');
    await alter('subtract', ['cleanup.policy', SUBTRACT, 'delete']);
    await describe(side, name, keys, 'subtracted');
    await alter('subtract what is not there', ['cleanup.policy', SUBTRACT, 'delete']);
    await alter('append to a number', ['retention.ms', APPEND, '1']);
    await alter('unknown operation', ['retention.ms', 9, '1']);
    await alter('set null', ['retention.ms', SET, null]);
    await alter('unknown key', ['nonsense', SET, '1']);
    await alter('delete an unknown key', ['nonsense', DELETE, null]);
    await alter('wrong', ['retention.ms', SET, 'x']);
    await alter('not in the list', ['cleanup.policy', APPEND, 'nonsense']);
    await alter('wrong enumeration', ['compression.type', SET, 'nonsense']);
    await alter('empty list', ['cleanup.policy', SET, '']);
    await alter('twice', ['retention.ms', SET, '1'], ['retention.ms', SET, '2']);
    await alter('nothing');
    await alter('min.insync.replicas', ['min.insync.replicas', SET, '0']);
    await alter('spaces', ['retention.ms', SET, ' 55 ']);
    await describe(side, name, keys, 'at last');
    await incrementally(side, version, `${name}x`, 'unknown topic', [['retention.ms', SET, '1']]);
    await incrementally(side, version, '', 'empty name', [['retention.ms', SET, '1']]);
    await incrementally(side, version, name, 'to validate', [['retention.ms', SET, '1']], TOPIC, true);
    await incrementally(side, version, name, 'to validate wrong', [['retention.ms', SET, 'x']], TOPIC, true);
    await incrementally(side, version, name, 'unknown type', [['retention.ms', SET, '1']], 99);
  }),
  inEveryVersion(IncrementalAlterConfigs, 'of other things', async (side, version) => {
    const group = `${side.prefix}g`;
    const metrics = `${side.prefix}m`;
    await incrementally(side, version, '7', 'another broker', [['log.cleaner.threads', SET, '1']], BROKER);
    await incrementally(side, version, 'x', 'no broker', [['log.cleaner.threads', SET, '1']], BROKER);
    await incrementally(side, version, '1', 'read only', [['broker.rack', SET, 'a']], BROKER);
    await incrementally(side, version, '1', 'unknown key', [['nonsense.key', SET, 'a']], BROKER, true);
    await incrementally(side, version, '1', 'wrong', [['log.cleaner.threads', SET, 'x']], BROKER);
    await incrementally(side, version, '', 'per broker only', [['listeners', SET, 'x']], BROKER);
    await incrementally(side, version, '1', 'logger', [['nonsense', SET, 'INFO']], BROKER_LOGGER);
    await incrementally(
      side,
      version,
      group,
      'group',
      [['consumer.session.timeout.ms', SET, '50000']],
      GROUP,
    );
    await describe(
      side,
      group,
      ['consumer.session.timeout.ms', 'consumer.heartbeat.interval.ms'],
      'group',
      GROUP,
    );
    await incrementally(
      side,
      version,
      group,
      'group, out of range',
      [['consumer.session.timeout.ms', SET, '1']],
      GROUP,
    );
    await incrementally(side, version, group, 'group, unknown', [['nonsense', SET, '1']], GROUP);
    await incrementally(
      side,
      version,
      '',
      'empty group',
      [['consumer.session.timeout.ms', SET, '50000']],
      GROUP,
    );
    await incrementally(side, version, metrics, 'metrics', [['interval.ms', SET, '1000']], CLIENT_METRICS);
    await describe(side, metrics, [], 'metrics', CLIENT_METRICS);
    await incrementally(
      side,
      version,
      metrics,
      'metrics, wrong',
      [['interval.ms', SET, '1']],
      CLIENT_METRICS,
    );
    await incrementally(side, version, metrics, 'metrics, unknown', [['nonsense', SET, '1']], CLIENT_METRICS);
    await incrementally(
      side,
      version,
      metrics,
      'metrics, gone',
      [['interval.ms', DELETE, null]],
      CLIENT_METRICS,
    );
    await describe(side, metrics, [], 'metrics, gone', CLIENT_METRICS);
  }),
  {
    ...inEveryVersion(IncrementalAlterConfigs, 'of loggers', async (side, version) => {
      const alter = (label: string, changes: Change[], validateOnly = false, name = '1') =>
        incrementally(side, version, name, label, changes, BROKER_LOGGER, validateOnly);
      const describeRoot = (label: string) => describe(side, '1', ['root'], label, BROKER_LOGGER);
      await alter('to validate', [['root', SET, 'ERROR']], true);
      await alter('info', [['root', SET, 'INFO']]);
      await describeRoot('info');
      await alter('warn', [['root', SET, 'WARN']]);
      await describeRoot('warn');
      await alter('unknown level', [['root', SET, 'LOUD']]);
      await alter('small letters', [['root', SET, 'info']]);
      await alter('no level', [['root', SET, null]]);
      await alter('append', [['root', APPEND, 'INFO']]);
      await alter('subtract', [['root', SUBTRACT, 'INFO']]);
      await alter('unknown operation', [['root', 9, 'INFO']]);
      await alter('delete root', [['root', DELETE, null]]);
      await alter('delete an unknown one', [['nonsense', DELETE, null]]);
      await alter('one good, one bad', [
        ['root', SET, 'INFO'],
        ['nonsense', SET, 'INFO'],
      ]);
      await alter('twice', [
        ['root', SET, 'INFO'],
        ['root', SET, 'WARN'],
      ]);
      await alter('nothing', []);
      await alter('another broker', [['root', SET, 'INFO']], false, '7');
      await alter('no broker', [['root', SET, 'INFO']], false, 'x');
      await alter('all brokers', [['root', SET, 'INFO']], false, '');
      await describeRoot('at last');
      await describe(side, '1', ['nonsense'], 'an unknown one', BROKER_LOGGER);
    }),
    isAlone: true,
  },
  inEveryVersion(DescribeConfigs, 'of the root logger', async (side, version) => {
    const ask = (resourceName: string, label: string) =>
      side.ask(
        DescribeConfigs,
        version,
        {
          resources: [{ resourceType: BROKER_LOGGER, resourceName, configurationKeys: ['root'] }],
          ...flags,
        },
        label,
      );
    await ask('7', 'another broker');
    await ask('', 'all brokers');
    await incrementally(side, 1, '1', 'warn', [['root', SET, 'WARN']], BROKER_LOGGER);
    await ask('1', 'own');
  }),
];
