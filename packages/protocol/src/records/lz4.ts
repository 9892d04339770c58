// Owns lz4 frames as Kafka has them, on top of a library that reads and writes frames but knows no limit of output.
//
// The limit is kept by measuring first. A frame names its blocks' lengths and the most that a block may hold, so a bound on
// the output is known without decompressing; only when that bound is over the limit are the blocks' sequences walked for the exact
// length, which copies nothing. Message sets of magic 0 carry a frame whose header checksum is computed over the wrong
// bytes (KAFKA-3160): both are accepted, and Kafka's wrong one is written there.

import { createRequire } from 'node:module';
import { MalformedError } from '../malformed.ts';

type Lz4 = Pick<typeof import('lz4-napi'), 'compressFrameSync' | 'decompressFrameSync'>;

const FRAME_MAGIC = 0x184d2204;
const FLAG_DICTIONARY_ID = 0x01;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_BLOCK_CHECKSUM = 0x10;
const STORED_BLOCK = 0x8000_0000;
/** A byte of a block makes at most 255 bytes: one more step in the length of a match. */
const MAX_EXPANSION = 255;

let loaded: Lz4 | undefined;

function lz4(): Lz4 {
  loaded ??= createRequire(import.meta.url)('lz4-napi') as Lz4;
  return loaded;
}

/** Compresses to one frame of independent blocks without content checksum, as Kafka does. */
export function compressLz4(bytes: Uint8Array): Buffer {
  return lz4().compressFrameSync(asBuffer(bytes));
}

/** Decompresses the first frame. Undefined when that makes more than `maxBytes`; throws MalformedError. */
export function decompressLz4(bytes: Uint8Array, maxBytes: number): Buffer | undefined {
  const frame = asBuffer(bytes);
  const header = readHeader(frame);
  if (outputBound(frame, header) > maxBytes && outputLength(frame, header, maxBytes) > maxBytes)
    return undefined;
  try {
    return lz4().decompressFrameSync(header.checksumIsKafkas ? withRightChecksum(frame, header) : frame);
  } catch (error) {
    throw new MalformedError(
      `lz4 data is damaged: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The frame with the header checksum that Kafka writes in message sets of magic 0. Changes it in place. */
export function useLegacyChecksum(frame: Buffer): Buffer {
  const header = readHeader(frame);
  frame[header.checksumPosition] = headerChecksum(frame, 0, header.checksumPosition);
  return frame;
}

interface FrameHeader {
  readonly checksumPosition: number;
  readonly checksumIsKafkas: boolean;
  readonly blocksPosition: number;
  readonly maxBlockBytes: number;
  readonly hasBlockChecksums: boolean;
}

function readHeader(frame: Buffer): FrameHeader {
  if (frame.length < 7 || frame.readUInt32LE(0) !== FRAME_MAGIC) throw new MalformedError('no lz4 frame');
  const flags = frame[4]!;
  const maxBlockCode = (frame[5]! >> 4) & 7;
  if (flags >> 6 !== 1 || maxBlockCode < 4) throw new MalformedError('an lz4 frame of an unknown version');
  if ((flags & FLAG_DICTIONARY_ID) !== 0) throw new MalformedError('an lz4 frame that needs a dictionary');
  const checksumPosition = (flags & FLAG_CONTENT_SIZE) !== 0 ? 14 : 6;
  if (checksumPosition >= frame.length) throw new MalformedError('an lz4 frame ends inside its header');
  const checksum = frame[checksumPosition]!;
  const isRight = checksum === headerChecksum(frame, 4, checksumPosition);
  if (!isRight && checksum !== headerChecksum(frame, 0, checksumPosition)) {
    throw new MalformedError('the header of an lz4 frame does not match its checksum');
  }
  return {
    checksumPosition,
    checksumIsKafkas: !isRight,
    blocksPosition: checksumPosition + 1,
    maxBlockBytes: 1 << (8 + 2 * maxBlockCode),
    hasBlockChecksums: (flags & FLAG_BLOCK_CHECKSUM) !== 0,
  };
}

function withRightChecksum(frame: Buffer, header: FrameHeader): Buffer {
  const copy = Buffer.from(frame);
  copy[header.checksumPosition] = headerChecksum(copy, 4, header.checksumPosition);
  return copy;
}

/** Calls back for every block until the end mark. Throws MalformedError when the frame ends before it. */
function forEachBlock(
  frame: Buffer,
  header: FrameHeader,
  visit: (start: number, length: number, isStored: boolean) => void,
): void {
  let position = header.blocksPosition;
  for (;;) {
    if (position + 4 > frame.length) throw new MalformedError('an lz4 frame ends before its end mark');
    const word = frame.readUInt32LE(position);
    position += 4;
    if (word === 0) return;
    const length = word & ~STORED_BLOCK;
    if (length > frame.length - position || length > header.maxBlockBytes) {
      throw new MalformedError(
        `an lz4 block claims ${length} bytes where ${frame.length - position} are left`,
      );
    }
    visit(position, length, word >= STORED_BLOCK);
    position += length + (header.hasBlockChecksums ? 4 : 0);
  }
}

function outputBound(frame: Buffer, header: FrameHeader): number {
  let bound = 0;
  forEachBlock(frame, header, (_start, length, isStored) => {
    bound += isStored ? length : Math.min(header.maxBlockBytes, length * MAX_EXPANSION);
  });
  return bound;
}

/** The exact length, or some number over `limit`. */
function outputLength(frame: Buffer, header: FrameHeader, limit: number): number {
  let total = 0;
  forEachBlock(frame, header, (start, length, isStored) => {
    if (total <= limit) total += isStored ? length : blockOutputLength(frame, start, start + length);
  });
  return total;
}

function blockOutputLength(frame: Buffer, start: number, end: number): number {
  let position = start;
  let total = 0;
  while (position < end) {
    const token = frame[position++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255 && position < end) {
        byte = frame[position++]!;
        literals += byte;
      }
    }
    total += literals;
    position += literals;
    if (position >= end) break;
    position += 2;
    let match = (token & 15) + 4;
    if ((token & 15) === 15) {
      let byte = 255;
      while (byte === 255 && position < end) {
        byte = frame[position++]!;
        match += byte;
      }
    }
    total += match;
  }
  return total;
}

function headerChecksum(bytes: Uint8Array, start: number, end: number): number {
  return (xxHash32Short(bytes, start, end) >>> 8) & 0xff;
}

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** xxHash32 with seed 0 of fewer than 16 bytes, all that a frame's header has. */
function xxHash32Short(bytes: Uint8Array, start: number, end: number): number {
  let hash = (PRIME_5 + (end - start)) | 0;
  let position = start;
  for (; position + 4 <= end; position += 4) {
    const word =
      bytes[position]! |
      (bytes[position + 1]! << 8) |
      (bytes[position + 2]! << 16) |
      (bytes[position + 3]! << 24);
    hash = Math.imul(rotate((hash + Math.imul(word, PRIME_3)) | 0, 17), PRIME_4);
  }
  for (; position < end; position++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[position]!, PRIME_5)) | 0, 11), PRIME_1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
