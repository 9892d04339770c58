// kafka-share-groups, as its command line is read. What it does is in share-groups-actions.ts.

import { KafkaError } from '@moldau/client/admin';
import { connect, isArgumentProblem, tellUncaught } from './consumer-groups.ts';
import { executionError, javaMessage, javaTrace } from './java-errors.ts';
import { type KafkaTool, refuseOptions, requireOptions, UsageProblem } from './kafka-tool.ts';
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, type ToolOptions } from './tool-options.ts';

const ACTIONS = ['list', 'describe', 'delete', 'reset-offsets', 'delete-offsets'] as const;
const SCENARIOS = ['to-datetime', 'to-earliest', 'to-latest'] as const;

export const shareGroups: KafkaTool = {
  name: 'kafka-share-groups',
  purpose: 'This tool helps to list, describe, reset and delete share groups.',
  options: [
    BOOTSTRAP_SERVER,
    COMMAND_CONFIG,
    {
      name: 'group',
      summary: 'The group that it is about. May be given many times.',
      argument: { name: 'share group' },
    },
    { name: 'all-groups', summary: 'It is about all groups.' },
    {
      name: 'topic',
      summary: 'The topic, all of it or as topic1:0,1,2 some of its partitions. May be given many times.',
      argument: { name: 'topic' },
    },
    { name: 'all-topics', summary: 'All topics that the group reads.' },
    { name: 'list', summary: 'List the groups.' },
    { name: 'describe', summary: 'Show where groups are.' },
    { name: 'delete', summary: 'Delete groups.' },
    { name: 'delete-offsets', summary: 'Forget where a group is in some topics.' },
    {
      name: 'reset-offsets',
      summary:
        'Let a group without members go on from another place, which --to-datetime, --to-earliest or --to-latest says. It is done with --execute, and only shown with --dry-run.',
    },
    { name: 'dry-run', summary: 'With --reset-offsets: only show what would be.' },
    { name: 'execute', summary: 'With --reset-offsets: do it.' },
    {
      name: 'to-datetime',
      summary: 'Go on from the first record that is not older than this time, as in 2024-12-31T23:59:59.000',
      argument: { name: 'datetime' },
    },
    { name: 'to-earliest', summary: 'Go on from the first record there is.' },
    { name: 'to-latest', summary: 'Go on from the end.' },
    {
      name: 'timeout',
      summary: 'For how many milliseconds an answer is awaited.',
      argument: { type: 'Long', name: 'timeout (ms)', default: '30000' },
    },
    { name: 'members', summary: 'With --describe: who is in the group.', availableIf: ['describe'] },
    { name: 'offsets', summary: 'With --describe: where it is, as by default.', availableIf: ['describe'] },
    {
      name: 'state',
      summary:
        'With --describe: the state of the group. With --list: the states too, or only groups in these, as in --state stable,empty.',
      argument: { isOptional: true },
      availableIf: ['describe', 'list'],
    },
    { name: 'verbose', summary: 'With --describe: more of it, as epochs.', availableIf: ['describe'] },
  ],
  async run(context, options) {
    checkOptions(options);
    if (ACTIONS.filter((action) => options.has(action)).length !== 1) {
      throw new UsageProblem(
        `Command must include exactly one action: ${ACTIONS.map((action) => `--${action}`).join(', ')}.`,
      );
    }
    const action = ACTIONS.find((each) => options.has(each))!;
    const { actions } = await import('./share-groups-actions.ts');
    try {
      // Looked at first, whether it is needed or not.
      options.all('timeout');
      const admin = await connect(context, options);
      return await actions[action]({ admin, options, context });
    } catch (error) {
      if (isArgumentProblem(error)) throw new UsageProblem(javaMessage(error));
      if (error instanceof UsageProblem) throw error;
      // Kafka's tool ends well even then.
      const shown = error instanceof KafkaError ? executionError(error) : error;
      context.out(`\nError: Executing share group command failed due to ${javaMessage(shown)}`);
      context.err(javaTrace(shown));
      return 0;
    }
  },
  failed: tellUncaught,
};

function checkOptions(options: ToolOptions): void {
  requireOptions(options, 'bootstrap-server');
  const isOfGroups = options.has('group') || options.has('all-groups');
  if (options.has('describe')) {
    if (!isOfGroups) throw takes(options, 'describe', 'takes one of these options', ['all-groups', 'group']);
    const kinds = ['members', 'offsets', 'state'];
    if (kinds.filter((kind) => options.has(kind)).length > 1)
      throw takes(options, 'describe', 'takes at most one of these options', kinds);
    if (options.hasArgument('state')) {
      throw new UsageProblem(
        `Option ${options.shown('describe')} does not take a value for ${options.shown('state')}`,
      );
    }
  }
  if (options.has('delete')) checkDelete(options, isOfGroups);
  if (options.has('delete-offsets') && !(options.has('group') && options.has('topic')))
    throw takes(options, 'delete-offsets', 'takes the following options', ['group', 'topic']);
  if (options.has('reset-offsets')) checkReset(options);
  refuseOptions(options, 'group', ['all-groups', 'list']);
  refuseOptions(options, 'topic', ['list', 'describe']);
}

function checkDelete(options: ToolOptions, isOfGroups: boolean): void {
  const [action, group, all] = ['delete', 'group', 'all-groups'].map((name) => options.shown(name));
  if (!isOfGroups) throw new UsageProblem(`Option ${action} takes the options ${group} or ${all}`);
  if (options.has('group') && options.has('all-groups'))
    throw new UsageProblem(`Option ${action} takes either ${group} or ${all}, not both.`);
  if (options.has('topic'))
    throw new UsageProblem(`Option ${action} does not take the option: ${options.shown('topic')}`);
}

function checkReset(options: ToolOptions): void {
  const action = options.shown('reset-offsets');
  const [dryRun, execute] = ['dry-run', 'execute'].map((name) => options.shown(name));
  if (options.has('dry-run') && options.has('execute'))
    throw new UsageProblem(`Option ${action} only accepts one of ${execute} and ${dryRun}`);
  if (!options.has('dry-run') && !options.has('execute'))
    throw new UsageProblem(`Option ${action} takes the option: ${execute} or ${dryRun}`);
  if (!options.has('group'))
    throw new UsageProblem(`Option ${action} takes the option: ${options.shown('group')}`);
  if (!options.has('topic') && !options.has('all-topics'))
    throw takes(options, 'reset-offsets', 'takes one of these options', ['all-topics', 'topic']);
  if (!SCENARIOS.some((scenario) => options.has(scenario)))
    throw takes(options, 'reset-offsets', 'takes one of these options', SCENARIOS);
  for (const scenario of SCENARIOS) {
    refuseOptions(
      options,
      scenario,
      SCENARIOS.filter((other) => other !== scenario),
    );
  }
}

function takes(options: ToolOptions, action: string, verb: string, names: readonly string[]): UsageProblem {
  const shown = names.map((name) => options.shown(name)).sort();
  return new UsageProblem(`Option ${options.shown(action)} ${verb}: ${shown.join(', ')}`);
}
