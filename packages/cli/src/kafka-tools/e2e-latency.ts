// kafka-e2e-latency: one record after the other, each timed from the producer to the consumer.

import { setMaxListeners } from 'node:events';
import type { Admin, Consumer, ConsumerRecord, Kafka, OutgoingRecord, Producer } from '@moldau/client';
import { nodeRandom } from '@moldau/io';
import { JavaError, runtimeError } from './java-errors.ts';
import { javaDouble } from './java-text.ts';
import {
  type KafkaTool,
  requireOptions,
  runOptions,
  type ToolContext,
  ToolEnd,
  tellFailure,
  UsageProblem,
  type WordsTool,
} from './kafka-tool.ts';
import { BOOTSTRAP_SERVER, type ToolOption, type ToolOptions } from './tool-options.ts';
import { propertiesOf, tellParseProblem } from './usage.ts';

const size = (name: string, summary: string, usual: string): ToolOption => ({
  ...{ name, summary },
  argument: { type: 'Integer', name: 'bytes', isOptional: true, default: usual },
});

const options: readonly ToolOption[] = [
  { ...BOOTSTRAP_SERVER, argument: { name: 'bootstrap-server' } },
  {
    name: 'topic',
    summary: 'REQUIRED: the topic; it is made when it is not there.',
    argument: { name: 'topic-name' },
  },
  {
    name: 'num-records',
    summary: 'REQUIRED: how many records are sent.',
    argument: { type: 'Integer', name: 'count' },
  },
  {
    name: 'producer-acks',
    summary: "REQUIRED: who has to have a record: '1' (the leader) or 'all'.",
    argument: { name: 'producer-acks' },
  },
  {
    name: 'record-size',
    summary: 'REQUIRED: of the value of a record.',
    argument: { type: 'Integer', name: 'bytes' },
  },
  size('record-key-size', 'Of the key of a record; 0: it has none.', '0'),
  size('record-header-key-size', 'Of the names of headers.', '0'),
  size('record-header-size', 'Of the values of headers; -1: they have none.', '0'),
  {
    name: 'num-headers',
    summary: 'How many headers a record has.',
    argument: { type: 'Integer', name: 'count', isOptional: true, default: '0' },
  },
  {
    name: 'command-config',
    summary: 'A file of properties for the clients.',
    argument: { name: 'config-file', isOptional: true },
  },
];

const tool: KafkaTool = {
  name: 'kafka-e2e-latency',
  purpose: 'This tool measures end-to-end latency in Kafka by sending messages and timing their reception.',
  options,
  async run(context, given) {
    checkOptions(given);
    const brokers = given.get('bootstrap-server')!;
    const properties = await propertiesOf(context, given.get('command-config'));
    const { kafka, producer, consumer } = await context.kafka({ brokers, properties });
    await createWhereMissing(context, kafka, given.get('topic')!);
    await using sender = kafka.producer({
      ...{ properties: producer, lingerMs: 0, acks: given.get('producer-acks') === '1' ? 1 : 'all' },
    });
    await using reader = kafka.consumer({ properties: consumer, commit: 'manual' });
    await measure(context, given, kafka.admin(), sender, reader as Consumer<ConsumerRecord>);
    return 0;
  },
};

export const e2eLatency: WordsTool = {
  name: tool.name,
  async runWords(context, words) {
    try {
      return await runOptions(tool, context, namedWords(context, words));
    } catch (error) {
      if (error instanceof ToolEnd) throw error;
      return tellParseProblem(context, options, error) ?? tellFailure(context, error);
    }
  },
};

const NAMES = ['bootstrap-server', 'topic', 'num-records', 'producer-acks', 'record-size', 'command-config'];

/** Scripts of before gave the values without names. */
function namedWords(context: ToolContext, words: readonly string[]): readonly string[] {
  const isNamed = NAMES.slice(0, 5).some((name) => words.includes(`--${name}`));
  if (words.length === 0 || isNamed) return words;
  if (words.length !== 5 && words.length !== 6) {
    context.err(
      `Invalid number of arguments. Expected 5 or 6 positional arguments, but got ${words.length}. Usage: bootstrap-server topic num-records producer-acks record-size [optional] command-config`,
    );
    throw new ToolEnd(1);
  }
  context.out(
    'WARNING: Positional argument usage is deprecated and will be removed in Apache Kafka 5.0. Please use named arguments instead: --bootstrap-server, --topic, --num-records, --producer-acks, --record-size, --command-config',
  );
  return words.flatMap((word, index) => [`--${NAMES[index]}`, word]);
}

