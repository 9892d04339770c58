// `moldau doctor`: gathers facts, checks them, and prints what is to be mended.

import { hostname } from 'node:os';
import { addressText, isClientProperty, KafkaError, openAdmin, parseAddresses } from '@moldau/client/admin';
import type { CommandArguments, CommandContext, CommandOptions } from '../command-line/command.ts';
import { EXIT_CODES } from '../command-line/exit-codes.ts';
import { inOwnWords } from '../command-line/own-words.ts';
import { type ConnectionFlags, type ConnectionSettings, connectionSettings } from '../connection/settings.ts';
import { splitAddress } from '../doctor/address.ts';
import { checkBootstrap } from '../doctor/check-bootstrap.ts';
import { checkClusters } from '../doctor/check-clusters.ts';
import { diagnose } from '../doctor/diagnose.ts';
import { checkDiskSpeed, measureDisk } from '../doctor/disk-speed.ts';
import { attemptsOf, explainConnection, isAmbiguous, type WayIn } from '../doctor/explain-connection.ts';
import { type BrokerFacts, type Facts, numberOf } from '../doctor/facts.ts';
import { bySeverity, type Finding, isToMend } from '../doctor/finding.ts';
import { gather } from '../doctor/gather.ts';
import { machineFacts } from '../doctor/gather-machine.ts';
import { lookAtPort } from '../doctor/look-at-port.ts';
import { pasteable } from '../doctor/paste.ts';
import { hostIdentity } from '../host-identity.ts';

const LOOK_MS = 3000;
const BROKER_TIMEOUT_MS = 5000;
/** A broker that is away shows in each of ten thousand topics. */
const MOST_OF_A_KIND = 5;

export async function run(
  context: CommandContext,
  _args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const flags = options as ConnectionFlags;
  const settings = await connectionSettings(flags, context.environment, context.disk);
  const addresses = parseAddresses(settings.brokers).map(addressText);
  const findings: Finding[] = [];
  let facts: Facts | undefined;
  try {
    facts = await examine(context, options, settings, findings);
    findings.push(...diagnose(facts));
    findings.push(
      ...(await checkBootstrap(addresses, context.network)),
      ...(await checkClusters(addresses, facts.brokers, (address) =>
        clusterIdAt(address, settings, context, options),
      )),
    );
    if (options.diskSpeed === true) findings.push(...(await diskSpeeds(context, facts.brokers)));
  } catch (error) {
    if (!(error instanceof KafkaError) || error.code === 'INVALID_OPTIONS' || context.signal.aborted)
      throw error;
    findings.push(...(await explain(context, error, settings)));
  }
  const sorted = pasteable(bySeverity(findings), flags);
  await context.output.thing(report(sorted, facts), () => text(sorted, facts));
  if (sorted.some(isToMend)) context.exitCode(EXIT_CODES.failed);
}

/** Each address by itself: a look at the port tells what the client can only guess. */
async function explain(
  context: CommandContext,
  error: KafkaError,
  settings: ConnectionSettings,
): Promise<Finding[]> {
  const { brokers, properties } = settings;
  const protocol = protocolOf(settings).toLowerCase();
  const mechanism = properties['sasl.mechanism'] ?? properties['sasl.mechanisms'];
  const way: WayIn = {
    isTls: protocol.endsWith('ssl'),
    isLogin: protocol.startsWith('sasl'),
    mechanism: String(mechanism ?? 'GSSAPI').toUpperCase(),
  };
  const authority = properties['ssl.ca.pem'];
  const trusted = authority === undefined ? [] : [String(authority)];
  return await Promise.all(
    attemptsOf(error, brokers).map(async (attempt) => {
      const { host, port } = splitAddress(attempt.address);
      const look =
        isAmbiguous(attempt) && Number.isInteger(port)
          ? await lookAtPort({ host, port }, trusted, context)
          : undefined;
      return explainConnection(attempt, way, look);
    }),
  );
}

/** By a client of its own: one that knew the cluster already would ask any of its brokers. */
async function clusterIdAt(
  address: string,
  { properties }: ConnectionSettings,
  { signal }: CommandContext,
  { timeout }: CommandOptions,
): Promise<string | undefined> {
  const own = Object.entries(properties).filter(([name]) => isClientProperty(name));
  const admin = openAdmin({ brokers: address, properties: Object.fromEntries(own) });
  try {
    const timeoutMs = (timeout as number | undefined) ?? BROKER_TIMEOUT_MS;
    return (await admin.cluster.describe({ signal, timeoutMs })).clusterId;
  } catch (error) {
    if (!(error instanceof KafkaError) || signal.aborted) throw error;
    return undefined;
  } finally {
    await admin.close();
  }
}

