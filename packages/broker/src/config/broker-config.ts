// The configuration of a running broker: what its start said, and what has been changed since through the config APIs.
//
// Invariants: a value changed while the broker runs wins over one from the start: this broker's own first, then that for
// all brokers (Kafka's order). Every value is valid: texts that are not never replace what is in force.

import { resolve } from 'node:path';
import type { CleanerConfig } from '@moldau/log';
import { type AuthorizerSettings, superUsersOf } from './authorizer-settings.ts';
import { ConfigError } from './config-error.ts';
import {
  type ConfigDefinition,
  ConfigValueError,
  defaultValue,
  formatValue,
  INT_MAX,
  parseValue,
} from './definition.ts';
import {
  type BrokerConfigKey,
  type BrokerConfigValue,
  brokerConfigDefinitions,
} from './definitions/broker.ts';
import {
  type ConfigDescription,
  ConfigSource,
  type ConfigSourceCode,
  type ConfigSynonym,
  describe,
  printed,
} from './description.ts';
import type { InitialTopic } from './initial-topics.ts';
import { type InitialUser, parseInitialUsers } from './initial-users.ts';
import {
  brokerDefinition,
  type ListenerSecurity,
  listenerKeyNames,
  parseListenerKey,
} from './listener-configs.ts';
import {
  type AdvertisedListener,
  type HostIdentity,
  type ListenerAddress,
  planListeners,
  type SecurityProtocol,
} from './listeners.ts';
import {
  type MetricsExportSettings,
  type PageAddress,
  parseHeaders,
  parsePageAddress,
} from './monitoring-settings.ts';

/** Names and texts, as the metadata image keeps them. */
export type ConfigTexts = ReadonlyMap<string, string>;

export interface BrokerConfigOptions {
  /** What the start said, by key; keys that are not in the table are left out of account. */
  readonly values?: ConfigTexts;
  readonly identity?: HostIdentity;
  readonly initialTopics?: readonly InitialTopic[];
  readonly clusterId?: string | undefined;
  /** Keys whose value stands elsewhere, in a file or a variable, and is told to nobody. */
  readonly hiddenKeys?: ReadonlySet<string>;
}

/** Keys that stand for the same thing, the finer one first: when it is unset the next one counts. */
const SYNONYMS: Partial<Record<BrokerConfigKey, readonly BrokerConfigKey[]>> = {
  'log.retention.ms': ['log.retention.minutes', 'log.retention.hours'],
  'log.roll.ms': ['log.roll.hours'],
  'log.roll.jitter.ms': ['log.roll.jitter.hours'],
  'log.flush.interval.ms': ['log.flush.scheduler.interval.ms'],
};

const definitions: Readonly<Record<string, ConfigDefinition>> = brokerConfigDefinitions;
const NOTHING: ConfigTexts = new Map();
const LOCAL: HostIdentity = { hostName: 'localhost', addresses: [] };

export class BrokerConfig {
  /** Where clients connect to, in the order of the file. */
  readonly listeners: readonly ListenerAddress[];
  /** What clients are told, one for each listener. Where a listener's port is 0 so it is here: put in what the system gave. */
  readonly advertisedListeners: readonly AdvertisedListener[];
  /** The name of the listener that brokers use among themselves. */
  readonly interBrokerListener: string;
  /** Topics to create when they do not exist, before the broker says that it is ready. */
  readonly initialTopics: readonly InitialTopic[];
  /** The id a new cluster gets, where one was asked for. */
  readonly initialClusterId: string | undefined;
  /** What became of the listeners, where that is not what was written; one line each. */
  readonly warnings: readonly string[];
  /** What groups depend on. Stays true while the broker runs, so it may be kept. */
  readonly groups = new GroupSettings(this);
  /** What transactions depend on; as `groups`. */
  readonly transactions = new TransactionSettings(this);
  /** What the verification of transactions depends on; as `groups`. */
  readonly verification = new VerificationSettings(this);
  readonly #static: ConfigTexts;
  readonly #hiddenKeys: ReadonlySet<string>;
  #ofBroker: ConfigTexts = NOTHING;
  #ofAllBrokers: ConfigTexts = NOTHING;
  readonly #values = new Map<string, unknown>();
  readonly #ofListeners = new Map<string, ListenerSecurity>();
  readonly #listeners = new Set<() => void>();
  #revision = 0;

