// `moldau group list`

import type { GroupState, GroupType } from '@moldau/client';
import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
} from '../command-line/command.ts';
import { regularExpression } from '../command-line/values.ts';

export async function run(
  { admin, output, signal }: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { state, type } = options as { state?: readonly GroupState[]; type?: readonly GroupType[] };
  const wanted = argument(args, 'pattern');
  const pattern = wanted === undefined ? undefined : regularExpression(wanted);
  const groups = await admin.groups.list({
    signal,
    ...(state && { states: state }),
    ...(type && { types: type }),
  });
  await output.rows(
    [
      { title: 'group', show: ({ group }) => group },
      { title: 'state', show: ({ state }) => state },
      { title: 'type', show: ({ type }) => type },
      { title: 'protocol', show: ({ protocolType }) => protocolType, isWide: true },
      { title: 'coordinator', show: ({ coordinator }) => coordinator, isNumber: true, isWide: true },
    ],
    groups
      .filter(({ groupId }) => pattern === undefined || pattern.test(groupId))
      .map(({ groupId, state, type, protocolType, coordinatorId }) => ({
        ...{ group: groupId, state, type, protocolType, coordinator: coordinatorId },
      })),
  );
}
