// Why no broker can be talked to at all: each cause has its name and the command that mends it. Where the client can only guess, a look at the port tells.

import type { KafkaError } from '@moldau/client';
import { AuthenticationError, NoBrokerReachableError } from '@moldau/client/admin';
import type { Finding } from './finding.ts';
import type { PortLook } from './look-at-port.ts';
import { quoted } from './paste.ts';

/** What this client was told of the way in. */
export interface WayIn {
  readonly isTls: boolean;
  readonly isLogin: boolean;
  readonly mechanism: string;
}

type Cause = Pick<Finding, 'check' | 'why' | 'mend'> & Partial<Pick<Finding, 'what'>>;

const NAME: Cause = {
  check: 'name',
  what: 'this name has no address',
  why: 'the name of the broker is not known on this machine',
  mend: '`getent hosts NAME` shows what this machine knows: give --brokers another name or an address, or add it to /etc/hosts',
};
const PORT: Cause = {
  check: 'port',
  what: 'nothing listens there (connection refused)',
  why: 'the machine is there, and no broker listens at this port of it',
  mend: 'start the broker (`moldau server`), or give the port of its listener: --brokers HOST:PORT',
};
const NETWORK: Cause = {
  check: 'network',
  why: 'nothing comes back: a firewall between here and there, a machine that is down, or an address of another network',
  mend: 'open the port in the firewall of the broker’s machine, and on the way to it',
};
const CERTIFICATE: Cause = {
  check: 'tls-certificate',
  why: 'the two do not trust each other’s certificates',
  mend: '`moldau doctor -X ssl.ca.location=ca.pem` with the authority of the broker’s certificate; -X ssl.key.location=key.pem -X ssl.certificate.location=cert.pem where it wants one of yours',
};
const certificateName = (address: string): Cause => ({
  check: 'tls-certificate-name',
  why: 'whoever answers there cannot prove to be the one that was called by that name',
  mend: `call the broker by a name that its certificate has (${shownBy(address, '-ext subjectAltName')}), in --brokers and in its advertised.listeners, or give it one that has this name too`,
});
const certificateTime = (address: string): Cause => ({
  check: 'tls-certificate-expired',
  why: 'nobody trusts a certificate that has ended, or has not begun by the clock of this machine',
  mend: `a new certificate in the file of ssl.keystore.location (${shownBy(address, '-dates')}, \`date\` the clock of this machine): Moldau takes it while it runs, Kafka after a restart`,
});
const LOGIN: Cause = {
  check: 'login',
  why: 'the broker does not know this user, or not by this password',
  mend: 'see -X sasl.username and sasl.password; `moldau user list`, by somebody who may, shows who there is',
};
const PROTOCOL: Cause = {
  check: 'protocol',
  why: 'what answers there is no broker that this client understands',
  mend: 'give the port of a broker’s listener: --brokers HOST:PORT',
};
const HTTP: Cause = {
  ...PROTOCOL,
  what: 'a web server answers there, no broker',
  why: 'brokers do not speak HTTP: it may be the port of their metrics, or of a tool beside them',
};
const HANGS_UP: Cause = {
  ...PROTOCOL,
  why: 'it hangs up on everybody: no broker, one that is stopping, or one that takes no more connections (max.connections.per.ip and the like)',
  mend: 'give the port of a broker’s listener: --brokers HOST:PORT; the log of the broker tells whom it turns away',
};

function shownBy(address: string, what: string): string {
  return `\`openssl s_client -connect ${quoted(address)} </dev/null | openssl x509 -noout ${what}\` shows what it has`;
}

export interface FailedAttempt {
  readonly address: string;
  readonly error: KafkaError;
}

/** What was tried in vain. */
export function attemptsOf(error: KafkaError, brokers: string): readonly FailedAttempt[] {
  if (error instanceof NoBrokerReachableError) return error.attempts;
  const root = rootOf(error);
  return [{ address: root.broker ?? brokers, error: root }];
}

/** Whether only a look at the port tells more: the name is known, somebody is there, and it is not a password that is wrong. */
export function isAmbiguous({ error, address }: FailedAttempt): boolean {
  return causeOfError(error, address) === undefined;
}

/** Where a broker was reached, and not trusted. */
export function certificateCause(error: KafkaError, address: string): Cause | undefined {
  const cause = causeOfError(error, address);
  return cause?.check.startsWith('tls-certificate') ? cause : undefined;
}

/** `look`: what really answers there; undefined: it did not say, or nobody looked. */
export function explainConnection(
  { address, error }: FailedAttempt,
  way: WayIn,
  look: PortLook | undefined,
): Finding {
  const subject = error.broker ?? address;
  const cause = causeOfError(error, subject) ?? (look && causeOfLook(look, way)) ?? guess(error);
  return { severity: 'error', subject, what: withoutPrefix(error.message, subject), ...cause };
}

/** The address is said already. */
export function withoutPrefix(message: string, subject: string): string {
  return message.startsWith(`${subject}: `) ? message.slice(subject.length + 2) : message;
}

