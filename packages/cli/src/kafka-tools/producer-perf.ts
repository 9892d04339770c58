// kafka-producer-perf-test, as its command line is read. How it sends is in producer-perf-run.ts.

import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { nodeRandom } from '@moldau/io';
import { argumentTool, tellArgumentProblem } from './argument-tool.ts';
import {
  ArgumentError,
  type ArgumentGroup,
  type Arguments,
  valueOption as option,
  type ParserSpec,
} from './arguments.ts';
import { illegalArgument } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import { withoutSecrets } from './secrets.ts';
import { propertiesOf, tellDeprecated, tellUncaught } from './usage.ts';

/** What is sent, and how. */
export interface PerfLoad {
  readonly topic: string;
  readonly recordCount: number;
  readonly warmUpCount: number;
  /** Records each second; below 0: as many as it can. */
  readonly throughput: number;
  /** One is chosen for each record; none: each record is its number. */
  readonly payloads: readonly Buffer[];
  readonly reportIntervalMs: number;
  /** Undefined: there are no transactions. */
  readonly transactionMs: number | undefined;
  readonly brokers: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly printsMetrics: boolean;
}

const PAYLOAD: ArgumentGroup = {
  isExclusive: true,
  isRequired: true,
  description: 'Just one of --record-size, --payload-file and --payload-monotonic says what is sent.',
};

const PARSER: ParserSpec = {
  program: 'kafka-producer-perf-test',
  description: 'Measures how quickly records are sent, and how long each takes to be acknowledged.',
  tellsDefaults: true,
  arguments: [
    option(
      'bootstrap-server',
      'Where to find the cluster; it wins over bootstrap.servers of the properties.',
    ),
    option('topic', 'Where the records go.', { isRequired: true }),
    option('num-records', 'How many records are sent.', { isRequired: true, type: 'Long' }),
    option('payload-delimiter', 'What stands between the payloads of a file.', { default: '\\n' }),
    option('throughput', 'Records each second, about; -1: as many as it can.', {
      ...{ isRequired: true, type: 'Double' },
    }),
    option('producer-props', '(DEPRECATED) The same as --command-property.', {
      ...{ metavar: 'PROP-NAME=PROP-VALUE', takes: 'many' },
    }),
    option('command-property', 'Properties of the producer; they win over those of a file.', {
      ...{ metavar: 'PROP-NAME=PROP-VALUE', takes: 'many' },
    }),
    option('producer.config', '(DEPRECATED) The same as --command-config.', { metavar: 'CONFIG-FILE' }),
    option('command-config', 'A file of properties for the producer.', { metavar: 'CONFIG-FILE' }),
    option('print-metrics', 'Show the metrics of the client at the end.', { takes: 'nothing' }),
    option('transactional-id', 'The transactional id; it wins over that of the properties.'),
    option('transaction-duration-ms', 'How long each transaction lasts; 3000 with a transactional id.', {
      ...{ metavar: 'TRANSACTION-DURATION', type: 'Long' },
    }),
    option('warmup-records', 'So many records at first do not count in a second summary.', {
      ...{ type: 'Long', default: 0 },
    }),
    option('reporting-interval', 'How often it is told how far it is, in ms.', {
      ...{ metavar: 'INTERVAL-MS', type: 'Long', default: 5000 },
    }),
    option('record-size', 'Of a record, in bytes.', { type: 'Integer', group: PAYLOAD }),
    option('payload-file', 'A file of payloads, of which one is chosen for each record.', { group: PAYLOAD }),
    option('payload-monotonic', 'Each record is its number.', { takes: 'nothing', group: PAYLOAD }),
  ],
};

export const producerPerf = argumentTool({
  name: 'kafka-producer-perf-test',
  parser: PARSER,
  helpsWithoutWords: true,
  async run(context, given) {
    check(given);
    const payloads = await payloadsOf(context, given);
    const { brokers, properties, transactionMs } = await connectionOf(context, given);
    const { measureProducing } = await import('./producer-perf-run.ts');
    return await measureProducing(context, {
      ...{ brokers, properties, payloads, transactionMs },
      topic: given.text('topic')!,
      recordCount: given.number('num-records')!,
      warmUpCount: Math.max(0, given.number('warmup-records')!),
      throughput: given.number('throughput')!,
      reportIntervalMs: given.number('reporting-interval')!,
      printsMetrics: given.isGiven('print-metrics'),
    });
  },
  failed: (context, error) =>
    error instanceof ArgumentError
      ? tellArgumentProblem(context, PARSER, error)
      : tellUncaught(context, error),
});

