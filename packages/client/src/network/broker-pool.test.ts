import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settled } from '@moldau/testing';
import type { KafkaError } from '../errors/kafka-error.ts';
import { Backoff } from './backoff.ts';
import { type BrokerPlace, BrokerPool } from './broker-pool.ts';
import { ClientWorld, metadataOf, ScriptedBroker } from './testing-network.ts';

const ONE: BrokerPlace = { id: 1, host: 'one', port: 9092 };

function world(): { world: ClientWorld; pool: BrokerPool } {
  const made = new ClientWorld(3);
  made.network.place('one:9092', new ScriptedBroker(() => metadataOf(['one:9092'])));
  return { world: made, pool: new BrokerPool(made.settings({ connectionsMaxIdleMs: 0 }), made.ports) };
}

const limits = (made: ClientWorld, timeoutMs = 10_000) => ({
  deadlineMs: made.time.monotonicMs() + timeoutMs,
});

describe('a pool of connections', () => {
  it('has one connection per broker and purpose, and dials once for all who want it', async () => {
    const { world: made, pool } = world();
    const all = await Promise.all(
      (['control', 'fetch', 'control', 'fetch'] as const).map((purpose) =>
        pool.connect(ONE, purpose, limits(made)),
      ),
    );
    assert.equal(made.network.dials.length, 2);
    assert.equal(all[0], all[2]);
    assert.notEqual(all[0], all[1]);
    assert.equal(pool.connected(1, 'control'), all[0]);
    assert.equal(pool.connected(1, 'produce'), undefined);
    pool.close();
    assert.equal(made.network.connections.size, 0);
    await assert.rejects(pool.connect(ONE, 'control', limits(made)), { code: 'CLOSED' });
  });

  it('waits longer after each failure, whoever asks', async () => {
    const { world: made, pool } = world();
    const gone: BrokerPlace = { id: 2, host: 'gone', port: 1 };
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const startedMs = made.time.monotonicMs();
      await assert.rejects(made.until(pool.connect(gone, 'control', limits(made))), {
        code: 'CONNECTION_FAILED',
      });
      waits.push(made.time.monotonicMs() - startedMs);
    }
    assert.equal(waits[0], 0);
    for (const [index, wait] of waits.slice(1).entries()) {
      const expected = Math.min(1_000, 50 * 2 ** index);
      assert.ok(wait >= expected * 0.79 && wait <= expected * 1.21, `${wait} is about ${expected}`);
    }
    // Whoever runs out of time meanwhile is told why it failed before.
    await assert.rejects(made.until(pool.connect(gone, 'control', limits(made, 10))), (error: KafkaError) => {
      assert.equal(error.code, 'TIMED_OUT');
      assert.match(error.message, /^gone:1: .*refused.*; there was no connection in time\.$/);
      assert.equal((error.cause as KafkaError).code, 'CONNECTION_FAILED');
      return true;
    });
    pool.close();
    await settled();
    assert.equal(made.time.pendingCount, 0);
  });

  it('follows a broker that has moved, and lets go of those that are gone', async () => {
    const { world: made, pool } = world();
    made.network.place('two:9092', new ScriptedBroker(() => metadataOf(['two:9092'])));
    const before = await pool.connect(ONE, 'control', limits(made));
    const after = await pool.connect({ ...ONE, host: 'two' }, 'control', limits(made));
    assert.equal(before.isOpen, false);
    assert.equal(after.address, 'two:9092');
    pool.retain(new Set([7]));
    assert.equal(after.isOpen, false);
    const dialling = pool.connect(ONE, 'fetch', limits(made));
    pool.retain(new Set([7]));
    await assert.rejects(dialling, { code: 'CONNECTION_FAILED', message: /has left the cluster, or moved/ });
    assert.equal(made.network.connections.size, 0);
    pool.close();
  });
});

describe('a back-off', () => {
  it('begins anew after a success', () => {
    const backoff = new Backoff(100, 1_000, { next: () => 0.5, bytes: () => Buffer.alloc(0) });
    assert.deepEqual([backoff.failed(), backoff.failed(), backoff.failures], [100, 200, 2]);
    backoff.succeeded();
    assert.equal(backoff.failed(), 100);
    for (let count = 0; count < 2_000; count++) backoff.failed();
    assert.equal(backoff.failed(), 1_000);
  });
});
