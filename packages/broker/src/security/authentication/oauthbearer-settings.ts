// What the configuration of a listener says about tokens, checked before anyone logs in.

import { ConfigError } from '../../config/config-error.ts';
import type { ListenerSecurity } from '../../config/listener-configs.ts';
import { isLoopback } from '../../config/listeners.ts';
import type { TokenExpectations } from './token-validator.ts';

export interface OAuthBearerSettings {
  readonly expectations: TokenExpectations;
  readonly keysUrl: URL;
  readonly refreshMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
}

export const OAUTHBEARER = 'OAUTHBEARER';

const URL_KEY = 'sasl.oauthbearer.jwks.endpoint.url';
const ALLOWED_KEY = 'moldau.sasl.oauthbearer.allowed.urls';
/** Classes of Kafka that do what is done here. */
const KNOWN_CLASSES = {
  'sasl.server.callback.handler.class': ['OAuthBearerValidatorCallbackHandler'],
  'sasl.oauthbearer.jwt.validator.class': ['DefaultJwtValidator', 'BrokerJwtValidator'],
} as const;

/** The least that makes sense; the table of keys takes what Kafka's takes. */
const LEAST = {
  'sasl.oauthbearer.clock.skew.seconds': 0,
  'sasl.oauthbearer.jwks.endpoint.refresh.ms': 1,
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.ms': 1,
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms': 1,
} as const;

/** @throws ConfigError with all that is missing or wrong. */
export function oauthBearerSettings(listener: ListenerSecurity): OAuthBearerSettings {
  const get: ListenerSecurity['get'] = (key) => listener.get(key, OAUTHBEARER);
  const url = get(URL_KEY);
  const issuer = get('sasl.oauthbearer.expected.issuer');
  const audience = get('sasl.oauthbearer.expected.audience');
  const problems: string[] = [];
  const demand = (key: string, what: string): void => {
    problems.push(
      `The listener ${listener.name} enables ${OAUTHBEARER}, so ${key} must be set: ${what}. Tokens that nobody signed are not served`,
    );
  };
  if (!url) demand(URL_KEY, "the https: or file: URL of the identity provider's public keys");
  if (!issuer)
    demand('sasl.oauthbearer.expected.issuer', "the provider's name in the iss claim of its tokens");
  if (audience.length === 0) {
    demand('sasl.oauthbearer.expected.audience', 'what the aud claim of tokens for this cluster names');
  }
  const keysUrl = parseKeysUrl(url ?? '', get(ALLOWED_KEY), url ? problems : []);
  problems.push(...numberProblems(listener), ...classProblems(listener));
  if (problems.length > 0 || keysUrl === undefined) throw new ConfigError(problems);
  return {
    keysUrl,
    expectations: {
      issuer: issuer ?? '',
      audience,
      clockSkewSeconds: get('sasl.oauthbearer.clock.skew.seconds'),
      subjectClaim: get('sasl.oauthbearer.sub.claim.name'),
      scopeClaim: get('sasl.oauthbearer.scope.claim.name'),
    },
    refreshMs: get('sasl.oauthbearer.jwks.endpoint.refresh.ms'),
    retryBackoffMs: get('sasl.oauthbearer.jwks.endpoint.retry.backoff.ms'),
    retryBackoffMaxMs: get('sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms'),
  };
}

/** Whoever can change the keys on their way can log in as anybody: no plain HTTP but within this machine. */
function parseKeysUrl(text: string, allowed: readonly string[], problems: string[]): URL | undefined {
  const refuse = (problem: string): undefined => {
    problems.push(`Invalid value ${JSON.stringify(text)} for configuration ${URL_KEY}: ${problem}`);
  };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return refuse('expected a URL, as in https://login.example.com/keys');
  if (url.username !== '' || url.password !== '') return refuse('a URL with a password in it is not taken');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (url.protocol === 'http:' && !isLoopback(host)) {
    return refuse('expected https:, for http: is taken only from this machine itself (127.0.0.1, localhost)');
  }
  if (!['https:', 'http:', 'file:'].includes(url.protocol)) return refuse('expected https: or file:');
  if (url.protocol === 'file:' && host !== '') {
    return refuse(`expected a file of this machine, as in file://${url.pathname}`);
  }
  if (allowed.length > 0 && !allowed.includes(text)) {
    return refuse(`it is not among those that ${ALLOWED_KEY} allows (${allowed.join(', ')})`);
  }
  return url;
}

function numberProblems(listener: ListenerSecurity): string[] {
  const keys = Object.keys(LEAST) as (keyof typeof LEAST)[];
  return keys.flatMap((key) => {
    const value = listener.get(key, OAUTHBEARER);
    if (value >= LEAST[key]) return [];
    return [
      `Invalid value ${value} for configuration ${key} of the listener ${listener.name}: expected at least ${LEAST[key]}`,
    ];
  });
}

/** A class of somebody's own may check more than is checked here: it is not to be left out silently. */
function classProblems(listener: ListenerSecurity): string[] {
  const keys = Object.keys(KNOWN_CLASSES) as (keyof typeof KNOWN_CLASSES)[];
  return keys.flatMap((key) => {
    const known: readonly string[] = KNOWN_CLASSES[key];
    const name = listener.get(key, OAUTHBEARER);
    if (name === null || known.includes(name.slice(name.lastIndexOf('.') + 1))) return [];
    return [
      `Invalid value ${JSON.stringify(name)} for configuration ${key} of the listener ${listener.name}: expected ${known.join(' or ')}, for Moldau runs no Java classes and checks the signature of every token`,
    ];
  });
}
