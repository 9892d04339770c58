// What share groups depend on: the group's own configs, else the broker's. Read anew at each use, so that changes take effect.

import type { BrokerConfig, ConfigTexts } from './broker-config.ts';
import { type ConfigDefinition, ConfigValueError, defaultValue, parseValue } from './definition.ts';
import { type GroupConfigKey, groupConfigDefinitions } from './definitions/group.ts';
import { isoDurationMs } from './iso-duration.ts';

interface SettingsOfGroup {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly assignmentIntervalMs: number;
  readonly lockDurationMs: number;
  readonly maxDeliveryCount: number;
  readonly maxInFlightRecords: number;
  readonly isRenewEnabled: boolean;
  readonly isReadCommitted: boolean;
  /** Where a new group starts: how long before now in milliseconds, or at an end. */
  readonly offsetReset: 'latest' | 'earliest' | number;
}

const definitions: Readonly<Record<string, ConfigDefinition>> = groupConfigDefinitions;

export class ShareSettings {
  readonly #config: BrokerConfig;
  readonly #textsOf: (groupId: string) => ConfigTexts;
  /** By identity: the image hands out a new map whenever a group's configs change. */
  #known = new WeakMap<ConfigTexts, SettingsOfGroup>();
  #revision = 0;

  /** @param textsOf a group's own configs. */
  constructor(config: BrokerConfig, textsOf: (groupId: string) => ConfigTexts) {
    this.#config = config;
    this.#textsOf = textsOf;
  }

  /** In members. */
  get maxSize(): number {
    return this.#config.get('group.share.max.size');
  }

  get maxSessions(): number {
    return this.#config.get('group.share.max.share.sessions');
  }

  /** The same object as long as neither the group's configs nor the broker's change. */
  of(groupId: string): SettingsOfGroup {
    if (this.#revision !== this.#config.revision) {
      this.#revision = this.#config.revision;
      this.#known = new WeakMap();
    }
    const texts = this.#textsOf(groupId);
    let settings = this.#known.get(texts);
    if (settings === undefined) {
      settings = this.#resolve(texts);
      this.#known.set(texts, settings);
    }
    return settings;
  }

  #resolve(texts: ConfigTexts): SettingsOfGroup {
    const config = this.#config;
    const number = (key: GroupConfigKey, ofBroker: number) =>
      (ownValue(texts, key) as number | undefined) ?? ofBroker;
    const own = (key: GroupConfigKey) => ownValue(texts, key) ?? defaultValue(key, definitions[key]!);
    return {
      sessionTimeoutMs: number('share.session.timeout.ms', config.get('group.share.session.timeout.ms')),
      heartbeatIntervalMs: number(
        'share.heartbeat.interval.ms',
        config.get('group.share.heartbeat.interval.ms'),
      ),
      assignmentIntervalMs: number(
        'share.assignment.interval.ms',
        config.get('group.share.assignment.interval.ms'),
      ),
      lockDurationMs: number(
        'share.record.lock.duration.ms',
        config.get('group.share.record.lock.duration.ms'),
      ),
      maxDeliveryCount: number('share.delivery.count.limit', config.get('group.share.delivery.count.limit')),
      maxInFlightRecords: number(
        'share.partition.max.record.locks',
        config.get('group.share.partition.max.record.locks'),
      ),
      isRenewEnabled: own('share.renew.acknowledge.enable') as boolean,
      isReadCommitted: own('share.isolation.level') === 'read_committed',
      offsetReset: offsetReset(own('share.auto.offset.reset') as string),
    };
  }
}

/** undefined when the group does not say, or what it says has become invalid. */
function ownValue(texts: ConfigTexts, key: GroupConfigKey): unknown {
  const text = texts.get(key);
  if (text === undefined) return undefined;
  try {
    return parseValue(key, definitions[key]!, text);
  } catch (error) {
    if (error instanceof ConfigValueError) return undefined;
    throw error;
  }
}

function offsetReset(text: string): SettingsOfGroup['offsetReset'] {
  const durationMs = text.startsWith('by_duration:')
    ? isoDurationMs(text.slice('by_duration:'.length))
    : undefined;
  if (durationMs !== undefined) return durationMs;
  return text === 'earliest' ? 'earliest' : 'latest';
}
