// Owns snappy as Kafka has it: written in the framing of Java's xerial library, read in that framing or raw, as some clients
// send it. No output is allocated before the length that the data claims is known to be possible and allowed.

import { createRequire } from 'node:module';
import { MalformedError } from '../malformed.ts';
import { optionalPackage } from '../optional-package.ts';
import { readInt32 } from './primitives.ts';
import { compressSnappyBlock, uncompressSnappyBlock } from './snappy-block.ts';

/** Blocks as snappy defines them, without any framing. */
interface Snappy {
  compress(bytes: Uint8Array): Buffer;
  uncompress(block: Uint8Array): Buffer;
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
/** The magic, then version 1 and lowest compatible version 1. */
const XERIAL_HEADER = Buffer.concat([XERIAL_MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
/** The block size of Java's SnappyOutputStream. */
const XERIAL_BLOCK_BYTES = 32 * 1024;
/** Copying the output into the JavaScript heap is five times as quick as having it handed over as external memory. */
const COPY_OUTPUT = { copyOutputData: true } as const;
/** Snappy's best case is a three-byte copy that makes 64 bytes. */
const MAX_EXPANSION = 22;

let loaded: Snappy | undefined;

function snappy(): Snappy {
  loaded ??= load();
  return loaded;
}

function load(): Snappy {
  const library = optionalPackage(() => createRequire(import.meta.url)('snappy') as typeof import('snappy'));
  if (library === undefined) return { compress: compressSnappyBlock, uncompress: uncompressSnappyBlock };
  return {
    compress: (bytes) => library.compressSync(bytes, COPY_OUTPUT),
    uncompress: (block) => library.uncompressSync(block, { asBuffer: true, ...COPY_OUTPUT }) as Buffer,
  };
}

/** Compresses with xerial framing. */
export function compressSnappy(bytes: Uint8Array): Buffer {
  const parts: Uint8Array[] = [XERIAL_HEADER];
  for (let start = 0; start < bytes.length; start += XERIAL_BLOCK_BYTES) {
    const block = snappy().compress(bytes.subarray(start, start + XERIAL_BLOCK_BYTES));
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** Decompresses xerial framing or a raw block. Undefined when that makes more than `maxBytes`; throws MalformedError. */
export function decompressSnappy(bytes: Uint8Array, maxBytes: number): Buffer | undefined {
  if (!isXerial(bytes)) return claimedLength(bytes) > maxBytes ? undefined : uncompress(bytes);
  const blocks: Uint8Array[] = [];
  let total = 0;
  let position = XERIAL_HEADER.length;
  while (position < bytes.length) {
    const length = position + 4 <= bytes.length ? readInt32(bytes, position) : -1;
    position += 4;
    if (length < 0 || length > bytes.length - position) {
      throw new MalformedError(
        `a snappy block claims ${length} bytes where ${bytes.length - position} are left`,
      );
    }
    const block = bytes.subarray(position, position + length);
    total += claimedLength(block);
    if (total > maxBytes) return undefined;
    blocks.push(block);
    position += length;
  }
  if (blocks.length === 1) return uncompress(blocks[0]!);
  return Buffer.concat(blocks.map(uncompress), total);
}

function isXerial(bytes: Uint8Array): boolean {
  if (bytes.length < XERIAL_HEADER.length) return false;
  for (let i = 0; i < XERIAL_MAGIC.length; i++) if (bytes[i] !== XERIAL_MAGIC[i]) return false;
  return true;
}

/** The length in front of a raw block, refused when no such block could make as much. */
function claimedLength(block: Uint8Array): number {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      if (length > block.length * MAX_EXPANSION) {
        throw new MalformedError(`${block.length} bytes of snappy data claim to hold ${length} bytes`);
      }
      return length;
    }
  }
  throw new MalformedError('snappy data does not start with a length');
}

function uncompress(block: Uint8Array): Buffer {
  try {
    return snappy().uncompress(block);
  } catch (error) {
    throw new MalformedError(
      `snappy data is damaged: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
