// Why no broker can be talked to at all: the client tells the causes apart, here each gets its name and the flags that mend it.

import type { KafkaError } from '@moldau/client';
import { AuthenticationError, NoBrokerReachableError } from '@moldau/client/admin';
import type { Finding } from './finding.ts';

interface Cause {
  readonly check: string;
  readonly why: string;
  readonly mend: string;
}

const NAME: Cause = {
  check: 'name',
  why: 'the name of the broker is not known on this machine',
  mend: 'getent hosts NAME shows what this machine knows: give --brokers another name or an address, or add it to /etc/hosts',
};
const PORT: Cause = {
  check: 'port',
  why: 'the machine is there, and no broker listens at this port of it',
  mend: 'start the broker (moldau server), or give the port of its listener: --brokers HOST:PORT',
};
const NETWORK: Cause = {
  check: 'network',
  why: 'nothing comes back: a firewall between here and there, a machine that is down, or an address of another network',
  mend: 'open the port in the firewall of the broker’s machine, and on the way to it',
};
const NOT_TLS: Cause = {
  check: 'tls-mismatch',
  why: 'this client speaks TLS, and that port does not',
  mend: '-X security.protocol=plaintext (or sasl_plaintext, where one logs in), or the port of the TLS listener in --brokers',
};
const IS_TLS: Cause = {
  check: 'tls-mismatch',
  why: 'that port speaks TLS, and this client does not',
  mend: '-X security.protocol=ssl -X ssl.ca.location=ca.pem (sasl_ssl, where one logs in), or the port of a plain listener in --brokers',
};
const CERTIFICATE: Cause = {
  check: 'tls-certificate',
  why: 'the two do not trust each other’s certificates',
  mend: '-X ssl.ca.location=ca.pem for the authority of the broker’s certificate; -X ssl.key.location=key.pem -X ssl.certificate.location=cert.pem where it wants one of yours',
};
const NO_LOGIN: Cause = {
  check: 'sasl-mismatch',
  why: 'brokers hang up on clients that ask before they have logged in',
  mend: '-X security.protocol=sasl_plaintext (or sasl_ssl) -X sasl.mechanism=SCRAM-SHA-256 -X sasl.username=NAME -X sasl.password=SECRET',
};
const LOGIN: Cause = {
  check: 'login',
  why: 'the broker does not know this user, or not by this password or mechanism',
  mend: 'see -X sasl.mechanism, sasl.username and sasl.password; on the broker, moldau user list shows who there is',
};
const NEEDLESS_LOGIN: Cause = {
  check: 'sasl-mismatch',
  why: 'this client wants to log in, and nobody does so at that listener',
  mend: '-X security.protocol=plaintext (or ssl), or the port of a listener with SASL in --brokers',
};
const PROTOCOL: Cause = {
  check: 'protocol',
  why: 'what answers there is no broker that this client understands',
  mend: 'give the port of a broker’s listener: --brokers HOST:PORT',
};

export function explainConnection(error: KafkaError, brokers: string): Finding[] {
  const attempts =
    error instanceof NoBrokerReachableError ? error.attempts : [{ address: brokers, error: rootOf(error) }];
  return attempts.map(({ address, error }) => {
    const subject = error.broker ?? address;
    return { severity: 'error', ...causeOf(error), subject, what: withoutPrefix(error.message, subject) };
  });
}

/** The address is said already. */
export function withoutPrefix(message: string, subject: string): string {
  return message.startsWith(`${subject}: `) ? message.slice(subject.length + 2) : message;
}

/** What lies under a timeout says more than that time has passed. */
function rootOf(error: KafkaError): KafkaError {
  const { cause } = error;
  return error.code === 'TIMED_OUT' && isKafkaError(cause) ? cause : error;
}

function isKafkaError(error: unknown): error is KafkaError {
  return error instanceof Error && 'retriable' in error;
}

const BY_SYSTEM_CODE: readonly (readonly [pattern: RegExp, cause: Cause])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, NAME],
  [/^ECONNREFUSED$/, PORT],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/, NETWORK],
  [/^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|ERR_SSL_RECORD_TOO_LARGE)$/, NOT_TLS],
  [/CERT|SIGNATURE|ALERT/, CERTIFICATE],
];

function causeOf(error: KafkaError): Cause {
  if (/has no logins/.test(error.message)) return NEEDLESS_LOGIN;
  if (error instanceof AuthenticationError) return LOGIN;
  const code = systemCode(error.cause);
  const known = BY_SYSTEM_CODE.find(([pattern]) => pattern.test(code));
  if (known !== undefined) return known[1];
  if (/speaks HTTP/.test(error.message)) return PROTOCOL;
  if (/(does|may) not speak TLS/.test(error.message)) return NOT_TLS;
  if (/speaks TLS|set the option tls/.test(error.message)) return IS_TLS;
  if (/client certificate/.test(error.message)) return CERTIFICATE;
  if (/may demand a login/.test(error.message)) return NO_LOGIN;
  return error.code === 'TIMED_OUT' ? NETWORK : PROTOCOL;
}

function systemCode(cause: unknown): string {
  const { code, errors } = (cause ?? {}) as { code?: string; errors?: readonly { code?: string }[] };
  return errors?.at(-1)?.code ?? code ?? '';
}
