// How far groups are behind: what they have committed, beside where the partitions end.

import { keyOf, type TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions } from '../cluster/cluster.ts';
import { PartialFailureError } from '../errors/kafka-error.ts';
import type { GroupDescription, GroupMember } from './group-descriptions.ts';
import type { FoundOffset, OffsetsAdmin } from './offsets.ts';

export interface GroupLag extends TopicPartition {
  readonly groupId: string;
  /** Undefined: the group has committed nothing there. */
  readonly committedOffset: number | undefined;
  /** Undefined: nobody can tell now. */
  readonly endOffset: number | undefined;
  /** Records from the one to the other. */
  readonly lag: number | undefined;
  /** Who reads it now. */
  readonly member: Pick<GroupMember, 'memberId' | 'clientId' | 'host'> | undefined;
}

type Committed = TopicPartition & { readonly groupId: string; readonly offset: number };

/** By group, topic and partition. */
export async function groupLag(
  offsets: OffsetsAdmin,
  groups: readonly GroupDescription[],
  committed: readonly Committed[],
  left: () => CallOptions,
): Promise<GroupLag[]> {
  const rows = groups.flatMap((group) => rowsOf(group, committed));
  const partitions = new Map(
    rows.map(({ topic, partition }) => [keyOf({ topic, partition }), { topic, partition }]),
  );
  const ends = await endsOf(offsets, [...partitions.values()], left());
  return rows
    .map(({ groupId, topic, partition, committedOffset, member }) => {
      const endOffset = ends.get(keyOf({ topic, partition }));
      const isKnown = endOffset !== undefined && committedOffset !== undefined;
      const lag = isKnown ? Math.max(0, endOffset - committedOffset) : undefined;
      return { groupId, topic, partition, committedOffset, endOffset, lag, member };
    })
    .sort(byPlace);
}

type Row = Omit<GroupLag, 'endOffset' | 'lag'>;

function rowsOf({ groupId, members }: GroupDescription, committed: readonly Committed[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { topic, partition, offset, groupId: owner } of committed) {
    const row = { groupId, topic, partition, committedOffset: offset, member: undefined };
    if (owner === groupId) rows.set(keyOf(row), row);
  }
  for (const { memberId, clientId, host, assignment } of members) {
    for (const { topic, partition } of assignment) {
      const committedOffset = rows.get(keyOf({ topic, partition }))?.committedOffset;
      const row = { groupId, topic, partition, committedOffset, member: { memberId, clientId, host } };
      rows.set(keyOf(row), row);
    }
  }
  return [...rows.values()];
}

/** One partition that is in trouble hides nothing of the others. */
async function endsOf(
  offsets: OffsetsAdmin,
  partitions: readonly TopicPartition[],
  options: CallOptions,
): Promise<Map<string, number>> {
  const found = await offsets
    .list(
      partitions.map((partition) => ({ ...partition, at: 'latest' as const })),
      options,
    )
    .catch((error: unknown) => {
      if (!(error instanceof PartialFailureError)) throw error;
      return error.results.filter((result): result is FoundOffset => !(result instanceof Error));
    });
  return new Map(found.map((each) => [keyOf(each), each.offset ?? 0]));
}

function byPlace(one: GroupLag, other: GroupLag): number {
  const left = [one.groupId, one.topic] as const;
  const right = [other.groupId, other.topic] as const;
  for (const [index, name] of left.entries()) if (name !== right[index]) return name < right[index]! ? -1 : 1;
  return one.partition - other.partition;
}
