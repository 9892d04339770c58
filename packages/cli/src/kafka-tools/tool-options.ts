// The command line of Kafka's tools, as the library that most of them use reads it (joptsimple): '--name value', '--name=value', '-name value',
// options given many times, and what it says when something is wrong.
//
// Invariant: options are never abbreviated, as Kafka's tools take none; the argument of an option is whatever stands next, even when it looks like an option.

export type ArgumentType = 'String' | 'Integer' | 'Long' | 'Double' | 'Boolean';

export interface ToolOption {
  /** Without dashes. */
  readonly name: string;
  /** Other names of the same option. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** None: it is a flag. */
  readonly argument?: OptionArgument;
  /** Nothing is done without it, and the help marks it. */
  readonly isRequired?: boolean;
  /** It may only stand beside one of these. */
  readonly availableIf?: readonly string[];
  /** It may not stand beside any of these. */
  readonly availableUnless?: readonly string[];
}

export interface OptionArgument {
  readonly type?: ArgumentType;
  /** What help calls it. */
  readonly name?: string;
  readonly isOptional?: boolean;
  readonly default?: string;
  /** One argument has several values, with this between them. */
  readonly separator?: string;
  /** In place of the type, what help shows of a choice, and what else is refused. */
  readonly choices?: readonly string[];
  /** How help shows the choices. */
  readonly choicesText?: string;
}

/** The command line is wrong. Tools differ in what they make of it: most print the message and no help. */
export class OptionProblem extends Error {
  override readonly name = 'OptionProblem';
  /** As Java calls it: what a stack trace begins with. */
  readonly javaName: string;

  constructor(javaName: string, message: string) {
    super(message);
    this.javaName = `joptsimple.${javaName}`;
  }
}

/** What stands beside every tool's own options. */
export const HELP: ToolOption = { name: 'help', summary: 'Print this help.' };
export const VERSION: ToolOption = { name: 'version', summary: 'Print the version.' };

export const BOOTSTRAP_SERVER: ToolOption = {
  name: 'bootstrap-server',
  summary: 'REQUIRED: where to find the cluster, as in host1:port1,host2:port2.',
  argument: { name: 'server to connect to' },
};
export const COMMAND_CONFIG: ToolOption = {
  name: 'command-config',
  summary: 'A file of properties for the client: how to log in, and the like.',
  argument: { name: 'command config property file' },
};

/** What a command line says. */
export class ToolOptions {
  /** What stands there and belongs to no option. */
  readonly words: readonly string[];
  /** The options in the order they were given in, as often as they were. */
  readonly sequence: readonly string[];
  readonly #options: ReadonlyMap<string, ToolOption>;
  readonly #given: ReadonlyMap<ToolOption, readonly string[]>;

  constructor(
    options: ReadonlyMap<string, ToolOption>,
    given: ReadonlyMap<ToolOption, readonly string[]>,
    words: readonly string[],
    sequence: readonly string[],
  ) {
    this.#options = options;
    this.#given = given;
    this.words = words;
    this.sequence = sequence;
  }

  /** It was given, with an argument or without. */
  has(name: string): boolean {
    return this.#given.has(this.#option(name));
  }

  hasArgument(name: string): boolean {
    return (this.#given.get(this.#option(name))?.length ?? 0) > 0;
  }

  /** All values, or the default. @throws OptionProblem where one is no such value */
  all(name: string): string[] {
    const option = this.#option(name);
    const { default: usual } = option.argument ?? {};
    const given = this.#given.get(option);
    const values = given === undefined || given.length === 0 ? (usual === undefined ? [] : [usual]) : given;
    for (const value of values) check(option, value);
    return [...values];
  }

  /** @throws OptionProblem where there are several, or it is no such value */
  get(name: string): string | undefined {
    const values = this.all(name);
    if (values.length > 1) {
      throw new OptionProblem(
        'MultipleArgumentsForOptionException',
        `Found multiple arguments for option ${namesOf(this.#option(name))}, but you asked for only one`,
      );
    }
    return values[0];
  }

  number(name: string): number | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : Number(value);
  }

  numbers(name: string): number[] {
    return this.all(name).map(Number);
  }

  /** As texts name it: '[topic]', '[b, bootstrap]'. */
  shown(name: string): string {
    const { aliases = [], ...option } = this.#option(name);
    return `[${[...aliases, option.name].sort(byLength).join(', ')}]`;
  }

  #option(name: string): ToolOption {
    const option = this.#options.get(name);
    if (option === undefined) throw new Error(`the tool has no option ${name}`);
    return option;
  }
}

/** @throws OptionProblem */
export function parseOptions(options: readonly ToolOption[], words: readonly string[]): ToolOptions {
  const byName = new Map(
    options.flatMap((option) => [option.name, ...(option.aliases ?? [])].map((name) => [name, option])),
  );
  const parser = new Parser(byName, words);
  parser.parse();
  const result = new ToolOptions(byName, parser.given, parser.rest, parser.sequence);
  // Who asks for help need not know how to do without.
  if (!parser.given.has(HELP) && !parser.given.has(VERSION)) checkTogether(options, result);
  return result;
}

