// Clients log in with tickets of Kerberos (GSSAPI): a realm of one key distribution centre, and a broker where alice may do everything and bob nothing.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateFile } from '@moldau/testing';
import { freePort, startBroker } from '../../harness/broker.ts';
import { main, testCase, until } from '../../harness/cases.ts';
import { mustRun, run } from '../../harness/command.ts';
import { create, failing, tool } from '../java/tool-runner.ts';

const REALM = 'INTEROP.MOLDAU';
const SERVICE = `kafka/localhost@${REALM}`;
const MODULE = 'com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true';
const RECORDS = 50;
const TIMEOUT_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'moldau-interop-kerberos-'));
const path = (name: string) => join(folder, name);
const [kdcPort, plainPort, saslPort, tlsPort] = [
  await freePort(),
  await freePort(),
  await freePort(),
  await freePort(),
];
const addresses = { SASL_PLAINTEXT: `localhost:${saslPort}`, SASL_SSL: `localhost:${tlsPort}` };
type Protocol = keyof typeof addresses;

process.env.KRB5_CONFIG = path('krb5.conf');
process.env.KRB5_KDC_PROFILE = path('kdc.conf');
process.env.JAVA_TOOL_OPTIONS = `-Djava.security.krb5.conf=${path('krb5.conf')}`;

async function startRealm(): Promise<void> {
  mkdirSync(path('kdc'));
  writeFileSync(
    path('kdc.conf'),
    `[kdcdefaults]
 kdc_ports = ${kdcPort}
 kdc_tcp_ports = ${kdcPort}
[realms]
 ${REALM} = {
  database_name = ${path('kdc/principal')}
  key_stash_file = ${path('kdc/stash')}
  acl_file = ${path('kdc/acl')}
 }
`,
  );
  writeFileSync(
    path('krb5.conf'),
    `[libdefaults]
 default_realm = ${REALM}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 ${REALM} = {
  kdc = 127.0.0.1:${kdcPort}
 }
`,
  );
  await mustRun(['kdb5_util', 'create', '-s', '-r', REALM, '-P', 'of the database']);
  const principals = Object.entries({ kafka: SERVICE, alice: 'alice', bob: 'bob' });
  const input = principals
    .map(
      ([name, principal]) =>
        `addprinc -randkey ${principal}\nktadd -k ${path(`${name}.keytab`)} ${principal}\n`,
    )
    .join('');
  const made = await run(['kadmin.local'], { timeoutMs: TIMEOUT_MS, input });
  assert.equal(made.code, 0, made.errors);
  const centre = spawn('krb5kdc', ['-n'], { stdio: 'ignore' });
  process.on('exit', () => {
    centre.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  await until('tickets are given', () => getTicket('alice'));
  assert.ok(await getTicket('bob'));
}

async function getTicket(user: string): Promise<boolean> {
  const command = ['kinit', '-k', '-t', path(`${user}.keytab`), '-c', path(`${user}.tickets`), user];
  return (await run(command, { timeoutMs: TIMEOUT_MS })).code === 0;
}

await startRealm();
const { SASL_PLAINTEXT, SASL_SSL } = addresses;
const identity = `${MODULE} keyTab="${path('kafka.keytab')}" principal="${SERVICE}";`;
writeFileSync(
  path('server.properties'),
  `listeners=PLAINTEXT://127.0.0.1:${plainPort},SASL_PLAINTEXT://${SASL_PLAINTEXT},SASL_SSL://${SASL_SSL}
sasl.enabled.mechanisms=GSSAPI
sasl.kerberos.service.name=kafka
listener.name.sasl_plaintext.gssapi.sasl.jaas.config=${identity}
listener.name.sasl_ssl.gssapi.sasl.jaas.config=${identity}
ssl.keystore.type=PKCS12
ssl.keystore.location=${certificateFile('server.p12')}
ssl.keystore.password=changeit
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:alice
`,
  { mode: 0o600 },
);
const broker = await startBroker('kerberos', { port: plainPort, configFile: path('server.properties') });

/** With the tickets of a user, or of nobody. */
function kcat(protocol: Protocol, user: string, args: readonly string[], input = '') {
  const settings = [
    `security.protocol=${protocol}`,
    'sasl.mechanisms=GSSAPI',
    'sasl.kerberos.service.name=kafka',
    // The tickets are there.
    'sasl.kerberos.kinit.cmd=true',
    `ssl.ca.location=${certificateFile('ca.pem')}`,
    'message.timeout.ms=15000',
  ];
  const command = ['kcat', '-b', addresses[protocol], ...settings.flatMap((setting) => ['-X', setting])];
  const environment = { KRB5CCNAME: path(`${user}.tickets`) };
  return run([...command, ...args], { environment, timeoutMs: TIMEOUT_MS, input });
}

async function kcatThereAndBack(protocol: Protocol): Promise<undefined> {
  const topic = await create(broker.bootstrap, `kerberos-kcat-${protocol}`);
  const lines = Array.from({ length: RECORDS }, (_, index) => `${index}\n`).join('');
  const sent = await kcat(protocol, 'alice', ['-P', '-t', topic], lines);
  assert.equal(sent.code, 0, sent.errors);
  const received = await kcat(protocol, 'alice', ['-C', '-t', topic, '-o', 'beginning', '-e', '-q']);
  assert.equal(received.output, lines, received.errors);
  const forbidden = await kcat(protocol, 'bob', ['-P', '-t', topic], 'of bob\n');
  assert.match(forbidden.errors, /authorization failed/i);
}

async function javaThereAndBack(protocol: Protocol): Promise<undefined> {
  const topic = await create(broker.bootstrap, `kerberos-java-${protocol}`);
  const as = (user: string) => {
    const file = path(`${user}-${protocol}.properties`);
    const jaas = `${MODULE} keyTab="${path(`${user}.keytab`)}" principal="${user}@${REALM}";`;
    writeFileSync(
      file,
      `security.protocol=${protocol}
sasl.mechanism=GSSAPI
sasl.kerberos.service.name=kafka
sasl.jaas.config=${jaas}
ssl.truststore.type=PEM
ssl.truststore.location=${certificateFile('ca.pem')}
`,
    );
    return ['--bootstrap-server', addresses[protocol], '--command-config', file];
  };
  const write = (user: string, count: number) => [
    ...['--topic', topic, '--num-records', String(count), '--record-size', '100', '--throughput', '-1'],
    ...as(user),
  ];
  const written = await tool('producer-perf', ...write('alice', RECORDS));
  assert.match(written, new RegExp(`^${RECORDS} records sent`, 'm'));
  const shape = ['--topic', topic, '--num-records', String(RECORDS), '--timeout', '20000'];
  assert.match(await tool('consumer-perf', ...shape, ...as('alice')), new RegExp(`, ${RECORDS}, `));
  assert.match(await failing('producer-perf', ...write('bob', 1)), /TopicAuthorizationException/);
}

testCase('kcat', () => kcatThereAndBack('SASL_PLAINTEXT'));
testCase('kcat-tls', () => kcatThereAndBack('SASL_SSL'));
testCase('java', () => javaThereAndBack('SASL_PLAINTEXT'));
testCase('java-tls', () => javaThereAndBack('SASL_SSL'));

testCase('refused', async () => {
  const { errors } = await kcat('SASL_PLAINTEXT', 'nobody', ['-L', '-m', '5']);
  assert.match(errors, /GSSAPI|Kerberos|credentials/i);
  const trouble = await broker.stop();
  assert.equal(trouble, undefined);
  return undefined;
});

await main();
