// What groups of the consumer protocol depend on: the group's own configs, else the broker's. Read anew at each use, so
// that changes take effect.

import type { BrokerConfig, ConfigTexts } from './broker-config.ts';
import { type ConfigDefinition, ConfigValueError, parseValue } from './definition.ts';
import { type GroupConfigKey, groupConfigDefinitions } from './definitions/group.ts';

/** Kafka's own assignors can also be named by their classes. */
const ASSIGNOR_CLASS = /^org\.apache\.kafka\.coordinator\.group\.assignor\.(\w+)Assignor$/;

const definitions: Readonly<Record<string, ConfigDefinition>> = groupConfigDefinitions;

export class ConsumerGroupSettings {
  readonly #config: BrokerConfig;
  readonly #textsOf: (groupId: string) => ConfigTexts;

  /** @param textsOf a group's own configs. */
  constructor(config: BrokerConfig, textsOf: (groupId: string) => ConfigTexts) {
    this.#config = config;
    this.#textsOf = textsOf;
  }

  /** Whether group.coordinator.rebalance.protocols has the consumer protocol. */
  get isEnabled(): boolean {
    return this.#config.get('group.coordinator.rebalance.protocols').includes('consumer');
  }

  /** By name, the first one by default. */
  get assignors(): readonly string[] {
    return this.#config.get('group.consumer.assignors').map(shortName);
  }

  /** In members. */
  get maxSize(): number {
    return this.#config.get('group.consumer.max.size');
  }

  get migrationPolicy(): 'disabled' | 'upgrade' | 'downgrade' | 'bidirectional' {
    const policy = this.#config.get('group.consumer.migration.policy').toLowerCase();
    return policy === 'disabled' || policy === 'upgrade' || policy === 'downgrade' ? policy : 'bidirectional';
  }

  sessionTimeoutMs(groupId: string): number {
    const ofBroker = this.#config.get('group.consumer.session.timeout.ms');
    return this.#own(groupId, 'consumer.session.timeout.ms') ?? ofBroker;
  }

  heartbeatIntervalMs(groupId: string): number {
    const ofBroker = this.#config.get('group.consumer.heartbeat.interval.ms');
    return this.#own(groupId, 'consumer.heartbeat.interval.ms') ?? ofBroker;
  }

  /** The least time between two assignments. */
  assignmentIntervalMs(groupId: string): number {
    const ofBroker = this.#config.get('group.consumer.assignment.interval.ms');
    return this.#own(groupId, 'consumer.assignment.interval.ms') ?? ofBroker;
  }

  /** undefined when the group has none of its own, or one that older rules let pass and newer ones do not. */
  #own(groupId: string, key: GroupConfigKey): number | undefined {
    const text = this.#textsOf(groupId).get(key);
    if (text === undefined) return undefined;
    try {
      return parseValue(key, definitions[key]!, text) as number;
    } catch (error) {
      if (error instanceof ConfigValueError) return undefined;
      throw error;
    }
  }
}

function shortName(assignor: string): string {
  return ASSIGNOR_CLASS.exec(assignor)?.[1]?.toLowerCase() ?? assignor;
}
