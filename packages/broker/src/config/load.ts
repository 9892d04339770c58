// From what a start is given to a BrokerConfig: command line over environment over file over defaults.
//
// Invariants: a wrong value stops the start and is named with its key and what is allowed; a key that is unknown or
// means nothing here never stops it, and is told once, grouped by reason. No line shows what a reference led to.

import type { Disk } from '@moldau/io';
import { BrokerConfig, type BrokerConfigOptions } from './broker-config.ts';
import { ConfigError } from './config-error.ts';
import { type ResolvedValues, resolveReferences } from './config-providers.ts';
import { readEnvironment } from './environment.ts';
import { foreignKeyReason } from './foreign-keys.ts';
import { brokerDefinition, brokerKeyHint, listenerKeyWarnings } from './listener-configs.ts';
import { formatAddress, type HostIdentity, isLoopback, parseHostPort } from './listeners.ts';
import { openListenersWarning } from './open-listeners.ts';
import { parseProperties } from './properties.ts';
import { commandLineSecretWarnings, type PublicSecret, publicSecrets } from './secrets.ts';
import { splitList } from './text.ts';

export interface ConfigSources {
  /** --listen HOST:PORT */
  readonly listen?: string | undefined;
  /** --data DIR */
  readonly data?: string | undefined;
  /** --set KEY=VALUE, each */
  readonly settings?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** --config FILE, and what stands in it */
  readonly file?: { readonly path: string; readonly text: string } | undefined;
  readonly identity?: HostIdentity;
  /** Where the files are that values refer to. */
  readonly disk: Pick<Disk, 'readFile' | 'publicAccess'>;
}

export interface LoadedConfig {
  readonly config: BrokerConfig;
  /** What may surprise, one line each. */
  readonly warnings: readonly string[];
  /** What need not bother anybody, one line each. */
  readonly notes: readonly string[];
  /** Files with secrets that others can read; the warnings tell of them too. */
  readonly publicSecrets: readonly PublicSecret[];
}

type Values = Map<string, string>;

/** Keys that speak of one thing: one of them said at a stronger place silences the others at a weaker one. */
const FAMILIES: readonly (readonly string[])[] = [
  ['log.dirs', 'log.dir'],
  ['node.id', 'broker.id'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
  ['listeners', 'host.name', 'port'],
  ['advertised.listeners', 'advertised.host.name', 'advertised.port'],
];

/** What every compose file of the images has to set; a word about them at each start would teach people not to read. */
const QUIET_IN_ENVIRONMENT =
  /^(controller\.|inter\.broker\.listener\.name$|transaction\.state\.log\.|share\.coordinator\.state\.topic\.)/;

/** Rejects with a ConfigError with one line for each thing that is wrong. */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const problems: string[] = [];
  const fromEnvironment = readEnvironment(sources.environment ?? {});
  problems.push(...fromEnvironment.problems);

  const environment: Values = new Map(fromEnvironment.values.map(({ key, value }) => [key, value]));
  const file: Values = sources.file === undefined ? new Map() : parseProperties(sources.file.text);
  const [listenerName = 'PLAINTEXT', ...otherListeners] = clientListenerNames(merge([file, environment]));
  const commandLine = commandLineValues(sources, listenerName, problems);
  const warnings = [...fromEnvironment.warnings];
  if (sources.listen !== undefined && otherListeners.length > 0) {
    const names = otherListeners.join(', ');
    warnings.push(
      `--listen takes the place of all listeners: ${names} will not be opened; --set listeners=... has room for all`,
    );
  }
  const dropped = dropOverruledAddress(commandLine, environment, file);
  if (dropped !== undefined) warnings.push(dropped);

  const merged = merge([file, environment, commandLine]);
  const resolved = await resolveReferences(merged, {
    environment: sources.environment ?? {},
    readFile: (path) => sources.disk.readFile(path),
  });
  problems.push(...resolved.problems);
  const { values } = resolved;
  translateAddressKeys(values);
  const isQuiet = (key: string) => QUIET_IN_ENVIRONMENT.test(key) && !file.has(key) && !commandLine.has(key);
  const notes = reviewKeys(new Map([...values].filter(([key]) => isQuiet(key))));
  warnings.push(...reviewKeys(new Map([...values].filter(([key]) => !isQuiet(key)))));
  problems.push(...checkRoles(values.get('process.roles')));
  if (problems.length > 0) throw new ConfigError(problems.map(resolved.hide));
  const { initialTopics, clusterId } = fromEnvironment;
  const config = brokerConfig(resolved, {
    values: new Map([...values].filter(([key]) => brokerDefinition(key) !== undefined)),
    initialTopics,
    clusterId,
    ...(sources.identity === undefined ? {} : { identity: sources.identity }),
  });
  const listenerNames = config.listeners.map(({ name }) => name);
  const hidden = config.get('controller.listener.names').map((name) => name.toUpperCase());
  warnings.push(...listenerKeyWarnings(values.keys(), [...listenerNames, ...hidden]));
  const configFile = sources.file && { path: sources.file.path, values: file };
  const openFiles = await publicSecrets(
    { values, files: resolved.files, ...(configFile === undefined ? {} : { configFile }) },
    sources.disk,
  );
  warnings.push(
    ...openListenersWarning(config),
    ...commandLineSecretWarnings(commandLine),
    ...openFiles.map(({ problem, mend }) => `${problem}: ${mend}`),
  );
  return {
    config,
    warnings: warnings.map(resolved.hide),
    notes: [...config.warnings, ...notes].map(resolved.hide),
    publicSecrets: openFiles,
  };
}

