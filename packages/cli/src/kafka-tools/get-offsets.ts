// kafka-get-offsets: where partitions begin and end, and where a time is in them.

import type { Admin, OffsetPlace, TopicPartition } from '@moldau/client';
import { KafkaError } from '@moldau/client/admin';
import {
  eachOutcome,
  executionError,
  JavaError,
  javaMessage,
  javaText,
  javaTrace,
  runtimeError,
} from './java-errors.ts';
import { split } from './java-text.ts';
import { type KafkaTool, requireOptions, UsageProblem } from './kafka-tool.ts';
import { OptionProblem, type ToolOptions } from './tool-options.ts';
import { topicFilter } from './topic-filter.ts';

const PLACES: Readonly<Record<string, OffsetPlace>> = {
  '-1': 'latest',
  latest: 'latest',
  '-2': 'earliest',
  earliest: 'earliest',
  '-3': 'max-timestamp',
  'max-timestamp': 'max-timestamp',
  '-4': 'earliest-local',
  'earliest-local': 'earliest-local',
  '-5': 'latest-tiered',
  'latest-tiered': 'latest-tiered',
  '-6': 'earliest-pending-upload',
  'earliest-pending-upload': 'earliest-pending-upload',
};

export const getOffsets: KafkaTool = {
  name: 'kafka-get-offsets',
  purpose: 'An interactive shell for getting topic-partition offsets.',
  options: [
    {
      name: 'bootstrap-server',
      summary: 'REQUIRED. Where to find the cluster, as in host1:port1,host2:port2.',
      argument: { name: 'HOST1:PORT1,...,HOST3:PORT3' },
    },
    {
      name: 'topic-partitions',
      summary:
        'Topics and partitions, as topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3. Names may be regular expressions; 0-3 is without 3.',
      argument: { name: 'topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3' },
    },
    {
      name: 'topic',
      summary: 'A topic, or a regular expression for several. Without it: all topics.',
      argument: { name: 'topic' },
    },
    {
      name: 'partitions',
      summary: 'The ids of partitions, with commas. Without it: all.',
      argument: { name: 'partition ids' },
    },
    {
      name: 'time',
      summary: 'The place, or the time in ms of which the first record that is not older is looked for.',
      argument: {
        name: '<timestamp> / -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload',
        default: 'latest',
      },
    },
    {
      name: 'command-config',
      summary: 'A file of properties for the client: how to log in, and the like.',
      argument: { name: 'config file' },
    },
    { name: 'exclude-internal-topics', summary: "Without the brokers' own topics." },
  ],
  async run(context, options) {
    requireOptions(options, 'bootstrap-server');
    const brokers = options.get('bootstrap-server')!;
    checkAddresses(brokers);
    if (options.has('topic-partitions') && (options.has('topic') || options.has('partitions')))
      throw new TerseProblem('--topic-partitions cannot be used with --topic or --partitions');
    const at = placeOf(options.get('time')!);
    const filter = options.has('topic-partitions')
      ? ruleFilter(options.get('topic-partitions')!)
      : namesFilter(options);
    const admin = await context.admin({ brokers, configFile: options.get('command-config') });
    const partitions = await partitionsOf(admin, options, filter).catch((error: unknown) => {
      throw error instanceof KafkaError ? executionError(error) : error;
    });
    if (partitions.length === 0)
      throw new TerseProblem('Could not match any topic-partitions with the specified filters');
    const found = await eachOutcome(partitions.length, () =>
      admin.offsets.list(partitions.map((partition) => ({ ...partition, at }))),
    );
    const lines: { name: string; line: string }[] = [];
    for (const [index, { topic, partition }] of partitions.entries()) {
      const outcome = found[index];
      const name = `${topic}-${partition}`;
      if (outcome instanceof KafkaError) {
        context.err(`Skip getting offsets for topic-partition ${name} due to error: ${javaText(outcome)}`);
      } else if (outcome?.offset !== undefined) {
        lines.push({ name, line: `${topic}:${partition}:${outcome.offset}` });
      }
    }
    lines.sort((left, right) => (left.name < right.name ? -1 : 1));
    for (const { line } of lines) context.out(line);
    return 0;
  },
  failed(context, error) {
    context.err(`Error occurred: ${javaMessage(error)}`);
    if (!(error instanceof TerseProblem || error instanceof OptionProblem)) context.err(javaTrace(error));
    return 1;
  },
};

/** Told without its name. */
class TerseProblem extends JavaError {
  constructor(message: string) {
    super('org.apache.kafka.tools.TerseException', message);
  }
}

interface PartitionFilter {
  readonly topic: (topic: string) => boolean;
  readonly partition: (partition: TopicPartition) => boolean;
}

function checkAddresses(text: string): void {
  const isAddress = (part: string): boolean =>
    /^(?:\w+:\/\/)?(?:\[[\da-fA-F:.%]+\]|[\w.-]+):\d+$/.test(part.trim());
  if (text.split(',').every(isAddress)) return;
  throw new UsageProblem('Please provide valid host:port like host1:9091,host2:9092\n');
}

const FARTHEST_MS = Number.MAX_SAFE_INTEGER;

function placeOf(text: string): OffsetPlace {
  const place = PLACES[text];
  if (place !== undefined) return place;
  // Times that no number here can tell apart are beyond all records.
  if (/^[+-]?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text))
    return { timestampMs: Math.max(-FARTHEST_MS, Math.min(Number(text), FARTHEST_MS)) };
  throw new TerseProblem(
    `Malformed time argument ${text}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp`,
  );
}

function namesFilter(options: ToolOptions): PartitionFilter {
  const text = options.get('partitions') ?? '';
  const ids = text === '' ? [] : split(text, ',');
  if (!ids.every((id) => /^[+-]?\d+$/.test(id))) {
    throw new TerseProblem(
      `--partitions expects a comma separated list of numeric partition ids, but received: ${text}`,
    );
  }
  const wanted = new Set(ids.map(Number));
  const topic = topicFilter(options.get('topic') ?? '.*');
  return {
    topic,
    partition: (each) => topic(each.topic) && (wanted.size === 0 || wanted.has(each.partition)),
  };
}

const RULE = /^([^:,]*)(?::(?:([0-9]*)|(?:([0-9]*)-([0-9]*))))?$/;

function ruleFilter(text: string): PartitionFilter {
  const rules = split(text, ',').map((rule): PartitionFilter => {
    const match = RULE.exec(rule);
    if (match === null) throw runtimeError(new TerseProblem(`Invalid rule specification: ${rule}`));
    const [, name, only, from, to] = match;
    const topic = topicFilter(name || '.*');
    const [low, high] = only
      ? [Number(only), Number(only) + 1]
      : [Number(from || 0), to ? Number(to) : Number.POSITIVE_INFINITY];
    return {
      topic,
      partition: (each) => topic(each.topic) && each.partition >= low && each.partition < high,
    };
  });
  return {
    topic: (topic) => rules.some((rule) => rule.topic(topic)),
    partition: (each) => rules.some((rule) => rule.partition(each)),
  };
}

async function partitionsOf(
  admin: Admin,
  options: ToolOptions,
  filter: PartitionFilter,
): Promise<TopicPartition[]> {
  const topics = await admin.topics.list({ includeInternal: !options.has('exclude-internal-topics') });
  const described = await admin.topics.describe(topics.map(({ name }) => name).filter(filter.topic));
  return described
    .flatMap(({ name, partitions }) => partitions.map(({ index }) => ({ topic: name, partition: index })))
    .filter(filter.partition);
}
