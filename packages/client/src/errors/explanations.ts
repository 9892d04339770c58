// The dead ends that everybody meets, and what to do about each. Pure functions from what was seen to a message.

import {
  type Attempt,
  AuthenticationError,
  ConnectionError,
  type KafkaError,
  NoBrokerReachableError,
} from './kafka-error.ts';
import type { SettingWords } from './setting-words.ts';

/** What is known of a connection that failed. */
export interface Dialled {
  /** host:port */
  readonly address: string;
  readonly isTls: boolean;
  /** Set when a broker told this address, and which address that broker had answered at. */
  readonly advertisedBy?: string | undefined;
  readonly words: SettingWords;
}

interface SystemError extends Error {
  readonly code?: string;
  readonly errors?: readonly SystemError[];
}

const OTHER_PROTOCOL = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_RECORD_TOO_LARGE',
  'EPROTO',
]);
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** A dial that failed, by the error of the network. */
export function explainFailedDial(dialled: Dialled, thrown: unknown): ConnectionError {
  const error = systemError(thrown);
  const { problem, advice, isLasting } = dialProblem(dialled, error);
  const next = advertisedAdvice(dialled) ?? (advice === undefined ? '' : `: ${advice}`);
  const message = `${dialled.address}: ${problem}${next}`;
  return new ConnectionError('CONNECTION_FAILED', message, {
    broker: dialled.address,
    cause: thrown,
    retriable: !isLasting,
  });
}

/** Node tries all addresses of a name, and tells of all; each says the same, mostly. */
function systemError(thrown: unknown): SystemError {
  const error = (thrown instanceof Error ? thrown : new Error(String(thrown))) as SystemError;
  return error.errors?.at(-1) ?? error;
}

interface DialProblem {
  readonly problem: string;
  /** Left out where it is known that a broker told a wrong address. */
  readonly advice?: string;
  readonly isLasting?: boolean;
}

function dialProblem({ isTls, words }: Dialled, error: SystemError): DialProblem {
  const code = error.code ?? '';
  if (code === 'ECONNREFUSED')
    return {
      problem: 'nothing listens there (connection refused)',
      advice: 'start the broker, or correct the address',
    };
  if (code === 'ENOTFOUND')
    return {
      problem: 'this name has no address (ENOTFOUND)',
      advice: 'correct it, or make it known to this machine',
    };
  if (code === 'EAI_AGAIN') return { problem: 'the name could not be looked up just now (EAI_AGAIN)' };
  if (code === 'ETIMEDOUT')
    return { problem: 'no answer within the time for connecting: a firewall, or a machine that is down' };
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return { problem: `there is no way to it (${code})` };
  if (isTls) return tlsProblem(code, error, words);
  return { problem: error.message };
}

function tlsProblem(code: string, error: SystemError, words: SettingWords): DialProblem {
  if (OTHER_PROTOCOL.has(code) && !/alert/.test(error.message)) {
    return {
      problem: `this port does not speak TLS (${code}): ${words.tlsOff}, or use the port of the broker's TLS listener`,
      isLasting: true,
    };
  }
  if (UNTRUSTED.has(code)) {
    return {
      problem: `nobody you trust vouches for the broker's certificate (${code}): give the certificate of its authority as ${words.authority}`,
      isLasting: true,
    };
  }
  if (code === 'CERT_HAS_EXPIRED')
    return { problem: "the broker's certificate has expired", isLasting: true };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      problem: `the broker's certificate is for another name: ${error.message}. ${words.brokerName}`,
      isLasting: true,
    };
  }
  if (/alert (certificate|bad certificate|unknown ca|handshake failure)/.test(error.message)) {
    return { problem: ownCertificateProblem(error.message, words), isLasting: true };
  }
  if (code === 'ECONNRESET') {
    return {
      problem: `the connection was closed during the TLS handshake: this port may not speak TLS (then ${words.tlsOff}), or the broker is stopping`,
    };
  }
  return { problem: `the TLS handshake failed: ${error.message}` };
}

function ownCertificateProblem(message: string, words: SettingWords): string {
  return `the broker refuses the TLS handshake: it wants a client certificate that it trusts. Give ${words.ownCertificate} (${message})`;
}

