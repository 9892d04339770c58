// Where the broker listens and what it tells clients to connect to: listeners, advertised.listeners and
// listener.security.protocol.map.
//
// Invariants: every listener is advertised under exactly one address; no advertised address is a wildcard.

import { splitList } from './text.ts';

export const SECURITY_PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
export type SecurityProtocol = (typeof SECURITY_PROTOCOLS)[number];

/** 'NAME://HOST:PORT' in its parts. */
interface Address {
  /** In capitals, as Kafka normalises it. */
  readonly name: string;
  /** A name or an address without brackets; '' is every address of this machine. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

export interface ListenerAddress extends Address {
  readonly protocol: SecurityProtocol;
}

export interface AdvertisedListener extends ListenerAddress {
  /**
   * Nobody said what to advertise and the listener is open to every address: host is this machine's best guess, and the
   * address by which a client has reached us is a better one.
   */
  readonly isGuessed: boolean;
}

/** What this machine is called, for listeners that are open to every address. */
export interface HostIdentity {
  readonly hostName: string;
  /** IPv4 and IPv6 addresses others reach this machine by: no loopback, no link-local ones. */
  readonly addresses: readonly string[];
}

export interface ListenerKeys {
  readonly listeners: readonly string[];
  readonly advertised: readonly string[] | null;
  readonly protocolMap: string;
  readonly controllerNames: readonly string[];
  /** inter.broker.listener.name and security.inter.broker.protocol; null when unset. */
  readonly interBrokerName: string | null;
  readonly interBrokerProtocol: string | null;
}

export interface ListenerPlan {
  readonly listeners: readonly ListenerAddress[];
  readonly advertised: readonly AdvertisedListener[];
  /** The name of the listener that brokers use among themselves. */
  readonly interBrokerListener: string;
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

const WILDCARDS = ['', '0.0.0.0', '::', '0:0:0:0:0:0:0:0'];

export function planListeners(keys: ListenerKeys, identity: HostIdentity): ListenerPlan {
  const problems: string[] = [];
  const warnings: string[] = [];
  const controllerNames = keys.controllerNames.map((name) => name.toUpperCase());
  const isForClients = ({ name }: Address) => !controllerNames.includes(name);

  const parsed = parseAll('listeners', keys.listeners, problems);
  const protocols = parseProtocolMap(keys.protocolMap, problems);
  const listeners = parsed
    .filter(isForClients)
    .map((address) => ({ ...address, protocol: protocolOf(address.name, protocols, problems) }));
  if (listeners.length < parsed.length) {
    warnings.push(`the listener ${controllerNames.join(', ')} is not opened: Moldau's controller needs none`);
  }
  if (listeners.length === 0 && problems.length === 0) {
    problems.push(
      `Invalid value ${JSON.stringify(keys.listeners.join(','))} for configuration listeners: it has no listener for clients, expected one like PLAINTEXT://127.0.0.1:9092`,
    );
  }
  problems.push(...checkPorts(listeners));

  const given =
    keys.advertised === null
      ? []
      : parseAll('advertised.listeners', keys.advertised, problems).filter(isForClients);
  problems.push(...checkAdvertised(given, listeners));
  const advertised = listeners.map((listener): AdvertisedListener => {
    const found = given.find(({ name }) => name === listener.name);
    return found === undefined ? derive(listener, identity) : { ...listener, ...found, isGuessed: false };
  });
  return {
    listeners,
    advertised,
    interBrokerListener: chooseInterBrokerListener(keys, listeners, problems),
    warnings,
    problems,
  };
}

/** 'HOST:PORT' of an address, with the brackets that IPv6 needs. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** undefined when the text is not HOST:PORT; brackets around an IPv6 address are removed. */
export function parseHostPort(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]/]*)):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[3]) > 65_535) return undefined;
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
}

function parseAll(key: string, texts: readonly string[], problems: string[]): Address[] {
  const parsed: Address[] = [];
  for (const text of texts) {
    const match = /^([\w.-]+):\/\/(.*)$/.exec(text);
    const address = match === null ? undefined : parseHostPort(match[2]!);
    if (match === null || address === undefined) {
      problems.push(
        `Invalid value ${JSON.stringify(text)} for configuration ${key}: expected NAME://HOST:PORT, as in PLAINTEXT://127.0.0.1:9092`,
      );
      continue;
    }
    const name = match[1]!.toUpperCase();
    if (parsed.some((each) => each.name === name))
      problems.push(`The configuration ${key} names the listener ${name} twice: each needs its own name`);
    parsed.push({
      name,
      host: key === 'listeners' && WILDCARDS.includes(address.host) ? '' : address.host,
      port: address.port,
    });
  }
  return parsed;
}

