// How kafka-console-consumer reads: from a group or a partition to bytes on standard output.
//
// Invariant: a group commits nothing that was not written.

import type { Consumer, ConsumerRecord, Kafka, Properties } from '@moldau/client';
import type { Timer } from '@moldau/io';
import { BlockWriter } from '../records/block-writer.ts';
import { CONSOLE_CONSUMER_CLASS, type Consumption } from './console-consumer.ts';
import { JavaError } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import { logError } from './tool-log.ts';
import { checkServers } from './usage.ts';

/** Of records that are handed over at once: several hundred kilobytes of small ones. */
const BATCH_RECORDS = 4_000;

const PROTOCOL_HINT =
  'The consumer rebalance protocol (KIP-848) is production-ready! Set group.protocol=consumer to try it out. See https://kafka.apache.org/documentation/#consumer_rebalance_protocol';

export async function consumeToConsole(context: ToolContext, consumption: Consumption): Promise<number> {
  try {
    const consumer = await openConsumer(context, consumption);
    if (consumption.partition === undefined && consumption.properties['group.protocol'] !== 'consumer')
      context.err(PROTOCOL_HINT);
    const copy = new ConsoleCopy(context, consumption, consumer);
    try {
      await copy.run();
    } finally {
      await consumer.close();
      context.err(`Processed a total of ${copy.count} messages`);
    }
    return context.signal.aborted ? 130 : 0;
  } catch (error) {
    logError(context, 'Unknown error when running consumer: ', CONSOLE_CONSUMER_CLASS, error);
    return 1;
  }
}

async function openConsumer(
  context: ToolContext,
  { brokers, properties, topic, include, partition, from, isOwnGroup }: Consumption,
): Promise<Consumer<ConsumerRecord>> {
  let kafka: Kafka;
  let given: Properties;
  try {
    await checkServers(context, brokers);
    const { 'key.deserializer': _key, 'value.deserializer': _value, ...usable } = properties;
    ({ kafka, consumer: given } = await context.kafka({ brokers, properties: usable }));
  } catch (error) {
    const problem = 'Failed to construct kafka consumer';
    throw new JavaError('org.apache.kafka.common.KafkaException', problem, error);
  }
  if (partition === undefined) {
    const consumer = kafka.consumer({ properties: { 'group.protocol': 'classic', ...given } });
    return consumer.subscribe(topic ?? new RegExp(`^(?:${include})$`));
  }
  const { 'group.id': _group, 'enable.auto.commit': _commit, ...alone } = given;
  if (isOwnGroup) throw new Error('a group says itself which partitions are read');
  const consumer = kafka.consumer({
    properties: { ...alone, ...(typeof from === 'string' && { 'auto.offset.reset': from }) },
  });
  return consumer.assign([{ topic: topic!, partition, ...(typeof from === 'number' && { offset: from }) }]);
}

class ConsoleCopy {
  count = 0;
  readonly #context: ToolContext;
  readonly #consumption: Consumption;
  readonly #consumer: Consumer<ConsumerRecord>;
  readonly #out: BlockWriter;
  readonly #silent = new AbortController();
  #silence: Timer | undefined;

  constructor(context: ToolContext, consumption: Consumption, consumer: Consumer<ConsumerRecord>) {
    this.#context = context;
    this.#consumption = consumption;
    this.#consumer = consumer;
    this.#out = new BlockWriter(context.stdout);
  }

  async run(): Promise<void> {
    if (this.#consumption.maxMessages === 0) return;
    this.#awaitRecords();
    try {
      const signal = AbortSignal.any([this.#context.signal, this.#silent.signal]);
      for await (const { records } of this.#consumer.batches({ maxRecords: BATCH_RECORDS, signal })) {
        this.#silence?.cancel();
        const written = this.#write(records);
        this.#out.flush();
        if (this.#out.isFull) await this.#out.drained();
        if (this.count === this.#consumption.maxMessages) {
          await this.#commit(records.slice(0, written));
          return;
        }
        this.#awaitRecords();
      }
    } catch (error) {
      if (error instanceof JavaError) throw error;
      this.#stopped(error);
    } finally {
      this.#silence?.cancel();
      this.#out.flush();
    }
    if (this.#silent.signal.aborted)
      this.#stopped(new JavaError('org.apache.kafka.common.errors.TimeoutException', 'null'));
  }

  /** Reading ends, and what was read until then was well: the tool ends without an error. */
  #stopped(error: unknown): void {
    const message = 'Error processing message, terminating consumer process: ';
    logError(this.#context, message, CONSOLE_CONSUMER_CLASS, error);
  }

  #awaitRecords(): void {
    const { timeoutMs } = this.#consumption;
    if (timeoutMs === undefined || timeoutMs < 0) return;
    this.#silence = this.#context.timers.after(timeoutMs, () => this.#silent.abort());
  }

  /** Returns how many of them were written, or passed over. */
  #write(records: readonly ConsumerRecord[]): number {
    const { write, maxMessages, skipsErrors } = this.#consumption;
    const out = this.#out;
    const most = maxMessages < 0 ? records.length : Math.min(records.length, maxMessages - this.count);
    for (let index = 0; index < most; index++) {
      out.begin();
      try {
        write(records[index]!, out);
      } catch (error) {
        out.takeBack();
        if (!skipsErrors) {
          this.count += index + 1;
          throw error;
        }
        const message = 'Error processing message, skipping this message: ';
        logError(this.#context, message, CONSOLE_CONSUMER_CLASS, error);
      }
    }
    this.count += most;
    return most;
  }

  /** What comes behind them in the batch is for who reads on. */
  async #commit(records: readonly ConsumerRecord[]): Promise<void> {
    const { partition, properties } = this.#consumption;
    if (partition !== undefined || properties['enable.auto.commit']?.toLowerCase() === 'false') return;
    const last = new Map(records.map((record) => [`${record.partition}:${record.topic}`, record]));
    if (last.size > 0) await this.#consumer.commit([...last.values()]);
  }
}
