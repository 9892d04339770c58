// What a topic's configs mean, with the broker's own where the topic says nothing. Resolved once a topic and change.

import type { Durability, LogConfig } from '@moldau/log';
import type { CompressionType } from '@moldau/protocol';
import type { BrokerConfig, ConfigTexts } from './broker-config.ts';
import {
  type ConfigDefinition,
  ConfigValueError,
  defaultValue,
  formatValue,
  parseValue,
} from './definition.ts';
import { type BrokerConfigKey, brokerConfigDefinitions } from './definitions/broker.ts';
import { groupConfigDefinitions } from './definitions/group.ts';
import { type TopicConfigKey, topicConfigDefinitions, topicConfigSynonyms } from './definitions/topic.ts';
import { type ConfigDescription, ConfigSource, describe, printed } from './description.ts';

/** What a topic's configuration means to the path of its bytes. */
export interface TopicSettings {
  /** Segments, retention, durability. */
  readonly log: LogConfig;
  /** max.message.bytes */
  readonly maxMessageBytes: number;
  /** compression.type: 'producer' keeps what the producer chose. */
  readonly compression: CompressionType | 'producer';
  /** The level of that compression, where it has levels; undefined is the codec's own. */
  readonly compressionLevel: number | undefined;
  /** min.insync.replicas, for acks=all. */
  readonly minInSyncReplicas: number;
  /** message.timestamp.before.max.ms */
  readonly timestampBeforeMaxMs: number;
  /** message.timestamp.after.max.ms */
  readonly timestampAfterMaxMs: number;
}

type ValueOf<Key extends TopicConfigKey> =
  (typeof topicConfigDefinitions)[Key] extends ConfigDefinition<infer Value> ? Value : never;

const definitions: Readonly<Record<string, ConfigDefinition>> = topicConfigDefinitions;

/**
 * The broker's own compacted topics are kept small even where segment.bytes (100 MB, as in Kafka) would let much pile up before the
 * first compaction: an active segment larger than this is closed for it.
 */
const INTERNAL_ROLL_BYTES = 4 * 1024 * 1024;

export class TopicConfigs {
  readonly #config: BrokerConfig;
  /** By identity: the image hands out a new map whenever a topic's configs change. */
  #settings = new WeakMap<ConfigTexts, TopicSettings>();
  #internalSettings = new WeakMap<ConfigTexts, TopicSettings>();
  #revision = 0;

  constructor(config: BrokerConfig) {
    this.#config = config;
  }

  /** The same object as long as neither the topic's configs nor the broker's change. */
  settings(texts: ConfigTexts, isInternal = false): TopicSettings {
    if (this.#revision !== this.#config.revision) {
      this.#revision = this.#config.revision;
      this.#settings = new WeakMap();
      this.#internalSettings = new WeakMap();
    }
    const known = isInternal ? this.#internalSettings : this.#settings;
    let settings = known.get(texts);
    if (settings === undefined) {
      settings = this.#resolveAll(texts, isInternal);
      known.set(texts, settings);
    }
    return settings;
  }

  /** The value of one key: the topic's own, else the broker's, else the default. */
  value<Key extends TopicConfigKey>(texts: ConfigTexts, key: Key): ValueOf<Key> {
    const definition = definitions[key]!;
    const text = texts.get(key);
    if (text !== undefined) {
      try {
        return parseValue(key, definition, text) as ValueOf<Key>;
      } catch (error) {
        if (!(error instanceof ConfigValueError)) throw error;
      }
    }
    for (const { key: brokerKey, factor } of topicConfigSynonyms[key] ?? []) {
      const value: unknown = this.#config.get(brokerKey);
      // -1 hours is as unlimited as -1 milliseconds.
      if (value !== null)
        return (factor !== 1 && (value as number) >= 0 ? (value as number) * factor : value) as ValueOf<Key>;
    }
    return defaultValue(key, definition) as ValueOf<Key>;
  }

