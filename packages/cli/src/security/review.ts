// What is weak in a broker's configuration, how bad it is, and what mends it. Pure: whoever calls has read the files.

import type { BrokerConfig } from '@moldau/broker';
import type { ProbeResult } from './probe.ts';

/** high: strangers get in or listen. medium: those who are in can do more than they should, or it will break. low: worth knowing. */
export type Severity = 'high' | 'medium' | 'low';

export interface Finding {
  readonly severity: Severity;
  /** What it is about: a listener, a key, a file. */
  readonly subject: string;
  readonly problem: string;
  readonly mend: string;
}

export interface ReviewedListener {
  readonly name: string;
  /** 'HOST:PORT' */
  readonly address: string;
  readonly protocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  readonly mechanisms: readonly string[];
  readonly clientCertificates: string;
  readonly isLocal: boolean;
  /** Whether everybody who connects has to prove who he is. */
  readonly authenticates: boolean;
  /** When its certificate ends; undefined without one. */
  readonly certificateEndsMs?: number | undefined;
  readonly probe?: ProbeResult | undefined;
}

export interface Reviewed {
  readonly config: BrokerConfig;
  readonly listeners: readonly ReviewedListener[];
  /** Folders of data that every user of this machine can read. */
  readonly publicDataFolders: readonly string[];
  /** Lines of the start about files with secrets that are open to others. */
  readonly publicSecrets: readonly { readonly problem: string; readonly mend: string }[];
  readonly nowMs: number;
}

const DAY_MS = 86_400_000;
const CERTIFICATE_NOTICE_DAYS = 30;
const SEVERITIES: readonly Severity[] = ['high', 'medium', 'low'];
const INIT = 'moldau security init';
/** Mechanisms that send what is as good as a password. */
const BARE_MECHANISMS = ['PLAIN', 'OAUTHBEARER'];

/** The worst first. */
export function review(reviewed: Reviewed): Finding[] {
  const { config, listeners, publicDataFolders, publicSecrets, nowMs } = reviewed;
  const hasAuthorizer = config.get('authorizer.class.name') !== '';
  const isConfined = hasAuthorizer && !config.get('allow.everyone.if.no.acl.found');
  const findings = [
    ...listeners.flatMap((listener) => [
      ...reviewStrangers(listener, isConfined),
      ...reviewEncryption(listener),
      ...reviewCertificate(listener, nowMs),
    ]),
    ...reviewPermissions(config, hasAuthorizer, listeners),
    ...publicSecrets.map(
      ({ problem, mend }): Finding => ({
        ...{ severity: 'high', subject: 'files', problem, mend },
      }),
    ),
    ...publicDataFolders.map(
      (folder): Finding => ({
        severity: 'medium',
        subject: folder,
        problem: 'every user of this machine can read the records there, and what passwords are checked with',
        mend: `chmod 700 ${folder}`,
      }),
    ),
  ];
  return findings.sort(
    (left, right) => SEVERITIES.indexOf(left.severity) - SEVERITIES.indexOf(right.severity),
  );
}

function reviewStrangers(listener: ReviewedListener, isConfined: boolean): Finding[] {
  const { authenticates, isLocal, protocol, probe } = listener;
  const subject = subjectOf(listener);
  const reality =
    probe?.outcome === 'open' ? ` Asked just now, the broker lets a stranger ${powersOf(probe)}.` : '';
  if (authenticates) {
    if (probe?.outcome !== 'open') return [];
    const problem = `the configuration wants logins, but the broker that runs there answers without one.${reality}`;
    return [{ severity: 'high', subject, problem, mend: 'restart the broker with this configuration' }];
  }
  const who = isLocal ? 'every user and program of this machine' : 'whoever reaches it';
  const powers = isConfined
    ? 'what access rules allow User:ANONYMOUS'
    : 'read, write and administer everything';
  const mend =
    protocol === 'SSL'
      ? 'ssl.client.auth=required and a truststore, or SASL_SSL in listener.security.protocol.map'
      : INIT;
  const severity = isConfined ? (isPowerless(probe) ? 'low' : 'medium') : isLocal ? 'low' : 'high';
  const problem = `${who} may, without a login, ${isConfined ? 'do ' : ''}${powers}.${reality}`;
  return [{ severity, subject, problem, mend }];
}

