// What the admin does about access, against a broker in this process, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set. That one needs an
// authorizer with User:ANONYMOUS and User:admin as super users and, for all of it, a listener at MOLDAU_TEST_SASL_BROKERS by SASL_PLAINTEXT, with
// PLAIN (admin and alice, both with the password 'secret') and SCRAM-SHA-256 and -512, and a delegation.token.secret.key.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { has, lacks } from '../cluster/testing-elsewhere.ts';
import type { KafkaError } from '../errors/kafka-error.ts';
import { Kafka } from '../kafka.ts';
import type { SaslOptions } from '../options/client-options.ts';
import type { AclBinding } from './acl-values.ts';
import type { Admin } from './admin.ts';
import { AdminWorld, eventually } from './testing-admin.ts';

const MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const SETTINGS = [
  'listeners=OPEN://127.0.0.1:0,CLIENTS://127.0.0.1:0',
  'listener.security.protocol.map=OPEN:PLAINTEXT,CLIENTS:SASL_PLAINTEXT',
  'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
  `listener.name.clients.plain.sasl.jaas.config=${MODULE} required user_admin="secret" user_alice="secret";`,
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users=User:ANONYMOUS;User:admin',
  'delegation.token.secret.key=a key for tests',
];

describe('the admin of access', () => {
  let world: AdminWorld;
  let admin: Admin;
  let saslBrokers: string | undefined;

  before(async () => {
    world = await AdminWorld.start({ settings: SETTINGS });
    admin = world.admin;
    const clients = world.broker?.broker.listeners.find(({ name }) => name === 'CLIENTS');
    saslBrokers = clients === undefined ? process.env.MOLDAU_TEST_SASL_BROKERS : `127.0.0.1:${clients.port}`;
  });
  after(() => world.stop());

  const as = (sasl: SaslOptions): Kafka =>
    new Kafka({ brokers: saslBrokers!, sasl, clientId: 'access-test' });
  const plain = (username: string): Kafka => as({ mechanism: 'PLAIN', username, password: 'secret' });

  it('adds, finds and removes access rules', async () => {
    const topic = world.name();
    const ada = `User:${world.name()}`;
    const bindings: AclBinding[] = [
      { resource: { type: 'topic', name: topic }, principal: ada, operation: 'read' },
      {
        resource: { type: 'topic', name: 'admin-', pattern: 'prefixed' },
        principal: ada,
        operation: 'write',
        host: '10.0.0.1',
      },
      { resource: { type: 'cluster' }, principal: ada, operation: 'alter', permission: 'deny' },
    ];
    await admin.acls.create(bindings);
    const full = [
      {
        resource: { type: 'cluster', name: 'kafka-cluster', pattern: 'literal' },
        operation: 'alter',
        host: '*',
        permission: 'deny',
      },
      {
        resource: { type: 'topic', name: 'admin-', pattern: 'prefixed' },
        operation: 'write',
        host: '10.0.0.1',
        permission: 'allow',
      },
      {
        resource: { type: 'topic', name: topic, pattern: 'literal' },
        operation: 'read',
        host: '*',
        permission: 'allow',
      },
    ].map((rule) => ({ principal: ada, ...rule }));
    const sorted = (rules: readonly { operation: string }[]) =>
      rules.toSorted((one, other) => (one.operation < other.operation ? -1 : 1));
    const found = await eventually(
      () => admin.acls.list({ principal: ada }),
      ({ length }) => length === 3,
    );
    assert.deepEqual(sorted(found), sorted(full));
    const matching = await admin.acls.list({
      principal: ada,
      resource: { type: 'topic', name: topic, pattern: 'match' },
    });
    assert.equal(matching.length, 2);
    const deleted = await admin.acls.delete([
      { principal: ada, operation: 'write' },
      { principal: ada, resource: { type: 'cluster' } },
    ]);
    assert.deepEqual(sorted(deleted), sorted(full.filter(({ operation }) => operation !== 'read')));
    assert.equal((await admin.acls.delete({ principal: ada })).length, 1);
    await eventually(
      () => admin.acls.list({ principal: ada }),
      ({ length }) => length === 0,
    );
  });

  it('sends no access rule that could not count, and says why', async () => {
    const refuses = (binding: AclBinding, message: RegExp) =>
      assert.rejects(admin.acls.create(binding), { code: 'INVALID_OPTIONS', message });
    const resource = { type: 'topic', name: 'orders' } as const;
    await refuses(
      { resource, principal: 'ada', operation: 'read' },
      /a principal has a type and a name: User:ada/,
    );
    await refuses(
      { resource, principal: 'User:ada', operation: 'cluster-action' },
      /nobody asks for 'cluster-action' there/,
    );
    await refuses(
      { resource, principal: 'User:ada', operation: 'reed' as 'read' },
      /no operation 'reed': did you mean read\?/,
    );
    await refuses(
      { resource: { type: 'cluster', name: 'mine' }, principal: 'User:ada', operation: 'alter' },
      /kafka-cluster/,
    );
    await refuses(
      { resource: { type: 'topic', name: '' }, principal: 'User:ada', operation: 'read' },
      /has no name/,
    );
    await assert.rejects(admin.acls.delete({}), { message: /would delete every access rule/ });
    await assert.rejects(admin.acls.delete({ principal: undefined as unknown as string }), {
      message: /would mean any/,
    });
  });

  it('makes users who can log in, and takes their logins away', async (test) => {
    if (await lacks(test, 'SCRAM users')) return;
    const user = world.name();
    await admin.users.set([
      { user, password: 'pencil', mechanism: 'SCRAM-SHA-256', iterations: 4096 },
      { user, password: 'käse=,', mechanism: 'SCRAM-SHA-512' },
    ]);
    const [found] = await eventually(
      () => admin.users.list(user).catch(() => []),
      (users) => users[0]?.credentials.length === 2,
    );
    assert.deepEqual(
      found!.credentials.toSorted((one, other) => one.iterations - other.iterations),
      [
        { mechanism: 'SCRAM-SHA-256', iterations: 4096 },
        { mechanism: 'SCRAM-SHA-512', iterations: 16_384 },
      ],
    );
    assert.ok((await admin.users.list()).some((each) => each.user === user));
    if (saslBrokers === undefined) test.diagnostic('no listener to log in at');
    else {
      for (const [mechanism, password] of [
        ['SCRAM-SHA-256', 'pencil'],
        ['SCRAM-SHA-512', 'käse=,'],
      ] as const) {
        await using kafka = as({ mechanism, username: user, password });
        await kafka.admin().features.describe();
      }
    }
    await admin.users.delete([
      { user, mechanism: 'SCRAM-SHA-256' },
      { user, mechanism: 'SCRAM-SHA-512' },
    ]);
    await assert.rejects(admin.users.delete({ user: world.name(), mechanism: 'SCRAM-SHA-256' }), {
      code: 'RESOURCE_NOT_FOUND',
    });
    await eventually(
      () => admin.users.list(),
      (users) => !users.some((each) => each.user === user),
    );
    await assert.rejects(admin.users.list(user), {
      code: 'RESOURCE_NOT_FOUND',
      message: new RegExp(`^user ${user}: `),
    });
    await assert.rejects(admin.users.set({ user, password: 'x', iterations: 10 }), {
      code: 'INVALID_OPTIONS',
    });
    await assert.rejects(admin.users.set({ user, password: '' }), { message: /password of .* is empty/ });
  });

  it('sets quotas of users, clients and addresses, and of all others', async (test) => {
    if (await lacks(test, 'client quotas')) return;
    const [user, clientId, ip] = [world.name(), world.name(), '10.9.8.7'];
    await admin.quotas.alter([
      { entity: { user, clientId }, values: { producerByteRate: 1000, requestPercentage: 12.5 } },
      { entity: { user, clientId: null }, values: { consumerByteRate: 2000 } },
      { entity: { ip }, values: { connectionCreationRate: 5 } },
    ]);
    const mine = await eventually(
      () => admin.quotas.describe({ user }),
      ({ length }) => length === 2,
    );
    const byClient = new Map(mine.map(({ entity, values }) => [entity.clientId, values]));
    assert.deepEqual(byClient.get(clientId), { producerByteRate: 1000, requestPercentage: 12.5 });
    assert.deepEqual(byClient.get(null), { consumerByteRate: 2000 });
    assert.deepEqual(await admin.quotas.describe({ user }, { strict: true }), []);
    assert.equal((await admin.quotas.describe({ user, clientId: null }, { strict: true })).length, 1);
    assert.equal((await admin.quotas.describe({ user, clientId: true })).length, 2);
    await assert.rejects(
      admin.quotas.alter({ entity: { ip }, values: { producerByteRate: 1 } }, { validateOnly: true }),
      (error: KafkaError) =>
        error.code === 'INVALID_REQUEST' && error.message.startsWith(`quota of ip ${ip}: `),
    );
    await assert.rejects(admin.quotas.alter({ entity: {}, values: {} }), { code: 'INVALID_OPTIONS' });
    await assert.rejects(admin.quotas.alter({ entity: { ip, user }, values: {} }), {
      code: 'INVALID_OPTIONS',
    });
    await admin.quotas.alter([
      { entity: { user, clientId }, values: { producerByteRate: null, requestPercentage: null } },
      { entity: { user, clientId: null }, values: { consumerByteRate: null } },
      { entity: { ip }, values: { connectionCreationRate: null } },
    ]);
    await eventually(
      () => admin.quotas.describe({ user }),
      ({ length }) => length === 0,
    );
  });

  it('gives out tokens to log in with, and ends them', async (test) => {
    await assert.rejects(admin.delegationTokens.create(), { code: 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED' });
    if (saslBrokers === undefined) return test.skip('no listener to log in at');
    await using kafka = plain('admin');
    const { delegationTokens } = kafka.admin();
    const token = await delegationTokens.create({ renewers: ['User:alice'], maxLifetimeMs: 3_600_000 });
    assert.deepEqual(
      [token.owner, token.requester, token.renewers],
      ['User:admin', (await has('requesters of tokens')) ? 'User:admin' : '', ['User:alice']],
    );
    const [found] = await eventually(
      () => delegationTokens.list({ owners: ['User:admin'] }),
      ({ length }) => length > 0,
    );
    assert.ok(found!.hmac.length > 0 && token.maxLifetimeEndsMs - token.issuedMs === 3_600_000);
    await using other = as({
      mechanism: 'SCRAM-SHA-256',
      username: token.tokenId,
      isDelegationToken: true,
      password: token.hmac.toString('base64'),
    });
    await eventually(
      () =>
        other
          .admin()
          .cluster.describe()
          .catch(() => undefined),
      (answer) => answer !== undefined,
    );
    const [renewed] = await delegationTokens.renew(token.hmac, { periodMs: 60_000 });
    assert.ok(renewed!.expiresMs < token.maxLifetimeEndsMs);
    await delegationTokens.expire([token.hmac]);
    await eventually(
      () => delegationTokens.list(),
      (tokens) => !tokens.some(({ tokenId }) => tokenId === token.tokenId),
    );
    await assert.rejects(delegationTokens.renew(Buffer.from('no token')), {
      code: 'DELEGATION_TOKEN_NOT_FOUND',
    });
    await assert.rejects(delegationTokens.create({ renewers: ['alice'] }), { code: 'INVALID_OPTIONS' });
  });

  it('says which right is missing, and on what', async (test) => {
    if (await lacks(test, 'the quorum')) return;
    if (saslBrokers === undefined) return test.skip('no listener to log in at');
    const topic = await world.made();
    await using kafka = plain('alice');
    const alice = kafka.admin();
    const group = world.name();
    const refused = (call: Promise<unknown>, code: string, message: RegExp) =>
      assert.rejects(call, { code, message });
    await refused(
      alice.topics.describe(topic),
      'TOPIC_AUTHORIZATION_FAILED',
      new RegExp(`It takes Describe on the topic ${topic}\\.`),
    );
    await refused(
      alice.topics.create({ name: world.name() }),
      'TOPIC_AUTHORIZATION_FAILED',
      /It takes Create on the topic admin-/,
    );
    await refused(alice.topics.delete(topic), 'TOPIC_AUTHORIZATION_FAILED', /It takes Delete on the topic/);
    await refused(
      alice.groups.describe(group),
      'GROUP_AUTHORIZATION_FAILED',
      new RegExp(`It takes Describe on the group ${group}\\.`),
    );
    await refused(
      alice.groupOffsets.get(group),
      'GROUP_AUTHORIZATION_FAILED',
      /It takes Describe on the group/,
    );
    await refused(alice.acls.list(), 'CLUSTER_AUTHORIZATION_FAILED', /It takes Describe on the cluster\./);
    await refused(
      alice.acls.create({ resource: { type: 'cluster' }, principal: 'User:alice', operation: 'all' }),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes Alter on the cluster\./,
    );
    await refused(
      alice.users.list('alice'),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes Describe on the cluster\./,
    );
    await refused(
      alice.users.set({ user: 'alice', password: 'x' }),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes Alter on the cluster\./,
    );
    await refused(
      alice.quotas.describe(),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes DescribeConfigs on the cluster\./,
    );
    await refused(
      alice.quotas.alter({ entity: { user: 'alice' }, values: { producerByteRate: 1 } }),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes AlterConfigs on the cluster\./,
    );
    await refused(
      alice.configs.describe({ type: 'topic', name: topic }),
      'TOPIC_AUTHORIZATION_FAILED',
      /It takes DescribeConfigs on the topic/,
    );
    await refused(
      alice.transactions.describe('tx'),
      'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
      /It takes Describe on the transactional id tx\./,
    );
    await refused(
      alice.quorum.describe(),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes Describe on the cluster\./,
    );
    await refused(
      alice.reassignments.list(),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes Describe on the cluster\./,
    );
    await refused(
      alice.leaders.elect('all'),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes Alter on the cluster\./,
    );
    await refused(
      alice.features.update({ feature: 'metadata.version', level: 30 }),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes Alter on the cluster\./,
    );
    await refused(
      alice.logDirs.describe(),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes Describe on the cluster\./,
    );
    await refused(
      alice.cluster.unregisterBroker(99),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes Alter on the cluster\./,
    );
    await refused(
      alice.offsets.list({ topic, partition: 0, at: 'latest' }),
      'TOPIC_AUTHORIZATION_FAILED',
      /It takes Describe on the topic/,
    );
    await refused(
      alice.configs.list(),
      'CLUSTER_AUTHORIZATION_FAILED',
      /It takes DescribeConfigs on the cluster\./,
    );
    assert.deepEqual(await alice.groups.list(), []);
  });
});
