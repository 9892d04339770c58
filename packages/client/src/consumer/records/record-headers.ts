// The headers of one record, read when they are first looked at. Names may repeat, and have their order.

import { KafkaError } from '../../errors/kafka-error.ts';

export type Header = readonly [name: string, value: Buffer | null];

/** Whose they are, for errors. */
interface Owner {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export class RecordHeaders implements Iterable<Header> {
  readonly #bytes: Buffer;
  readonly #owner: Owner;
  #entries: readonly Header[] | undefined;

  /** `bytes` begin with the number of headers. */
  constructor(bytes: Buffer, owner: Owner) {
    this.#bytes = bytes;
    this.#owner = owner;
  }

  get size(): number {
    return this.entries.length;
  }

  /** In the order in which they were sent. Values are views. @throws KafkaError CORRUPT_MESSAGE */
  get entries(): readonly Header[] {
    this.#entries ??= this.#read();
    return this.#entries;
  }

  has(name: string): boolean {
    return this.entries.some((entry) => entry[0] === name);
  }

  /** The last of that name; undefined: there is none. */
  get(name: string): Buffer | null | undefined {
    return this.entries.findLast((entry) => entry[0] === name)?.[1];
  }

  getAll(name: string): (Buffer | null)[] {
    return this.entries.filter((entry) => entry[0] === name).map((entry) => entry[1]);
  }

  /** The last of that name, as text. */
  text(name: string): string | null | undefined {
    const value = this.get(name);
    return value === null || value === undefined ? value : value.toString('utf8');
  }

  [Symbol.iterator](): Iterator<Header> {
    return this.entries[Symbol.iterator]();
  }

  /** Pairs, for people who look at them. */
  toJSON(): (readonly [string, unknown])[] {
    return this.entries.map(([name, value]) => [name, readable(value)]);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): unknown {
    return this.toJSON();
  }

  #read(): Header[] {
    const bytes = this.#bytes;
    let position = 0;
    const length = (): number => {
      let raw = 0;
      for (let shift = 0; shift <= 28; shift += 7) {
        const byte = bytes[position++];
        if (byte === undefined) throw this.#corrupt();
        raw |= (byte & 0x7f) << shift;
        if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1);
      }
      throw this.#corrupt();
    };
    const take = (count: number): Buffer => {
      if (count < 0 || count > bytes.length - position) throw this.#corrupt();
      position += count;
      return bytes.subarray(position - count, position);
    };
    const count = length();
    if (count < 0 || count * 2 > bytes.length - position) throw this.#corrupt();
    const entries: Header[] = [];
    for (let index = 0; index < count; index++) {
      const name = take(length()).toString('utf8');
      const valueLength = length();
      entries.push([name, valueLength === -1 ? null : take(valueLength)]);
    }
    if (position !== bytes.length) throw this.#corrupt();
    return entries;
  }

  #corrupt(): KafkaError {
    const { topic, partition, offset } = this.#owner;
    const where = `${topic}, partition ${partition}, offset ${offset}`;
    return new KafkaError(
      'CORRUPT_MESSAGE',
      `${where}: the record's headers are damaged: its producer wrote them so, for the batch's checksum is right.`,
      { topic, partition },
    );
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes as a text if they are one, else as base64. */
export function readable(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return typeof value === 'bigint' ? String(value) : value;
  try {
    return UTF8.decode(value);
  } catch {
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  }
}
