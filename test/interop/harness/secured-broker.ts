// A broker with a listener of each security protocol, every way to log in but Kerberos (clients/kerberos has that), and permissions.
//
// Each way has a user of its own, who may use topics and groups that begin with the user's name, and no others: a client that gets at
// these, and not at the forbidden topic, has been taken for whom it is. The listener without logins is for the harness.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createAclsRequest,
  createAclsResponse,
  createTopicsRequest,
  createTopicsResponse,
  ErrorCode,
} from '@moldau/protocol';
import { certificateFile, RawClient } from '@moldau/testing';
import { type Broker, freePort, startBroker } from './broker.ts';
import { CLIENT_SECRET, IdentityProvider } from './identity-provider.ts';
import { FORBIDDEN_TOPIC, LOGINS, MECHANISMS, type Security, topicOf, type User } from './security.ts';

const USERS = {
  PLAIN: { name: 'paula', password: 'paula:s "plain" pass=word' },
  'SCRAM-SHA-256': { name: 'samira', password: 'samira-of-256' },
  'SCRAM-SHA-512': { name: 'samuel', password: 'samuel-of-512' },
  OAUTHBEARER: { name: 'olga', password: CLIENT_SECRET },
} satisfies Record<(typeof MECHANISMS)[number], User>;
/** The one that the certificate of a client names. */
const CERTIFICATE_USER = { name: 'alice', password: '' };
const CERTIFICATE_PRINCIPAL = 'User:CN=alice,OU=Clients,O=Moldau tests';

/** Longer than any run: it is to be refused for its signature. */
const FORGED_LIFETIME_SECONDS = 86_400;

const CREATE_TOPICS_VERSION = 7;
const CREATE_ACLS_VERSION = 3;
/** Kafka's codes of the operations, types of resources and of patterns, and of permissions that are used here. */
const OPERATIONS = { read: 3, write: 4 };
const RESOURCES = { topic: 2, group: 3 };
const PREFIXED = 4;
const ALLOW = 3;

/** It has topics for each of these clients. */
export async function startSecuredBroker(clients: readonly string[]): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), 'moldau-interop-secured-'));
  const identityProvider = await IdentityProvider.start();
  const security = await describeSecurity(identityProvider, folder);
  const port = await freePort();
  const configFile = join(folder, 'server.properties');
  const settings = [`listeners=PLAINTEXT://127.0.0.1:${port},${addressesOf(security)}`];
  settings.push(...settingsFor(identityProvider));
  writeFileSync(configFile, settings.map((line) => `${line.replaceAll('\\', '\\\\')}\n`).join(''), {
    mode: 0o600,
  });
  const broker = await startBroker('secured', { port, configFile });
  await prepare(broker.bootstrap, clients);
  return {
    ...broker,
    environment: { INTEROP_SECURITY: JSON.stringify(security) },
    async stop(options) {
      const trouble = await broker.stop(options);
      await identityProvider.stop();
      rmSync(folder, { recursive: true });
      return trouble;
    },
  };
}

async function describeSecurity(identityProvider: IdentityProvider, folder: string): Promise<Security> {
  const [saslPlaintext, saslSsl, ssl] = await Promise.all([freePort(), freePort(), freePort()]);
  const [header, payload] = identityProvider
    .token(USERS.OAUTHBEARER.name, FORGED_LIFETIME_SECONDS)
    .split('.');
  const [, , signature] = identityProvider.token('another').split('.');
  const forgedToken = [header, payload, signature].join('.');
  const forgedTokenPath = join(folder, 'forged.jwt');
  writeFileSync(forgedTokenPath, forgedToken);
  return {
    logins: LOGINS,
    listeners: {
      SASL_PLAINTEXT: `localhost:${saslPlaintext}`,
      SASL_SSL: `localhost:${saslSsl}`,
      SSL: `localhost:${ssl}`,
    },
    users: { ...USERS, certificate: CERTIFICATE_USER },
    authority: certificateFile('ca.pem'),
    certificate: certificateFile('alice.pem'),
    key: certificateFile('alice.key'),
    tokenUrl: identityProvider.tokenUrl,
    forgedToken,
    forgedTokenUrl: pathToFileURL(forgedTokenPath).href,
  };
}

function addressesOf({ listeners }: Security): string {
  return Object.entries(listeners)
    .map(([protocol, address]) => `${protocol}://${address}`)
    .join(',');
}

/** The broker's key and whom it trusts are in PKCS12 files, while the clients have PEM. */
function settingsFor(identityProvider: IdentityProvider): string[] {
  const { name, password } = USERS.PLAIN;
  const quoted = password.replaceAll('"', '\\"');
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${name}="${quoted}";`;
  const kept = [USERS['SCRAM-SHA-256'], USERS['SCRAM-SHA-512']];
  return [
    `sasl.enabled.mechanisms=${MECHANISMS.join(',')}`,
    `listener.name.sasl_plaintext.plain.sasl.jaas.config=${plain}`,
    `listener.name.sasl_ssl.plain.sasl.jaas.config=${plain}`,
    `moldau.users=${kept.map((user) => `${user.name}:${user.password}`).join(',')}`,
    ...identityProvider.brokerSettings(),
    'delegation.token.secret.key=a secret of brokers',
    'ssl.keystore.type=PKCS12',
    `ssl.keystore.location=${certificateFile('server.p12')}`,
    'ssl.keystore.password=changeit',
    'ssl.truststore.type=PKCS12',
    `ssl.truststore.location=${certificateFile('truststore.p12')}`,
    'ssl.truststore.password=changeit',
    'listener.name.ssl.ssl.client.auth=required',
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
  ];
}

/** Makes the topics and permits their users to use them. */
async function prepare(bootstrap: string, clients: readonly string[]): Promise<void> {
  const users = [...Object.values(USERS), CERTIFICATE_USER];
  const names = users.flatMap((user) => clients.map((client) => topicOf(user, client)));
  const admin = await RawClient.dial({ port: Number(bootstrap.split(':').at(-1)) });
  try {
    const { topics } = await admin.request(createTopicsRequest, createTopicsResponse, CREATE_TOPICS_VERSION, {
      topics: [...names, FORBIDDEN_TOPIC].map((name) => ({
        ...{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
      })),
      timeoutMs: 20_000,
    });
    const { results } = await admin.request(createAclsRequest, createAclsResponse, CREATE_ACLS_VERSION, {
      creations: users.flatMap(permissionsOf),
    });
    const failures = [...topics, ...results].filter(({ errorCode }) => errorCode !== ErrorCode.NONE);
    if (failures.length > 0)
      throw new Error(`the topics and ACLs are not all there: ${JSON.stringify(failures)}`);
  } finally {
    admin.close();
  }
}

function permissionsOf(user: User) {
  const principal = user === CERTIFICATE_USER ? CERTIFICATE_PRINCIPAL : `User:${user.name}`;
  const permission = (resourceType: number, operation: number) => ({
    ...{ resourceType, resourceName: `${user.name}.`, resourcePatternType: PREFIXED },
    ...{ principal, host: '*', operation, permissionType: ALLOW },
  });
  return [
    permission(RESOURCES.topic, OPERATIONS.write),
    permission(RESOURCES.topic, OPERATIONS.read),
    permission(RESOURCES.group, OPERATIONS.read),
  ];
}
