// `moldau topic move` and `moves`: which brokers have the replicas of partitions.

import type { Admin, Reassignment, TopicPartition } from '@moldau/client';
import {
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { CommandError, UsageError } from '../command-line/errors.ts';
import { doneOf } from '../command-line/several.ts';
import { type TopicPartitions, topicPartitions } from '../command-line/values.ts';
import { partitionsFound, partitionsMeant } from './cluster-names.ts';
import { readMoves } from './moves-file.ts';
import { spreadReplicas } from './replica-plan.ts';

interface MoveOptions {
  readonly to?: readonly number[];
  readonly replicationFactor?: number;
  readonly replicas?: string;
  readonly file?: string;
  readonly cancel?: boolean;
  readonly wait?: boolean;
}

interface Move extends Reassignment {
  /** Where it is now. */
  readonly from: readonly number[];
}

/** How often it is asked what has not arrived. */
const LOOK_EVERY_MS = 1_000;

export async function move(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const wish = options as MoveOptions;
  const { admin, output, signal, isDryRun, tell } = context;
  const named = manyArguments(args, 'topic').map(topicPartitions);
  check(wish, named);
  if (wish.cancel === true) return await cancel(context, named);
  const wanted = await wantedMoves(context, wish, named);
  let moves: readonly Move[] = wanted.filter(({ from, replicas }) => from.join() !== replicas.join());
  if (moves.length === 0) tell('nothing is to be moved: all of it is there already');
  else if (isDryRun) tell('nothing was moved: this was a dry run');
  else moves = await doneOf(context, moves, admin.reassignments.alter(moves, { signal }));
  if (wish.wait === true && !isDryRun) await arrival(context, moves);
  else if (moves.length > 0 && !isDryRun)
    tell('on their way: `moldau topic moves` shows what is not there yet');
  await output.rows(
    [
      { title: 'topic', show: ({ topic }) => topic },
      { title: 'partition', show: ({ partition }) => partition, isNumber: true },
      { title: 'from', show: ({ from }) => from.join() },
      { title: 'to', show: ({ replicas }) => replicas.join() },
    ],
    moves,
    ({ topic, partition, from, replicas }) => ({ topic, partition, from, replicas }),
  );
}

export async function moves(context: CommandContext, args: CommandArguments): Promise<void> {
  const { admin, output, signal } = context;
  const named = manyArguments(args, 'topic').map(topicPartitions);
  const partitions = named.length === 0 ? undefined : await partitionsFound(context, named);
  const found = await admin.reassignments.list({ signal, ...(partitions && { partitions }) });
  await output.rows(
    [
      { title: 'topic', show: ({ topic }) => topic },
      { title: 'partition', show: ({ partition }) => partition, isNumber: true },
      { title: 'replicas', show: ({ replicas }) => replicas.join() },
      { title: 'coming', show: ({ addingReplicas }) => addingReplicas.join() },
      { title: 'going', show: ({ removingReplicas }) => removingReplicas.join() },
    ],
    found,
    ({ topic, partition, replicas, addingReplicas, removingReplicas }) => ({
      ...{ topic, partition, replicas, addingReplicas, removingReplicas },
    }),
  );
}

function check(
  { to, replicationFactor, replicas, file, cancel }: MoveOptions,
  named: readonly TopicPartitions[],
): void {
  const isSpread = to !== undefined || replicationFactor !== undefined;
  const ways = [isSpread, replicas !== undefined, file !== undefined, cancel === true];
  if (ways.filter(Boolean).length !== 1)
    throw new UsageError(
      'say where to: --to BROKERS or --replication-factor COUNT or both, --replicas BROKERS, --file FILE, or --cancel',
    );
  const needsTopics = file === undefined && cancel !== true;
  if (needsTopics && named.length === 0) throw new UsageError('say which topics');
  if (file !== undefined && named.length > 0)
    throw new UsageError('--file: the file says which partitions, so none can be named');
}

async function wantedMoves(
  context: CommandContext,
  { to, replicationFactor, replicas, file }: MoveOptions,
  named: readonly TopicPartitions[],
): Promise<Move[]> {
  const { admin, signal } = context;
  if (file !== undefined) return await withPlaces(admin, await readMoves(context, file), signal);
  const partitions = await partitionsMeant(admin, named, signal);
  const now = await withPlaces(
    admin,
    partitions.map((each) => ({ ...each, replicas: [] })),
    signal,
  );
  if (replicas !== undefined) {
    const ids = idsOf(replicas);
    return now.map((each) => ({ ...each, replicas: ids }));
  }
  const { brokers } = await admin.cluster.describe({ signal });
  const targets =
    to === undefined ? brokers : to.map((id) => brokers.find((each) => each.id === id) ?? { id });
  const places = now.map(({ topic, partition, from }) => ({ topic, partition, replicas: from }));
  const most = replicationFactor ?? Math.max(...places.map(({ replicas }) => replicas.length));
  if (most > targets.length)
    throw new CommandError(
      `${most} copies of a partition need as many brokers, and ${targets.length === 1 ? 'there is one' : `there are ${targets.length}`}: ask for fewer with --replication-factor, or for more with --to`,
    );
  const planned = spreadReplicas(places, targets, replicationFactor);
  return planned.map((each, index) => ({ ...each, from: now[index]!.from }));
}

/** In the order in which they are named: the first one is to lead. */
function idsOf(text: string): number[] {
  const ids = text.split(',').map((part) => part.trim());
  if (ids.every((id) => /^\d+$/.test(id)) && new Set(ids).size === ids.length) return ids.map(Number);
  throw new UsageError(`--replicas: expected ids of brokers as in 2,3,1, not ${text}`);
}

async function withPlaces(
  admin: Admin,
  wanted: readonly Reassignment[],
  signal: AbortSignal,
): Promise<Move[]> {
  const names = [...new Set(wanted.map(({ topic }) => topic))];
  const topics = new Map(
    (await admin.topics.describe(names, { signal })).map((topic) => [topic.name, topic]),
  );
  return wanted.map((each) => {
    const found = topics.get(each.topic)!.partitions.find(({ index }) => index === each.partition);
    if (found === undefined) throw new CommandError(`${each.topic} has no partition ${each.partition}`);
    return { ...each, from: found.replicas };
  });
}

/** Of those named, or of all. */
async function cancel(
  { admin, output, signal, isDryRun, tell }: CommandContext,
  named: readonly TopicPartitions[],
): Promise<void> {
  const partitions = named.length === 0 ? undefined : await partitionsMeant(admin, named, signal);
  const found = await admin.reassignments.list({ signal, ...(partitions && { partitions }) });
  if (found.length === 0) tell('nothing is on the move');
  else if (isDryRun) tell('nothing was cancelled: this was a dry run');
  else await admin.reassignments.cancel(found, { signal });
  await output.rows(
    [
      { title: 'topic', show: ({ topic }) => topic },
      { title: 'partition', show: ({ partition }) => partition, isNumber: true },
      { title: 'not coming', show: ({ addingReplicas }) => addingReplicas.join() },
    ],
    found,
    ({ topic, partition, addingReplicas }) => ({ topic, partition, addingReplicas }),
  );
}

/** Resolves when all of them are where they were sent. */
async function arrival(
  { admin, signal, timers, tell }: CommandContext,
  partitions: readonly TopicPartition[],
): Promise<void> {
  let told = -1;
  while (partitions.length > 0) {
    const { length: left } = await admin.reassignments.list({ signal, partitions });
    if (left === 0) return;
    if (left !== told) tell(`${left} of ${partitions.length} partitions are on their way`);
    told = left;
    await new Promise<void>((resolve) => timers.after(LOOK_EVERY_MS, resolve));
    signal.throwIfAborted();
  }
}
