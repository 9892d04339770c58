// What a command knows of the streams it was started with.

import type { Readable, Writable } from 'node:stream';
import { nodeStandardInput } from '@moldau/io';

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

export function processTerminal(environment: NodeJS.ProcessEnv): Terminal {
  const { stdout, stderr } = process;
  const stdin = nodeStandardInput();
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
