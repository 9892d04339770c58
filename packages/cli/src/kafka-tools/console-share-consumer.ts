// kafka-console-share-consumer: records of a share group to standard output, each of them acknowledged as the options say.

import type { Kafka, Properties, ShareConsumer, ShareRecord } from '@moldau/client';
import type { Timer } from '@moldau/io';
import { BlockWriter } from '../records/block-writer.ts';
import { deprecated, FORMATTER_OPTIONS, writerOf } from './formatter-options.ts';
import { JavaError } from './java-errors.ts';
import { type KafkaTool, requireOptions, type ToolContext, UsageProblem } from './kafka-tool.ts';
import type { WriteRecord } from './message-formatters.ts';
import { logError } from './tool-log.ts';
import { BOOTSTRAP_SERVER, type ToolOption, type ToolOptions } from './tool-options.ts';
import {
  checkServers,
  keyValues,
  propertiesOf,
  refuseTogether,
  tellParseProblem,
  tellUncaught,
} from './usage.ts';

const CLASS = 'org.apache.kafka.tools.consumer.ConsoleShareConsumer';
const GROUP = 'console-share-consumer';

const options: readonly ToolOption[] = [
  { ...BOOTSTRAP_SERVER, argument: { name: 'server to connect to' } },
  { name: 'topic', summary: 'The topic to read.', argument: { name: 'topic' } },
  { name: 'group', summary: `The share group. (default: ${GROUP})`, argument: { name: 'share group id' } },
  {
    name: 'max-messages',
    summary: 'Stop after so many records; without it there is no end.',
    argument: { type: 'Integer', name: 'num_messages' },
  },
  {
    name: 'timeout-ms',
    summary: 'Stop when no record came for so long.',
    argument: { type: 'Integer', name: 'timeout_ms' },
  },
  { name: 'reject', summary: 'Reject the records, so that nobody is given them again.' },
  { name: 'release', summary: 'Release the records, so that they are delivered again.' },
  { name: 'reject-message-on-error', summary: 'Reject a record that cannot be shown, and go on.' },
  ...FORMATTER_OPTIONS,
  {
    name: 'command-property',
    summary: 'A property of the consumer, name=value.',
    argument: { name: 'consumer_prop' },
  },
  {
    name: 'consumer-property',
    summary: '(DEPRECATED) The same as --command-property.',
    argument: { name: 'consumer_prop' },
  },
  {
    name: 'command-config',
    summary: 'A file of such properties; those of --command-property win.',
    argument: { name: 'config file' },
  },
  {
    name: 'consumer-config',
    summary: '(DEPRECATED) The same as --command-config.',
    argument: { name: 'config file' },
  },
  { name: 'enable-systest-events', summary: 'Tell on standard output when all is over.' },
];

interface ShareReading {
  readonly topic: string;
  readonly maxMessages: number;
  readonly timeoutMs: number | undefined;
  readonly rejectsErrors: boolean;
  readonly acknowledge: (record: ShareRecord) => void;
  readonly write: WriteRecord;
}

export const consoleShareConsumer: KafkaTool = {
  name: 'kafka-console-share-consumer',
  purpose:
    'This tool helps to read data from Kafka topics using share groups and outputs it to standard output.',
  options,
  async run(context, given) {
    checkOptions(given);
    const properties = await clientProperties(context, given);
    const write = await writerOf(context, given);
    const exitCode = await consume(context, given.get('bootstrap-server')!, properties, {
      ...{ write, topic: given.get('topic')!, maxMessages: given.number('max-messages') ?? -1 },
      timeoutMs: given.number('timeout-ms'),
      rejectsErrors: given.has('reject-message-on-error'),
      acknowledge: given.has('reject')
        ? (record) => record.reject()
        : given.has('release')
          ? (record) => record.release()
          : (record) => record.accept(),
    });
    if (given.has('enable-systest-events')) context.out('shutdown_complete');
    return exitCode;
  },
  failed: (context, error) => tellParseProblem(context, options, error) ?? tellUncaught(context, error),
};

function checkOptions(given: ToolOptions): void {
  if (!given.has('topic')) throw new UsageProblem('--topic is a required argument');
  requireOptions(given, 'bootstrap-server');
  if (given.has('reject') && given.has('release'))
    throw new UsageProblem('At most one of --reject and --release may be specified.');
  refuseTogether(given, 'consumer-property', 'command-property');
  refuseTogether(given, 'consumer-config', 'command-config');
}

