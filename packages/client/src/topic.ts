// A topic with the types of its keys and values, declared once and used by those who send and those who read; and what a record to be sent is.

import { bytes } from './serdes/primitives.ts';
import type { Serde } from './serdes/serde.ts';

export interface Topic<K, V> {
  readonly name: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

/** What may be sent to a topic that is given by its name alone. */
export type Plain = Uint8Array | string | null;

type Bytes = Buffer | null;

/** Without a serde, keys and values are bytes. */
export function topic<K = Bytes, V = Bytes>(
  name: string,
  serdes: { readonly key?: Serde<K>; readonly value?: Serde<V> } = {},
): Topic<K, V> {
  // K and V are Bytes where nothing else is given.
  const { key = bytes() as Serde<unknown> as Serde<K>, value = bytes() as Serde<unknown> as Serde<V> } =
    serdes;
  return { name, key, value };
}

export type HeaderValue = string | Uint8Array | null;

/** By name, with several values where they are a list; or pairs, in the order in which they are to be sent. */
export type HeadersInput =
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
  | readonly (readonly [name: string, value: HeaderValue])[];

/** A record to be sent. */
export interface OutgoingRecord<K = Plain, V = Plain> {
  /** By default null: no key. */
  readonly key?: K | null | undefined;
  /** null: a tombstone. */
  readonly value: V;
  readonly headers?: HeadersInput | undefined;
  /** By default the time of sending, in ms since 1970. */
  readonly timestampMs?: number | undefined;
  /** By default the partitioner's choice. */
  readonly partition?: number | undefined;
}
