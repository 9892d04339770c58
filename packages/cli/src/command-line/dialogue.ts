// Asking whoever sits at the terminal. Ctrl-C interrupts the command there as everywhere else.

import { createInterface } from 'node:readline';
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
  signal.throwIfAborted();
  const dark = new Writable({ write: (_bytes, _encoding, done) => done() });
  if (isSecret) stderr.write(question);
  const dialogue = isSecret
    ? createInterface({ input: stdin, output: dark, terminal: true })
    : createInterface({ input: stdin, output: stderr });
  // The terminal is in its raw mode, in which Ctrl-C is a key.
  dialogue.on('SIGINT', interrupt);
  const stop = (): void => dialogue.close();
  signal.addEventListener('abort', stop);
  const given = await new Promise<string | undefined>((resolve) => {
    dialogue.once('line', resolve);
    dialogue.once('close', () => resolve(undefined));
    dialogue.setPrompt(isSecret ? '' : question);
    dialogue.prompt();
  });
  signal.removeEventListener('abort', stop);
  dialogue.close();
  if (isSecret || (given === undefined && !signal.aborted)) stderr.write('\n');
  signal.throwIfAborted();
  return given;
}
