// Cuts the files of a folder into pieces of 100 to 500 KB, the way a log shipper sends them.
// Invariant: the pieces of one file, in order, are the file; only its last piece may be smaller.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SMALLEST_BYTES = 100 * 1024;
const LARGEST_BYTES = 500 * 1024;
const LARGEST_FILE_BYTES = 256 * 1024 * 1024;

export interface Piece {
  path: string;
  position: number;
  bytes: Buffer;
}

/** Goes over the folder again and again until `count` pieces were made. */
export async function* piecesOf(folder: string, count: number): AsyncGenerator<Piece> {
  let made = 0;
  while (made < count) {
    const before = made;
    for await (const path of filesIn(folder)) {
      for (const piece of cut(path, await readable(path))) {
        if (made === count) return;
        made += 1;
        yield piece;
      }
    }
    if (made === before)
      throw new Error(`${folder} holds no file that can be read; name another with --folder`);
  }
}

function* cut(path: string, bytes: Buffer): Generator<Piece> {
  for (let position = 0; position < bytes.length; ) {
    const sizeBytes = SMALLEST_BYTES + Math.floor(Math.random() * (LARGEST_BYTES - SMALLEST_BYTES));
    yield { path, position, bytes: bytes.subarray(position, position + sizeBytes) };
    position += sizeBytes;
  }
}

/** Files worth sending first: small ones would not make messages of 100 KB. */
async function* filesIn(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

async function readable(path: string): Promise<Buffer> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  return bytes.length > LARGEST_FILE_BYTES || bytes.length < SMALLEST_BYTES ? Buffer.alloc(0) : bytes;
}