/** What lies under a timeout says more than that time has passed. */
function rootOf(error: KafkaError): KafkaError {
  const { cause } = error;
  return error.code === 'TIMED_OUT' && isKafkaError(cause) ? rootOf(cause) : error;
}

function isKafkaError(error: unknown): error is KafkaError {
  return error instanceof Error && 'retriable' in error;
}

const BY_SYSTEM_CODE: readonly (readonly [pattern: RegExp, causeAt: (address: string) => Cause])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, () => NAME],
  [/^ECONNREFUSED$/, () => PORT],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/, () => NETWORK],
  [/ALTNAME/, certificateName],
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, certificateTime],
  [/CERT|SIGNATURE|ISSUER|ALERT/, () => CERTIFICATE],
];

/** Undefined: it does not say which. */
function causeOfError(error: KafkaError, address: string): Cause | undefined {
  if (error instanceof AuthenticationError && error.code === 'SASL_AUTHENTICATION_FAILED') return LOGIN;
  const code = systemCode(error);
  return BY_SYSTEM_CODE.find(([pattern]) => pattern.test(code))?.[1](address);
}

/** Of the error of the network that lies under it. */
function systemCode(error: Error): string {
  const { cause } = error;
  if (isKafkaError(cause)) return systemCode(cause);
  const { code, errors } = (cause ?? {}) as { code?: string; errors?: readonly { code?: string }[] };
  return errors?.at(-1)?.code ?? code ?? '';
}

function causeOfLook(look: PortLook, way: WayIn): Cause | undefined {
  if (look.speaks === 'http') return HTTP;
  const isTls = look.speaks === 'tls' || look.isTls;
  if (isTls !== way.isTls) return otherTls(look, isTls, way);
  if (look.speaks === 'tls') return CERTIFICATE;
  const { mechanisms } = look;
  if (way.isLogin && mechanisms === undefined) {
    return {
      check: 'sasl-mismatch',
      what: 'this client wants to log in, and that listener has no logins',
      why: 'nobody is let in by a name there; everybody is, or whose certificate is known',
      mend: `\`moldau doctor -X security.protocol=${protocolOf(isTls, false)}\`, or the port of a listener with SASL in --brokers`,
    };
  }
  if (mechanisms === undefined) return undefined;
  if (!way.isLogin) {
    return {
      check: 'sasl-mismatch',
      what: `that listener demands a login (by ${mechanisms.join(' or ')}), and this client has none`,
      why: 'brokers hang up on clients that ask before they have logged in',
      mend: `\`moldau doctor ${loginFlags(isTls, mechanisms)}\``,
    };
  }
  if (mechanisms.includes(way.mechanism)) return undefined;
  return {
    check: 'sasl-mechanism',
    what: `this client wants to log in by ${way.mechanism}, and that listener takes ${mechanisms.join(', ')}`,
    why: 'the broker looks at no password before both agree on how it is shown',
    mend: `\`moldau doctor -X sasl.mechanism=${easiest(mechanisms)}\`, or sasl.enabled.mechanisms in the broker’s configuration`,
  };
}

function otherTls(look: PortLook, isTls: boolean, way: WayIn): Cause {
  // Behind a certificate that is not trusted yet nobody knows whether one logs in: as this client would.
  const mechanisms = look.speaks === 'kafka' ? look.mechanisms : way.isLogin ? [way.mechanism] : undefined;
  const needsLogin = mechanisms !== undefined && !way.isLogin;
  const flags = needsLogin
    ? loginFlags(isTls, mechanisms)
    : `-X security.protocol=${protocolOf(isTls, mechanisms !== undefined)}`;
  const authority = isTls ? ' -X ssl.ca.location=ca.pem' : '';
  return {
    check: 'tls-mismatch',
    what: isTls
      ? 'that port speaks TLS, and this client does not'
      : 'this client speaks TLS, and that port does not',
    why: 'each takes the first words of the other for nonsense and hangs up',
    mend: `\`moldau doctor ${flags}${authority}\`, or the port of ${isTls ? 'a plain' : 'the TLS'} listener in --brokers`,
  };
}

function loginFlags(isTls: boolean, mechanisms: readonly string[]): string {
  return `-X security.protocol=${protocolOf(isTls, true)} -X sasl.mechanism=${easiest(mechanisms)} -X sasl.username=NAME -X sasl.password=SECRET`;
}

function protocolOf(isTls: boolean, isLogin: boolean): string {
  return isLogin ? (isTls ? 'sasl_ssl' : 'sasl_plaintext') : isTls ? 'ssl' : 'plaintext';
}

/** That takes a name and a password. */
function easiest(mechanisms: readonly string[]): string {
  return mechanisms.find((each) => /^(SCRAM|PLAIN)/.test(each)) ?? mechanisms[0] ?? 'SCRAM-SHA-512';
}

function guess(error: KafkaError): Cause {
  if (error instanceof AuthenticationError) return LOGIN;
  return error.code === 'TIMED_OUT' ? NETWORK : HANGS_UP;
}
