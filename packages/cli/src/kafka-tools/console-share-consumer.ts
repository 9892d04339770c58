// kafka-console-share-consumer: records of a share group to standard output, each of them acknowledged as the options say.

import type { ShareConsumer, ShareRecord } from '@moldau/client';
import { BlockWriter } from '../records/block-writer.ts';
import {
  consumingClient,
  givenProperties,
  MAX_MESSAGES,
  propertyOptions,
  readToEnd,
  refuseBothNames,
  Silence,
  SYSTEST_EVENTS,
  silenceError,
  tellStopped,
} from './console-reading.ts';
import { FORMATTER_OPTIONS, writerOf } from './formatter-options.ts';
import { JavaError } from './java-errors.ts';
import { type KafkaTool, requireOptions, type ToolContext, UsageProblem } from './kafka-tool.ts';
import type { WriteRecord } from './message-formatters.ts';
import { logError } from './tool-log.ts';
import { BOOTSTRAP_SERVER, type ToolOption, type ToolOptions } from './tool-options.ts';
import { tellParseProblem, tellUncaught } from './usage.ts';

const CLASS = 'org.apache.kafka.tools.consumer.ConsoleShareConsumer';
const GROUP = 'console-share-consumer';

const options: readonly ToolOption[] = [
  { ...BOOTSTRAP_SERVER, argument: { name: 'server to connect to' } },
  { name: 'topic', summary: 'The topic to read.', argument: { name: 'topic' } },
  { name: 'group', summary: `The share group. (default: ${GROUP})`, argument: { name: 'share group id' } },
  MAX_MESSAGES,
  {
    name: 'timeout-ms',
    summary: 'Stop when no record came for so long.',
    argument: { type: 'Integer', name: 'timeout_ms' },
  },
  { name: 'reject', summary: 'Reject the records, so that nobody is given them again.' },
  { name: 'release', summary: 'Release the records, so that they are delivered again.' },
  { name: 'reject-message-on-error', summary: 'Reject a record that cannot be shown, and go on.' },
  ...FORMATTER_OPTIONS,
  ...propertyOptions('consumer-config'),
  SYSTEST_EVENTS,
];

interface ShareReading {
  readonly topic: string;
  readonly maxMessages: number;
  readonly rejectsErrors: boolean;
  readonly acknowledge: (record: ShareRecord) => void;
  readonly write: WriteRecord;
}

export const consoleShareConsumer: KafkaTool = {
  name: 'kafka-console-share-consumer',
  purpose:
    'This tool helps to read data from Kafka topics using share groups and outputs it to standard output.',
  options,
  endsItself: true,
  async run(context, given) {
    checkOptions(given);
    const properties = await clientProperties(context, given);
    const write = await writerOf(context, given);
    const reading: ShareReading = {
      ...{ write, topic: given.get('topic')!, maxMessages: given.number('max-messages') ?? -1 },
      rejectsErrors: given.has('reject-message-on-error'),
      acknowledge: given.has('reject')
        ? (record) => record.reject()
        : given.has('release')
          ? (record) => record.release()
          : (record) => record.accept(),
    };
    const silence = new Silence(context, given.number('timeout-ms'));
    const signal = AbortSignal.any([context.signal, silence.signal]);
    const exitCode = await readToEnd(context, CLASS, async () => {
      const consumer = await openConsumer(context, given.get('bootstrap-server')!, properties, signal);
      return { consumer, reader: new ShareCopy(context, reading, consumer, silence) };
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
  refuseBothNames(given, 'consumer-config');
}

async function clientProperties(context: ToolContext, given: ToolOptions): Promise<Record<string, string>> {
  const { properties, groupId } = await givenProperties(context, given, 'consumer-config');
  return { 'client.id': GROUP, ...properties, 'group.id': groupId ?? GROUP };
}

/** Properties of consumers that share consumers have too. */
const USABLE = ['fetch.min.bytes', 'fetch.max.wait.ms', 'fetch.max.bytes', 'check.crcs', 'client.rack'];

async function openConsumer(
  context: ToolContext,
  brokers: string,
  properties: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ShareConsumer> {
  const client = await consumingClient(context, 'Kafka share consumer', brokers, properties);
  const usable = Object.fromEntries(
    Object.entries(client.consumer).filter(([name]) => USABLE.includes(name)),
  );
  const groupId = properties['group.id']!;
  return client.kafka.shareConsumer({ groupId, acknowledge: 'explicit', signal, properties: usable });
}

class ShareCopy {
  count = 0;
  readonly #context: ToolContext;
  readonly #reading: ShareReading;
  readonly #consumer: ShareConsumer;
  readonly #silence: Silence;
  readonly #out: BlockWriter;

  constructor(context: ToolContext, reading: ShareReading, consumer: ShareConsumer, silence: Silence) {
    this.#context = context;
    this.#reading = reading;
    this.#consumer = consumer;
    this.#silence = silence;
    this.#out = new BlockWriter(context.stdout);
  }

  async run(): Promise<void> {
    const { topic, maxMessages } = this.#reading;
    if (maxMessages === 0) return;
    this.#silence.begin();
    try {
      for await (const { records } of this.#consumer.subscribe(topic).batches()) {
        this.#silence.end();
        for (const record of records) {
          if (this.count === maxMessages) break;
          this.count++;
          this.#write(record);
        }
        this.#out.flush();
        if (this.#out.isFull) await this.#out.drained();
        if (this.count === maxMessages) return;
        this.#silence.begin();
      }
    } catch (error) {
      if (error instanceof JavaError) throw error;
      if (!this.#silence.signal.aborted) tellStopped(this.#context, CLASS, error);
    } finally {
      this.#silence.end();
      this.#out.flush();
    }
    if (this.#silence.signal.aborted) tellStopped(this.#context, CLASS, silenceError());
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