  /** For DescribeConfigs of a topic: every key, or those asked for that exist. */
  describe(texts: ConfigTexts, names?: readonly string[] | null): ConfigDescription[] {
    const wanted = names ?? Object.keys(definitions);
    return wanted
      .filter((name) => Object.hasOwn(definitions, name))
      .map((name) => {
        const own = texts.get(name);
        const ofTopic =
          own === undefined
            ? []
            : [{ name, value: printed(name, definitions[name]!, own), source: ConfigSource.DYNAMIC_TOPIC }];
        const ofBroker = this.#config.synonymsOf((topicConfigSynonyms[name] ?? []).map(({ key }) => key));
        return describe(name, definitions[name]!, {
          value: formatValue(this.value(texts, name as TopicConfigKey)),
          readOnly: false,
          synonyms: [...ofTopic, ...ofBroker],
        });
      });
  }

  /** For DescribeConfigs of a group: its own keys, behind which the broker's stand, as in group.consumer.session.timeout.ms. */
  describeGroup(texts: ConfigTexts, names?: readonly string[] | null): ConfigDescription[] {
    const ofGroups: Readonly<Record<string, ConfigDefinition>> = groupConfigDefinitions;
    const wanted = names ?? Object.keys(ofGroups);
    return wanted
      .filter((name) => Object.hasOwn(ofGroups, name))
      .map((name) => {
        const definition = ofGroups[name]!;
        const text = texts.get(name);
        const own =
          text === undefined
            ? []
            : [{ name, value: printed(name, definition, text), source: ConfigSource.GROUP }];
        const brokerKey = `group.${name}`;
        const standard = Object.hasOwn(brokerConfigDefinitions, brokerKey)
          ? this.#config.synonymsOf([brokerKey as BrokerConfigKey])
          : [{ name, value: definition.defaultText, source: ConfigSource.DEFAULT }];
        const synonyms = [...own, ...standard];
        return describe(name, definition, { value: synonyms[0]!.value, readOnly: false, synonyms });
      });
  }

  #resolveAll(texts: ConfigTexts, isInternal: boolean): TopicSettings {
    const get = <Key extends TopicConfigKey>(key: Key) => this.value(texts, key);
    const policy = get('cleanup.policy');
    const compression = get('compression.type') as
      | 'producer'
      | 'uncompressed'
      | Exclude<CompressionType, 'none'>;
    return {
      log: {
        segmentBytes: get('segment.bytes'),
        segmentMs: get('segment.ms'),
        segmentJitterMs: get('segment.jitter.ms'),
        segmentIndexBytes: get('segment.index.bytes'),
        indexIntervalBytes: get('index.interval.bytes'),
        retentionMs: unlimited(get('retention.ms')),
        retentionBytes: unlimited(get('retention.bytes')),
        cleanupPolicy: { delete: policy.includes('delete'), compact: policy.includes('compact') },
        minCleanableDirtyRatio: get('min.cleanable.dirty.ratio'),
        minCompactionLagMs: get('min.compaction.lag.ms'),
        maxCompactionLagMs: get('max.compaction.lag.ms'),
        deleteRetentionMs: get('delete.retention.ms'),
        compactionRollBytes: isInternal ? INTERNAL_ROLL_BYTES : Number.POSITIVE_INFINITY,
        fileDeleteDelayMs: get('file.delete.delay.ms'),
        flushMessages: get('flush.messages'),
        flushMs: get('flush.ms'),
        timestampType: get('message.timestamp.type') as 'CreateTime' | 'LogAppendTime',
        durability: get('moldau.durability') as Durability,
        maxDecompressedBytes: this.#config.get('moldau.max.decompressed.bytes'),
      },
      maxMessageBytes: get('max.message.bytes'),
      compression: compression === 'uncompressed' ? 'none' : compression,
      compressionLevel: compressionLevel(compression, get),
      minInSyncReplicas: get('min.insync.replicas'),
      timestampBeforeMaxMs: get('message.timestamp.before.max.ms'),
      timestampAfterMaxMs: get('message.timestamp.after.max.ms'),
    };
  }
}

function compressionLevel(
  compression: string,
  get: (key: 'compression.gzip.level' | 'compression.lz4.level' | 'compression.zstd.level') => number,
): number | undefined {
  if (compression === 'lz4') return get('compression.lz4.level');
  if (compression === 'zstd') return get('compression.zstd.level');
  if (compression !== 'gzip') return undefined;
  const level = get('compression.gzip.level');
  return level === -1 ? undefined : level;
}

/** The log knows one word for "no limit". */
function unlimited(value: number): number {
  return Number.isFinite(value) ? value : -1;
}
