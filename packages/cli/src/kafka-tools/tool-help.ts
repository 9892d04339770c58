// The help of Kafka's tools: two columns in eighty characters, as the library that they use lays it out.

import type { ToolOption } from './tool-options.ts';

const WIDTH = 80;
const BETWEEN = 2;
/** Of the lines that go on. */
const INDENT = '  ';

interface Row {
  readonly option: string;
  readonly description: string;
}

/** Ends with a newline. */
export function helpText(options: readonly ToolOption[]): string {
  const isAnyRequired = options.some(({ isRequired }) => isRequired === true);
  const heading = isAnyRequired ? 'Option (* = required)' : 'Option';
  const rows: Row[] = [
    { option: heading, description: 'Description' },
    { option: '-'.repeat(heading.length), description: '-'.repeat('Description'.length) },
    ...[...options].sort((left, right) => (left.name < right.name ? -1 : 1)).map(rowOf),
  ];
  const optionWidth = Math.min((WIDTH - BETWEEN) / 2, widest(rows.map(({ option }) => option)));
  const descriptionWidth = Math.min(
    WIDTH - BETWEEN - optionWidth,
    widest(rows.flatMap(({ description }) => description.split('\n'))),
  );
  return rows
    .flatMap(({ option, description }) => {
      const left = pieces(option, optionWidth);
      const right = pieces(description, descriptionWidth);
      return Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
        [(left[index] ?? '').padEnd(optionWidth), (right[index] ?? '').padEnd(descriptionWidth)].join(
          ' '.repeat(BETWEEN),
        ),
      );
    })
    .map((line) => `${line}\n`)
    .join('');
}

function rowOf({ name, aliases = [], argument, summary, isRequired }: ToolOption): Row {
  const names = [name, ...aliases]
    .sort((left, right) => left.length - right.length || (left < right ? -1 : 1))
    .map((each) => (each.length === 1 ? `-${each}` : `--${each}`))
    .join(', ');
  const mark = isRequired === true ? '* ' : '';
  if (argument === undefined) return { option: mark + names, description: summary };
  const type =
    argument.choices === undefined
      ? (argument.type ?? 'String')
      : (argument.choicesText ?? `[${argument.choices.join(',')}]`);
  const what = argument.name === undefined ? type : `${type}: ${argument.name}`;
  const usual = argument.default === undefined ? '' : ` (default: ${argument.default})`;
  return {
    option: `${mark}${names} ${argument.isOptional === true ? `[${what}]` : `<${what}>`}`,
    description: summary + usual,
  };
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length));
}

/** Broken after spaces, and after hyphens that are no minus. */
function pieces(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const found: string[] = [];
    let piece = '';
    for (const word of line.match(/(?:[^\s-]|-(?=\d))*(?:-+(?!\d)|\s+|$)/g) ?? []) {
      if (piece.length + word.length > width && piece.trim() !== '') {
        found.push(piece.trimEnd());
        piece = INDENT;
      }
      piece += word;
    }
    return piece === '' ? found : [...found, piece.trimEnd()];
  });
}
