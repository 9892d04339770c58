// The options of a producer, and what they come to: every one set, and found to make sense.

import { CODECS, type CompressionType } from '@moldau/protocol';
import { type KafkaError, OptionsError } from '../errors/kafka-error.ts';
import { clientProperties } from '../options/client-properties.ts';
import { applyProperties, type Properties } from '../options/properties.ts';
import { unknownOption } from '../options/unknown-option.ts';
import type { Compression } from './batch.ts';
import { type CustomPartitioner, PARTITIONERS, type PartitionerName } from './partitioning/partitioner.ts';
import { producerProperties } from './producer-properties.ts';

/** A posted record that was not acknowledged, as it was to be sent. */
export interface FailedRecord {
  readonly topic: string;
  /** Undefined when it had none yet: nobody knew the topic. */
  readonly partition: number | undefined;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
  readonly timestampMs: number;
}

export interface ProducerOptions {
  /** Who has to have a record before it counts as sent: all replicas in sync, the leader alone (1), or nobody (0). Default 'all'. */
  readonly acks?: 'all' | 1 | 0 | -1;
  /** Records that are sent again are never there twice, and stay in order. Default: with acks 'all'. */
  readonly idempotent?: boolean;
  /** Requests to one broker whose answers have not come. With idempotence 5 at most. Default 5. */
  readonly maxInFlight?: number;
  /** How long a batch may wait for more records while others are on their way to its broker. Default 5 ms. */
  readonly lingerMs?: number;
  /**
   * How large a batch may become before it is compressed; a larger record is a batch of its own. Default 1,000,000, which topics take as a rule. With 64 KiB it
   * leaves if its broker takes another request: it grows while that has enough to do.
   */
  readonly batchBytes?: number;
  /** What may be in memory and not acknowledged. Beyond, send() waits and post() returns false. Default 32 MiB. */
  readonly bufferBytes?: number;
  /** 'gzip', 'snappy', 'lz4' or 'zstd', with a level where it has some: { type: 'zstd', level: 3 }. Default 'none'. */
  readonly compression?: CompressionType | { readonly type: CompressionType; readonly level?: number };
  /** The largest request, and so the largest record. Default 32 MiB: the limits of brokers and topics are reached before. */
  readonly maxRequestBytes?: number;
  /** From send() to the acknowledgement, with all attempts. Default 2 min. */
  readonly deliveryTimeoutMs?: number;
  /** For an answer to one request. By default the client's. */
  readonly requestTimeoutMs?: number;
  /** How long a topic that no broker knows may take to appear. Default 10 s. */
  readonly unknownTopicTimeoutMs?: number;
  /** Lets brokers that do so make topics that are not there. Default true. */
  readonly allowTopicCreation?: boolean;
  /**
   * Default 'sticky': keys as Java's client, others to one partition until a batch is full. Else 'murmur2-random', 'consistent-random' (librdkafka's default), 'fnv1a',
   * 'random', or a function.
   */
  readonly partitioner?: PartitionerName | CustomPartitioner;
  /** Makes the producer transactional: two with the same id are the same producer, and the later one fences the earlier. */
  readonly transactionalId?: string;
  /** After so long brokers abort a transaction. Default 1 min. */
  readonly transactionTimeoutMs?: number;
  /** Told of each posted record that was not acknowledged. */
  readonly onPostFailed?: (error: KafkaError, record: FailedRecord) => void;
  /** Closes the producer, after what it has was sent. */
  readonly signal?: AbortSignal;
  /** The same options by the names that Kafka and librdkafka have for them; options given by our names win. */
  readonly properties?: Properties;
}