function protocolOf({ properties }: ConnectionSettings): string {
  return String(properties['security.protocol'] ?? 'plaintext');
}

async function examine(
  { admin, clock, timers, signal, disk }: CommandContext,
  { look, timeout }: CommandOptions,
  settings: ConnectionSettings,
  findings: Finding[],
): Promise<Facts> {
  const gathered = await gather({
    ...{ admin, clock, timers, signal },
    timeoutMs: (timeout as number | undefined) ?? BROKER_TIMEOUT_MS,
    lookForMs: (look as number | undefined) ?? LOOK_MS,
    missed: (what, error) => findings.push(unseen(what, error)),
  });
  const here = gathered.brokers.filter(({ address }) => isLocal(address));
  const ports = new Set(here.map(({ address }) => splitAddress(address).port));
  const { properties } = settings;
  const [brokers, ...others] = parseAddresses(settings.brokers).map(addressText);
  const limit = properties['max.request.size'] ?? properties['message.max.bytes'];
  return {
    ...gathered,
    clientMaxRequestBytes: numberOf(limit === undefined ? undefined : String(limit)),
    wayIn: others.length > 0 ? undefined : `${protocolOf(settings).toUpperCase()}://${brokers}`,
    machine: here.length > 0 ? await machineFacts(disk, ports) : undefined,
  };
}

function unseen(what: string, error: KafkaError): Finding {
  return {
    ...{ severity: 'note', check: 'not-seen', subject: what, what: inOwnWords(error.message) },
    why: 'what could not be asked was not checked',
    mend: 'a user who may describe the cluster, its topics and groups sees all',
  };
}

/** Whether an address, 'host:port', is one of this machine's. */
function isLocal(address: string): boolean {
  const { host } = splitAddress(address);
  return (
    ['localhost', '::1', hostname()].includes(host) ||
    host.startsWith('127.') ||
    hostIdentity().addresses.includes(host)
  );
}

async function diskSpeeds(
  { disk, clock, tell }: CommandContext,
  brokers: readonly BrokerFacts[],
): Promise<Finding[]> {
  const paths = brokers
    .filter(({ address }) => isLocal(address))
    .flatMap(({ logDirs }) => logDirs.map(({ path }) => path));
  const findings: Finding[] = [];
  for (const path of new Set(paths)) {
    if ((await disk.stat(path)) === undefined) tell(`${path} is not on this machine, so it was not measured`);
    else findings.push(checkDiskSpeed(await measureDisk(path, disk, clock)));
  }
  if (paths.length === 0) tell('no broker is on this machine, so no disk was measured');
  return findings;
}

function report(findings: readonly Finding[], facts: Facts | undefined): unknown {
  return {
    healthy: !findings.some(isToMend),
    looked: facts === undefined ? null : looked(facts),
    findings,
  };
}

function looked({ brokers, topics, groups }: Facts) {
  return { brokers: brokers.length, topics: topics.length, groups: groups.length };
}

function text(findings: readonly Finding[], facts: Facts | undefined): string {
  const counts = new Map<string, number>();
  const paragraphs = findings.flatMap(({ severity, check, subject, what, why, mend }) => {
    const count = (counts.get(check) ?? 0) + 1;
    counts.set(check, count);
    if (count > MOST_OF_A_KIND) return [];
    return [
      `${severity.toUpperCase()}  ${subject}: ${what}\n  why it matters: ${why}\n  mend it: ${mend}\n\n`,
    ];
  });
  for (const [check, count] of counts)
    if (count > MOST_OF_A_KIND)
      paragraphs.push(`... and ${count - MOST_OF_A_KIND} more of ${check}: -o json has all\n\n`);
  const count = findings.filter(isToMend).length;
  const verdict = count === 0 ? 'Nothing to mend' : `${count} to mend`;
  if (facts === undefined) return `${paragraphs.join('')}${verdict}.\n`;
  const { brokers, topics, groups } = looked(facts);
  const seen = [counted(brokers, 'broker'), counted(topics, 'topic'), counted(groups, 'group')].join(', ');
  return `${paragraphs.join('')}${verdict}. Looked at ${seen}.\n`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
