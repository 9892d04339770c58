// kafka-consumer-groups --reset-offsets.

import type { Admin } from '@moldau/client';
import { KafkaError } from '@moldau/client/admin';
import { groupsOf, pascalName, timeoutOf } from './group-words.ts';
import { executionError, JavaError, javaText, runtimeError } from './java-errors.ts';
import { columns, hashOrder, widthOf } from './java-text.ts';
import { type ToolContext, UsageProblem } from './kafka-tool.ts';
import {
  checkPartitions,
  inHashOrder,
  type NewOffset,
  offsetsAt,
  partitionsToReset,
  type ResetWorld,
  resetTo,
  resetToTime,
  textOf,
  timeToReset,
  withinRange,
} from './offsets-reset.ts';
import { RESET_SCENARIOS } from './offsets-reset-options.ts';
import type { ToolOptions } from './tool-options.ts';

interface ResetGroup {
  readonly groupId: string;
  readonly offsets: readonly NewOffset[];
}

export async function resetOffsets(admin: Admin, options: ToolOptions, context: ToolContext): Promise<void> {
  const world: ResetWorld = { admin, options, context };
  const groups: ResetGroup[] = [];
  for (const groupId of hashOrder(await groupsOf(admin, options), (id) => id)) {
    const state = await stateOf(world, groupId);
    if (state === undefined || state === 'empty' || state === 'dead') {
      groups.push({ groupId, offsets: await resetGroup(world, groupId) });
    } else {
      context.out(
        `\nError: Assignments can only be reset if the group '${groupId}' is inactive, but the current state is ${pascalName(state)}.`,
      );
      groups.push({ groupId, offsets: [] });
    }
  }
  if (options.has('export')) context.out(csvOf(groups, options.all('group').length === 1));
  else printReset(context, groups);
}

/** undefined: it is not there yet. */
async function stateOf({ admin, options }: ResetWorld, groupId: string): Promise<string | undefined> {
  try {
    const [group] = await admin.groups.describe(groupId, timeoutOf(options));
    return group!.state;
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    if (error.code === 'GROUP_ID_NOT_FOUND') return undefined;
    throw runtimeError(executionError(error));
  }
}

async function resetGroup(world: ResetWorld, groupId: string): Promise<NewOffset[]> {
  const { admin, options } = world;
  try {
    const partitions = await scopeOf(world, groupId);
    await checkPartitions(world, partitions);
    const offsets = inHashOrder(await newOffsets(world, groupId, partitions));
    if (options.has('execute')) await admin.groupOffsets.alter(groupId, offsets, timeoutOf(options));
    return offsets;
  } catch (error) {
    // As it is, and not in an ExecutionException as elsewhere.
    if (error instanceof KafkaError) throw new JavaError(...plain(error));
    throw error;
  }
}

function plain(error: KafkaError): [name: string, message: string] {
  const text = javaText(error);
  const at = text.indexOf(': ');
  return [text.slice(0, at), text.slice(at + 2)];
}

async function scopeOf(world: ResetWorld, groupId: string) {
  const { options } = world;
  if (options.has('all-topics')) return inHashOrder(await committedOf(world, groupId));
  if (options.has('topic')) return await partitionsToReset(world);
  if (!options.has('from-file'))
    throw new UsageProblem('One of the reset scopes should be defined: --all-topics, --topic.');
  return [];
}

async function committedOf({ admin, options }: ResetWorld, groupId: string): Promise<NewOffset[]> {
  return await admin.groupOffsets.get(groupId, timeoutOf(options)).catch((error: unknown) => {
    throw error instanceof KafkaError ? runtimeError(executionError(error)) : error;
  });
}

async function newOffsets(
  world: ResetWorld,
  groupId: string,
  partitions: readonly Omit<NewOffset, 'offset'>[],
): Promise<NewOffset[]> {
  const { options } = world;
  if (options.has('to-offset')) {
    const offset = options.numbers('to-offset')[0]!;
    return await withinRange(
      world,
      partitions.map(({ topic, partition }) => ({ topic, partition, offset })),
    );
  }
  if (options.has('to-earliest')) return await resetTo(world, partitions, 'earliest');
  if (options.has('to-latest')) return await resetTo(world, partitions, 'latest');
  if (options.has('shift-by')) return await shifted(world, groupId, partitions);
  if (options.has('to-datetime') || options.has('by-duration'))
    return await resetToTime(world, partitions, timeToReset(world));
  if (options.has('from-file')) return await fromFile(world, groupId);
  if (options.has('to-current')) return await toCurrent(world, groupId, partitions);
  const scenarios = RESET_SCENARIOS.map((scenario) => options.shown(scenario)).join(', ');
  throw new UsageProblem(
    `Option '${options.shown('reset-offsets')}' requires one of the following scenarios: [${scenarios}]`,
  );
}

