// kafka-configs, as its command line is read. What it does is in configs-actions.ts.

import { KafkaError } from '@moldau/client/admin';
import { BY_DEFAULT, BY_NAME, ENTITY_TYPES, subjectOf } from './configs-subject.ts';
import { illegalArgument, javaMessage, javaName, javaTrace } from './java-errors.ts';
import { type KafkaTool, refuseOptions, UsageProblem } from './kafka-tool.ts';
import { withoutSecrets } from './secrets.ts';
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, type ToolOptions } from './tool-options.ts';

export const configs: KafkaTool = {
  name: 'kafka-configs',
  purpose:
    'This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip, client-metrics or group',
  options: [
    { ...BOOTSTRAP_SERVER, summary: 'The brokers to ask.' },
    {
      name: 'bootstrap-controller',
      summary: 'The controllers to ask.',
      argument: { name: 'controller to connect to' },
    },
    COMMAND_CONFIG,
    { name: 'alter', summary: 'Change settings.' },
    { name: 'describe', summary: 'Show settings.' },
    { name: 'all', summary: 'With --describe: all settings, and not only those that were changed.' },
    {
      name: 'entity-type',
      summary: `What they are the settings of: ${ENTITY_TYPES.join(', ')}. Users and clients may be given together.`,
      argument: {},
    },
    {
      name: 'entity-name',
      summary: 'Its name: of a topic, user, client or group, the id of a broker, an address.',
      argument: {},
    },
    {
      name: 'entity-default',
      summary: 'In place of a name: what counts for all that have no settings of their own.',
    },
    {
      name: 'add-config',
      summary: `Settings to change, as in 'k1=v1,k2=[v1,v2]'; values with commas in brackets. docs/configuration.md has their names.`,
      argument: {},
    },
    {
      name: 'add-config-file',
      summary: 'A file of properties with the settings to change.',
      argument: {},
    },
    {
      name: 'delete-config',
      summary: "Settings to take back, as in 'k1,k2'.",
      argument: { separator: ',' },
    },
    ...BY_NAME.map(({ name, type }) => ({
      name,
      summary: `Short for --entity-type ${type} --entity-name.`,
      argument: {},
    })),
    ...BY_DEFAULT.map(({ name, type }) => ({
      name,
      summary: `Short for --entity-type ${type} --entity-default.`,
    })),
  ],
  async run(context, options) {
    checkOptions(options);
    const subject = subjectOf(options);
    const brokers = options.get('bootstrap-server') ?? options.get('bootstrap-controller')!;
    const admin = await context.admin({ brokers, configFile: options.get('command-config') });
    if (options.has('alter')) {
      const { alterConfigs } = await import('./configs-alter.ts');
      await alterConfigs(admin, options, context, subject);
    } else {
      const { describeConfigs } = await import('./configs-describe.ts');
      await describeConfigs(admin, options, context, subject);
    }
    return 0;
  },
  failed(context, error, words) {
    if (!(error instanceof KafkaError) && !isUnexpected(error)) {
      context.err(javaMessage(error));
    } else {
      context.err(`Error while executing config command with args '${words.map(withoutSecrets).join(' ')}'`);
      const isAnswer = error instanceof KafkaError;
      context.err(`${isAnswer ? 'java.util.concurrent.ExecutionException: ' : ''}${javaTrace(error)}`);
    }
    return 1;
  },
};

/** What Kafka's tool tells with a stack trace. */
function isUnexpected(error: unknown): boolean {
  const name = javaName(error);
  return !EXPECTED.some((expected) => name.startsWith(expected));
}

const EXPECTED = [
  'java.lang.IllegalArgumentException',
  'java.lang.NumberFormatException',
  'org.apache.kafka.common.errors.InvalidConfigurationException',
  'joptsimple.',
];

