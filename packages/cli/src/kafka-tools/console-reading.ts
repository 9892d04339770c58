// What kafka-console-consumer and kafka-console-share-consumer have in common: the properties of their consumers as their command lines say them, how their
// client is made, and how they end.

import type { Kafka, Properties } from '@moldau/client';
import type { Timer } from '@moldau/io';
import { deprecated } from './formatter-options.ts';
import { JavaError } from './java-errors.ts';
import { type ToolContext, UsageProblem } from './kafka-tool.ts';
import { logError } from './tool-log.ts';
import type { ToolOption, ToolOptions } from './tool-options.ts';
import { checkServers, keyValues, propertiesOf, refuseTogether } from './usage.ts';

/** The older name of --command-config, in which the two differ. */
type OldConfig = 'consumer.config' | 'consumer-config';

export const MAX_MESSAGES: ToolOption = {
  name: 'max-messages',
  summary: 'Stop after so many records; without it there is no end.',
  argument: { type: 'Integer', name: 'num_messages' },
};

export const SYSTEST_EVENTS: ToolOption = {
  name: 'enable-systest-events',
  summary: 'Tell on standard output when all is over.',
};

export function propertyOptions(oldConfig: OldConfig): readonly ToolOption[] {
  return [
    {
      name: 'command-property',
      summary: 'A property of the consumer, name=value.',
      argument: { name: 'consumer_prop' },
    },
    {
      name: 'consumer-property',
      summary: '(DEPRECATED) The same as --command-property.',
      argument: { name: 'consumer_prop' },
    },
    {
      name: 'command-config',
      summary: 'A file of such properties; those of --command-property win.',
      argument: { name: 'config file' },
    },
    {
      name: oldConfig,
      summary: '(DEPRECATED) The same as --command-config.',
      argument: { name: 'config file' },
    },
  ];
}

/** @throws UsageProblem */
export function refuseBothNames(given: ToolOptions, oldConfig: OldConfig): void {
  refuseTogether(given, 'consumer-property', 'command-property');
  refuseTogether(given, oldConfig, 'command-config');
}

/** The properties that are given, and the group where one is, which they may name too. @throws UsageProblem for several groups */
export async function givenProperties(
  context: ToolContext,
  given: ToolOptions,
  oldConfig: OldConfig,
): Promise<{ properties: Record<string, string>; groupId: string | undefined }> {
  if (given.has('consumer-property')) context.out(deprecated('consumer-property', 'command-property'));
  if (given.has(oldConfig)) context.out(deprecated(oldConfig, 'command-config'));
  const file = await propertiesOf(context, given.get(oldConfig) ?? given.get('command-config'));
  const own = keyValues([...given.all('consumer-property'), ...given.all('command-property')]);
  const named = [given.get('group'), file['group.id'], own['group.id']];
  const groups = new Set(named.filter((group) => group !== undefined));
  if (groups.size > 1) {
    const shown = [...groups].map((group) => `'${group}'`).join(', ');
    throw new UsageProblem(
      `The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--${oldConfig}') do not match. Detected group ids: ${shown}`,
    );
  }
  return { properties: { ...file, ...own }, groupId: [...groups][0] };
}

/** `what` is to be made of it. @throws JavaError */
export async function consumingClient(
  context: ToolContext,
  what: string,
  brokers: string,
  properties: Properties,
): Promise<{ kafka: Kafka; consumer: Properties }> {
  try {
    await checkServers(context, brokers);
    return await context.kafka({ brokers, properties });
  } catch (error) {
    const problem = `Failed to construct ${what}`;
    throw new JavaError('org.apache.kafka.common.KafkaException', problem, error);
  }
}

interface Reader {
  readonly count: number;
  run(): Promise<void>;
}

/** Reads until it ends, closes the consumer, and tells how many records there were. Returns the exit code. */
export async function readToEnd(
  context: ToolContext,
  className: string,
  open: () => Promise<{ reader: Reader; consumer: { close(): Promise<void> } }>,
): Promise<number> {
  try {
    const { reader, consumer } = await open();
    try {
      await reader.run();
    } finally {
      await consumer.close();
      context.err(`Processed a total of ${reader.count} messages`);
    }
    return 0;
  } catch (error) {
    logError(context, 'Unknown error when running consumer: ', className, error);
    return 1;
  }
}

/** Aborts its signal when no record came for as long as --timeout-ms says. */
export class Silence {
  readonly #context: Pick<ToolContext, 'timers'>;
  readonly #timeoutMs: number | undefined;
  readonly #abort = new AbortController();
  #timer: Timer | undefined;

  constructor(context: Pick<ToolContext, 'timers'>, timeoutMs: number | undefined) {
    this.#context = context;
    this.#timeoutMs = timeoutMs;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Records are awaited from now on. */
  begin(): void {
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs === undefined || timeoutMs < 0) return;
    this.#timer = this.#context.timers.after(timeoutMs, () => this.#abort.abort());
  }

  end(): void {
    this.#timer?.cancel();
  }
}

/** Reading ends, and what was read until then was well: the tool ends without an error. */
export function tellStopped(context: ToolContext, className: string, error: unknown): void {
  logError(context, 'Error processing message, terminating consumer process: ', className, error);
}

/** What Java's consumer throws when its time is over. */
export function silenceError(): JavaError {
  return new JavaError('org.apache.kafka.common.errors.TimeoutException', 'null');
}
