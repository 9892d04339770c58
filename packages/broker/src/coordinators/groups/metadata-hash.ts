// The hash by which a group sees that its topics have changed: created, deleted, grown, or moved to other racks. It is
// XXH3 over the same bytes that Kafka hashes, so that a group whose coordinator changes sides does not rebalance for it.

import { createRequire } from 'node:module';
import { optionalPackage, uuidToBytes } from '@moldau/protocol';
import type { GroupTopic, GroupTopics } from './group-topics.ts';
import { xxh3 } from './xxh3.ts';

const MAGIC = 0;
const LONG_BYTES = 8;

let loaded: ((bytes: Uint8Array) => bigint) | undefined;

function hash(bytes: Uint8Array): bigint {
  loaded ??=
    optionalPackage(
      () => createRequire(import.meta.url)('@node-rs/xxhash') as typeof import('@node-rs/xxhash'),
    )?.xxh3.xxh64 ?? xxh3;
  return loaded(bytes);
}

/** Of topics that exist, in any order. As a signed integer of 64 bits; 0 when there are none. */
export function metadataHash(names: Iterable<string>, topics: GroupTopics): bigint {
  const known = [...names].sort().flatMap((name) => topics.byName(name) ?? []);
  if (known.length === 0) return 0n;
  const bytes = Buffer.allocUnsafe(known.length * LONG_BYTES);
  known.forEach((topic, at) => {
    bytes.writeBigUInt64LE(topicHash(topic, topics), at * LONG_BYTES);
  });
  return BigInt.asIntN(64, hash(bytes));
}

function topicHash(topic: GroupTopic, topics: GroupTopics): bigint {
  const bytes = new HashedBytes(64 + topic.name.length * 2 + topic.partitionCount * 4);
  bytes.putByte(MAGIC);
  // The id's two halves, each as a little-endian integer.
  bytes.put(Buffer.from(uuidToBytes(topic.id)).swap64());
  bytes.putString(topic.name);
  bytes.putInt(topic.partitionCount);
  for (let partition = 0; partition < topic.partitionCount; partition++) {
    bytes.putInt(partition);
    for (const rack of [...topics.racks(topic, partition)].sort()) {
      bytes.putInt(rack.length);
      bytes.putString(rack);
    }
  }
  return hash(bytes.view());
}

/** Values as the hash takes them in: little-endian, strings as UTF-16 with their length after them. */
class HashedBytes {
  #bytes: Buffer;
  #size = 0;

  constructor(expectedBytes: number) {
    this.#bytes = Buffer.allocUnsafe(expectedBytes);
  }

  view(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  putByte(value: number): void {
    this.#reserve(1);
    this.#size = this.#bytes.writeUInt8(value, this.#size);
  }

  putInt(value: number): void {
    this.#reserve(4);
    this.#size = this.#bytes.writeInt32LE(value, this.#size);
  }

  putString(text: string): void {
    this.put(Buffer.from(text, 'utf16le'));
    this.putInt(text.length);
  }

  put(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  #reserve(count: number): void {
    if (this.#size + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#size + count));
    larger.set(this.view());
    this.#bytes = larger;
  }
}
