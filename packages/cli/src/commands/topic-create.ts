// `moldau topic create`

import type { NewTopic } from '@moldau/client';
import {
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { resultsOf } from '../command-line/several.ts';

export async function run(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, output, signal, isDryRun, tell } = context;
  const {
    partitions,
    replicationFactor,
    config = [],
    ifNotExists,
  } = options as {
    partitions?: number;
    replicationFactor?: number;
    config?: readonly (readonly [string, string])[];
    ifNotExists?: boolean;
  };
  const wanted = manyArguments(args, 'topic').map(
    (name): NewTopic => ({
      name,
      ...(partitions === undefined ? {} : { partitions }),
      ...(replicationFactor === undefined ? {} : { replicationFactor }),
      configs: Object.fromEntries(config),
    }),
  );
  const known = ifNotExists === true ? await admin.topics.list({ includeInternal: true, signal }) : [];
  const missing = wanted.filter(({ name }) => !known.some((each) => each.name === name));
  const created =
    missing.length === 0
      ? []
      : await resultsOf(context, admin.topics.create(missing, { validateOnly: isDryRun, signal }));
  if (isDryRun) tell('nothing was created: this was a dry run');
  await output.rows(
    [
      { title: 'name', show: ({ name }) => name },
      { title: 'partitions', show: (topic) => topic.partitions, isNumber: true },
      { title: 'replicas', show: (topic) => topic.replicationFactor, isNumber: true },
      { title: 'id', show: ({ id }) => id, isWide: true },
    ],
    created,
    (topic) => ({
      name: topic.name,
      partitions: topic.partitions ?? null,
      replicationFactor: topic.replicationFactor ?? null,
      id: topic.id ?? null,
    }),
  );
}
