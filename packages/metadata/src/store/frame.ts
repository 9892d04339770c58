// How batches of records lie in the log file: one frame for each append, and each frame is fsynced before the next is
// begun.
//
// That order is what tells a torn tail from damage: only the last frame of a log can have been cut short by a crash, so a
// bad frame with a good one behind it has gone bad on the disk.
//
// frame: magic int32 | body length int32 | crc32 of all that follows int32 | controller epoch int32 | position int64 |
//        record count int32 | body

import { crc32 } from 'node:zlib';

export const FRAME_HEADER_BYTES = 28;
/** 'MldF'. */
const MAGIC = 0x4d6c6446;
const CRC_FROM = 12;

export interface Frame {
  readonly controllerEpoch: number;
  /** How many records the log holds before this frame. */
  readonly position: number;
  readonly recordCount: number;
  readonly body: Buffer;
}

export interface ScannedFrames {
  readonly frames: readonly Frame[];
  /** Bytes from the start that are good frames. */
  readonly goodBytes: number;
  /** True when good frames lie behind the first bad byte: not the work of a crash. */
  readonly isDamaged: boolean;
}

export function encodeFrame(frame: Frame): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + frame.body.length);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(frame.body.length, 4);
  bytes.writeInt32BE(frame.controllerEpoch, 12);
  bytes.writeBigInt64BE(BigInt(frame.position), 16);
  bytes.writeUInt32BE(frame.recordCount, 24);
  frame.body.copy(bytes, FRAME_HEADER_BYTES);
  bytes.writeUInt32BE(crc32(bytes.subarray(CRC_FROM)), 8);
  return bytes;
}

/** @param firstPosition the position that the first frame must have */
export function scanFrames(bytes: Buffer, firstPosition: number): ScannedFrames {
  const frames: Frame[] = [];
  let goodBytes = 0;
  let position = firstPosition;
  for (;;) {
    const frame = frameAt(bytes, goodBytes);
    if (frame === undefined || frame.position !== position) break;
    frames.push(frame);
    goodBytes += FRAME_HEADER_BYTES + frame.body.length;
    position += frame.recordCount;
  }
  return { frames, goodBytes, isDamaged: hasFrameBehind(bytes, goodBytes) };
}

function hasFrameBehind(bytes: Buffer, from: number): boolean {
  const magic = Buffer.allocUnsafe(4);
  magic.writeUInt32BE(MAGIC, 0);
  for (let at = bytes.indexOf(magic, from); at !== -1; at = bytes.indexOf(magic, at + 1)) {
    if (frameAt(bytes, at) !== undefined) return true;
  }
  return false;
}

/** undefined when no whole good frame stands there. */
function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (bytes.length - at < FRAME_HEADER_BYTES || bytes.readUInt32BE(at) !== MAGIC) return undefined;
  const end = at + FRAME_HEADER_BYTES + bytes.readUInt32BE(at + 4);
  if (end > bytes.length) return undefined;
  if (crc32(bytes.subarray(at + CRC_FROM, end)) !== bytes.readUInt32BE(at + 8)) return undefined;
  return {
    controllerEpoch: bytes.readInt32BE(at + 12),
    position: Number(bytes.readBigInt64BE(at + 16)),
    recordCount: bytes.readUInt32BE(at + 24),
    body: bytes.subarray(at + FRAME_HEADER_BYTES, end),
  };
}
