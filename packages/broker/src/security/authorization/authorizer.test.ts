import assert from 'node:assert/strict';
import test from 'node:test';
import type { Acl, AclImage } from '@moldau/metadata';
import { SeededRandom, seedOf } from '@moldau/testing';
import { AclOperation, CLUSTER_NAME, PatternType, PermissionType, ResourceType } from './acl.ts';
import { type AclAuthorizer, OPEN_AUTHORIZER } from './authorizer.ts';
import { type AuditLine, acl, auditTo, authorizerOf, requester } from './testing-authorizer.ts';

const { TOPIC, GROUP, CLUSTER } = ResourceType;
const { READ, WRITE, DESCRIBE, ALTER_CONFIGS, DESCRIBE_CONFIGS, ALL, DELETE, ALTER } = AclOperation;
const { PREFIXED } = PatternType;
const { DENY } = PermissionType;

const mayRead = (acls: readonly AclImage[], topic = 'orders', who = requester()) =>
  authorizerOf(acls).allows(who, READ, TOPIC, topic);

test('without an authorizer everything is allowed', () => {
  assert.ok(OPEN_AUTHORIZER.isOpen);
  assert.ok(OPEN_AUTHORIZER.allows(requester(), READ, TOPIC, 'orders'));
  assert.equal(OPEN_AUTHORIZER.authorizedOperations(requester(), GROUP, 'g'), 0b1101_0100_1000);
});

test('what no rule allows is denied', () => {
  assert.ok(!mayRead([]));
  assert.ok(!mayRead([acl({ resourceName: 'payments' })]));
  assert.ok(!mayRead([acl({ resourceType: GROUP })]));
  assert.ok(!mayRead([acl({ operation: WRITE })]));
  assert.ok(!mayRead([acl({ principal: 'User:bob' })]));
  assert.ok(!mayRead([acl({ principal: 'Role:alice' })]));
  assert.ok(!mayRead([acl({ host: '10.0.0.1' })]));
  assert.ok(mayRead([acl()]));
});

test('everybody, every host and every operation', () => {
  assert.ok(mayRead([acl({ principal: 'User:*' })]));
  assert.ok(mayRead([acl({ principal: 'User:*' })], 'orders', requester('Role:clerk')));
  assert.ok(mayRead([acl({ host: '127.0.0.1' })]));
  assert.ok(mayRead([acl({ operation: ALL })]));
});

test('a wildcard is a literal *, and a prefix is what names begin with', () => {
  assert.ok(mayRead([acl({ resourceName: '*' })]));
  assert.ok(!mayRead([acl({ resourceName: '*', patternType: PREFIXED })]));
  assert.ok(mayRead([acl({ resourceName: '*', patternType: PREFIXED })], '*starred'));
  assert.ok(!mayRead([acl({ resourceName: 'ord*' })]));
  assert.ok(mayRead([acl({ resourceName: 'ord', patternType: PREFIXED })]));
  assert.ok(mayRead([acl({ resourceName: 'orders', patternType: PREFIXED })]));
  assert.ok(!mayRead([acl({ resourceName: 'orders-2', patternType: PREFIXED })]));
  // A resource may be named *: it is not all of them.
  assert.ok(!mayRead([acl({ resourceName: 'orders' })], '*'));
  assert.ok(mayRead([acl({ resourceName: '*' })], '*'));
});

test('a rule that denies wins over all that allow', () => {
  const allow = acl({ operation: ALL, resourceName: '*' });
  for (const deny of [
    acl({ permissionType: DENY }),
    acl({ permissionType: DENY, operation: ALL }),
    acl({ permissionType: DENY, resourceName: 'or', patternType: PREFIXED }),
    acl({ permissionType: DENY, resourceName: '*', principal: 'User:*' }),
  ]) {
    assert.ok(!mayRead([allow, deny]));
    assert.ok(!mayRead([deny, allow]));
  }
  assert.ok(mayRead([allow, acl({ permissionType: DENY, host: '10.0.0.1' })]));
});

