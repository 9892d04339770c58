// How a command ends that failed: its exit code, and what is said.

import { KafkaError, PartialFailureError } from '@moldau/client/admin';
import { CommandError, DeclinedError, UsageError } from './errors.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { inOwnWords } from './own-words.ts';

export interface Ending {
  readonly exitCode: number;
  /** Lines for standard error. */
  readonly lines: string[];
}

/** `interruptedWith` is the exit code of what aborted the signal. */
export function endingOf(
  thrown: unknown,
  signal: AbortSignal,
  interruptedWith: number = EXIT_CODES.interrupted,
): Ending {
  const error = firstOf(thrown);
  if (signal.aborted && (error === signal.reason || isAbort(error)))
    return { exitCode: interruptedWith, lines: [] };
  if (error instanceof UsageError) return { exitCode: EXIT_CODES.usage, lines: [error.message] };
  if (error instanceof DeclinedError) return { exitCode: EXIT_CODES.declined, lines: [error.message] };
  if (error instanceof CommandError) return { exitCode: EXIT_CODES.failed, lines: [error.message] };
  if (error instanceof PartialFailureError)
    return { exitCode: EXIT_CODES.failed, lines: error.errors.map(({ message }) => inOwnWords(message)) };
  if (error instanceof KafkaError) {
    const exitCode = error.code === 'INVALID_OPTIONS' ? EXIT_CODES.usage : EXIT_CODES.failed;
    return { exitCode, lines: [inOwnWords(error.message)] };
  }
  const { code, path, message, stack } = error as NodeJS.ErrnoException;
  if (code !== undefined && path !== undefined)
    return { exitCode: EXIT_CODES.failed, lines: [fileProblem(code, path, message)] };
  // Our own mistake: its stack helps to find it.
  return { exitCode: EXIT_CODES.failed, lines: [stack ?? String(error)] };
}

/** What is closed after a failure often fails as well. */
function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error;
}

const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no file',
  EACCES: 'no permission to use',
  EISDIR: 'a folder stands where a file should be:',
  ENOTDIR: 'a file stands where a folder should be:',
  ENOSPC: 'no space is left on the device at',
};

function fileProblem(code: string, path: string, message: string): string {
  const problem = FILE_PROBLEMS[code];
  return problem === undefined ? message : `${problem} ${path}`;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || (error as KafkaError).code === 'CLOSED');
}
