// kafka-consumer-groups, as its command line is read, and how it fails.

import type { Admin } from '@moldau/client';
import { KafkaError } from '@moldau/client/admin';
import { executionError, javaMessage, javaName, javaTrace, runtimeError } from './java-errors.ts';
import {
  type KafkaTool,
  refuseOptions,
  requireOptions,
  type ToolContext,
  UsageProblem,
} from './kafka-tool.ts';
import { RESET_OPTIONS, RESET_SCENARIOS } from './offsets-reset-options.ts';
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, type ToolOptions } from './tool-options.ts';

const ACTIONS = ['list', 'describe', 'delete', 'reset-offsets', 'delete-offsets', 'validate-regex'] as const;

export const consumerGroups: KafkaTool = {
  name: 'kafka-consumer-groups',
  purpose:
    'This tool helps to list all consumer groups, describe a consumer group, delete consumer group info, or reset consumer group offsets.',
  options: [
    { ...BOOTSTRAP_SERVER, summary: 'Where to find the cluster. REQUIRED but for --validate-regex.' },
    COMMAND_CONFIG,
    {
      name: 'group',
      summary: 'The group that it is about. May be given many times.',
      argument: { name: 'consumer group' },
    },
    { name: 'all-groups', summary: 'It is about all groups.' },
    {
      name: 'topic',
      summary: 'The topic, all of it or as topic1:0,1,2 some of its partitions. May be given many times.',
      argument: { name: 'topic' },
    },
    { name: 'list', summary: 'List the groups.' },
    {
      name: 'describe',
      summary: 'Show how far groups have read, and how far they are behind.',
    },
    { name: 'delete', summary: 'Delete groups, with all that they have committed.' },
    { name: 'delete-offsets', summary: 'Forget what a group has committed in some topics.' },
    ...RESET_OPTIONS,
    {
      name: 'timeout',
      summary: 'For how many milliseconds an answer is awaited.',
      argument: { type: 'Long', name: 'timeout (ms)', default: '30000' },
    },
    { name: 'members', summary: 'With --describe: who is in the group.', availableIf: ['describe'] },
    { name: 'verbose', summary: 'With --describe: more of it, as epochs.', availableIf: ['describe'] },
    {
      name: 'offsets',
      summary: 'With --describe: how far it has read, as by default.',
      availableIf: ['describe'],
    },
    {
      name: 'state',
      summary:
        'With --describe: the state of the group. With --list: the states too, or only groups in these, as in --state stable,empty.',
      argument: { isOptional: true },
      availableIf: ['describe', 'list'],
    },
    {
      name: 'type',
      summary: 'With --list: the types too, or only groups of these, as in --type classic,consumer.',
      argument: { isOptional: true },
      availableIf: ['list'],
    },
    {
      name: 'validate-regex',
      summary: "Check a regular expression's syntax, which is RE2's.",
      argument: { name: 'regex' },
    },
  ],
  async run(context, options) {
    checkOptions(context, options);
    if (options.has('validate-regex')) return await validate(context, options.get('validate-regex')!);
    const action = ACTIONS.find((each) => options.has(each))!;
    try {
      // Looked at first, whether they are needed or not.
      for (const name of ['timeout', 'to-offset', 'shift-by', 'by-duration']) options.all(name);
      const admin = await connect(context, options);
      const { actions } = await import('./consumer-groups-actions.ts');
      await actions[action as keyof typeof actions](admin, options, context);
    } catch (error) {
      if (isArgumentProblem(error)) throw new UsageProblem(javaMessage(error));
      if (error instanceof UsageProblem) throw error;
      // Kafka's tool ends well even then.
      const shown = error instanceof KafkaError ? executionError(error) : error;
      context.out(`\nError: Executing consumer group command failed due to ${javaMessage(shown)}`);
      context.err(javaTrace(shown));
    }
    return 0;
  },
  failed: tellUncaught,
};

