// kafka-console-producer, as its command line is read. How it sends is in console-producer-run.ts.

import { JavaError, javaTrace } from './java-errors.ts';
import { type KafkaTool, requireOptions, type ToolContext } from './kafka-tool.ts';
import { LINE_READER, lineReader, type ReadLine } from './line-message-reader.ts';
import { BOOTSTRAP_SERVER, type ToolOption, type ToolOptions } from './tool-options.ts';
import { checkServersOption, keyValues, propertiesOf, refuseTogether, tellParseProblem } from './usage.ts';

export interface Production {
  readonly brokers: string;
  readonly topic: string;
  /** For the client and its producer. */
  readonly properties: Readonly<Record<string, string>>;
  readonly read: ReadLine;
  /** One record after the other, each acknowledged before the next is sent. */
  readonly isSync: boolean;
  readonly maxBlockMs: number;
}

const READER_PROPERTIES = `of how lines are read:
 parse.key=false, key.separator=\\t
 parse.headers=false, headers.delimiter=\\t, headers.separator=",", headers.key.separator=:
 null.marker=what stands for null
 ignore.error=false
A line is headers, key and value, as far as they are there.`;

/** Options with a property that they set. */
const PROPERTIES: Readonly<Record<string, string>> = {
  timeout: 'linger.ms',
  'request-required-acks': 'acks',
  'request-timeout-ms': 'request.timeout.ms',
  'message-send-max-retries': 'retries',
  'retry-backoff-ms': 'retry.backoff.ms',
  'socket-buffer-size': 'send.buffer.bytes',
  'max-memory-bytes': 'buffer.memory',
  'batch-size': 'batch.size',
  'max-partition-memory-bytes': 'batch.size',
  'metadata-expiry-ms': 'metadata.max.age.ms',
  'max-block-ms': 'max.block.ms',
};

const number = (
  type: 'Integer' | 'Long',
  name: string,
  summary: string,
  usual: number,
  called?: string,
): ToolOption => ({
  ...{ name, summary: `${summary} (${PROPERTIES[name]})` },
  argument: { type, default: String(usual), ...(called !== undefined && { name: called }) },
});

const options: readonly ToolOption[] = [
  { ...BOOTSTRAP_SERVER, argument: { name: 'server to connect to' } },
  { name: 'topic', summary: 'REQUIRED: where the records go.', argument: { name: 'topic' } },
  { name: 'sync', summary: 'Send one record after the other, and await each.' },
  {
    name: 'compression-codec',
    summary: "'none', 'gzip', 'snappy', 'lz4' or 'zstd'; without a value 'gzip'.",
    argument: { name: 'compression-codec', isOptional: true },
  },
  number('Integer', 'batch-size', 'How large a batch becomes, in bytes.', 16_384, 'size'),
  number('Integer', 'message-send-max-retries', 'How often sending is tried again.', 3),
  number('Long', 'retry-backoff-ms', 'How long before it is tried again.', 100),
  number('Long', 'timeout', 'How long a record may wait for others.', 1_000, 'timeout_ms'),
  {
    name: 'request-required-acks',
    summary: `Who has to have a record. (${PROPERTIES['request-required-acks']})`,
    argument: { name: 'request required acks', default: '-1' },
  },
  number('Integer', 'request-timeout-ms', 'How long an answer may take.', 1_500, 'request timeout ms'),
  number(
    'Long',
    'metadata-expiry-ms',
    'How often it is asked where partitions are.',
    300_000,
    'metadata expiration interval',
  ),
  number('Long', 'max-block-ms', 'How long a topic may take to appear.', 60_000, 'max block on send'),
  number('Long', 'max-memory-bytes', 'Of what is not sent yet.', 33_554_432, 'total memory in bytes'),
  number(
    'Integer',
    'max-partition-memory-bytes',
    '(Deprecated) The same as --batch-size.',
    16_384,
    'memory in bytes per partition',
  ),
  number('Integer', 'socket-buffer-size', "Of the connection's buffer in the kernel.", 102_400, 'size'),
  {
    name: 'line-reader',
    summary: 'The class that reads lines.',
    argument: { name: 'reader_class', default: LINE_READER },
  },
  { name: 'reader-property', summary: `A property ${READER_PROPERTIES}`, argument: { name: 'prop' } },
  {
    name: 'property',
    summary: '(DEPRECATED) The same as --reader-property.',
    argument: { name: 'prop' },
  },
  {
    name: 'reader-config',
    summary: 'A file of such properties; those of --reader-property win.',
    argument: { name: 'config file' },
  },
  {
    name: 'command-property',
    summary: 'A property of the producer, name=value.',
    argument: { name: 'producer_prop' },
  },
  {
    name: 'producer-property',
    summary: '(DEPRECATED) The same as --command-property.',
    argument: { name: 'producer_prop' },
  },
  {
    name: 'command-config',
    summary: 'A file of such properties; those of --command-property win.',
    argument: { name: 'config file' },
  },
  {
    name: 'producer.config',
    summary: '(DEPRECATED) The same as --command-config.',
    argument: { name: 'config file' },
  },
];

