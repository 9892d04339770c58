// A JVM that runs Kafka's tools one after another (Tools.java), so that each costs no start of its own.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface ToolRun {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

export const TOOL_TIMEOUT_MS = 90_000;

export class ToolProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #queue: Promise<unknown> = Promise.resolve();
  /** What the JVM itself says. */
  #said = '';

  /** `options` are Java's. */
  constructor(options: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
    const program = join(import.meta.dirname, 'Tools.java');
    this.#child = spawn('java', [...options, program], { env: environment });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-4_000);
    });
  }

  /** When those that were asked for before have ended. */
  run(className: string, args: readonly string[], stdin = ''): Promise<ToolRun> {
    const words = [className, Buffer.from(stdin).toString('base64'), ...args];
    const run = this.#queue.then(() => this.#ask(words));
    this.#queue = run.catch(() => {});
    return run;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  async #ask(words: readonly string[]): Promise<ToolRun> {
    const late = setTimeout(() => this.stop(), TOOL_TIMEOUT_MS);
    try {
      this.#child.stdin.write(`${words.join('\u0001')}\n`);
      const out = Buffer.from(await this.#line(words), 'base64').toString('utf8');
      const err = Buffer.from(await this.#line(words), 'base64').toString('utf8');
      return { out, err, code: Number(await this.#line(words)) };
    } finally {
      clearTimeout(late);
    }
  }

  async #line(words: readonly string[]): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error(`the JVM ended at ${words.join(' ')}:\n${this.#said}`);
    return value;
  }
}