class Parser {
  readonly given = new Map<ToolOption, string[]>();
  readonly rest: string[] = [];
  readonly sequence: string[] = [];
  readonly #options: ReadonlyMap<string, ToolOption>;
  readonly #words: string[];

  constructor(options: ReadonlyMap<string, ToolOption>, words: readonly string[]) {
    this.#options = options;
    this.#words = [...words];
  }

  parse(): void {
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) {
      if (word === '--') {
        this.rest.push(...this.#words.splice(0));
      } else if (word.startsWith('--')) {
        this.#named(word.slice(2));
      } else if (word.startsWith('-') && word !== '-') {
        const [name] = splitAtEquals(word.slice(1));
        if (this.#options.has(name)) this.#named(word.slice(1));
        else this.#letters(word.slice(1));
      } else {
        this.rest.push(word);
      }
    }
  }

  #named(text: string): void {
    const [name, value] = splitAtEquals(text);
    this.#take(this.#known(name), value);
  }

  /** '-abc': three flags, or an option a with the argument bc. */
  #letters(text: string): void {
    for (const [index, letter] of [...text].entries()) {
      const option = this.#known(letter);
      const following = text.slice(index + 1);
      if (option.argument !== undefined && following !== '') {
        this.#take(option, following);
        return;
      }
      this.#take(option, undefined);
    }
  }

  #known(name: string): ToolOption {
    const option = this.#options.get(name);
    if (option !== undefined) return option;
    throw new OptionProblem('UnrecognizedOptionException', `${name} is not a recognized option`);
  }

  #take(option: ToolOption, attached: string | undefined): void {
    const values = this.given.get(option) ?? [];
    this.given.set(option, values);
    this.sequence.push(option.name);
    const { argument } = option;
    if (argument === undefined) return;
    const value = attached ?? this.#next(option, argument);
    if (value === undefined) return;
    const { separator } = argument;
    values.push(
      ...(separator === undefined ? [value] : value.split(separator).filter((part) => part !== '')),
    );
  }

  #next(option: ToolOption, { isOptional = false, type = 'String' }: OptionArgument): string | undefined {
    const [word] = this.#words;
    if (isOptional && (word === undefined || !mayBeValue(word, type))) return undefined;
    if (word === undefined) {
      throw new OptionProblem(
        'OptionMissingRequiredArgumentException',
        `Option ${namesOf(option)} requires an argument`,
      );
    }
    return this.#words.shift();
  }
}

/** Of an option that needs none: what looks like an option is a value only where it is a number, and one is wanted. */
function mayBeValue(word: string, type: ArgumentType): boolean {
  return isOfType(type, word) && (type !== 'String' || !/^-./.test(word));
}

function splitAtEquals(text: string): [name: string, value: string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function checkTogether(options: readonly ToolOption[], given: ToolOptions): void {
  const missing = options.filter(({ name, isRequired }) => isRequired === true && !given.has(name));
  if (missing.length > 0) {
    throw new OptionProblem(
      'MissingRequiredOptionsException',
      `Missing required option(s) [${missing.map(namesOf).join(', ')}]`,
    );
  }
  const misplaced = options.filter(({ name, availableIf, availableUnless = [] }) => {
    if (!given.has(name)) return false;
    const isLonely = availableIf !== undefined && !availableIf.some((other) => given.has(other));
    return isLonely || availableUnless.some((other) => given.has(other));
  });
  if (misplaced.length > 0) {
    throw new OptionProblem(
      'UnavailableOptionException',
      `Option(s) [${misplaced.map(namesOf).join(', ')}] are unavailable given other options on the command line`,
    );
  }
}

const LIMITS = { Integer: 2n ** 31n, Long: 2n ** 63n } as const;

function check(option: ToolOption, value: string): void {
  const { type = 'String', choices } = option.argument ?? {};
  if (choices !== undefined ? isChoice(choices, value) : isOfType(type, value)) return;
  throw new OptionProblem(
    'OptionArgumentConversionException',
    `Cannot parse argument '${value}' of option ${namesOf(option)}`,
  );
}

/** Small letters are as good as capitals. */
function isChoice(choices: readonly string[], value: string): boolean {
  return choices.some((choice) => choice.toLowerCase() === value.toLowerCase());
}

function isOfType(type: ArgumentType, value: string): boolean {
  if (type === 'Integer' || type === 'Long') {
    if (!/^[+-]?\d+$/.test(value)) return false;
    const number = BigInt(value.replace('+', ''));
    return number < LIMITS[type] && number >= -LIMITS[type];
  }
  if (type === 'Double') return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value.trim());
  return true;
}

/** As messages name it: 'topic', 'b/bootstrap'. */
function namesOf({ name, aliases = [] }: ToolOption): string {
  return [...aliases, name].sort(byLength).join('/');
}

/** Short ones first. */
function byLength(left: string, right: string): number {
  return left.length - right.length || (left < right ? -1 : 1);
}
