// Runs one command: gives it the world, ends it when it is interrupted, closes what it opened, and says what went wrong.

import type { Admin, Kafka, KafkaOptions } from '@moldau/client';
import { type Logger, nodeClock, nodeDisk, nodeNetwork, nodeTimers, silentLogger } from '@moldau/io';
import { clientLog } from '../connection/client-log.ts';
import { type ConnectionFlags, connectionSettings } from '../connection/settings.ts';
import { OUTPUT_FORMATS, Output, type OutputFormat } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { watchReader } from '../output/reader-watch.ts';
import { processTerminal, type Terminal } from '../output/terminal.ts';
import type { CommandArguments, CommandContext, CommandOptions, ContextVerb } from './command.ts';
import { onEndingSignals } from './ending-signals.ts';
import { DeclinedError, UsageError } from './errors.ts';
import { type EndingSignal, EXIT_CODES, SIGNAL_EXIT_CODES } from './exit-codes.ts';
import { GIVE_UP_AFTER_MS, LAST_WORK_MS } from './last-work.ts';

const CLIENT_ID = 'moldau-cli';
/** Somebody waits for it. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** Nobody reads what the command prints, so nothing else holds it. */
const LEAVE_WITHIN_MS = 500;

export async function execute(
  verb: ContextVerb,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const terminal = processTerminal(process.env);
  const abort = new AbortController();
  let interruptedWith: number | undefined;
  const interrupt = (name: EndingSignal): void => {
    const code = SIGNAL_EXIT_CODES[name];
    interruptedWith = code;
    // Whoever asks twice does not want to wait for a clean end.
    if (abort.signal.aborted) process.exit(code);
    abort.abort();
    nodeTimers.after(GIVE_UP_AFTER_MS, () => process.exit(code));
  };
  const stopListening = onEndingSignals(interrupt);
  let isUnread = false;
  watchReader(process.stdout, nodeTimers, (error) => {
    isUnread = true;
    if (error !== undefined) {
      terminal.stderr.write(`moldau: standard output takes no more: ${error.message}\n`);
      process.exitCode = EXIT_CODES.failed;
    }
    abort.abort();
    // Groups are left, if that is quick.
    nodeTimers.after(LEAVE_WITHIN_MS, () => process.exit());
  });
  let world: World | undefined;
  try {
    world = new World(terminal, abort.signal, options);
    await world.prepare(verb);
    await (await verb.load()).run(world, args, options);
  } catch (error) {
    // Whoever reads has seen enough, and there is nothing to say about it.
    if (isUnread) return;
    const { endingOf } = await import('./endings.ts');
    const { exitCode, lines } = endingOf(error, abort.signal, interruptedWith);
    const { suggestion } = await import('./suggestions.ts');
    const hint = await suggestion(error, world?.usedAdmin, verb.name);
    if (hint !== '') lines[0] += hint;
    for (const line of lines) terminal.stderr.write(`moldau: ${printable(line)}\n`);
    process.exitCode = exitCode;
  } finally {
    stopListening();
    await world?.close();
  }
}

class World implements CommandContext {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly environment = process.env;
  readonly disk = nodeDisk;
  readonly network = nodeNetwork;
  readonly clock = nodeClock;
  readonly timers = nodeTimers;
  readonly output: Output;
  readonly isDryRun: boolean;
  properties: CommandContext['properties'];
  readonly #options: CommandOptions;
  #kafka: Kafka | undefined;
  #admin: Admin | undefined;
  #newKafka: (() => Kafka) | undefined;
  #newAdmin: (() => Admin) | undefined;

