// kafka-features: what the cluster has agreed on, raising and lowering it, and what goes with what.

import type { Admin, FeatureUpdate } from '@moldau/client';
import { argumentTool } from './argument-tool.ts';
import {
  ArgumentError,
  type ArgumentGroup,
  type ArgumentSpec,
  type Arguments,
  option,
  type ParserSpec,
} from './arguments.ts';
import {
  defaultLevel,
  FEATURES,
  LATEST_RELEASE,
  METADATA_VERSION,
  metadataVersionLevel,
  metadataVersionName,
} from './feature-levels.ts';
import { eachOutcome, illegalArgument, JavaError, javaMessage } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';

const CONNECTION: ArgumentGroup = { isExclusive: true };

const LEVELS: readonly ArgumentSpec[] = [
  option('metadata', '(DEPRECATED) The metadata.version, as in 4.0-IV3.'),
  option('release-version', 'All features as this release has them, as in 4.0.'),
  option('feature', 'A feature and its level, as in metadata.version=25.', { takes: 'append' }),
];
const UNSAFE = option('unsafe', 'Even where something of the metadata is lost.', { takes: 'nothing' });
const DRY_RUN = option('dry-run', 'Only find out whether it could be done.', { takes: 'nothing' });

const PARSER: ParserSpec = {
  program: 'kafka-features',
  description: 'This tool manages feature flags in Kafka.',
  tellsDefaults: true,
  arguments: [
    option('bootstrap-server', 'Where to find the cluster, as in host1:port1,host2:port2.', {
      group: CONNECTION,
    }),
    option('bootstrap-controller', 'The same: a broker of Moldau is its controller as well.', {
      group: CONNECTION,
    }),
    option('command-config', 'A file of properties for the client.'),
  ],
  commands: [
    {
      name: 'describe',
      help: 'Show what is on, and what could be.',
      arguments: [option('node-id', 'The broker to ask.', { type: 'Integer' })],
    },
    { name: 'upgrade', help: 'Raise features.', arguments: [...LEVELS, DRY_RUN] },
    { name: 'downgrade', help: 'Lower features.', arguments: [...LEVELS, UNSAFE, DRY_RUN] },
    {
      name: 'disable',
      help: 'Turn features off.',
      arguments: [option('feature', 'The feature.', { takes: 'append' }), UNSAFE, DRY_RUN],
    },
    {
      name: 'version-mapping',
      help: 'Show the levels of features that go with a release.',
      arguments: [
        option('release-version', `The release; from 3.3-IV3 on, and ${LATEST_RELEASE} where none is named.`),
      ],
    },
    {
      name: 'feature-dependencies',
      help: 'Show what levels of features need.',
      arguments: [
        option('feature', 'A feature and its level, as in metadata.version=25.', {
          takes: 'append',
          isRequired: true,
        }),
      ],
    },
  ],
};

export const features = argumentTool({
  name: 'kafka-features',
  parser: PARSER,
  helpExitCode: 0,
  async run(context, given) {
    if (given.command === 'version-mapping') showMapping(context, given.text('release-version'));
    else if (given.command === 'feature-dependencies') showDependencies(context, given.texts('feature')!);
    else if (given.command === 'describe') await describe(context, given);
    else await change(context, given.command as Operation, given);
    return 0;
  },
  failed(context, error) {
    if (error instanceof ArgumentError)
      context.stderr.write(`Command line error: ${error.message}. Type --help for help.`);
    else context.err(javaMessage(error));
    return 1;
  },
});

/** An error of which only the message is told. */
function problem(message: string): JavaError {
  return new JavaError('org.apache.kafka.tools.TerseException', message);
}

async function adminOf(context: ToolContext, given: Arguments): Promise<Admin> {
  const brokers = given.text('bootstrap-server') ?? given.text('bootstrap-controller');
  if (brokers !== undefined)
    return await context.admin({ brokers, configFile: given.text('command-config') });
  throw new ArgumentError('You must specify either --bootstrap-controller or --bootstrap-server.');
}

function showMapping({ out }: ToolContext, release = LATEST_RELEASE): void {
  const level = metadataVersionLevel(release);
  out(`${METADATA_VERSION}=${level} (${release})`);
  for (const feature of FEATURES) out(`${feature.name}=${defaultLevel(feature, level)}`);
}

function showDependencies({ out }: ToolContext, asked: readonly string[]): void {
  for (const text of asked) {
    const { feature: name, level } = featureAndLevel(text);
    if (name === METADATA_VERSION) {
      const release = metadataVersionName(level);
      if (release === undefined) throw problem(`Unknown metadata.version ${level}`);
      out(`${name}=${level} (${release}) has no dependencies.`);
      continue;
    }
    const feature = FEATURES.find((each) => each.name === name);
    if (feature === undefined) throw problem(`Unknown feature: ${name}`);
    if (level < 0 || level > feature.latestLevel)
      throw illegalArgument(`No feature:${name} with feature level ${level}`);
    if (feature.needs === undefined || level < feature.latestLevel) {
      out(`${name}=${level} has no dependencies.`);
    } else {
      out(`${name}=${level} requires:`);
      out(`    ${METADATA_VERSION}=${feature.needs} (${metadataVersionName(feature.needs)})`);
    }
  }
}

