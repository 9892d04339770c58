// The command as people start it: processes of their own in a folder of their own, which end with the test.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../bin/moldau.js', import.meta.url));

export class Moldau {
  /** Where the processes run. */
  readonly folder = mkdtempSync(join(tmpdir(), 'moldau-cli-'));
  readonly #children = new Set<ChildProcess>();

  /** Starts the command with nothing of Kafka's, Node's or its own in its environment. */
  run(...args: string[]) {
    return this.runIn({}, ...args);
  }

  /** With these variables as well. When it serves, `ports` resolves to those of its listeners, `ready` to the first of them. */
  runIn(variables: Record<string, string>, ...args: string[]) {
    const environment = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^KAFKA_|^LOG_LEVEL$|^MOLDAU_|^NODE_|^_$/.test(name)),
    );
    const child = spawn(process.execPath, ['--conditions=source', BIN, ...args], {
      cwd: this.folder,
      // Each serves its metrics somewhere else.
      env: { ...environment, KAFKA_MOLDAU_METRICS_LISTEN: '127.0.0.1:0', ...variables },
    });
    this.#children.add(child);
    const output = { out: '', error: '' };
    child.stdout.on('data', (bytes) => {
      output.out += bytes;
    });
    child.stderr.on('data', (bytes) => {
      output.error += bytes;
    });
    const ended = once(child, 'close').then(([code]) => {
      this.#children.delete(child);
      return { ...output, code: code as number | null };
    });
    const ports = new Promise<number[]>((resolve, reject) => {
      child.stderr.on('data', () => {
        const addresses = /Moldau is ready on (.*)\n/.exec(output.error)?.[1];
        if (addresses !== undefined)
          resolve([...addresses.matchAll(/:(\d+)(?:,|$)/g)].map((match) => Number(match[1])));
      });
      void ended.then(({ error }) => reject(new Error(error)));
    });
    const ready = ports.then(([port]) => port!);
    ready.catch(() => {});
    return { child, ended, ports, ready, written: output };
  }

  removeAll(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