async function clientProperties(context: ToolContext, given: ToolOptions): Promise<Record<string, string>> {
  if (given.has('consumer-property')) context.out(deprecated('consumer-property', 'command-property'));
  if (given.has('consumer-config')) context.out(deprecated('consumer-config', 'command-config'));
  const file = await propertiesOf(context, given.get('consumer-config') ?? given.get('command-config'));
  const own = keyValues([...given.all('consumer-property'), ...given.all('command-property')]);
  const named = [given.get('group'), file['group.id'], own['group.id']];
  const groups = new Set(named.filter((group) => group !== undefined));
  if (groups.size > 1) {
    const shown = [...groups].map((group) => `'${group}'`).join(', ');
    throw new UsageProblem(
      `The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer-config') do not match. Detected group ids: ${shown}`,
    );
  }
  return { 'client.id': GROUP, ...file, ...own, 'group.id': [...groups][0] ?? GROUP };
}

async function consume(
  context: ToolContext,
  brokers: string,
  properties: Readonly<Record<string, string>>,
  reading: ShareReading,
): Promise<number> {
  try {
    const silent = new AbortController();
    const signal = AbortSignal.any([context.signal, silent.signal]);
    const consumer = await openConsumer(context, brokers, properties, signal);
    const copy = new ShareCopy(context, reading, consumer, silent);
    try {
      await copy.run();
    } finally {
      await consumer.close();
      context.err(`Processed a total of ${copy.count} messages`);
    }
    return context.signal.aborted ? 130 : 0;
  } catch (error) {
    logError(context, 'Unknown error when running consumer: ', CLASS, error);
    return 1;
  }
}

/** Properties of consumers that share consumers have too. */
const USABLE = ['fetch.min.bytes', 'fetch.max.wait.ms', 'fetch.max.bytes', 'check.crcs', 'client.rack'];

async function openConsumer(
  context: ToolContext,
  brokers: string,
  properties: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ShareConsumer> {
  let kafka: Kafka;
  let given: Properties;
  try {
    await checkServers(context, brokers);
    ({ kafka, consumer: given } = await context.kafka({ brokers, properties }));
  } catch (error) {
    const problem = 'Failed to construct Kafka share consumer';
    throw new JavaError('org.apache.kafka.common.KafkaException', problem, error);
  }
  const usable = Object.fromEntries(Object.entries(given).filter(([name]) => USABLE.includes(name)));
  const groupId = properties['group.id']!;
  return kafka.shareConsumer({ groupId, acknowledge: 'explicit', signal, properties: usable });
}

class ShareCopy {
  count = 0;
  readonly #context: ToolContext;
  readonly #reading: ShareReading;
  readonly #consumer: ShareConsumer;
  readonly #silent: AbortController;
  readonly #out: BlockWriter;
  #silence: Timer | undefined;

  constructor(context: ToolContext, reading: ShareReading, consumer: ShareConsumer, silent: AbortController) {
    this.#context = context;
    this.#reading = reading;
    this.#consumer = consumer;
    this.#silent = silent;
    this.#out = new BlockWriter(context.stdout);
  }

  async run(): Promise<void> {
    const { topic, maxMessages } = this.#reading;
    if (maxMessages === 0) return;
    this.#awaitRecords();
    try {
      for await (const { records } of this.#consumer.subscribe(topic).batches()) {
        this.#silence?.cancel();
        for (const record of records) {
          if (this.count === maxMessages) break;
          this.count++;
          this.#write(record);
        }
        this.#out.flush();
        if (this.#out.isFull) await this.#out.drained();
        if (this.count === maxMessages) return;
        this.#awaitRecords();
      }
    } catch (error) {
      if (error instanceof JavaError) throw error;
      if (!this.#silent.signal.aborted) this.#stopped(error);
    } finally {
      this.#silence?.cancel();
      this.#out.flush();
    }
    if (this.#silent.signal.aborted)
      this.#stopped(new JavaError('org.apache.kafka.common.errors.TimeoutException', 'null'));
  }

  /** Reading ends, and what was read until then was well: the tool ends without an error. */
  #stopped(error: unknown): void {
    logError(this.#context, 'Error processing message, terminating consumer process: ', CLASS, error);
  }

  #awaitRecords(): void {
    const { timeoutMs } = this.#reading;
    if (timeoutMs === undefined || timeoutMs < 0) return;
    this.#silence = this.#context.timers.after(timeoutMs, () => this.#silent.abort());
  }

  #write(record: ShareRecord): void {
    const { write, acknowledge, rejectsErrors } = this.#reading;
    this.#out.begin();
    try {
      write(record, this.#out);
      acknowledge(record);
    } catch (error) {
      this.#out.takeBack();
      if (!rejectsErrors) throw error;
      logError(this.#context, 'Error processing message, rejecting this message: ', CLASS, error);
      record.reject();
    }
  }
}
