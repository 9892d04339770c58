// The moldau command: reads the command line and runs what it asks for.
//
// Invariant: a command's own modules are loaded when it runs, so that --help costs none of them.

import { Command, CommanderError } from 'commander';
import { UsageError } from './command-line/errors.ts';
import { EXIT_CODES } from './command-line/exit-codes.ts';
import { addNouns, addVerb, type Execute } from './command-line/program.ts';
import { nouns } from './commands/nouns.ts';
import { verbs } from './commands/verbs.ts';
import { version } from './version.ts';

const run: Execute = async (verb, args, options) => {
  if (verb.needs === 'itself') return await (await verb.load()).run(options);
  const { execute } = await import('./command-line/execute.ts');
  await execute(verb, args, options);
};

export async function runMoldau(): Promise<void> {
  const program = new Command('moldau')
    .description('Kafka without the ordeal: a streaming platform that speaks the protocol of Kafka')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .showSuggestionAfterError()
    .addHelpText('after', "\nKafka's own tools are here too, as Kafka names them: moldau kafka-topics --help")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'moldau: ')) });
  for (const verb of verbs) addVerb(program, verb, run);
  await addNouns(program, nouns, process.argv.slice(2), run);

  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    if (error instanceof UsageError) process.stderr.write(`moldau: ${error.message}\n`);
    // Commander has printed what is wrong; asking for help or the version is nothing wrong.
    else if (!(error instanceof CommanderError)) throw error;
    const isAnswered = error instanceof CommanderError && error.exitCode === 0;
    process.exitCode = isAnswered ? EXIT_CODES.done : EXIT_CODES.usage;
  }
}
