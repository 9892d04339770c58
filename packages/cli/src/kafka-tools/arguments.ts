// Command lines of those of Kafka's tools that are read as Python's argparse reads them: commands with options of their own, groups of which one is to be given,
// and unambiguous beginnings of options.
//
// Invariant: which mistake is told of when there are several, and how, is as those tools have it, for scripts look for it.

import { argumentHelp } from './argument-help.ts';

export interface ArgumentSpec {
  /** The first long one, without its dashes, is its name. */
  readonly flags: readonly [string, ...string[]];
  /** Without: it is said by the name. */
  readonly metavar?: string;
  readonly type?: NumberType;
  /** true: it takes no value. 'many': one or more of them, as long as no option follows. 'append': it may be given several times. */
  readonly takes?: 'nothing' | 'many' | 'append';
  readonly isRequired?: boolean;
  readonly default?: string | number | boolean;
  /** Other values are refused. */
  readonly choices?: readonly (string | number)[];
  readonly help: string;
  /** Of the parser's groups. */
  readonly group?: ArgumentGroup;
}

export type NumberType = 'Integer' | 'Long' | 'Double';

export interface ArgumentGroup {
  readonly title?: string;
  readonly description?: string;
  /** At most one of them may be given; where it is required, one has to be. */
  readonly isExclusive?: boolean;
  readonly isRequired?: boolean;
}

export interface CommandSpec {
  readonly name: string;
  readonly help: string;
  readonly description?: string;
  readonly arguments: readonly ArgumentSpec[];
}

export interface ParserSpec {
  readonly program: string;
  readonly description: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly commands?: readonly CommandSpec[];
  /** How the help calls them; without: among the positional arguments. */
  readonly commandsTitle?: string;
  readonly commandMetavar?: string;
  /** The help tells what the defaults are. */
  readonly tellsDefaults?: boolean;
}

/** What is wrong with a command line. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
  /** Of the command that it was said of. */
  readonly command: CommandSpec | undefined;
  /** Options or commands that may have been meant. */
  readonly candidates: readonly string[];

  constructor(message: string, command?: CommandSpec, candidates: readonly string[] = []) {
    super(message);
    this.command = command;
    this.candidates = candidates;
  }
}

/** The help was asked for: it is the message. */
export class HelpAsked extends Error {
  override readonly name = 'HelpAsked';
}

export class VersionAsked extends Error {
  override readonly name = 'VersionAsked';
}

export class Arguments {
  readonly command: string | undefined;
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(values: ReadonlyMap<string, unknown>, command: string | undefined) {
    this.#values = values;
    this.command = command;
  }

  has(name: string): boolean {
    return this.#values.get(name) !== undefined;
  }

  text(name: string): string | undefined {
    return this.#values.get(name) as string | undefined;
  }

  number(name: string): number | undefined {
    return this.#values.get(name) as number | undefined;
  }

  isGiven(name: string): boolean {
    return this.#values.get(name) === true;
  }

  texts(name: string): readonly string[] | undefined {
    return this.#values.get(name) as readonly string[] | undefined;
  }
}

/** --name */
export function option(name: string, help: string, more: Partial<ArgumentSpec> = {}): ArgumentSpec {
  return { flags: [`--${name}`], help, ...more };
}

/** The same, where the name in capitals stands for the value, hyphens and all. */
export function valueOption(name: string, help: string, more: Partial<ArgumentSpec> = {}): ArgumentSpec {
  return option(name, help, { metavar: name.toUpperCase(), ...more });
}

export const HELP: ArgumentSpec = {
  flags: ['-h', '--help'],
  takes: 'nothing',
  help: 'show this help message and exit',
};

export const VERSION: ArgumentSpec = {
  flags: ['-v', '--version'],
  takes: 'nothing',
  help: 'show the version and exit',
};

/** @throws ArgumentError, HelpAsked, VersionAsked */
export function parseArguments(spec: ParserSpec, args: readonly string[]): Arguments {
  const values = new Map<string, unknown>();
  const reader = new Reader(spec, args, values);
  reader.options(undefined);
  const command = reader.command();
  if (command !== undefined) reader.options(command);
  reader.end();
  return new Arguments(values, command?.name);
}

export function argumentName({ flags }: ArgumentSpec): string {
  return (flags.find((flag) => flag.startsWith('--')) ?? flags[0]).replace(/^-+/, '');
}

const NEGATIVE_NUMBER = /^-\d+$/;