async function shifted(world: ResetWorld, groupId: string, partitions: readonly Omit<NewOffset, 'offset'>[]) {
  const by = world.options.number('shift-by')!;
  const committed = byName(await committedOf(world, groupId));
  const wished = partitions.map(({ topic, partition }) => {
    const current = committed.get(textOf({ topic, partition }));
    if (current !== undefined) return { topic, partition, offset: current + by };
    throw new JavaError(
      'java.lang.IllegalArgumentException',
      `Cannot shift offset for partition ${textOf({ topic, partition })} since there is no current committed offset`,
    );
  });
  return await withinRange(world, wished);
}

/** The end, where nothing is committed. */
async function toCurrent(
  world: ResetWorld,
  groupId: string,
  partitions: readonly Omit<NewOffset, 'offset'>[],
): Promise<NewOffset[]> {
  const committed = byName(await committedOf(world, groupId));
  const others = partitions.filter((partition) => !committed.has(textOf(partition)));
  const ends = await offsetsAt(world, others, 'latest');
  return partitions.map(({ topic, partition }) => {
    const name = textOf({ topic, partition });
    return { topic, partition, offset: committed.get(name) ?? ends.get(name) ?? -1 };
  });
}

function byName(offsets: readonly NewOffset[]): Map<string, number> {
  return new Map(offsets.map(({ offset, ...partition }) => [textOf(partition), offset]));
}

/** Lines of topic, partition and offset; with a group before them where there are several. */
async function fromFile(world: ResetWorld, groupId: string): Promise<NewOffset[]> {
  const { options, context } = world;
  const path = options.all('from-file')[0]!;
  const text = (
    await context.disk.readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      throw runtimeError(new JavaError('java.io.IOException', `Unable to read file ${path}`));
    })
  ).toString('utf8');
  const rows = text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '')
    .map((line) => line.split(',').map((part) => part.trim().replace(/^"(.*)"$/, '$1')));
  const isPlain = options.all('group').length === 1 && rows[0]?.length === 3;
  const plan = rows.map((row) => {
    const [group, topic = '', partition = '', offset = ''] = isPlain ? [groupId, ...row] : row;
    if (!/^\d+$/.test(partition) || !/^-?\d+$/.test(offset)) {
      throw runtimeError(
        new JavaError(
          'com.fasterxml.jackson.databind.exc.InvalidFormatException',
          `${path}: ${row.join(',')}`,
        ),
      );
    }
    return { group, topic, partition: Number(partition), offset: Number(offset) };
  });
  const own = plan.filter(({ group }) => group === groupId);
  if (own.length > 0)
    return await withinRange(
      world,
      own.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    );
  context.out(`\nError: No reset plan for group ${groupId} found`);
  return [];
}

function printReset(context: ToolContext, groups: readonly ResetGroup[]): void {
  const topics = groups.flatMap(({ offsets }) => offsets.map(({ topic }) => topic));
  const widths = [
    widthOf(
      15,
      groups.map(({ groupId }) => groupId),
    ),
    widthOf(15, topics),
    10,
  ];
  const rows = groups.flatMap(({ groupId, offsets }) =>
    offsets.map(({ topic, partition, offset }) => [groupId, topic, partition, offset]),
  );
  const all = groups.length === 0 ? rows : [['GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET'], ...rows];
  context.out(all.map((row) => `\n${columns(widths, row)}`).join(''));
}

function csvOf(groups: readonly ResetGroup[], isOneGroup: boolean): string {
  return groups
    .flatMap(({ groupId, offsets }) =>
      offsets.map(({ topic, partition, offset }) => {
        const row = [quoted(topic), partition, offset].join(',');
        return `${isOneGroup ? '' : `${quoted(groupId)},`}${row}\n`;
      }),
    )
    .join('');
}

/** As the library that Kafka's tool uses does: long ones without a look at what is in them. */
function quoted(text: string): string {
  return text.length > 24 || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
