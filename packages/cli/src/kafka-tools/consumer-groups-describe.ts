// kafka-consumer-groups --describe: offsets, members and states of groups.

import type {
  Admin,
  ClassicGroupDescription,
  ConsumerGroupDescription,
  GroupOffset,
  TopicPartition,
} from '@moldau/client';
import { assignmentText, groupsOf, pascalName, timeoutOf } from './group-words.ts';
import { JavaError } from './java-errors.ts';
import { columns, widthOf } from './java-text.ts';
import type { ToolContext } from './kafka-tool.ts';
import { offsetsAt, textOf } from './offsets-reset.ts';
import type { ToolOptions } from './tool-options.ts';

type Group = ClassicGroupDescription | ConsumerGroupDescription;
type Member = Group['members'][number];

const NONE = '-';

export async function describeGroups(
  admin: Admin,
  options: ToolOptions,
  context: ToolContext,
): Promise<void> {
  const asked = [...new Set(await groupsOf(admin, options))];
  const described = await admin.groups.describe(asked, timeoutOf(options));
  const groups = described
    .map((group) => consumersOnly(group))
    .sort((left, right) => (left.groupId < right.groupId ? -1 : 1));
  const isVerbose = options.has('verbose');
  if (options.has('members')) {
    for (const group of groups) printMembers(context, group, isVerbose);
  } else if (options.has('state')) {
    const { brokers } = await admin.cluster.describe(timeoutOf(options));
    const addresses = new Map(brokers.map(({ id, host, port }) => [id, `${host}:${port}`]));
    for (const group of groups) printState(context, group, addresses, isVerbose);
  } else {
    const rows = await Promise.all(groups.map((group) => offsetRows({ admin, options, context }, group)));
    for (const [index, group] of groups.entries()) printOffsets(context, group, rows[index]!, isVerbose);
  }
}

function consumersOnly(group: Awaited<ReturnType<Admin['groups']['describe']>>[number]): Group {
  if (group.type !== 'share') return group;
  throw new JavaError(
    'java.util.concurrent.ExecutionException',
    `org.apache.kafka.common.errors.GroupIdNotFoundException: Group ${group.groupId} is not a classic group.`,
  );
}

const REBALANCING = ['preparing-rebalance', 'completing-rebalance', 'assigning', 'reconciling'];

/** Says what is special about its state; false: there is nothing to show. */
function isShown(context: ToolContext, { groupId, state }: Group, rows: number): boolean {
  if (state === 'dead') context.out(`\nError: Consumer group '${groupId}' does not exist.`);
  else if (state === 'empty') context.err(`\nConsumer group '${groupId}' has no active members.`);
  else if (REBALANCING.includes(state)) context.err(`\nWarning: Consumer group '${groupId}' is rebalancing.`);
  else if (state !== 'stable') {
    throw new JavaError(
      'org.apache.kafka.common.KafkaException',
      `Expected a valid consumer group state, but found '${pascalName(state)}'.`,
    );
  }
  return state !== 'dead' && rows > 0;
}

interface OffsetRow extends TopicPartition {
  readonly leaderEpoch: number | undefined;
  readonly offset: number | undefined;
  readonly end: number | undefined;
  readonly member: Member | undefined;
}

async function offsetRows(
  world: { admin: Admin; options: ToolOptions; context: ToolContext },
  group: Group,
): Promise<OffsetRow[]> {
  const { admin, options } = world;
  const committed = await admin.groupOffsets.get(group.groupId, timeoutOf(options));
  const byName = new Map(committed.map((offset) => [textOf(offset), offset]));
  const members = group.members
    .filter(({ assignment }) => assignment.length > 0)
    .sort((left, right) => right.assignment.length - left.assignment.length);
  const assigned = new Set(members.flatMap(({ assignment }) => assignment.map(textOf)));
  const blocks: { member: Member | undefined; partitions: readonly TopicPartition[] }[] = [
    ...members.map((member) => ({ member, partitions: member.assignment })),
    { member: undefined, partitions: committed.filter((offset) => !assigned.has(textOf(offset))) },
  ];
  const ends = await endsOf(
    world,
    blocks.flatMap(({ partitions }) => partitions),
  );
  return blocks.flatMap(({ member, partitions }) =>
    partitions
      .map(({ topic, partition }): OffsetRow => {
        const name = textOf({ topic, partition });
        const { offset, leaderEpoch }: Partial<GroupOffset> = byName.get(name) ?? {};
        return { topic, partition, leaderEpoch, offset, end: ends.get(name), member };
      })
      .sort((left, right) =>
        left.topic === right.topic ? left.partition - right.partition : left.topic < right.topic ? -1 : 1,
      ),
  );
}

/** Of partitions with a leader. */
async function endsOf(
  world: { admin: Admin; options: ToolOptions; context: ToolContext },
  partitions: readonly TopicPartition[],
): Promise<Map<string, number>> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const described = await world.admin.topics.describe(topics, timeoutOf(world.options));
  const led = new Set(
    described.flatMap(({ name, partitions }) =>
      partitions.flatMap(({ index, leaderId }) =>
        leaderId === undefined ? [] : [textOf({ topic: name, partition: index })],
      ),
    ),
  );
  return await offsetsAt(
    world,
    partitions.filter((partition) => led.has(textOf(partition))),
    'latest',
  );
}

