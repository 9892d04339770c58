// Kafka's tools for users, permissions and delegation tokens, of a broker on which they have an effect at once.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main, RUN, testCase, until } from '../../harness/cases.ts';
import type { Security } from '../../harness/security.ts';
import { at, create, failing, tool } from './tool-runner.ts';

const { listeners, authority, users } = JSON.parse(process.env.INTEROP_SECURITY ?? '') as Security;
const folder = mkdtempSync(join(tmpdir(), 'interop-security-tools-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const REFUSED = /Authentication failed|SaslAuthenticationException/;

interface Login {
  readonly name: string;
  readonly password: string;
  readonly isToken?: boolean;
}

/** The arguments with which a tool logs in over TLS. */
function as({ name, password, isToken = false }: Login): string[] {
  const path = join(folder, `${name}.properties`);
  const token = isToken ? ' tokenauth="true"' : '';
  writeFileSync(
    path,
    `security.protocol=SASL_SSL
ssl.truststore.type=PEM
ssl.truststore.location=${authority}
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="${name}" password="${password}"${token};
`,
  );
  return [...at(listeners.SASL_SSL), '--command-config', path];
}

/** What the tool prints of the topics that the user sees, or why not. */
const topicsOf = (login: Login) => failing('topics', ...as(login), '--list');

async function isLetIn(login: Login): Promise<boolean> {
  const shown = await topicsOf(login);
  if (REFUSED.test(shown)) return false;
  assert.doesNotMatch(shown, /Exception/);
  return true;
}

async function addUser(bootstrap: string, login: Login): Promise<void> {
  const config = `SCRAM-SHA-512=[iterations=8192,password=${login.password}]`;
  const user = ['--entity-type', 'users', '--entity-name', login.name];
  await tool('configs', ...at(bootstrap), ...user, '--alter', '--add-config', config);
  await until(`${login.name} is let in`, () => isLetIn(login));
}

testCase('scram-users', async (bootstrap) => {
  const first = { name: `tina-${RUN}`, password: 'first' };
  const second = { ...first, password: 'second' };
  const configs = (...args: string[]) =>
    tool('configs', ...at(bootstrap), '--entity-type', 'users', '--entity-name', first.name, ...args);
  await addUser(bootstrap, first);
  assert.match(await configs('--describe'), /SCRAM-SHA-512=iterations=8192/);
  await addUser(bootstrap, second);
  assert.ok(!(await isLetIn(first)), 'the old password is still good');
  await configs('--alter', '--delete-config', 'SCRAM-SHA-512');
  await until('the user is refused', async () => !(await isLetIn(second)));
  assert.doesNotMatch(await configs('--describe'), /SCRAM/);
  return undefined;
});

testCase('acls', async (bootstrap) => {
  const user = { name: `ulla-${RUN}`, password: 'of ulla' };
  await addUser(bootstrap, user);
  const topic = await create(bootstrap, 'acls');
  const acls = (...args: string[]) => tool('acls', ...at(bootstrap), ...args);
  const seen = async () => (await topicsOf(user)).split('\n').includes(topic);
  assert.ok(!(await seen()));
  const prefix = ['--topic', 'acls-', '--resource-pattern-type', 'prefixed'];
  const allow = ['--allow-principal', `User:${user.name}`, '--operation', 'Describe', ...prefix];
  await acls('--add', ...allow);
  await until('the topic is seen', seen);
  assert.match(
    await acls('--list', '--principal', `User:${user.name}`),
    new RegExp(
      `ResourcePattern\\(resourceType=TOPIC, name=acls-, patternType=PREFIXED\\)[^]*User:${user.name}, host=\\*, operation=DESCRIBE, permissionType=ALLOW`,
    ),
  );
  const deny = ['--deny-principal', `User:${user.name}`, '--operation', 'All', '--topic', topic];
  await acls('--add', ...deny);
  await until('the denial is in force', async () => !(await seen()));
  await acls('--remove', '--force', ...deny);
  await until('the topic is seen again', seen);
  await acls('--remove', '--force', ...allow);
  await until('the topic is seen no more', async () => !(await seen()));
  assert.doesNotMatch(await acls('--list'), new RegExp(user.name));
  const refused = await failing('acls', ...as(user), '--list');
  assert.match(refused, /ClusterAuthorizationException/);
  return undefined;
});

testCase('delegation-tokens', async () => {
  const owner = users['SCRAM-SHA-512']!;
  const tokens = (...args: string[]) => tool('delegation-tokens', ...as(owner), ...args);
  const created = await tokens('--create', '--max-life-time-period', '-1');
  const found = new RegExp(`^(\\S+)\\s+(\\S+)\\s+User:${owner.name}\\s`, 'm').exec(created);
  assert.ok(found !== null, created);
  const [, name = '', password = ''] = found;
  const token = { name, password, isToken: true };
  await until('the token lets in', () => isLetIn(token));
  assert.match(await topicsOf(token), new RegExp(`^${owner.name}\\.java$`, 'm'));
  const described = () => tokens('--describe', '--owner-principal', `User:${owner.name}`);
  assert.ok((await described()).includes(name));
  const more = await failing('delegation-tokens', ...as(token), '--create', '--max-life-time-period', '-1');
  assert.match(more, /DelegationTokenDisabled|not allowed|NotAllowed/i);
  assert.match(await tokens('--renew', '--renew-time-period', '-1', '--hmac', password), /renew/i);
  await tokens('--expire', '--expiry-time-period', '-1', '--hmac', password);
  await until('the token lets in no more', async () => !(await isLetIn(token)));
  assert.ok(!(await described()).includes(name));
  return undefined;
});

await main();
