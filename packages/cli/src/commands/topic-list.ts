// `moldau topic list`

import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
} from '../command-line/command.ts';
import { regularExpression } from '../command-line/values.ts';

export async function run(
  { admin, output, signal }: CommandContext,
  args: CommandArguments,
  { internal = false }: CommandOptions,
): Promise<void> {
  const wanted = argument(args, 'pattern');
  const pattern = wanted === undefined ? undefined : regularExpression(wanted);
  const topics = await admin.topics.list({ includeInternal: internal === true, signal });
  const shown = topics.filter(({ name }) => pattern === undefined || pattern.test(name));
  await output.rows(
    [
      { title: 'name', show: ({ name }) => name },
      { title: 'partitions', show: ({ partitionCount }) => partitionCount, isNumber: true },
      { title: 'replicas', show: ({ replicationFactor }) => replicationFactor, isNumber: true },
      { title: 'id', show: ({ id }) => id, isWide: true },
      { title: 'internal', show: ({ isInternal }) => isInternal, isWide: true },
    ],
    shown,
    ({ name, id, isInternal, partitionCount, replicationFactor }) => ({
      ...{ name, id: id ?? null, internal: isInternal },
      ...{ partitions: partitionCount, replicationFactor },
    }),
  );
}