export const consoleProducer: KafkaTool = {
  name: 'kafka-console-producer',
  purpose: 'This tool helps to read data from standard input and publish it to Kafka.',
  options,
  endsItself: true,
  async run(context, given) {
    checkOptions(context, given);
    const className = given.get('line-reader')!;
    if (className !== LINE_READER) throw new JavaError('java.lang.ClassNotFoundException', className);
    const reader = {
      ...(await propertiesOf(context, given.get('reader-config'))),
      ...keyValues([...given.all('property'), ...given.all('reader-property')]),
    };
    const read = lineReader(reader);
    const properties = await clientProperties(context, given);
    const { produceFromConsole } = await import('./console-producer-run.ts');
    return await produceFromConsole(context, {
      ...{ read, properties, brokers: given.get('bootstrap-server')!, topic: given.get('topic')! },
      ...{ isSync: given.has('sync'), maxBlockMs: Number(properties['max.block.ms']) },
    });
  },
  failed(context, error) {
    const exitCode = tellParseProblem(context, options, error);
    if (exitCode !== undefined) return exitCode;
    context.err(javaTrace(error));
    return 1;
  },
};

function checkOptions(context: ToolContext, given: ToolOptions): void {
  requireOptions(given, 'topic');
  refuseTogether(given, 'command-config', 'producer.config');
  refuseTogether(given, 'command-property', 'producer-property');
  refuseTogether(given, 'reader-property', 'property');
  for (const [old, name] of [
    ['producer-property', 'command-property'],
    ['producer.config', 'command-config'],
    ['property', 'reader-property'],
  ] as const) {
    if (given.has(old))
      context.out(
        `Warning: --${old} is deprecated and will be removed in a future version. Use --${name} instead.`,
      );
  }
  if (given.has('max-partition-memory-bytes'))
    context.out(
      'Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache Kafka 5.0. Use --batch-size instead.',
    );
  checkServersOption(given.get('bootstrap-server'));
}

async function clientProperties(context: ToolContext, given: ToolOptions): Promise<Record<string, string>> {
  const merged: Record<string, string> = {
    ...{ 'client.id': 'console-producer', 'max.block.ms': given.get('max-block-ms')! },
    ...(await propertiesOf(context, given.get('producer.config') ?? given.get('command-config'))),
    ...keyValues([...given.all('producer-property'), ...given.all('command-property')]),
    'compression.type': given.has('compression-codec') ? given.get('compression-codec') || 'gzip' : 'none',
  };
  // Where nothing is said, this client's own defaults are better than the tool's.
  for (const [option, property] of Object.entries(PROPERTIES))
    if (given.has(option)) merged[property] = given.get(option)!;
  return merged;
}
