// How keys and values become bytes, and come back. Whether there may be none (a tombstone, a record without a key) is the serde's to say.

import { SerializationError } from '../errors/kafka-error.ts';

/** What a key or value belongs to, for errors and for serdes that depend on it. */
export interface SerdeContext {
  readonly topic: string;
  readonly part: 'key' | 'value';
}

export interface Serde<T> {
  /** For errors: 'json'. */
  readonly name: string;
  /** A text is sent as UTF-8; null is no key, or a tombstone. Throws for what it cannot write. */
  serialize(value: T, context: SerdeContext): Uint8Array | string | null;
  /** `bytes` are a view that is valid for as long as its record. Throws for what it cannot read. */
  deserialize(bytes: Buffer | null, context: SerdeContext): T;
}

/** As `serde`, but null is refused when it is sent, and an error when it is read. */
export function notNull<T>(serde: Serde<T>): Serde<NonNullable<T>> {
  return {
    name: serde.name,
    serialize(value, context) {
      const bytes = serde.serialize(value, context);
      if (bytes !== null) return bytes;
      throw new SerializationError(`${context.topic} takes no record whose ${context.part} is null.`, {
        topic: context.topic,
      });
    },
    deserialize(bytes, context) {
      const value = serde.deserialize(bytes, context);
      if (value !== null && value !== undefined) return value;
      throw new SerializationError(
        `The ${context.part} is null, and ${context.topic} is declared to have none such: leave notNull() away to be given null.`,
        { topic: context.topic },
      );
    },
  };
}