function reviewEncryption(listener: ReviewedListener): Finding[] {
  const { protocol, isLocal, mechanisms } = listener;
  if (isLocal || protocol === 'SSL' || protocol === 'SASL_SSL') return [];
  const subject = subjectOf(listener);
  const bare = protocol === 'PLAINTEXT' ? [] : mechanisms.filter((name) => BARE_MECHANISMS.includes(name));
  const mend = `SASL_SSL in place of ${protocol}: ${INIT} makes the certificate`;
  if (bare.length > 0) {
    const problem = `passwords or tokens pass as they are (${bare.join(', ')}): whoever sees the network can use them, and read and change all records`;
    return [{ severity: 'high', subject, problem, mend }];
  }
  const problem = 'nothing is encrypted: whoever sees the network can read and change all records';
  return [{ severity: 'medium', subject, problem, mend }];
}

function reviewCertificate(listener: ReviewedListener, nowMs: number): Finding[] {
  const { certificateEndsMs } = listener;
  if (certificateEndsMs === undefined) return [];
  const days = Math.floor((certificateEndsMs - nowMs) / DAY_MS);
  if (days >= CERTIFICATE_NOTICE_DAYS) return [];
  const subject = subjectOf(listener);
  const mend = 'a new certificate in the file of ssl.keystore.location: it is taken while the broker runs';
  return days < 0
    ? [{ severity: 'high', subject, problem: 'its certificate has expired: no client connects', mend }]
    : [{ severity: 'medium', subject, problem: `its certificate ends in ${days} days`, mend }];
}

function reviewPermissions(
  config: BrokerConfig,
  hasAuthorizer: boolean,
  listeners: readonly ReviewedListener[],
): Finding[] {
  const findings: Finding[] = [];
  const add = (severity: Severity, subject: string, problem: string, mend: string) =>
    findings.push({ severity, subject, problem, mend });
  if (!hasAuthorizer && listeners.some(({ authenticates }) => authenticates)) {
    add(
      'medium',
      'authorizer.class.name',
      'everybody who logs in may do everything',
      'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer, super.users=User:<administrator>, and kafka-acls for the others',
    );
  }
  if (!hasAuthorizer) return findings;
  if (config.get('allow.everyone.if.no.acl.found')) {
    add(
      'medium',
      'allow.everyone.if.no.acl.found',
      'whatever no access rule speaks of is open to everybody',
      'allow.everyone.if.no.acl.found=false',
    );
  }
  const superUsers = config
    .get('super.users')
    .split(';')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  if (superUsers.includes('User:ANONYMOUS')) {
    add(
      'high',
      'super.users',
      'User:ANONYMOUS is everybody without a login',
      'take User:ANONYMOUS out of it',
    );
  }
  if (superUsers.length > 0) {
    add(
      'low',
      'super.users',
      `${superUsers.join(', ')} may do everything, whatever access rules say`,
      'leave out whom access rules serve as well',
    );
  }
  return findings;
}

function subjectOf({ name, address }: ReviewedListener): string {
  return `${name} on ${address}`;
}

function isPowerless(probe: ProbeResult | undefined): boolean {
  if (probe?.outcome !== 'open') return probe?.outcome === 'closed';
  return !probe.mayAdminister && probe.readable.length === 0 && probe.writable.length === 0;
}

/** As in 'lets a stranger administer it, read 3 topics'. */
export function powersOf({ mayAdminister, readable, writable }: ProbeResult): string {
  const counted = (verb: string, names: readonly string[]) =>
    names.length === 0
      ? []
      : [`${verb} ${names.length === 1 ? `the topic ${names[0]}` : `${names.length} topics`}`];
  const powers = [
    ...(mayAdminister ? ['administer it'] : []),
    ...counted('read', readable),
    ...counted('write to', writable),
  ];
  return powers.length === 0 ? 'do nothing but ask' : powers.join(', ');
}
