// Owns compressing blocks of lz4 in JavaScript, for where the native library cannot be loaded. A block that would not get smaller is stored.
//
// What lz4 demands of the end of a block: its last five bytes are literals, and no match starts in its last twelve.

const BLOCK_BYTES = 65_536;
const STORED_BLOCK = 0x8000_0000;
const MIN_MATCH_BYTES = 4;
const LAST_LITERALS = 5;
const LAST_MATCH_START = 12;
const HASH_BITS = 13;

/** The blocks of a frame of independent 64 KiB blocks, each with its size in front, without the end mark. */
export function compressLz4Blocks(bytes: Uint8Array): Buffer[] {
  const blocks: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const plain = bytes.subarray(start, start + BLOCK_BYTES);
    const packed = compressBlock(plain);
    const isSmaller = packed.length < plain.length;
    const size = Buffer.allocUnsafe(4);
    size.writeUInt32LE(isSmaller ? packed.length : plain.length + STORED_BLOCK);
    blocks.push(size, isSmaller ? packed : Buffer.from(plain));
  }
  return blocks;
}

function compressBlock(bytes: Uint8Array): Buffer {
  const output = Buffer.allocUnsafe(bytes.length + Math.ceil(bytes.length / 255) + 16);
  const positions = new Int32Array(1 << HASH_BITS).fill(-1);
  const matchEnd = bytes.length - LAST_LITERALS;
  let written = 0;
  let literalsStart = 0;
  let position = 0;
  while (position <= bytes.length - LAST_MATCH_START) {
    const word = wordAt(bytes, position);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = positions[slot]!;
    positions[slot] = position;
    if (candidate < 0 || wordAt(bytes, candidate) !== word) {
      position += 1;
      continue;
    }
    let length = MIN_MATCH_BYTES;
    while (position + length < matchEnd && bytes[candidate + length] === bytes[position + length])
      length += 1;
    const tokenAt = written;
    written = writeLiterals(output, written, bytes.subarray(literalsStart, position));
    written = output.writeUInt16LE(position - candidate, written);
    const stored = length - MIN_MATCH_BYTES;
    output[tokenAt]! |= Math.min(stored, 15);
    written = writeRest(output, written, stored);
    position += length;
    literalsStart = position;
  }
  written = writeLiterals(output, written, bytes.subarray(literalsStart));
  return output.subarray(0, written);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** The token with their count, the rest of the count, and the literals. */
function writeLiterals(output: Buffer, at: number, literals: Uint8Array): number {
  output[at] = Math.min(literals.length, 15) << 4;
  const written = writeRest(output, at + 1, literals.length);
  output.set(literals, written);
  return written + literals.length;
}

/** What of a length does not fit the four bits of the token. */
function writeRest(output: Buffer, at: number, length: number): number {
  if (length < 15) return at;
  let written = at;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) output[written++] = 255;
  output[written++] = rest;
  return written;
}
