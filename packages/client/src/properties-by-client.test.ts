import assert from 'node:assert/strict';
import { test } from 'node:test';
import { propertiesByClient } from './properties-by-client.ts';

test('properties go to the clients that know them, and those that nobody knows to where they are refused', () => {
  assert.deepEqual(
    propertiesByClient({
      ...{
        'security.protocol': 'ssl',
        'linger.ms': 7,
        'fetch.min.bytes': 9,
        'isolation.level': 'read_committed',
      },
      'linger.mss': 1,
    }),
    {
      shared: { 'security.protocol': 'ssl', 'linger.mss': 1 },
      producer: { 'linger.ms': 7 },
      consumer: { 'fetch.min.bytes': 9, 'isolation.level': 'read_committed' },
    },
  );
});
