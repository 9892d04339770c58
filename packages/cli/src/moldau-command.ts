// The moldau command: reads the command line and runs what it asks for.
//
// Invariant: a command's own modules are loaded when it runs, so that --help costs none of them.

import { Command, CommanderError } from 'commander';
import { UsageError } from './command-line/errors.ts';
import { EXIT_CODES } from './command-line/exit-codes.ts';
import { addNouns, addVerb, type Execute } from './command-line/program.ts';
import { nouns } from './commands/nouns.ts';
import { verbs } from './commands/verbs.ts';
import { print } from './output/print.ts';
import { version } from './version.ts';

const run: Execute = async (verb, args, options) => {
  if (verb.needs === 'itself') return await (await verb.load()).run(options);
  const { execute } = await import('./command-line/execute.ts');
  await execute(verb, args, options);
};

export async function runMoldau(): Promise<void> {
  const words = withoutHelpVerb(process.argv.slice(2));
  const program = new Command('moldau')
    .description('Kafka without the ordeal: a streaming platform that speaks the protocol of Kafka')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showSuggestionAfterError()
    .addHelpText('after', "\nKafka's own tools are here too, as Kafka names them: moldau kafka-topics --help")
    .exitOverride()
    .configureOutput({
      writeOut: print,
      outputError: (text, write) => write(text.replace(/^error: /, 'moldau: ')),
    });
  for (const verb of verbs) addVerb(program, verb, run);
  await addNouns(program, nouns, words, run);

  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof UsageError) process.stderr.write(`moldau: ${error.message}\n`);
    // Commander has printed what is wrong; asking for help or the version is nothing wrong.
    else if (!(error instanceof CommanderError)) throw error;
    else if (needsHint(error))
      process.stderr.write(
        `\`moldau ${[...commandOf(words, error), '--help'].join(' ')}\` says what there is\n`,
      );
    const isAnswered = error instanceof CommanderError && error.exitCode === 0;
    process.exitCode = isAnswered ? EXIT_CODES.done : EXIT_CODES.usage;
  }
}

function isNoun(word: string | undefined): boolean {
  return nouns.some(({ name, aliases = [] }) => word !== undefined && [name, ...aliases].includes(word));
}

/** Neither help itself, nor what says already what was meant. */
function needsHint({ code, exitCode, message }: CommanderError): boolean {
  return exitCode !== 0 && code !== 'commander.help' && !message.includes('Did you mean');
}

/** The words that name the noun and verb, as far as there are such. */
function commandOf(words: readonly string[], { code }: CommanderError): readonly string[] {
  const isUnknown = code === 'commander.unknownCommand';
  if (isNoun(words[0])) return words.slice(0, isUnknown ? 1 : 2).filter((word) => !word.startsWith('-'));
  return isUnknown || words[0]?.startsWith('-') !== false ? [] : [words[0]];
}

/** `moldau help topic list` and `moldau topic help list`, as many tools have it, are `moldau topic list --help`. */
function withoutHelpVerb(words: readonly string[]): readonly string[] {
  const at = words[0] === 'help' ? 0 : isNoun(words[0]) && words[1] === 'help' ? 1 : undefined;
  return at === undefined ? words : [...words.toSpliced(at, 1), '--help'];
}
