// Says what the last word of a command line could be, one a line, each with what it means behind a tab. ':file' and ':folder' leave it to the shell.
//
// It answers from what verbs say of themselves, and asks the cluster for names. Somebody has pressed a key and waits: a cluster that does not answer
// soon has no names, and nothing is ever said of what went wrong.

import {
  type CommandArguments,
  type CommandContext,
  type Completion,
  manyArguments,
  type OptionSpec,
  type VerbSpec,
} from '../command-line/command.ts';
import { flagsOf, optionsOf } from '../command-line/options.ts';
import { clusterNames } from './complete-names.ts';
import { nouns } from './nouns.ts';
import { verbs } from './verbs.ts';

export interface Candidate {
  readonly value: string;
  readonly summary?: string;
}

export async function run(context: CommandContext, args: CommandArguments): Promise<void> {
  const found = await candidates(manyArguments(args, 'word'), context);
  const lines = found.map(({ value, summary }) => `${value}${summary === undefined ? '' : `\t${summary}`}\n`);
  await context.output.write(lines.join(''));
}

type World = Pick<CommandContext, 'disk' | 'environment' | 'signal'>;

export async function candidates(words: readonly string[], world: World): Promise<Candidate[]> {
  const [first = '', ...rest] = words;
  const verb = verbs.find((each) => isCalled(each, first));
  if (words.length > 1 && verb !== undefined) return await ofVerb(verb, rest, world);
  const noun = nouns.find((each) => isCalled(each, first));
  if (words.length > 1 && noun !== undefined) {
    const known = await noun.load();
    const [second = '', ...others] = rest;
    const chosen = known.find((each) => isCalled(each, second));
    if (rest.length > 1) return chosen === undefined ? [] : await ofVerb(chosen, others, world);
    return beginning(second, shown(known));
  }
  return words.length > 1 ? [] : beginning(first, shown([...verbs, ...nouns]));
}

interface Named {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly isHidden?: boolean;
}

function isCalled({ name, aliases }: Named, word: string): boolean {
  return name === word || aliases?.includes(word) === true;
}

function shown(named: readonly Named[]): Candidate[] {
  return named
    .filter(({ isHidden }) => isHidden !== true)
    .map(({ name, summary }) => ({ value: name, summary }));
}

function beginning(word: string, all: readonly Candidate[]): Candidate[] {
  return all.filter(({ value }) => value.startsWith(word));
}

/** What stands before the word in question. */
export interface Before {
  /** Arguments, in order. */
  readonly given: readonly string[];
  /** By the flags' long names without dashes, or their short ones. */
  readonly options: ReadonlyMap<string, readonly string[]>;
}

async function ofVerb(verb: VerbSpec, words: readonly string[], world: World): Promise<Candidate[]> {
  const specs = optionsOf(verb);
  const { before, open, isPlain } = read(specs, words.slice(0, -1));
  const word = words.at(-1) ?? '';
  const fill = async (completes: Completion | readonly string[] | undefined, part: string) => {
    if (completes === undefined) return [];
    if (completes === 'file' || completes === 'folder') return [{ value: `:${completes}` }];
    const names = typeof completes === 'string' ? await clusterNames(completes, before, world) : completes;
    return beginning(
      part,
      names.map((value) => ({ value })),
    );
  };
  if (open !== undefined) return await fill(open.completes, word);
  if (!isPlain && word.startsWith('-')) {
    const at = word.indexOf('=');
    if (at < 0) return beginning(word, flagCandidates(specs, before, word));
    const spec = specs.find((each) => flagsOf(each).long === word.slice(0, at));
    const values = await fill(spec?.completes, word.slice(at + 1));
    return values.map((each) => ({ ...each, value: `${word.slice(0, at + 1)}${each.value}` }));
  }
  const last = verb.arguments?.at(-1);
  const spec = verb.arguments?.[before.given.length] ?? (last?.isMany === true ? last : undefined);
  const found = await fill(spec?.completes, word);
  return found.filter(({ value }) => spec?.isMany !== true || !before.given.includes(value));
}

function flagCandidates(specs: readonly OptionSpec[], { options }: Before, word: string): Candidate[] {
  return specs
    .filter((spec) => spec.isHidden !== true && (spec.isMany === true || !options.has(nameOf(spec))))
    .flatMap((spec) => {
      const { short, long } = flagsOf(spec);
      const value = word === '-' || long !== undefined ? (long ?? short) : short;
      return value === undefined ? [] : [{ value, summary: spec.summary }];
    })
    .concat({ value: '--help', summary: 'print this help' });
}

/** `open`: the option whose value comes next; `isPlain`: after '--' all are arguments. */
function read(
  specs: readonly OptionSpec[],
  words: readonly string[],
): { before: Before; open: OptionSpec | undefined; isPlain: boolean } {
  const given: string[] = [];
  const options = new Map<string, string[]>();
  let open: OptionSpec | undefined;
  let isPlain = false;
  const take = (spec: OptionSpec, value: string): void => {
    const name = nameOf(spec);
    options.set(name, [...(options.get(name) ?? []), value]);
  };
  for (const word of words) {
    if (open !== undefined) {
      take(open, word);
      open = undefined;
    } else if (isPlain || !/^-./.test(word)) {
      given.push(word);
    } else if (word === '--') {
      isPlain = true;
    } else {
      const [, flag, value] = /^(--[^=]+|-.)=?(.*)$/s.exec(word) ?? [];
      const spec = specs.find((each) => flagsOf(each).long === flag || flagsOf(each).short === flag);
      if (spec === undefined) continue;
      const takesValue = flagsOf(spec).value !== undefined;
      if (takesValue && value === '') open = spec;
      else take(spec, value ?? '');
    }
  }
  return { before: { given, options }, open, isPlain };
}

function nameOf(spec: OptionSpec): string {
  const { short, long } = flagsOf(spec);
  return (long ?? short ?? '').replace(/^-+/, '');
}