test('operations that change or read a resource imply that it may be described, and denying them implies nothing', () => {
  for (const operation of [READ, WRITE, DELETE, ALTER, ALL])
    assert.ok(authorizerOf([acl({ operation })]).allows(requester(), DESCRIBE, TOPIC, 'orders'));
  const changer = authorizerOf([acl({ operation: ALTER_CONFIGS })]);
  assert.ok(changer.allows(requester(), DESCRIBE_CONFIGS, TOPIC, 'orders'));
  assert.ok(!changer.allows(requester(), DESCRIBE, TOPIC, 'orders'));
  const describer = authorizerOf([acl({ operation: DESCRIBE }), acl({ permissionType: DENY })]);
  assert.ok(describer.allows(requester(), DESCRIBE, TOPIC, 'orders'));
});

test('super users may do what is denied to them', () => {
  const superUsers = new Set(['User:admin']);
  const authorizer = authorizerOf([acl({ principal: 'User:*', permissionType: DENY })], { superUsers });
  assert.ok(authorizer.allows(requester('User:admin'), READ, TOPIC, 'orders'));
  assert.ok(authorizer.allowsOnAny(requester('User:admin'), WRITE, TOPIC));
  assert.ok(!authorizer.allows(requester('User:Admin'), READ, TOPIC, 'orders'));
});

test('what no rule speaks of is everybody’s where it is set so, until the first rule', () => {
  const authorizer = authorizerOf([acl({ principal: 'User:bob' })], { allowsUnruled: true });
  assert.ok(!authorizer.allows(requester(), READ, TOPIC, 'orders'));
  assert.ok(authorizer.allows(requester(), READ, TOPIC, 'payments'));
  authorizer.aclChanged({
    type: 'acl',
    ...acl({ principal: 'User:bob', resourceName: 'p', patternType: PREFIXED }),
  });
  assert.ok(!authorizer.allows(requester(), READ, TOPIC, 'payments'));
});

test('rules count from the moment they come until they go', () => {
  const authorizer = authorizerOf([]);
  const may = () => authorizer.allows(requester(), READ, TOPIC, 'orders');
  const rules = [acl(), acl({ resourceName: 'ord', patternType: PREFIXED }), acl({ host: '127.0.0.1' })];
  for (const rule of rules) {
    assert.ok(!may());
    authorizer.aclChanged({ type: 'acl', ...rule });
    assert.ok(may());
    authorizer.aclChanged({ type: 'acl-removed', id: rule.id });
    authorizer.aclChanged({ type: 'acl-removed', id: rule.id });
  }
  assert.ok(!may());
});

test('knows whether there may be a resource that something is allowed on', () => {
  const may = (...acls: AclImage[]) => authorizerOf(acls).allowsOnAny(requester(), READ, TOPIC);
  const deny = (differences: Partial<Acl>) => acl({ permissionType: DENY, ...differences });
  assert.ok(!may());
  assert.ok(may(acl()));
  assert.ok(may(acl({ resourceName: 'o', patternType: PREFIXED })));
  assert.ok(!may(acl({ principal: 'User:bob' }), acl({ host: '10.0.0.1' }), acl({ resourceType: GROUP })));
  assert.ok(!may(acl(), deny({})));
  assert.ok(may(acl(), deny({ resourceName: 'payments' }), deny({ operation: WRITE })));
  assert.ok(!may(acl({ resourceName: '*' }), deny({ resourceName: '*' })));
  assert.ok(may(acl({ resourceName: '*' }), deny({ resourceName: 'or', patternType: PREFIXED })));
  assert.ok(!may(acl(), deny({ resourceName: 'or', patternType: PREFIXED })));
  assert.ok(!may(acl({ patternType: PREFIXED }), deny({ patternType: PREFIXED })));
  // A literal rule that denies takes one name out of a prefix, and leaves the others.
  assert.ok(may(acl({ patternType: PREFIXED }), deny({})));
  assert.ok(may(acl({ resourceName: 'or', patternType: PREFIXED }), deny({ patternType: PREFIXED })));
  // Kafka does not take WRITE for DESCRIBE here.
  const writer = authorizerOf([acl({ operation: WRITE })]);
  assert.ok(!writer.allowsOnAny(requester(), DESCRIBE, TOPIC));
});

