// How kafka-console-producer sends: from lines of standard input to records.
//
// Invariants: memory is bounded, however fast the input is; what was read before it ended, or was interrupted, is sent.

import type { Kafka, KafkaError, OutgoingRecord, Producer } from '@moldau/client';
import { inputs } from '../records/inputs.ts';
import type { Production } from './console-producer.ts';
import { executionError, invalidTopic, JavaError } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import { javaLines } from './line-message-reader.ts';
import { logError } from './tool-log.ts';

const LOGGER = 'org.apache.kafka.clients.producer.internals.ErrorLoggingCallback';

export async function produceFromConsole(context: ToolContext, production: Production): Promise<number> {
  const { brokers, properties, topic, isSync } = production;
  const { 'key.serializer': _key, 'value.serializer': _value, ...usable } = properties;
  const { kafka, producer: given } = await context.kafka({ brokers, properties: usable });
  const producer = kafka.producer({
    properties: given,
    onPostFailed: (error, record) => tellUnsent(context, production, javaError(error, production), record),
  });
  const send = isSync ? awaitedFeed(producer, production) : postingFeed(producer, topic);
  const feed = new ReachingFeed(kafka, production.maxBlockMs, context.signal, send, (error, record) => {
    if (context.signal.aborted) return;
    const problem = javaError(error, production);
    if (isSync) throw executionError(problem);
    tellUnsent(context, production, problem, record);
  });
  try {
    await feedLines(context, production, (record) => feed.add(record));
  } finally {
    // Those that failed have been told of.
    await producer.close().catch(() => {});
  }
  return 0;
}

type Send = (record: OutgoingRecord) => Promise<unknown> | undefined;

async function feedLines(context: ToolContext, { read }: Production, send: Send): Promise<void> {
  const { stdin, stdout, disk, signal, clock } = context;
  const isAsking = isTerminal(stdin) && isTerminal(stdout);
  const prompt = (): void => {
    if (isAsking) stdout.write('>');
  };
  const source = inputs({ terminal: { stdin }, disk, signal }, [], {
    isSplit: true,
    delimiter: Buffer.from('\n'),
  });
  let number = 1;
  prompt();
  for await (const { parts } of source) {
    const nowMs = clock.wallMs();
    for (const part of parts) {
      for (const line of javaLines(part)) {
        const pending = send(read(line, number++, nowMs));
        if (pending !== undefined) await pending;
        prompt();
      }
    }
  }
}

function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

/** Waits for nothing but room. */
function postingFeed(producer: Producer, topic: string): Send {
  return (record) => (producer.post(topic, record) ? undefined : producer.ready());
}

function awaitedFeed(producer: Producer, production: Production): Send {
  return async (record) => {
    try {
      await producer.send(production.topic, record);
    } catch (error) {
      throw executionError(javaError(error as KafkaError, production));
    }
  };
}

type Unsent = Pick<OutgoingRecord, 'key' | 'value'>;

/** A producer goes on looking for its brokers for as long as a record may take; this tool has to be told sooner that there are none. */
class ReachingFeed {
  readonly #kafka: Kafka;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal;
  readonly #send: Send;
  readonly #failed: (error: KafkaError, record: Unsent) => void;
  #isReached = false;

  constructor(
    kafka: Kafka,
    timeoutMs: number,
    signal: AbortSignal,
    send: Send,
    failed: (error: KafkaError, record: Unsent) => void,
  ) {
    this.#kafka = kafka;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#send = send;
    this.#failed = failed;
  }

  add(record: OutgoingRecord): Promise<unknown> | undefined {
    return this.#isReached ? this.#send(record) : this.#first(record);
  }

  async #first(record: OutgoingRecord): Promise<void> {
    const admin = this.#kafka.admin();
    try {
      await admin.cluster.describe({ timeoutMs: this.#timeoutMs, signal: this.#signal });
      this.#isReached = true;
    } catch (error) {
      this.#failed(error as KafkaError, record);
      return;
    } finally {
      await admin.close();
    }
    await this.#send(record);
  }
}

function tellUnsent(
  context: ToolContext,
  production: Production,
  problem: unknown,
  { key, value }: Unsent,
): void {
  const size = (bytes: Unsent['key']): string =>
    bytes == null ? 'null' : `${Buffer.byteLength(bytes as Buffer)} bytes`;
  const message = `Error when sending message to topic ${production.topic} with key: ${size(key)}, value: ${size(value)} with error:`;
  logError(context, message, LOGGER, problem);
}

/** Java's producer says the same of all that keeps it from finding a topic. */
function javaError(error: KafkaError, { topic, maxBlockMs }: Production): unknown {
  const isLost = error.partition === undefined && !/AUTHORIZATION|INVALID/.test(error.code);
  if (!isLost) return invalidTopic(error);
  return new JavaError(
    'org.apache.kafka.common.errors.TimeoutException',
    `Topic ${topic} not present in metadata after ${maxBlockMs} ms.`,
  );
}