class Reader {
  readonly #spec: ParserSpec;
  readonly #args: readonly string[];
  readonly #values: Map<string, unknown>;
  #at = 0;
  /** What is missing is told of when nothing else is wrong. */
  #missing: ArgumentError | undefined;

  constructor(spec: ParserSpec, args: readonly string[], values: Map<string, unknown>) {
    this.#spec = spec;
    this.#args = args;
    this.#values = values;
  }

  /** Of the program, or of the command, up to what is no option. */
  options(command: CommandSpec | undefined): void {
    const specs = [HELP, ...(command ?? this.#spec).arguments];
    for (const spec of specs)
      if (spec.default !== undefined) this.#values.set(argumentName(spec), spec.default);
    const given = new Set<ArgumentSpec>();
    while (this.#at < this.#args.length && this.#isOption()) {
      const term = this.#args[this.#at++]!;
      const { spec, value } = this.#find(term, specs, command);
      const other = [...given].find((each) => each !== spec && isAlternative(each, spec));
      if (other !== undefined)
        throw new ArgumentError(
          `argument ${spec.flags.join('/')}: not allowed with argument ${other.flags.join('/')}`,
          command,
        );
      given.add(spec);
      this.#take(spec, value, command);
    }
    if (this.#at < this.#args.length && (command !== undefined || this.#spec.commands === undefined))
      throw new ArgumentError(`unrecognized arguments: '${this.#args.slice(this.#at).join(' ')}'`, command);
    this.#missing ??= missing(specs, given, command);
  }

  command(): CommandSpec | undefined {
    const { commands } = this.#spec;
    if (commands === undefined) return undefined;
    const name = this.#args[this.#at++];
    if (name === undefined) throw new ArgumentError('too few arguments');
    const names = commands.map((command) => command.name);
    const found = completed(name, names);
    if (found.length > 1)
      throw new ArgumentError(`ambiguous command: ${name} could match ${found.join(', ')}`);
    const command = commands.find((each) => each.name === found[0]);
    if (command !== undefined) return command;
    const choices = names.map((each) => `'${each}'`).join(', ');
    throw new ArgumentError(
      `invalid choice: '${name}' (choose from ${choices})`,
      undefined,
      candidatesFor(name, names),
    );
  }

  end(): void {
    if (this.#missing !== undefined) throw this.#missing;
  }

  #isOption(): boolean {
    const term = this.#args[this.#at]!;
    return term.length > 1 && term.startsWith('-') && !NEGATIVE_NUMBER.test(term);
  }

  #find(
    term: string,
    specs: readonly ArgumentSpec[],
    command: CommandSpec | undefined,
  ): { spec: ArgumentSpec; value: string | undefined } {
    const at = term.indexOf('=');
    const flag = at < 0 ? term : term.slice(0, at);
    const flags = specs.flatMap((spec) => spec.flags);
    const found = completed(flag, flags);
    if (found.length > 1)
      throw new ArgumentError(`ambiguous option: ${flag} could match ${found.join(', ')}`, command);
    const [match] = found;
    if (match !== undefined)
      return { spec: byFlag(specs, match)!, value: at < 0 ? undefined : term.slice(at + 1) };
    const short = /^-[^-]/.test(term) ? byFlag(specs, term.slice(0, 2)) : undefined;
    if (short !== undefined) return { spec: short, value: term.slice(2) };
    const candidates = term.replace(/^-+/, '').length < 2 ? [] : candidatesFor(term, flags);
    throw new ArgumentError(`unrecognized arguments: '${term}'`, command, candidates);
  }

  #take(spec: ArgumentSpec, value: string | undefined, command: CommandSpec | undefined): void {
    const name = argumentName(spec);
    const fail = (message: string): never => {
      throw new ArgumentError(`argument ${spec.flags.join('/')}: ${message}`, command);
    };
    if (spec.takes === 'nothing') {
      if (value !== undefined) fail(`ignore implicit argument '${value}'`);
      if (spec === HELP) throw new HelpAsked(argumentHelp(this.#spec, command));
      if (spec === VERSION) throw new VersionAsked();
      this.#values.set(name, true);
      return;
    }
    const texts = value === undefined ? this.#texts(spec.takes === 'many') : [value];
    if (texts.length === 0) fail(spec.takes === 'many' ? 'expected 1 argument(s)' : 'expected one argument');
    if (spec.takes === 'many') this.#values.set(name, texts);
    else if (spec.takes === 'append')
      this.#values.set(name, [...((this.#values.get(name) as string[] | undefined) ?? []), ...texts]);
    else this.#values.set(name, argumentValue(spec, texts[0]!, fail));
  }

  #texts(areMany: boolean): string[] {
    const start = this.#at;
    while (this.#at < this.#args.length && !this.#isOption() && (areMany || this.#at === start)) this.#at++;
    return this.#args.slice(start, this.#at);
  }
}

function byFlag(specs: readonly ArgumentSpec[], flag: string): ArgumentSpec | undefined {
  return specs.find(({ flags }) => flags.includes(flag));
}

function isAlternative(one: ArgumentSpec, other: ArgumentSpec): boolean {
  return one.group?.isExclusive === true && one.group === other.group;
}

/** The name itself, or all that begin with it. */
function completed(start: string, names: readonly string[]): readonly string[] {
  if (names.includes(start)) return [start];
  return start === '' ? [] : names.filter((name) => name.startsWith(start)).sort();
}

/** Of several options that are missing the last is told of. */
function missing(
  specs: readonly ArgumentSpec[],
  given: ReadonlySet<ArgumentSpec>,
  command: CommandSpec | undefined,
): ArgumentError | undefined {
  const absent = specs.findLast((spec) => spec.isRequired === true && !given.has(spec));
  if (absent !== undefined)
    return new ArgumentError(`argument ${absent.flags.join('/')} is required`, command);
  const groups = new Set(specs.map(({ group }) => group));
  for (const group of groups) {
    if (group?.isExclusive !== true || group.isRequired !== true) continue;
    const members = specs.filter((spec) => spec.group === group);
    if (members.some((spec) => given.has(spec))) continue;
    const names = members.map(({ flags }) => `${flags.join('/')} `).join('');
    return new ArgumentError(`one of the arguments ${names}is required`, command);
  }
  return undefined;
}

function argumentValue(
  { type, choices }: ArgumentSpec,
  text: string,
  fail: (message: string) => never,
): string | number {
  const value = type === undefined ? text : numberOf(text, type, fail);
  if (choices?.includes(value) !== false) return value;
  return fail(`invalid choice: '${text}' (choose from {${choices.join(',')}})`);
}

const INTEGER_LIMITS = { Integer: 2n ** 31n, Long: 2n ** 63n } as const;

function numberOf(text: string, type: NumberType, fail: (message: string) => never): number {
  const isNumber =
    type === 'Double'
      ? /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?\s*$/.test(text)
      : /^[+-]?\d+$/.test(text) && isWithin(BigInt(text.replace(/^\+/, '')), INTEGER_LIMITS[type]);
  if (isNumber) return Number(text.replace(/[dDfF]\s*$/, ''));
  return fail(`could not convert '${text}' to ${type} (For input string: "${text}")`);
}

function isWithin(value: bigint, limit: bigint): boolean {
  return value < limit && value >= -limit;
}

const CANDIDATE_LIMIT = 7;

/** Those that are nearest to what was written, where any is near. */
function candidatesFor(written: string, names: readonly string[]): readonly string[] {
  const wanted = written.replace(/^-+/, '');
  const ranked = names
    .filter((name) => name.replace(/^-+/, '').length > 1)
    .map((name) => ({ name, distance: distance(wanted, name.replace(/^-+/, '')) }))
    .sort((left, right) => left.distance - right.distance || (left.name < right.name ? -1 : 1));
  const least = ranked[0]?.distance ?? CANDIDATE_LIMIT;
  if (least >= CANDIDATE_LIMIT) return [];
  return ranked.filter((each) => each.distance === least).map(({ name }) => name);
}

const COSTS = { swap: 0, replace: 2, add: 1, remove: 4 } as const;

/** What it costs to turn one into the other: characters are more readily forgotten than made up. */
function distance(from: string, to: string): number {
  if (to.startsWith(from)) return 0;
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    const [previous, beforeIt] = [rows[row - 1]!, rows[row - 2]];
    const costs = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 2] === to[column - 1] && from[row - 1] === to[column - 2] && !isSame;
      costs.push(
        Math.min(
          previous[column - 1]! + (isSame ? 0 : COSTS.replace),
          previous[column]! + COSTS.remove,
          costs[column - 1]! + COSTS.add,
          isSwapped && beforeIt !== undefined ? beforeIt[column - 2]! + COSTS.swap : Number.POSITIVE_INFINITY,
        ),
      );
    }
    rows.push(costs);
  }
  return rows[from.length]![to.length]!;
}
