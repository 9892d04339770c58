// How records are to be written, as the command lines of kafka-console-consumer and kafka-console-share-consumer say it.

import { JavaError } from './java-errors.ts';
import { type ToolContext, UsageProblem } from './kafka-tool.ts';
import { DEFAULT_FORMATTER, formatterOf, type WriteRecord } from './message-formatters.ts';
import { logError } from './tool-log.ts';
import type { ToolOption, ToolOptions } from './tool-options.ts';
import { keyValues, propertiesOf, refuseTogether } from './usage.ts';

const FORMATTER_PROPERTIES = `of the formatter:
 print.timestamp, print.key, print.offset, print.epoch, print.partition, print.headers, print.value = true|false
 key.separator, line.separator, headers.separator, null.literal
 key.deserializer, value.deserializer, headers.deserializer`;

export const FORMATTER_OPTIONS: readonly ToolOption[] = [
  {
    name: 'formatter',
    summary: 'The class that writes the records.',
    argument: { name: 'class', default: DEFAULT_FORMATTER },
  },
  {
    name: 'formatter-property',
    summary: `A property ${FORMATTER_PROPERTIES}`,
    argument: { name: 'prop' },
  },
  {
    name: 'property',
    summary: '(DEPRECATED) The same as --formatter-property.',
    argument: { name: 'prop' },
  },
  {
    name: 'formatter-config',
    summary: 'A file of such properties; those of --formatter-property win.',
    argument: { name: 'config file' },
  },
  {
    name: 'key-deserializer',
    summary: 'The class that reads keys.',
    argument: { name: 'deserializer for keys' },
  },
  {
    name: 'value-deserializer',
    summary: 'The class that reads values.',
    argument: { name: 'deserializer for values' },
  },
];

/** @throws UsageProblem */
export async function writerOf(context: ToolContext, given: ToolOptions): Promise<WriteRecord> {
  const className = given.get('formatter')!;
  const warn = (message: string): void => logError(context, message, DEFAULT_FORMATTER);
  if (formatterOf(className, { properties: {}, warn }) === undefined) throw new UsageProblem(className);
  refuseTogether(given, 'property', 'formatter-property');
  if (given.has('property')) context.out(deprecated('property', 'formatter-property'));
  let properties: Record<string, string>;
  try {
    properties = await propertiesOf(context, given.get('formatter-config'));
  } catch (error) {
    if (error instanceof JavaError) throw new UsageProblem(error.message);
    throw error;
  }
  for (const part of ['key', 'value']) {
    const deserializer = given.get(`${part}-deserializer`) ?? '';
    if (deserializer !== '') properties[`${part}.deserializer`] = deserializer;
  }
  Object.assign(properties, keyValues([...given.all('property'), ...given.all('formatter-property')]));
  return formatterOf(className, { properties, warn })!;
}

export function deprecated(old: string, name: string): string {
  return `Option --${old} is deprecated and will be removed in a future version. Use --${name} instead.`;
}