function checkOptions(options: ToolOptions): void {
  if (options.has('alter') === options.has('describe'))
    throw new UsageProblem('Command must include exactly one action: --describe, --alter');
  refuseOptions(options, 'describe', ['alter', 'add-config', 'delete-config']);
  const { types, names } = subjectOf(options);
  const twice = types.filter((type, index) => types.indexOf(type) !== index);
  if (twice.length > 0) throw illegalArgument(`Duplicate entity type(s) specified: ${twice.join(',')}`);
  for (const type of types) {
    if ((ENTITY_TYPES as readonly string[]).includes(type)) continue;
    throw illegalArgument(
      `Invalid entity type ${type}, the entity type must be one of ${ENTITY_TYPES.join(', ')} with a --bootstrap-server or --bootstrap-controller argument`,
    );
  }
  if (types.length === 0) throw illegalArgument('At least one entity type must be specified');
  if (types.length > 1 && types.some((type) => type !== 'users' && type !== 'clients'))
    throw illegalArgument("Only 'users' and 'clients' entity types may be specified together");
  const isGeneral = ['entity-name', 'entity-type', 'entity-default'].some((name) => options.has(name));
  if (isGeneral && [...BY_NAME, ...BY_DEFAULT].some(({ name }) => options.has(name))) {
    throw illegalArgument(
      '--entity-{type,name,default} should not be used in conjunction with specific entity flags',
    );
  }
  if (!options.has('bootstrap-server') && !options.has('bootstrap-controller')) {
    throw illegalArgument('Either --bootstrap-server or --bootstrap-controller must be specified.');
  }
  if (options.has('bootstrap-server') && options.has('bootstrap-controller'))
    throw illegalArgument('Only one of --bootstrap-server or --bootstrap-controller can be specified');
  checkNames(options, types, names);
  const hasName = names.some((name) => name !== '');
  if (options.has('describe')) checkDescribe(options, types, hasName);
  else checkAlter(options, types, hasName, names.includes(''));
}

function checkNames(options: ToolOptions, types: readonly string[], names: readonly string[]): void {
  if (!names.some((name) => name !== '')) return;
  const [type = ''] = types;
  if (types.includes('brokers') || types.includes('broker-loggers')) {
    for (const id of valuesOf(options, 'entity-name', 'broker', 'broker-logger')) {
      if (/^[+-]?\d+$/.test(id)) continue;
      throw illegalArgument(
        `The entity name for ${type} must be a valid integer broker id, but it is: ${id}`,
      );
    }
  }
  if (types.includes('ips')) {
    for (const address of valuesOf(options, 'entity-name', 'ip')) {
      if (/^([\w.-]+|[\da-fA-F:.]+)$/.test(address)) continue;
      throw illegalArgument(
        `The entity name for ${type} must be a valid IP or resolvable host, but it is: ${address}`,
      );
    }
  }
}

function valuesOf(options: ToolOptions, ...names: readonly string[]): string[] {
  return names.flatMap((name) => (options.has(name) ? [options.get(name)!] : []));
}

const WITH_DEFAULTS = ['users', 'clients', 'brokers', 'ips'];

function checkDescribe(options: ToolOptions, types: readonly string[], hasName: boolean): void {
  if (options.has('entity-default') && !types.some((type) => WITH_DEFAULTS.includes(type)))
    throw illegalArgument(`--entity-default must not be specified with --describe of ${types.join(',')}`);
  if (types.includes('broker-loggers') && !hasName)
    throw illegalArgument(`An entity name must be specified with --describe of ${types.join(',')}`);
}

function checkAlter(
  options: ToolOptions,
  types: readonly string[],
  hasName: boolean,
  hasDefault: boolean,
): void {
  if (types.some((type) => WITH_DEFAULTS.includes(type))) {
    if (!hasName && !hasDefault) {
      throw illegalArgument(
        'An entity-name or default entity must be specified with --alter of users, clients, brokers or ips',
      );
    }
  } else if (!hasName) {
    throw illegalArgument(`An entity name must be specified with --alter of ${types.join(',')}`);
  }
  if (options.has('add-config') && options.has('add-config-file'))
    throw illegalArgument('Only one of --add-config or --add-config-file must be specified');
  if (!['add-config', 'add-config-file', 'delete-config'].some((name) => options.has(name))) {
    throw illegalArgument(
      'At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter',
    );
  }
}
