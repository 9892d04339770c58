// Owns CRC-32C (Castagnoli), the checksum of record batches.
//
// Two ways to the same number: eight tables here for short input, the native library for the rest. The native call costs about
// a quarter of a microsecond before its first byte, in which the tables do some 200 bytes (measured; see records.bench.ts).
// The library is loaded at the first long input, because loading it takes several milliseconds of a start. Where it cannot be
// loaded the tables do all.

import { createRequire } from 'node:module';
import { optionalPackage } from './optional-package.ts';

type Crc32c = (bytes: Uint8Array, initialState?: number) => number;

const NATIVE_FROM_BYTES = 224;
const POLYNOMIAL = 0x82f63b78;

let tables: Int32Array | undefined;
let native: Crc32c | undefined;

function buildTables(): Int32Array {
  const built = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    built[byte] = crc;
  }
  for (let byte = 0; byte < 256; byte++) {
    for (let table = 1; table < 8; table++) {
      const previous = built[(table - 1) * 256 + byte]!;
      built[table * 256 + byte] = (previous >>> 8) ^ built[previous & 255]!;
    }
  }
  return built;
}

/** CRC-32C by tables alone. `crc32c` chooses it for short input. */
export function crc32cByTables(bytes: Uint8Array, start: number, end: number, previous = 0): number {
  tables ??= buildTables();
  const t = tables;
  let crc = ~previous;
  let i = start;
  for (; i + 8 <= end; i += 8) {
    const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    crc =
      t[1792 + (low & 255)]! ^
      t[1536 + ((low >>> 8) & 255)]! ^
      t[1280 + ((low >>> 16) & 255)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + bytes[i + 4]!]! ^
      t[512 + bytes[i + 5]!]! ^
      t[256 + bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}

/**
 * CRC-32C of bytes[start, end) as an unsigned 32-bit number.
 * `previous` is the checksum of what comes before, to go on over several chunks.
 */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length, previous = 0): number {
  if (end - start < NATIVE_FROM_BYTES) return crc32cByTables(bytes, start, end, previous);
  native ??= loadNative();
  return native(bytes.subarray(start, end), previous);
}

function loadNative(): Crc32c {
  const library = optionalPackage(
    () => createRequire(import.meta.url)('@node-rs/crc32') as typeof import('@node-rs/crc32'),
  );
  return library?.crc32c ?? ((bytes, previous) => crc32cByTables(bytes, 0, bytes.length, previous));
}