/** Options with nothing left out. */
export interface ProducerSettings {
  /** -1: all. */
  readonly acks: -1 | 0 | 1;
  readonly idempotent: boolean;
  readonly maxInFlight: number;
  readonly lingerMs: number;
  readonly batchBytes: number;
  readonly bufferBytes: number;
  readonly compression: Compression;
  readonly maxRequestBytes: number;
  readonly deliveryTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly unknownTopicTimeoutMs: number;
  readonly allowTopicCreation: boolean;
  readonly partitioner: PartitionerName | CustomPartitioner;
  readonly transactionalId: string | undefined;
  readonly transactionTimeoutMs: number;
  readonly onPostFailed: ((error: KafkaError, record: FailedRecord) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

const NUMBERS = {
  maxInFlight: 5,
  lingerMs: 5,
  batchBytes: 1_000_000,
  bufferBytes: 32 * 1024 * 1024,
  maxRequestBytes: 32 * 1024 * 1024,
  deliveryTimeoutMs: 120_000,
  unknownTopicTimeoutMs: 10_000,
  transactionTimeoutMs: 60_000,
} as const;

const NAMES = [
  ...Object.keys(NUMBERS),
  ...['acks', 'idempotent', 'compression', 'requestTimeoutMs', 'allowTopicCreation', 'partitioner'],
  ...['transactionalId', 'onPostFailed', 'signal', 'properties'],
];

const MAX_IN_FLIGHT_IDEMPOTENT = 5;

/** @throws OptionsError with what is wrong and what would be right */
export function resolveProducerOptions(
  options: ProducerOptions,
  client: { readonly requestTimeoutMs: number },
): ProducerSettings {
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name))
      throw new OptionsError(unknownOption(name, { who: 'A producer', names: NAMES }));
  }
  const { properties = {}, ...given } = options;
  const merged: ProducerOptions = {
    ...applyProperties(producerProperties, properties, [clientProperties]),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
  const acks = acksOf(merged.acks ?? 'all');
  const isTransactional = merged.transactionalId !== undefined;
  const settings: ProducerSettings = {
    ...NUMBERS,
    requestTimeoutMs: client.requestTimeoutMs,
    allowTopicCreation: true,
    partitioner: 'sticky',
    transactionalId: undefined,
    onPostFailed: undefined,
    signal: undefined,
    ...merged,
    acks,
    idempotent: merged.idempotent ?? (acks === -1 || isTransactional),
    compression: compressionOf(merged.compression ?? 'none'),
  };
  check(settings, isTransactional);
  return { ...settings, batchBytes: Math.min(settings.batchBytes, settings.maxRequestBytes) };
}

function check(settings: ProducerSettings, isTransactional: boolean): void {
  for (const name of [...Object.keys(NUMBERS), 'requestTimeoutMs'] as (keyof typeof NUMBERS)[]) {
    const least = name === 'lingerMs' || name === 'unknownTopicTimeoutMs' ? 0 : 1;
    if (!Number.isSafeInteger(settings[name]) || settings[name] < least)
      throw new OptionsError(`${name} is ${settings[name]}, and must be a whole number from ${least} on.`);
  }
  const { partitioner, acks, idempotent, maxInFlight, transactionalId } = settings;
  if (typeof partitioner !== 'function' && !PARTITIONERS.includes(partitioner))
    throw new OptionsError(
      `partitioner is ${partitioner}; it can be ${PARTITIONERS.join(', ')}, or a function.`,
    );
  if (transactionalId === '') throw new OptionsError('transactionalId is empty: leave it out, or name one.');
  if (isTransactional && !idempotent)
    throw new OptionsError('Transactions need idempotent: true, which is the default.');
  if (idempotent && acks !== -1)
    throw new OptionsError(`idempotent takes acks 'all', and acks is ${acks}: leave one of them out.`);
  if (idempotent && maxInFlight > MAX_IN_FLIGHT_IDEMPOTENT)
    throw new OptionsError(
      `maxInFlight is ${maxInFlight}: brokers remember ${MAX_IN_FLIGHT_IDEMPOTENT} batches of an idempotent producer, so there it is ${MAX_IN_FLIGHT_IDEMPOTENT} at most.`,
    );
}

function acksOf(acks: unknown): -1 | 0 | 1 {
  if (acks === 'all' || acks === -1) return -1;
  if (acks === 0 || acks === 1) return acks;
  throw new OptionsError(`acks is ${acks}; it can be 'all', 1 or 0.`);
}

function compressionOf(given: NonNullable<ProducerOptions['compression']>): Compression {
  const { type, level } = typeof given === 'string' ? { type: given } : given;
  if (!CODECS.includes(type))
    throw new OptionsError(`compression is ${type}; it can be ${CODECS.join(', ')}.`);
  if (level === undefined) return { type, level: undefined };
  const range = type === 'gzip' ? [1, 9] : type === 'zstd' ? [-131_072, 22] : undefined;
  if (range === undefined) throw new OptionsError(`${type} has no levels: leave compression.level out.`);
  const [lowest, highest] = range as [number, number];
  if (!Number.isInteger(level) || level < lowest || level > highest)
    throw new OptionsError(`compression.level is ${level}; of ${type} it is from ${lowest} to ${highest}.`);
  return { type, level };
}
