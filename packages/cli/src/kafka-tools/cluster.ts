// kafka-cluster: the id of a cluster, its brokers, and forgetting one of them.

import { argumentTool } from './argument-tool.ts';
import type { ArgumentGroup, ArgumentSpec, Arguments, ParserSpec } from './arguments.ts';
import { executionError, illegalArgument, JavaError } from './java-errors.ts';
import { columns } from './java-text.ts';
import type { ToolConnection, ToolContext } from './kafka-tool.ts';
import { tellDeprecated } from './usage.ts';

const CONNECTION: ArgumentGroup = { isExclusive: true, isRequired: true };

const SHARED: readonly ArgumentSpec[] = [
  {
    flags: ['--bootstrap-server', '-b'],
    group: CONNECTION,
    help: 'Where to find the cluster, as in host1:port1,host2:port2.',
  },
  {
    flags: ['--bootstrap-controller', '-C'],
    group: CONNECTION,
    help: 'The same: a broker of Moldau is its controller as well.',
  },
  { flags: ['--config'], help: '(DEPRECATED) The same as --command-config.' },
  { flags: ['--command-config', '-c'], help: 'A file of properties for the client.' },
];

const PARSER: ParserSpec = {
  program: 'kafka-cluster',
  description: 'The Kafka cluster tool.',
  tellsDefaults: true,
  arguments: [],
  commands: [
    { name: 'cluster-id', help: 'Print the id of the cluster.', arguments: SHARED },
    {
      name: 'unregister',
      help: 'Forget a broker that is gone for good.',
      arguments: [
        ...SHARED,
        { flags: ['--id', '-i'], type: 'Integer', isRequired: true, help: 'The id of the broker.' },
      ],
    },
    {
      name: 'list-endpoints',
      help: 'List the brokers, and where each listens.',
      arguments: [
        ...SHARED,
        {
          flags: ['--include-fenced-brokers'],
          takes: 'nothing',
          help: 'Also brokers that are not in touch with the controller.',
        },
      ],
    },
  ],
};

export const cluster = argumentTool({
  name: 'kafka-cluster',
  parser: PARSER,
  async run(context, given) {
    const connection = connectionOf(context, given);
    if (given.command === 'cluster-id') await showId(context, connection);
    else if (given.command === 'unregister') await unregister(context, connection, given.number('id')!);
    else await listEndpoints(context, connection, given);
    return 0;
  },
});

function connectionOf(context: ToolContext, given: Arguments): ToolConnection {
  if (given.has('config') && given.has('command-config')) {
    throw new JavaError(
      'net.sourceforge.argparse4j.inf.ArgumentParserException',
      '--config and --command-config cannot be specified together.',
    );
  }
  if (given.has('config')) tellDeprecated(context, 'config', 'command-config');
  const brokers = given.text('bootstrap-server') ?? given.text('bootstrap-controller')!;
  return { brokers, configFile: given.text('config') ?? given.text('command-config') };
}

async function showId(context: ToolContext, connection: ToolConnection): Promise<void> {
  const admin = await context.admin(connection);
  const { clusterId } = await admin.cluster.describe().catch((error) => {
    throw executionError(error);
  });
  context.out(
    clusterId === undefined
      ? 'No cluster ID found. The Kafka version is probably too old.'
      : `Cluster ID: ${clusterId}`,
  );
}

async function unregister(context: ToolContext, connection: ToolConnection, id: number): Promise<void> {
  const admin = await context.admin(connection);
  try {
    await admin.cluster.unregisterBroker(id);
  } catch (error) {
    if ((error as { code?: string }).code === 'UNSUPPORTED_VERSION')
      context.out('The target cluster does not support the broker unregistration API.');
    throw executionError(error);
  }
  context.out(`Broker ${id} is no longer registered.`);
}

const WIDTH = 10;

async function listEndpoints(
  context: ToolContext,
  connection: ToolConnection,
  given: Arguments,
): Promise<void> {
  const includeFencedBrokers = given.isGiven('include-fenced-brokers');
  const isOfControllers = given.has('bootstrap-controller');
  if (includeFencedBrokers && isOfControllers)
    throw illegalArgument(
      'The option --include-fenced-brokers is only supported with --bootstrap-server option',
    );
  const admin = await context.admin(connection);
  const { brokers } = await admin.cluster.describe({ includeFencedBrokers }).catch((error) => {
    throw executionError(error);
  });
  const racks = brokers.flatMap(({ rack }) => (rack === undefined ? [] : [rack.length]));
  const widths = [
    WIDTH,
    Math.max(...brokers.map(({ host }) => host.length)),
    WIDTH,
    racks.length === 0 ? WIDTH : Math.max(...racks),
    ...(isOfControllers ? [15] : [WIDTH, 15]),
  ];
  const state = (text: string): string[] => (isOfControllers ? [] : [text]);
  const type = isOfControllers ? 'controller' : 'broker';
  context.out(columns(widths, ['ID', 'HOST', 'PORT', 'RACK', ...state('STATE'), 'ENDPOINT_TYPE']));
  for (const { id, host, port, rack = 'null', isFenced } of brokers)
    context.out(columns(widths, [id, host, port, rack, ...state(isFenced ? 'fenced' : 'unfenced'), type]));
}
