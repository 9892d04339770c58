// Values judged as Kafka judges them. fixtures/kafka-config-verdicts.tsv was printed by Kafka 4.3's own classes: for each
// key one digit a probe, 1 when parsed and in range; the probes themselves stand in the last line.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type ConfigDefinition, ConfigValueError, parseValue } from './definition.ts';
import { brokerConfigDefinitions } from './definitions/broker.ts';
import { groupConfigDefinitions } from './definitions/group.ts';
import { topicConfigDefinitions } from './definitions/topic.ts';
import { validateBrokerConfig, validateTopicConfig, validateTopicConfigs } from './validate.ts';

const tables: Record<string, Readonly<Record<string, ConfigDefinition>>> = {
  broker: brokerConfigDefinitions,
  topic: topicConfigDefinitions,
  group: groupConfigDefinitions,
};

/** Kafka refuses all but the last at another place, some only when it uses them; the last one it must have, and we do not. */
const DIFFERENT = new Set([
  'broker authorizer.class.name',
  'broker sasl.jaas.config',
  'broker sasl.server.max.receive.size',
  'topic remote.storage.enable',
  'group share.auto.offset.reset',
  'broker max.connections.per.ip.overrides',
  'broker controller.listener.names',
]);

describe('values', () => {
  it('are taken and refused as Kafka does, for every key that has an effect', () => {
    const lines = readFileSync(new URL('./fixtures/kafka-config-verdicts.tsv', import.meta.url), 'utf8')
      .trimEnd()
      .split('\n');
    const probes = lines.pop()!.split('\t')[1]!.split('|');
    const differences: string[] = [];
    for (const line of lines) {
      const [scope, key, verdicts] = line.split('\t') as [string, string, string];
      if (DIFFERENT.has(`${scope} ${key}`)) continue;
      const definition = tables[scope]![key];
      assert.ok(definition, `${scope} ${key} is not declared`);
      if (definition.inert !== undefined) continue;
      probes.forEach((probe, index) => {
        const isFine = isAccepted(key, definition, probe);
        if (isFine !== (verdicts[index] === '1'))
          differences.push(`${scope} ${key}=${JSON.stringify(probe)}: ${isFine ? 'taken' : 'refused'}`);
      });
    }
    assert.deepEqual(differences, []);
  });

  it('are named with their key and what is allowed when they are wrong', () => {
    assert.equal(
      validateTopicConfig('segment.bytes', '5k'),
      'Invalid value "5k" for configuration segment.bytes: expected a whole number of 32 bits of at least 1048576',
    );
    assert.equal(
      validateTopicConfig('cleanup.policy', 'shred'),
      'Invalid value "shred" for configuration cleanup.policy: expected a list of compact, delete',
    );
    assert.equal(validateTopicConfig('retention.ms', '-1'), undefined);
  });

  it('suggest the name that was meant', () => {
    assert.equal(
      validateTopicConfig('retention.m', '1'),
      'Unknown topic config name: retention.m (did you mean retention.ms?)',
    );
    assert.equal(validateTopicConfig('colour', 'red'), 'Unknown topic config name: colour');
  });

  it('of a secret are never repeated', () => {
    const definition = {
      ...brokerConfigDefinitions['ssl.key.password'],
      range: { check: () => 'too short' },
    };
    assert.throws(
      () => parseValue('ssl.key.password', definition, 'hunter2'),
      (error: Error) => error instanceof ConfigValueError && !error.message.includes('hunter2'),
    );
  });

  it('are checked together where they depend on each other', () => {
    const configs = new Map([
      ['min.compaction.lag.ms', '20'],
      ['max.compaction.lag.ms', '10'],
    ]);
    assert.match(validateTopicConfigs(configs)!, /min.compaction.lag.ms \(20\) is larger/);
  });

  it('of keys that need a restart cannot be changed while the broker runs', () => {
    assert.match(validateBrokerConfig('log.dirs', '/data', false)!, /while the broker runs/);
    assert.equal(validateBrokerConfig('message.max.bytes', '2000000', true), undefined);
  });
});

function isAccepted(key: string, definition: ConfigDefinition, text: string): boolean {
  try {
    parseValue(key, definition, text);
    return true;
  } catch {
    return false;
  }
}
