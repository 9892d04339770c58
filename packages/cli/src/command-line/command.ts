// What a command is: a noun (topic), a verb (list), its arguments and options. Help, parsing, completion and the reference in docs/ derive from it.
//
// Invariant: describing a command loads nothing of what it does, so that --help and completion are quick.

import type { Admin, Kafka, PropertiesByClient } from '@moldau/client';
import type { Clock, Disk, Network, Timers } from '@moldau/io';
import type { Output } from '../output/output.ts';
import type { Terminal } from '../output/terminal.ts';

/** What a shell can complete an argument or option with; all but the first three are asked from the cluster. */
export type Completion =
  | 'file'
  | 'folder'
  | 'profile'
  | 'topic'
  | 'group'
  | 'user'
  | 'transactional-id'
  | 'config-name'
  | 'config-key';

export interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
  readonly isOptional?: boolean;
  /** It takes all that follow; the last one. */
  readonly isMany?: boolean;
  readonly completes?: Completion | readonly string[];
}

export interface OptionSpec {
  /** As commander takes them: '-p, --partitions <count>'. */
  readonly flags: string;
  readonly summary: string;
  /** Turns the text into a value; throws a UsageError saying what is expected. */
  readonly parse?: (text: string) => unknown;
  /** It may be given more than once; its value is an array. */
  readonly isMany?: boolean;
  readonly completes?: Completion | readonly string[];
  /** For scripts written for others; not shown. */
  readonly isHidden?: boolean;
}

interface VerbBase {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** For programs; not shown. */
  readonly isHidden?: boolean;
  /** More than the summary says. */
  readonly details?: string;
  /** Command lines without 'moldau', as people would type them. */
  readonly examples?: readonly string[];
}

export interface ContextVerb extends VerbBase {
  /** 'admin': it asks brokers, and takes --brokers, -X, --profile. 'cluster': it sends or reads records as well, or has several clients. */
  readonly needs: 'admin' | 'cluster' | 'nothing';
  /** It prints data: takes -o. */
  readonly prints?: boolean;
  /** Warnings of the client are not told: it explains them itself, or they would stand in a picture. */
  readonly mutesClient?: boolean;
  /** It changes or destroys: takes --dry-run, and --yes where it asks first. */
  readonly changes?: 'asks' | 'does';
  load(): Promise<Runnable>;
}

/** It brings its own world, as a broker does, and loads nothing of the others'. */
export interface StandaloneVerb extends VerbBase {
  readonly needs: 'itself';
  load(): Promise<{ run(options: CommandOptions): Promise<void> }>;
}

export type VerbSpec = ContextVerb | StandaloneVerb;

export interface Runnable {
  run(context: CommandContext, args: CommandArguments, options: CommandOptions): Promise<void>;
}

/** By the names of the ArgumentSpecs. */
export type CommandArguments = Readonly<Record<string, string | readonly string[] | undefined>>;
/** By commander's names: '--add-partitions' is addPartitions. */
export type CommandOptions = Readonly<Record<string, unknown>>;

export interface NounSpec {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  load(): Promise<readonly VerbSpec[]>;
}

/** What the outside world is to a command. */
export interface CommandContext {
  /** Connected when it is first used, and closed when the command ends. Only for verbs that need the cluster. */
  readonly kafka: Kafka;
  /** The same, for verbs that need the admin or the cluster. */
  readonly admin: Admin;
  /** Properties that the user gave and that are for producers and consumers alone. */
  readonly properties?: Pick<PropertiesByClient, 'producer' | 'consumer'> | undefined;
  /** Data, to standard output, in the format that -o asks for. */
  readonly output: Output;
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  readonly isDryRun: boolean;
  readonly disk: Disk;
  readonly network: Network;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** One line to standard error. */
  readonly tell: (line: string) => void;
  /** Asks before something is destroyed. Rejects with a DeclinedError when the answer is no, or nobody can be asked and --yes was not given. */
  readonly confirm: (question: string) => Promise<void>;
  /** The exit code, where all went as asked and the answer is still no: a check that found something. */
  readonly exitCode: (code: number) => void;
}

/** Without it: undefined. @throws Error when the spec says that there are many */
export function argument(args: CommandArguments, name: string): string | undefined {
  const value = args[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new Error(`the argument ${name} has many values`);
}

export function manyArguments(args: CommandArguments, name: string): readonly string[] {
  const value = args[name] ?? [];
  return typeof value === 'string' ? [value] : value;
}