function check(given: Arguments): void {
  const refuse = (isWrong: boolean, message: string): void => {
    if (isWrong) throw new ArgumentError(message);
  };
  const isBelowOne = (name: string): boolean => given.has(name) && given.number(name)! <= 0;
  refuse(isBelowOne('num-records'), '--num-records should be greater than zero.');
  refuse(
    given.number('warmup-records')! >= given.number('num-records')!,
    'The value for --warmup-records must be strictly fewer than the number of records in the test, --num-records.',
  );
  refuse(isBelowOne('record-size'), '--record-size should be greater than zero.');
  const places = [
    'bootstrap-server',
    'command-property',
    'producer-props',
    'producer.config',
    'command-config',
  ];
  refuse(
    !places.some((name) => given.has(name)),
    'At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or --command-config must be specified.',
  );
  for (const [one, other] of [
    ['command-property', 'producer-props'],
    ['command-config', 'producer.config'],
  ] as const)
    refuse(given.has(one) && given.has(other), `--${one} and --${other} cannot be specified together.`);
  refuse(isBelowOne('transaction-duration-ms'), '--transaction-duration-ms should be greater than zero.');
  refuse(isBelowOne('reporting-interval'), '--reporting-interval should be greater than zero.');
}

async function payloadsOf({ disk, out }: ToolContext, given: Arguments): Promise<readonly Buffer[]> {
  const size = given.number('record-size');
  if (size !== undefined) return letters(size);
  const path = given.text('payload-file');
  if (path === undefined) return [];
  out(`Reading payloads from: ${resolve(path)}`);
  const text = await disk.readFile(path).then(String, () => '');
  if (text === '') throw illegalArgument('File does not exist or empty file provided.');
  const delimiter = given.text('payload-delimiter')!;
  const parts = text.split(new RegExp(delimiter === '\\n' ? '\n' : delimiter));
  // What comes behind the last delimiter counts only when there is something.
  if (parts.at(-1) === '') parts.pop();
  out(`Number of records read: ${parts.length}`);
  return parts.map((part) => Buffer.from(part));
}

/** Different ones, so that not each record is the same as the last. */
const VARIANTS = 1000;
const VARIANT_BYTES = 32 * 2 ** 20;

/** Of the letters A to Z, as Kafka's tool has them. */
function letters(sizeBytes: number): readonly Buffer[] {
  const count = Math.max(1, Math.min(VARIANTS, Math.floor(VARIANT_BYTES / sizeBytes)));
  return Array.from({ length: count }, () =>
    Buffer.from(Uint8Array.from({ length: sizeBytes }, () => 65 + Math.floor(nodeRandom.next() * 26))),
  );
}

async function connectionOf(
  context: ToolContext,
  given: Arguments,
): Promise<Pick<PerfLoad, 'brokers' | 'properties' | 'transactionMs'>> {
  if (given.has('producer-props')) tellDeprecated(context, 'producer-props', 'command-property');
  if (given.has('producer.config')) tellDeprecated(context, 'producer.config', 'command-config');
  const pairs = given.texts('producer-props') ?? given.texts('command-property') ?? [];
  const { 'bootstrap.servers': servers = '', ...properties } = {
    'client.id': 'perf-producer-client',
    ...(await propertiesOf(context, given.text('producer.config') ?? given.text('command-config'))),
    ...Object.fromEntries(pairs.map(pairOf)),
  } as Record<string, string>;
  const id = given.text('transactional-id') ?? properties['transactional.id'];
  const durationMs = given.number('transaction-duration-ms');
  const isTransactional = id !== undefined || durationMs !== undefined;
  if (isTransactional) properties['transactional.id'] = id ?? `performance-producer-${randomUUID()}`;
  return {
    ...{ properties, brokers: given.text('bootstrap-server') ?? servers },
    transactionMs: isTransactional ? (durationMs ?? TRANSACTION_MS) : undefined,
  };
}

const TRANSACTION_MS = 3000;

function pairOf(text: string): readonly [name: string, value: string] {
  const [name, value, ...rest] = text.split('=');
  if (name !== undefined && value !== undefined && value !== '' && rest.length === 0) return [name, value];
  throw illegalArgument(`Invalid property: ${withoutSecrets(text)}`);
}