/** @throws ConfigError */
function brokerConfig({ written, hide }: ResolvedValues, options: BrokerConfigOptions): BrokerConfig {
  try {
    return new BrokerConfig({ ...options, hiddenKeys: new Set(written.keys()) });
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigError(error.problems.map(hide)) : error;
  }
}

/** --listen takes the name of the first of them, and with it its encryption and logins. */
function clientListenerNames(values: Values): string[] {
  const controllers = splitList(values.get('controller.listener.names') ?? '').map((name) =>
    name.toUpperCase(),
  );
  const names = splitList(values.get('listeners') ?? '').map((text) => text.split('://')[0]!.toUpperCase());
  return names.filter((name) => !controllers.includes(name));
}

function commandLineValues(
  { listen, data, settings = [] }: ConfigSources,
  listenerName: string,
  problems: string[],
): Values {
  const values: Values = new Map();
  for (const setting of settings) {
    const equals = setting.indexOf('=');
    // What comes after the letters of a key may be a secret behind the wrong sign.
    const [shown] = /^[\w.-]*/.exec(setting)!;
    if (equals < 1)
      problems.push(
        `Invalid value ${JSON.stringify(shown)} for --set: expected KEY=VALUE, as in num.partitions=3`,
      );
    else values.set(setting.slice(0, equals).trim(), setting.slice(equals + 1));
  }
  if (listen !== undefined) {
    const address = parseHostPort(listen);
    if (address === undefined) {
      problems.push(
        `Invalid value ${JSON.stringify(listen)} for --listen: expected HOST:PORT, as in 127.0.0.1:9092, or :9092 for every address`,
      );
    } else {
      values.set('listeners', `${listenerName}://${formatAddress(address.host, address.port)}`);
    }
  }
  if (data === '') problems.push('Invalid value "" for --data: expected a folder');
  else if (data !== undefined) values.set('log.dirs', data);
  return values;
}

/**
 * A file that advertises localhost:9092 and a --listen on another port would send every client to the wrong door. An
 * address that is not this machine's own may be a proxy's, and stays. The inter-broker listener of the file is no
 * longer there.
 */
