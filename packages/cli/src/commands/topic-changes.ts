// `moldau topic alter`, `delete`, `add-partitions` and `trim`

import type { RecordsToDelete } from '@moldau/client';
import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { CommandError, UsageError } from '../command-line/errors.ts';
import { doneOf, resultsOf } from '../command-line/several.ts';
import { numberRanges, timeMs } from '../command-line/values.ts';
import { partitionsMeant, topicsMeant } from './cluster-names.ts';
import { changeConfigs } from './config-changes.ts';
import { extentsOf } from './partition-extents.ts';

type Setting = readonly [name: string, value: string];

export async function alter(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { regex, config, unset, append, subtract } = options as {
    regex?: boolean;
    config?: readonly Setting[];
    unset?: readonly string[];
    append?: readonly Setting[];
    subtract?: readonly Setting[];
  };
  const { admin, signal } = context;
  const names = await topicsMeant(admin, manyArguments(args, 'topic'), regex === true, signal);
  await changeConfigs(
    context,
    names.map((name) => ({ type: 'topic', name })),
    {
      ...(config && { set: config }),
      ...(unset && { unset }),
      ...(append && { append }),
      ...(subtract && { subtract }),
    },
  );
}

export async function remove(
  context: CommandContext,
  args: CommandArguments,
  { regex, ifExists }: CommandOptions,
): Promise<void> {
  const { admin, output, signal, isDryRun, tell, confirm } = context;
  const wanted = await topicsMeant(admin, manyArguments(args, 'topic'), regex === true, signal);
  const known = new Set((await admin.topics.list({ includeInternal: true, signal })).map(({ name }) => name));
  const names = ifExists === true ? wanted.filter((name) => known.has(name)) : wanted;
  // What is not there is refused before anybody is asked.
  if (names.some((name) => !known.has(name))) {
    if (names.length > 1) tell('nothing is deleted while one of them is not there');
    await admin.topics.describe(names, { signal });
  }
  if (names.length > 0) await confirm(`Delete ${counted(names, 'topic')} and all their records?`);
  if (isDryRun) tell('nothing was deleted: this was a dry run');
  const deleted = isDryRun ? names : await doneOf(context, names, admin.topics.delete(names, { signal }));
  await output.rows(
    [{ title: 'deleted', show: ({ name }) => name }],
    deleted.map((name) => ({ name })),
  );
}

export async function addPartitions(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, output, signal, isDryRun, tell } = context;
  const { number, to } = options as { number?: number; to?: number };
  if ((number === undefined) === (to === undefined))
    throw new UsageError(
      'say either how many more there are to be, with --number, or how many in all, with --to',
    );
  const names = manyArguments(args, 'topic');
  const described = await resultsOf(context, admin.topics.describe(names, { signal }));
  const growth = described.map(({ name, partitions }) => ({
    name,
    from: partitions.length,
    to: to ?? partitions.length + number!,
  }));
  const wanted = growth.map(({ name, to }) => ({ topic: name, count: to }));
  const grown = await doneOf(
    context,
    growth,
    admin.topics.addPartitions(wanted, { validateOnly: isDryRun, signal }),
  );
  if (isDryRun) tell('nothing was changed: this was a dry run');
  else tell('keys may go to other partitions than before, where producers choose by key');
  await output.rows(
    [
      { title: 'name', show: ({ name }) => name },
      { title: 'from', show: ({ from }) => from, isNumber: true },
      { title: 'to', show: ({ to }) => to, isNumber: true },
    ],
    grown,
  );
}

export async function trim(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, output, signal, isDryRun, tell, confirm, clock } = context;
  const topic = argument(args, 'topic')!;
  const { before, partitions } = options as { before?: string; partitions?: string };
  if (before === undefined) throw new UsageError('say where the topic is to begin, with --before');
  const wanted = { topic, partitions: partitions === undefined ? undefined : numberRanges(partitions) };
  const places = await partitionsMeant(admin, [wanted], signal);
  const extents = await extentsOf(admin, places, signal);
  const cuts: (RecordsToDelete & { before: number })[] = [];
  const shown = new Map<number, { partition: number; from: number; to: number }>();
  const byTime = await timesOf(before, places, { admin, signal, clock });
  for (const [index, { partition }] of places.entries()) {
    const { start, end } = extents[index]!;
    if (start === undefined || end === undefined)
      throw new CommandError(
        `${topic}, partition ${partition}: nobody can tell now where it begins and ends`,
      );
    const wished = byTime === undefined ? (before === 'end' ? end : Number(before)) : (byTime[index] ?? end);
    if (wished > end)
      throw new CommandError(
        `${topic}, partition ${partition} ends at ${end}, so it cannot begin at ${wished}`,
      );
    const to = Math.max(start, wished);
    cuts.push({ topic, partition, before: to });
    shown.set(partition, { partition, from: start, to });
  }
  const trimmed: { partition: number; from: number; to: number }[] = [];
  const lost = [...shown.values()].reduce((sum, { from, to }) => sum + to - from, 0);
  if (lost > 0) await confirm(`Delete the records at ${lost} offsets of ${topic}?`);
  if (isDryRun) tell('nothing was deleted: this was a dry run');
  else
    for (const { partition, lowWatermark } of await resultsOf(
      context,
      admin.records.delete(cuts, { signal }),
    ))
      trimmed.push({ ...shown.get(partition)!, to: lowWatermark });
  await output.rows(
    [
      { title: 'partition', show: ({ partition }) => partition, isNumber: true },
      { title: 'from', show: ({ from }) => from, isNumber: true },
      { title: 'to', show: ({ to }) => to, isNumber: true },
    ],
    isDryRun ? [...shown.values()] : trimmed,
  );
}

/** Of a place in time: the offset of the first record that is not older, in each partition. */
async function timesOf(
  before: string,
  places: readonly { topic: string; partition: number }[],
  { admin, signal, clock }: Pick<CommandContext, 'admin' | 'signal' | 'clock'>,
): Promise<(number | undefined)[] | undefined> {
  if (before === 'end' || /^\d+$/.test(before)) return undefined;
  const at = { timestampMs: timeMs(before, clock.wallMs()) };
  const found = await admin.offsets.list(
    places.map((place) => ({ ...place, at })),
    { signal },
  );
  return found.map(({ offset }) => offset);
}

/** 'topic orders', or '3 topics (a, b, c)'. */
function counted(names: readonly string[], what: string): string {
  return names.length === 1 ? `the ${what} ${names[0]}` : `${names.length} ${what}s (${names.join(', ')})`;
}
