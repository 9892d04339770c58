// `moldau group describe`: how groups stand, and how far each is behind.

import type { Admin, GroupDescription, GroupLag } from '@moldau/client';
import {
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { resultsOf } from '../command-line/several.ts';
import type { Column } from '../output/output.ts';
import { formatFields, formatTable } from '../output/table.ts';
import { extentsOf } from './partition-extents.ts';

interface ShownPartition {
  readonly topic: string;
  readonly partition: number;
  readonly committedOffset: number | null;
  readonly endOffset: number | null;
  readonly lag: number | null;
  readonly memberId: string | null;
  readonly clientId: string | null;
  readonly host: string | null;
}

interface ShownGroup {
  readonly group: string;
  readonly state: string;
  readonly type: string;
  /** How partitions are assigned. */
  readonly assignor: string | null;
  readonly coordinator: number;
  readonly memberCount: number;
  readonly totalLag: number;
  readonly partitions: readonly ShownPartition[];
}

export async function run(
  context: CommandContext,
  args: CommandArguments,
  { behind }: CommandOptions,
): Promise<void> {
  const { admin, output, signal } = context;
  const names = [...new Set(manyArguments(args, 'group'))];
  const groups = await resultsOf(context, admin.groups.describe(names, { signal }));
  const shares = groups.filter(({ type }) => type === 'share').map(({ groupId }) => groupId);
  const others = groups.filter(({ type }) => type !== 'share').map(({ groupId }) => groupId);
  const [lags, shareLags] = await Promise.all([
    others.length === 0 ? [] : admin.groupOffsets.lag(others, { signal }),
    shareLag(admin, shares, signal),
  ]);
  const shown = groups.map((group) =>
    shownGroup(
      group,
      [...lags, ...shareLags].filter(({ groupId }) => groupId === group.groupId),
      behind === true,
    ),
  );
  await output.thing(shown, () => shown.map((group) => text(group, output.format === 'wide')).join('\n'));
}

/** Share groups hand records of a partition to any of their members. */
async function shareLag(admin: Admin, groupIds: readonly string[], signal: AbortSignal): Promise<GroupLag[]> {
  if (groupIds.length === 0) return [];
  const offsets = await admin.shareGroupOffsets.get(groupIds, { signal });
  const extents = await extentsOf(admin, offsets, signal);
  return offsets.map(({ groupId, topic, partition, startOffset, lag }, index) => {
    const endOffset = extents[index]?.end;
    return {
      ...{ groupId, topic, partition, endOffset },
      committedOffset: startOffset,
      lag:
        lag ?? (endOffset === undefined || startOffset === undefined ? undefined : endOffset - startOffset),
      member: undefined,
    };
  });
}

function shownGroup(group: GroupDescription, lags: readonly GroupLag[], isBehindOnly: boolean): ShownGroup {
  const assignor = group.type === 'classic' ? group.protocol : group.assignor;
  return {
    ...{ group: group.groupId, state: group.state, type: group.type, assignor: assignor || null },
    ...{ coordinator: group.coordinatorId, memberCount: group.members.length },
    totalLag: lags.reduce((sum, { lag = 0 }) => sum + lag, 0),
    partitions: lags
      .filter(({ lag }) => !isBehindOnly || lag !== 0)
      .map(({ topic, partition, committedOffset, endOffset, lag, member }) => ({
        ...{ topic, partition },
        ...{ committedOffset: committedOffset ?? null, endOffset: endOffset ?? null, lag: lag ?? null },
        memberId: member?.memberId ?? null,
        clientId: member?.clientId ?? null,
        host: member?.host ?? null,
      })),
  };
}

function text({ partitions, ...group }: ShownGroup, isWide: boolean): string {
  const columns: Column<ShownPartition>[] = [
    { title: 'topic', show: ({ topic }) => topic },
    { title: 'partition', show: ({ partition }) => partition, isNumber: true },
    {
      title: group.type === 'share' ? 'start' : 'committed',
      show: ({ committedOffset }) => committedOffset,
      isNumber: true,
    },
    { title: 'end', show: ({ endOffset }) => endOffset, isNumber: true },
    { title: 'lag', show: ({ lag }) => lag, isNumber: true },
    { title: 'client', show: ({ clientId }) => clientId },
    { title: 'host', show: ({ host }) => host },
    { title: 'member', show: ({ memberId }) => memberId, isWide: true },
  ];
  const fields = formatFields([
    ['Group', group.group],
    ['State', group.state],
    ['Type', group.type],
    ['Assignor', group.assignor],
    ['Coordinator', group.coordinator],
    ['Members', group.memberCount],
    ['Lag', group.totalLag],
  ]);
  if (partitions.length === 0) return fields;
  const shown = columns.filter((column) => isWide || column.isWide !== true);
  return `${fields}\n${formatTable(shown, partitions)}`;
}
