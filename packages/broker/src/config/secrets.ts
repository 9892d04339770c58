// Where the secrets of a configuration stand, and who else on this machine can see them there.

import type { Disk } from '@moldau/io';
import { type ConfigDefinition, isSensitive } from './definition.ts';
import { groupConfigDefinitions } from './definitions/group.ts';
import { topicConfigDefinitions } from './definitions/topic.ts';
import { brokerDefinition } from './listener-configs.ts';

type Values = ReadonlyMap<string, string>;

/** Keys that name a file with a private key or the like. */
const SECRET_FILE_KEYS =
  /(^|\.)(ssl\.keystore\.location|sasl\.oauthbearer\.assertion\.(file|private\.key\.file))$/;
/** Containers get their secrets there, readable by all; but nobody else is in a container. */
const CONTAINER_SECRETS = /^(\/var)?\/run\/secrets\//;

/** Whether the value of a config may be shown to nobody: a password, or something nobody knows, as in Kafka. */
export function isSecretName(name: string): boolean {
  const tables: Readonly<Record<string, ConfigDefinition>>[] = [
    topicConfigDefinitions,
    groupConfigDefinitions,
  ];
  // A name that every object has, like constructor, is in no table.
  const definition = brokerDefinition(name) ?? tables.find((table) => Object.hasOwn(table, name))?.[name];
  return definition === undefined || isSensitive(definition);
}

/** One line for each secret that the list of processes shows. */
export function commandLineSecretWarnings(commandLine: Values): string[] {
  return secretsIn(commandLine).map(
    (key) =>
      `${key} stands on the command line, where every user of this machine can read it: put it into the file of --config, or write --set '${key}=\${file:/path/of/a/file}'`,
  );
}

/** A file with secrets that is open to every user of this machine. */
export interface PublicSecret {
  readonly problem: string;
  /** The command that closes it. */
  readonly mend: string;
}

export async function publicSecrets(
  config: {
    readonly values: Values;
    /** Those that values refer to. */
    readonly files: readonly string[];
    readonly configFile?: { readonly path: string; readonly values: Values };
  },
  disk: Pick<Disk, 'publicAccess'>,
): Promise<PublicSecret[]> {
  const contents = new Map<string, string>();
  const secrets = secretsIn(config.configFile?.values ?? new Map());
  if (secrets.length > 0) contents.set(config.configFile!.path, secrets.join(', '));
  for (const path of config.files) contents.set(path, 'secrets of the configuration');
  for (const [key, path] of config.values) if (SECRET_FILE_KEYS.test(key)) contents.set(path.trim(), key);
  const found = [...contents].map(async ([path, content]) => {
    if (CONTAINER_SECRETS.test(path)) return [];
    const { read, write } = await disk.publicAccess(path);
    if (!read && !write) return [];
    const problem = `every user of this machine can ${read ? 'read' : 'change'} ${path}, which holds ${content}`;
    return [{ problem, mend: `chmod 600 ${path}` }];
  });
  return (await Promise.all(found)).flat();
}

/** The keys whose secret stands there itself. */
function secretsIn(values: Values): string[] {
  return [...values].flatMap(([key, text]) => {
    const definition = brokerDefinition(key);
    const refersElsewhere = /\$\{\w+:[^}]*\}/.test(text);
    return definition !== undefined && isSensitive(definition) && !refersElsewhere ? [key] : [];
  });
}
