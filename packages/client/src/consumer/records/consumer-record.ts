// A record as the application gets it: a light object over the bytes that came, which are read when they are touched.
//
// Invariants: nothing is decoded before it is asked for, and then once: the same key and value are given each time. A record pins its source's bytes
// and no more (record-reader.ts sees to it that those are few); detach() pins its own only.

import type { RecordCursor } from '@moldau/protocol/record-cursor';
import { SerializationError } from '../../errors/kafka-error.ts';
import type { Serde, SerdeContext } from '../../serdes/serde.ts';
import { RecordHeaders, readable } from './record-headers.ts';

/** How the keys and values of a topic are read. */
export interface TopicSerdes<K, V> {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

/** What records that came together have in common. */
export interface RecordSource<K = unknown, V = unknown> {
  readonly topic: string;
  readonly partition: number;
  readonly brokerId: number;
  readonly serdes: TopicSerdes<K, V>;
  readonly baseOffset: number;
  readonly baseTimestampMs: number;
  /** When the broker appended the batch, if that is what the topic's timestamps are. */
  readonly appendedMs: number | undefined;
  readonly leaderEpoch: number | undefined;
  readonly bytes: Buffer;
  /** Which position of the batch's records `bytes` begins at. */
  readonly bytesStart: number;
}

/** Where a record is in its batch: what RecordCursor finds. */
export type RecordPlace = Pick<
  RecordCursor,
  'start' | 'end' | 'offsetDelta' | 'timestampDelta' | 'keyStart' | 'keyLength' | 'valueStart' | 'valueLength'
>;

/** In place of a key or value that has not been touched. */
const UNREAD = Symbol('unread');

export class ConsumerRecord<K = Buffer | null, V = Buffer | null> {
  readonly #source: RecordSource<K, V>;
  readonly #start: number;
  readonly #end: number;
  readonly #offsetDelta: number;
  readonly #timestampDelta: number;
  readonly #keyStart: number;
  readonly #keyLength: number;
  readonly #valueStart: number;
  readonly #valueLength: number;
  #key: K | typeof UNREAD = UNREAD;
  #value: V | typeof UNREAD = UNREAD;

  /** For readers of batches. */
  constructor(source: RecordSource<K, V>, place: RecordPlace) {
    this.#source = source;
    this.#start = place.start;
    this.#end = place.end;
    this.#offsetDelta = place.offsetDelta;
    this.#timestampDelta = place.timestampDelta;
    this.#keyStart = place.keyStart;
    this.#keyLength = place.keyLength;
    this.#valueStart = place.valueStart;
    this.#valueLength = place.valueLength;
  }

  get topic(): string {
    return this.#source.topic;
  }

  get partition(): number {
    return this.#source.partition;
  }

  get offset(): number {
    return this.#source.baseOffset + this.#offsetDelta;
  }

  /** Since 1970; -1 when the record has none. */
  get timestampMs(): number {
    return this.#source.appendedMs ?? this.#source.baseTimestampMs + this.#timestampDelta;
  }

  /** Whose clock it is: the producer's, or that of the broker that appended the record. */
  get timestampType(): 'create' | 'append' {
    return this.#source.appendedMs === undefined ? 'create' : 'append';
  }

  /** Of the leader that appended it; undefined: the broker is too old to tell. */
  get leaderEpoch(): number | undefined {
    return this.#source.leaderEpoch;
  }

  /** Who sent it: the partition's leader, or a replica that is nearer. */
  get brokerId(): number {
    return this.#source.brokerId;
  }

  /** As the topic's serde reads it. @throws SerializationError */
  get key(): K {
    const known = this.#key;
    if (known !== UNREAD) return known;
    const key = this.#read(this.#source.serdes.key, 'key', this.keyBytes);
    this.#key = key;
    return key;
  }

  /** As the topic's serde reads it. @throws SerializationError */
  get value(): V {
    const known = this.#value;
    if (known !== UNREAD) return known;
    const value = this.#read(this.#source.serdes.value, 'value', this.valueBytes);
    this.#value = value;
    return value;
  }

  /** A view; null: the record has no key. */
  get keyBytes(): Buffer | null {
    return this.#view(this.#keyStart, this.#keyLength);
  }

  /** A view; null: a tombstone. */
  get valueBytes(): Buffer | null {
    return this.#view(this.#valueStart, this.#valueLength);
  }

  get headers(): RecordHeaders {
    const { bytes, bytesStart } = this.#source;
    const start = this.#valueStart + Math.max(0, this.#valueLength);
    return new RecordHeaders(bytes.subarray(start - bytesStart, this.#end - bytesStart), this);
  }

  /** Bytes that the record takes in its batch, decompressed. */
  get sizeBytes(): number {
    return this.#end - this.#start;
  }

  /** A copy with memory of its own: keep it for long, and nothing else is kept with it. */
  detach(): ConsumerRecord<K, V> {
    const source = this.#source;
    const { bytes, bytesStart } = source;
    const own = Buffer.allocUnsafeSlow(this.sizeBytes);
    own.set(bytes.subarray(this.#start - bytesStart, this.#end - bytesStart));
    return new ConsumerRecord<K, V>(
      { ...source, bytes: own, bytesStart: this.#start },
      {
        ...{ start: this.#start, end: this.#end },
        ...{ offsetDelta: this.#offsetDelta, timestampDelta: this.#timestampDelta },
        ...{ keyStart: this.#keyStart, keyLength: this.#keyLength },
        ...{ valueStart: this.#valueStart, valueLength: this.#valueLength },
      },
    );
  }

  /** For people who look at it, and logs: texts where key and value are some, base64 where they are other bytes. */
  toJSON(): Record<string, unknown> {
    const { topic, partition, offset, timestampMs, timestampType, leaderEpoch } = this;
    return {
      ...{ topic, partition, offset, timestampMs, timestampType, leaderEpoch },
      key: readable(this.key),
      value: readable(this.value),
      headers: this.headers,
    };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): unknown {
    return this.toJSON();
  }

  #view(start: number, length: number): Buffer | null {
    if (length < 0) return null;
    const { bytes, bytesStart } = this.#source;
    return bytes.subarray(start - bytesStart, start - bytesStart + length);
  }

  #read<T>(serde: Serde<T>, part: SerdeContext['part'], bytes: Buffer | null): T {
    try {
      return serde.deserialize(bytes, { topic: this.topic, part });
    } catch (cause) {
      const { topic, partition, offset } = this;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const where = `${topic}, partition ${partition}, offset ${offset}`;
      throw new SerializationError(`${where}: ${reason}`, { topic, partition, cause });
    }
  }
}
