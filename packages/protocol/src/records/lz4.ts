// Owns lz4 frames as Kafka has them. A library compresses; frames are read here.
//
// The library decompresses without a limit of output, does not know Kafka's old checksum, and hands its output over in a way that
// costs more than making it: the decoder here is 1.6 to 20 times as quick (records.bench.ts). A first pass over the sequences
// measures the output without making it, so that exactly that much is allocated, and nothing when it is over the limit.
//
// Message sets of magic 0 carry a frame whose header checksum is computed over the wrong bytes (KAFKA-3160): both are
// accepted, and Kafka's wrong one is written there. Checksums of blocks and content are skipped: what carries the frame has its own.

import { createRequire } from 'node:module';
import { MalformedError } from '../malformed.ts';
import { optionalPackage } from '../optional-package.ts';
import { compressLz4Blocks } from './lz4-block.ts';

type CompressFrame = (bytes: Buffer) => Buffer;

const FRAME_MAGIC = 0x184d2204;
const FLAG_DICTIONARY_ID = 0x01;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_BLOCK_CHECKSUM = 0x10;
const STORED_BLOCK = 0x8000_0000;
const MIN_MATCH_BYTES = 4;
/** Below this many bytes a loop is quicker than a native copy. */
const LOOP_COPY_BYTES = 48;

/** Version 1, independent blocks, no checksums and no size; blocks of 64 KiB. */
const OWN_FRAME_DESCRIPTOR = [0x60, 0x40] as const;

let compressFrame: CompressFrame | undefined;

/** Compresses to one frame of independent blocks without content checksum, as Kafka does. */
export function compressLz4(bytes: Uint8Array): Buffer {
  compressFrame ??=
    optionalPackage(() => createRequire(import.meta.url)('lz4-napi') as typeof import('lz4-napi'))
      ?.compressFrameSync ?? compressFrameHere;
  return compressFrame(asBuffer(bytes));
}

/** For where the library cannot be loaded. */
export function compressFrameHere(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt32LE(FRAME_MAGIC);
  head.set(OWN_FRAME_DESCRIPTOR, 4);
  head[6] = headerChecksum(head, 4, 6);
  return Buffer.concat([head, ...compressLz4Blocks(bytes), Buffer.alloc(4)]);
}

/** Decompresses the first frame. Undefined when that makes more than `maxBytes`; throws MalformedError. */
export function decompressLz4(bytes: Uint8Array, maxBytes: number): Buffer | undefined {
  const frame = asBuffer(bytes);
  const header = readHeader(frame);
  const length = outputLength(frame, header, maxBytes);
  if (length > maxBytes) return undefined;
  const output = Buffer.allocUnsafe(length);
  let written = 0;
  forEachBlock(frame, header, (start, blockLength, isStored) => {
    if (isStored) {
      output.set(frame.subarray(start, start + blockLength), written);
      written += blockLength;
    } else {
      written = decodeBlock(frame, start, start + blockLength, output, written);
    }
  });
  return output;
}

/** The frame with the header checksum that Kafka writes in message sets of magic 0. Changes it in place. */
export function useLegacyChecksum(frame: Buffer): Buffer {
  const header = readHeader(frame);
  frame[header.checksumPosition] = headerChecksum(frame, 0, header.checksumPosition);
  return frame;
}

interface FrameHeader {
  readonly checksumPosition: number;
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
  if (
    checksum !== headerChecksum(frame, 4, checksumPosition) &&
    checksum !== headerChecksum(frame, 0, checksumPosition)
  ) {
    throw new MalformedError('the header of an lz4 frame does not match its checksum');
  }
  return {
    checksumPosition,
    blocksPosition: checksumPosition + 1,
    maxBlockBytes: 1 << (8 + 2 * maxBlockCode),
    hasBlockChecksums: (flags & FLAG_BLOCK_CHECKSUM) !== 0,
  };
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

/** What all blocks make: exactly, or some number over `limit`. Throws MalformedError where a block's sequences do not fit it. */
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
    if (position === end) return total;
    position += 2;
    let match = (token & 15) + MIN_MATCH_BYTES;
    if (match === 15 + MIN_MATCH_BYTES) {
      let byte = 255;
      while (byte === 255 && position < end) {
        byte = frame[position++]!;
        match += byte;
      }
    }
    total += match;
  }
  throw new MalformedError(`the lz4 block at byte ${start} does not end with literals`);
}

/**
 * Decodes a block that `blockOutputLength` has measured, so that every length fits both buffers; only how far a match reaches back
 * is left to check. Returns the position after what it wrote.
 */
function decodeBlock(frame: Buffer, start: number, end: number, output: Buffer, outputStart: number): number {
  let position = start;
  let written = outputStart;
  for (;;) {
    const token = frame[position++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255) {
        byte = frame[position++]!;
        literals += byte;
      }
    }
    if (literals > LOOP_COPY_BYTES) {
      output.set(frame.subarray(position, position + literals), written);
      position += literals;
      written += literals;
    } else {
      const literalsEnd = position + literals;
      while (position < literalsEnd) output[written++] = frame[position++]!;
    }
    if (position >= end) return written;
    const distance = frame[position]! | (frame[position + 1]! << 8);
    position += 2;
    let match = (token & 15) + MIN_MATCH_BYTES;
    if (match === 15 + MIN_MATCH_BYTES) {
      let byte = 255;
      while (byte === 255) {
        byte = frame[position++]!;
        match += byte;
      }
    }
    if (distance === 0 || distance > written) {
      throw new MalformedError(`an lz4 match reaches ${distance} bytes back where ${written} are there`);
    }
    copyMatch(output, written, distance, match);
    written += match;
  }
}

/** Repeats what stands `distance` bytes back; the source runs into what is being written when the match is longer. */
function copyMatch(output: Buffer, start: number, distance: number, length: number): void {
  if (length <= LOOP_COPY_BYTES) {
    const end = start + length;
    for (let to = start, from = start - distance; to < end; to++, from++) output[to] = output[from]!;
    return;
  }
  const source = start - distance;
  let copied = 0;
  while (copied < length) {
    // All that stands from the source on is the pattern, once more with every turn.
    const count = Math.min(length - copied, distance + copied);
    output.copyWithin(start + copied, source, source + count);
    copied += count;
  }
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
