// What kafka-share-groups does, and the lines it writes.

import type { Admin, GroupState, ShareGroupDescription, TopicPartition } from '@moldau/client';
import { KafkaError } from '@moldau/client/admin';
import { assignmentText, pascalName, timeoutOf } from './group-words.ts';
import {
  eachOutcome,
  executionError,
  illegalArgument,
  JavaError,
  javaMessage,
  javaText,
  runtimeError,
} from './java-errors.ts';
import { columns, hashOrder, widthOf } from './java-text.ts';
import { timestampOf } from './java-time.ts';
import {
  checkPartitions,
  inHashOrder,
  type NewOffset,
  partitionsToReset,
  type ResetWorld,
  resetTo,
  resetToTime,
} from './offsets-reset.ts';
import type { ToolOptions } from './tool-options.ts';

type Action = (world: ResetWorld) => Promise<number>;

const STATES: readonly GroupState[] = ['empty', 'stable', 'dead'];
const NONE = '-';

export const actions: Readonly<
  Record<'list' | 'describe' | 'delete' | 'reset-offsets' | 'delete-offsets', Action>
> = {
  async list({ admin, options, context }) {
    const states = statesOf(options.get('state'));
    const listed = await admin.groups.list({ ...timeoutOf(options), types: ['share'], states });
    const groups = hashOrder(listed, ({ groupId }) => groupId);
    if (!options.has('state')) {
      for (const { groupId } of groups) context.out(groupId);
      return 0;
    }
    const width = [
      widthOf(
        15,
        groups.map(({ groupId }) => groupId),
      ),
    ];
    context.out(columns(width, ['GROUP', 'STATE']));
    for (const { groupId, state } of groups) context.out(columns(width, [groupId, pascalName(state)]));
    return 0;
  },

  async describe(world) {
    const { admin, options } = world;
    const asked = [...new Set(await groupsOf(admin, options))];
    const described = await admin.groups.describe(asked, timeoutOf(options));
    const groups = described.map(sharesOnly).sort((left, right) => (left.groupId < right.groupId ? -1 : 1));
    const { brokers } = await admin.cluster.describe(timeoutOf(options));
    const addresses = new Map(brokers.map(({ id, host, port }) => [id, `${host}:${port}`]));
    for (const group of groups) {
      if (options.has('members')) printMembers(world, group);
      else if (options.has('state')) printState(world, group, addresses);
      else await printOffsets(world, group);
    }
    return 0;
  },

  async delete({ admin, options, context }) {
    const listed = await admin.groups.list({ ...timeoutOf(options), types: ['share'] });
    const states = new Map(listed.map(({ groupId, state }) => [groupId, state]));
    const asked = options.has('all-groups') ? [...states.keys()] : options.all('group');
    const groups = [...new Set(asked)];
    const failed = new Map<string, string>();
    for (const group of groups) {
      const problem = whyKept(group, states.get(group));
      if (problem !== undefined) failed.set(group, javaText(problem));
    }
    const idle = groups.filter((group) => !failed.has(group));
    const outcomes = await eachOutcome(idle.length, () => admin.groups.delete(idle, timeoutOf(options)));
    for (const [index, group] of idle.entries()) {
      const outcome = outcomes[index];
      if (outcome instanceof KafkaError) failed.set(group, javaText(outcome));
    }
    const deleted = hashOrder(
      idle.filter((group) => !failed.has(group)),
      (group) => group,
    );
    const quoted = deleted.map((group) => `'${group}'`).join(', ');
    if (failed.size === 0) {
      context.out(`Deletion of requested share groups (${quoted}) was successful.`);
      return 0;
    }
    context.out('\nError: Deletion of some share groups failed:');
    for (const [group, problem] of hashOrder([...failed], ([name]) => name))
      context.out(`* Group '${group}' could not be deleted due to: ${problem}`);
    if (deleted.length > 0) context.out(`\nThese share groups were deleted successfully: ${quoted}`);
    return 0;
  },

  async 'delete-offsets'({ admin, options, context }) {
    const group = options.get('group')!;
    const topics = [...new Set(options.all('topic'))].sort();
    const outcomes = await eachOutcome(topics.length, () =>
      admin.shareGroupOffsets.delete(group, topics, timeoutOf(options)),
    );
    const first = outcomes.find((outcome) => outcome instanceof KafkaError);
    if (first instanceof KafkaError) tellWhole(context.out, first);
    const widths = [widthOf(15, topics)];
    const rows = topics.map((topic, index) => {
      const outcome = outcomes[index];
      return [topic, outcome instanceof KafkaError ? `Error: ${javaMessage(outcome)}` : 'Successful'];
    });
    context.out([['TOPIC', 'STATUS'], ...rows].map((row) => `\n${columns(widths, row)}`).join(''));
    return 0;
  },

  async 'reset-offsets'(world) {
    const { admin, options, context } = world;
    const groupId = options.get('group')!;
    const problem = await whyNotReset(world, groupId);
    if (problem !== undefined) {
      context.err(problem);
      return 1;
    }
    try {
      const partitions = await scopeOf(world, groupId);
      await checkPartitions(world, partitions);
      const offsets = inHashOrder(await newOffsets(world, partitions));
      if (options.has('execute')) {
        const wished = offsets.map(({ offset, ...partition }) => ({ ...partition, startOffset: offset }));
        await admin.shareGroupOffsets.alter(groupId, wished, timeoutOf(options));
      }
      printReset(context.out, groupId, offsets);
    } catch (error) {
      // As it is, and not in an ExecutionException as elsewhere.
      throw error instanceof KafkaError ? plain(error) : error;
    }
    return 0;
  },
};

