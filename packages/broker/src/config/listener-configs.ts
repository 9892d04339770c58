// Settings that listeners have by themselves: `listener.name.<listener>.<key>`, and for SASL also
// `listener.name.<listener>.<mechanism>.<key>`; listener and mechanism in lower case.
//
// Invariant: the most particular name that is set counts, whatever place it was set at; the same as in Kafka.

import type { ConfigDefinition } from './definition.ts';
import {
  type BrokerConfigKey,
  type BrokerConfigValue,
  brokerConfigDefinitions,
} from './definitions/broker.ts';
import type { SecurityProtocol } from './listeners.ts';
import { didYouMean } from './text.ts';

/** What security depends on, as it is for one listener. */
export interface ListenerSecurity {
  /** In capitals. */
  readonly name: string;
  readonly protocol: SecurityProtocol;
  /** What counts for this listener now; with a mechanism ('SCRAM-SHA-256'), what counts for its logins. */
  get<Key extends BrokerConfigKey>(key: Key, mechanism?: string): BrokerConfigValue<Key>;
  /** sasl.enabled.mechanisms, in capitals. */
  readonly mechanisms: readonly string[];
}

interface ListenerKey {
  /** As it is written in the name: in lower case, when it is right. */
  readonly listener: string;
  readonly mechanism: string | undefined;
  readonly key: BrokerConfigKey;
}

const PREFIX = 'listener.name.';
/** Keys beside ssl.* and sasl.* that differ between listeners. */
const OTHER_KEYS: readonly string[] = [
  'connections.max.reauth.ms',
  'max.connections',
  'max.connection.creation.rate',
  'num.network.threads',
  'principal.builder.class',
];
const definitions: Readonly<Record<string, ConfigDefinition>> = brokerConfigDefinitions;
const KEYS = Object.keys(definitions).filter(isForListeners);

export function isListenerKey(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** The names under which a setting of a listener may stand, the one that counts first. */
export function listenerKeyNames(listener: string, key: string, mechanism?: string): string[] {
  const prefix = `${PREFIX}${listener.toLowerCase()}.`;
  const ofMechanism = mechanism === undefined ? [] : [`${prefix}${mechanism.toLowerCase()}.${key}`];
  return [...ofMechanism, `${prefix}${key}`, key];
}

/** The parts of 'listener.name.internal.ssl.keystore.location'; undefined when it names no key that listeners have. */
export function parseListenerKey(name: string): ListenerKey | undefined {
  if (!isListenerKey(name)) return undefined;
  const rest = name.slice(PREFIX.length);
  for (let dot = rest.indexOf('.'); dot >= 0; dot = rest.indexOf('.', dot + 1)) {
    const key = rest.slice(dot + 1);
    if (!Object.hasOwn(definitions, key) || !isForListeners(key)) continue;
    const [listener = '', ...mechanism] = rest.slice(0, dot).split('.');
    if (mechanism.length > 1 || (mechanism.length === 1 && !isForMechanisms(key))) return undefined;
    return { listener, mechanism: mechanism[0], key: key as BrokerConfigKey };
  }
  return undefined;
}

/** What a broker's config is, also when it is one of a listener; undefined when nobody knows it. */
export function brokerDefinition(name: string): ConfigDefinition | undefined {
  if (Object.hasOwn(definitions, name)) return definitions[name];
  const parsed = parseListenerKey(name);
  return parsed === undefined ? undefined : definitions[parsed.key];
}

/** ' (did you mean ...?)', or ''. */
export function brokerKeyHint(name: string): string {
  if (!isListenerKey(name)) return didYouMean(name, Object.keys(definitions));
  const [listener = '', ...rest] = name.slice(PREFIX.length).split('.');
  const prefixes = [[listener.toLowerCase()], [listener.toLowerCase(), ...rest.slice(0, 1)]];
  return didYouMean(
    name,
    prefixes.flatMap((prefix) => KEYS.map((key) => `${PREFIX}${prefix.join('.')}.${key}`)),
  );
}

/** What is wrong with settings of listeners although the keys are right: they would be read by nobody. */
export function listenerKeyWarnings(names: Iterable<string>, listeners: readonly string[]): string[] {
  const warnings: string[] = [];
  for (const name of names) {
    const parsed = parseListenerKey(name);
    if (parsed === undefined || listeners.some((each) => each.toLowerCase() === parsed.listener)) continue;
    const lower = parsed.listener.toLowerCase();
    const advice = listeners.some((each) => each.toLowerCase() === lower)
      ? `write ${name.replace(parsed.listener, lower)}, listeners stand in lower case there`
      : `listeners has only ${listeners.join(', ')}`;
    warnings.push(`configuration ${name} is ignored: ${advice}`);
  }
  return warnings;
}

function isForListeners(key: string): boolean {
  return key.startsWith('ssl.') || key.startsWith('sasl.') || OTHER_KEYS.includes(key);
}

function isForMechanisms(key: string): boolean {
  return key.startsWith('sasl.') || key === 'connections.max.reauth.ms';
}
