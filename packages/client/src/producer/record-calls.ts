// What a record's sender calls, and gets: the same for producers and for transactions.

import type { OutgoingRecord, Plain, Topic } from '../topic.ts';

/** A record that was acknowledged. */
export interface SentRecord {
  readonly topic: string;
  readonly partition: number;
  /** Undefined with acks 0: the broker does not tell. */
  readonly offset: number | undefined;
  /** As it stands in the log: the record's, or the broker's where the topic says so. */
  readonly timestampMs: number;
}

export interface SendOptions {
  /** Ends the wait for room in the buffer. What is in the buffer already is sent. */
  readonly signal?: AbortSignal | undefined;
}

/** A topic is declared with topic(), or named. Several records resolve in their order, when all are acknowledged. Promises of one partition resolve in the order of its records. */
export interface RecordSend {
  (topic: string, record: OutgoingRecord<Plain, Plain>, options?: SendOptions): Promise<SentRecord>;
  (
    topic: string,
    records: readonly OutgoingRecord<Plain, Plain>[],
    options?: SendOptions,
  ): Promise<SentRecord[]>;
  <K, V>(topic: Topic<K, V>, record: OutgoingRecord<K, V>, options?: SendOptions): Promise<SentRecord>;
  <K, V>(
    topic: Topic<K, V>,
    records: readonly OutgoingRecord<K, V>[],
    options?: SendOptions,
  ): Promise<SentRecord[]>;
}

/** Beside the lines: fields that all of their records have. */
export interface LinesOptions extends Omit<OutgoingRecord<Plain, null>, 'value'> {
  /** The byte that ends a line; by default that of '\n'. */
  readonly delimiter?: number | undefined;
}

/** False: it was taken, and the buffer is over its bound: await ready() before the next. */
export interface RecordPost {
  (topic: string, record: OutgoingRecord<Plain, Plain>): boolean;
  <K, V>(topic: Topic<K, V>, record: OutgoingRecord<K, V>): boolean;
}
