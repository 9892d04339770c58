// Which partition a record goes to, when it does not say so itself.

import type { Random } from '@moldau/io';
import { OptionsError } from '../../errors/kafka-error.ts';
import { crc32Hash, fnv1aHash, type KeyHash, murmur2Hash } from './key-hashes.ts';
import { type PartitionLoad, StickyChoice } from './sticky-choice.ts';

export const PARTITIONERS = ['sticky', 'murmur2-random', 'consistent-random', 'fnv1a', 'random'] as const;
export type PartitionerName = (typeof PARTITIONERS)[number];

/** What a partitioner of your own is given. */
export interface PartitionerInput {
  readonly topic: string;
  /** As it is sent. A view that is valid during the call. */
  readonly key: Buffer | null;
  readonly value: Uint8Array | string | null;
  readonly partitionCount: number;
}

/** Returns a partition, from 0 on. */
export type CustomPartitioner = (input: PartitionerInput) => number;

const HASHES: Readonly<Record<PartitionerName, KeyHash | undefined>> = {
  sticky: murmur2Hash,
  'murmur2-random': murmur2Hash,
  'consistent-random': crc32Hash,
  fnv1a: fnv1aHash,
  random: undefined,
};

/** Texts are encoded here for their hash. */
let scratch = Buffer.allocUnsafeSlow(1024);

/** Of one topic. */
export class Partitioner {
  /** Set where records without a key stick to a partition. */
  readonly sticky: StickyChoice | undefined;
  readonly #topic: string;
  readonly #random: Random;
  readonly #hash: KeyHash | undefined;
  readonly #custom: CustomPartitioner | undefined;
  readonly #isEmptyNone: boolean;

  constructor(topic: string, kind: PartitionerName | CustomPartitioner, random: Random) {
    this.#topic = topic;
    this.#random = random;
    this.#custom = typeof kind === 'function' ? kind : undefined;
    this.#hash = typeof kind === 'function' ? undefined : HASHES[kind];
    this.#isEmptyNone = kind === 'consistent-random';
    this.sticky = kind === 'sticky' ? new StickyChoice(random) : undefined;
  }

  /** -1: it sticks to one, which is `sticky`'s to say. */
  choose(
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    partitions: readonly PartitionLoad[],
  ): number {
    const partitionCount = partitions.length;
    if (this.#custom !== undefined) return this.#ask(this.#custom, key, value, partitionCount);
    if (key === null || this.#hash === undefined || (this.#isEmptyNone && key.length === 0))
      return this.sticky === undefined ? Math.floor(this.#random.next() * partitionCount) : -1;
    if (typeof key !== 'string') return this.#hash(key, key.length) % partitionCount;
    const sizeBytes = encode(key);
    return this.#hash(scratch, sizeBytes) % partitionCount;
  }

  #ask(
    custom: CustomPartitioner,
    key: Uint8Array | string | null,
    value: Uint8Array | string | null,
    partitionCount: number,
  ): number {
    const bytes = typeof key === 'string' ? Buffer.from(key) : key;
    const chosen = custom({
      topic: this.#topic,
      key: bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      value,
      partitionCount,
    });
    if (Number.isInteger(chosen) && chosen >= 0 && chosen < partitionCount) return chosen;
    throw new OptionsError(
      `The partitioner chose ${chosen} for a record of ${this.#topic}, which has partitions 0 to ${partitionCount - 1}.`,
    );
  }
}

/** Into the scratch; returns how many bytes. */
function encode(text: string): number {
  const { length } = text;
  if (length * 3 > scratch.length) scratch = Buffer.allocUnsafeSlow(length * 6);
  if (length <= 12) {
    let index = 0;
    for (; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) break;
      scratch[index] = code;
    }
    if (index === length) return length;
  }
  return scratch.write(text, 0);
}
