// Makes histories that a right broker could have produced, from a seed: a model of partitions, transactions, groups and crashes, without a broker.
// The checker must find nothing in them, and each anomaly once it is put in.

import type { ProcessHistory, ProcessInfo } from './history.ts';

/** A small repeatable generator (mulberry32), 0 to 1. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Histories as lists of lines, which tests bend. */
export class TestHistory implements ProcessHistory {
  readonly info: ProcessInfo;
  readonly events: string[];

  constructor(info: ProcessInfo, events: string[] = []) {
    this.info = info;
    this.events = events;
  }

  lines(): Iterable<string> {
    return this.events;
  }
}

/** A run of values at following offsets, or a marker, which has no process. */
interface Entry {
  partition: number;
  offset: number;
  process: number;
  index: number;
  count: number;
  /** Decided for read_committed: visible, hidden, or not yet known. */
  isCommitted: boolean | undefined;
}

export interface CleanOptions {
  seed: number;
  producers?: number;
  /** Of the producers, how many use transactions. */
  transactional?: number;
  partitions?: number;
  /** Values in all, about. */
  values?: number;
  /** Values a run has at the most. */
  longestRun?: number;
}

class Model {
  readonly random: () => number;
  readonly partitions: Entry[][];
  readonly ends: number[];
  timeUs = 1_000_000;

  constructor(random: () => number, partitions: number) {
    this.random = random;
    this.partitions = Array.from({ length: partitions }, () => []);
    this.ends = this.partitions.map(() => 0);
  }

  upTo(count: number): number {
    return Math.floor(this.random() * count);
  }

  now(): number {
    this.timeUs += 1 + this.upTo(50);
    return this.timeUs;
  }

  append(
    partition: number,
    process: number,
    index: number,
    count: number,
    isCommitted: boolean | undefined,
  ): Entry {
    const entry = { partition, offset: this.ends[partition]!, process, index, count, isCommitted };
    this.partitions[partition]!.push(entry);
    this.ends[partition]! += count;
    return entry;
  }
}

class ModelProducer {
  readonly history: TestHistory;
  readonly #model: Model;
  readonly #longestRun: number;
  #next = 0;
  #transactions = 0;

  constructor(model: Model, number: number, longestRun: number) {
    this.#model = model;
    this.#longestRun = longestRun;
    this.history = new TestHistory({ number, name: `producer ${number}`, isolation: 'uncommitted' });
  }

  /** Returns how many values it sent. */
  send(entries?: Entry[]): number {
    const { events, info } = this.history;
    const partition = this.#model.upTo(this.#model.partitions.length);
    const count = 1 + this.#model.upTo(this.#longestRun);
    const index = this.#next;
    this.#next += count;
    events.push(`s ${this.#model.now()} 0 ${partition} ${index} ${count}`);
    const fate = this.#model.random();
    if (fate < 0.02) events.push(`f ${this.#model.now()} ${index} ${count}`);
    // Neither acknowledged nor failed, and not written; or written all the same.
    else if (fate >= 0.04) {
      const entry = this.#model.append(
        partition,
        info.number,
        index,
        count,
        entries === undefined ? true : undefined,
      );
      entries?.push(entry);
      if (fate >= 0.08)
        events.push(`a ${this.#model.now()} 0 ${partition} ${entry.offset} ${index} ${count}`);
    }
    return count;
  }

  transact(): number {
    const { events } = this.history;
    const number = this.#transactions;
    this.#transactions += 1;
    events.push(`b ${this.#model.now()} ${number}`);
    const entries: Entry[] = [];
    let sent = 0;
    for (let sends = 1 + this.#model.upTo(4); sends > 0; sends -= 1) sent += this.send(entries);
    const fate = this.#model.random();
    const isCommitted = fate < 0.7;
    const isAsked = isCommitted || fate < 0.8;
    events.push(`${isAsked ? 'c' : 'x'} ${this.#model.now()} ${number}`);
    for (const entry of entries) entry.isCommitted = isCommitted;
    const partitions = new Set(entries.map(({ partition }) => partition));
    for (const partition of partitions) this.#model.append(partition, -1, 0, 1, false);
    const isTold = fate < 0.65 || fate >= 0.85;
    if (isTold) events.push(`${isCommitted ? 'C' : 'X'} ${this.#model.now()} ${number}`);
    return sent;
  }
}

