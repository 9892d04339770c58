import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoginThrottle } from './login-throttle.ts';

const HOME = '10.0.0.1';

function failing(throttle: LoginThrottle, address: string, times: number, nowMs = 0): void {
  for (let count = 0; count < times; count++) throttle.failed(address, nowMs);
}

test('lets an address fail ten seconds worth at once, and then as often as the rate says', () => {
  const throttle = new LoginThrottle({ rate: () => 5 });
  failing(throttle, HOME, 49);
  assert.ok(throttle.admits(HOME, 0));
  failing(throttle, HOME, 1);
  assert.ok(!throttle.admits(HOME, 0));
  assert.ok(!throttle.admits(HOME, -1));
  assert.ok(throttle.admits(HOME, 200));
  failing(throttle, HOME, 1, 200);
  assert.ok(!throttle.admits(HOME, 200));
  assert.ok(throttle.admits(HOME, 400));
});

test('is as generous as ever after ten quiet seconds', () => {
  const throttle = new LoginThrottle({ rate: () => 5 });
  failing(throttle, HOME, 50);
  failing(throttle, HOME, 49, 10_000);
  assert.ok(throttle.admits(HOME, 10_000));
});

test('an address does not pay for another one', () => {
  const throttle = new LoginThrottle({ rate: () => 1 });
  failing(throttle, HOME, 100);
  assert.ok(!throttle.admits(HOME, 0));
  assert.ok(throttle.admits('10.0.0.2', 0));
});

test('takes a whole /64 network of IPv6 for one address, and an IPv4 address in IPv6 dress for itself', () => {
  const throttle = new LoginThrottle({ rate: () => 1 });
  failing(throttle, '2001:db8:1:2::1', 10);
  assert.ok(!throttle.admits('2001:db8:1:2:aaaa:bbbb:cccc:dddd', 0));
  assert.ok(!throttle.admits('2001:DB8:1:2:0:0:0:9', 0));
  assert.ok(throttle.admits('2001:db8:1:3::1', 0));
  failing(throttle, '::ffff:10.0.0.1', 10);
  assert.ok(!throttle.admits(HOME, 0));
  failing(throttle, '::1', 10);
  assert.ok(!throttle.admits('0:0:0:0:0:0:0:1', 0));
  assert.ok(!throttle.admits('0:0:0:0::1', 0));
});

test('remembers a bounded number of addresses, and forgets the one that failed longest ago', () => {
  const throttle = new LoginThrottle({ rate: () => 1, maxAddresses: 100 });
  failing(throttle, HOME, 10);
  for (let index = 0; index < 99; index++) throttle.failed(`10.1.0.${index}`, 0);
  assert.ok(!throttle.admits(HOME, 0));
  for (let index = 0; index < 10_000; index++) throttle.failed(`10.${index >> 8}.2.${index & 255}`, 1);
  assert.equal(throttle.size, 100);
  assert.ok(throttle.admits(HOME, 1));
});

test('remembers nobody whose failures are long past', () => {
  const throttle = new LoginThrottle({ rate: () => 1 });
  for (let index = 0; index < 50; index++) throttle.failed(`10.1.0.${index}`, 0);
  throttle.failed(HOME, 60_000);
  assert.equal(throttle.size, 1);
});

test('limits nobody while the rate is 0', () => {
  const throttle = new LoginThrottle({ rate: () => 0 });
  failing(throttle, HOME, 10_000);
  assert.ok(throttle.admits(HOME, 0));
  assert.equal(throttle.size, 0);
});