  constructor(terminal: Terminal, signal: AbortSignal, options: CommandOptions) {
    this.terminal = terminal;
    this.signal = signal;
    this.#options = options;
    this.isDryRun = options.dryRun === true;
    this.output = new Output(outputFormat(options, this.environment), terminal.stdout);
    signal.addEventListener('abort', () => this.#endSoon(), { once: true });
  }

  async prepare({ needs, mutesClient }: ContextVerb): Promise<void> {
    if (needs === 'nothing') return;
    const { brokers, properties } = await connectionSettings(
      this.#options as ConnectionFlags,
      this.environment,
      this.disk,
    );
    const apiTimeoutMs = (this.#options.timeout as number | undefined) ?? DEFAULT_TIMEOUT_MS;
    const settings: KafkaOptions = {
      ...{ brokers, apiTimeoutMs },
      logger: mutesClient === true && !this.#isVerbose ? silentLogger : this.#clientLog(),
      properties: { 'client.id': CLIENT_ID, ...properties },
    };
    // What sends and reads records is a third of the client.
    if (needs === 'admin') {
      const { isClientProperty, openAdmin } = await import('@moldau/client/admin');
      const own = Object.keys(settings.properties ?? {}).every(isClientProperty)
        ? settings
        : await withoutOthers(settings);
      this.#newAdmin = () => openAdmin(own);
    } else {
      const { Kafka, propertiesByClient } = await import('@moldau/client');
      const { shared, ...others } = propertiesByClient(settings.properties ?? {});
      this.properties = others;
      this.#newKafka = () => new Kafka({ ...settings, properties: shared });
      this.#newAdmin = () => this.kafka.admin();
    }
  }

  get kafka(): Kafka {
    if (this.#newKafka === undefined) throw new Error('this command does not need a whole client');
    this.#kafka ??= this.#newKafka();
    return this.#kafka;
  }

  get admin(): Admin {
    if (this.#newAdmin === undefined) throw new Error('this command needs no cluster');
    this.#admin ??= this.#newAdmin();
    return this.#admin;
  }

  /** The admin, where the command has cared for one. */
  get usedAdmin(): Admin | undefined {
    return this.#admin;
  }

  get #isVerbose(): boolean {
    return this.#options.verbose === true;
  }

  #clientLog(): Logger {
    const { tell, clock } = this;
    return clientLog({ tell, clock, isVerbose: this.#isVerbose });
  }

  // As properties, so that commands can take them out of their context.
  readonly tell = (line: string): void => {
    this.terminal.stderr.write(`${printable(line)}\n`);
  };

  readonly confirm = async (question: string): Promise<void> => {
    if (this.#options.yes === true || this.isDryRun) return;
    if (!this.terminal.canAsk) throw new DeclinedError(`${question} Nobody can be asked here: say --yes.`);
    const { ask } = await import('./dialogue.ts');
    const answer = await ask(`${printable(question)} [y/N] `, this);
    if (!/^y(es)?$/i.test(answer?.trim() ?? '')) throw new DeclinedError('nothing was done');
  };

  readonly exitCode = (code: number): void => {
    process.exitCode = code;
  };

  /** Its clients do what is still to be done at their close, and hold up nobody for longer. */
  #endSoon(): void {
    this.#kafka?.close({ timeoutMs: LAST_WORK_MS }).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#kafka?.close();
    await this.#admin?.close();
  }
}

/** A profile, or a file, may well have properties of producers and consumers; to know them is what costs, and most have none. */
async function withoutOthers(settings: KafkaOptions): Promise<KafkaOptions> {
  const { Kafka, propertiesByClient } = await import('@moldau/client');
  const { isClientProperty } = await import('@moldau/client/admin');
  const { shared } = propertiesByClient(settings.properties ?? {});
  // Of what nobody knows it says what was probably meant.
  if (!Object.keys(shared).every(isClientProperty))
    await new Kafka({ ...settings, properties: shared }).close();
  return { ...settings, properties: shared };
}

function outputFormat(
  { output }: CommandOptions,
  environment: Readonly<Record<string, string | undefined>>,
): OutputFormat {
  const wanted = (output as string | undefined) ?? environment.MOLDAU_OUTPUT ?? 'table';
  const format = OUTPUT_FORMATS.find((each) => each === wanted);
  if (format !== undefined) return format;
  throw new UsageError(`--output: expected one of ${OUTPUT_FORMATS.join(', ')}, not ${wanted}`);
}
