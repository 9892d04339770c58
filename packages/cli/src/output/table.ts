// Text in columns, two spaces apart, with titles in capitals; numbers are aligned to the right.

import type { Column } from './output.ts';
import { printableLine } from './printable.ts';

const GAP = '  ';
const NOTHING = '-';

export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map(({ show }) => cellText(show(row))));
  const titles = columns.map(({ title }) => title.toUpperCase());
  const widths = titles.map((title, index) =>
    cells.reduce((width, row) => Math.max(width, displayWidth(row[index]!)), title.length),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, index) => {
        const padding = ' '.repeat(widths[index]! - displayWidth(text));
        if (columns[index]!.isNumber === true) return padding + text;
        return index === texts.length - 1 ? text : text + padding;
      })
      .join(GAP)
      .trimEnd();
  return [titles, ...cells].map((texts) => `${line(texts)}\n`).join('');
}

/** 'Name:  value' lines, the values under each other. */
export function formatFields(fields: readonly (readonly [name: string, value: unknown])[]): string {
  const width = fields.reduce((most, [name]) => Math.max(most, name.length + 1), 0);
  return fields
    .map(([name, value]) => `${`${name}:`.padEnd(width)}${GAP}${cellText(value)}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

function cellText(value: unknown): string {
  if (value === undefined || value === null || value === '') return NOTHING;
  // One row is one line, whatever is in it.
  return printableLine(String(value));
}

/** Columns of a terminal that a text takes: wide letters of East Asia take two, marks that combine none. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
