// kafka-acls, as its command line is read. What it does is in acls-actions.ts.

import { KafkaError } from '@moldau/client/admin';
import { executionError, javaMessage, javaTrace } from './java-errors.ts';
import { type KafkaTool, refuseOptions, UsageProblem } from './kafka-tool.ts';
import { BOOTSTRAP_SERVER, type ToolOption, type ToolOptions } from './tool-options.ts';

const ACTIONS = ['add', 'remove', 'list'] as const;

const RESOURCES: readonly ToolOption[] = [
  { name: 'topic', summary: "A topic; '*' is all of them.", argument: { name: 'topic' } },
  { name: 'cluster', summary: 'The cluster.' },
  { name: 'group', summary: "A group; '*' is all of them.", argument: { name: 'group' } },
  {
    name: 'transactional-id',
    summary: "A transactional id; '*' is all of them.",
    argument: { name: 'transactional-id' },
  },
  {
    name: 'delegation-token',
    summary: "A delegation token; '*' is all of them.",
    argument: { name: 'delegation-token' },
  },
  {
    name: 'user-principal',
    summary: 'A user for whom tokens may be made or described.',
    argument: { name: 'user-principal' },
  },
];

export const acls: KafkaTool = {
  name: 'kafka-acls',
  purpose: 'This tool helps to manage acls on kafka.',
  problemsAreUsage: true,
  options: [
    { ...BOOTSTRAP_SERVER, summary: 'The brokers to ask.' },
    {
      name: 'bootstrap-controller',
      summary: 'The controllers to ask.',
      argument: { name: 'controller to connect to' },
    },
    {
      name: 'command-config',
      summary: 'A file of properties for the client: how to log in, and the like.',
      argument: { name: 'command-config', isOptional: true },
    },
    { name: 'add', summary: 'Add rules.' },
    { name: 'remove', summary: 'Remove rules.' },
    { name: 'list', summary: 'List rules: all, or those of the resources that are given.' },
    ...RESOURCES,
    {
      name: 'resource-pattern-type',
      summary:
        'How names are meant: literal, or prefixed for all that begin so. To list and to remove also any, for both of them, and match, for all rules that count for the name.',
      argument: {
        choices: ['ANY', 'MATCH', 'LITERAL', 'PREFIXED'],
        default: 'LITERAL',
        choicesText: 'ANY|MATCH|LITERAL|PREFIXED',
      },
    },
    {
      name: 'operation',
      summary: 'What is allowed or denied, as Read, Write or Describe. May be given many times.',
      argument: { default: 'All' },
    },
    {
      name: 'allow-principal',
      summary: 'Who may, as User:ada; User:* is everybody.',
      argument: { name: 'allow-principal' },
    },
    {
      name: 'deny-principal',
      summary: 'Who may not, whatever else is allowed.',
      argument: { name: 'deny-principal' },
    },
    {
      name: 'principal',
      summary: 'With --list: only rules for these.',
      argument: { name: 'principal', isOptional: true },
    },
    {
      name: 'allow-host',
      summary: "From which address the allowed may; by default '*', any.",
      argument: { name: 'allow-host' },
    },
    {
      name: 'deny-host',
      summary: "From which address the denied may not; by default '*', any.",
      argument: { name: 'deny-host' },
    },
    { name: 'producer', summary: 'All that is needed to send to a topic.' },
    { name: 'idempotent', summary: 'With --producer: exactly once, too.' },
    { name: 'consumer', summary: 'All that is needed to read a topic as a group.' },
    { name: 'force', summary: 'Ask nothing before rules are removed.' },
  ],
  async run(context, options) {
    checkOptions(options);
    const action = ACTIONS.find((each) => options.has(each))!;
    const { actions } = await import('./acls-actions.ts');
    try {
      const admin = await context.admin({
        brokers: options.get('bootstrap-server') ?? options.get('bootstrap-controller')!,
        configFile: options.get('command-config'),
      });
      await actions[action](admin, options, context);
      return 0;
    } catch (error) {
      if (error instanceof UsageProblem) throw error;
      const shown = error instanceof KafkaError ? executionError(error) : error;
      context.out(`Error while executing ACL command: ${javaMessage(shown)}`);
      context.out(javaTrace(shown));
      return 1;
    }
  },
};

function checkOptions(options: ToolOptions): void {
  const hasBrokers = options.has('bootstrap-server');
  const hasControllers = options.has('bootstrap-controller');
  if (hasBrokers === hasControllers) {
    const count = hasBrokers ? 'Only one' : 'One';
    throw new UsageProblem(`${count} of --bootstrap-server or --bootstrap-controller must be specified`);
  }
  if (ACTIONS.filter((action) => options.has(action)).length !== 1)
    throw new UsageProblem('Command must include exactly one action: --list, --add, --remove. ');
  refuseOptions(options, 'list', [
    ...['producer', 'consumer', 'allow-host', 'allow-principal', 'deny-host', 'deny-principal'],
  ]);
  for (const role of ['producer', 'consumer'])
    refuseOptions(options, role, ['operation', 'deny-principal', 'deny-host']);
  if (options.has('principal') && !options.has('list'))
    throw new UsageProblem('The --principal option is only available if --list is set');
  if (options.has('producer') && !options.has('topic'))
    throw new UsageProblem('With --producer you must specify a --topic');
  if (options.has('idempotent') && !options.has('producer'))
    throw new UsageProblem('The --idempotent option is only available if --producer is set');
  if (!options.has('consumer')) return;
  const isMore = options.has('cluster') || options.has('transactional-id');
  if (!options.has('topic') || !options.has('group') || (!options.has('producer') && isMore)) {
    throw new UsageProblem(
      'With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.',
    );
  }
}
