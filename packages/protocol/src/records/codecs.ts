// Owns the five compression codecs of record batches and message sets, by Kafka's names and numbers.
//
// Decompression never makes more than the caller's limit, and believes no claim of a size before it is checked against that
// limit. Everything is synchronous: a batch is some tens of KB, and a hop to a thread costs more. Native modules are loaded at
// the first use of their codec, which keeps them out of a broker's start.

import {
  constants,
  gunzipSync,
  gzipSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { MalformedError } from '../malformed.ts';
import { compressLz4, decompressLz4 } from './lz4.ts';
import { compressSnappy, decompressSnappy } from './snappy.ts';

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type CompressionType = (typeof CODECS)[number];

/** Thrown when decompression would make more bytes than allowed. */
export class DecompressedTooLargeError extends MalformedError {
  override readonly name: string = 'DecompressedTooLargeError';
  constructor(codec: CompressionType, maxBytes: number) {
    super(`${codec} data decompresses to more than the ${maxBytes} bytes allowed`);
  }
}

/** The codec in the low three bits of a batch's or message's attributes. Throws MalformedError for 5, 6 and 7. */
export function codecOf(attributes: number): CompressionType {
  const codec = CODECS[attributes & 7];
  if (codec === undefined) throw new MalformedError(`no compression codec has the number ${attributes & 7}`);
  return codec;
}

export function codecId(codec: CompressionType): number {
  return CODECS.indexOf(codec);
}

const KAFKA_ZSTD_LEVEL = 3;
/** A zstd window of 8 MiB, which decoders are expected to grant any frame. */
const MIN_ZSTD_WINDOW_LOG = 23;
/** The window of zstd's highest levels. */
const MAX_ZSTD_WINDOW_LOG = 27;

/**
 * Compresses bytes. `level` is meant for gzip (1-9) and zstd (-131072 to 22); the others have none.
 * snappy is written in the xerial framing that Java clients use, lz4 as a frame.
 */
export function compress(codec: CompressionType, bytes: Uint8Array, level?: number): Buffer {
  switch (codec) {
    case 'none':
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    case 'gzip':
      return gzipSync(bytes, level === undefined ? {} : { level });
    case 'snappy':
      return compressSnappy(bytes);
    case 'lz4':
      return compressLz4(bytes);
    case 'zstd':
      return zstdCompressSync(bytes, {
        params: { [constants.ZSTD_c_compressionLevel]: level ?? KAFKA_ZSTD_LEVEL },
      });
  }
}

/** Decompresses to at most `maxBytes`. Throws MalformedError, or its DecompressedTooLargeError over the limit. */
export function decompress(codec: CompressionType, bytes: Uint8Array, maxBytes: number): Buffer {
  switch (codec) {
    case 'none':
      if (bytes.length > maxBytes) throw new DecompressedTooLargeError(codec, maxBytes);
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    case 'gzip':
      return inflate(codec, gunzipSync, bytes, { maxOutputLength: outputLimit(maxBytes) });
    case 'zstd':
      return inflate(codec, zstdDecompressSync, bytes, {
        maxOutputLength: outputLimit(maxBytes),
        params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLog(maxBytes) },
      });
    case 'snappy':
      return tooLargeAware(codec, maxBytes, decompressSnappy(bytes, maxBytes));
    case 'lz4':
      return tooLargeAware(codec, maxBytes, decompressLz4(bytes, maxBytes));
  }
}

function tooLargeAware(codec: CompressionType, maxBytes: number, output: Buffer | undefined): Buffer {
  if (output === undefined) throw new DecompressedTooLargeError(codec, maxBytes);
  return output;
}

/** zlib wants a limit of at least one byte. */
function outputLimit(maxBytes: number): number {
  return Math.max(1, Math.min(maxBytes, 0x7fff_ffff));
}

/**
 * A frame's header says how much memory its decoder needs. One that needs more than the whole output may have is refused,
 * whatever it contains; up to 8 MiB is always granted.
 */
function zstdWindowLog(maxBytes: number): number {
  return Math.min(
    MAX_ZSTD_WINDOW_LOG,
    Math.max(MIN_ZSTD_WINDOW_LOG, Math.ceil(Math.log2(Math.max(1, maxBytes)))),
  );
}

function inflate<Options extends ZlibOptions | ZstdOptions>(
  codec: CompressionType,
  run: (bytes: Uint8Array, options: Options) => Buffer,
  bytes: Uint8Array,
  options: Options,
): Buffer {
  try {
    return run(bytes, options);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new DecompressedTooLargeError(codec, options.maxOutputLength ?? 0);
    throw new MalformedError(
      `${codec} data is damaged: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
