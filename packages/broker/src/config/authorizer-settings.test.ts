import assert from 'node:assert/strict';
import test from 'node:test';
import { authorizerProblem, superUsersOf, superUsersProblem } from './authorizer-settings.ts';

test('super users stand between semicolons, since names of certificates hold commas', () => {
  assert.deepEqual(superUsersOf('User:admin; User:CN=broker,O=Example ;'), [
    'User:admin',
    'User:CN=broker,O=Example',
  ]);
  assert.deepEqual(superUsersOf(''), []);
  assert.equal(superUsersProblem('User:admin;Role:clerk'), undefined);
  assert.match(superUsersProblem('User:admin;bob') ?? '', /not bob$/);
  assert.match(superUsersProblem('User:') ?? '', /as in User:admin/);
});

test("Kafka's authorizers of this and of earlier releases are known, and no class of anybody else", () => {
  assert.equal(authorizerProblem(''), undefined);
  assert.equal(authorizerProblem('org.apache.kafka.metadata.authorizer.StandardAuthorizer'), undefined);
  assert.equal(authorizerProblem('kafka.security.authorizer.AclAuthorizer'), undefined);
  assert.match(authorizerProblem('com.example.OurAuthorizer') ?? '', /StandardAuthorizer$/);
});
