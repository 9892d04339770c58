// Asking whoever sits at the terminal. Ctrl-C interrupts the command there as everywhere else.

import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Terminal } from '../output/terminal.ts';

export interface Question {
  readonly terminal: Pick<Terminal, 'stdin' | 'stderr'>;
  readonly signal: AbortSignal;
  /** What is typed is not shown. */
  readonly isSecret?: boolean;
  /** What Ctrl-C does, for tests: as anywhere else by default. */
  readonly interrupt?: () => void;
}

const interruptProcess = (): void => void process.kill(process.pid, 'SIGINT');

/** Undefined: the input ended, by Ctrl-D at a terminal, and there is no answer. */
export async function ask(
  question: string,
  { terminal: { stdin, stderr }, signal, isSecret = false, interrupt = interruptProcess }: Question,
): Promise<string | undefined> {
  const dark = new Writable({ write: (_bytes, _encoding, done) => done() });
  if (isSecret) stderr.write(question);
  const dialogue = isSecret
    ? createInterface({ input: stdin, output: dark, terminal: true })
    : createInterface({ input: stdin, output: stderr });
  // The terminal is in its raw mode, in which Ctrl-C is a key.
  dialogue.on('SIGINT', interrupt);
  const ended = new Promise<undefined>((resolve) => dialogue.once('close', () => resolve(undefined)));
  const answer = dialogue.question(isSecret ? '' : question, { signal }).catch(() => undefined);
  const given = await Promise.race([answer, ended]);
  dialogue.close();
  if (isSecret || (given === undefined && !signal.aborted)) stderr.write('\n');
  signal.throwIfAborted();
  return given;
}
