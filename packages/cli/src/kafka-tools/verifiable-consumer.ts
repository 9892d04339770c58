// kafka-verifiable-consumer: reads a topic as a member of a group, and prints what happens as lines of JSON.

import type { Consumer, ConsumerRecord, TopicPartition } from '@moldau/client';
import { argumentTool, tellArgumentProblem } from './argument-tool.ts';
import { ArgumentError, type Arguments, valueOption as option, type ParserSpec } from './arguments.ts';
import { illegalArgument, javaMessage } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import { logError } from './tool-log.ts';
import { tellUncaught } from './usage.ts';
import { fileProperties, SERVERS } from './verifiable-connection.ts';
import { printEvent } from './verifiable-events.ts';

const PARSER: ParserSpec = {
  program: 'verifiable-consumer',
  description: 'Reads a topic as a member of a group, and prints what happens, as JSON.',
  tellsDefaults: true,
  arguments: [
    { ...SERVERS, isRequired: true },
    option('topic', 'The topic to read.', { isRequired: true }),
    option('group-protocol', 'classic or consumer.', { default: 'classic' }),
    option('group-remote-assignor', 'How the brokers assign partitions; with the consumer protocol.'),
    option('group-id', 'The consumer group.', { isRequired: true }),
    option('group-instance-id', 'Makes it a static member.'),
    option('max-messages', 'How many are read; -1: until it is stopped.', { type: 'Integer', default: -1 }),
    option('session-timeout', 'After so long the group gives it up; not with the consumer protocol.', {
      ...{ metavar: 'TIMEOUT-MS', type: 'Integer' },
    }),
    option('verbose', 'Print each record as well.', { takes: 'nothing' }),
    option('enable-autocommit', 'Commit now and then, rather than what was read each time.', {
      takes: 'nothing',
    }),
    option('reset-policy', "Where to begin where nothing is committed: 'earliest', 'latest' or 'none'.", {
      default: 'earliest',
    }),
    option('assignment-strategy', 'How members assign partitions; with the classic protocol.', {
      default: 'org.apache.kafka.clients.consumer.RangeAssignor',
    }),
    option('consumer.config', '(DEPRECATED) The same as --command-config.', { metavar: 'CONFIG-FILE' }),
    option('command-config', 'A file of properties for the consumer; the options win over them.', {
      metavar: 'CONFIG-FILE',
    }),
  ],
};

export const verifiableConsumer = argumentTool({
  name: 'kafka-verifiable-consumer',
  parser: PARSER,
  helpsWithoutWords: true,
  endsItself: true,
  async run(context, given) {
    const properties = await clientProperties(context, given);
    const brokers = given.text('bootstrap-server')!;
    const { kafka, consumer: usable } = await context.kafka({ brokers, properties });
    const tell = (name: string) => (partitions: readonly TopicPartition[]) =>
      printEvent(context, name, {
        partitions: partitions.map(({ topic, partition }) => ({ topic, partition })),
      });
    const consumer = kafka.consumer({
      properties: usable,
      onAssign: tell('partitions_assigned'),
      onRevoke: tell('partitions_revoked'),
      onLost: tell('partitions_revoked'),
    });
    printEvent(context, 'startup_complete');
    let isAsked = false;
    const requested = (): void => {
      if (!isAsked) printEvent(context, 'shutdown_requested');
      isAsked = true;
    };
    context.signal.addEventListener('abort', requested);
    try {
      await new Reading(context, given, consumer.subscribe(given.text('topic')!)).run();
    } catch (error) {
      const message = 'Error during processing, terminating consumer process: ';
      logError(context, message, 'org.apache.kafka.tools.VerifiableConsumer', error);
    }
    await consumer.close();
    printEvent(context, 'shutdown_complete');
    requested();
    return 0;
  },
  failed: (context, error) =>
    error instanceof ArgumentError
      ? tellArgumentProblem(context, PARSER, error)
      : tellUncaught(context, error),
});

async function clientProperties(context: ToolContext, given: Arguments): Promise<Record<string, string>> {
  const file = await fileProperties(context, given, 'consumer.config');
  const { 'bootstrap.servers': _servers, ...properties } = file;
  const protocol = given.text('group-protocol')!.toLowerCase();
  if (protocol !== 'classic' && protocol !== 'consumer')
    throw illegalArgument(
      `No enum constant org.apache.kafka.clients.consumer.GroupProtocol.${protocol.toUpperCase()}`,
    );
  const set = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) properties[name] = String(value);
  };
  set('group.protocol', protocol);
  if (protocol === 'consumer') set('group.remote.assignor', given.text('group-remote-assignor'));
  else set('partition.assignment.strategy', given.text('assignment-strategy'));
  set('session.timeout.ms', given.number('session-timeout'));
  set('group.id', given.text('group-id'));
  set('group.instance.id', given.text('group-instance-id'));
  set('enable.auto.commit', String(given.isGiven('enable-autocommit')));
  set('auto.offset.reset', given.text('reset-policy'));
  return properties;
}

/** As many as Java's consumer hands out at a time. */
const BATCH_RECORDS = 500;

class Reading {
  readonly #context: ToolContext;
  readonly #consumer: Consumer<ConsumerRecord>;
  readonly #isVerbose: boolean;
  readonly #commits: boolean;
  #left: number;

  constructor(context: ToolContext, given: Arguments, consumer: Consumer<ConsumerRecord>) {
    this.#context = context;
    this.#consumer = consumer;
    this.#isVerbose = given.isGiven('verbose');
    this.#commits = !given.isGiven('enable-autocommit');
    const count = given.number('max-messages')!;
    this.#left = count < 0 ? Number.POSITIVE_INFINITY : count;
  }

  async run(): Promise<void> {
    if (this.#left === 0) return;
    const { signal } = this.#context;
    for await (const { records } of this.#consumer.batches({ maxRecords: BATCH_RECORDS, signal })) {
      const wanted = records.slice(0, this.#left);
      this.#left -= wanted.length;
      this.#tell(records.length, wanted);
      const last = new Map(wanted.map((record) => [`${record.partition}:${record.topic}`, record]));
      if (this.#commits) await this.#commit([...last.values()]);
      if (this.#left > 0) continue;
      // What comes behind them in the batch is for who reads on.
      if (!this.#commits) await this.#consumer.commit([...last.values()]);
      return;
    }
  }

  #tell(count: number, records: readonly ConsumerRecord[]): void {
    const parts = Map.groupBy(records, ({ topic, partition }) => `${partition}:${topic}`);
    if (this.#isVerbose)
      for (const { keyBytes, valueBytes, topic, partition, offset } of [...parts.values()].flat()) {
        const [key, value] = [keyBytes?.toString('utf8') ?? null, valueBytes?.toString('utf8') ?? null];
        printEvent(this.#context, 'record_data', { key, value, topic, partition, offset });
      }
    const partitions = [...parts.values()].map((part) => {
      const { topic, partition, offset: minOffset } = part[0]!;
      return { topic, partition, count: part.length, minOffset, maxOffset: part.at(-1)!.offset };
    });
    printEvent(this.#context, 'records_consumed', { count, partitions });
  }

  async #commit(last: readonly ConsumerRecord[]): Promise<void> {
    const offsets = last.map(({ topic, partition, offset }) => ({ topic, partition, offset: offset + 1 }));
    let error: string | undefined;
    try {
      await this.#consumer.commit([...last]);
    } catch (thrown) {
      error = javaMessage(thrown);
    }
    printEvent(this.#context, 'offsets_committed', {
      ...{ offsets, ...(error !== undefined && { error }), success: error === undefined },
    });
  }
}
