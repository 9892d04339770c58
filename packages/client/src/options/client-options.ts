// The options that producers, consumers and admins share, and what they come to: every one set, and found to make sense.

import type { TlsClientOptions } from '@moldau/io';
import { OptionsError } from '../errors/kafka-error.ts';
import { OPTION_WORDS, PROPERTY_WORDS, type SettingWords } from '../errors/setting-words.ts';
import { type Address, parseAddresses } from './address.ts';
import { clientProperties } from './client-properties.ts';
import { applyProperties, type Properties, type PropertyTable } from './properties.ts';
import { unknownOption } from './unknown-option.ts';

/** Kafka's names of the mechanisms. */
export const SASL_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;
export type SaslMechanismName = (typeof SASL_MECHANISMS)[number];

/** What a token provider gives. */
export interface OAuthToken {
  readonly value: string;
  /** Told to the broker beside the token (KIP-342). */
  readonly extensions?: Readonly<Record<string, string>>;
}

type PasswordMechanism = Exclude<SaslMechanismName, 'OAUTHBEARER'>;

export type SaslOptions =
  | {
      readonly mechanism: PasswordMechanism | Lowercase<PasswordMechanism>;
      readonly username: string;
      readonly password: string;
      /** By SCRAM: the username is a delegation token's id, and the password its hmac in base64. */
      readonly isDelegationToken?: boolean;
    }
  | {
      readonly mechanism: 'OAUTHBEARER' | 'oauthbearer';
      /** Asked before each login and each renewal. */
      readonly token: () => string | OAuthToken | Promise<string | OAuthToken>;
    };

/** Certificates and keys are PEM texts. */
export interface TlsOptions {
  /** Who is trusted to vouch for brokers; by default whom Node trusts. */
  readonly trusted?: string | readonly string[];
  /** The name that brokers' certificates must have; by default the host that is dialled. */
  readonly serverName?: string;
  /** For mutual TLS: the private key, not encrypted, and the certificate with those that lead to its root. */
  readonly key?: string;
  readonly certificates?: string;
}

export interface ClientOptions {
  /** Some brokers of the cluster, as `host:port`; the others are learned from them. */
  readonly brokers?: string | readonly string[];
  /** Names this program in the broker's logs, metrics and quotas. Default 'moldau'. */
  readonly clientId?: string;
  /** Encrypts connections: true, or with whom to trust and how to prove oneself. Default false. */
  readonly tls?: boolean | TlsOptions;
  /** How to log in: { mechanism, username, password } by PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, { mechanism, token } by OAUTHBEARER. Default: nobody logs in. */
  readonly sasl?: SaslOptions;
  /** For an answer to one request. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** For a whole call, with all its attempts. Default 60 s. */
  readonly apiTimeoutMs?: number;
  /** For connecting, TLS and login together. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Between attempts of a request: doubled each time, with jitter. Default 100 ms to 1 s. */
  readonly retryBackoffMs?: number;
  readonly retryBackoffMaxMs?: number;
  /** Between attempts to connect to a broker: doubled each time, with jitter. Default 50 ms to 1 s. */
  readonly reconnectBackoffMs?: number;
  readonly reconnectBackoffMaxMs?: number;
  /** How old knowledge of topics and brokers may grow. Default 5 min. */
  readonly metadataMaxAgeMs?: number;
  /** Connections that nobody has used for so long are closed. Default 9 min, less than what brokers allow. */
  readonly connectionsMaxIdleMs?: number;
  /** The largest answer taken. Default 256 MiB. */
  readonly maxAnswerBytes?: number;
  /** Whether brokers that ask for this client's metrics are sent them (KIP-714). Default true. */
  readonly enableMetricsPush?: boolean;
  /** The same options by the names that Kafka and librdkafka have for them; options given by our names win. */
  readonly properties?: Properties;
}

/** Options with nothing left out. */
export interface ClientSettings {
  readonly brokers: readonly Address[];
  readonly clientId: string;
  readonly tls: TlsClientOptions | undefined;
  readonly sasl: SaslOptions | undefined;
  /** How its user calls what he set. */
  readonly words: SettingWords;
  readonly requestTimeoutMs: number;
  readonly apiTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  readonly metadataMaxAgeMs: number;
  readonly connectionsMaxIdleMs: number;
  readonly maxAnswerBytes: number;
  readonly enableMetricsPush: boolean;
}

