// Reads offsets from a file: lines of topic, partition and offset between commas or spaces, as Kafka's tools and others write them, or JSON as
// `group describe -o json` prints it.

import type { TopicPartition } from '@moldau/client';
import type { CommandContext } from '../command-line/command.ts';
import { UsageError } from '../command-line/errors.ts';
import { readWhole } from '../records/inputs.ts';

type Offset = TopicPartition & { readonly offset: number };

/** '-' is standard input. @throws UsageError with what is wrong and where */
export async function readOffsets(
  context: Pick<CommandContext, 'disk' | 'terminal'>,
  path: string,
): Promise<Offset[]> {
  const { text, name } = await readWhole(context, path);
  return parseOffsets(text, name);
}

export function parseOffsets(text: string, name: string): Offset[] {
  if (/^\s*[[{]/.test(text)) return fromJson(text, name);
  return text.split('\n').flatMap((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const fields = trimmed.split(/[\s,]+/).map((field) => field.replace(/^"(.*)"$/, '$1'));
    const [topic, partition, offset] = fields;
    // A line of titles.
    if (index === 0 && fields.every((field) => !/^\d+$/.test(field))) return [];
    return [offsetOf(topic, partition, offset, `${name}, line ${index + 1}: ${trimmed}`)];
  });
}

function fromJson(text: string, name: string): Offset[] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${name} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  return [read].flat().flatMap((item) => {
    const { partitions } = item as { partitions?: unknown };
    const rows = Array.isArray(partitions) ? partitions : [item];
    return rows
      .filter((row) => row.committedOffset !== null)
      .map((row) =>
        offsetOf(
          row.topic,
          row.partition,
          row.offset ?? row.committedOffset,
          `${name}: ${JSON.stringify(row)}`,
        ),
      );
  });
}

function offsetOf(topic: unknown, partition: unknown, offset: unknown, where: string): Offset {
  const isNumber = (value: unknown): boolean => /^\d+$/.test(String(value));
  if (typeof topic === 'string' && topic !== '' && isNumber(partition) && isNumber(offset))
    return { topic, partition: Number(partition), offset: Number(offset) };
  throw new UsageError(`${where}: expected topic,partition,offset`);
}
