// Reads where replicas are to go from JSON: as Kafka's kafka-reassign-partitions has it, {"version":1,"partitions":[{"topic":"orders","partition":0,
// "replicas":[1,2]}]}, or as `topic move -o json` prints it.

import type { Reassignment } from '@moldau/client';
import type { CommandContext } from '../command-line/command.ts';
import { UsageError } from '../command-line/errors.ts';
import { readWhole } from '../records/inputs.ts';

/** '-' is standard input. @throws UsageError with what is wrong */
export async function readMoves(
  context: Pick<CommandContext, 'disk' | 'terminal'>,
  path: string,
): Promise<Reassignment[]> {
  const { text, name } = await readWhole(context, path);
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${name} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  const rows = Array.isArray(read) ? read : (read as { partitions?: unknown } | null)?.partitions;
  if (!Array.isArray(rows)) throw new UsageError(`${name} has no list of partitions`);
  return rows.map((row) => {
    const { topic, partition, replicas } = row as Partial<Reassignment>;
    const isWhole = typeof topic === 'string' && Number.isInteger(partition) && Array.isArray(replicas);
    if (!isWhole || !replicas.every((id) => Number.isInteger(id)))
      throw new UsageError(
        `${name}: expected {"topic": "orders", "partition": 0, "replicas": [1, 2]}, not ${JSON.stringify(row)}`,
      );
    return { topic, partition: partition!, replicas };
  });
}
