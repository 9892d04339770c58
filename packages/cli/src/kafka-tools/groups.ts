// kafka-groups: lists groups of all types.

import type { GroupListing, GroupType } from '@moldau/client';
import { pascalName } from './group-words.ts';
import { illegalArgument, javaMessage, javaName, javaTrace } from './java-errors.ts';
import { columns, hashOrder, widthOf } from './java-text.ts';
import { type KafkaTool, refuseOptions, UsageProblem } from './kafka-tool.ts';
import { logError } from './tool-log.ts';
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, type ToolOptions } from './tool-options.ts';

const TYPES: readonly GroupType[] = ['classic', 'consumer', 'share', 'streams'];
/** Filters that stand alone. */
const KINDS = ['consumer', 'share', 'streams'] as const;

export const groups: KafkaTool = {
  name: 'kafka-groups',
  purpose: 'This tool helps to list groups of all types.',
  problemsAreUsage: true,
  options: [
    { ...BOOTSTRAP_SERVER, isRequired: true },
    COMMAND_CONFIG,
    { name: 'list', summary: 'List the groups.' },
    {
      name: 'group-type',
      summary: `Only groups of this type: ${TYPES.join(', ')}.`,
      argument: { name: 'type' },
    },
    {
      name: 'protocol',
      summary: 'Only groups of this protocol, as consumer or connect.',
      argument: { name: 'protocol' },
    },
    { name: 'consumer', summary: 'Only groups of consumers, whatever their protocol.' },
    { name: 'share', summary: 'Only groups that share records.' },
    { name: 'streams', summary: 'Only groups of Kafka Streams.' },
  ],
  async run(context, options) {
    if (!options.has('list')) throw new UsageProblem('Command must include exactly one action: --list.');
    const type = typeOf(options);
    if (options.has('group-type') && type === undefined)
      throw illegalArgument('--group-type must be a valid group type.');
    refuseOptions(options, 'consumer', ['group-type', 'protocol', 'share', 'streams']);
    refuseOptions(options, 'share', ['consumer', 'group-type', 'protocol', 'streams']);
    refuseOptions(options, 'streams', ['consumer', 'group-type', 'protocol', 'share']);
    const brokers = options.get('bootstrap-server')!;
    try {
      const admin = await context.admin({ brokers, configFile: options.get('command-config') });
      const listed = (await admin.groups.list()).filter((group) => isWanted(group, type, options));
      const rows = hashOrder(listed, ({ groupId }) => groupId).map((group) => [
        ...[group.groupId, pascalName(group.type), group.protocolType],
      ]);
      const width = widthOf(20, rows.flat());
      context.out(columns([width, width, width], ['GROUP', 'TYPE', 'PROTOCOL']));
      for (const row of rows) context.out(`${columns([width, width, width], row)} `);
      return 0;
    } catch (error) {
      if (javaName(error).startsWith('java.nio.')) throw error;
      context.out(`Error while executing groups command : ${javaMessage(error)}`);
      logError(context, `${javaTrace(error)}\n`, 'org.apache.kafka.tools.GroupsCommand');
      return 1;
    }
  },
};

function typeOf(options: ToolOptions): GroupType | undefined {
  const text = options.get('group-type')?.toLowerCase();
  return TYPES.find((type) => type === text);
}

function isWanted(
  { type, protocolType }: GroupListing,
  wanted: GroupType | undefined,
  options: ToolOptions,
): boolean {
  const protocol = options.get('protocol');
  if (wanted !== undefined || protocol !== undefined)
    return (wanted ?? type) === type && (protocol ?? protocolType) === protocolType;
  const kind = KINDS.find((each) => options.has(each));
  if (kind === 'consumer') return ['consumer', ''].includes(protocolType) || type === 'consumer';
  return kind === undefined || type === kind;
}
