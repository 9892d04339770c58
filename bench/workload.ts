// What a workload is, and how one runs a broker and the clients that are not ours.

import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { kafkaJars, venvDirectory } from '../test/interop/harness/install.ts';
import { type BrokerName, MeasuredBroker } from './brokers.ts';

const interop = resolve(import.meta.dirname, '../test/interop');
const folders = { root: interop, cache: join(interop, '.cache') };
const clients = join(import.meta.dirname, 'clients');

/** The Python of the clients in clients/. */
export const python = join(venvDirectory(folders, 'confluent-kafka'), 'bin/python');
export const MEGABYTE = 1e6;

export interface Figure {
  /** What and in which unit, as in 'wall s'. */
  readonly name: string;
  readonly value: number;
  /** Which way is good. */
  readonly better: 'low' | 'high';
  /** What Moldau is to reach, as the ratio Moldau / Kafka or as an absolute value. */
  readonly goal?: { readonly ratio: number } | { readonly value: number };
}

export interface Workload {
  readonly name: string;
  readonly about: string;
  run(broker: BrokerName): Promise<Figure[]>;
}

/** Makes a broker, runs, and takes it away whatever happens. */
export async function withBroker<T>(
  name: BrokerName,
  settings: readonly string[],
  run: (broker: MeasuredBroker, startMs: number) => Promise<T>,
  moreListeners: readonly string[] = [],
): Promise<T> {
  const broker = await MeasuredBroker.create(name, settings, moreListeners);
  try {
    return await run(broker, await broker.start());
  } finally {
    await broker.destroy();
  }
}

/** Runs a program to its end and resolves to what it printed. */
async function output(command: string, words: readonly string[]): Promise<string> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const code = await new Promise((done) => child.once('close', done));
  if (code !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${code}\n${errors}${out}`);
  return out;
}

/** The last line, which is JSON. */
function lastLine<T>(out: string): T {
  return JSON.parse(out.trim().split('\n').at(-1)!) as T;
}

/** A script of clients/, to what its last line says. */
export async function pythonClient<T>(script: string, ...words: (string | number)[]): Promise<T> {
  return lastLine(await output(python, [join(clients, script), ...words.map(String)]));
}

/** A program of clients/ in one file, to what its last line says. */
export async function javaClient<T>(program: string, ...words: (string | number)[]): Promise<T> {
  return lastLine(await javaTool(join(clients, program), ...words.map(String)));
}

/** A program of clients/ that speaks to the broker in raw requests, to what its last line says. */
export async function rawClient<T>(script: string, ...words: (string | number)[]): Promise<T> {
  const program = ['--conditions=source', join(clients, script), ...words.map(String)];
  return lastLine(await output(process.execPath, program));
}

/** A class of Kafka's tools, or a program in one file. */
export function javaTool(main: string, ...words: string[]): Promise<string> {
  return output('java', ['-Xmx512m', '-cp', join(kafkaJars(folders), '*'), main, ...words]);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}