function dropOverruledAddress(commandLine: Values, environment: Values, file: Values): string | undefined {
  const listeners = commandLine.get('listeners');
  if (listeners === undefined) return undefined;
  for (const key of ['inter.broker.listener.name', 'security.inter.broker.protocol']) {
    environment.delete(key);
    file.delete(key);
  }
  if (commandLine.has('advertised.listeners')) return undefined;
  const weaker = environment.has('advertised.listeners') ? environment : file;
  const advertised = weaker.get('advertised.listeners');
  if (advertised === undefined) return undefined;
  const addressOf = (text: string) => parseHostPort(text.replace(/^[\w.-]+:\/\//, ''));
  const nameOf = (text: string) => text.split('://')[0]!.toUpperCase();
  const ports = splitList(listeners).map((text) => addressOf(text)?.port);
  const names = splitList(listeners).map(nameOf);
  const relevant = splitList(advertised).filter((text) => names.includes(nameOf(text)));
  const kept = relevant.filter((text) => {
    const address = addressOf(text);
    return address === undefined || !isLoopback(address.host) || ports.includes(address.port);
  });
  environment.delete('advertised.listeners');
  file.delete('advertised.listeners');
  if (kept.length > 0) weaker.set('advertised.listeners', kept.join(','));
  if (kept.length === relevant.length) return undefined;
  return `advertised.listeners=${advertised} does not fit the listeners of the command line and is left out`;
}

/** Later values win, and silence their family in the earlier ones. */
function merge(layers: readonly Values[]): Values {
  const merged: Values = new Map();
  for (const layer of layers) {
    for (const family of FAMILIES) {
      if (family.some((key) => layer.has(key))) for (const key of family) merged.delete(key);
    }
    for (const [key, value] of layer) merged.set(key, value);
  }
  return merged;
}

/** host.name, port, advertised.host.name and advertised.port of Kafka before 3.0 become listeners. */
function translateAddressKeys(values: Values): void {
  const { host, port } = takeAddress(values, 'host.name', 'port');
  if (!values.has('listeners') && (host !== undefined || port !== undefined)) {
    values.set('listeners', `PLAINTEXT://${bracketed(host ?? '')}:${port ?? '9092'}`);
  }
  const advertised = takeAddress(values, 'advertised.host.name', 'advertised.port');
  if (values.has('advertised.listeners') || (advertised.host === undefined && advertised.port === undefined))
    return;
  // A container whose clients come from outside must listen on more than its own loopback.
  if (!values.has('listeners')) values.set('listeners', `PLAINTEXT://:${advertised.port ?? '9092'}`);
  const [first = 'PLAINTEXT://:9092'] = splitList(values.get('listeners')!);
  const [name = 'PLAINTEXT', rest = ''] = first.split('://');
  const listening = parseHostPort(rest);
  const advertisedHost = advertised.host ?? listening?.host;
  if (advertisedHost === undefined || advertisedHost === '') return;
  values.set(
    'advertised.listeners',
    `${name}://${bracketed(advertisedHost)}:${advertised.port ?? listening?.port ?? 9092}`,
  );
}

function takeAddress(values: Values, hostKey: string, portKey: string) {
  const host = values.get(hostKey)?.trim();
  const port = values.get(portKey)?.trim();
  values.delete(hostKey);
  values.delete(portKey);
  return { host: host === '' ? undefined : host, port: port === '' ? undefined : port };
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/** Lines about keys that do nothing, grouped by reason, and about those nobody knows. */
function reviewKeys(values: ReadonlyMap<string, string>): string[] {
  const namesByReason = new Map<string, string[]>();
  const unknown: string[] = [];
  let nameless = 0;
  for (const [key, value] of values) {
    const definition = brokerDefinition(key);
    const reason = definition === undefined ? foreignKeyReason(key) : definition.inert;
    if (reason !== undefined) namesByReason.set(reason, [...(namesByReason.get(reason) ?? []), key]);
    else if (definition === undefined) {
      const hint = brokerKeyHint(key);
      // Without a value it is a line of some other file, as of a private key.
      if (/^=?$/.test(value) && hint === '') nameless += 1;
      else unknown.push(`unknown configuration ${key} is ignored${hint}`);
    }
  }
  if (nameless > 0)
    unknown.push(
      nameless === 1
        ? '1 line is ignored, for it is not KEY=VALUE'
        : `${nameless} lines are ignored, for they are not KEY=VALUE`,
    );
  const inert = [...namesByReason].map(
    ([reason, names]) => `accepted, has no effect: ${names.join(', ')} (${lowerFirst(reason)})`,
  );
  return [...unknown, ...inert];
}

/** 'Metadata lives here' goes on in a sentence as 'metadata lives here', but names keep their capital. */
function lowerFirst(text: string): string {
  return /^(Moldau|Kafka|TLS)\b/.test(text) ? text : text[0]!.toLowerCase() + text.slice(1);
}

function checkRoles(roles: string | undefined): string[] {
  if (roles === undefined || splitList(roles).includes('broker')) return [];
  return [
    `Invalid value ${JSON.stringify(roles)} for configuration process.roles: a Moldau without the role broker would serve nobody, expected broker,controller`,
  ];
}
