import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Logger } from '@moldau/io';
import { resolveClientOptions } from '../options/client-options.ts';
import { BrokerPool } from './broker-pool.ts';
import { ClientWorld, metadataOf, ScriptedBroker } from './testing-network.ts';

const ONE = { id: 1, host: 'one', port: 9092 };

/** A pool that writes down what it warns of, and how it goes on. */
function listening() {
  const world = new ClientWorld(5);
  const said: string[] = [];
  const log =
    (level: string): Logger['warn'] =>
    (_fields, message) =>
      void said.push(`${level}: ${message}`);
  const logger: Logger = { debug() {}, info: log('info'), warn: log('warn'), error: log('error') };
  const settings = resolveClientOptions({ brokers: 'one:9092', connectionsMaxIdleMs: 0 });
  const pool = new BrokerPool(settings, { ...world.ports, logger });
  const attempt = async (purpose: 'control' | 'fetch' = 'control') => {
    const limits = { deadlineMs: world.time.monotonicMs() + 60_000 };
    await world.until(pool.connect(ONE, purpose, limits).catch(() => {}));
  };
  return { world, pool, said, attempt };
}

describe('an address that cannot be reached', () => {
  it('is warned of once, with the reason and what to do, however often and for whatever it is tried', async () => {
    const { pool, said, attempt } = listening();
    for (let count = 0; count < 12; count++) {
      await attempt('control');
      await attempt('fetch');
    }
    assert.deepEqual(said, [
      'warn: no connection: one:9092: nothing listens there (connection refused): start the broker, or correct the address',
    ]);
    pool.close();
  });

  it('is no news when it is back within a second, as after a restart', async () => {
    const { world, pool, said, attempt } = listening();
    for (let count = 0; count < 3; count++) await attempt();
    world.network.place('one:9092', new ScriptedBroker(() => metadataOf(['one:9092'])));
    await attempt();
    assert.deepEqual(said, []);
    assert.ok(pool.connected(1, 'control'));
    pool.close();
  });

  it('is told when it is back, and warned of again the next time, and when the reason is another', async () => {
    const { world, pool, said, attempt } = listening();
    const broker = new ScriptedBroker(() => metadataOf(['one:9092']));
    for (let count = 0; count < 8; count++) await attempt();
    world.network.place('one:9092', 'silent');
    await attempt();
    world.network.place('one:9092', broker);
    await attempt();
    world.network.remove('one:9092');
    for (let count = 0; count < 8; count++) await attempt();
    const kinds = said.filter((line) => !line.includes('connection ended'));
    assert.deepEqual(
      kinds.map((line) => /refused|no answer|again/.exec(line)?.[0]),
      ['refused', 'no answer', 'again', 'refused'],
    );
    pool.close();
  });
});
