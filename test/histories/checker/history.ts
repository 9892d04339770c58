// The format of a history. Every client process has a file of its own, in which it says what it did, a line an event, written out before it
// does the next thing; so a process that is killed leaves all that matters, and one torn line at the end.
//
// A value names its producer: the process's number and an index that counts from 0 in the order of sending; on the wire it is the text
// `<process>:<index>` and then padding after a blank. Topics are numbers, too. Runs of values with following indexes and offsets are one event.
// Times are microseconds of the machine's monotonic clock, which all processes share.
//
//   s time topic partition index count [inputProcess inputIndex]   about to send; the results of these inputs, if it processes
//   a time topic partition offset index count                      acknowledged
//   f time index count                                             certainly not written
//   b time transaction      c time transaction      C time transaction      x time transaction      X time transaction
//                           begun; about to commit; committed; about to abort; aborted
//   A time topic partition position      assigned; the position is -1 when the committed offset decides
//   R time topic partition               taken away
//   r time topic partition offset process index count              polled
//   K time topic partition offset        about to commit this offset of the group
//   k time topic partition offset        committed it
//
// What was sent and neither acknowledged nor failed is indeterminate, and so is a transaction with a c but neither C nor X.

import { closeSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ProcessInfo {
  /** Its values carry this number. */
  readonly number: number;
  /** For people: role and client. */
  readonly name: string;
  /** What its polls see. */
  readonly isolation: 'committed' | 'uncommitted';
  /** The group whose offsets it commits, if it is a member of one. */
  readonly group?: string;
  /** Topic whose values it turns into results, each once. */
  readonly processes?: number;
}

export interface ProcessHistory {
  readonly info: ProcessInfo;
  /** All complete lines, from the first, as often as it is called. */
  lines(): Iterable<string>;
}

/** Partitions of all topics share one numbering. */
export const PARTITIONS_PER_TOPIC = 64;

export function partitionKey(topic: number, partition: number): number {
  return topic * PARTITIONS_PER_TOPIC + partition;
}

/** The topic whose partition this is. */
export function topicOf(key: number): number {
  return Math.floor(key / PARTITIONS_PER_TOPIC);
}

export function partitionName(key: number): string {
  return `topic ${topicOf(key)} partition ${key % PARTITIONS_PER_TOPIC}`;
}

const READ_BYTES = 1 << 20;

/** Reads a file of any length in pieces; what follows the last line's end is left out. */
export function* fileLines(path: string): Iterable<string> {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(READ_BYTES);
    let rest = '';
    for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer)) {
      const lines = (rest + buffer.toString('latin1', 0, size)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } finally {
    closeSync(file);
  }
}

/** Where a process's history goes in a folder. */
export function historyFile(folder: string, number: number): string {
  return join(folder, `${number}.history`);
}

export function writeProcesses(folder: string, processes: readonly ProcessInfo[]): void {
  writeFileSync(join(folder, 'processes.json'), `${JSON.stringify(processes, null, 1)}\n`);
}

/** The histories that a run left in a folder. */
export function readHistories(folder: string): ProcessHistory[] {
  const processes = JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8')) as ProcessInfo[];
  const files = new Set(readdirSync(folder));
  return processes
    .filter(({ number }) => files.has(`${number}.history`))
    .map((info) => ({ info, lines: () => fileLines(historyFile(folder, info.number)) }));
}
