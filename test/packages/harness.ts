// Programs that run beside the test, and a broker among them.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Started {
  readonly child: ChildProcess;
  output(): string;
  /** Resolves with the output when it matches; rejects when the program ends before that, or takes too long. */
  says(pattern: RegExp): Promise<string>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const PATIENCE_MS = 60_000;
const POLL_MS = 20;

export function start(
  command: readonly string[],
  options: { cwd?: string; environment?: Readonly<Record<string, string>> } = {},
): Started {
  const [file, ...args] = command;
  const child = spawn(file!, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let isOver = false;
  const closed = once(child, 'close').catch((error: unknown) => {
    text += String(error);
  });
  void closed.then(() => {
    isOver = true;
  });
  const keep = (chunk: Buffer) => {
    text += chunk;
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  return {
    child,
    output: () => text,
    async says(pattern) {
      await until(
        () => pattern.test(text) || isOver,
        `${command.join(' ')} to say ${pattern}`,
        () => text,
      );
      if (!pattern.test(text)) throw new Error(`${command.join(' ')} ended without ${pattern}:\n${text}`);
      return text;
    },
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const timer = setTimeout(kill, PATIENCE_MS / 2);
      await closed;
      clearTimeout(timer);
      process.off('exit', kill);
      return child.exitCode;
    },
  };
}

export async function until(
  isSo: () => boolean | Promise<boolean>,
  what: string,
  detail: () => string = () => '',
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline)
      throw new Error(`waited too long for ${what}\n${detail().slice(-2_000)}`);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}
