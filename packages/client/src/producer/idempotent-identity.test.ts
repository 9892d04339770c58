import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initProducerIdRequest } from '@moldau/protocol';
import { Cluster } from '../cluster/cluster.ts';
import { ClientWorld, metadataOf, ScriptedBroker } from '../network/testing-network.ts';
import { IdempotentIdentity } from './idempotent-identity.ts';

test('an idempotent producer gets its id from a broker, raises the epoch by itself, and gets a new id after the last epoch', async () => {
  const world = new ClientWorld(1);
  const broker = new ScriptedBroker(() => metadataOf(['one:9092']));
  let givenId = 40;
  broker.serve(initProducerIdRequest.apiKey, [0, 5], () => ({
    ...{ throttleTimeMs: 0, errorCode: givenId === 40 ? 14 : 0 },
    ...{ producerId: ++givenId, producerEpoch: 0x7ffe },
  }));
  world.network.place('one:9092', broker);
  await using cluster = new Cluster(world.settings(), world.ports);
  const identity = new IdempotentIdentity(cluster);
  const limits = () => ({ deadlineMs: world.time.monotonicMs() + 10_000 });
  assert.equal(identity.isReady, false);
  await world.until(identity.ready(limits()));
  const ids = () => [identity.isReady, identity.producerId, identity.producerEpoch];
  assert.deepEqual(ids(), [true, 42, 0x7ffe], 'after the coordinator was loaded');
  assert.ok(identity.bumpEpoch());
  assert.deepEqual(ids(), [true, 42, 0x7fff]);
  assert.ok(identity.bumpEpoch());
  assert.equal(identity.isReady, false);
  await world.until(identity.ready(limits()));
  assert.deepEqual(ids(), [true, 43, 0x7ffe]);
});
