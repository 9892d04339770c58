// How command lines are explained that are read as argparse reads them: the usage, the help, and what is said of a mistake.

import {
  type ArgumentError,
  type ArgumentSpec,
  argumentName,
  type CommandSpec,
  HELP,
  type ParserSpec,
} from './arguments.ts';

const WIDTH = 75;
const HELP_COLUMN = 25;
/** A longer beginning stands in a line of its own. */
const MAX_PROGRAM_WIDTH = 30;
const INDENT = '      ';

/** Ends with the end of a line. */
export function argumentUsage(spec: ParserSpec, command?: CommandSpec): string {
  const start = `usage: ${spec.program}`;
  const isLong = start.length > MAX_PROGRAM_WIDTH;
  const indent = isLong ? INDENT : ' '.repeat(start.length);
  const lines = [isLong ? indent : start];
  for (const [index, part] of usageParts(spec, command).entries()) {
    const line = lines.at(-1)!;
    if (index > 0 && line.length + part.length + 1 > WIDTH) lines.push(`${indent} ${part}`);
    else lines[lines.length - 1] = `${line} ${part}`;
  }
  return `${[...(isLong ? [start] : []), ...lines].join('\n')}\n`;
}

/** What standard error is told of it. */
export function argumentProblem(spec: ParserSpec, { message, command, candidates }: ArgumentError): string {
  const hint =
    candidates.length === 0 ? '' : `\nDid you mean:\n${candidates.map((each) => `\t${each}\n`).join('')}`;
  return `${argumentUsage(spec, command)}${wrapped(`${spec.program}: error: ${message}`, 0, '')}\n${hint}`;
}

export function argumentHelp(spec: ParserSpec, command?: CommandSpec): string {
  const { description = '', arguments: specs } = command ?? spec;
  const sections = [argumentUsage(spec, command)];
  if (description !== '') sections.push(`${wrapped(description, 0, '')}\n`);
  const commands = command === undefined ? commandLines(spec) : '';
  if (commands !== '' && spec.commandsTitle === undefined)
    sections.push(`positional arguments:\n${commands}`);
  const tellsDefaults = spec.tellsDefaults === true && command === undefined;
  const lines = (of: readonly ArgumentSpec[]): string =>
    of.map((each) => argumentLines(each, tellsDefaults)).join('');
  const plain = [HELP, ...specs].filter((each) => !isApart(each));
  sections.push(`optional arguments:\n${lines(plain)}`);
  if (commands !== '' && spec.commandsTitle !== undefined)
    sections.push(`${spec.commandsTitle}:\n${commands}`);
  for (const group of new Set(specs.filter(isApart).map((each) => each.group!))) {
    const title = group.title === undefined ? '' : `${group.title}:\n`;
    const about = group.description === undefined ? '' : `  ${wrapped(group.description, 2, '  ')}\n\n`;
    sections.push(`${title}${about}${lines(specs.filter((each) => each.group === group))}`);
  }
  return sections.join('\n');
}

/** Its group has a section of its own. */
function isApart({ group }: ArgumentSpec): boolean {
  return (
    group !== undefined &&
    (group.isExclusive !== true || group.title !== undefined || group.description !== undefined)
  );
}

function usageParts(spec: ParserSpec, command: CommandSpec | undefined): string[] {
  const own = partsOf([HELP, ...(command ?? spec).arguments]);
  if (command !== undefined) {
    const needed = spec.arguments.filter(
      (each) => each.isRequired === true || each.group?.isRequired === true,
    );
    return [...partsOf(needed), command.name, ...own];
  }
  return spec.commands === undefined ? own : [...own, commandNames(spec), '...'];
}

function partsOf(specs: readonly ArgumentSpec[]): string[] {
  const single = specs.filter(({ group }) => group?.isExclusive !== true);
  const parts = single.map((each) => (each.isRequired === true ? shown(each) : `[${shown(each)}]`));
  for (const group of new Set(specs.map((each) => each.group))) {
    if (group?.isExclusive !== true) continue;
    const members = specs.filter((each) => each.group === group).map(shown);
    const [open, close] = group.isRequired !== true ? ['[', ']'] : members.length > 1 ? ['(', ')'] : ['', ''];
    const ends = members.map(
      (text, index) => `${index === 0 ? open : ''}${text}${index === members.length - 1 ? close : ''}`,
    );
    parts.push(...ends.flatMap((text, index) => (index === 0 ? [text] : ['|', text])));
  }
  return parts;
}

function shown(spec: ArgumentSpec): string {
  const value = metavarOf(spec);
  return value === '' ? spec.flags[0] : `${spec.flags[0]} ${value}`;
}

function metavarOf(spec: ArgumentSpec): string {
  if (spec.takes === 'nothing') return '';
  const metavar = spec.metavar ?? argumentName(spec).toUpperCase().replaceAll('-', '_');
  return spec.takes === 'many' ? `${metavar} [${metavar} ...]` : metavar;
}

function commandNames({ commands = [], commandMetavar }: ParserSpec): string {
  return commandMetavar ?? `{${commands.map(({ name }) => name).join(',')}}`;
}

function commandLines(spec: ParserSpec): string {
  if (spec.commands === undefined) return '';
  const each = spec.commands.map(({ name, help }) => helpLines(`  ${name}`, help)).join('');
  return `${helpLines(commandNames(spec), '')}${each}`;
}

function argumentLines(spec: ArgumentSpec, tellsDefaults: boolean): string {
  const value = metavarOf(spec);
  const title = spec.flags.map((flag) => (value === '' ? flag : `${flag} ${value}`)).join(', ');
  const fallback = spec.default ?? (spec.takes === 'nothing' && spec !== HELP ? false : undefined);
  const hint = tellsDefaults && fallback !== undefined ? ` (default: ${fallback})` : '';
  return helpLines(title, `${spec.help}${hint}`);
}

function helpLines(title: string, help: string): string {
  if (help === '') return `  ${title}\n`;
  const indent = ' '.repeat(HELP_COLUMN);
  const start = title.length <= HELP_COLUMN - 4 ? `  ${title}`.padEnd(HELP_COLUMN) : `  ${title}\n${indent}`;
  return `${start}${wrapped(help, HELP_COLUMN, indent)}\n`;
}

/** Lines of at most the width; all but the first begin with the indent. */
function wrapped(text: string, column: number, indent: string): string {
  const lines: string[] = [];
  let line = '';
  let room = WIDTH - column;
  // A line ends behind a blank, or behind what joins words.
  for (const piece of text.match(/[^\s\-:,/]*[-:,/]*\s*/g) ?? []) {
    if (line !== '' && line.length + piece.length > room) {
      lines.push(line.trim());
      line = '';
      room = WIDTH - indent.length;
    }
    line += piece;
  }
  return [...lines, line].join(`\n${indent}`);
}
