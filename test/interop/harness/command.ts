// Runs a command to its end, with a time limit, and keeps the last of what it printed for a failure's message.

import { spawn } from 'node:child_process';

export interface CommandResult {
  code: number;
  /** Standard output as text, its last characters when there is very much of it. */
  output: string;
  errors: string;
  timedOut: boolean;
}

const KEPT_CHARACTERS = 4_000_000;

export function run(
  command: readonly string[],
  options: {
    cwd?: string;
    environment?: Readonly<Record<string, string>>;
    timeoutMs: number;
    input?: string | Buffer;
    onLine?: (line: string) => void;
  },
): Promise<CommandResult> {
  const [file, ...args] = command;
  if (file === undefined) throw new Error('run: no command');
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let errors = '';
    let line = '';
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    }, options.timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_CHARACTERS);
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      for (const whole of lines) options.onLine?.(whole);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-KEPT_CHARACTERS);
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: 127, output, errors: `${errors}${error.message}`, timedOut });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      if (line !== '') options.onLine?.(line);
      resolve({ code: code ?? 137, output, errors, timedOut });
    });
  });
}

/** Runs a step of an install; throws with the end of its output when it fails. */
export async function mustRun(
  command: readonly string[],
  options: { cwd?: string; environment?: Readonly<Record<string, string>>; timeoutMs?: number } = {},
): Promise<string> {
  const result = await run(command, { timeoutMs: 600_000, ...options });
  if (result.code !== 0) {
    const why = result.timedOut ? 'took too long' : `exited with ${result.code}`;
    throw new Error(`${command.join(' ')} ${why}\n${(result.output + result.errors).slice(-2_000)}`);
  }
  return result.output;
}
