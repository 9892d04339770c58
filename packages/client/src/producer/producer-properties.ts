// The properties of producers: Kafka's names and librdkafka's, and the options that they stand for.

import { CODECS } from '@moldau/protocol';
import type { PropertyDefinition, PropertyTable } from '../options/properties.ts';
import type { ProducerOptions } from './producer-options.ts';

type Origin = PropertyDefinition['origin'];

const number = (origin: Origin, name: string, option: string, factor = 1): PropertyDefinition => ({
  ...{ origin, name, option, factor },
  type: 'number',
});
const refused = (origin: Origin, name: string, why: string): PropertyDefinition => ({
  ...{ origin, name, why },
  option: undefined,
  type: 'refused',
});
const ignored = (origin: Origin, name: string, why: string): PropertyDefinition => ({
  ...{ origin, name, why },
  option: undefined,
  type: 'ignored',
});

const CODEC_CHOICES = Object.fromEntries(CODECS.map((codec) => [codec, codec]));
const CLASSES = 'classes of Java cannot run here: declare serdes with topic()';

const definitions: readonly PropertyDefinition[] = [
  ...['acks', 'request.required.acks'].map(
    (name): PropertyDefinition => ({
      ...{ name, origin: name === 'acks' ? 'both' : 'librdkafka', option: 'acks', type: 'choice' },
      choices: { all: 'all', '-1': 'all', '1': 1, '0': 0 },
    }),
  ),
  { origin: 'both', name: 'enable.idempotence', option: 'idempotent', type: 'boolean' },
  number('both', 'max.in.flight.requests.per.connection', 'maxInFlight'),
  number('librdkafka', 'max.in.flight', 'maxInFlight'),
  number('both', 'linger.ms', 'lingerMs'),
  number('librdkafka', 'queue.buffering.max.ms', 'lingerMs'),
  number('both', 'batch.size', 'batchBytes'),
  number('kafka', 'buffer.memory', 'bufferBytes'),
  number('librdkafka', 'queue.buffering.max.kbytes', 'bufferBytes', 1024),
  ignored('librdkafka', 'queue.buffering.max.messages', 'the buffer is bounded in bytes: bufferBytes'),
  ignored('librdkafka', 'batch.num.messages', 'batches are bounded in bytes: batchBytes'),
  {
    ...{ origin: 'both', name: 'compression.type', option: 'compression.type', type: 'choice' },
    choices: CODEC_CHOICES,
  },
  {
    ...{ origin: 'librdkafka', name: 'compression.codec', option: 'compression.type', type: 'choice' },
    choices: CODEC_CHOICES,
  },
  number('librdkafka', 'compression.level', 'compression.level'),
  number('kafka', 'compression.gzip.level', 'compression.gzip'),
  number('kafka', 'compression.zstd.level', 'compression.zstd'),
  ignored('kafka', 'compression.lz4.level', 'lz4 has no levels here'),
  number('kafka', 'max.request.size', 'maxRequestBytes'),
  number('librdkafka', 'message.max.bytes', 'maxRequestBytes'),
  number('both', 'delivery.timeout.ms', 'deliveryTimeoutMs'),
  number('librdkafka', 'message.timeout.ms', 'deliveryTimeoutMs'),
  number('librdkafka', 'request.timeout.ms', 'requestTimeoutMs'),
  number('kafka', 'max.block.ms', 'unknownTopicTimeoutMs'),
  number('librdkafka', 'topic.metadata.propagation.max.ms', 'unknownTopicTimeoutMs'),
  { origin: 'librdkafka', name: 'allow.auto.create.topics', option: 'allowTopicCreation', type: 'boolean' },
  {
    ...{ origin: 'librdkafka', name: 'partitioner', option: 'partitioner', type: 'choice' },
    choices: {
      random: 'random',
      consistent_random: 'consistent-random',
      murmur2_random: 'murmur2-random',
      fnv1a_random: 'fnv1a',
    },
  },
  refused(
    'kafka',
    'partitioner.class',
    'classes of Java cannot run here: give partitioner a name or a function',
  ),
  { origin: 'both', name: 'transactional.id', option: 'transactionalId', type: 'text' },
  number('both', 'transaction.timeout.ms', 'transactionTimeoutMs'),
  ignored('both', 'retries', 'it is tried again until deliveryTimeoutMs is over: bound that'),
  ignored(
    'librdkafka',
    'message.send.max.retries',
    'it is tried again until deliveryTimeoutMs is over: bound that',
  ),
  refused('kafka', 'key.serializer', CLASSES),
  refused('kafka', 'value.serializer', CLASSES),
];

export const producerProperties: PropertyTable<ProducerOptions> = {
  room: 'producer',
  definitions,
  assemble(values) {
    const options: Record<string, unknown> = {};
    for (const [option, value] of values) {
      if (!option.startsWith('compression.')) options[option] = value;
    }
    const type = values.get('compression.type') as string | undefined;
    if (type === undefined) return options;
    const level = values.get(`compression.${type}`) ?? values.get('compression.level');
    const hasLevels = type === 'gzip' || type === 'zstd';
    options.compression = level === undefined || !hasLevels ? type : { type, level };
    return options;
  },
};
