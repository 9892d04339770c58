// One of Kafka's tools under Kafka's own name: kafka-topics and its like, with the same options, the same lines and the same exit codes, so that scripts
// go on working. What a tool is, what it is given, and how it is run.

import type { Readable, Writable } from 'node:stream';
import type { Admin, Kafka, Properties } from '@moldau/client';
import {
  type Clock,
  type Disk,
  type Network,
  nodeClock,
  nodeDisk,
  nodeHoldingTimers,
  nodeNetwork,
  type Timers,
} from '@moldau/io';
import { version } from '../version.ts';
import { ToolConnections } from './connections.ts';
import { javaMessage, javaTrace } from './java-errors.ts';
import { helpText } from './tool-help.ts';
import { toolLogger } from './tool-log.ts';
import {
  HELP,
  OptionProblem,
  parseOptions,
  type ToolOption,
  type ToolOptions,
  VERSION,
} from './tool-options.ts';

export interface KafkaTool {
  /** 'kafka-topics' */
  readonly name: string;
  /** What it is for: the first line of its help. */
  readonly purpose: string;
  /** Without --help and --version, which all have. */
  readonly options: readonly ToolOption[];
  /** The first line of the help that is shown when nothing at all is given, where it is another one. */
  readonly purposeAlone?: string;
  /** A command line that cannot be read is told as any other wrong usage is. */
  readonly problemsAreUsage?: boolean;
  /** Given without anything it does something; others print their help. */
  readonly runsWithoutOptions?: boolean;
  /** When it is interrupted it ends what it has begun, by the signal of its context. Others are left where they are. */
  readonly endsItself?: boolean;
  /** Returns the exit code. What it throws `failed` tells. */
  run(context: ToolContext, options: ToolOptions): Promise<number>;
  /** Tells what went wrong, and returns the exit code. Without it: message and Java's name for it to standard error, and 1. */
  failed?(context: ToolContext, error: unknown, words: readonly string[]): number;
}

/** A tool whose command line is of another kind: it reads its words itself. */
export interface WordsTool {
  readonly name: string;
  readonly endsItself?: boolean;
  runWords(context: ToolContext, words: readonly string[]): Promise<number>;
}

export interface ToolConnection {
  /** host:port,host:port */
  readonly brokers: string;
  /** A file of properties for the client. */
  readonly configFile?: string | undefined;
  /** They win over those of the file. */
  readonly properties?: Properties | undefined;
}

/** What the outside world is to a tool. */
export interface ToolContext {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** A line to standard output. */
  readonly out: (line: string) => void;
  /** A line to standard error. */
  readonly err: (line: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  readonly disk: Disk;
  readonly network: Network;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Loads only what administrates. Closed when the tool ends. */
  admin(connection: ToolConnection): Promise<Admin>;
  /** Closed when the tool ends. Properties of producers and consumers alone are given back. */
  kafka(connection: ToolConnection): Promise<{ kafka: Kafka; producer: Properties; consumer: Properties }>;
}

/** The streams and the like that a tool is run with. */
export type ToolStreams = Pick<ToolContext, 'stdin' | 'stdout' | 'stderr' | 'environment' | 'signal'>;

/** The command line cannot be meant: the message and the help go to standard error, and 1 is the exit code. */
export class UsageProblem extends Error {
  override readonly name = 'UsageProblem';
}

/** Ends the tool with this code; all is said already. */
export class ToolEnd extends Error {
  override readonly name = 'ToolEnd';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`the tool ends with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Returns the exit code; rejects with nothing but the defects of tools. One that is left may go on for a while, but says nothing more. */
export async function runTool(
  tool: KafkaTool | WordsTool,
  words: readonly string[],
  streams: ToolStreams,
): Promise<number> {
  const { signal } = streams;
  let isLeft = false;
  const lines = (stream: Writable) => (line: string) => {
    if (!isLeft) stream.write(`${line}\n`);
  };
  const err = lines(streams.stderr);
  const connections = new ToolConnections(nodeDisk, nodeNetwork, toolLogger({ clock: nodeClock, err }));
  const context: ToolContext = {
    ...streams,
    ...{ disk: nodeDisk, network: nodeNetwork, clock: nodeClock, timers: nodeHoldingTimers },
    ...{ out: lines(streams.stdout), err },
    admin: (connection) => connections.admin(connection),
    kafka: (connection) => connections.kafka(connection),
  };
  const ended = endOf(tool, context, words).finally(() => connections.close());
  const left = new Promise<undefined>((resolve) => {
    const leave = (): void => {
      isLeft = true;
      ended.catch(() => {});
      void connections.close();
      resolve(undefined);
    };
    const stop = tool.endsItself === true ? () => void connections.closeSoon() : leave;
    signal.addEventListener('abort', stop, { once: true });
  });
  const code = await Promise.race([ended, left]);
  return code === undefined || signal.aborted ? INTERRUPTED : code;
}

async function endOf(
  tool: KafkaTool | WordsTool,
  context: ToolContext,
  words: readonly string[],
): Promise<number> {
  try {
    return 'runWords' in tool ? await tool.runWords(context, words) : await runOptions(tool, context, words);
  } catch (error) {
    if (error instanceof ToolEnd) return error.exitCode;
    if ('failed' in tool && tool.failed !== undefined) return tool.failed(context, error, words);
    return tellFailure(context, error);
  }
}

const INTERRUPTED = 130;
/** The one whose tools these are like: scripts that look at the version look for Kafka's. */
const KAFKA_VERSION = '4.3.0';
export const toolVersion = (): string => `${KAFKA_VERSION} (Moldau ${version()})`;

export async function runOptions(
  tool: KafkaTool,
  context: ToolContext,
  words: readonly string[],
): Promise<number> {
  const all = [...tool.options, HELP, VERSION];
  const usage = (message: string): number => {
    context.err(message);
    context.stderr.write(helpText(all));
    return 1;
  };
  try {
    const options = parseOptions(all, words);
    if (words.length === 0 && tool.runsWithoutOptions !== true)
      return usage(tool.purposeAlone ?? tool.purpose);
    if (options.has('help')) return usage(tool.purpose);
    if (options.has('version')) {
      context.out(toolVersion());
      return 0;
    }
    return await tool.run(context, options);
  } catch (error) {
    if (error instanceof UsageProblem) return usage(error.message);
    if (error instanceof OptionProblem && tool.problemsAreUsage === true) return usage(error.message);
    throw error;
  }
}

/** As most tools do. Java prints a stack trace after the name, which helps nobody here. */
export function tellFailure(context: ToolContext, error: unknown): number {
  context.err(javaMessage(error));
  context.err(javaTrace(error));
  return 1;
}

/** @throws UsageProblem unless all are given */
export function requireOptions(options: ToolOptions, ...names: readonly string[]): void {
  for (const name of names) {
    if (!options.has(name)) throw new UsageProblem(`Missing required argument "${options.shown(name)}"`);
  }
}

/** @throws UsageProblem when `used` and one of the others are given */
export function refuseOptions(options: ToolOptions, used: string, others: readonly string[]): void {
  if (!options.has(used)) return;
  for (const other of others) {
    if (!options.has(other)) continue;
    throw new UsageProblem(
      `Option "${options.shown(used)}" can't be used with option "${options.shown(other)}"`,
    );
  }
}
