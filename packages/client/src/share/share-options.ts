// The options of share consumers, and what they come to.

import { OptionsError } from '../errors/kafka-error.ts';
import { clientProperties } from '../options/client-properties.ts';
import {
  applyProperties,
  type Properties,
  type PropertyDefinition,
  plainTable,
} from '../options/properties.ts';
import { unknownOption } from '../options/unknown-option.ts';

/** Records of one partition that the broker was asked to note something of. */
export interface AcknowledgedRecords {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

export interface ShareConsumerOptions {
  /** The share group: its members share the records, whatever partitions they are in. */
  readonly groupId: string;
  /**
   * 'implicit': what was read is accepted when more is asked for, unless it was released or rejected. 'explicit': whatever is not
   * accepted, released or rejected comes again when its lock has run out. Default 'implicit'.
   */
  readonly acknowledge?: 'implicit' | 'explicit';
  /** How many records are locked for this consumer ahead of those it works on, at most. Default 500. */
  readonly maxBufferedRecords?: number;
  /** The largest answer that a broker may give. What is held is at most one such answer of each broker. Default 50 MiB. */
  readonly fetchMaxBytes?: number;
  /** A broker answers as soon as it has so much. Default 1 byte. */
  readonly fetchMinBytes?: number;
  /** How long a broker may wait for that. Default 500 ms. */
  readonly fetchMaxWaitMs?: number;
  /** How long acknowledgements may wait to be sent together. Default 100 ms. */
  readonly acknowledgeDelayMs?: number;
  /** Whether each batch is compared with its checksum. Default true. */
  readonly checkCrcs?: boolean;
  /** Assignors may look at it. */
  readonly rack?: string;
  /** Told when the broker did not take what was said of records: they will come again, to this member or another. */
  readonly onAcknowledgeFailed?: (error: Error, records: AcknowledgedRecords) => void;
  /** Ends whatever waits; the consumer is to be closed all the same. */
  readonly signal?: AbortSignal;
  /** The same options by the names that Kafka and librdkafka have for them; options given by our names win. */
  readonly properties?: Properties;
}

/** Options with nothing left out. */
export interface ShareConsumerSettings {
  readonly groupId: string;
  readonly acknowledge: 'implicit' | 'explicit';
  readonly maxBufferedRecords: number;
  readonly fetchMaxBytes: number;
  readonly fetchMinBytes: number;
  readonly fetchMaxWaitMs: number;
  readonly acknowledgeDelayMs: number;
  readonly checkCrcs: boolean;
  readonly rack: string | undefined;
  readonly onAcknowledgeFailed: ShareConsumerOptions['onAcknowledgeFailed'];
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS = {
  acknowledge: 'implicit',
  maxBufferedRecords: 500,
  fetchMaxBytes: 50 * 1024 * 1024,
  fetchMinBytes: 1,
  fetchMaxWaitMs: 500,
  acknowledgeDelayMs: 100,
  checkCrcs: true,
} as const;

const LOWEST = {
  maxBufferedRecords: 1,
  fetchMaxBytes: 1,
  fetchMinBytes: 0,
  fetchMaxWaitMs: 0,
  acknowledgeDelayMs: 0,
} as const;

const NAMES = ['groupId', 'rack', 'onAcknowledgeFailed', 'signal', 'properties', ...Object.keys(DEFAULTS)];

const definitions: readonly PropertyDefinition[] = [
  { name: 'group.id', origin: 'both', option: 'groupId', type: 'text' },
  {
    ...{ name: 'share.acknowledgement.mode', origin: 'both', option: 'acknowledge', type: 'choice' },
    choices: { implicit: 'implicit', explicit: 'explicit' },
  },
  { name: 'max.poll.records', origin: 'both', option: 'maxBufferedRecords', type: 'number' },
  { name: 'fetch.max.bytes', origin: 'both', option: 'fetchMaxBytes', type: 'number' },
  { name: 'fetch.min.bytes', origin: 'both', option: 'fetchMinBytes', type: 'number' },
  { name: 'fetch.max.wait.ms', origin: 'kafka', option: 'fetchMaxWaitMs', type: 'number' },
  { name: 'fetch.wait.max.ms', origin: 'librdkafka', option: 'fetchMaxWaitMs', type: 'number' },
  { name: 'check.crcs', origin: 'both', option: 'checkCrcs', type: 'boolean' },
  { name: 'client.rack', origin: 'both', option: 'rack', type: 'text' },
  {
    ...{ name: 'auto.offset.reset', origin: 'both', option: undefined, type: 'refused' },
    why: 'where a share group starts is a config of the group, share.auto.offset.reset: set it with the admin',
  },
  {
    ...{ name: 'isolation.level', origin: 'both', option: undefined, type: 'refused' },
    why: 'it is a config of the group, share.isolation.level: set it with the admin',
  },
  {
    ...{ name: 'enable.auto.commit', origin: 'both', option: undefined, type: 'refused' },
    why: 'records of share groups are acknowledged, not committed: see acknowledge',
  },
];

/** The properties of share consumers alone. */
export const shareProperties = plainTable<ShareConsumerOptions>('share consumer', definitions);

/** @throws OptionsError with what is wrong and what would be right */
export function resolveShareOptions(options: ShareConsumerOptions): ShareConsumerSettings {
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name))
      throw new OptionsError(unknownOption(name, { who: 'A share consumer', names: NAMES }));
  }
  const { properties = {}, ...given } = options;
  const merged = {
    ...DEFAULTS,
    ...applyProperties(shareProperties, properties, [clientProperties]),
    ...withoutUndefined(given),
  };
  if (typeof merged.groupId !== 'string' || merged.groupId === '')
    throw new OptionsError('A share consumer takes a groupId: the name of its share group.');
  if (merged.acknowledge !== 'implicit' && merged.acknowledge !== 'explicit')
    throw new OptionsError(`acknowledge is ${merged.acknowledge}; it can be implicit, explicit.`);
  for (const [name, lowest] of Object.entries(LOWEST) as [keyof typeof LOWEST, number][]) {
    const value = merged[name];
    if (!Number.isSafeInteger(value) || value < lowest)
      throw new OptionsError(`${name} is ${value}, and must be a whole number from ${lowest} on.`);
  }
  const { rack, onAcknowledgeFailed, signal } = merged;
  return { ...merged, rack, onAcknowledgeFailed, signal };
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
