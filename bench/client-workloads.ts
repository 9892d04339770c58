// What clients are compared at, and the records that they send: text as services write it, the same for all.

import { createWriteStream, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { seededRandom } from '../test/histories/checker/clean-history.ts';
import type { ClientGoal } from './client-table.ts';
import type { Work } from './clients/perf/work.ts';

export interface ClientWorkload {
  readonly name: string;
  readonly kind: Work['kind'];
  readonly bytes: number;
  readonly records: number;
  readonly partitions: number;
  readonly compression: Work['compression'];
  readonly ratePerSecond: number;
  readonly goals: readonly ClientGoal[];
  /** Clients that cannot do it. */
  readonly without?: readonly string[];
}

const SEED = 7;
const VALUES_BYTES = 1_000_000;
const OURS = 'moldau post';

const small = {
  bytes: 100,
  records: 2_000_000,
  partitions: 6,
  compression: 'none',
  ratePerSecond: 0,
} as const;
const packed = {
  bytes: 1_000,
  records: 400_000,
  partitions: 6,
  compression: 'lz4',
  ratePerSecond: 0,
} as const;
const big = { bytes: 200_000, records: 3_000, partitions: 1, compression: 'none', ratePerSecond: 0 } as const;

export const clientWorkloads: readonly ClientWorkload[] = [
  {
    ...{ ...small, name: 'produce 100 B', kind: 'produce' },
    goals: [
      { client: OURS, figure: 'recordsPerSecond', wanted: { atLeast: 1.3, times: 'kcat' } },
      { client: OURS, figure: 'peakMegabytes', wanted: { atMost: 150 } },
    ],
  },
  { ...packed, name: 'produce 1 KB lz4', kind: 'produce', goals: [] },
  {
    ...{ ...big, name: 'produce 200 KB', kind: 'produce' },
    goals: [
      { client: OURS, figure: 'recordsPerSecond', wanted: { atLeast: 1.3, times: 'confluent python' } },
    ],
  },
  {
    ...{ ...small, name: 'consume 100 B', kind: 'consume' },
    goals: [{ client: 'moldau send', figure: 'recordsPerSecond', wanted: { atLeast: 1.5, times: 'java' } }],
  },
  { ...packed, name: 'consume 1 KB lz4', kind: 'consume', goals: [] },
  { ...big, name: 'consume 200 KB', kind: 'consume', goals: [] },
  {
    ...{ name: 'latency', kind: 'latency', bytes: 100, records: 10_000, partitions: 1 },
    ...{ compression: 'none', ratePerSecond: 1_000, goals: [] },
  },
];

export class Payloads {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A file with a line for each of some distinct values. */
  values({ bytes }: ClientWorkload): string {
    const path = join(this.#folder, `values-${bytes}`);
    if (!existsSync(path)) writeFileSync(path, distinctValues(bytes));
    return path;
  }

  /** A file with a line for each of so many records. */
  async lines({ bytes }: ClientWorkload, records: number): Promise<string> {
    const path = join(this.#folder, `lines-${bytes}-${records}`);
    if (existsSync(path)) return path;
    const values = distinctValues(bytes);
    const valuesCount = values.length / (bytes + 1);
    function* pieces(): Iterable<string> {
      for (let left = records; left > 0; left -= valuesCount)
        yield left >= valuesCount ? values : values.slice(0, left * (bytes + 1));
    }
    await pipeline(Readable.from(pieces()), createWriteStream(path));
    return path;
  }
}

/** Lines of that length, a megabyte of them and five at least. */
function distinctValues(bytes: number): string {
  const random = seededRandom(SEED);
  const words = Array.from({ length: 500 }, () =>
    random()
      .toString(36)
      .slice(2, 4 + Math.floor(random() * 8)),
  );
  const count = Math.max(5, Math.floor(VALUES_BYTES / bytes));
  const lines = Array.from({ length: count }, (_, index) => {
    let line = `{"id":${index}`;
    while (line.length < bytes) {
      const [name, value] = [random(), random()].map((at) => words[Math.floor(at * words.length)]);
      line += `,"${name}":"${value}${Math.floor(random() * 1000)}"`;
    }
    return line.slice(0, bytes);
  });
  return `${lines.join('\n')}\n`;
}