function plain(error: KafkaError): JavaError {
  const text = javaText(error);
  const at = text.indexOf(': ');
  return new JavaError(text.slice(0, at), text.slice(at + 2));
}

async function groupsOf(admin: Admin, options: ToolOptions): Promise<string[]> {
  if (!options.has('all-groups')) return options.all('group');
  const groups = await admin.groups.list({ ...timeoutOf(options), types: ['share'] });
  return groups.map(({ groupId }) => groupId);
}

function sharesOnly(group: Awaited<ReturnType<Admin['groups']['describe']>>[number]): ShareGroupDescription {
  if (group.type === 'share') return group;
  throw new JavaError(
    'java.util.concurrent.ExecutionException',
    `org.apache.kafka.common.errors.GroupIdNotFoundException: Group ${group.groupId} is not a share group.`,
  );
}

function statesOf(text: string | undefined): GroupState[] {
  if (text === undefined || text === '') return [];
  const states = text.split(',').map((name) => STATES.find((each) => each === name.trim().toLowerCase()));
  if (states.every((state) => state !== undefined)) return [...new Set(states)];
  throw illegalArgument(
    `Invalid state list '${text}'. Valid states are: ${STATES.map(pascalName).join(', ')}`,
  );
}

/** Says what is special about its state; false: there is nothing to show. */
function isShown({ context }: ResetWorld, { groupId, state }: ShareGroupDescription, rows: number): boolean {
  if (state === 'dead') context.out(`\nError: Share group '${groupId}' does not exist.`);
  else if (state === 'empty') context.err(`\nShare group '${groupId}' has no active members.`);
  return state !== 'dead' && rows > 0;
}

async function printOffsets(world: ResetWorld, { groupId }: ShareGroupDescription): Promise<void> {
  const { admin, options, context } = world;
  const found = await admin.shareGroupOffsets.get(groupId, timeoutOf(options)).catch((error: unknown) => {
    throw error instanceof KafkaError ? runtimeError(executionError(error)) : error;
  });
  if (found.length === 0) {
    context.out(`\nShare group '${groupId}' has no offset information.`);
    return;
  }
  const isVerbose = options.has('verbose');
  const topics = found.map(({ topic }) => topic);
  const widths = [widthOf(15, [groupId]), widthOf(15, topics), 10, ...(isVerbose ? [13] : []), 13];
  const rows = found
    .sort((left, right) =>
      left.topic === right.topic ? left.partition - right.partition : left.topic < right.topic ? -1 : 1,
    )
    .map(({ topic, partition, leaderEpoch, startOffset, lag }) => [
      ...[groupId, topic, partition, ...(isVerbose ? [leaderEpoch ?? NONE] : [])],
      ...[startOffset ?? NONE, lag ?? NONE],
    ]);
  const titles = [
    'GROUP',
    'TOPIC',
    'PARTITION',
    ...(isVerbose ? ['LEADER-EPOCH'] : []),
    'START-OFFSET',
    'LAG',
  ];
  context.out([titles, ...rows].map((row) => `\n${columns(widths, row)}`).join(''));
}

function printState(
  world: ResetWorld,
  group: ShareGroupDescription,
  addresses: ReadonlyMap<number, string>,
): void {
  isShown(world, group, 1);
  const { groupId, coordinatorId, state, epoch, assignmentEpoch, members } = group;
  const isVerbose = world.options.has('verbose');
  const coordinator = `${addresses.get(coordinatorId) ?? ''}  (${coordinatorId})`;
  const widths = [widthOf(15, [groupId]), widthOf(25, [coordinator]), 15, ...(isVerbose ? [12, 17] : [])];
  const rows = [
    [
      ...['GROUP', 'COORDINATOR (ID)', 'STATE'],
      ...(isVerbose ? ['GROUP-EPOCH', 'ASSIGNMENT-EPOCH'] : []),
      '#MEMBERS',
    ],
    [groupId, coordinator, pascalName(state), ...(isVerbose ? [epoch, assignmentEpoch] : []), members.length],
  ];
  world.context.out(rows.map((row) => `\n${columns(widths, row)}`).join(''));
}

