// Data on standard output, in the format asked for: a table for people, JSON, JSON lines or YAML with the same keys for programs.
//
// Invariant: the keys of a row are stable and the same in every format; a table shows some of them, 'wide' shows more.

import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { parseNumbers } from '../records/json.ts';
import { printable } from './printable.ts';
import { formatTable } from './table.ts';

export const OUTPUT_FORMATS = ['table', 'wide', 'json', 'ndjson', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export interface Column<Row> {
  readonly title: string;
  /** What a table shows; undefined is shown as a dash. */
  readonly show: (row: Row) => string | number | boolean | null | undefined;
  /** In 'wide' only. */
  readonly isWide?: boolean;
  readonly isNumber?: boolean;
}

export class Output {
  readonly format: OutputFormat;
  readonly #stream: Writable;

  constructor(format: OutputFormat, stream: Writable) {
    this.format = format;
    this.#stream = stream;
  }

  /** Text was asked for, rather than something that programs read. */
  get isForPeople(): boolean {
    return this.format === 'table' || this.format === 'wide';
  }

  /** A list. `toData` makes of a row what programs get; by default the row itself. */
  async rows<Row>(
    columns: readonly Column<Row>[],
    rows: readonly Row[],
    toData: (row: Row) => unknown = (row) => row,
  ): Promise<void> {
    if (!this.isForPeople) return await this.data(rows.map(toData));
    const shown = columns.filter(({ isWide }) => this.format === 'wide' || isWide !== true);
    await this.write(formatTable(shown, rows));
  }

  /** One thing, which people see as `text`. */
  async thing(data: unknown, text: () => string): Promise<void> {
    if (this.isForPeople) await this.write(printable(text()));
    else await this.data(data);
  }

  /** For programs, whatever the format; a list is written line by line as ndjson. */
  async data(data: unknown): Promise<void> {
    if (this.format === 'ndjson') {
      const lines = Array.isArray(data) ? data : [data];
      for (const line of lines) await this.write(`${JSON.stringify(line, plain)}\n`);
    } else if (this.format === 'yaml') {
      const { stringify } = await import('yaml');
      await this.write(stringify(parseNumbers(JSON.stringify(data, plain) ?? 'null')));
    } else {
      await this.write(`${JSON.stringify(data, plain, 2)}\n`);
    }
  }

  /** As it is. Resolves when the stream takes more. */
  async write(text: string | Uint8Array): Promise<void> {
    if (text.length > 0 && !this.#stream.write(text)) await once(this.#stream, 'drain');
  }
}

/** Maps as objects, sets as lists, and numbers that JSON does not know as texts. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)))
    return String(value);
  return value;
}
