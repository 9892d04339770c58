// Access rules, users, quotas and tokens. A broker elsewhere needs an authorizer with User:ANONYMOUS as a super user.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { CommandArguments, VerbSpec } from '../command-line/command.ts';
import type { RunOptions } from '../testing-context.ts';
import { verbs as acl } from './acl.ts';
import { verbs as config } from './config.ts';
import { consume } from './consume-verb.ts';
import { verbs as group } from './group.ts';
import { produce } from './produce-verb.ts';
import { verbs as quota } from './quota.ts';
import { TestCluster } from './testing-cluster.ts';
import { verbs as token } from './token.ts';
import { verbs as topic } from './topic.ts';
import { verbs as user } from './user.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start([
    'listeners=OPEN://127.0.0.1:0,CLIENTS://127.0.0.1:0',
    'listener.security.protocol.map=OPEN:PLAINTEXT,CLIENTS:SASL_PLAINTEXT',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256',
    'listener.name.clients.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_ada="secret";',
    'delegation.token.secret.key=a key for tests',
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
  ]);
});
after(() => cluster.stop());

/** As ada, who may nothing. */
function loggedIn(): RunOptions | undefined {
  const clients = cluster.broker?.broker.listeners.find(({ name }) => name === 'CLIENTS');
  if (clients === undefined) return undefined;
  return {
    brokers: `127.0.0.1:${clients.port}`,
    properties: {
      ...{ 'security.protocol': 'sasl_plaintext', 'sasl.mechanism': 'PLAIN' },
      ...{ 'sasl.username': 'ada', 'sasl.password': 'secret' },
    },
  };
}

const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;

test('access rules are added in all combinations, listed by who and what, and deleted when that is confirmed', async () => {
  const [ada, etl, topic] = [unique('ada'), unique('etl'), unique('orders')];
  const rule = { principal: [ada, `User:${etl}`], operation: ['read', 'describe'], topic: [topic] };
  assert.equal((await cluster.json(acl, 'add', {}, { ...rule, dryRun: true })).length, 4);
  const added = await cluster.json(acl, 'add', {}, rule);
  assert.deepEqual(added[0], {
    ...{ principal: `User:${ada}`, permission: 'allow', operation: 'read' },
    ...{ resource: 'topic', name: topic, pattern: 'literal', host: '*' },
  });
  await cluster.json(
    acl,
    'add',
    {},
    { ...rule, principal: [ada], operation: ['all'], topic: [topic.slice(0, 9)], prefixed: true, deny: true },
  );
  const list = (options: object) => cluster.json(acl, 'list', {}, { ...options });
  await cluster.until(async () => (await list({ topic: [topic], matching: true })).length === 5);
  assert.equal((await list({ principal: [ada] })).length, 3);
  assert.equal((await list({ principal: [ada], deny: true })).length, 1);
  assert.equal((await list({ topic: [topic], operation: ['read'] })).length, 2);
  for (const wrong of [{}, { principal: [ada] }, { principal: [ada], operation: ['read'] }])
    assert.equal((await cluster.run(acl, 'add', {}, wrong)).code, 2);
  assert.equal((await cluster.run(acl, 'delete', {}, { yes: true })).code, 2);
  const declined = await cluster.run(acl, 'delete', {}, { principal: [ada] }, { answers: ['n'] });
  assert.deepEqual([declined.code, declined.told[0]], [3, 'Delete 3 access rules?']);
  assert.equal((await cluster.json(acl, 'delete', {}, { principal: [ada, etl], yes: true })).length, 5);
});

test('users log in by SCRAM with a password that is read, never given on the command line', async () => {
  const name = unique('ada');
  const set = (stdin: string, options: object = {}) =>
    cluster.run(user, 'set', { user: name }, { iterations: 4096, ...options }, { stdin });
  assert.equal((await set('')).code, 2);
  assert.deepEqual((await set('secret\n')).told, [`${name} logs in by SCRAM-SHA-512`]);
  assert.equal((await set('secret', { mechanism: 'scram-sha-256' })).code, 0);
  const list = () => cluster.run(user, 'list', { user: [name] });
  await cluster.until(async () => (await list()).out.includes('256'));
  assert.match(
    (await list()).out,
    new RegExp(`${name} +SCRAM-SHA-256 \\(4096\\), SCRAM-SHA-512 \\(4096\\)\n$`),
  );
  assert.equal((await cluster.run(user, 'delete', { user: name })).code, 3);
  assert.equal((await cluster.run(user, 'delete', { user: name }, { yes: true })).code, 0);
  await cluster.until(async () => (await list()).code === 1);
});