function printOffsets(
  context: ToolContext,
  group: Group,
  rows: readonly OffsetRow[],
  isVerbose: boolean,
): void {
  if (!isShown(context, group, rows.length)) return;
  const { groupId } = group;
  const widths = [
    widthOf(15, [groupId]),
    widthOf(
      15,
      rows.map(({ topic }) => topic),
    ),
    ...[10, ...(isVerbose ? [15] : []), 15, 15, 15],
    widthOf(
      15,
      rows.map(({ member }) => member?.memberId ?? NONE),
    ),
    widthOf(
      15,
      rows.map(({ member }) => member?.host ?? NONE),
    ),
  ];
  const epochTitle = isVerbose ? ['LEADER-EPOCH'] : [];
  const titles = [
    ...['GROUP', 'TOPIC', 'PARTITION', ...epochTitle, 'CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG'],
    ...['CONSUMER-ID', 'HOST', 'CLIENT-ID'],
  ];
  const lines = rows.map(({ topic, partition, leaderEpoch, offset, end, member }) => {
    const lag = offset === undefined || end === undefined ? NONE : end - offset;
    return [
      ...[groupId, topic, partition, ...(isVerbose ? [leaderEpoch ?? NONE] : [])],
      ...[offset ?? NONE, end ?? NONE, lag],
      ...[member?.memberId ?? NONE, member?.host ?? NONE, member?.clientId ?? NONE],
    ];
  });
  context.out([titles, ...lines].map((line) => `\n${columns(widths, line)}`).join(''));
}

function printMembers(context: ToolContext, group: Group, isVerbose: boolean): void {
  const { groupId, members } = group;
  const isWide = isShown(context, group, members.length);
  const measured = isWide ? members : [];
  const hasInstances = measured.some(({ instanceId }) => instanceId);
  const upgraded = measured.map(upgradedOf);
  const isMixed = upgraded.includes(true) && upgraded.includes(false);
  const widths = [
    widthOf(
      15,
      measured.map(() => groupId),
    ),
    widthOf(
      15,
      measured.map(({ memberId }) => memberId),
    ),
    ...(hasInstances
      ? [
          widthOf(
            17,
            measured.map(({ instanceId }) => instanceId ?? ''),
          ),
        ]
      : []),
    widthOf(
      15,
      measured.map(({ host }) => host),
    ),
    widthOf(
      15,
      measured.map(({ clientId }) => clientId),
    ),
    15,
  ];
  const verboseWidths = [
    15,
    widthOf(
      20,
      measured.map(({ assignment }) => assignmentText(assignment)),
    ),
    15,
    widthOf(
      20,
      measured.map((member) => assignmentText(targetOf(member))),
    ),
  ];
  const instanceTitle = hasInstances ? ['GROUP-INSTANCE-ID'] : [];
  const titles = ['GROUP', 'CONSUMER-ID', ...instanceTitle, 'HOST', 'CLIENT-ID', '#PARTITIONS'];
  const more = ['CURRENT-EPOCH', 'CURRENT-ASSIGNMENT', 'TARGET-EPOCH', 'TARGET-ASSIGNMENT'];
  const verboseTitles = isMixed ? [...more, 'UPGRADED'] : more;
  const row = (left: readonly (string | number)[], right: readonly (string | number)[]): string =>
    `${columns(widths, left)} ${isVerbose ? columns(verboseWidths, right) : ''}`;
  context.out(`\n${row(titles, verboseTitles)}`);
  for (const member of members) {
    const { memberId, instanceId, host, clientId, assignment } = member;
    const instance = hasInstances ? [instanceId ?? ''] : [];
    const isNew = 'epoch' in member;
    const targetEpoch = group.type === 'consumer' ? group.assignmentEpoch : NONE;
    context.out(
      row(
        [groupId, memberId, ...instance, host, clientId, assignment.length],
        [
          ...[isNew ? member.epoch : NONE, assignmentText(assignment)],
          ...[targetEpoch, assignmentText(targetOf(member))],
          ...(isMixed ? [String(upgradedOf(member) ?? NONE)] : []),
        ],
      ),
    );
  }
}

/** It speaks the new protocol; undefined: the broker does not tell. */
function upgradedOf(member: Member): boolean | undefined {
  return 'isClassic' in member && member.isClassic !== undefined ? !member.isClassic : undefined;
}

function targetOf(member: Member): readonly TopicPartition[] {
  return 'targetAssignment' in member ? member.targetAssignment : [];
}

function printState(
  context: ToolContext,
  group: Group,
  addresses: ReadonlyMap<number, string>,
  isVerbose: boolean,
): void {
  if (!isShown(context, group, 1)) return;
  const { groupId, coordinatorId, state, members } = group;
  const coordinator = `${addresses.get(coordinatorId) ?? ''}  (${coordinatorId})`;
  const isNew = group.type === 'consumer';
  const strategy = (isNew ? group.assignor : group.protocol) || NONE;
  const widths = [widthOf(15, [groupId]), widthOf(25, [coordinator]), 20, 20];
  const epochs = isNew ? [group.epoch, group.assignmentEpoch] : [NONE, NONE];
  const rows = [
    [
      ...['GROUP', 'COORDINATOR (ID)', 'ASSIGNMENT-STRATEGY', 'STATE'],
      ...[...(isVerbose ? ['GROUP-EPOCH', 'TARGET-ASSIGNMENT-EPOCH'] : []), '#MEMBERS'],
    ],
    [groupId, coordinator, strategy, pascalName(state), ...(isVerbose ? epochs : []), members.length],
  ];
  const allWidths = isVerbose ? [...widths, 15, 25] : widths;
  context.out(rows.map((row) => `\n${columns(allWidths, row)}`).join(''));
}
