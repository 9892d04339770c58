// The configuration as the flags, the environment and the file say it.

import { type LoadedConfig, loadConfig } from '@moldau/broker';
import { nodeDisk } from '@moldau/io';
import { hostIdentity } from './host-identity.ts';

export interface ConfigFlags {
  readonly config?: string;
  readonly listen?: string;
  readonly data?: string;
  readonly set?: readonly string[];
}

/** Rejects with a ConfigError, or with Node's error of the file. */
export async function readConfig(
  flags: ConfigFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<LoadedConfig> {
  const path = flags.config;
  const file =
    path === undefined ? undefined : { path, text: (await nodeDisk.readFile(path)).toString('utf8') };
  return loadConfig({
    listen: flags.listen,
    data: flags.data,
    settings: flags.set ?? [],
    environment,
    file,
    identity: hostIdentity(),
    disk: nodeDisk,
  });
}
