// Owns blocks of snappy in JavaScript, for where the native library cannot be loaded: readable by every snappy, somewhat larger and
// several times slower than the library's. Uncompressing trusts no length: what does not fit the block or its output throws.

const MAX_BLOCK_BYTES = 65_536;
const MIN_MATCH_BYTES = 4;
const MAX_COPY_BYTES = 64;
const HASH_BITS = 13;

/** Compresses at most 64 KiB, so that how far a copy reaches back fits 16 bits. */
export function compressSnappyBlock(bytes: Uint8Array): Buffer {
  if (bytes.length > MAX_BLOCK_BYTES) throw new RangeError(`a snappy block of ${bytes.length} bytes`);
  const output = Buffer.allocUnsafe(32 + bytes.length + Math.ceil(bytes.length / 6));
  const positions = new Int32Array(1 << HASH_BITS).fill(-1);
  let written = writeLength(output, bytes.length);
  let literalsStart = 0;
  let position = 0;
  while (position + MIN_MATCH_BYTES <= bytes.length) {
    const word = wordAt(bytes, position);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const candidate = positions[slot]!;
    positions[slot] = position;
    if (candidate < 0 || wordAt(bytes, candidate) !== word) {
      position += 1;
      continue;
    }
    let length = MIN_MATCH_BYTES;
    while (position + length < bytes.length && bytes[candidate + length] === bytes[position + length])
      length += 1;
    written = writeLiterals(output, written, bytes, literalsStart, position);
    written = writeCopies(output, written, position - candidate, length);
    position += length;
    literalsStart = position;
  }
  written = writeLiterals(output, written, bytes, literalsStart, bytes.length);
  return output.subarray(0, written);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function writeLength(output: Buffer, length: number): number {
  let written = 0;
  let rest = length;
  for (; rest > 127; rest >>>= 7) output[written++] = (rest & 127) | 128;
  output[written++] = rest;
  return written;
}

function writeLiterals(output: Buffer, at: number, bytes: Uint8Array, start: number, end: number): number {
  const count = end - start;
  if (count === 0) return at;
  let written = at;
  const stored = count - 1;
  if (stored < 60) output[written++] = stored << 2;
  else if (stored < 256) {
    output[written++] = 60 << 2;
    output[written++] = stored;
  } else {
    output[written++] = 61 << 2;
    written = output.writeUInt16LE(stored, written);
  }
  output.set(bytes.subarray(start, end), written);
  return written + count;
}

function writeCopies(output: Buffer, at: number, distance: number, length: number): number {
  let written = at;
  let rest = length;
  while (rest > 0) {
    const count = Math.min(rest, MAX_COPY_BYTES);
    output[written++] = ((count - 1) << 2) | 2;
    written = output.writeUInt16LE(distance, written);
    rest -= count;
  }
  return written;
}

/** The caller has checked that the length in front of the block is one that the block could make. */
export function uncompressSnappyBlock(block: Uint8Array): Buffer {
  let position = 0;
  let expected = 0;
  for (let shift = 1, more = true; more; shift *= 128) {
    const byte = byteAt(block, position++);
    expected += (byte & 127) * shift;
    more = byte > 127;
  }
  const output = Buffer.allocUnsafe(expected);
  let written = 0;
  while (position < block.length) {
    const tag = block[position++]!;
    const kind = tag & 3;
    let count = tag >> 2;
    if (kind === 0) {
      if (count >= 60) {
        const size = count - 59;
        count = littleEndian(block, position, size);
        position += size;
      }
      count += 1;
      if (count > block.length - position || count > expected - written) throw new Error('literals overrun');
      output.set(block.subarray(position, position + count), written);
      position += count;
    } else {
      const size = kind === 1 ? 1 : kind === 2 ? 2 : 4;
      let distance = littleEndian(block, position, size);
      position += size;
      if (kind === 1) {
        distance += (count >> 3) << 8;
        count = (count & 7) + 4;
      } else count += 1;
      if (distance === 0 || distance > written || count > expected - written)
        throw new Error('a copy overruns');
      for (let i = 0; i < count; i++) output[written + i] = output[written + i - distance]!;
    }
    written += count;
  }
  if (written !== expected) throw new Error(`it makes ${written} bytes of ${expected}`);
  return output;
}

function littleEndian(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value += byteAt(bytes, at + i) * 2 ** (8 * i);
  return value;
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new Error('it ends too early');
  return byte;
}
