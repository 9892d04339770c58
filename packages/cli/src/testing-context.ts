// Runs a verb in the process of its test, with a real client and streams that are kept: much quicker than a process for each.

import { PassThrough } from 'node:stream';
import { Kafka, type Properties, propertiesByClient } from '@moldau/client';
import { nodeClock, nodeDisk, nodeNetwork, nodeTimers } from '@moldau/io';
import type { CommandArguments, CommandContext, CommandOptions, VerbSpec } from './command-line/command.ts';
import { endingOf } from './command-line/endings.ts';
import { DeclinedError } from './command-line/errors.ts';
import { LAST_WORK_MS } from './command-line/last-work.ts';
import { suggestion } from './command-line/suggestions.ts';
import { Output, type OutputFormat } from './output/output.ts';
import type { Terminal } from './output/terminal.ts';

export interface RanCommand {
  readonly out: string;
  /** Lines of standard error. */
  readonly told: readonly string[];
  readonly code: number;
}

export interface RunOptions {
  /** host:port */
  readonly brokers?: string;
  /** Of the client, as -X has them. */
  readonly properties?: Properties;
  readonly stdin?: string | Uint8Array;
  readonly output?: OutputFormat;
  /** Answers to questions; none: nobody can be asked. */
  readonly answers?: readonly string[];
  readonly signal?: AbortSignal;
  /** Gets the lines of standard error as they come. */
  readonly told?: string[];
  /** Gets what is written as it comes. */
  readonly onOut?: (bytes: Buffer) => void;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Options are given by commander's names, with the values that the spec's parsers make. */
export async function runVerb(
  verb: VerbSpec,
  args: CommandArguments,
  options: CommandOptions = {},
  {
    brokers,
    properties = {},
    stdin = '',
    output = 'table',
    answers = [],
    signal,
    told = [],
    onOut,
    environment = {},
  }: RunOptions = {},
): Promise<RanCommand> {
  if (verb.needs === 'itself') throw new Error(`${verb.name} brings its own world`);
  const chunks: Buffer[] = [];
  const stdout = new PassThrough();
  stdout.on('data', (bytes: Buffer) => chunks.push(bytes));
  if (onOut !== undefined) stdout.on('data', onOut);
  const input = new PassThrough();
  input.end(stdin);
  const stderr = new PassThrough();
  stderr.resume();
  const terminal: Terminal = {
    ...{ stdin: input, stdout, stderr },
    ...{
      isInteractive: false,
      showsProgress: false,
      canAsk: answers.length > 0,
      hasColors: false,
      columns: 80,
    },
  };
  const { shared, ...ofClients } = propertiesByClient(properties);
  await using kafka = new Kafka({ brokers: brokers ?? '127.0.0.1:1', properties: shared });
  const abort = new AbortController();
  const closeSoon = () => void kafka.close({ timeoutMs: LAST_WORK_MS }).catch(() => {});
  signal?.addEventListener('abort', closeSoon, { once: true });
  const left = [...answers];
  let code = 0;
  const context: CommandContext = {
    ...{
      kafka,
      terminal,
      environment,
      disk: nodeDisk,
      network: nodeNetwork,
      clock: nodeClock,
      timers: nodeTimers,
    },
    admin: kafka.admin(),
    properties: ofClients,
    output: new Output(output, stdout),
    signal: signal ?? abort.signal,
    isDryRun: options.dryRun === true,
    tell: (line) => told.push(line),
    async confirm(question) {
      if (options.yes === true || options.dryRun === true) return;
      told.push(question);
      if (left.shift() !== 'y') throw new DeclinedError('nothing was done');
    },
    exitCode: (given) => {
      code = given;
    },
  };
  try {
    await (await verb.load()).run(context, args, options);
  } catch (error) {
    const ending = endingOf(error, context.signal);
    const hint = await suggestion(error, context.admin, verb.name);
    if (hint !== '') ending.lines[0] += hint;
    told.push(...ending.lines);
    code = ending.exitCode;
  }
  return { out: Buffer.concat(chunks).toString('utf8'), told, code };
}