function advertisedAdvice({ advertisedBy, address }: Dialled): string | undefined {
  if (advertisedBy === undefined || advertisedBy === address) return undefined;
  return `. This address was told by the broker at ${advertisedBy}, which can be reached: so the broker's advertised.listeners must name an address that works from here, in place of ${address}`;
}

/** A connection that the other side ended, or that brought what no broker sends, before its first answer. */
export function explainFailedGreeting(dialled: Dialled, problem: string, cause?: unknown): ConnectionError {
  const { isTls, words } = dialled;
  const advice = isTls
    ? `Is this the port of a Kafka broker, and if so, one that wants a client certificate (then give ${words.ownCertificate} that it trusts)?`
    : `Is this the port of a Kafka broker, and if so, one that speaks TLS (then ${words.tlsOn})?`;
  return new ConnectionError('CONNECTION_FAILED', `${dialled.address}: ${problem}. ${advice}`, {
    broker: dialled.address,
    cause,
  });
}

/** A connection that ended while answers were awaited. */
export function explainLost(
  dialled: Dialled,
  state: 'login' | 'first' | 'later',
  cause?: unknown,
): ConnectionError {
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  const advice =
    state === 'login'
      ? ' during the login: too many failed logins from this machine, or the broker is stopping'
      : state === 'first'
        ? ` at the first request: this listener may demand a login (then ${dialled.words.loginOn}), or the broker is stopping`
        : ' before it answered';
  return new ConnectionError(
    'CONNECTION_LOST',
    `${dialled.address}: the broker closed the connection${advice}${reason}.`,
    {
      broker: dialled.address,
      cause,
    },
  );
}

/** A connection that was given up because nothing came. */
export function explainSilence(address: string, cause: KafkaError): ConnectionError {
  const message = `${address}: the connection was given up, for the broker says nothing any more. ${cause.message}`;
  return new ConnectionError('CONNECTION_LOST', message, { broker: address, cause });
}

/** What bytes that are no answer look like; undefined when they look like nothing known. */
export function foreignProtocol(size: number): string | undefined {
  const type = size >>> 24;
  const major = (size >>> 16) & 0xff;
  if ((type === 0x15 || type === 0x16) && major === 3) return 'what answers there speaks TLS';
  if (size === 0x48545450) return 'what answers there speaks HTTP';
  return undefined;
}

export function explainNoLogins(address: string, words: SettingWords): KafkaError {
  const message = `${address}: this listener of the broker has no logins: ${words.loginOff}, or use the port of a listener with SASL.`;
  return new AuthenticationError('AUTHENTICATION_FAILED', message, { broker: address });
}

export function explainNoMechanism(address: string, wanted: string, offered: readonly string[]): KafkaError {
  const choice =
    offered.length === 0
      ? 'it tells of none that it has'
      : `it has ${offered.join(', ')}: choose one as sasl.mechanism`;
  return new AuthenticationError(
    'UNSUPPORTED_SASL_MECHANISM',
    `${address}: the broker does not let clients log in by ${wanted}; ${choice}.`,
    { broker: address },
  );
}

export function explainRefusedLogin(address: string, mechanism: string, said: string | null): KafkaError {
  const reason = said === null || said === '' ? 'the credentials are wrong' : said.replace(/\.$/, '');
  const advice =
    mechanism === 'OAUTHBEARER'
      ? 'Check that the token is not expired, and for the audience and from the issuer that the broker expects.'
      : `Check sasl.username and sasl.password, and that this user exists for ${mechanism}.`;
  return new AuthenticationError(
    'SASL_AUTHENTICATION_FAILED',
    `${address}: the login by ${mechanism} was refused: ${reason}. ${advice}`,
    { broker: address },
  );
}

/** When every address was tried in vain. */
export function explainNoBroker(attempts: readonly Attempt[]): KafkaError {
  const [only] = attempts;
  if (attempts.length === 1 && only?.error instanceof AuthenticationError) return only.error;
  const login = attempts.find(({ error }) => error instanceof AuthenticationError);
  if (login !== undefined) return login.error;
  const lines = attempts.map(({ error, address }) => {
    const { message } = error;
    return `\n- ${message.startsWith(address) ? message : `${address}: ${message}`}`;
  });
  return new NoBrokerReachableError(
    `No broker could be reached; tried ${attempts.length === 1 ? 'this address' : `these ${attempts.length} addresses`}:${lines.join('')}`,
    attempts,
  );
}