  /** @throws ConfigError when a value is wrong. */
  constructor({
    values = NOTHING,
    identity = LOCAL,
    initialTopics = [],
    clusterId,
    hiddenKeys = new Set(),
  }: BrokerConfigOptions = {}) {
    this.#static = values;
    this.#hiddenKeys = hiddenKeys;
    this.initialTopics = initialTopics;
    this.initialClusterId = clusterId;
    const problems = checkAll(values);
    if (problems.length > 0) throw new ConfigError(problems);
    const plan = planListeners(
      {
        listeners: this.get('listeners'),
        advertised: this.get('advertised.listeners'),
        protocolMap: this.get('listener.security.protocol.map'),
        controllerNames: this.get('controller.listener.names'),
        interBrokerName: this.get('inter.broker.listener.name'),
        interBrokerProtocol: values.has('security.inter.broker.protocol')
          ? this.get('security.inter.broker.protocol')
          : null,
      },
      identity,
    );
    if (plan.problems.length > 0) throw new ConfigError(plan.problems);
    this.listeners = plan.listeners;
    this.advertisedListeners = plan.advertised;
    this.interBrokerListener = plan.interBrokerListener;
    this.warnings = plan.warnings;
  }

  /** For tests and embedders: new BrokerConfig from a plain object. */
  static of(values: Partial<Record<BrokerConfigKey, string | number | boolean>>): BrokerConfig {
    return new BrokerConfig({
      values: new Map(Object.entries(values).map(([key, value]) => [key, String(value)])),
    });
  }

  get<Key extends BrokerConfigKey>(key: Key): BrokerConfigValue<Key> {
    let value = this.#values.get(key);
    if (value === undefined) {
      value = this.#resolve([key], definitions[key]!);
      this.#values.set(key, value);
    }
    return value as BrokerConfigValue<Key>;
  }

  /**
   * The settings of one of `listeners`, as they are whenever they are read.
   * @throws Error when there is no such listener
   */
  listenerSecurity(name: string): ListenerSecurity {
    const known = this.#ofListeners.get(name);
    if (known !== undefined) return known;
    const listener = this.listeners.find((each) => each.name === name);
    if (listener === undefined) throw new Error(`there is no listener ${name}`);
    const resolve = (keys: readonly string[]) => this.#resolve(keys, definitions[keys.at(-1)!]!);
    const settings = new SettingsOfListener(listener, this, resolve);
    this.#ofListeners.set(name, settings);
    return settings;
  }

  /** Grows with every change, for those who keep what they derived. */
  get revision(): number {
    return this.#revision;
  }

