// The moldau command: reads the command line and runs what it asks for. Started by bin/moldau.js.
//
// Invariant: a command's own modules are loaded when it runs, so that --help costs none of them.

import { Command, CommanderError } from 'commander';
import { version } from './version.ts';

const USAGE_EXIT_CODE = 2;

const program = new Command('moldau')
  .description('Kafka without the ordeal: a streaming platform that speaks the protocol of Kafka')
  .version(version(), '--version', 'print the version')
  .helpOption('--help', 'print this help')
  .helpCommand(false)
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'moldau: ')) });

program
  .command('server')
  .description('run a broker')
  .helpOption('--help', 'print this help')
  .option('--config <file>', "read Kafka's server.properties")
  .option('--listen <host:port>', 'where clients connect (default: 127.0.0.1:9092; :9092 is every address)')
  .option('--data <folder>', 'where the data lives (default: ./moldau-data)')
  .option('--set <key=value>', 'set one configuration key, as often as you like', collect)
  .option('--log-level <level>', 'debug, info, warn, error or silent (default: $LOG_LEVEL, else warn)')
  .addHelpText(
    'after',
    `
Every key of Kafka's brokers is understood: on the command line, in the environment (KAFKA_LOG_DIRS is
log.dirs, KAFKA_CREATE_TOPICS=orders:3:1 creates a topic) and in the file, in this order.

Examples:
  moldau server
  moldau server --listen 0.0.0.0:9092 --data /var/lib/moldau
  moldau server --config server.properties --set num.partitions=6`,
  )
  .action(async (options: ServerFlags) => {
    const { runServer } = await import('./commands/server.ts');
    await runServer(options);
  });

const security = program
  .command('security')
  .description('set up encryption, logins and permissions, and check them')
  .helpOption('--help', 'print this help')
  .helpCommand(false);

security
  .command('init')
  .description('make certificates, a first user, and the settings of the broker and its clients')
  .helpOption('--help', 'print this help')
  .option('--dir <folder>', 'where to write them (default: ./moldau-security)')
  .option(
    '--host <name>',
    'a name or address by which clients reach the broker, as often as you like',
    collect,
  )
  .option('--port <port>', 'where the broker listens (default: 9092)')
  .option('--user <name>', 'who may do everything (default: admin)')
  .option('--force', 'replace what is there')
  .addHelpText(
    'after',
    `
Without --host the broker is for clients on this machine alone.

Example:
  moldau security init --host kafka.example.org && moldau server --config moldau-security/server.properties`,
  )
  .action(async (options: SecurityInitFlags) => {
    const { runSecurityInit } = await import('./commands/security-init.ts');
    await runSecurityInit(options);
  });

security
  .command('check')
  .description('say what an outsider could do to a broker, and what mends it')
  .helpOption('--help', 'print this help')
  .option('--config <file>', "the broker's server.properties")
  .option('--listen <host:port>', 'where clients connect, as for `moldau server`')
  .option('--data <folder>', 'where the data lives, as for `moldau server`')
  .option('--set <key=value>', 'set one configuration key, as often as you like', collect)
  .option('-o, --output <format>', 'text or json (default: text)')
  .addHelpText(
    'after',
    `
It reads what \`moldau server\` would read with the same options. Where the broker runs, it is asked as a stranger would.
The exit code is 1 when there is something to mend.

Example:
  moldau security check --config server.properties`,
  )
  .action(async (options: SecurityCheckFlags) => {
    const { runSecurityCheck } = await import('./commands/security-check.ts');
    await runSecurityCheck(options);
  });

interface ServerFlags {
  config?: string;
  listen?: string;
  data?: string;
  set?: string[];
  logLevel?: string;
}

interface SecurityCheckFlags {
  config?: string;
  listen?: string;
  data?: string;
  set?: string[];
  output?: string;
}

interface SecurityInitFlags {
  dir?: string;
  host?: string[];
  port?: string;
  user?: string;
  force?: boolean;
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

try {
  await program.parseAsync(process.argv);
} catch (error) {
  // Commander has printed what is wrong; asking for help or the version is nothing wrong.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
}
