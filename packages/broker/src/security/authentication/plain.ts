// SASL PLAIN (RFC 4616), with the users of sasl.jaas.config: user_alice="her password".
//
// Invariants: a user that does not exist is told, and takes as long, as one whose password is wrong. Passwords are kept and compared as digests.

import { createHash, timingSafeEqual } from 'node:crypto';
import { ConfigError } from '../../config/config-error.ts';
import { type JaasEntry, JaasError, parseJaas } from '../../config/jaas.ts';
import type { ListenerSecurity } from '../../config/listener-configs.ts';
import { userPrincipal } from '../principal.ts';
import { SaslError, type SaslExchange, type SaslMechanism, type SaslStep } from './sasl-mechanism.ts';

const NAME = 'PLAIN';
const LOGIN_MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const USER_PREFIX = 'user_';
const MAX_PARTS = 4;
const NOTHING = Buffer.alloc(0);
/** Of no password: what users that do not exist are compared with. */
const NO_DIGEST = Buffer.alloc(32);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Digests = ReadonlyMap<string, Buffer>;

export class Plain implements SaslMechanism {
  readonly name = NAME;
  readonly #listener: ListenerSecurity;
  /** As of the last login: the users change with the setting, from the next login on. */
  #users: { readonly text: string; readonly digests: Digests };

  /** @throws ConfigError */
  constructor(listener: ListenerSecurity) {
    this.#listener = listener;
    const text = listener.get('sasl.jaas.config', NAME);
    if (text === null) throw new ConfigError([missing(listener)]);
    this.#users = { text, digests: readUsers(text, listener) };
  }

  start(): SaslExchange {
    return { next: (token) => this.#login(token) };
  }

  #login(token: Buffer): SaslStep {
    const { authorizationId, user, password } = parseToken(token);
    const known = this.#digests.get(user);
    const isRight = timingSafeEqual(digest(password), known ?? NO_DIGEST);
    if (known === undefined || !isRight) {
      const problem = known === undefined ? 'is not in sasl.jaas.config' : 'has another password';
      throw new SaslError(
        'Authentication failed: Invalid username or password',
        `${quoted(user)} ${problem}`,
      );
    }
    if (authorizationId !== '' && authorizationId !== user) {
      const message =
        'Authentication failed: Client requested an authorization id that is different from username';
      throw new SaslError(message, `${quoted(user)} may not speak for ${quoted(authorizationId)}`);
    }
    return { challenge: NOTHING, identity: { principal: userPrincipal(user), isTokenAuthenticated: false } };
  }

  get #digests(): Digests {
    const text = this.#listener.get('sasl.jaas.config', NAME);
    if (text === this.#users.text) return this.#users.digests;
    // What was changed while the broker runs, and is wrong or gone, lets nobody in.
    let digests: Digests = new Map();
    try {
      if (text !== null) digests = readUsers(text, this.#listener);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
    this.#users = { text: text ?? '', digests };
    return digests;
  }
}

/** message = [authzid] NUL authcid NUL passwd, as UTF-8. */
function parseToken(token: Buffer): { authorizationId: string; user: string; password: string } {
  // More parts than one too many need not be told apart.
  const parts = decode(token).split('\0', MAX_PARTS);
  const [authorizationId = '', user = '', password = ''] = parts;
  if (parts.length !== 3)
    throw new SaslError(`Invalid SASL/PLAIN response: expected 3 tokens, got ${parts.length}`);
  if (user === '') throw new SaslError('Authentication failed: username not specified');
  if (password === '')
    throw new SaslError('Authentication failed: password not specified', `for ${quoted(user)}`);
  return { authorizationId, user, password };
}

function decode(token: Buffer): string {
  try {
    return utf8.decode(token);
  } catch {
    throw new SaslError('', 'the token is not UTF-8');
  }
}

/** Of what a stranger chose, as much as a line of the log has room for. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

function digest(password: string): Buffer {
  return createHash('sha256').update(password).digest();
}

/** @throws ConfigError */
function readUsers(text: string, listener: ListenerSecurity): Digests {
  const { options } = readEntry(text, listener);
  const digests = new Map<string, Buffer>();
  for (const [name, password] of options) {
    if (name.startsWith(USER_PREFIX) && password !== '')
      digests.set(name.slice(USER_PREFIX.length), digest(password));
  }
  return digests;
}

function readEntry(text: string, listener: ListenerSecurity): JaasEntry {
  const key = keyOf(listener);
  let entries: JaasEntry[];
  try {
    entries = parseJaas(text);
  } catch (error) {
    if (error instanceof JaasError)
      throw new ConfigError([`Invalid value [hidden] for configuration ${key}: ${error.message}`]);
    throw error;
  }
  const [entry] = entries;
  if (entries.length !== 1 || entry?.loginModule !== LOGIN_MODULE) {
    throw new ConfigError([
      `Invalid value [hidden] for configuration ${key}: PLAIN needs exactly one login module, ${LOGIN_MODULE}`,
    ]);
  }
  return entry;
}

function keyOf({ name }: ListenerSecurity): string {
  return `listener.name.${name.toLowerCase()}.plain.sasl.jaas.config`;
}

function missing(listener: ListenerSecurity): string {
  return `The listener ${listener.name} takes PLAIN logins, but nothing says who its users are: set ${keyOf(listener)}=${LOGIN_MODULE} required user_alice="her password";`;
}
