// `moldau cluster elect-leaders` and `forget-broker`

import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { resultsOf } from '../command-line/several.ts';
import { topicPartitions, wholeNumber } from '../command-line/values.ts';
import { partitionsMeant } from './cluster-names.ts';

export async function electLeaders(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, output, signal, isDryRun, tell, confirm } = context;
  const { type = 'preferred' } = options as { type?: 'preferred' | 'unclean' };
  const named = manyArguments(args, 'topic').map(topicPartitions);
  const partitions = named.length === 0 ? ('all' as const) : await partitionsMeant(admin, named, signal);
  if (type === 'unclean')
    await confirm('Elect leaders that may lack acknowledged records, which are lost then?');
  if (isDryRun) tell('nobody was elected: this was a dry run');
  const elected = isDryRun ? [] : await resultsOf(context, admin.leaders.elect(partitions, { type, signal }));
  await output.rows(
    [
      { title: 'topic', show: ({ topic }) => topic },
      { title: 'partition', show: ({ partition }) => partition, isNumber: true },
    ],
    elected,
    ({ topic, partition }) => ({ topic, partition }),
  );
}

export async function forgetBroker(
  { admin, signal, isDryRun, tell, confirm }: CommandContext,
  args: CommandArguments,
): Promise<void> {
  const id = wholeNumber(argument(args, 'id')!);
  await confirm(`Forget broker ${id}?`);
  if (isDryRun) return tell('nothing was done: this was a dry run');
  await admin.cluster.unregisterBroker(id, { signal });
  tell(`broker ${id} is forgotten; while it runs, it registers again`);
}