function parseProtocolMap(text: string, problems: string[]): Map<string, string> {
  const protocols = new Map<string, string>();
  for (const entry of splitList(text)) {
    const [name = '', protocol = '', ...rest] = entry.split(':').map((each) => each.trim());
    if (name === '' || protocol === '' || rest.length > 0) {
      problems.push(
        `Invalid value ${JSON.stringify(entry)} for configuration listener.security.protocol.map: expected NAME:PROTOCOL, as in CLIENTS:SASL_SSL`,
      );
    } else {
      protocols.set(name.toUpperCase(), protocol.toUpperCase());
    }
  }
  return protocols;
}

/** A map that leaves out listeners which are called by their protocol is no reason to stop. */
function protocolOf(
  name: string,
  protocols: ReadonlyMap<string, string>,
  problems: string[],
): SecurityProtocol {
  const wanted = protocols.get(name) ?? name;
  const protocol = SECURITY_PROTOCOLS.find((each) => each === wanted);
  if (protocol !== undefined) return protocol;
  problems.push(
    protocols.has(name)
      ? `The listener ${name} has the unknown security protocol ${wanted}: expected one of ${SECURITY_PROTOCOLS.join(', ')}`
      : `The listener ${name} has no security protocol: add ${name}:PLAINTEXT (or SSL, SASL_PLAINTEXT, SASL_SSL) to listener.security.protocol.map`,
  );
  return 'PLAINTEXT';
}

/** Without a word about it, any listener will do. */
function chooseInterBrokerListener(
  { interBrokerName, interBrokerProtocol, controllerNames }: ListenerKeys,
  listeners: readonly ListenerAddress[],
  problems: string[],
): string {
  const only = `listeners has only ${listeners.map(({ name, protocol }) => `${name} (${protocol})`).join(', ')}`;
  if (interBrokerName !== null && interBrokerProtocol !== null) {
    problems.push(
      'Only one of inter.broker.listener.name and security.inter.broker.protocol can be set: remove the latter',
    );
  }
  const wanted = interBrokerName?.toUpperCase();
  const isController = controllerNames.some((name) => name.toUpperCase() === wanted);
  if (isController) {
    problems.push(`inter.broker.listener.name names ${wanted}, which controller.listener.names has as well`);
  }
  const found = listeners.find(({ name, protocol }) => {
    if (wanted !== undefined) return name === wanted;
    return protocol === (interBrokerProtocol ?? 'PLAINTEXT');
  });
  if (found !== undefined || listeners.length === 0) return found?.name ?? '';
  if (wanted !== undefined && !isController)
    problems.push(`inter.broker.listener.name names ${wanted}, but ${only}`);
  else if (interBrokerProtocol !== null)
    problems.push(`security.inter.broker.protocol is ${interBrokerProtocol}, but ${only}`);
  return listeners[0]!.name;
}

function checkPorts(listeners: readonly ListenerAddress[]): string[] {
  return listeners.flatMap((listener, index) => {
    const other = listeners.slice(0, index).find(({ host, port }) => {
      return (
        port !== 0 &&
        port === listener.port &&
        (host === listener.host || host === '' || listener.host === '')
      );
    });
    return other === undefined
      ? []
      : [`The listeners ${other.name} and ${listener.name} share port ${listener.port}: each needs its own`];
  });
}

function checkAdvertised(given: readonly Address[], listeners: readonly ListenerAddress[]): string[] {
  const problems: string[] = [];
  for (const { name, host } of given) {
    if (WILDCARDS.includes(host)) {
      problems.push(
        `Invalid value ${JSON.stringify(`${name}://${host}`)} for configuration advertised.listeners: clients cannot connect to a wildcard, expected a name or address by which they reach this machine`,
      );
    }
    if (!listeners.some((each) => each.name === name)) {
      problems.push(
        `advertised.listeners names ${name}, but listeners has only ${listeners.map((each) => each.name).join(', ')}: the names must be the same`,
      );
    }
  }
  return problems;
}

function derive(listener: ListenerAddress, { hostName, addresses }: HostIdentity): AdvertisedListener {
  if (listener.host !== '') return { ...listener, isGuessed: false };
  const host =
    addresses.find((address) => !address.includes(':')) ?? addresses[0] ?? (hostName || 'localhost');
  return { ...listener, host, isGuessed: true };
}
