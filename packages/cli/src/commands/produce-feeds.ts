// How `moldau produce` hands over to the producer what its input was cut into: record by record, or whole lines as they come.

import type { KafkaError, OutgoingRecord, Producer } from '@moldau/client';
import type { Output } from '../output/output.ts';
import { BlockSplitter } from '../records/block-splitter.ts';
import type { Splitter } from '../records/inputs.ts';
import type { RecordReader } from '../records/line-records.ts';

/** Told of each record that was not sent: its value, or where it was read where that says more. */
export type Failed = (error: KafkaError, record: { value: Buffer | null; place?: string }) => void;

export interface Feed {
  /** What it wants to get of an input that is cut; undefined: a record at a time. */
  readonly splitter?: () => Splitter;
  /** A promise: there is enough for now. Throws for what is no record. */
  add(part: Buffer, nowMs: number, place: string): Promise<void> | undefined;
  end(): Promise<void>;
}

interface Destination {
  readonly producer: Producer;
  readonly topic: string;
}

/** Acknowledgements that are awaited. */
const MAX_AWAITED = 20_000;
/** What waits for them, or for room in the producer's buffer, is in memory. */
const MAX_AWAITED_BYTES = 32 * 1024 * 1024;

/** Sends without waiting for acknowledgements. */
export class PostingFeed implements Feed {
  readonly #to: Destination;
  readonly #read: RecordReader;

  constructor(to: Destination, read: RecordReader) {
    this.#to = to;
    this.#read = read;
  }

  add(part: Buffer, nowMs: number): Promise<void> | undefined {
    const { producer, topic } = this.#to;
    return producer.post(topic, this.#read(part, nowMs)) ? undefined : producer.ready();
  }

  async end(): Promise<void> {}
}

/** The same for lines that are values as they are, many at a time. */
export class LinesFeed implements Feed {
  readonly splitter: () => Splitter;
  readonly #to: Destination;
  readonly #common: Partial<OutgoingRecord>;
  readonly #delimiter: number;

  constructor(to: Destination, common: Partial<OutgoingRecord>, delimiter: number) {
    this.splitter = () => new BlockSplitter(delimiter);
    this.#to = to;
    this.#common = common;
    this.#delimiter = delimiter;
  }

  add(block: Buffer, nowMs: number): Promise<void> | undefined {
    const { producer, topic } = this.#to;
    const fields = { timestampMs: nowMs, ...this.#common, delimiter: this.#delimiter };
    return producer.postLines(topic, block, fields) ? undefined : producer.ready();
  }

  async end(): Promise<void> {}
}

/** Knows what became of each record; prints where they went, in their order, if there is an output. */
export class SendingFeed implements Feed {
  readonly #to: Destination;
  readonly #read: RecordReader;
  readonly #output: Output | undefined;
  readonly #failed: Failed;
  #awaited: Promise<string>[] = [];
  #awaitedBytes = 0;

  constructor(to: Destination, read: RecordReader, output: Output | undefined, failed: Failed) {
    this.#to = to;
    this.#read = read;
    this.#output = output;
    this.#failed = failed;
  }

  add(part: Buffer, nowMs: number, place: string): Promise<void> | undefined {
    this.#awaited.push(this.#send(this.#read(part, nowMs), place));
    this.#awaitedBytes += part.length;
    const isEnough = this.#awaited.length >= MAX_AWAITED || this.#awaitedBytes >= MAX_AWAITED_BYTES;
    return isEnough ? this.end() : undefined;
  }

  async end(): Promise<void> {
    const awaited = this.#awaited;
    this.#awaited = [];
    this.#awaitedBytes = 0;
    const lines = await Promise.all(awaited);
    await this.#output?.write(lines.join(''));
  }

  async #send(record: OutgoingRecord, place: string): Promise<string> {
    const { value } = record;
    try {
      const { topic, partition, offset, timestampMs } = await this.#to.producer.send(this.#to.topic, record);
      return `${JSON.stringify({ topic, partition, offset: offset ?? null, timestamp: timestampMs })}\n`;
    } catch (error) {
      this.#failed(error as KafkaError, { value: value === null ? null : Buffer.from(value), place });
      return '';
    }
  }
}
