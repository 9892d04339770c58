// kafka-transactions, as its command line is read. What it does is in transactions-actions.ts.

import { argumentTool } from './argument-tool.ts';
import { type ArgumentGroup, type ArgumentSpec, option, type ParserSpec, VERSION } from './arguments.ts';

const needed = (name: string, help: string, more: Partial<ArgumentSpec> = {}): ArgumentSpec =>
  option(name, help, { isRequired: true, ...more });

const NEW_BROKERS: ArgumentGroup = {
  title: 'Brokers on versions 3.0 and above',
  description: 'Such brokers need only know where the transaction starts',
};
const OLD_BROKERS: ArgumentGroup = {
  title: 'Brokers on versions older than 3.0',
  description: 'Such brokers need all of these',
};

const TOPIC = needed('topic', 'name of the topic');
const PARTITION = needed('partition', 'number of the partition', { type: 'Integer' });

const PARSER: ParserSpec = {
  program: 'kafka-transactions.sh',
  description: 'Shows the transactions of producers, and finds and ends those that hang.',
  commandsTitle: 'commands',
  commandMetavar: 'COMMAND',
  arguments: [
    VERSION,
    option('command-config', 'a file of properties for the client', { metavar: 'FILE' }),
    needed('bootstrap-server', 'where to find the cluster, as in host1:port1,host2:port2', {
      metavar: 'host:port',
    }),
  ],
  commands: [
    {
      name: 'list',
      help: 'list transactions',
      arguments: [
        option('duration-filter', 'only those that are open for longer, in ms; below 0: all', {
          type: 'Long',
        }),
        option('transactional-id-pattern', 'only those whose transactional id matches this'),
      ],
    },
    {
      name: 'describe',
      help: 'show what a transactional id has open',
      description: 'Shows what a transactional id has open.',
      arguments: [needed('transactional-id', 'the transactional id')],
    },
    {
      name: 'describe-producers',
      help: 'show who writes into a partition',
      arguments: [
        option('broker-id', 'ask this replica, rather than the leader', { type: 'Integer' }),
        TOPIC,
        PARTITION,
      ],
    },
    {
      name: 'abort',
      help: 'end a hanging transaction in a partition, as aborted',
      arguments: [
        TOPIC,
        PARTITION,
        option('start-offset', 'where the transaction starts', { type: 'Long', group: NEW_BROKERS }),
        option('producer-id', 'id of the producer', { type: 'Long', group: OLD_BROKERS }),
        option('producer-epoch', 'epoch of the producer', { type: 'Integer', group: OLD_BROKERS }),
        option('coordinator-epoch', 'epoch of the coordinator', { type: 'Integer', group: OLD_BROKERS }),
      ],
    },
    {
      name: 'find-hanging',
      help: 'find transactions that nobody will end',
      arguments: [
        option('broker-id', 'only in partitions that this broker has', { type: 'Integer' }),
        option('max-transaction-timeout', 'only those that are open for longer, in minutes (15)', {
          type: 'Integer',
          default: 15,
        }),
        option('topic', 'only in this topic'),
        option('partition', 'only in this partition of it', { type: 'Integer' }),
      ],
    },
    {
      name: 'forceTerminateTransaction',
      help: 'shut out the producers of a transactional id, and abort what they have open',
      description: 'Shuts out the producers of a transactional id, and aborts what they have open.',
      arguments: [needed('transactionalId', 'the transactional id')],
    },
  ],
};

export const transactions = argumentTool({
  name: 'kafka-transactions',
  parser: PARSER,
  async run(context, given) {
    const { actions } = await import('./transactions-actions.ts');
    const brokers = given.text('bootstrap-server')!;
    const admin = await context.admin({ brokers, configFile: given.text('command-config') });
    await actions[given.command!]!(context, admin, given);
    return 0;
  },
});
