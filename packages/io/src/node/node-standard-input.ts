// Standard input, where it is a file in large pieces: Node reads those of 64 KiB, and what comes in one turn of the event loop is sent in one request.

import { createReadStream, fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';

const DESCRIPTOR = 0;
const FILE_CHUNK_BYTES = 1024 * 1024;

export function nodeStandardInput(): Readable & { readonly isTTY?: boolean } {
  return isFile(DESCRIPTOR)
    ? createReadStream('', { fd: DESCRIPTOR, autoClose: false, highWaterMark: FILE_CHUNK_BYTES })
    : process.stdin;
}

/** False where there is no such descriptor. */
function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}