function checkOptions(given: ToolOptions): void {
  requireOptions(given, ...NAMES.slice(0, 5));
  if (!['1', 'all'].includes(given.get('producer-acks')!))
    throw new UsageProblem(
      "Invalid value for --producer-acks. Latency testing requires synchronous acknowledgement. Please use '1' or 'all'.",
    );
  const least = (name: string, most: number, what: string): void => {
    if (given.number(name)! < most) throw new UsageProblem(`Value for --${name} must be a ${what}.`);
  };
  least('num-records', 1, 'positive integer');
  least('record-size', 0, 'non-negative integer');
  least('record-key-size', 0, 'non-negative integer');
  least('record-header-key-size', 0, 'non-negative integer');
  least('record-header-size', -1, 'non-negative integer or -1 for null header value');
  least('num-headers', 0, 'non-negative integer');
}

async function createWhereMissing(context: ToolContext, kafka: Kafka, topic: string): Promise<void> {
  const { topics } = kafka.admin();
  if ((await topics.list({ includeInternal: true })).some(({ name }) => name === topic)) return;
  context.out(
    `Topic "${topic}" does not exist. Will create topic with 1 partition(s) and replication factor = 1`,
  );
  try {
    await topics.create({ name: topic, partitions: 1, replicationFactor: 1 });
  } catch (error) {
    context.out(`Creation of topic ${topic} failed`);
    throw runtimeError(error);
  }
}

const REPORT_EVERY = 1000;
const TIMEOUT_MS = 60_000;

async function measure(
  context: ToolContext,
  given: ToolOptions,
  admin: Admin,
  producer: Producer,
  consumer: Consumer<ConsumerRecord>,
): Promise<void> {
  const { clock, timers, out } = context;
  const topic = given.get('topic')!;
  const [described] = await admin.topics.describe(topic);
  const places = described!.partitions.map(({ index }) => ({ topic, partition: index }));
  const ends = await admin.offsets.list(places.map((place) => ({ ...place, at: 'latest' as const })));
  consumer.assign(places.map((place, index) => ({ ...place, offset: ends[index]?.offset ?? 0 })));
  const records = consumer[Symbol.asyncIterator]();
  const latencies = new Float64Array(given.number('num-records')!);
  for (let index = 0; index < latencies.length; index++) {
    const record = recordOf(given);
    const startMs = clock.monotonicMs();
    await producer.send(topic, record);
    const late = new AbortController();
    setMaxListeners(0, late.signal);
    const read = await Promise.race([
      records.next(),
      new Promise<undefined>((resolve) => {
        const timer = timers.after(TIMEOUT_MS, () => resolve(undefined));
        late.signal.addEventListener('abort', () => timer.cancel());
      }),
    ]).finally(() => late.abort());
    const elapsedMs = clock.monotonicMs() - startMs;
    compare(record, read?.value);
    if (index % REPORT_EVERY === 0) out(`${index}\t${javaDouble(elapsedMs)}`);
    latencies[index] = elapsedMs;
  }
  await records.return?.();
  tellResults(context, latencies);
}

function tellResults({ out }: ToolContext, latencies: Float64Array): void {
  const mean = latencies.reduce((sum, each) => sum + each, 0) / latencies.length;
  out(`Avg latency: ${mean.toFixed(4)} ms`);
  latencies.sort();
  const at = (quantile: number): number => Math.floor(latencies[Math.floor(latencies.length * quantile)]!);
  out(`Percentiles: 50th = ${at(0.5)}, 99th = ${at(0.99)}, 99.9th = ${at(0.999)}`);
}

type Sent = Required<Pick<OutgoingRecord, 'key' | 'value'>> & {
  readonly key: string | null;
  readonly value: string;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
};

function recordOf(given: ToolOptions): Sent {
  const [keySize, headerSize] = [given.number('record-key-size')!, given.number('record-header-size')!];
  return {
    key: keySize === 0 ? null : text(keySize),
    value: text(given.number('record-size')!),
    headers: Array.from({ length: given.number('num-headers')! }, () => [
      text(given.number('record-header-key-size')!),
      headerSize < 0 ? null : text(headerSize),
    ]),
  };
}

function text(length: number): string {
  return String.fromCharCode(65 + Math.floor(nodeRandom.next() * 26)).repeat(length);
}

function compare({ key, value, headers }: Sent, read: ConsumerRecord | undefined): void {
  const problem = (message: string) => new JavaError('java.lang.RuntimeException', message);
  if (read === undefined)
    throw problem(`poll() timed out before finding a result (timeout:[${TIMEOUT_MS}ms])`);
  const [readKey, readValue] = [read.keyBytes?.toString('utf8') ?? null, read.valueBytes?.toString('utf8')];
  if (readValue !== value)
    throw problem(`The message value read [${readValue}] did not match the message value sent [${value}]`);
  if (readKey !== key)
    throw problem(`The message key read [${readKey}] did not match the message key sent [${key}]`);
  const readHeaders = read.headers.entries.map(([name, bytes]) => [name, bytes?.toString('utf8') ?? null]);
  if (JSON.stringify(readHeaders) !== JSON.stringify(headers))
    throw problem('Header count mismatch between sent and received messages');
}
