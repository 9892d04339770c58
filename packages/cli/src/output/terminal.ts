// What a command knows of the streams it was started with.

import { createReadStream, fstatSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';

export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Standard output is looked at by a person. */
  readonly isInteractive: boolean;
  /** Standard error is: progress may be shown there. */
  readonly showsProgress: boolean;
  /** Somebody can be asked. */
  readonly canAsk: boolean;
  /** Colours on standard output: it is a terminal, and NO_COLOR is not set. */
  readonly hasColors: boolean;
  readonly columns: number;
}

const FILE_CHUNK_BYTES = 1024 * 1024;

export function processTerminal(environment: NodeJS.ProcessEnv): Terminal {
  const { stdout, stderr } = process;
  const stdin = standardInput();
  const isPlain = environment.NO_COLOR !== undefined && environment.NO_COLOR !== '';
  return {
    ...{ stdin, stdout, stderr },
    isInteractive: stdout.isTTY === true,
    showsProgress: stderr.isTTY === true,
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    hasColors: stdout.isTTY === true && !isPlain && environment.TERM !== 'dumb',
    columns: stdout.columns ?? 80,
  };
}

/** Node reads a file in pieces of 64 KiB, and each of them costs a turn of the event loop: what comes in larger ones is sent in larger requests. */
function standardInput(): Terminal['stdin'] {
  return isFile(0)
    ? createReadStream('', { fd: 0, autoClose: false, highWaterMark: FILE_CHUNK_BYTES })
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
