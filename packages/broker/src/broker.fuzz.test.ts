import { test } from 'node:test';
import { seedOf } from '@moldau/testing';
import { fuzzOrExplain } from './broker.fuzz.ts';

test('senseless and broken requests of every API are answered or refused, and others are served', async (context) => {
  const seed = seedOf();
  context.diagnostic(`seed ${seed}`);
  await fuzzOrExplain({ seed, requests: 1_500 });
});