test('quotas are for users at clients, and for all who have none of their own', async () => {
  const name = unique('ada');
  const entity = { user: name, client: 'default' };
  const set = await cluster.json(
    quota,
    'set',
    { limit: ['producer_byte_rate=1000', 'request_percentage=50'] },
    entity,
  );
  assert.deepEqual(set[0], {
    of: `user ${name}, client (default)`,
    name: 'producer_byte_rate',
    from: null,
    to: 1000,
  });
  const list = () => cluster.run(quota, 'list', {}, { user: name });
  await cluster.until(async () => (await list()).out.includes('producer'));
  assert.match((await list()).out, /client \(default\).* +(producer_byte_rate=1000|request_percentage=50) /);
  const gone = await cluster.json(
    quota,
    'unset',
    { limit: ['producer_byte_rate', 'request_percentage'] },
    entity,
  );
  assert.deepEqual([gone[0].from, gone[0].to], [1000, null]);
  assert.equal((await cluster.run(quota, 'set', { limit: ['producer_byte_rate=1000'] })).code, 2);
});

test('tokens say why they cannot be had', async () => {
  assert.equal((await cluster.run(token, 'create')).code, 1);
  const expired = await cluster.run(token, 'expire', { hmac: 'AAAA' });
  assert.equal(expired.code, 1);
  assert.match(expired.told[0]!, /oken/);
});

test('who may not is told what it takes, and the command that gives it', async (context) => {
  const asAda = loggedIn();
  if (asAda === undefined) return context.skip('no listener to log in at');
  const name = unique('closed');
  await cluster.topic(name, 1, [1]);
  const denials: [VerbSpec[], string, CommandArguments, string][] = [
    [[...topic], 'describe', { topic: [name] }, `describe --topic ${name}`],
    [[...topic], 'create', { topic: [`${name}-2`] }, `create --topic ${name}-2`],
    [[...group], 'describe', { group: ["it's"] }, "describe --group 'it'\\''s'"],
    [[...config], 'get', { type: 'topic', name }, `describe-configs --topic ${name}`],
    [[...config], 'get', { type: 'broker', name: '1' }, 'describe-configs --cluster'],
    [[...quota], 'list', {}, 'describe-configs --cluster'],
    [[...user], 'list', {}, 'describe --cluster'],
    [[...acl], 'list', {}, 'describe --cluster'],
  ];
  const visible = { principal: ['ada'], operation: ['describe'], topic: [name] };
  await cluster.json(acl, 'add', {}, visible);
  const unread = await cluster.run([consume], 'consume', { topic: [name] }, { untilEnd: true }, asAda);
  assert.match(unread.told[0]!, /--operation read --topic closed-\w+` gives it\.$/);
  const grouped = await cluster.run([consume], 'consume', { topic: [name] }, { group: name }, asAda);
  assert.match(grouped.told.at(-1)!, /--operation read --group closed-\w+` gives it, and Read, which is /);
  await cluster.json(acl, 'delete', {}, { ...visible, yes: true });
  const unseen = await cluster.run([consume], 'consume', { topic: [name] }, { untilEnd: true }, asAda);
  assert.match(unseen.told[0]!, /--operation read --topic closed-\w+` gives it, and Read, which is needed/);
  const unsent = await cluster.run([produce], 'produce', { topic: name }, {}, { ...asAda, stdin: 'x\n' });
  assert.match(
    unsent.told.at(-1)!,
    /^moldau: `moldau acl add .*--operation write --topic closed-\w+` gives it\.$/,
  );
  for (const [verbs, verb, args, rule] of denials) {
    const { code, told } = await cluster.run(verbs, verb, args, {}, asAda);
    assert.equal(code, 1);
    const command = `\`moldau acl add --principal NAME --operation ${rule}\` gives it.`;
    assert.ok(told[0]!.endsWith(command), told.join());
  }
});

test('tokens are made, listed without their secrets, renewed and ended', async (context) => {
  const asAda = loggedIn();
  if (asAda === undefined) return context.skip('no listener to log in at');
  const created = { renewer: ['User:etl'], maxLifetime: 3_600_000 };
  const [made] = await cluster.json(token, 'create', {}, created, asAda);
  assert.deepEqual([made.owner, made.renewers], ['User:ada', ['User:etl']]);
  const [listed] = await cluster.json(token, 'list', {}, {}, asAda);
  assert.deepEqual([listed.tokenId, 'hmac' in listed], [made.tokenId, false]);
  assert.equal((await cluster.json(token, 'list', {}, { secrets: true }, asAda))[0].hmac, made.hmac);
  const { told } = await cluster.run(token, 'renew', { hmac: made.hmac }, { for: 60_000 }, asAda);
  assert.match(told[0]!, /^it expires at \d{4}-/);
  assert.equal((await cluster.run(token, 'expire', { hmac: made.hmac }, {}, asAda)).code, 0);
});