  get nodeId(): number {
    return this.get(this.#static.has('node.id') || !this.#static.has('broker.id') ? 'node.id' : 'broker.id');
  }

  get rack(): string | null {
    return this.get('broker.rack');
  }

  /** Whole paths, as with Kafka: DescribeLogDirs tells them to programs that run elsewhere. */
  get logDirs(): readonly string[] {
    return (this.get('log.dirs') ?? this.get('log.dir')).map((path) => resolve(path));
  }

  get autoCreateTopics(): boolean {
    return this.get('auto.create.topics.enable');
  }

  /** Users to create when they do not exist, before the broker says that it is ready. */
  get initialUsers(): readonly InitialUser[] {
    return parseInitialUsers(this.get('moldau.users') ?? '') ?? [];
  }

  get deleteTopicEnable(): boolean {
    return this.get('delete.topic.enable');
  }

  get numPartitions(): number {
    return this.get('num.partitions');
  }

  get defaultReplicationFactor(): number {
    return this.get('default.replication.factor');
  }

  get fetchMaxBytes(): number {
    return this.get('fetch.max.bytes');
  }

  get fetchSessionSlots(): number {
    return this.get('max.incremental.fetch.session.cache.slots');
  }

  get messageMaxBytes(): number {
    return this.get('message.max.bytes');
  }

  get maxRequestPartitionSizeLimit(): number {
    return this.get('max.request.partition.size.limit');
  }

  get offsetsTopicPartitions(): number {
    return this.get('offsets.topic.num.partitions');
  }

  /** Internal topics take no more replicas than there are brokers to hold them. */
  offsetsTopicReplicationFactor(liveBrokers: number): number {
    return Math.min(this.get('offsets.topic.replication.factor'), Math.max(1, liveBrokers));
  }

  get producerIdExpirationMs(): number {
    return this.get('producer.id.expiration.ms');
  }

  /** What the network layer depends on; undefined leaves a bound to it. */
  get network() {
    const queuedBytes = this.get('queued.max.request.bytes');
    return {
      requestMaxBytes: this.get('socket.request.max.bytes'),
      connectionsMaxIdleMs: this.get('connections.max.idle.ms'),
      maxConnections: this.get('max.connections'),
      maxConnectionsByListener: new Map(
        this.listeners.map(({ name }) => [name, this.listenerSecurity(name).get('max.connections')]),
      ),
      maxConnectionsPerIp: this.get('max.connections.per.ip'),
      maxConnectionsPerIpOverrides: parseOverrides(this.get('max.connections.per.ip.overrides')),
      backlog: this.get('socket.listen.backlog.size'),
      ...(queuedBytes > 0 ? { bufferedBytes: queuedBytes } : {}),
    };
  }

  /** Over how many windows of what length rates are taken. */
  get quotaWindows() {
    return windowsOf(this.get('quota.window.num'), this.get('quota.window.size.seconds'));
  }

  /** The same for partitions made and removed. */
  get mutationQuotaWindows() {
    return windowsOf(
      this.get('controller.quota.window.num'),
      this.get('controller.quota.window.size.seconds'),
    );
  }

  /** Connections per second; infinite when there is no limit. */
  get maxConnectionCreationRate(): number {
    return creationRate(this.get('max.connection.creation.rate'));
  }

  /** The same of one listener. */
  maxConnectionCreationRateOf(listenerName: string): number {
    return creationRate(this.listenerSecurity(listenerName).get('max.connection.creation.rate'));
  }

  /** The largest push of client metrics. */
  get telemetryMaxBytes(): number {
    return this.get('telemetry.max.bytes');
  }

  /** Who decides what clients may do; undefined: nobody, everything is allowed. */
  get authorizer(): AuthorizerSettings | undefined {
    if (this.get('authorizer.class.name') === '') return undefined;
    return {
      superUsers: new Set(superUsersOf(this.get('super.users'))),
      allowsUnruled: this.get('allow.everyone.if.no.acl.found'),
    };
  }

  /** Where metrics and health are served; undefined for nowhere. */
  get monitoringAddress(): PageAddress | undefined {
    const text = this.get('moldau.metrics.listen');
    return text === '' ? undefined : parsePageAddress(text);
  }

  /** Somebody said where, and wants to hear when it cannot be. */
  get isMonitoringAskedFor(): boolean {
    return this.#static.has('moldau.metrics.listen');
  }

  /** Where metrics are sent; undefined for nowhere. */
  get metricsExport(): MetricsExportSettings | undefined {
    const url = this.get('moldau.metrics.otlp.url');
    if (url === '') return undefined;
    const headers = parseHeaders(this.get('moldau.metrics.otlp.headers') ?? '') ?? {};
    return { url: new URL(url), intervalMs: this.get('moldau.metrics.otlp.interval.ms'), headers };
  }

  /** From when on a request is told as slow. */
  get slowRequestMs(): number {
    return this.get('moldau.slow.request.ms') || Number.POSITIVE_INFINITY;
  }

  /** What the log manager depends on. */
  get logs() {
    return {
      logDirs: this.logDirs,
      maxOpenFiles: this.get('moldau.open.files'),
      tailCacheBytes: this.get('moldau.tail.cache.bytes'),
      retentionCheckIntervalMs: this.get('log.retention.check.interval.ms'),
      checkpointIntervalMs: this.get('log.flush.offset.checkpoint.interval.ms'),
      producerIdExpirationMs: this.producerIdExpirationMs,
      cleaner: this.cleaner,
    };
  }

  /** log.cleaner.* */
  get cleaner(): CleanerConfig {
    return {
      enabled: this.get('log.cleaner.enable'),
      backoffMs: this.get('log.cleaner.backoff.ms'),
      dedupeBufferBytes: this.get('log.cleaner.dedupe.buffer.size'),
      loadFactor: this.get('log.cleaner.io.buffer.load.factor'),
      ioBufferBytes: this.get('log.cleaner.io.buffer.size'),
      maxBytesPerSecond: this.get('log.cleaner.io.max.bytes.per.second'),
    };
  }

  /** Takes what the metadata says of this broker and of all brokers. Returns one line for each value that was left out as wrong. */
  update(ofBroker: ConfigTexts, ofAllBrokers: ConfigTexts): string[] {
    if (ofBroker === this.#ofBroker && ofAllBrokers === this.#ofAllBrokers) return [];
    const problems = [...checkAll(ofBroker), ...checkAll(ofAllBrokers)];
    this.#ofBroker = ofBroker;
    this.#ofAllBrokers = ofAllBrokers;
    this.#values.clear();
    this.#revision++;
    for (const listener of this.#listeners) listener();
    return problems;
  }

  /** Told after every change. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** For DescribeConfigs of this broker: every key, or those asked for that exist. */
  describe(names?: readonly string[] | null): ConfigDescription[] {
    const ofListeners = [this.#static, this.#ofAllBrokers, this.#ofBroker]
      .flatMap((texts) => [...texts.keys()])
      .filter((name) => parseListenerKey(name) !== undefined);
    const known = new Set([...Object.keys(definitions), ...ofListeners]);
    return (names ?? [...known])
      .filter((name) => known.has(name))
      .map((name) => {
        const definition = brokerDefinition(name)!;
        const keys = synonymsOf(name);
        return describe(name, definition, {
          value: formatValue(this.#resolve(keys.slice(0, name in definitions ? 1 : 2), definition)),
          readOnly: definition.update === 'read-only',
          isHidden: this.#hiddenKeys.has(name),
          synonyms: this.synonymsOf(keys),
        });
      });
  }

  /** For DescribeConfigs of the defaults of all brokers: only what has been set. */
  describeDefaults(names?: readonly string[] | null): ConfigDescription[] {
    return [...this.#ofAllBrokers]
      .filter(([name]) => brokerDefinition(name) !== undefined && (names?.includes(name) ?? true))
      .map(([name, text]) => {
        const definition = brokerDefinition(name)!;
        const value = printed(name, definition, text);
        const synonyms = [{ name, value, source: ConfigSource.DYNAMIC_DEFAULT_BROKER }];
        return describe(name, definition, { value, readOnly: false, synonyms });
      });
  }

  /** All that is set for these keys, the one in force first. */
  synonymsOf(keys: readonly string[]): ConfigSynonym[] {
    const from = (texts: ConfigTexts, source: ConfigSourceCode): ConfigSynonym[] =>
      keys.flatMap((name) => {
        const text = texts.get(name);
        if (text === undefined) return [];
        const isHidden = texts === this.#static && this.#hiddenKeys.has(name);
        return [{ name, value: isHidden ? null : printed(name, brokerDefinition(name)!, text), source }];
      });
    const defaults = keys.flatMap((name) => {
      const value = definitions[name]?.defaultText ?? null;
      return value === null ? [] : [{ name, value, source: ConfigSource.DEFAULT }];
    });
    return [
      ...from(this.#ofBroker, ConfigSource.DYNAMIC_BROKER),
      ...from(this.#ofAllBrokers, ConfigSource.DYNAMIC_DEFAULT_BROKER),
      ...from(this.#static, ConfigSource.STATIC_BROKER),
      ...defaults,
    ];
  }

  /** The first of these names that is set decides, and for it the place that is closest to this broker. */
  #resolve(keys: readonly string[], definition: ConfigDefinition): unknown {
    for (const key of keys) {
      for (const texts of [this.#ofBroker, this.#ofAllBrokers, this.#static]) {
        const text = texts.get(key);
        if (text === undefined) continue;
        try {
          return parseValue(key, definition, text);
        } catch (error) {
          if (!(error instanceof ConfigValueError)) throw error;
        }
      }
    }
    return defaultValue(keys.at(-1)!, definition);
  }
}

/** Values as they are when they are asked for, kept until something changes: a connection asks with each frame. */
class SettingsOfListener implements ListenerSecurity {
  readonly name: string;
  readonly protocol: SecurityProtocol;
  readonly #config: BrokerConfig;
  readonly #resolve: (keys: readonly string[]) => unknown;
  readonly #values = new Map<string, unknown>();
  #revision: number;

  constructor(
    { name, protocol }: ListenerAddress,
    config: BrokerConfig,
    resolve: (keys: readonly string[]) => unknown,
  ) {
    this.name = name;
    this.protocol = protocol;
    this.#config = config;
    this.#resolve = resolve;
    this.#revision = config.revision;
  }

  get<Key extends BrokerConfigKey>(key: Key, mechanism?: string): BrokerConfigValue<Key> {
    if (this.#revision !== this.#config.revision) {
      this.#revision = this.#config.revision;
      this.#values.clear();
    }
    const name = mechanism === undefined ? key : `${mechanism}.${key}`;
    let value = this.#values.get(name);
    if (value === undefined) {
      value = this.#resolve(listenerKeyNames(this.name, key, mechanism));
      this.#values.set(name, value);
    }
    return value as BrokerConfigValue<Key>;
  }

  get mechanisms(): readonly string[] {
    return this.get('sasl.enabled.mechanisms').map((mechanism) => mechanism.toUpperCase());
  }
}

function creationRate(value: number): number {
  return value === INT_MAX ? Number.POSITIVE_INFINITY : value;
}

/** Reads each value when it is asked for, so that changes take effect. */
class GroupSettings {
  readonly #config: BrokerConfig;

  constructor(config: BrokerConfig) {
    this.#config = config;
  }

  get minSessionTimeoutMs(): number {
    return this.#config.get('group.min.session.timeout.ms');
  }

  get maxSessionTimeoutMs(): number {
    return this.#config.get('group.max.session.timeout.ms');
  }

  get initialRebalanceDelayMs(): number {
    return this.#config.get('group.initial.rebalance.delay.ms');
  }

  /** In members. */
  get maxSize(): number {
    return this.#config.get('group.max.size');
  }

  get offsetMetadataMaxBytes(): number {
    return this.#config.get('offset.metadata.max.bytes');
  }

  get offsetsRetentionMs(): number {
    return this.#config.get('offsets.retention.minutes') * 60_000;
  }

  get offsetsRetentionCheckIntervalMs(): number {
    return this.#config.get('offsets.retention.check.interval.ms');
  }
}

/** Reads each value when it is asked for, so that changes take effect. */
class TransactionSettings {
  readonly #config: BrokerConfig;

  constructor(config: BrokerConfig) {
    this.#config = config;
  }

  get maxTimeoutMs(): number {
    return this.#config.get('transaction.max.timeout.ms');
  }

  get timeoutCheckIntervalMs(): number {
    return this.#config.get('transaction.abort.timed.out.transaction.cleanup.interval.ms');
  }

  get idExpirationMs(): number {
    return this.#config.get('transactional.id.expiration.ms');
  }

  get idExpirationCheckIntervalMs(): number {
    return this.#config.get('transaction.remove.expired.transaction.cleanup.interval.ms');
  }
}

/** Reads each value when it is asked for, so that changes take effect. */
class VerificationSettings {
  readonly #config: BrokerConfig;

  constructor(config: BrokerConfig) {
    this.#config = config;
  }

  get isVerificationEnabled(): boolean {
    return this.#config.get('transaction.partition.verification.enable');
  }

  get addRetryBackoffMs(): number {
    return this.#config.get('add.partitions.to.txn.retry.backoff.ms');
  }

  get addRetryBackoffMaxMs(): number {
    return this.#config.get('add.partitions.to.txn.retry.backoff.max.ms');
  }
}

/** The names that stand for the same, `name` first: for a setting of a listener also the one that counts for all listeners. */
function synonymsOf(name: string): string[] {
  const parsed = parseListenerKey(name);
  return [name, ...(parsed === undefined ? (SYNONYMS[name as BrokerConfigKey] ?? []) : [parsed.key])];
}

/** One line for each value that is wrong; those of keys without effect cannot be. */
function checkAll(texts: ConfigTexts): string[] {
  return [...texts].flatMap(([key, text]) => {
    const definition = brokerDefinition(key);
    if (definition === undefined || definition.inert !== undefined) return [];
    try {
      parseValue(key, definition, text);
      return [];
    } catch (error) {
      if (error instanceof ConfigValueError) return [error.message];
      throw error;
    }
  });
}

/** 'host:count' pairs; the definition has checked them. */
function parseOverrides(text: string): ReadonlyMap<string, number> {
  const pairs = text.split(',').filter((each) => each.trim() !== '');
  return new Map(
    pairs.map((pair) => {
      const colon = pair.lastIndexOf(':');
      return [pair.slice(0, colon).trim(), Number(pair.slice(colon + 1))];
    }),
  );
}

function windowsOf(count: number, sizeSeconds: number): { count: number; sizeMs: number } {
  return { count, sizeMs: sizeSeconds * 1000 };
}
