// Groups, looked at twice: only the difference says whether one rebalances all the time, and whether its lag grows.

import type { FoundOffset, GroupDescription, GroupLag } from '@moldau/client';
import { type GroupFacts, type LagFacts, numberOf, type TopicFacts } from './facts.ts';
import { attempt, type GatherOptions, whole } from './gather.ts';

export interface GroupLook {
  readonly group: GroupDescription;
  readonly lags: readonly GroupLag[];
}

export async function lookAtGroups(options: GatherOptions): Promise<GroupLook[]> {
  const { admin, signal } = options;
  const listed = await attempt('groups', options, () => admin.groups.list({ signal }).catch(whole));
  const names = ((listed ?? []) as Awaited<ReturnType<typeof admin.groups.list>>)
    // Share groups keep no offsets of their members, and those of streams nobody here describes.
    .filter(({ type }) => type === 'classic' || type === 'consumer')
    .map(({ groupId }) => groupId);
  if (names.length === 0) return [];
  const [groups, lags] = await Promise.all([
    attempt('groups', options, () => admin.groups.describe(names, { signal }).catch(whole<GroupDescription>)),
    attempt('the lag of groups', options, () => admin.groupOffsets.lag(names, { signal })),
  ]);
  return (groups ?? []).map((group) => ({
    group,
    lags: (lags ?? []).filter(({ groupId }) => groupId === group.groupId),
  }));
}

/** Records this much of their time old are about to be deleted. */
const NEAR_THE_END = 0.9;

export async function groupFacts(
  first: readonly GroupLook[],
  second: readonly GroupLook[],
  topics: readonly TopicFacts[],
  options: GatherOptions,
): Promise<GroupFacts[]> {
  const before = new Map(first.map((look) => [look.group.groupId, look]));
  const behind = second.flatMap(({ lags }) => lags).filter(({ lag = 0 }) => lag > 0);
  const places = await placesOf(behind, topics, options);
  return second.map(({ group, lags }) => {
    const { groupId, state, members } = group;
    const earlier = before.get(groupId) ?? { group, lags };
    return {
      ...{ groupId, memberCount: members.length, states: [earlier.group.state, state] },
      lags: lags.flatMap((lag) => lagFacts(lag, earlier.lags, places.get(keyOf(lag)))),
    };
  });
}

interface Places {
  readonly startOffset: number | undefined;
  readonly safeOffset: number | undefined;
  readonly retentionMs: number | undefined;
}

function lagFacts(lag: GroupLag, earlier: readonly GroupLag[], places: Places | undefined): LagFacts[] {
  const { topic, partition, committedOffset, endOffset } = lag;
  if (committedOffset === undefined || endOffset === undefined) return [];
  const before = earlier.find((each) => keyOf(each) === keyOf(lag));
  return [
    {
      ...{ topic, partition },
      committed: [before?.committedOffset ?? committedOffset, committedOffset],
      end: [before?.endOffset ?? endOffset, endOffset],
      startOffset: places?.startOffset,
      safeOffset: places?.safeOffset,
      retentionMs: places?.retentionMs,
    },
  ];
}

/** Where the partitions begin that groups are behind in, and where records are young enough to stay for a while. */
async function placesOf(
  behind: readonly GroupLag[],
  topics: readonly TopicFacts[],
  options: GatherOptions,
): Promise<Map<string, Places>> {
  const partitions = [...new Map(behind.map((lag) => [keyOf(lag), lag])).values()];
  const nowMs = options.clock.wallMs();
  const retentions = new Map(topics.map((topic) => [topic.name, retentionOf(topic)]));
  const starts = await found(
    partitions.map(({ topic, partition }) => ({ topic, partition, at: 'earliest' as const })),
    options,
  );
  const safe = await found(
    partitions.flatMap(({ topic, partition }) => {
      const retentionMs = retentions.get(topic);
      if (retentionMs === undefined) return [];
      return [{ topic, partition, at: { timestampMs: Math.round(nowMs - retentionMs * NEAR_THE_END) } }];
    }),
    options,
  );
  return new Map(
    partitions.map((lag) => [
      keyOf(lag),
      {
        startOffset: starts.get(keyOf(lag)),
        // No record is younger: all that there are may go.
        safeOffset: safe.has(keyOf(lag)) ? (safe.get(keyOf(lag)) ?? lag.endOffset) : undefined,
        retentionMs: retentions.get(lag.topic),
      },
    ]),
  );
}

async function found(
  queries: Parameters<GatherOptions['admin']['offsets']['list']>[0] & readonly unknown[],
  options: GatherOptions,
): Promise<Map<string, number | undefined>> {
  if (queries.length === 0) return new Map();
  const answers = await attempt('where partitions begin', options, () =>
    options.admin.offsets.list(queries, { signal: options.signal }).catch(whole<FoundOffset>),
  );
  return new Map((answers ?? []).map((answer) => [keyOf(answer), answer.offset]));
}

/** How long records stay; undefined: nothing is deleted for its age. */
function retentionOf({ configs }: TopicFacts): number | undefined {
  const retentionMs = numberOf(configs.get('retention.ms')?.value);
  const isDeleted = configs.get('cleanup.policy')?.value?.includes('delete') === true;
  return isDeleted && retentionMs !== undefined && retentionMs >= 0 ? retentionMs : undefined;
}

function keyOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}:${partition}`;
}
