// What kafka-consumer-groups does with groups: listing and deleting them, forgetting offsets. Describing and resetting have files of their own.

import type { Admin, GroupListing, GroupState, GroupType, TopicPartition } from '@moldau/client';
import { KafkaError } from '@moldau/client/admin';
import { describeGroups } from './consumer-groups-describe.ts';
import { resetOffsets } from './consumer-groups-reset.ts';
import { groupsOf, pascalName, timeoutOf } from './group-words.ts';
import { eachOutcome, illegalArgument, javaMessage, javaText } from './java-errors.ts';
import { columns, hashOrder, partitionHash, widthOf } from './java-text.ts';
import type { ToolContext } from './kafka-tool.ts';
import { splitTopics } from './offsets-reset.ts';
import type { ToolOptions } from './tool-options.ts';

type Action = (admin: Admin, options: ToolOptions, context: ToolContext) => Promise<void>;

const STATES: readonly GroupState[] = [
  'preparing-rebalance',
  'completing-rebalance',
  'stable',
  'dead',
  'empty',
  'assigning',
  'reconciling',
];
const TYPES: readonly GroupType[] = ['classic', 'consumer'];

export const actions: Readonly<
  Record<'list' | 'describe' | 'delete' | 'reset-offsets' | 'delete-offsets', Action>
> = {
  describe: describeGroups,
  'reset-offsets': resetOffsets,

  async list(admin, options, context) {
    const withTypes = options.has('type');
    const withStates = options.has('state');
    const types = namesOf(options.get('type')?.toLowerCase(), TYPES, 'types');
    const states = namesOf(options.get('state'), STATES, 'state');
    const listed = await admin.groups.list({
      ...timeoutOf(options),
      ...{ protocolTypes: ['', 'consumer'], types: types.length === 0 ? TYPES : types, states },
    });
    const groups = hashOrder(listed, ({ groupId }) => groupId);
    if (!withTypes && !withStates) {
      for (const { groupId } of groups) context.out(groupId);
      return;
    }
    const width =
      widthOf(
        15,
        groups.map(({ groupId }) => groupId),
      ) + 10;
    const shown = [
      { title: 'GROUP', width, show: ({ groupId }: GroupListing) => groupId },
      ...(withTypes
        ? [{ title: 'TYPE', width: 20, show: ({ type }: GroupListing) => pascalName(type) }]
        : []),
      ...(withStates
        ? [{ title: 'STATE', width: 20, show: ({ state }: GroupListing) => pascalName(state) }]
        : []),
    ];
    const widths = shown.map((column) => column.width);
    context.out(
      columns(
        widths,
        shown.map(({ title }) => title),
      ),
    );
    for (const group of groups)
      context.out(
        columns(
          widths,
          shown.map(({ show }) => show(group)),
        ),
      );
  },

  async delete(admin, options, context) {
    const groups = [...new Set(await groupsOf(admin, options))];
    const outcomes = await eachOutcome(groups.length, () => admin.groups.delete(groups, timeoutOf(options)));
    const quoted = (ids: readonly string[]): string =>
      hashOrder(ids, (id) => id)
        .map((id) => `'${id}'`)
        .join(', ');
    const failed = groups.flatMap((group, index) => {
      const outcome = outcomes[index];
      return outcome instanceof KafkaError ? [{ group, error: outcome }] : [];
    });
    const deleted = groups.filter((_, index) => !(outcomes[index] instanceof KafkaError));
    if (failed.length === 0) {
      context.out(`Deletion of requested consumer groups (${quoted(deleted)}) was successful.`);
      return;
    }
    context.out('\nError: Deletion of some consumer groups failed:');
    for (const { group, error } of hashOrder(failed, (each) => each.group))
      context.out(`* Group '${group}' could not be deleted due to: ${javaText(error)}`);
    if (deleted.length > 0)
      context.out(`\nThese consumer groups were deleted successfully: ${quoted(deleted)}`);
  },

  async 'delete-offsets'(admin, options, context) {
    const group = options.get('group')!;
    const { partitions, unknown } = await partitionsOf(admin, options);
    const outcomes = await eachOutcome(partitions.length, () =>
      admin.groupOffsets.delete(group, partitions, timeoutOf(options)),
    );
    const errors = outcomes.filter((outcome) => outcome instanceof KafkaError);
    context.out(summaryOf(group, errors[0]));
    const rows: { topic: string; partition: string; status: string }[] = [
      ...partitions.map(({ topic, partition }, index) => {
        const outcome = outcomes[index];
        const status = outcome instanceof KafkaError ? `Error: ${javaText(outcome)}` : 'Successful';
        return { topic, partition: String(partition), status };
      }),
      ...unknown.map(({ topic, error }) => ({ topic, partition: '-', status: `Error: ${javaText(error)}` })),
    ].sort((left, right) => (left.topic + left.partition < right.topic + right.partition ? -1 : 1));
    const widths = [
      widthOf(
        15,
        rows.map(({ topic }) => topic),
      ),
      10,
      15,
    ];
    context.out(`\n${columns(widths, ['TOPIC', 'PARTITION', 'STATUS'])}`);
    for (const { topic, partition, status } of rows) context.out(columns(widths, [topic, partition, status]));
  },
};

const OF_GROUP = ['INVALID_GROUP_ID', 'GROUP_ID_NOT_FOUND', 'GROUP_AUTHORIZATION_FAILED', 'NON_EMPTY_GROUP'];
const OF_PARTITIONS = [
  'GROUP_SUBSCRIBED_TO_TOPIC',
  'TOPIC_AUTHORIZATION_FAILED',
  'UNKNOWN_TOPIC_OR_PARTITION',
];

function summaryOf(group: string, error: KafkaError | undefined): string {
  if (error === undefined) return `Request succeeded for deleting offsets from group ${group}.`;
  if (OF_GROUP.includes(error.code)) return `\nError: ${javaMessage(error)}`;
  if (OF_PARTITIONS.includes(error.code))
    return '\nError: Encountered some partition-level error, see the follow-up details.';
  return `\nError: Encountered some unknown error: ${error.code}`;
}

/** Of the topics on the command line: all partitions, or those named behind a colon. */
async function partitionsOf(
  admin: Admin,
  options: ToolOptions,
): Promise<{ partitions: TopicPartition[]; unknown: { topic: string; error: KafkaError }[] }> {
  const { named, whole } = splitTopics(options.all('topic'));
  const described = await eachOutcome(whole.length, () => admin.topics.describe(whole, timeoutOf(options)));
  const unknown: { topic: string; error: KafkaError }[] = [];
  const partitions = [...named];
  for (const [index, topic] of whole.entries()) {
    const outcome = described[index];
    if (outcome instanceof KafkaError) unknown.push({ topic, error: outcome });
    else for (const each of outcome!.partitions) partitions.push({ topic, partition: each.index });
  }
  return { partitions: hashOrder(partitions, partitionHash), unknown };
}

/** Of a list with commas. @throws JavaError for what is not one of `valid` */
function namesOf<Name extends string>(
  text: string | undefined,
  valid: readonly Name[],
  what: string,
): readonly Name[] {
  if (text === undefined || text === '') return [];
  const names = text.split(',').map((name) => {
    const plain = name.trim().toLowerCase();
    return valid.find((each) => each.replaceAll('-', '') === plain.replaceAll('-', ''));
  });
  if (names.every((name) => name !== undefined)) return [...new Set(names)];
  throw illegalArgument(
    `Invalid ${what} list '${text}'. Valid ${what === 'state' ? 'states' : 'types'} are: ${valid.map(pascalName).join(', ')}`,
  );
}
