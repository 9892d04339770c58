// Where the cluster is and how to log in, from four places: flags win over the environment, which wins over the profile; then the defaults.

import type { Properties } from '@moldau/client';
import type { Disk } from '@moldau/io';
import { UsageError } from '../command-line/errors.ts';
import { type Profile, readProfiles } from './profiles.ts';
import { parseProperties } from './properties-file.ts';
import { withFilesRead } from './store-files.ts';

export const DEFAULT_BROKERS = '127.0.0.1:9092';

export interface ConnectionFlags {
  readonly brokers?: string;
  readonly profile?: string;
  /** 'name=value', Kafka's and librdkafka's names. */
  readonly X?: readonly string[];
  /** A file of such lines. */
  readonly clientConfig?: string;
}

export interface ConnectionSettings {
  readonly brokers: string;
  readonly properties: Properties;
  /** The profile in use; undefined: none. */
  readonly profileName: string | undefined;
}

export async function connectionSettings(
  flags: ConnectionFlags,
  environment: Readonly<Record<string, string | undefined>>,
  disk: Pick<Disk, 'readFile'>,
): Promise<ConnectionSettings> {
  const { name, profile } = await chosenProfile(flags, environment, disk);
  const file =
    flags.clientConfig === undefined
      ? {}
      : parseProperties((await disk.readFile(flags.clientConfig)).toString('utf8'), flags.clientConfig);
  const given = { ...file, ...ofFlags(flags.X ?? []) };
  const surrounding = { ...profile.properties, ...ofEnvironment(environment) };
  const {
    'bootstrap.servers': _servers,
    'metadata.broker.list': _list,
    ...properties
  }: Record<string, string> = { ...surrounding, ...given };
  const places: readonly (readonly [place: string, brokers: string | undefined])[] = [
    ['--brokers', flags.brokers],
    ['bootstrap.servers', serversOf(given)],
    ['MOLDAU_BROKERS', environment.MOLDAU_BROKERS],
    ['bootstrap.servers', serversOf(surrounding)],
    [`the profile ${name}`, profile.brokers],
  ];
  const [place, brokers = DEFAULT_BROKERS] = places.find(([, brokers]) => brokers !== undefined) ?? [];
  // What a script has put there may be empty, which is no wish for the default.
  if (/^[\s,]*$/.test(brokers))
    throw new UsageError(
      `${place} names no broker: say where some are with -b or MOLDAU_BROKERS, as in -b ${DEFAULT_BROKERS}`,
    );
  return {
    brokers,
    properties: await withFilesRead(properties, disk),
    profileName: name,
  };
}

/** By Kafka's name or librdkafka's. */
function serversOf(properties: Readonly<Record<string, string>>): string | undefined {
  return properties['bootstrap.servers'] ?? properties['metadata.broker.list'];
}

async function chosenProfile(
  flags: ConnectionFlags,
  environment: Readonly<Record<string, string | undefined>>,
  disk: Pick<Disk, 'readFile'>,
): Promise<{ name: string | undefined; profile: Profile }> {
  const wanted = flags.profile ?? environment.MOLDAU_PROFILE;
  const { current, profiles } = await readProfiles(environment, disk);
  const name = wanted ?? current;
  const profile = name === undefined ? {} : profiles[name];
  if (profile !== undefined) return { name, profile };
  const known = Object.keys(profiles);
  throw new UsageError(
    `there is no profile ${name}; ${known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`}: \`moldau profile set ${name} --brokers HOST:PORT\` makes it`,
  );
}

const PREFIX = 'MOLDAU_X_';

/** MOLDAU_X_SASL_PASSWORD is sasl.password. */
function ofEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (name.startsWith(PREFIX) && value !== undefined)
      properties[name.slice(PREFIX.length).toLowerCase().replaceAll('_', '.')] = value;
  }
  return properties;
}

function ofFlags(texts: readonly string[]): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at <= 0)
      throw new UsageError(`-X takes name=value, as in -X security.protocol=ssl, and was given ${text}`);
    properties[text.slice(0, at).trim()] = text.slice(at + 1);
  }
  return properties;
}