/** What nobody catches, as the JVM tells it. */
export function tellUncaught(context: ToolContext, error: unknown): number {
  context.err(`Exception in thread "main" ${javaTrace(error)}`);
  return 1;
}

export function isArgumentProblem(error: unknown): boolean {
  return ['java.lang.IllegalArgumentException', 'java.lang.NumberFormatException'].includes(javaName(error));
}

/** @throws JavaError */
export async function connect(context: ToolContext, options: ToolOptions): Promise<Admin> {
  try {
    return await context.admin({
      brokers: options.get('bootstrap-server')!,
      configFile: options.get('command-config'),
    });
  } catch (error) {
    throw javaName(error).startsWith('java.nio.') ? runtimeError(error) : error;
  }
}

function checkOptions(context: ToolContext, options: ToolOptions): void {
  if (!options.has('validate-regex')) requireOptions(options, 'bootstrap-server');
  const isOfGroups = options.has('group') || options.has('all-groups');
  if (options.has('describe')) {
    if (!isOfGroups) throw takesGroups(options, 'describe');
    const kinds = ['members', 'offsets', 'state'];
    if (kinds.filter((kind) => options.has(kind)).length > 1) {
      throw new UsageProblem(
        `Option ${options.shown('describe')} takes at most one of these options: ${kinds.map((kind) => options.shown(kind)).join(', ')}`,
      );
    }
    if (options.hasArgument('state')) {
      throw new UsageProblem(
        `Option ${options.shown('describe')} does not take a value for ${options.shown('state')}`,
      );
    }
  }
  if (options.has('delete')) {
    if (!isOfGroups) throw takesGroups(options, 'delete');
    if (options.has('topic')) {
      throw new UsageProblem(
        'The consumer does not support topic-specific offset deletion from a consumer group.',
      );
    }
  }
  if (options.has('delete-offsets') && !(options.has('group') && options.has('topic'))) {
    throw new UsageProblem(
      `Option ${options.shown('delete-offsets')} takes the following options: ${options.shown('topic')}, ${options.shown('group')}`,
    );
  }
  if (options.has('reset-offsets')) checkReset(context, options, isOfGroups);
  refuseOptions(options, 'group', ['all-groups', 'list']);
  refuseOptions(options, 'topic', ['list', 'describe']);
  if (ACTIONS.filter((action) => options.has(action)).length !== 1) {
    throw new UsageProblem(
      `Command must include exactly one action: ${ACTIONS.map((action) => `--${action}`).join(', ')}`,
    );
  }
}

function checkReset(context: ToolContext, options: ToolOptions, isOfGroups: boolean): void {
  if (options.has('dry-run') && options.has('execute')) {
    throw new UsageProblem(
      `Option ${options.shown('reset-offsets')} only accepts one of ${options.shown('execute')} and ${options.shown('dry-run')}`,
    );
  }
  if (!options.has('dry-run') && !options.has('execute')) {
    context.err(
      'WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will require either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are scripting this command and want to keep the current default behavior without prompting.',
    );
  }
  if (!isOfGroups) throw takesGroups(options, 'reset-offsets');
  for (const scenario of RESET_SCENARIOS) {
    refuseOptions(
      options,
      scenario,
      RESET_SCENARIOS.filter((other) => other !== scenario),
    );
  }
}

function takesGroups(options: ToolOptions, action: string): UsageProblem {
  return new UsageProblem(
    `Option ${options.shown(action)} takes one of these options: ${options.shown('all-groups')}, ${options.shown('group')}`,
  );
}

async function validate(context: ToolContext, expression: string): Promise<number> {
  const { syntaxProblem } = await import('./regex-syntax.ts');
  const problem = syntaxProblem(expression);
  context.out(
    problem === undefined
      ? `The regular expression \`${expression}\` is valid.`
      : `The regular expression \`${expression}\` is invalid: ${problem}.`,
  );
  return 0;
}
