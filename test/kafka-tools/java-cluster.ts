// Apache Kafka with three brokers, which run in one JVM (Cluster.java): 1 and 2 are in one rack, 3 is in another, and each has two folders.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../interop/harness/broker.ts';
import { javaOptions } from './java-tools.ts';

export class JavaCluster {
  /** Where the first broker listens: host:port */
  readonly address: string;
  readonly folder: string;
  readonly #child: ReturnType<typeof spawn>;
  readonly #lines: AsyncIterator<string>;
  #said = '';

  private constructor(folder: string, ports: readonly number[], child: ReturnType<typeof spawn>) {
    this.folder = folder;
    this.address = `127.0.0.1:${ports[1]}`;
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-4_000);
    });
  }

  static async start(): Promise<JavaCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'moldau-cluster-'));
    // One for the controller, and one for each broker.
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
    const program = join(import.meta.dirname, 'Cluster.java');
    const child = spawn('java', [...(await javaOptions()), program, folder, ...ports.map(String)]);
    const cluster = new JavaCluster(folder, ports, child);
    await cluster.#line();
    return cluster;
  }

  /** Cleanly: others take over what it led. */
  async stopBroker(id: number): Promise<void> {
    this.#child.stdin!.write(`stop ${id}\n`);
    await this.#line();
  }

  async startBroker(id: number): Promise<void> {
    this.#child.stdin!.write(`start ${id}\n`);
    await this.#line();
  }

  async #line(): Promise<void> {
    const { done } = await this.#lines.next();
    if (done === true) throw new Error(`Kafka's brokers ended:\n${this.#said}`);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    rmSync(this.folder, { recursive: true });
  }
}
