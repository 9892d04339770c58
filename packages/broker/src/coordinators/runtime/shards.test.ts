import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Logger, silentLogger } from '@moldau/io';
import { ManualTime } from '@moldau/testing';
import { Deadlines } from './deadlines.ts';
import type { CoordinatorShard } from './shard-runtime.ts';
import { Shards } from './shards.ts';
import { MemoryLogs } from './testing-logs.ts';

function newShard(): CoordinatorShard {
  return { deadlines: new Deadlines(), replay: () => true, resume: () => {}, abandon: () => {} };
}

test('a stop while shards are loaded is no error', async () => {
  const errors: string[] = [];
  const logger: Logger = { ...silentLogger, error: (_, message) => errors.push(message) };
  const time = new ManualTime();
  const logs = new MemoryLogs();
  logs.partitions.set(3, []);
  logs.partitions.set(5, []);
  const shards = new Shards({ ...{ topic: '__t', clock: time, timers: time, logger, logs }, newShard });
  const loading = shards.loadAll();
  await shards.close();
  await loading;
  assert.deepEqual(errors, []);
});
