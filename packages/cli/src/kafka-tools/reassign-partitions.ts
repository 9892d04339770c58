// kafka-reassign-partitions, as its command line is read. What it does is in reassign-actions.ts.

import { KafkaError } from '@moldau/client/admin';
import { tellUncaught } from './consumer-groups.ts';
import { executionError, javaMessage, javaName, javaTrace } from './java-errors.ts';
import { type KafkaTool, requireOptions, UsageProblem } from './kafka-tool.ts';
import type { ToolOptions } from './tool-options.ts';

/** What each action needs, and what may stand beside it. */
const ACTIONS = {
  generate: {
    needs: ['topics-to-move-json-file', 'broker-list'],
    takes: ['bootstrap-server', 'command-config', 'disable-rack-aware'],
  },
  execute: {
    needs: ['reassignment-json-file'],
    takes: [
      ...['additional', 'bootstrap-server', 'command-config', 'throttle'],
      ...['replica-alter-log-dirs-throttle', 'timeout', 'disallow-replication-factor-change'],
    ],
  },
  verify: {
    needs: ['reassignment-json-file'],
    takes: ['bootstrap-server', 'command-config', 'preserve-throttles'],
  },
  cancel: {
    needs: ['reassignment-json-file'],
    takes: ['bootstrap-server', 'bootstrap-controller', 'command-config', 'preserve-throttles', 'timeout'],
  },
  list: { needs: [], takes: ['bootstrap-server', 'bootstrap-controller', 'command-config'] },
} as const;
type ActionName = keyof typeof ACTIONS;
const NAMES = Object.keys(ACTIONS) as ActionName[];

const THROTTLE = { type: 'Long', default: '-1' } as const;

export const reassignPartitions: KafkaTool = {
  name: 'kafka-reassign-partitions',
  purpose: 'This tool helps to move topic partitions between replicas.',
  options: [
    { name: 'generate', summary: 'Propose where partitions could be; nothing is changed.' },
    { name: 'execute', summary: 'Move partitions as --reassignment-json-file says.' },
    { name: 'verify', summary: 'Tell how far that is, and take the throttles away when it is done.' },
    { name: 'cancel', summary: 'Leave what is on its way where it was.' },
    { name: 'list', summary: 'List all partitions that are on their way.' },
    {
      name: 'bootstrap-server',
      summary: 'Where to find the cluster.',
      argument: { name: 'Server(s) to use for bootstrapping', isOptional: true },
    },
    {
      name: 'bootstrap-controller',
      summary: 'The controllers to ask; for --cancel and --list.',
      argument: { name: 'bootstrap controller to connect to', isOptional: true },
    },
    {
      name: 'command-config',
      summary: 'A file of properties for the client: how to log in, and the like.',
      argument: { name: 'Admin client property file' },
    },
    {
      name: 'reassignment-json-file',
      summary: `A file that says where partitions are to be, as
{"version": 1, "partitions": [{"topic": "foo", "partition": 1, "replicas": [1,2,3], "log_dirs": ["any","any","/data"]}]}
log_dirs may be left out; any is where the broker likes.`,
      argument: { name: 'manual assignment json file path' },
    },
    {
      name: 'topics-to-move-json-file',
      summary: `With --generate: a file that names topics, as
{"version": 1, "topics": [{"topic": "foo"}]}`,
      argument: { name: 'topics to reassign json file path' },
    },
    {
      name: 'broker-list',
      summary: 'With --generate: the brokers to move to, as in 0,1,2.',
      argument: { name: 'brokerlist' },
    },
    { name: 'disable-rack-aware', summary: 'With --generate: whatever the racks of the brokers are.' },
    {
      name: 'throttle',
      summary: 'With --execute: how many bytes per second go from broker to broker.',
      argument: { ...THROTTLE, name: 'throttle' },
    },
    {
      name: 'replica-alter-log-dirs-throttle',
      summary: 'With --execute: how many bytes per second go from directory to directory.',
      argument: { ...THROTTLE, name: 'replicaAlterLogDirsThrottle' },
    },
    {
      name: 'timeout',
      summary: 'For how many milliseconds is tried to begin moves to other directories.',
      argument: { type: 'Long', name: 'timeout', default: '10000' },
    },
    {
      name: 'additional',
      summary: 'With --execute: though others are on their way; also to change the throttle.',
    },
    { name: 'preserve-throttles', summary: 'With --verify and --cancel: leave the throttles.' },
    {
      name: 'disallow-replication-factor-change',
      summary: 'With --execute: refuse to give partitions more or fewer replicas.',
    },
  ],
  async run(context, options) {
    const action = checkedAction(options);
    const { actions } = await import('./reassign-actions.ts');
    try {
      const admin = await context.admin({
        brokers: options.get('bootstrap-server') ?? options.get('bootstrap-controller') ?? '',
        configFile: options.get('command-config'),
      });
      await actions[action]({ admin, options, context });
      return 0;
    } catch (error) {
      const shown = error instanceof KafkaError ? executionError(error) : error;
      if (javaName(error) === 'org.apache.kafka.tools.TerseException') {
        context.out(javaMessage(error));
      } else {
        context.out(`Error: ${javaMessage(shown)}`);
        context.out(javaTrace(shown));
      }
      return 1;
    }
  },
  failed: tellUncaught,
};

function checkedAction(options: ToolOptions): ActionName {
  const given = NAMES.filter((name) => options.has(name));
  const [action] = given;
  if (action === undefined || given.length > 1) {
    throw new UsageProblem(
      `Command must include exactly one action: ${NAMES.map((name) => `--${name}`).join(', ')}`,
    );
  }
  if (options.has('bootstrap-server') && options.has('bootstrap-controller'))
    throw new UsageProblem("Please don't specify both --bootstrap-server and --bootstrap-controller");
  if (!options.has('bootstrap-server') && !options.has('bootstrap-controller'))
    throw new UsageProblem('Please specify either --bootstrap-server or --bootstrap-controller');
  const { needs, takes } = ACTIONS[action];
  requireOptions(options, ...needs);
  const allowed: readonly string[] = [action, ...needs, ...takes];
  const misplaced = options.sequence.find((name) => !allowed.includes(name));
  if (misplaced === undefined) return action;
  throw new UsageProblem(
    `Option "${options.shown(misplaced)}" can't be used with action "${options.shown(action)}"`,
  );
}
