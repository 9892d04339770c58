// Named clusters, kept in one YAML file: where each is and how to log in, and which one is meant when nothing is said.

import { dirname, join } from 'node:path';
import type { Disk } from '@moldau/io';
import { CommandError, UsageError } from '../command-line/errors.ts';

export interface Profile {
  readonly brokers?: string;
  /** By Kafka's or librdkafka's names. */
  readonly properties?: Readonly<Record<string, string>>;
}

export interface Profiles {
  /** Used when no profile is named. */
  readonly current?: string | undefined;
  readonly profiles: Readonly<Record<string, Profile>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** $MOLDAU_CONFIG, else config.yaml in the folder moldau of $XDG_CONFIG_HOME or ~/.config. */
export function profilesPath(environment: Environment): string {
  if (environment.MOLDAU_CONFIG) return environment.MOLDAU_CONFIG;
  const folder = environment.XDG_CONFIG_HOME || join(environment.HOME ?? '.', '.config');
  return join(folder, 'moldau', 'config.yaml');
}

/** None when there is no file. */
export async function readProfiles(
  environment: Environment,
  disk: Pick<Disk, 'readFile'>,
): Promise<Profiles> {
  const path = profilesPath(environment);
  let text: string;
  try {
    text = (await disk.readFile(path)).toString('utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { profiles: {} };
    throw error;
  }
  const { parse } = await import('yaml');
  try {
    return checked(parse(text) ?? {});
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** For its owner alone, as passwords may be in it. */
export async function writeProfiles(
  profiles: Profiles,
  environment: Environment,
  disk: Pick<Disk, 'makeDirectory' | 'replaceFile'>,
): Promise<void> {
  const path = profilesPath(environment);
  const { stringify } = await import('yaml');
  try {
    await disk.makeDirectory(dirname(path));
    await disk.replaceFile(path, Buffer.from(stringify(profiles)), 'owner');
  } catch (error) {
    throw new CommandError(`${path} cannot be written: ${error instanceof Error ? error.message : error}`);
  }
}

function checked(value: unknown): Profiles {
  const { current, profiles = {} } = objectOf(value, 'the file');
  if (current !== undefined && typeof current !== 'string') throw new Error('current names a profile');
  const read: Record<string, Profile> = {};
  for (const [name, profile] of Object.entries(objectOf(profiles, 'profiles'))) {
    const { brokers, properties = {} } = objectOf(profile, `the profile ${name}`);
    if (brokers !== undefined && typeof brokers !== 'string')
      throw new Error(`brokers of the profile ${name} are a text, as in localhost:9092`);
    const texts = Object.entries(objectOf(properties, `properties of ${name}`)).map(
      ([key, text]) => [key, String(text)] as const,
    );
    read[name] = { ...(brokers === undefined ? {} : { brokers }), properties: Object.fromEntries(texts) };
  }
  return { current, profiles: read };
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new Error(`${what} should be a mapping of names to values`);
}
