// `moldau group delete`, `delete-offsets` and `remove-members`

import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { UsageError } from '../command-line/errors.ts';
import { doneOf } from '../command-line/several.ts';
import { topicPartitions } from '../command-line/values.ts';
import { partitionsMeant } from './cluster-names.ts';

export async function remove(
  context: CommandContext,
  args: CommandArguments,
  { ifExists }: CommandOptions,
): Promise<void> {
  const { admin, output, signal, isDryRun, tell, confirm } = context;
  const wanted = [...new Set(manyArguments(args, 'group'))];
  const known = new Set((await admin.groups.list({ signal })).map(({ groupId }) => groupId));
  const groups = ifExists === true ? wanted.filter((group) => known.has(group)) : wanted;
  // What is not there is refused before anybody is asked.
  if (groups.some((group) => !known.has(group))) {
    if (groups.length > 1) tell('nothing is deleted while one of them is not there');
    await admin.groups.describe(groups, { signal });
  }
  if (groups.length > 0)
    await confirm(
      `Delete ${groups.length === 1 ? `the group ${groups[0]}` : `${groups.length} groups (${groups.join(', ')})`} and what was committed?`,
    );
  if (isDryRun) tell('nothing was deleted: this was a dry run');
  const deleted = isDryRun ? groups : await doneOf(context, groups, admin.groups.delete(groups, { signal }));
  await output.rows(
    [{ title: 'deleted', show: ({ group }) => group }],
    deleted.map((group) => ({ group })),
  );
}

export async function deleteOffsets(context: CommandContext, args: CommandArguments): Promise<void> {
  const { admin, output, signal, isDryRun, tell, confirm } = context;
  const group = argument(args, 'group')!;
  const wanted = await partitionsMeant(admin, manyArguments(args, 'topic').map(topicPartitions), signal);
  const committed = await admin.groupOffsets.get(group, { partitions: wanted, signal });
  if (committed.length === 0) tell(`${group} has committed nothing there`);
  else
    await confirm(
      `Forget what ${group} has committed in ${committed.length} partition${committed.length === 1 ? '' : 's'}?`,
    );
  if (isDryRun) tell('nothing was forgotten: this was a dry run');
  const forgotten = isDryRun
    ? committed
    : await doneOf(context, committed, admin.groupOffsets.delete(group, committed, { signal }));
  await output.rows(
    [
      { title: 'topic', show: ({ topic }) => topic },
      { title: 'partition', show: ({ partition }) => partition, isNumber: true },
      { title: 'forgotten', show: ({ offset }) => offset, isNumber: true },
    ],
    forgotten.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
  );
}

export async function removeMembers(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, signal, isDryRun, tell, confirm } = context;
  const group = argument(args, 'group')!;
  const named = manyArguments(args, 'member');
  const { all, reason } = options as { all?: boolean; reason?: string };
  if ((all === true) === named.length > 0) throw new UsageError('say which members, or --all');
  const [description] = await admin.groups.describe(group, { signal });
  const members = description!.members.map((member) => ({
    memberId: member.memberId,
    instanceId: 'instanceId' in member ? member.instanceId : undefined,
  }));
  const unknown = named.filter(
    (name) => !members.some((each) => each.memberId === name || each.instanceId === name),
  );
  if (unknown.length > 0)
    throw new UsageError(
      `${group} has no member ${unknown.join(', ')}: \`moldau group members ${group}\` lists them`,
    );
  const chosen = members.filter(
    ({ memberId, instanceId }) =>
      all === true || named.includes(memberId) || named.includes(instanceId ?? ''),
  );
  if (chosen.length === 0) return tell(`${group} has no members`);
  await confirm(`Take ${chosen.length} of ${members.length} members out of ${group}?`);
  if (isDryRun)
    return tell(
      `nothing was done: this was a dry run; it would be ${chosen.map(({ instanceId, memberId }) => instanceId ?? memberId).join(', ')}`,
    );
  const ids = chosen.map(({ memberId, instanceId }) =>
    instanceId === undefined ? { memberId } : { instanceId },
  );
  const call = { signal, ...(reason === undefined ? {} : { reason }) };
  const removed = await doneOf(context, chosen, admin.groups.removeMembers(group, ids, call));
  tell(`${removed.length} taken out of ${group}`);
}
