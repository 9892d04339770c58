// The properties of consumers: Kafka's names and librdkafka's, and the options that they stand for.

import { OptionsError } from '../../errors/kafka-error.ts';
import type { PropertyDefinition, PropertyTable } from '../../options/properties.ts';
import type { AssignorName } from '../groups/assignors/assignor.ts';
import type { ConsumerOptions } from './consumer-options.ts';

type Origin = PropertyDefinition['origin'];
type Option = keyof ConsumerOptions;

const text = (origin: Origin, name: string, option: Option): PropertyDefinition => ({
  ...{ origin, name, option },
  type: 'text',
});
const number = (origin: Origin, name: string, option: Option, factor = 1): PropertyDefinition => ({
  ...{ origin, name, option, factor },
  type: 'number',
});
const choice = (
  origin: Origin,
  name: string,
  option: Option,
  choices: Readonly<Record<string, unknown>>,
): PropertyDefinition => ({ ...{ origin, name, option, choices }, type: 'choice' });
const ignored = (origin: Origin, name: string, why: string): PropertyDefinition => ({
  ...{ origin, name, why },
  option: undefined,
  type: 'ignored',
});
const refused = (origin: Origin, name: string, why: string): PropertyDefinition => ({
  ...{ origin, name, why },
  option: undefined,
  type: 'refused',
});

const COMMITS = { true: 'auto', false: 'manual' };
const SERDES = 'topics say how they are read: subscribe to topic(name, { key, value })';

const definitions: readonly PropertyDefinition[] = [
  text('both', 'group.id', 'groupId'),
  text('both', 'group.instance.id', 'instanceId'),
  choice('both', 'group.protocol', 'groupProtocol', { classic: 'classic', consumer: 'consumer' }),
  text('both', 'group.remote.assignor', 'serverAssignor'),
  text('both', 'partition.assignment.strategy', 'assignors'),
  number('both', 'session.timeout.ms', 'sessionTimeoutMs'),
  number('both', 'heartbeat.interval.ms', 'heartbeatIntervalMs'),
  number('both', 'max.poll.interval.ms', 'maxPollIntervalMs'),
  choice('both', 'enable.auto.commit', 'commit', COMMITS),
  number('both', 'auto.commit.interval.ms', 'autoCommitIntervalMs'),
  text('both', 'auto.offset.reset', 'autoOffsetReset'),
  choice('both', 'isolation.level', 'isolation', {
    read_uncommitted: 'read-uncommitted',
    read_committed: 'read-committed',
  }),
  text('both', 'client.rack', 'rack'),
  number('both', 'fetch.min.bytes', 'fetchMinBytes'),
  number('kafka', 'fetch.max.wait.ms', 'fetchMaxWaitMs'),
  number('librdkafka', 'fetch.wait.max.ms', 'fetchMaxWaitMs'),
  number('both', 'fetch.max.bytes', 'fetchMaxBytes'),
  number('both', 'max.partition.fetch.bytes', 'partitionMaxBytes'),
  number('librdkafka', 'fetch.message.max.bytes', 'partitionMaxBytes'),
  number('librdkafka', 'queued.max.messages.kbytes', 'maxBufferedBytes', 1024),
  { ...{ origin: 'both', name: 'check.crcs', option: 'checkCrcs' }, type: 'boolean' },
  ignored('kafka', 'max.poll.records', 'nothing polls here: batches() has maxRecords'),
  ignored('librdkafka', 'queued.min.messages', 'what waits is bounded in bytes: maxBufferedBytes'),
  ignored('librdkafka', 'enable.auto.offset.store', 'a record is done when its processing is, never before'),
  ignored('librdkafka', 'enable.partition.eof', 'lag() tells how far the end is'),
  ignored('kafka', 'exclude.internal.topics', 'patterns never take internal topics'),
  refused('kafka', 'key.deserializer', SERDES),
  refused('kafka', 'value.deserializer', SERDES),
  refused('kafka', 'interceptor.classes', 'classes of Java cannot run here'),
];

const ASSIGNORS: Readonly<Record<string, AssignorName>> = {
  range: 'range',
  roundrobin: 'roundrobin',
  sticky: 'sticky',
  'cooperative-sticky': 'cooperative-sticky',
  RangeAssignor: 'range',
  RoundRobinAssignor: 'roundrobin',
  StickyAssignor: 'sticky',
  CooperativeStickyAssignor: 'cooperative-sticky',
};

/** librdkafka's names of the resets beside Kafka's. */
const RESETS: Readonly<Record<string, 'earliest' | 'latest' | 'none'>> = {
  ...{ earliest: 'earliest', smallest: 'earliest', beginning: 'earliest' },
  ...{ latest: 'latest', largest: 'latest', end: 'latest' },
  ...{ none: 'none', error: 'none' },
};

export const consumerProperties: PropertyTable<ConsumerOptions> = {
  room: 'consumer',
  definitions,
  assemble(values) {
    const options: Record<string, unknown> = Object.fromEntries(values);
    const { assignors, autoOffsetReset } = options as Record<string, string | undefined>;
    if (assignors !== undefined) options.assignors = assignors.split(',').map(assignorOf);
    if (autoOffsetReset !== undefined) options.autoOffsetReset = resetOf(autoOffsetReset);
    return options;
  },
};

/** By its own name, or as Java's class. */
function assignorOf(given: string): AssignorName {
  const name = given.trim().split('.').at(-1) ?? '';
  const known = ASSIGNORS[name];
  if (known !== undefined) return known;
  throw new OptionsError(
    `The property partition.assignment.strategy has ${given.trim()}: it can have range, roundrobin, sticky and cooperative-sticky. Assignors of your own go into the option assignors.`,
  );
}

/** `by_duration:P1D` is Kafka's, with a duration as ISO 8601 has it. */
function resetOf(given: string): ConsumerOptions['autoOffsetReset'] {
  const known = RESETS[given.toLowerCase()];
  if (known !== undefined) return known;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] =
    /^by_duration:P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i.exec(given) ??
    [];
  const durationMs = Math.round(
    (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000,
  );
  if (durationMs > 0) return { durationMs };
  throw new OptionsError(
    `The property auto.offset.reset is '${given}', and takes earliest, latest, none, or by_duration:PT1H for the last hour.`,
  );
}
