// `moldau log-dirs list`, `replicas` and `move`

import {
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { UsageError } from '../command-line/errors.ts';
import { doneOf } from '../command-line/several.ts';
import { topicPartitions } from '../command-line/values.ts';
import { sizeText } from '../output/units.ts';
import { partitionsFound, partitionsMeant } from './cluster-names.ts';

const shownSize = (bytes: number | null): string | null => (bytes === null ? null : sizeText(bytes));

export async function list(
  { admin, output, signal, exitCode }: CommandContext,
  _args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { broker } = options as { broker?: readonly number[] };
  const dirs = await admin.logDirs.describe({ signal, ...(broker && { brokerIds: broker }) });
  await output.rows(
    [
      { title: 'broker', show: ({ broker }) => broker, isNumber: true },
      { title: 'path', show: ({ path }) => path },
      { title: 'replicas', show: ({ replicas }) => replicas, isNumber: true },
      { title: 'size', show: ({ sizeBytes }) => shownSize(sizeBytes), isNumber: true },
      { title: 'free', show: ({ usableBytes }) => shownSize(usableBytes), isNumber: true },
      { title: 'of', show: ({ totalBytes }) => shownSize(totalBytes), isNumber: true },
      { title: 'problem', show: ({ error }) => error },
    ],
    dirs.map((dir) => ({
      ...{ broker: dir.brokerId, path: dir.path, replicas: dir.replicas.length },
      sizeBytes: dir.replicas.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      ...{ usableBytes: dir.usableBytes ?? null, totalBytes: dir.totalBytes ?? null },
      ...{ cordoned: dir.isCordoned, error: dir.error?.message ?? null },
    })),
  );
  if (dirs.some(({ error }) => error !== undefined)) exitCode(1);
}

export async function replicas(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, output, signal } = context;
  const { broker } = options as { broker?: readonly number[] };
  const named = manyArguments(args, 'topic').map(topicPartitions);
  const partitions = named.length === 0 ? undefined : await partitionsFound(context, named);
  const dirs = await admin.logDirs.describe({
    ...{ signal, ...(broker && { brokerIds: broker }), ...(partitions && { partitions }) },
  });
  const rows = dirs.flatMap(({ brokerId, path, replicas }) =>
    replicas.map(({ topic, partition, sizeBytes, offsetLag, isFuture }) => ({
      ...{ topic, partition, broker: brokerId, path, sizeBytes, offsetLag, future: isFuture },
    })),
  );
  await output.rows(
    [
      { title: 'topic', show: ({ topic }) => topic },
      { title: 'partition', show: ({ partition }) => partition, isNumber: true },
      { title: 'broker', show: ({ broker }) => broker, isNumber: true },
      { title: 'size', show: ({ sizeBytes }) => sizeText(sizeBytes), isNumber: true },
      { title: 'lag', show: ({ offsetLag }) => offsetLag, isNumber: true },
      { title: 'path', show: ({ path, future }) => (future ? `${path} (on its way there)` : path) },
    ],
    rows.sort((one, other) => other.sizeBytes - one.sizeBytes || (one.topic < other.topic ? -1 : 1)),
  );
}

export async function move(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, signal, isDryRun, tell } = context;
  const { broker: brokerId, to: path } = options as { broker?: number; to?: string };
  if (brokerId === undefined || path === undefined)
    throw new UsageError('say which --broker, and --to which folder');
  const named = manyArguments(args, 'topic').map(topicPartitions);
  const partitions = await partitionsMeant(admin, named, signal);
  if (isDryRun)
    return tell(`nothing was moved: this was a dry run; it would be ${partitions.length} replicas`);
  const wanted = partitions.map(({ topic, partition }) => ({ topic, partition, brokerId, path }));
  const moving = await doneOf(context, wanted, admin.logDirs.alter(wanted, { signal }));
  tell(`${moving.length} on their way to ${path}: \`moldau log-dirs replicas\` shows how far they are`);
}
