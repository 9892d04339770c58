// kafka-console-consumer, as its command line is read. How it reads is in console-consumer-run.ts.

import { nodeRandom } from '@moldau/io';
import {
  givenProperties,
  MAX_MESSAGES,
  propertyOptions,
  refuseBothNames,
  SYSTEST_EVENTS,
} from './console-reading.ts';
import { FORMATTER_OPTIONS, writerOf } from './formatter-options.ts';
import { type KafkaTool, requireOptions, type ToolContext, ToolEnd, UsageProblem } from './kafka-tool.ts';
import type { WriteRecord } from './message-formatters.ts';
import { BOOTSTRAP_SERVER, type ToolOption, type ToolOptions } from './tool-options.ts';
import { requireOneOf, tellParseProblem, tellUncaught } from './usage.ts';

export const CONSOLE_CONSUMER_CLASS = 'org.apache.kafka.tools.consumer.ConsoleConsumer';

/** What is read, and how far. */
export interface Consumption {
  readonly brokers: string;
  /** For the client and its consumer; with the group. */
  readonly properties: Readonly<Record<string, string>>;
  /** The user named it: what was read is committed unless the properties say otherwise. */
  readonly isOwnGroup: boolean;
  readonly topic: string | undefined;
  readonly include: string | undefined;
  /** Undefined: what the group gets. */
  readonly partition: number | undefined;
  readonly from: number | 'earliest' | 'latest';
  /** -1: without end. */
  readonly maxMessages: number;
  readonly timeoutMs: number | undefined;
  readonly skipsErrors: boolean;
  readonly write: WriteRecord;
}

const options: readonly ToolOption[] = [
  { ...BOOTSTRAP_SERVER, argument: { name: 'server to connect to' } },
  { name: 'topic', summary: 'The topic to read.', argument: { name: 'topic' } },
  {
    name: 'include',
    summary: 'A regular expression: all topics are read whose whole name matches.',
    argument: { name: 'Java regex (String)' },
  },
  {
    name: 'partition',
    summary: 'Only this partition, from its end on unless --offset says otherwise.',
    argument: { type: 'Integer', name: 'partition' },
  },
  {
    name: 'offset',
    summary: "Where to begin: a number, 'earliest' or 'latest'.",
    argument: { name: 'consume offset', default: 'latest' },
  },
  {
    name: 'from-beginning',
    summary: 'Where nothing is committed, begin at the start rather than at the end.',
  },
  MAX_MESSAGES,
  {
    name: 'timeout-ms',
    summary: 'Stop when no record came for so long.',
    argument: { type: 'Long', name: 'timeout_ms' },
  },
  {
    name: 'group',
    summary: 'The consumer group. Without it one of its own, which commits nothing.',
    argument: { name: 'consumer group id' },
  },
  {
    name: 'isolation-level',
    summary: 'read_committed leaves out what transactions have not committed.',
    argument: { default: 'read_uncommitted' },
  },
  ...FORMATTER_OPTIONS,
  ...propertyOptions('consumer.config'),
  { name: 'skip-message-on-error', summary: 'Go on behind a record that cannot be shown.' },
  SYSTEST_EVENTS,
];

export const consoleConsumer: KafkaTool = {
  name: 'kafka-console-consumer',
  purpose: 'This tool helps to read data from Kafka topics and outputs it to standard output.',
  options,
  endsItself: true,
  async run(context, given) {
    checkOptions(given);
    const client = await clientProperties(context, given);
    const from = startOf(given);
    const write = await writerOf(context, given);
    const { consumeToConsole } = await import('./console-consumer-run.ts');
    const exitCode = await consumeToConsole(context, {
      ...{ ...client, from, write, brokers: given.get('bootstrap-server')! },
      ...{ topic: given.get('topic'), include: given.get('include'), partition: given.number('partition') },
      maxMessages: given.number('max-messages') ?? -1,
      timeoutMs: given.number('timeout-ms'),
      skipsErrors: given.has('skip-message-on-error'),
    });
    if (given.has('enable-systest-events')) context.out('shutdown_complete');
    return exitCode;
  },
  failed: (context, error) => tellParseProblem(context, options, error) ?? tellUncaught(context, error),
};

function checkOptions(given: ToolOptions): void {
  requireOneOf(given, 'topic', 'include');
  if (given.number('partition') !== undefined) {
    if (!given.has('topic')) throw new UsageProblem('The topic is required when partition is specified.');
    if (given.has('from-beginning') && given.has('offset'))
      throw new UsageProblem('Options from-beginning and offset cannot be specified together.');
  } else if (given.has('offset')) {
    throw new UsageProblem('The partition is required when offset is specified.');
  }
  requireOptions(given, 'bootstrap-server');
  refuseBothNames(given, 'consumer.config');
}

async function clientProperties(
  context: ToolContext,
  given: ToolOptions,
): Promise<Pick<Consumption, 'properties' | 'isOwnGroup'>> {
  const { properties, groupId } = await givenProperties(context, given, 'consumer.config');
  if (groupId !== undefined && given.has('partition'))
    throw new UsageProblem('Options group and partition cannot be specified together.');
  const merged: Record<string, string> = { 'client.id': 'console-consumer', ...properties };
  const reset = merged['auto.offset.reset'];
  const isFromStart = given.has('from-beginning');
  if (isFromStart && reset !== undefined && reset !== 'earliest') {
    context.err(
      `Can't simultaneously specify --from-beginning and 'auto.offset.reset=${reset}', please remove one option`,
    );
    throw new ToolEnd(1);
  }
  merged['auto.offset.reset'] ??= isFromStart ? 'earliest' : 'latest';
  if (given.has('isolation-level') || merged['isolation.level'] === undefined)
    merged['isolation.level'] = given.get('isolation-level')!;
  if (groupId === undefined) {
    merged['group.id'] = `console-consumer-${Math.floor(nodeRandom.next() * 100_000)}`;
    merged['enable.auto.commit'] ??= 'false';
  } else {
    merged['group.id'] = groupId;
  }
  return { properties: merged, isOwnGroup: groupId !== undefined };
}

function startOf(given: ToolOptions): number | 'earliest' | 'latest' {
  if (!given.has('offset')) return given.has('from-beginning') ? 'earliest' : 'latest';
  const text = given.get('offset')!;
  const place = text.toLowerCase();
  if (place === 'earliest' || place === 'latest') return place;
  if (/^\+?\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new UsageProblem(
    `The provided offset value '${text}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.`,
  );
}
