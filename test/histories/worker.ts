// A place for a client at work: one process after the other, each with a number and a history of its own. It can be killed, stopped, paused and
// replaced while it is paused; and it is replaced when it gives up, as a fenced producer must.

import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { historyFile, type ProcessInfo } from './checker/history.ts';
import { type ClientName, workerCommand } from './clients.ts';
import type { Progress } from './progress.ts';

export type Role = 'produce' | 'transact' | 'consume' | 'process' | 'read' | 'create';

export interface Place {
  readonly role: Role;
  readonly client: ClientName;
  readonly settings: Readonly<Record<string, string | number>>;
  /** Topics by their numbers, for who waits until a group has caught up. */
  readonly topics: readonly number[];
  /** Of processors: the topic that they work off. */
  readonly processes?: number;
}

/** What all workers of a run share. */
export class Run {
  readonly folder: string;
  readonly bootstrap: string;
  readonly progress: Progress;
  readonly processes: ProcessInfo[] = [];
  /** Ends that nobody asked for, by what the process said last. */
  readonly surprises: string[] = [];
  /** Workers that gave up, and were replaced. */
  givenUp = 0;

  constructor(folder: string, bootstrap: string, progress: Progress) {
    this.folder = folder;
    this.bootstrap = bootstrap;
    this.progress = progress;
  }
}

const GIVEN_UP = 3;
const RESTART_DELAY_MS = 300;
const STACKS_MS = 1_000;

class WorkerProcess {
  readonly info: ProcessInfo;
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;
  isEndExpected = false;

  constructor(run: Run, place: Place) {
    const { role, client, settings } = place;
    this.info = {
      number: run.processes.length,
      name: `${role} ${client}`,
      isolation: settings.isolation === 'committed' ? 'committed' : 'uncommitted',
      ...(settings.group === undefined ? {} : { group: String(settings.group) }),
      ...(place.processes === undefined ? {} : { processes: place.processes }),
    };
    run.processes.push(this.info);
    const [command, ...words] = workerCommand(client);
    const file = openSync(historyFile(run.folder, this.info.number), 'a');
    const errors = openSync(join(run.folder, `${this.info.number}.errors`), 'a');
    const child = spawn(
      command!,
      [
        ...[...words, role, String(this.info.number), run.bootstrap],
        ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
      ],
      { stdio: ['pipe', 'pipe', errors] },
    );
    closeSync(errors);
    child.stdin!.on('error', () => {});
    let rest = '';
    child.stdout!.setEncoding('latin1').on('data', (text: string) => {
      writeSync(file, text);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) run.progress.take(this.info, line);
    });
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('close', (code) => {
        closeSync(file);
        resolve(code ?? 137);
      });
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  finish(): void {
    this.#child.stdin!.end();
  }
}

export class Worker {
  readonly place: Place;
  readonly #run: Run;
  #process: WorkerProcess | undefined;
  /** Paused processes that were replaced, which are let go on and must find that they are fenced; and those that are ending. */
  readonly #replaced = new Set<WorkerProcess>();

  constructor(run: Run, place: Place) {
    this.#run = run;
    this.place = place;
  }

  get name(): string {
    return `${this.place.role} ${this.place.client} ${this.#process?.info.number ?? '-'}`;
  }

  start(): void {
    const process = new WorkerProcess(this.#run, this.place);
    this.#process = process;
    void process.ended.then((code) => this.#take(process, code));
  }

  /** kill -9, and another in its place. */
  async crash(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    process.isEndExpected = true;
    process.signal('SIGKILL');
    await process.ended;
    if (this.#process === process) this.start();
  }

  /** Asks it to end as a program does that has done its work. Resolves to its exit code. */
  async finish(timeoutMs = 90_000): Promise<number> {
    const process = this.#process;
    if (process === undefined) return 0;
    this.#process = undefined;
    this.#replaced.add(process);
    process.isEndExpected = true;
    return this.#end(process, timeoutMs);
  }

  /** The process goes on after some time as if nothing had been; if it is replaced, beside the one that took its place. */
  async pause(forMs: number, isReplaced: boolean): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    process.signal('SIGSTOP');
    if (isReplaced) {
      process.isEndExpected = true;
      this.#replaced.add(process);
      this.start();
    }
    await new Promise((done) => setTimeout(done, forMs));
    process.signal('SIGCONT');
  }

  /** Ends those that were replaced while they were paused and have not noticed by themselves. */
  async finishReplaced(): Promise<void> {
    await Promise.all([...this.#replaced].map((process) => this.#end(process, 30_000)));
  }

  async ended(): Promise<number> {
    return this.#process?.ended ?? 0;
  }

  kill(): void {
    for (const process of [this.#process, ...this.#replaced]) {
      if (process === undefined) continue;
      process.isEndExpected = true;
      process.signal('SIGKILL');
    }
  }

  async #end(process: WorkerProcess, timeoutMs: number): Promise<number> {
    process.signal('SIGCONT');
    process.finish();
    const timer = setTimeout(() => {
      this.#run.surprises.push(`${process.info.name} ${process.info.number} did not end in ${timeoutMs} ms`);
      // It leaves its stacks behind, so that one sees what it waits for.
      process.signal('SIGQUIT');
      setTimeout(() => process.signal('SIGKILL'), STACKS_MS);
    }, timeoutMs);
    const code = await process.ended;
    clearTimeout(timer);
    return code;
  }

  #take(process: WorkerProcess, code: number): void {
    this.#replaced.delete(process);
    if (code !== 0)
      appendFileSync(join(this.#run.folder, `${process.info.number}.errors`), `ended with ${code}\n`);
    if (code === GIVEN_UP) this.#run.givenUp += 1;
    else if (!process.isEndExpected && !(this.#isTask() && code === 0))
      this.#run.surprises.push(`${process.info.name} ${process.info.number} ended with ${code}`);
    if (process.isEndExpected || this.#isTask()) return;
    setTimeout(() => {
      if (this.#process === process) this.start();
    }, RESTART_DELAY_MS);
  }

  /** Whether it ends by itself when its work is done. */
  #isTask(): boolean {
    return this.place.role === 'read' || this.place.role === 'create';
  }
}