/** Reads what is visible of a partition from an offset on, in runs as a client would say them. */
function poll(model: Model, partition: number, from: number, isolation: string, limit: number): string[] {
  const timeUs = model.now();
  const lines: string[] = [];
  const log = model.partitions[partition]!;
  let first = log.length;
  while (first > 0 && log[first - 1]!.offset + log[first - 1]!.count > from) first -= 1;
  for (let at = first; at < log.length; at += 1) {
    const entry = log[at]!;
    if (lines.length >= limit || entry.isCommitted === undefined) break;
    if (entry.process < 0 || (isolation === 'committed' && !entry.isCommitted)) continue;
    const skipped = Math.max(0, from - entry.offset);
    lines.push(
      `r ${timeUs} 0 ${partition} ${entry.offset + skipped} ${entry.process} ${entry.index + skipped} ${entry.count - skipped}`,
    );
  }
  return lines;
}

function endOf(line: string): number {
  const words = line.split(' ');
  return Number(words[4]) + Number(words[7]);
}

/** Two members of a group that take partitions from each other, and commit most of what they see. */
class ModelGroup {
  readonly members: TestHistory[];
  readonly #model: Model;
  readonly #owners: number[];
  readonly #positions: number[];
  readonly #committed: number[];

  constructor(model: Model, firstNumber: number) {
    this.#model = model;
    this.members = [0, 1].map(
      (at) =>
        new TestHistory({
          ...{ number: firstNumber + at, name: `member ${at}`, isolation: 'committed', group: 'g' },
        }),
    );
    this.#owners = model.ends.map(() => -1);
    this.#positions = model.ends.map(() => 0);
    this.#committed = model.ends.map(() => 0);
  }

  step(limit: number): void {
    const partition = this.#model.upTo(this.#owners.length);
    const owner = this.#owners[partition]!;
    if (owner < 0 || this.#model.random() < 0.1) this.#move(partition);
    const { events } = this.members[this.#owners[partition]!]!;
    const lines = poll(this.#model, partition, this.#positions[partition]!, 'committed', limit);
    events.push(...lines);
    if (lines.length === 0) return;
    const end = endOf(lines.at(-1)!);
    this.#positions[partition] = end;
    const fate = this.#model.random();
    if (fate < 0.2) return;
    events.push(`K ${this.#model.now()} 0 ${partition} ${end}`);
    if (fate < 0.3) return;
    this.#committed[partition] = end;
    if (fate > 0.4) events.push(`k ${this.#model.now()} 0 ${partition} ${end}`);
  }

  drain(): void {
    for (const partition of this.#owners.keys()) {
      this.#move(partition);
      const { events } = this.members[this.#owners[partition]!]!;
      events.push(...poll(this.#model, partition, this.#positions[partition]!, 'committed', Infinity));
    }
  }

  #move(partition: number): void {
    const owner = this.#owners[partition]!;
    if (owner >= 0) this.members[owner]!.events.push(`R ${this.#model.now()} 0 ${partition}`);
    const next = this.#model.upTo(2);
    this.#owners[partition] = next;
    this.#positions[partition] = this.#committed[partition]!;
    this.members[next]!.events.push(`A ${this.#model.now()} 0 ${partition} -1`);
  }
}

/** Producers, some with transactions; a group of two; and two readers that read all at the end. */
export function cleanHistory(options: CleanOptions): TestHistory[] {
  const { producers = 4, transactional = 2, partitions = 3, values = 3_000, longestRun = 20 } = options;
  const model = new Model(seededRandom(options.seed), partitions);
  const senders = Array.from(
    { length: producers },
    (_, number) => new ModelProducer(model, number, longestRun),
  );
  const group = new ModelGroup(model, producers);
  for (let sent = 0; sent < values; ) {
    const at = model.upTo(producers);
    sent += at < transactional ? senders[at]!.transact() : senders[at]!.send();
    if (model.random() < 0.5) group.step(5);
  }
  group.drain();
  const readers = (['committed', 'uncommitted'] as const).map((isolation, at) => {
    const reader = new TestHistory({ number: producers + 2 + at, name: `reader ${isolation}`, isolation });
    for (let partition = 0; partition < partitions; partition += 1)
      reader.events.push(
        `A ${model.now()} 0 ${partition} 0`,
        ...poll(model, partition, 0, isolation, Infinity),
      );
    return reader;
  });
  return [...senders.map(({ history }) => history), ...group.members, ...readers];
}
