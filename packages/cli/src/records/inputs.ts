// Where records come from: standard input or files, cut into lines or taken whole.

import type { CommandContext } from '../command-line/command.ts';
import type { Terminal } from '../output/terminal.ts';
import { LineSplitter } from './line-splitter.ts';

export interface Input {
  /** For messages; `number` counts the records of this input from 1 on, and is moved on by who takes them. */
  readonly place: { readonly name: string; number: number };
  readonly parts: Iterable<Buffer>;
}

export interface InputOptions {
  readonly isSplit: boolean;
  readonly delimiter: Buffer;
  /** By default at the delimiter. */
  readonly splitter?: (() => Splitter) | undefined;
}

/** Cuts what comes into parts: LineSplitter, RecordSplitter, or BlockSplitter. */
export interface Splitter {
  lines(chunk: Buffer): Iterable<Buffer>;
  rest(): Buffer | undefined;
}

type World = Pick<CommandContext, 'disk' | 'signal'> & { readonly terminal: Pick<Terminal, 'stdin'> };

const FILE_CHUNK_BYTES = 1024 * 1024;

/** Ends, rather than throws, when it is interrupted. */
export async function* inputs(
  world: World,
  files: readonly string[],
  { isSplit, delimiter, splitter = () => new LineSplitter(delimiter) }: InputOptions,
): AsyncGenerator<Input, void> {
  if (files.length === 0) {
    yield* cut(standardInput(world), 'standard input', splitter());
    return;
  }
  for (const name of files) {
    if (world.signal.aborted) return;
    if (name === '-') yield* cut(standardInput(world), 'standard input', splitter());
    else if (isSplit) yield* cut(fileChunks(world, name), name, splitter());
    else yield { place: { name, number: 1 }, parts: [await world.disk.readFile(name)] };
  }
}

/** A file as text, and its name for messages; '-' is standard input. */
export async function readWhole(
  { disk, terminal }: Pick<CommandContext, 'disk' | 'terminal'>,
  path: string,
): Promise<{ readonly text: string; readonly name: string }> {
  if (path !== '-') return { text: (await disk.readFile(path)).toString('utf8'), name: path };
  const chunks: Buffer[] = [];
  for await (const chunk of terminal.stdin) chunks.push(Buffer.from(chunk));
  return { text: Buffer.concat(chunks).toString('utf8'), name: 'standard input' };
}

async function* cut(
  chunks: AsyncIterable<Buffer>,
  name: string,
  splitter: Splitter,
): AsyncGenerator<Input, void> {
  const place = { name, number: 1 };
  for await (const chunk of chunks) yield { place, parts: splitter.lines(chunk) };
  const rest = splitter.rest();
  if (rest !== undefined) yield { place, parts: [rest] };
}

async function* standardInput({ terminal, signal }: World): AsyncGenerator<Buffer, void> {
  const { stdin } = terminal;
  const stop = (): void => void stdin.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stdin) yield chunk as Buffer;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function* fileChunks({ disk, signal }: World, path: string): AsyncGenerator<Buffer, void> {
  // Of a pipe there are no positions to read at.
  if ((await disk.stat(path))?.kind === 'other') return yield await disk.readFile(path);
  const file = await disk.open(path, 'read');
  try {
    for (let position = 0; !signal.aborted; ) {
      const chunk = Buffer.allocUnsafeSlow(FILE_CHUNK_BYTES);
      const count = await file.read(chunk, position);
      if (count === 0) return;
      yield chunk.subarray(0, count);
      position += count;
    }
  } finally {
    await file.close();
  }
}
