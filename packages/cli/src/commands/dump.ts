// `moldau dump`: what is in the files of a log, row by row. Lines are written as they are read, so that files may be of any size.

import { basename, join } from 'node:path';
import type { Disk } from '@moldau/io';
import {
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { CommandError } from '../command-line/errors.ts';
import { EXIT_CODES } from '../command-line/exit-codes.ts';
import type { DumpRow } from '../dump/dump-row.ts';
import { rowText } from '../dump/row-text.ts';
import { type SegmentOptions, segmentRows } from '../dump/segment.ts';
import { smallFileRows } from '../dump/small-files.ts';
import { printable } from '../output/printable.ts';

export async function run(
  { disk, output, signal, exitCode }: CommandContext,
  args: CommandArguments,
  { batches, problems, from }: CommandOptions,
): Promise<void> {
  const options: SegmentOptions = {
    withRecords: batches !== true,
    fromOffset: (from as number | undefined) ?? 0,
  };
  const all: object[] = [];
  for (const path of await filesOf(manyArguments(args, 'file'), disk)) {
    if (output.isForPeople) await output.write(`${path}\n`);
    for await (const row of rowsOf(path, disk, options)) {
      signal.throwIfAborted();
      if (row.kind === 'problem') exitCode(EXIT_CODES.failed);
      else if (problems === true) continue;
      if (output.isForPeople) await output.write(`  ${printable(rowText(row))}\n`);
      else if (output.format === 'ndjson') await output.data({ file: path, ...row });
      else all.push({ file: path, ...row });
    }
  }
  if (!output.isForPeople && output.format !== 'ndjson') await output.data(all);
}

const SEGMENT = /\.(log|checkpoint)(\.(deleted|swap|cleaned))?$/;

/** Files of folders in the order of their names, as far as they are of a log; those that were named, always. */
async function filesOf(paths: readonly string[], disk: Disk): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const stat = await disk.stat(path);
    if (stat === undefined) throw new CommandError(`there is no file ${path}`);
    if (stat.kind !== 'directory') {
      files.push(path);
      continue;
    }
    const names = (await disk.list(path)).filter(({ kind }) => kind === 'file').map(({ name }) => name);
    files.push(
      ...names
        .filter(isOfLog)
        .sort()
        .map((name) => join(path, name)),
    );
  }
  if (files.length === 0) throw new CommandError(`there are no files of a log in ${paths.join(', ')}`);
  return files;
}

function isOfLog(name: string): boolean {
  return SEGMENT.test(name) || smallFileRows(name, Buffer.alloc(0)) !== undefined;
}

async function* rowsOf(path: string, disk: Disk, options: SegmentOptions): AsyncGenerator<DumpRow> {
  const name = basename(path);
  if (SEGMENT.test(name)) {
    const file = await disk.open(path, 'read');
    try {
      yield* segmentRows(path, file, options);
    } finally {
      await file.close();
    }
    return;
  }
  const rows = smallFileRows(name, await disk.readFile(path));
  if (rows === undefined)
    throw new CommandError(
      `${path}: no file of a log is called so; there are .log, .index, .timeindex, .txnindex, .snapshot, leader-epoch-checkpoint, *-offset-checkpoint, partition.metadata and meta.properties`,
    );
  yield* rows;
}
