// A segment's .log cut into batches: it is read in pieces, so that its size does not matter.

import type { DiskFile } from '@moldau/io';
import { entrySizeAt, LOG_OVERHEAD } from '@moldau/protocol';

/** One batch, or one message of the formats before. */
export interface SegmentEntry {
  readonly position: number;
  readonly entry: Buffer;
}

/** Why nothing more is read, before the end of the file. */
export interface SegmentStop {
  readonly position: number;
  readonly reason: 'cut off' | 'no batch' | 'zeros';
  /** Of the batch that begins there, as far as it says. */
  readonly neededBytes: number;
}

const PIECE_BYTES = 2 ** 20;

/** `sizeBytes`: of the file, or of as much as is wanted. */
export async function* segmentEntries(
  file: Pick<DiskFile, 'read'>,
  sizeBytes: number,
): AsyncGenerator<SegmentEntry | SegmentStop> {
  let piece = Buffer.alloc(0);
  let pieceStart = 0;
  let position = 0;
  while (position < sizeBytes) {
    const at = position - pieceStart;
    const needed = neededBytes(piece, at);
    if (needed > sizeBytes - position) {
      yield { position, reason: 'cut off', neededBytes: needed };
      return;
    }
    if (at + needed > piece.length) {
      piece = await readPiece(file, position, Math.min(sizeBytes - position, Math.max(PIECE_BYTES, needed)));
      pieceStart = position;
      continue;
    }
    const entry = piece.subarray(at, at + needed);
    if (needed <= LOG_OVERHEAD) {
      const isEmpty = entry.every((byte) => byte === 0);
      yield { position, reason: isEmpty ? 'zeros' : 'no batch', neededBytes: piece.readInt32BE(at + 8) };
      return;
    }
    yield { position, entry };
    position += needed;
  }
}

/** Of the batch or message that stands there, if as much is known; else of what says it. At most LOG_OVERHEAD where none can stand. */
function neededBytes(piece: Buffer, at: number): number {
  if (at + LOG_OVERHEAD > piece.length) return LOG_OVERHEAD + 1;
  const length = piece.readInt32BE(at + 8);
  try {
    entrySizeAt(piece, at);
  } catch {
    return LOG_OVERHEAD;
  }
  return LOG_OVERHEAD + length;
}

async function readPiece(
  file: Pick<DiskFile, 'read'>,
  position: number,
  sizeBytes: number,
): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.alloc(sizeBytes);
  return bytes.subarray(0, await file.read(bytes, position));
}
