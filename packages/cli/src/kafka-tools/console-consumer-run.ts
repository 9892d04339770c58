// How kafka-console-consumer reads: from a group or a partition to bytes on standard output.
//
// Invariant: a group commits nothing that was not written.

import type { Consumer, ConsumerRecord } from '@moldau/client';
import { BlockWriter } from '../records/block-writer.ts';
import { CONSOLE_CONSUMER_CLASS, type Consumption } from './console-consumer.ts';
import { consumingClient, readToEnd, Silence, silenceError, tellStopped } from './console-reading.ts';
import { invalidTopic, JavaError } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import { logError } from './tool-log.ts';

/** Of records that are handed over at once: several hundred kilobytes of small ones. */
const BATCH_RECORDS = 4_000;

const PROTOCOL_HINT =
  'The consumer rebalance protocol (KIP-848) is production-ready! Set group.protocol=consumer to try it out. See https://kafka.apache.org/documentation/#consumer_rebalance_protocol';

export async function consumeToConsole(context: ToolContext, consumption: Consumption): Promise<number> {
  return await readToEnd(context, CONSOLE_CONSUMER_CLASS, async () => {
    const consumer = await openConsumer(context, consumption);
    if (consumption.partition === undefined && consumption.properties['group.protocol'] !== 'consumer')
      context.err(PROTOCOL_HINT);
    return { consumer, reader: new ConsoleCopy(context, consumption, consumer) };
  });
}

async function openConsumer(
  context: ToolContext,
  { brokers, properties, topic, include, partition, from, isOwnGroup }: Consumption,
): Promise<Consumer<ConsumerRecord>> {
  const { 'key.deserializer': _key, 'value.deserializer': _value, ...usable } = properties;
  const { kafka, consumer: given } = await consumingClient(context, 'kafka consumer', brokers, usable);
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
  readonly #silence: Silence;

  constructor(context: ToolContext, consumption: Consumption, consumer: Consumer<ConsumerRecord>) {
    this.#context = context;
    this.#consumption = consumption;
    this.#consumer = consumer;
    this.#out = new BlockWriter(context.stdout);
    this.#silence = new Silence(context, consumption.timeoutMs);
  }

  async run(): Promise<void> {
    if (this.#consumption.maxMessages === 0) return;
    this.#silence.begin();
    try {
      const signal = AbortSignal.any([this.#context.signal, this.#silence.signal]);
      for await (const { records } of this.#consumer.batches({ maxRecords: BATCH_RECORDS, signal })) {
        this.#silence.end();
        const written = this.#write(records);
        this.#out.flush();
        if (this.#out.isFull) await this.#out.drained();
        if (this.count === this.#consumption.maxMessages) {
          await this.#commit(records.slice(0, written));
          return;
        }
        this.#silence.begin();
      }
    } catch (error) {
      if (error instanceof JavaError) throw error;
      tellStopped(this.#context, CONSOLE_CONSUMER_CLASS, invalidTopic(error));
    } finally {
      this.#silence.end();
      this.#out.flush();
    }
    if (this.#silence.signal.aborted) tellStopped(this.#context, CONSOLE_CONSUMER_CLASS, silenceError());
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
