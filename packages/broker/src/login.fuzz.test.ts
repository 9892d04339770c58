import { test } from 'node:test';
import { seedOf } from '@moldau/testing';
import { fuzzLogins } from './login.fuzz.ts';

test('senseless logins of every mechanism are refused in time, and others log in', async (context) => {
  const seed = seedOf();
  context.diagnostic(`seed ${seed}`);
  await fuzzLogins({ seed, connections: 25 });
});
