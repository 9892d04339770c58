// `moldau security check`: says what an outsider could do to a broker with this configuration, and what mends it.
//
// It works from the configuration alone; where a broker answers at the listeners' addresses, it is also asked as a stranger would.
// The exit code is 1 when there is something to mend, and 2 when the command line is wrong.

import {
  authenticates,
  type BrokerConfig,
  isLoopback,
  type LoadedConfig,
  readTlsSettings,
} from '@moldau/broker';
import {
  type Clock,
  type Disk,
  type Network,
  nodeClock,
  nodeDisk,
  nodeNetwork,
  nodeTimers,
  type Timers,
  type TlsClientOptions,
} from '@moldau/io';
import { print } from '../output/print.ts';
import { type ConfigFlags, readConfig } from '../read-config.ts';
import { probe } from '../security/probe.ts';
import { type Finding, powersOf, type ReviewedListener, review } from '../security/review.ts';
import { explainStartError, startExitCode } from '../start-errors.ts';

export interface SecurityCheckFlags extends ConfigFlags {
  readonly output?: string;
}

/** What the command needs of the process it runs in. */
export interface SecurityCheckWorld {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly disk: Disk;
  readonly network: Pick<Network, 'dial'>;
  readonly timers: Timers;
  readonly clock: Pick<Clock, 'wallMs'>;
  print(text: string): void;
  /** One line to standard error, without its end. */
  tell(line: string): void;
  exit(code: number): void;
}

const EXIT_FINDINGS = 1;
const EXIT_USAGE = 2;
const OUTPUTS = ['text', 'json'];

export async function runSecurityCheck(
  flags: SecurityCheckFlags,
  world: SecurityCheckWorld = processWorld(),
): Promise<void> {
  const { output = 'text' } = flags;
  if (!OUTPUTS.includes(output)) {
    world.tell(
      `moldau: Invalid value ${JSON.stringify(output)} for --output: expected one of ${OUTPUTS.join(', ')}`,
    );
    return world.exit(EXIT_USAGE);
  }
  try {
    const loaded = await readConfig(flags, world.environment);
    const listeners = await Promise.all(
      loaded.config.listeners.map((listener) => examine(listener, loaded.config, world)),
    );
    const findings = review({
      config: loaded.config,
      listeners,
      publicSecrets: loaded.publicSecrets,
      publicDataFolders: await publicFolders(loaded, world.disk),
      nowMs: world.clock.wallMs(),
    });
    world.print(output === 'json' ? asJson(listeners, findings) : asText(listeners, findings));
    if (findings.some(({ severity }) => severity !== 'low')) world.exit(EXIT_FINDINGS);
  } catch (error) {
    for (const line of explainStartError(error)) world.tell(`moldau: ${line}`);
    world.exit(startExitCode(error));
  }
}

async function examine(
  listener: BrokerConfig['listeners'][number],
  config: BrokerConfig,
  { disk, network, timers }: SecurityCheckWorld,
): Promise<ReviewedListener> {
  const { name, host, port, protocol } = listener;
  const security = config.listenerSecurity(name);
  const isEncrypted = protocol === 'SSL' || protocol === 'SASL_SSL';
  const settings = isEncrypted ? await readTlsSettings(security, disk) : undefined;
  const tls: TlsClientOptions | undefined = settings && {
    // Whoever shows this certificate is the broker; what a stranger would think of it is not the question.
    trusted: settings.options.certificates.match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----\n?/g) ?? [],
    serverName: nameIn(settings.certificate.subjectAltName) ?? 'localhost',
  };
  const dialled = { host: host === '' ? '127.0.0.1' : host, port };
  return {
    ...{ name, protocol },
    address: printedAddress(host, port),
    mechanisms: protocol.startsWith('SASL') ? security.mechanisms : [],
    clientCertificates: isEncrypted ? security.get('ssl.client.auth') : 'none',
    isLocal: isLoopback(host),
    authenticates: authenticates(config, listener),
    certificateEndsMs: settings?.certificate.validToDate.getTime(),
    probe: port === 0 ? undefined : await probe(dialled, tls, { network, timers }),
  };
}

function nameIn(alternativeNames: string | undefined): string | undefined {
  return /DNS:([\w.-]+)/.exec(alternativeNames ?? '')?.[1];
}

async function publicFolders({ config }: LoadedConfig, disk: Disk): Promise<string[]> {
  const folders = await Promise.all(
    config.logDirs.map(async (folder) => ((await disk.publicAccess(folder)).read ? [folder] : [])),
  );
  return folders.flat();
}

function asJson(listeners: readonly ReviewedListener[], findings: readonly Finding[]): string {
  const shown = listeners.map(({ certificateEndsMs, ...listener }) => ({
    ...listener,
    certificateEnds: certificateEndsMs === undefined ? null : new Date(certificateEndsMs).toISOString(),
  }));
  return `${JSON.stringify({ listeners: shown, findings }, undefined, 2)}\n`;
}

function asText(listeners: readonly ReviewedListener[], findings: readonly Finding[]): string {
  const lines = listeners.map(
    (listener) => `${listener.name} on ${listener.address}: ${described(listener)}\n`,
  );
  const paragraphs = findings.map(
    ({ severity, subject, problem, mend }) =>
      `\n${severity.toUpperCase()}  ${subject}: ${problem}\n  mend it: ${mend}\n`,
  );
  const count = findings.filter(({ severity }) => severity !== 'low').length;
  const verdict = count === 0 ? 'Nothing to mend.' : `${count} to mend.`;
  return `${lines.join('')}${paragraphs.join('')}\n${verdict}\n`;
}

function described({
  protocol,
  mechanisms,
  clientCertificates,
  authenticates,
  certificateEndsMs,
  probe,
}: ReviewedListener): string {
  const encryption =
    certificateEndsMs === undefined
      ? 'not encrypted'
      : `encrypted (its certificate ends on ${new Date(certificateEndsMs).toISOString().slice(0, 10)})`;
  const logins = protocol.startsWith('SASL')
    ? `login with ${mechanisms.join(', ')}`
    : authenticates
      ? 'client certificates are required'
      : `no login${clientCertificates === 'requested' ? ', client certificates only requested' : ''}`;
  return `${encryption}, ${logins}; ${answered(probe)}`;
}

function answered(probe: ReviewedListener['probe']): string {
  if (probe === undefined) return 'its port is chosen at the start, so nobody could be asked';
  if (probe.outcome === 'closed') return 'asked now: a stranger is sent away';
  if (probe.outcome === 'open') return `asked now: a stranger may ${powersOf(probe)}`;
  return `no broker of this configuration answers there now (${probe.reason})`;
}

function printedAddress(host: string, port: number): string {
  const shown = host === '' ? '0.0.0.0' : host;
  return shown.includes(':') ? `[${shown}]:${port}` : `${shown}:${port}`;
}

function processWorld(): SecurityCheckWorld {
  return {
    environment: process.env,
    ...{ disk: nodeDisk, network: nodeNetwork, timers: nodeTimers, clock: nodeClock },
    print,
    tell(line) {
      process.stderr.write(`${line}\n`);
    },
    exit(code) {
      process.exitCode = code;
    },
  };
}
