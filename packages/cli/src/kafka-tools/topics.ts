// kafka-topics, as its command line is read. What it does is in topics-actions.ts.

import { illegalArgument, javaMessage, javaTrace } from './java-errors.ts';
import {
  type KafkaTool,
  refuseOptions,
  requireOptions,
  type ToolContext,
  tellFailure,
  UsageProblem,
} from './kafka-tool.ts';
import { logError } from './tool-log.ts';
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, type ToolOptions } from './tool-options.ts';

const ACTIONS = ['alter', 'create', 'describe', 'list', 'delete'] as const;
const REPORTS = [
  'under-replicated-partitions',
  'under-min-isr-partitions',
  'at-min-isr-partitions',
  'unavailable-partitions',
] as const;
const OTHER_TOOL = ' (To alter topic configurations, the kafka-configs tool can be used.)';

export const topics: KafkaTool = {
  name: 'kafka-topics',
  purpose: 'This tool helps to create, delete, describe, or change a topic.',
  purposeAlone: 'Create, delete, describe, or change a topic.',
  options: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    { name: 'list', summary: 'List the topics.' },
    { name: 'create', summary: 'Create a topic.' },
    { name: 'delete', summary: 'Delete topics.' },
    { name: 'alter', summary: `Give topics more partitions.${OTHER_TOOL}` },
    { name: 'describe', summary: 'Describe topics and their partitions.' },
    {
      name: 'topic',
      summary: 'The topic; but for --create it may be a regular expression, and a list with commas.',
      argument: { name: 'topic' },
    },
    { name: 'topic-id', summary: 'The id of the topic to describe.', argument: { name: 'topic-id' } },
    {
      name: 'config',
      summary: `With --create: a setting of the new topic. May be given many times.${OTHER_TOOL}`,
      argument: { name: 'name=value' },
    },
    {
      name: 'delete-config',
      summary: 'No longer supported: use kafka-configs.',
      argument: { name: 'name' },
    },
    {
      name: 'partitions',
      summary:
        "How many partitions the topic is to have; a new one by default as many as the broker's num.partitions. With more of them, keys of an old topic come to other partitions than before.",
      argument: { type: 'Integer', name: '# of partitions' },
    },
    {
      name: 'replication-factor',
      summary:
        "On how many brokers each partition of the new topic is; by default the broker's default.replication.factor.",
      argument: { type: 'Integer', name: 'replication factor' },
    },
    {
      name: 'replica-assignment',
      summary: 'The brokers of each partition, in place of the two: 1:2,2:3 is two partitions.',
      argument: {
        name: 'broker_id_for_part1_replica1 : broker_id_for_part1_replica2 , broker_id_for_part2_replica1 : broker_id_for_part2_replica2 , ...',
      },
    },
    {
      name: 'under-replicated-partitions',
      summary: 'With --describe: only partitions of which a replica is behind.',
    },
    { name: 'unavailable-partitions', summary: 'With --describe: only partitions without a leader.' },
    {
      name: 'under-min-isr-partitions',
      summary: 'With --describe: only partitions with fewer replicas in sync than min.insync.replicas.',
    },
    {
      name: 'at-min-isr-partitions',
      summary: 'With --describe: only partitions with as many replicas in sync as min.insync.replicas.',
    },
    {
      name: 'topics-with-overrides',
      summary: 'With --describe: only topics with settings of their own.',
    },
    {
      name: 'if-exists',
      summary: 'With --alter, --delete and --describe: a topic that is not there is no error.',
    },
    { name: 'if-not-exists', summary: 'With --create: a topic that is there already is no error.' },
    {
      name: 'exclude-internal',
      summary: "With --list and --describe: without the brokers' own topics.",
    },
    {
      name: 'partition-size-limit-per-response',
      summary: 'With --describe: how many partitions one answer of the broker may hold.',
      argument: { type: 'Integer', name: 'maximum number of partitions per response' },
    },
  ],
  async run(context, options) {
    checkOptions(context, options);
    const action = ACTIONS.find((each) => options.has(each))!;
    const { actions } = await import('./topics-actions.ts');
    const brokers = options.get('bootstrap-server')!;
    const configFile = options.get('command-config');
    const admin = await context.admin({ brokers, configFile });
    try {
      await actions[action](admin, options, context);
      return 0;
    } catch (error) {
      context.out(`Error while executing topic command : ${javaMessage(error)}`);
      logError(context, `${javaTrace(error)}\n`, 'org.apache.kafka.tools.TopicCommand');
      return 1;
    }
  },
  failed: tellFailure,
};

function checkOptions(context: ToolContext, options: ToolOptions): void {
  if (ACTIONS.filter((action) => options.has(action)).length !== 1) {
    throw new UsageProblem(
      'Command must include exactly one action: --list, --describe, --create, --alter or --delete',
    );
  }
  if (options.has('delete-config')) {
    context.err(
      'delete-config option is no longer supported and deprecated since version 4.0. The config will be fully removed in future releases.',
    );
  }
  if (!options.has('bootstrap-server')) throw illegalArgument('--bootstrap-server must be specified');
  checkRequired(context, options);
  for (const [option, allowed] of [
    ['config', ['alter', 'create']],
    ['partitions', ['alter', 'create']],
    ['replication-factor', ['create']],
    ['replica-assignment', ['alter', 'create']],
  ] as const) {
    refuseOptions(options, option, without(allowed));
  }
  if (options.has('create'))
    refuseOptions(options, 'replica-assignment', ['partitions', 'replication-factor']);
  for (const report of REPORTS)
    refuseOptions(options, report, [...without(['describe']), 'topics-with-overrides']);
  refuseOptions(options, 'topics-with-overrides', [...without(['describe']), ...REPORTS]);
  refuseOptions(options, 'if-exists', without(['alter', 'delete', 'describe']));
  refuseOptions(options, 'if-not-exists', without(['create']));
  refuseOptions(options, 'exclude-internal', without(['list', 'describe']));
}

function checkRequired(context: ToolContext, options: ToolOptions): void {
  if (options.has('describe') && options.has('if-exists')) {
    if (!options.has('topic') && !options.has('topic-id'))
      throw new UsageProblem('--topic or --topic-id is required to describe a topic');
    if (options.has('topic') && options.has('topic-id')) {
      context.out(
        'Only topic id will be used when both --topic and --topic-id are specified and topicId is not Uuid.ZERO_UUID',
      );
    }
  }
  if (!options.has('list') && !options.has('describe')) requireOptions(options, 'topic');
  if (!options.has('alter')) return;
  if (options.has('config')) {
    throw new UsageProblem(
      `Option combination "[${options.shown('config')}, ${options.shown('bootstrap-server')}]" can't be used with option "${options.shown('alter')}"${OTHER_TOOL}`,
    );
  }
  requireOptions(options, 'partitions');
}

function without(allowed: readonly string[]): string[] {
  return ACTIONS.filter((action) => !allowed.includes(action));
}
