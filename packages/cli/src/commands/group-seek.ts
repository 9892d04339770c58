// `moldau group seek`: what a group has committed is set to another place of its partitions.
//
// It is worked out first, shown when asked, and then committed for all partitions at once.

import type { Admin, OffsetMove, ResetPlace, TopicPartition } from '@moldau/client';
import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
} from '../command-line/command.ts';
import { CommandError, UsageError } from '../command-line/errors.ts';
import { doneOf } from '../command-line/several.ts';
import { type TopicPartitions, timeMs } from '../command-line/values.ts';
import { partitionsMeant } from './cluster-names.ts';
import { readOffsets } from './offsets-file.ts';
import { extentsOf } from './partition-extents.ts';

interface SeekOptions {
  readonly to?: 'earliest' | 'latest';
  readonly toOffset?: number;
  readonly toTime?: string;
  readonly shift?: string;
  readonly toGroup?: string;
  readonly toFile?: string;
  readonly topic?: readonly TopicPartitions[];
}

type Offset = TopicPartition & { readonly offset: number };

const WAYS = ['to', 'toOffset', 'toTime', 'shift', 'toGroup', 'toFile'] as const;

export async function run(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const group = argument(args, 'group')!;
  const wish = options as SeekOptions;
  if (WAYS.filter((way) => wish[way] !== undefined).length !== 1)
    throw new UsageError('say one of --to, --to-offset, --to-time, --shift, --to-group and --to-file');
  const { admin, signal, isDryRun, tell, confirm } = context;
  const partitions = wish.topic && (await partitionsMeant(admin, wish.topic, signal));
  const moves =
    wish.toGroup === undefined && wish.toFile === undefined
      ? await movesByPlace(context, group, place(wish, context.clock.wallMs()), partitions)
      : await movesTo(admin, group, await givenOffsets(context, wish, partitions), signal);
  if (moves.length === 0) {
    if (partitions === undefined && (await admin.groupOffsets.get(group, { signal })).length === 0)
      throw new CommandError(`${group} has committed nothing: name with --topic where it is to begin`);
    tell(`nothing is to be moved: ${group} is there already`);
  } else if (isDryRun) {
    tell('nothing was moved: this was a dry run');
  } else {
    await confirm(`Move ${group} in ${movesText(moves)}?`);
    const offsets = moves.map(({ topic, partition, to }) => ({ topic, partition, offset: to }));
    const moved = await doneOf(context, moves, admin.groupOffsets.alter(group, offsets, { signal }));
    return await output(context, moved);
  }
  await output(context, moves);
}

const MOST_NAMED = 4;

/** '6 partitions: orders:0 from 7 to 0, orders:1 to 0, and 4 more' */
function movesText(moves: readonly OffsetMove[]): string {
  const named = moves
    .slice(0, MOST_NAMED)
    .map(
      ({ topic, partition, from, to }) =>
        `${topic}:${partition}${from === undefined ? '' : ` from ${from}`} to ${to}`,
    );
  const more = moves.length - named.length;
  const count = `${moves.length} partition${moves.length === 1 ? '' : 's'}`;
  return `${count}: ${named.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

function output({ output }: CommandContext, moves: readonly OffsetMove[]): Promise<void> {
  return output.rows(
    [
      { title: 'topic', show: ({ topic }) => topic },
      { title: 'partition', show: ({ partition }) => partition, isNumber: true },
      { title: 'from', show: ({ from }) => from, isNumber: true },
      { title: 'to', show: ({ to }) => to, isNumber: true },
      { title: 'by', show: ({ from, to }) => (from === undefined ? undefined : to - from), isNumber: true },
    ],
    moves,
    ({ topic, partition, from, to }) => ({ topic, partition, from: from ?? null, to }),
  );
}

function place({ to, toOffset, toTime, shift }: SeekOptions, nowMs: number): ResetPlace {
  if (to !== undefined) return to;
  if (toOffset !== undefined) return { offset: toOffset };
  if (toTime !== undefined) return { timestampMs: timeMs(toTime, nowMs) };
  if (shift !== undefined && /^[+-]?\d+$/.test(shift)) return { shiftBy: Number(shift) };
  throw new UsageError(`--shift: expected a number of records, as in 100 or -100, not ${shift}`);
}

async function movesByPlace(
  { admin, signal }: CommandContext,
  group: string,
  to: ResetPlace,
  partitions: readonly TopicPartition[] | undefined,
): Promise<OffsetMove[]> {
  return await admin.groupOffsets.reset(group, to, {
    ...{ signal, dryRun: true },
    ...(partitions && { partitions }),
  });
}

/** What the other group has, or the file says. */
async function givenOffsets(
  context: CommandContext,
  { toGroup, toFile }: SeekOptions,
  partitions: readonly TopicPartition[] | undefined,
): Promise<Offset[]> {
  const { admin, signal } = context;
  const isMeant = ({ topic, partition }: TopicPartition): boolean =>
    partitions?.some((each) => each.topic === topic && each.partition === partition) ?? true;
  if (toGroup === undefined) return (await readOffsets(context, toFile!)).filter(isMeant);
  const found = (await admin.groupOffsets.get(toGroup, { signal })).filter(isMeant);
  if (found.length === 0) throw new CommandError(`${toGroup} has committed nothing there`);
  return found;
}

async function movesTo(
  admin: Admin,
  group: string,
  wanted: readonly Offset[],
  signal: AbortSignal,
): Promise<OffsetMove[]> {
  const [committed, extents] = await Promise.all([
    admin.groupOffsets.get(group, { signal }),
    extentsOf(admin, wanted, signal),
  ]);
  return wanted
    .map(({ topic, partition, offset }, index) => {
      const from = committed.find((each) => each.topic === topic && each.partition === partition)?.offset;
      const { start, end } = extents[index]!;
      if (start === undefined || end === undefined)
        throw new CommandError(`${topic}, partition ${partition}: it is not there, or has no leader now`);
      return { topic, partition, from, to: Math.min(Math.max(offset, start), end) };
    })
    .filter(({ from, to }) => from !== to);
}
