// Owns message sets, the formats before the record batch: magic 0 (no timestamp) and magic 1.
//
// A compressed set is a message whose value is another set, compressed. Inside magic 1 the inner offsets count from 0 and the wrapper
// carries the last one's absolute offset; inside magic 0 they are absolute. Every message has a CRC-32 of its own. A set
// that ends inside a message is normal on the outside (brokers cut fetched sets anywhere) and an error inside a wrapper.

import { crc32 } from 'node:zlib';
import { MalformedError } from '../malformed.ts';
import { entrySizeAt, LOG_OVERHEAD, type ReadOptions, type TimestampType } from './batch.ts';
import { type CompressionType, codecId, codecOf, compress, decompress } from './codecs.ts';
import { useLegacyChecksum } from './lz4.ts';
import { readInt32, readInt64, writeInt32, writeInt64 } from './primitives.ts';
import { NO_TIMESTAMP } from './record.ts';

const CRC_POSITION = 12;
const CRC_COVERS_FROM = 16;
const ATTRIBUTES_POSITION = 17;
const TIMESTAMP_POSITION = 18;
const LOG_APPEND_TIME_FLAG = 0x08;
const NO_LIMIT_BYTES = 0x7fff_ffff;

/** A message as the set has it, a wrapper perhaps. Buffers are views. */
export interface Message {
  readonly offset: number;
  readonly magic: 0 | 1;
  readonly compression: CompressionType;
  readonly timestampType: TimestampType;
  /** In ms; -1 in magic 0. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

export interface MessageInput {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

export interface MessageSetInput {
  readonly magic: 0 | 1;
  /** Not zstd, which these formats never had. Default 'none'. */
  readonly compression?: Exclude<CompressionType, 'zstd'> | undefined;
  /** For magic 1; the messages' timestamps are then the broker's. Default 'CreateTime'. */
  readonly timestampType?: TimestampType | undefined;
  /** With rising offsets. */
  readonly messages: readonly MessageInput[];
}

/**
 * The message at `position`, not looked into; undefined when the bytes end before it does.
 * Throws MalformedError for a magic other than 0 and 1, a wrong checksum, and lengths that cannot be.
 */
export function messageAt(bytes: Buffer, position: number): { message: Message; end: number } | undefined {
  const size = entrySizeAt(bytes, position);
  if (size === 0) return undefined;
  const end = position + size;
  const magic = bytes[position + 16]!;
  if (magic !== 0 && magic !== 1) throw new MalformedError(`a message of magic ${magic} in a message set`);
  const crc = readInt32(bytes, position + CRC_POSITION) >>> 0;
  if (crc !== crc32(bytes.subarray(position + CRC_COVERS_FROM, end))) {
    throw new MalformedError(`the message at byte ${position} does not match its checksum`);
  }
  const attributes = bytes[position + ATTRIBUTES_POSITION]!;
  const keyPosition = position + TIMESTAMP_POSITION + (magic === 1 ? 8 : 0);
  const key = fieldAt(bytes, keyPosition, end);
  const valuePosition = keyPosition + 4 + (key?.length ?? 0);
  const value = fieldAt(bytes, valuePosition, end);
  if (valuePosition + 4 + (value?.length ?? 0) !== end) {
    throw new MalformedError(`the message at byte ${position} goes on behind its value`);
  }
  const message: Message = {
    offset: readInt64(bytes, position),
    magic,
    compression: codecOf(attributes),
    timestampType: magic === 1 && (attributes & LOG_APPEND_TIME_FLAG) !== 0 ? 'LogAppendTime' : 'CreateTime',
    timestamp: magic === 1 ? readInt64(bytes, position + TIMESTAMP_POSITION) : NO_TIMESTAMP,
    key,
    value,
  };
  return { message, end };
}

function fieldAt(bytes: Buffer, position: number, end: number): Buffer | null {
  if (position + 4 > end) throw new MalformedError(`a message ends inside a length at byte ${position}`);
  const length = readInt32(bytes, position);
  if (length === -1) return null;
  if (length < 0 || length > end - position - 4) {
    throw new MalformedError(`a message's field claims ${length} bytes where ${end - position - 4} are left`);
  }
  return bytes.subarray(position + 4, position + 4 + length);
}

/** The messages of a set without looking into wrappers; a torn one at the end is left out. Throws MalformedError. */
export function* shallowMessages(bytes: Buffer): Generator<Message, void> {
  let found = messageAt(bytes, 0);
  while (found !== undefined) {
    yield found.message;
    found = messageAt(bytes, found.end);
  }
}

/**
 * The messages of a set with those inside wrappers in place of the wrappers, with absolute offsets.
 * `maxDecompressedBytes` holds for all wrappers together. Throws MalformedError.
 */
