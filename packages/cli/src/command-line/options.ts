// The options that many verbs have in common, and what a verb's options are in all; and how their flags are read.

import type { OptionSpec, VerbSpec } from './command.ts';
import { durationMs } from './values.ts';

/** Where the cluster is, and how to log in there. */
export const CONNECTION_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '-b, --brokers <host:port,...>',
    summary: 'some brokers of the cluster (default: $MOLDAU_BROKERS, the profile, 127.0.0.1:9092)',
  },
  {
    flags: '-X <name=value>',
    summary: "a property of Kafka's clients or librdkafka, as often as you like",
    isMany: true,
  },
  { flags: '--client-config <file>', summary: 'a file of such properties', completes: 'file' },
  {
    flags: '--profile <name>',
    summary: 'a cluster of `moldau profile list` (default: $MOLDAU_PROFILE, the current one)',
    completes: 'profile',
  },
  {
    flags: '--timeout <duration>',
    summary: 'how long brokers may take to answer (default: 10s)',
    parse: durationMs,
  },
  { flags: '--verbose', summary: 'tell on standard error what the client does' },
];
const OUTPUT_OPTION: OptionSpec = {
  flags: '-o, --output <format>',
  summary: 'table, wide, json, ndjson or yaml (default: $MOLDAU_OUTPUT, table)',
  completes: ['table', 'wide', 'json', 'ndjson', 'yaml'],
};
const DRY_RUN_OPTION: OptionSpec = { flags: '--dry-run', summary: 'say what would be done, and do nothing' };
const YES_OPTION: OptionSpec = { flags: '-y, --yes', summary: 'do not ask' };

/** All options of a verb, those that many have in common included. */
export function optionsOf(verb: VerbSpec): readonly OptionSpec[] {
  if (verb.needs === 'itself') return verb.options ?? [];
  return [
    ...(verb.options ?? []),
    ...(verb.prints === true ? [OUTPUT_OPTION] : []),
    ...(verb.changes === undefined ? [] : [DRY_RUN_OPTION]),
    ...(verb.changes === 'asks' ? [YES_OPTION] : []),
    ...(verb.needs === 'nothing' ? [] : CONNECTION_OPTIONS),
  ];
}

export interface Flags {
  /** '-p' */
  readonly short: string | undefined;
  /** '--partitions' */
  readonly long: string | undefined;
  /** '<count>'; undefined: it is there or not. */
  readonly value: string | undefined;
}

export function flagsOf({ flags }: Pick<OptionSpec, 'flags'>): Flags {
  return {
    short: /(?<=^|, )-[a-zA-Z]\b/.exec(flags)?.[0],
    long: /(?<=^|, )--[\w-]+/.exec(flags)?.[0],
    value: /(?:<.+>|\[.+\])$/.exec(flags)?.[0],
  };
}
