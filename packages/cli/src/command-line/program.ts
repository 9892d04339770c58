// Makes commander's commands of the specs. Of a noun that was not asked for only name and summary are known, so none of its verbs is loaded.

import { type Command, Option } from 'commander';
import type { CommandArguments, CommandOptions, NounSpec, OptionSpec, VerbSpec } from './command.ts';
import { UsageError } from './errors.ts';
import { optionsOf } from './options.ts';

/** Runs a verb with what the command line says. */
export type Execute = (verb: VerbSpec, args: CommandArguments, options: CommandOptions) => Promise<void>;

/** `words` are the arguments of the command line: they say which noun's verbs are to be loaded. */
export async function addNouns(
  program: Command,
  nouns: readonly NounSpec[],
  words: readonly string[],
  execute: Execute,
): Promise<void> {
  const asked = words.find((word) => !word.startsWith('-'));
  for (const noun of nouns) {
    const command = program
      .command(noun.name)
      .aliases(noun.aliases ?? [])
      .description(noun.summary)
      .helpOption('-h, --help', 'print this help')
      .helpCommand(false);
    if (asked !== noun.name && noun.aliases?.includes(asked ?? '') !== true) continue;
    for (const verb of await noun.load()) addVerb(command, verb, execute);
  }
}

/** A verb without a noun: `moldau produce`. */
export function addVerb(parent: Command, verb: VerbSpec, execute: Execute): void {
  const command = parent
    .command(verb.name, { hidden: verb.isHidden === true })
    .aliases(verb.aliases ?? [])
    .description(verb.summary)
    .helpOption('-h, --help', 'print this help');
  for (const { name, summary, isOptional, isMany } of verb.arguments ?? []) {
    const shown = isMany === true ? `${name}...` : name;
    command.argument(isOptional === true ? `[${shown}]` : `<${shown}>`, summary);
  }
  for (const spec of optionsOf(verb)) command.addOption(optionOf(spec));
  const { details, examples = [] } = verb;
  const shownExamples = examples.map((example) => `  moldau ${example}`).join('\n');
  if (details !== undefined) command.addHelpText('after', `\n${details}`);
  if (shownExamples !== '') command.addHelpText('after', `\nExamples:\n${shownExamples}`);
  command.action(async (...given: unknown[]) => {
    const names = (verb.arguments ?? []).map(({ name }) => name);
    const args = Object.fromEntries(names.map((name, index) => [name, given[index]])) as CommandArguments;
    await execute(verb, args, parsed(verb, given[names.length] as Record<string, unknown>));
  });
}

function optionOf({ flags, summary, isMany, isHidden }: OptionSpec): Option {
  const option = new Option(flags, summary);
  if (isMany === true) option.argParser((value: string, previous: string[] = []) => [...previous, value]);
  return isHidden === true ? option.hideHelp() : option;
}

/** Texts become values here, so that what is wrong is said as every other wrong thing is. */
function parsed(verb: VerbSpec, options: Record<string, unknown>): CommandOptions {
  const values = { ...options };
  for (const { flags, parse, isMany } of optionsOf(verb)) {
    const name = new Option(flags).attributeName();
    const value = values[name];
    if (parse === undefined || value === undefined || typeof value === 'boolean') continue;
    const flag = /--?[\w-]+(?=[^-]*$)/.exec(flags)?.[0] ?? flags;
    const read = (text: string): unknown => {
      try {
        return parse(text);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        throw new UsageError(`${flag}: ${error.message}`);
      }
    };
    values[name] = isMany === true ? (value as string[]).map(read) : read(value as string);
  }
  return values;
}
