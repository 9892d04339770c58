// `moldau topic describe`

import type { Admin, TopicDescription } from '@moldau/client';
import {
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { resultsOf } from '../command-line/several.ts';
import type { Column } from '../output/output.ts';
import { formatFields, formatTable } from '../output/table.ts';
import { topicsMeant } from './cluster-names.ts';
import { extentsOf, recordsIn } from './partition-extents.ts';

interface ShownPartition {
  readonly partition: number;
  readonly leader: number | null;
  readonly leaderEpoch: number | null;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
  readonly offlineReplicas: readonly number[];
  readonly startOffset: number | null;
  readonly endOffset: number | null;
}

interface ShownTopic {
  readonly name: string;
  readonly id: string | null;
  readonly internal: boolean;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  /** What was set for this topic. */
  readonly configs: Readonly<Record<string, string | null>>;
  readonly partitions: readonly ShownPartition[];
}

export async function run(
  context: CommandContext,
  args: CommandArguments,
  { regex }: CommandOptions,
): Promise<void> {
  const { admin, output, signal } = context;
  const names = await topicsMeant(admin, manyArguments(args, 'topic'), regex === true, signal);
  const topics = await resultsOf(context, admin.topics.describe(names, { signal }));
  const found = topics.map(({ name }) => name);
  const configs = await ownConfigs(admin, found, signal);
  const places = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ index }) => ({ topic: name, partition: index })),
  );
  const extents = await extentsOf(admin, places, signal);
  let at = 0;
  const shown = topics.map((topic, index) => {
    const own = extents.slice(at, at + topic.partitions.length);
    at += topic.partitions.length;
    return shownTopic(topic, configs[index]!, own);
  });
  await output.thing(shown, () => shown.map((topic) => text(topic, output.format === 'wide')).join('\n'));
}

async function ownConfigs(
  admin: Admin,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Record<string, string | null>[]> {
  const resources = names.map((name) => ({ type: 'topic' as const, name }));
  const described = await admin.configs.describe(resources, { signal });
  return described.map(({ entries }) =>
    Object.fromEntries(
      [...entries.values()]
        .filter(({ source }) => source === 'topic')
        .map(({ name, value }) => [name, value]),
    ),
  );
}

function shownTopic(
  { name, id, isInternal, partitions }: TopicDescription,
  configs: Record<string, string | null>,
  extents: Awaited<ReturnType<typeof extentsOf>>,
): ShownTopic {
  return {
    ...{ name, id: id ?? null, internal: isInternal },
    partitionCount: partitions.length,
    replicationFactor: partitions[0]?.replicas.length ?? 0,
    configs,
    partitions: partitions.map(({ index, leaderId, leaderEpoch, ...replicas }, at) => ({
      ...{ partition: index, leader: leaderId ?? null, leaderEpoch: leaderEpoch ?? null },
      replicas: replicas.replicas,
      inSyncReplicas: replicas.inSyncReplicas,
      offlineReplicas: replicas.offlineReplicas,
      startOffset: extents[at]?.start ?? null,
      endOffset: extents[at]?.end ?? null,
    })),
  };
}

function text({ partitions, ...topic }: ShownTopic, isWide: boolean): string {
  const settings = Object.entries(topic.configs).map((setting) => setting.join('='));
  const columns: Column<ShownPartition>[] = [
    { title: 'partition', show: ({ partition }) => partition, isNumber: true },
    { title: 'leader', show: ({ leader }) => leader, isNumber: true },
    { title: 'epoch', show: ({ leaderEpoch }) => leaderEpoch, isNumber: true, isWide: true },
    { title: 'replicas', show: ({ replicas }) => replicas.join(',') },
    { title: 'in sync', show: ({ inSyncReplicas }) => inSyncReplicas.join(',') },
    { title: 'offline', show: ({ offlineReplicas }) => offlineReplicas.join(','), isWide: true },
    { title: 'start', show: ({ startOffset }) => startOffset, isNumber: true },
    { title: 'end', show: ({ endOffset }) => endOffset, isNumber: true },
    {
      title: 'records',
      show: ({ startOffset, endOffset }) =>
        recordsIn({ start: startOffset ?? undefined, end: endOffset ?? undefined }),
      isNumber: true,
    },
  ];
  const fields = formatFields([
    ['Topic', topic.name],
    ['Id', topic.id],
    ...(topic.internal ? [['Internal', 'yes'] as const] : []),
    ['Partitions', topic.partitionCount],
    ['Replicas', topic.replicationFactor],
    ['Settings', settings.join(' ')],
  ]);
  const shown = columns.filter((column) => isWide || column.isWide !== true);
  return `${fields}\n${formatTable(shown, partitions)}`;
}
