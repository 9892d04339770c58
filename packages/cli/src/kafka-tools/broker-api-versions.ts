// kafka-broker-api-versions: what each broker speaks, and what of it this client does.

import type { Admin } from '@moldau/client';
import { JavaError } from './java-errors.ts';
import { type KafkaTool, requireOptions } from './kafka-tool.ts';
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './tool-options.ts';

interface Api {
  readonly key: number;
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly isForClients: boolean;
}

export const brokerApiVersions: KafkaTool = {
  name: 'kafka-broker-api-versions',
  purpose: 'This tool helps to retrieve broker version information.',
  options: [BOOTSTRAP_SERVER, COMMAND_CONFIG],
  async run(context, given) {
    requireOptions(given, 'bootstrap-server');
    const brokers = given.get('bootstrap-server')!;
    const admin = await context.admin({ brokers, configFile: given.get('command-config') });
    const described = await describeBrokers(admin, brokers);
    const [answers, known] = await Promise.all([admin.cluster.apiVersions(), knownApis()]);
    for (const { brokerId, apis } of answers) {
      const broker = described.find(({ id }) => id === brokerId);
      if (broker === undefined) continue;
      const { host, port, rack = 'null' } = broker;
      const lines = linesOf(apis, known);
      context.out(
        `${host}:${port} (id: ${brokerId} rack: ${rack} isFenced: false) -> (\n\t${lines.join(',\n\t')}\n)`,
      );
    }
    return 0;
  },
};

/** Whoever asks what a broker speaks wants to hear soon that none is there. */
const TIMEOUT_MS = 5_000;

async function describeBrokers(admin: Admin, servers: string) {
  try {
    return (await admin.cluster.describe({ timeoutMs: TIMEOUT_MS })).brokers;
  } catch (error) {
    const bootstrap = servers
      .split(',')
      .map((server, index) => `${server} (id: ${-1 - index} rack: null isFenced: false)`);
    throw new JavaError(
      'java.lang.RuntimeException',
      `Request METADATA failed on brokers [${bootstrap.join(', ')}]`,
      error,
    );
  }
}

/** Those that brokers speak to each other are told of only where a broker names them. */
const BETWEEN_BROKERS: ReadonlySet<number> = new Set([
  ...[4, 5, 6, 7, 52, 53, 54, 56, 58, 59, 62, 63, 67, 70, 73, 82],
]);

async function knownApis(): Promise<ReadonlyMap<number, Api>> {
  const { apis } = await import('@moldau/protocol/apis');
  return new Map(
    apis.map(({ key, name, request }) => [
      key,
      {
        ...{ key, name, isForClients: !BETWEEN_BROKERS.has(key) },
        ...{ minVersion: request.versions.min, maxVersion: request.versions.max },
      },
    ]),
  );
}

interface Offered {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** In the order of the keys; also of what the broker does not offer. */
function linesOf(offered: readonly Offered[], known: ReadonlyMap<number, Api>): string[] {
  const lines = new Map(offered.map((each) => [each.apiKey, offeredLine(each, known.get(each.apiKey))]));
  for (const { key, name, isForClients } of known.values())
    if (isForClients && !lines.has(key)) lines.set(key, `${name}(${key}): UNSUPPORTED`);
  return [...lines].sort(([one], [other]) => one - other).map(([, line]) => line);
}

function offeredLine({ apiKey, minVersion, maxVersion }: Offered, api: Api | undefined): string {
  const versions = minVersion === maxVersion ? `${minVersion}` : `${minVersion} to ${maxVersion}`;
  const start = `${api?.name ?? 'UNKNOWN'}(${apiKey}): ${versions}`;
  if (api === undefined) return start;
  if (api.maxVersion < minVersion) return `${start} [unusable: node too new]`;
  if (maxVersion < api.minVersion) return `${start} [unusable: node too old]`;
  return `${start} [usable: ${Math.min(api.maxVersion, maxVersion)}]`;
}
