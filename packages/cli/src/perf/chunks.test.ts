import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { KafkaError, Producer } from '@moldau/client';
import { type Acknowledged, Chunks } from './chunks.ts';

test('records count when they are acknowledged, without those that fail', async () => {
  const failures: unknown[] = [];
  const outcomes: PromiseWithResolvers<unknown>[] = [];
  const target = {
    post: () => true,
    send() {
      const outcome = Promise.withResolvers<unknown>();
      outcomes.push(outcome);
      return outcome.promise;
    },
  } as unknown as Pick<Producer, 'post' | 'send'>;
  const counted: Acknowledged[] = [];
  let nowMs = 0;
  const chunks = new Chunks({
    topic: 't',
    nowMs: () => nowMs,
    next: () => ({ value: Buffer.alloc(10) }),
    failed: (error) => failures.push(error),
  });
  for (const size of [4, 2, 3]) chunks.send(target, size, (chunk) => counted.push(chunk));
  await setImmediate();
  assert.deepEqual([counted, chunks.openCount], [[], 9]);
  nowMs = 7;
  outcomes[0]!.resolve({});
  await setImmediate();
  assert.deepEqual([counted, chunks.openCount], [[{ latencyMs: 7, count: 4, sizeBytes: 40 }], 5]);
  const error = new Error('no room') as KafkaError;
  // More than one chunk has: the others are of the next.
  for (let count = 0; count < 3; count++) chunks.postFailed(error);
  outcomes[1]!.reject(error);
  await setImmediate();
  outcomes[2]!.resolve({});
  await setImmediate();
  assert.deepEqual(
    counted.slice(1).map(({ count, sizeBytes }) => [count, sizeBytes]),
    [
      [0, 0],
      [1, 10],
    ],
  );
  assert.deepEqual([failures.length, chunks.openCount], [4, 4]);
});
