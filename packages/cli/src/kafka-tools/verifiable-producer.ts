// kafka-verifiable-producer: sends numbers, and prints a line of JSON for each that was acknowledged, or was not.

import type { KafkaError, Producer } from '@moldau/client';
import { argumentTool, tellArgumentProblem } from './argument-tool.ts';
import { ArgumentError, type Arguments, valueOption as option, type ParserSpec } from './arguments.ts';
import { javaMessage, javaName } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import { tellUncaught } from './usage.ts';
import { fileProperties, SERVERS } from './verifiable-connection.ts';
import { printEvent } from './verifiable-events.ts';

const PARSER: ParserSpec = {
  program: 'verifiable-producer',
  description: 'Sends numbers that count up, and prints for each what became of it, as JSON.',
  tellsDefaults: true,
  arguments: [
    option('topic', 'Where the records go.', { isRequired: true }),
    SERVERS,
    option('max-messages', 'How many; -1: until it is stopped.', { type: 'Integer', default: -1 }),
    option('throughput', 'How many each second, about; below 0: as many as it can.', {
      ...{ type: 'Integer', default: -1 },
    }),
    option('acks', 'Who has to have a record.', { type: 'Integer', default: -1, choices: [0, 1, -1] }),
    option('producer.config', '(DEPRECATED) The same as --command-config.', { metavar: 'CONFIG-FILE' }),
    option(
      'message-create-time',
      'The time of the first record, in ms since 1970; the others go on from it.',
      {
        ...{ metavar: 'CREATE-TIME', type: 'Long', default: -1 },
      },
    ),
    option('value-prefix', 'A number that stands before each value, with a dot between.', {
      type: 'Integer',
    }),
    option('repeating-keys', 'Records have keys, of which there are so many.', { type: 'Integer' }),
    option('command-config', 'A file of properties for the producer; they win over the options.', {
      metavar: 'CONFIG-FILE',
    }),
  ],
};

export const verifiableProducer = argumentTool({
  name: 'kafka-verifiable-producer',
  parser: PARSER,
  helpsWithoutWords: true,
  endsItself: true,
  async run(context, given) {
    const { brokers, properties } = await connectionOf(context, given);
    const { kafka, producer: usable } = await context.kafka({ brokers, properties });
    const producer = kafka.producer({ properties: usable });
    const startMs = context.clock.wallMs();
    printEvent(context, 'startup_complete');
    const numbers = new Numbers(context, given, producer);
    await numbers.run();
    await producer.close().catch(() => {});
    printEvent(context, 'shutdown_complete');
    const { sent, acked } = numbers;
    const throughput = given.number('throughput')!;
    const perSecond = (1000 * acked) / (context.clock.wallMs() - startMs);
    printEvent(context, 'tool_data', {
      ...{ sent, acked, target_throughput: throughput, avg_throughput: perSecond },
    });
    return 0;
  },
  failed: (context, error) =>
    error instanceof ArgumentError
      ? tellArgumentProblem(context, PARSER, error)
      : tellUncaught(context, error),
});

async function connectionOf(
  context: ToolContext,
  given: Arguments,
): Promise<{ brokers: string; properties: Record<string, string> }> {
  const file = await fileProperties(context, given, 'producer.config');
  const { 'bootstrap.servers': brokers = given.text('bootstrap-server')!, ...properties } = file;
  return { brokers, properties: { acks: String(given.number('acks')), ...properties } };
}

/** Where there are none, or fewer, each number is one. */
function keyOf(number: number, count: number | undefined): string | null {
  return count === undefined ? null : String(count > 0 ? number % count : number);
}

/** Acknowledgements that may be missing before the next record is sent. */
const MOST_IN_FLIGHT = 20_000;
/** When a rate is kept: how often what is due is sent. */
const TICK_MS = 5;
const CHUNK = 100;

class Numbers {
  sent = 0;
  acked = 0;
  readonly #context: ToolContext;
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #count: number;
  readonly #throughput: number;
  readonly #prefix: number | undefined;
  readonly #keyCount: number | undefined;
  #createMs: number | undefined;
  readonly #startMs: number;
  readonly #inFlight = new Set<Promise<void>>();

  constructor(context: ToolContext, given: Arguments, producer: Producer) {
    this.#context = context;
    this.#producer = producer;
    this.#topic = given.text('topic')!;
    const count = given.number('max-messages')!;
    this.#count = count < 0 ? Number.POSITIVE_INFINITY : count;
    this.#throughput = given.number('throughput')!;
    this.#prefix = given.number('value-prefix');
    this.#keyCount = given.number('repeating-keys');
    const createMs = given.number('message-create-time')!;
    this.#createMs = createMs === -1 ? undefined : createMs;
    this.#startMs = context.clock.wallMs();
  }

  async run(): Promise<void> {
    const { signal, timers, clock } = this.#context;
    while (this.sent < this.#count && !signal.aborted) {
      const elapsedMs = clock.wallMs() - this.#startMs;
      const due = this.#throughput < 0 ? CHUNK : Math.ceil((elapsedMs / 1000) * this.#throughput) - this.sent;
      for (let left = Math.min(due, CHUNK, this.#count - this.sent); left > 0; left--) this.#next();
      // Answers are read in turns of the event loop, which this loop must not keep to itself.
      await new Promise<void>((resolve) => (due > 0 ? timers.soon(resolve) : timers.after(TICK_MS, resolve)));
      if (this.#inFlight.size >= MOST_IN_FLIGHT) await Promise.race(this.#inFlight);
    }
    await Promise.all(this.#inFlight);
  }

  #next(): void {
    const number = this.sent++;
    const value = this.#prefix === undefined ? String(number) : `${this.#prefix}.${number}`;
    const key = keyOf(number, this.#keyCount);
    const sending = this.#send(key, value).finally(() => this.#inFlight.delete(sending));
    this.#inFlight.add(sending);
  }

  async #send(key: string | null, value: string): Promise<void> {
    const timestampMs = this.#createMs;
    if (timestampMs !== undefined)
      this.#createMs = timestampMs + (this.#context.clock.wallMs() - this.#startMs);
    try {
      const record = { key, value, ...(timestampMs !== undefined && { timestampMs }) };
      const { topic, partition, offset } = await this.#producer.send(this.#topic, record);
      this.acked++;
      const place = { offset: offset ?? -1, topic, partition };
      printEvent(this.#context, 'producer_send_success', { key, value, ...place });
    } catch (error) {
      const exception = `class ${javaName(error)}`;
      const message = javaMessage(error as KafkaError);
      printEvent(this.#context, 'producer_send_error', {
        key,
        value,
        topic: this.#topic,
        exception,
        message,
      });
    }
  }
}
