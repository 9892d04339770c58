// `moldau group members`

import type { GroupDescription, TopicPartition } from '@moldau/client';
import { type CommandArguments, type CommandContext, manyArguments } from '../command-line/command.ts';
import { resultsOf } from '../command-line/several.ts';

export async function run(context: CommandContext, args: CommandArguments): Promise<void> {
  const { admin, output, signal } = context;
  const groups = await resultsOf(context, admin.groups.describe(manyArguments(args, 'group'), { signal }));
  await output.rows(
    [
      ...(groups.length > 1 ? [{ title: 'group', show: ({ group }: ShownMember) => group }] : []),
      { title: 'member', show: ({ memberId }) => memberId },
      { title: 'instance', show: ({ instanceId }) => instanceId, isWide: true },
      { title: 'client', show: ({ clientId }) => clientId },
      { title: 'host', show: ({ host }) => host },
      { title: 'count', show: ({ assignment }) => assignment.length, isNumber: true },
      { title: 'reads', show: ({ assignment }) => summary(assignment) },
      { title: 'subscribed to', show: ({ subscribedTopics }) => subscribedTopics?.join(' '), isWide: true },
    ],
    groups.flatMap(membersOf),
  );
}

interface ShownMember {
  readonly group: string;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly host: string;
  readonly assignment: readonly TopicPartition[];
  /** null: it is not known. */
  readonly subscribedTopics: readonly string[] | null;
  /** In RE2's syntax. */
  readonly subscribedPattern: string | null;
}

function membersOf({ groupId, members }: GroupDescription): ShownMember[] {
  return members.map((member) => ({
    ...{ group: groupId, memberId: member.memberId },
    instanceId: 'instanceId' in member ? (member.instanceId ?? null) : null,
    ...{ clientId: member.clientId, host: member.host, assignment: member.assignment },
    subscribedTopics: member.subscribedTopics ?? null,
    subscribedPattern: 'subscribedPattern' in member ? (member.subscribedPattern ?? null) : null,
  }));
}

/** orders:0,1 audit:3 */
function summary(assignment: readonly TopicPartition[]): string {
  return [...Map.groupBy(assignment, ({ topic }) => topic)]
    .map(([topic, places]) => `${topic}:${places.map(({ partition }) => partition).join(',')}`)
    .join(' ');
}