test('tells what may be done with a resource', () => {
  const authorizer = authorizerOf([
    acl({ operation: WRITE }),
    acl({ operation: ALTER_CONFIGS, resourceName: '*' }),
    acl({ operation: ALTER_CONFIGS, resourceType: CLUSTER, resourceName: CLUSTER_NAME }),
  ]);
  const bits = (...operations: number[]) => operations.reduce((sum, each) => sum + 2 ** each, 0);
  assert.equal(
    authorizer.authorizedOperations(requester(), TOPIC, 'orders'),
    bits(WRITE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS),
  );
  assert.equal(
    authorizer.authorizedOperations(requester(), CLUSTER, CLUSTER_NAME),
    bits(DESCRIBE_CONFIGS, ALTER_CONFIGS),
  );
});

test('denials are audited, and those that only choose an answer are not', () => {
  const lines: AuditLine[] = [];
  const authorizer = authorizerOf([acl()], { audit: auditTo(lines) });
  authorizer.allows(requester(), READ, TOPIC, 'orders');
  authorizer.allows(requester(), READ, TOPIC, 'payments', 'silent');
  authorizer.authorizedOperations(requester(), TOPIC, 'payments');
  assert.equal(lines.length, 0);
  authorizer.allows(requester(), READ, TOPIC, 'payments');
  authorizer.allowsOnAny(requester(), WRITE, TOPIC);
  assert.deepEqual(
    lines.map(({ fields }) => [fields.operation, fields.resourceName]),
    [
      ['READ', 'payments'],
      ['WRITE', '*'],
    ],
  );
});

/** The rules as they stand in Kafka's documentation, one after the other. */
function naive(acls: readonly AclImage[], { principal, clientHost }: ReturnType<typeof requester>) {
  return (operation: number, resourceType: number, name: string): boolean => {
    const matching = acls.filter(
      (rule) =>
        rule.resourceType === resourceType &&
        (rule.patternType === PREFIXED
          ? name.startsWith(rule.resourceName)
          : rule.resourceName === name || rule.resourceName === '*') &&
        (rule.principal === principal || rule.principal === 'User:*') &&
        (rule.host === '*' || `/${rule.host}` === clientHost),
    );
    const implying: number[] = [DESCRIBE, READ, WRITE, DELETE, ALTER];
    const isAbout = (rule: Acl) =>
      rule.operation === ALL ||
      rule.operation === operation ||
      (rule.permissionType !== DENY && operation === DESCRIBE && implying.includes(rule.operation));
    const fitting = matching.filter(isAbout);
    return fitting.length > 0 && fitting.every((rule) => rule.permissionType !== DENY);
  };
}

test('decides as the rules do one after the other, while they come and go', (context) => {
  const seed = seedOf();
  context.diagnostic(`SEED=${seed}`);
  const random = new SeededRandom(seed);
  const oneOf = random.pick.bind(random) as <T>(values: readonly T[]) => T;
  const names = ['a', 'ab', 'abc', 'abcd', 'b', 'ba', '*', '*a', 'abx', 'c'];
  const principals = ['User:a', 'User:b', 'User:*', 'Role:a'];
  const hosts = ['*', '127.0.0.1', '10.0.0.1'];
  const authorizer: AclAuthorizer = authorizerOf([]);
  let acls: AclImage[] = [];
  for (let step = 0; step < 3000; step += 1) {
    if (acls.length > 0 && random.next() < acls.length / 40) {
      const gone = oneOf(acls);
      acls = acls.filter((each) => each !== gone);
      authorizer.aclChanged({ type: 'acl-removed', id: gone.id });
    } else {
      const rule = acl({
        ...{ resourceType: oneOf([TOPIC, GROUP]), resourceName: oneOf(names), host: oneOf(hosts) },
        ...{ patternType: oneOf([3, 4]), principal: oneOf(principals) },
        ...{ operation: oneOf([ALL, READ, WRITE, DESCRIBE, DELETE]), permissionType: oneOf([2, 3, 3, 3]) },
      });
      acls.push(rule);
      authorizer.aclChanged({ type: 'acl', ...rule });
    }
    for (let asked = 0; asked < 8; asked += 1) {
      const who = requester(oneOf(['User:a', 'User:b', 'User:c', 'Role:a']), oneOf(hosts.slice(1)));
      const question = [oneOf([READ, WRITE, DESCRIBE]), oneOf([TOPIC, GROUP]), oneOf(names)] as const;
      const decided = authorizer.allows(who, ...question);
      const expected = naive(acls, who)(...question);
      assert.equal(decided, expected, `SEED=${seed}, step ${step}: ${who.principal} ${question.join(' ')}`);
    }
  }
});