function printMembers(world: ResetWorld, group: ShareGroupDescription): void {
  const { groupId } = group;
  if (!isShown(world, group, group.members.length)) return;
  const isVerbose = world.options.has('verbose');
  const members = [...group.members].sort((left, right) => (left.memberId < right.memberId ? -1 : 1));
  const widths = [
    widthOf(15, [groupId]),
    ...(['memberId', 'host', 'clientId'] as const).map((key) =>
      widthOf(
        15,
        members.map((each) => each[key]),
      ),
    ),
    ...[12, ...(isVerbose ? [13] : [])],
  ];
  const rows = [
    [
      ...['GROUP', 'CONSUMER-ID', 'HOST', 'CLIENT-ID', '#PARTITIONS'],
      ...[...(isVerbose ? ['MEMBER-EPOCH'] : []), 'ASSIGNMENT'],
    ],
    ...members.map(({ memberId, host, clientId, assignment, epoch }) => [
      ...[groupId, memberId, host, clientId, assignment.length],
      ...[...(isVerbose ? [epoch] : []), assignmentText(assignment)],
    ]),
  ];
  world.context.out(rows.map((row) => `\n${columns(widths, row)}`).join(''));
}

/** undefined: it may be deleted. */
function whyKept(group: string, state: GroupState | undefined): JavaError | undefined {
  if (state === undefined) return illegalArgument(`Group '${group}' is not a share group.`);
  if (state === 'dead')
    return new JavaError('java.lang.IllegalStateException', `Share group '${group}' group state is DEAD.`);
  if (state === 'empty') return undefined;
  return new JavaError(
    'org.apache.kafka.common.errors.GroupNotEmptyException',
    `Share group '${group}' is not EMPTY.`,
  );
}

const TOLD_ALONE = [
  'INVALID_GROUP_ID',
  'GROUP_ID_NOT_FOUND',
  'GROUP_AUTHORIZATION_FAILED',
  'NON_EMPTY_GROUP',
];
const TOLD_BY_TOPIC = ['TOPIC_AUTHORIZATION_FAILED', 'UNKNOWN_TOPIC_OR_PARTITION'];

function tellWhole(out: (line: string) => void, error: KafkaError): void {
  if (TOLD_ALONE.includes(error.code)) out(`\nError: ${javaMessage(error)}`);
  else if (!TOLD_BY_TOPIC.includes(error.code))
    out(`\nError: Encounter some unknown error: ${javaText(error)}`);
}

/** undefined: it can be, and may be one that is not there yet. */
async function whyNotReset({ admin, options }: ResetWorld, groupId: string): Promise<string | undefined> {
  try {
    const [group] = await admin.groups.describe(groupId, timeoutOf(options));
    const { state } = sharesOnly(group!);
    if (state === 'empty' || state === 'dead') return undefined;
    return `Share group '${groupId}' is not empty.`;
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'GROUP_ID_NOT_FOUND') return undefined;
    throw error;
  }
}

async function scopeOf(world: ResetWorld, groupId: string): Promise<TopicPartition[]> {
  const { admin, options } = world;
  if (options.has('topic')) return await partitionsToReset(world);
  const offsets = await admin.shareGroupOffsets.get(groupId, timeoutOf(options));
  return offsets.map(({ topic, partition }) => ({ topic, partition }));
}

async function newOffsets(world: ResetWorld, partitions: readonly TopicPartition[]): Promise<NewOffset[]> {
  const { options } = world;
  if (options.has('to-earliest')) return await resetTo(world, partitions, 'earliest');
  if (options.has('to-latest')) return await resetTo(world, partitions, 'latest');
  return await resetToTime(world, partitions, timestampOf(options.all('to-datetime')[0]!));
}

function printReset(out: (line: string) => void, groupId: string, offsets: readonly NewOffset[]): void {
  const widths = [
    widthOf(15, [groupId]),
    widthOf(
      15,
      offsets.map(({ topic }) => topic),
    ),
    10,
  ];
  const rows = offsets.map(({ topic, partition, offset }) => [groupId, topic, partition, offset]);
  const all = [['GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET'], ...rows];
  out(all.map((row) => `\n${columns(widths, row)}`).join(''));
}
