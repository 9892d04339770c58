import assert from 'node:assert/strict';
import test from 'node:test';
import { BrokerConfig } from './broker-config.ts';
import { ConfigError } from './config-error.ts';
import { parseInitialUsers } from './initial-users.ts';

test('reads users with commas or line ends between them, and passwords with colons', () => {
  assert.deepEqual(parseInitialUsers(''), []);
  assert.deepEqual(parseInitialUsers('ada:secret, bob:a:b=c\neve: x '), [
    { name: 'ada', password: 'secret' },
    { name: 'bob', password: 'a:b=c' },
    { name: 'eve', password: ' x' },
  ]);
});

test('refuses what is no user, without showing a password', () => {
  for (const text of ['ada', 'ada:', ':secret', 'ada:secret,ada:secret2', 'ada:s3,secret']) {
    assert.equal(parseInitialUsers(text), undefined, text);
    const refusal = (error: unknown) =>
      error instanceof ConfigError &&
      /moldau\.users: expected name:password/.test(error.message) &&
      !error.message.includes('s3');
    assert.throws(() => BrokerConfig.of({ 'moldau.users': text }), refusal, text);
  }
  assert.deepEqual(BrokerConfig.of({ 'moldau.users': 'ada:secret' }).initialUsers, [
    { name: 'ada', password: 'secret' },
  ]);
});