async function describe(context: ToolContext, given: Arguments): Promise<void> {
  const admin = await adminOf(context, given);
  const nodeId = given.number('node-id');
  if (nodeId !== undefined && nodeId < 0)
    throw illegalArgument(`Invalid node id ${nodeId}: must be non-negative.`);
  const { supported, finalized, finalizedEpoch } = await admin.features.describe({
    ...(nodeId !== undefined && { brokerId: nodeId }),
  });
  const shown = (feature: string, level: number): string => {
    if (feature !== METADATA_VERSION) return String(level);
    return metadataVersionName(level) ?? `UNKNOWN ${level}`;
  };
  for (const [feature, { minLevel, maxLevel }] of [...supported].sort(([one], [other]) =>
    one < other ? -1 : 1,
  )) {
    const now = finalized.get(feature)?.maxLevel ?? 0;
    const [min, max, level] = [minLevel, maxLevel, now].map((each) => shown(feature, each).padEnd(15));
    context.out(
      `Feature: ${feature.padEnd(40)}  SupportedMinVersion: ${min}  SupportedMaxVersion: ${max}  FinalizedVersionLevel: ${level}  Epoch: ${finalizedEpoch ?? '-'}`,
    );
  }
}

type Operation = 'upgrade' | 'downgrade' | 'disable';

async function change(context: ToolContext, operation: Operation, given: Arguments): Promise<void> {
  const admin = await adminOf(context, given);
  const updates = operation === 'disable' ? disablings(given) : levelChanges(context, operation, given);
  if (updates.size === 0) throw problem(`You must specify at least one feature to ${operation}`);
  const asked = [...updates.values()].sort((one, other) => (one.feature < other.feature ? -1 : 1));
  const isDryRun = given.isGiven('dry-run');
  const outcomes = await eachOutcome(asked.length, () =>
    admin.features.update(asked, { validateOnly: isDryRun }),
  );
  let failures = 0;
  for (const [index, { feature, level }] of asked.entries()) {
    const error = outcomes[index];
    const isOff = operation === 'disable';
    if (error === undefined) {
      const done = isOff ? 'disabled.' : `${operation}d to ${level}.`;
      context.out(`${feature}${isDryRun ? ' can be ' : ' was '}${done}`);
    } else {
      failures++;
      const undone = isOff ? `disable ${feature}` : `${operation} ${feature} to ${level}`;
      context.out(`${isDryRun ? 'Can not ' : 'Could not '}${undone}. ${javaMessage(error)}`);
    }
  }
  if (failures > 0) throw problem(`${failures} out of ${asked.length} operation(s) failed.`);
}

type Updates = Map<string, FeatureUpdate>;

function downgradeType(given: Arguments): 'safe-downgrade' | 'unsafe-downgrade' {
  return given.isGiven('unsafe') ? 'unsafe-downgrade' : 'safe-downgrade';
}

function disablings(given: Arguments): Updates {
  const updates: Updates = new Map();
  for (const feature of given.texts('feature') ?? [])
    addOnce(updates, { feature, level: 0, type: downgradeType(given) });
  return updates;
}

function levelChanges({ out }: ToolContext, operation: Operation, given: Arguments): Updates {
  const [release, metadata, named] = [
    given.text('release-version'),
    given.text('metadata'),
    given.texts('feature'),
  ];
  const type = operation === 'upgrade' ? 'upgrade' : downgradeType(given);
  if (release !== undefined && (metadata !== undefined || named !== undefined))
    throw problem('Can not specify `release-version` with other feature flags.');
  const updates: Updates = new Map();
  const set = (feature: string, level: number): void => void updates.set(feature, { feature, level, type });
  if (release !== undefined) {
    const version = metadataVersionLevel(release);
    set(METADATA_VERSION, version);
    for (const feature of FEATURES) {
      const level = defaultLevel(feature, version);
      if (type !== 'upgrade' || level > 0) set(feature.name, level);
    }
  }
  if (metadata !== undefined) {
    out(' `metadata` flag is deprecated and may be removed in a future release.');
    set(METADATA_VERSION, metadataVersionLevel(metadata));
  }
  for (const text of named ?? []) addOnce(updates, { ...featureAndLevel(text), type });
  return updates;
}

function addOnce(updates: Updates, update: FeatureUpdate): void {
  if (updates.has(update.feature)) throw problem(`Feature ${update.feature} was specified more than once.`);
  updates.set(update.feature, update);
}

const MOST = 32_767;

function featureAndLevel(text: string): { feature: string; level: number } {
  const at = text.indexOf('=');
  if (at < 0) throw problem(`Can't parse feature=level string ${text}: equals sign not found.`);
  const level = text.slice(at + 1).trim();
  if (!/^[+-]?\d+$/.test(level) || Math.abs(Number(level)) > MOST)
    throw problem(`Can't parse feature=level string ${text}: unable to parse ${level} as a short.`);
  return { feature: text.slice(0, at).trim(), level: Number(level) };
}