const DEFAULTS = {
  clientId: 'moldau',
  requestTimeoutMs: 30_000,
  apiTimeoutMs: 60_000,
  connectTimeoutMs: 10_000,
  retryBackoffMs: 100,
  retryBackoffMaxMs: 1_000,
  reconnectBackoffMs: 50,
  reconnectBackoffMaxMs: 1_000,
  metadataMaxAgeMs: 300_000,
  connectionsMaxIdleMs: 540_000,
  maxAnswerBytes: 256 * 1024 * 1024,
} as const;

const NUMBERS = Object.keys(DEFAULTS).filter((name) => name !== 'clientId') as Exclude<
  keyof typeof DEFAULTS,
  'clientId'
>[];
const NAMES = new Set([
  'brokers',
  'tls',
  'sasl',
  'enableMetricsPush',
  'properties',
  ...Object.keys(DEFAULTS),
]);

/**
 * `others` are of the clients that these options are shared by: what is theirs is not given here.
 * @throws OptionsError with what is wrong and what would be right
 */
export function resolveClientOptions(
  options: ClientOptions,
  others: readonly PropertyTable<unknown>[] = [],
): ClientSettings {
  for (const name of Object.keys(options)) {
    if (!NAMES.has(name))
      throw new OptionsError(
        unknownOption(name, { who: 'Kafka', names: [...NAMES, 'logger', 'telemetry'], others }),
      );
  }
  const { properties = {}, ...given } = options;
  const merged = {
    ...DEFAULTS,
    enableMetricsPush: true,
    ...applyProperties(clientProperties, properties, others),
    ...withoutUndefined(given),
  };
  for (const name of NUMBERS) checkNumber(name, merged[name]);
  const { tls = false, sasl } = merged;
  if (sasl !== undefined) checkSasl(sasl);
  const isByProperties =
    Object.keys(properties).length > 0 && given.tls === undefined && given.sasl === undefined;
  const words = isByProperties ? PROPERTY_WORDS : OPTION_WORDS;
  return { ...merged, brokers: parseAddresses(merged.brokers), tls: tlsSettings(tls), sasl, words };
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function checkNumber(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new OptionsError(`${name} is ${value}, and must be a whole number from 0 on.`);
}

function checkSasl(sasl: SaslOptions): void {
  const mechanism = sasl.mechanism?.toUpperCase();
  if (!SASL_MECHANISMS.some((known) => known === mechanism)) {
    throw new OptionsError(`sasl.mechanism is ${sasl.mechanism}; it can be ${SASL_MECHANISMS.join(', ')}.`);
  }
  if ('token' in sasl) {
    if (mechanism !== 'OAUTHBEARER')
      throw new OptionsError(`${mechanism} takes username and password, no token.`);
    if (typeof sasl.token !== 'function')
      throw new OptionsError(
        'sasl.token is a function that returns a token: it is asked for a new one at each login.',
      );
  } else if (mechanism === 'OAUTHBEARER') {
    throw new OptionsError('OAUTHBEARER takes sasl.token, a function that returns a token.');
  } else if (typeof sasl.username !== 'string' || sasl.username === '' || typeof sasl.password !== 'string') {
    throw new OptionsError(`${mechanism} takes sasl.username and sasl.password.`);
  } else if (sasl.isDelegationToken === true && mechanism === 'PLAIN') {
    throw new OptionsError(
      'Delegation tokens are for SCRAM: sasl.mechanism is SCRAM-SHA-256 or SCRAM-SHA-512 with them.',
    );
  }
}

function tlsSettings(tls: boolean | TlsOptions): TlsClientOptions | undefined {
  if (tls === false) return undefined;
  if (tls === true) return {};
  const { trusted, ...rest } = tls;
  if ((tls.key === undefined) !== (tls.certificates === undefined))
    throw new OptionsError('tls.key and tls.certificates belong together: give both, or neither.');
  for (const pem of [trusted ?? [], tls.key ?? [], tls.certificates ?? []].flat()) {
    if (!pem.includes('-----BEGIN'))
      throw new OptionsError(
        'tls takes certificates and keys as PEM texts (-----BEGIN ...), not as names of files.',
      );
  }
  return { ...withoutUndefined(rest), ...(trusted === undefined ? {} : { trusted: [trusted].flat() }) };
}