export function* messages(bytes: Buffer, options: ReadOptions = {}): Generator<Message, void> {
  let budgetBytes = options.maxDecompressedBytes ?? NO_LIMIT_BYTES;
  for (const message of shallowMessages(bytes)) {
    if (message.compression === 'none') {
      yield message;
      continue;
    }
    const inner = unwrap(message, budgetBytes);
    budgetBytes -= inner.sizeBytes;
    yield* inner.messages;
  }
}

/** The messages inside a wrapper, with absolute offsets, and how many bytes they were. Throws MalformedError. */
export function unwrap(wrapper: Message, maxBytes: number): { messages: Message[]; sizeBytes: number } {
  if (wrapper.compression === 'zstd') throw new MalformedError('message sets cannot be compressed with zstd');
  if (wrapper.value === null) throw new MalformedError('a compressed message has no value');
  const area = decompress(wrapper.compression, wrapper.value, maxBytes);
  const found: Message[] = [];
  let position = 0;
  while (position < area.length) {
    const next = messageAt(area, position);
    if (next === undefined) throw new MalformedError('a compressed message set ends inside a message');
    const { message } = next;
    if (message.compression !== 'none')
      throw new MalformedError('a compressed message inside a compressed message');
    if (message.magic !== wrapper.magic) {
      throw new MalformedError(`a message of magic ${message.magic} inside one of magic ${wrapper.magic}`);
    }
    found.push(message);
    position = next.end;
  }
  if (found.length === 0) throw new MalformedError('a compressed message set is empty');
  return { messages: absolute(wrapper, found), sizeBytes: area.length };
}

function absolute(wrapper: Message, inner: Message[]): Message[] {
  if (wrapper.magic === 0) return inner;
  // Some versions of librdkafka leave the wrapper's offset 0 when they produce.
  const base = wrapper.offset === 0 ? 0 : wrapper.offset - inner.at(-1)!.offset;
  if (base < 0) throw new MalformedError('the offset of a compressed message is lower than those inside it');
  const isAppendTime = wrapper.timestampType === 'LogAppendTime';
  return inner.map((message) => ({
    ...message,
    offset: base + message.offset,
    timestamp: isAppendTime ? wrapper.timestamp : message.timestamp,
    timestampType: wrapper.timestampType,
  }));
}

/** Writes a message set: the messages one after another, or one wrapper around them. */
export function encodeMessageSet(input: MessageSetInput): Buffer {
  const { magic, messages: all, compression = 'none', timestampType = 'CreateTime' } = input;
  const attributes = magic === 1 && timestampType === 'LogAppendTime' ? LOG_APPEND_TIME_FLAG : 0;
  const isWrapped = compression !== 'none';
  const base = isWrapped && magic === 1 ? (all[0]?.offset ?? 0) : 0;
  const area = Buffer.allocUnsafe(all.reduce((total, message) => total + messageSize(magic, message), 0));
  let position = 0;
  for (const message of all)
    position = writeMessage(area, position, magic, attributes, message, message.offset - base);
  const last = all.at(-1);
  if (!isWrapped || last === undefined) return area;

  const compressed = compress(compression, area);
  const wrapper: MessageInput = {
    offset: last.offset,
    timestamp: all.reduce((highest, { timestamp }) => Math.max(highest, timestamp), NO_TIMESTAMP),
    key: null,
    value: compression === 'lz4' && magic === 0 ? useLegacyChecksum(compressed) : compressed,
  };
  const set = Buffer.allocUnsafe(messageSize(magic, wrapper));
  writeMessage(set, 0, magic, attributes | codecId(compression), wrapper, wrapper.offset);
  return set;
}

function messageSize(magic: 0 | 1, message: MessageInput): number {
  return (
    TIMESTAMP_POSITION +
    (magic === 1 ? 8 : 0) +
    8 +
    (message.key === null ? 0 : message.key.length) +
    (message.value === null ? 0 : message.value.length)
  );
}

function writeMessage(
  target: Buffer,
  start: number,
  magic: 0 | 1,
  attributes: number,
  message: MessageInput,
  offset: number,
): number {
  writeInt64(target, offset, start);
  target[start + 16] = magic;
  target[start + ATTRIBUTES_POSITION] = attributes;
  let position = start + TIMESTAMP_POSITION;
  if (magic === 1) {
    writeInt64(target, message.timestamp, position);
    position += 8;
  }
  position = writeField(target, message.key, position);
  position = writeField(target, message.value, position);
  writeInt32(target, position - start - LOG_OVERHEAD, start + 8);
  writeInt32(target, crc32(target.subarray(start + CRC_COVERS_FROM, position)), start + CRC_POSITION);
  return position;
}

function writeField(target: Buffer, bytes: Uint8Array | null, position: number): number {
  writeInt32(target, bytes === null ? -1 : bytes.length, position);
  if (bytes === null) return position + 4;
  target.set(bytes, position + 4);
  return position + 4 + bytes.length;
}
