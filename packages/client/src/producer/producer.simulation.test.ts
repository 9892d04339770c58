import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seedOf } from '@moldau/testing';
import { Cluster } from '../cluster/cluster.ts';
import { KafkaError } from '../errors/kafka-error.ts';
import { ClientWorld } from '../network/testing-network.ts';
import { Producer } from './producer.ts';
import { type ProducerOptions, resolveProducerOptions } from './producer-options.ts';
import { SimulatedCluster, TOPIC } from './testing-cluster.ts';

const RUNS = Number(process.env.RUNS ?? 4);

interface Run {
  readonly world: ClientWorld;
  readonly brokers: SimulatedCluster;
  /** Of what was acknowledged: the value, where it is said to be. */
  readonly acknowledged: { value: string; partition: number; offset: number | undefined }[];
  /** Values of what was not, with why. */
  readonly failed: Map<string, unknown>;
  readonly sentCount: number;
}

/** Sends to a cluster that fails, in bursts and one by one, until everything has its outcome. */
async function run(seed: number, options: ProducerOptions, lateMs: number): Promise<Run> {
  const world = new ClientWorld(seed);
  const maxBatchBytes = seed % 3 === 0 ? 120 : 1_000;
  const faults = { chance: 0.25, lateMs, maxBatchBytes };
  const brokers = new SimulatedCluster(world, { brokers: 3, partitions: 4 }, faults);
  const settings = world.settings({ brokers: brokers.bootstrap, requestTimeoutMs: 4_000 });
  const cluster = new Cluster(settings, world.ports);
  const producer = new Producer(cluster, resolveProducerOptions(options, settings));
  const acknowledged: Run['acknowledged'] = [];
  const failed = new Map<string, unknown>();
  const outcomes: Promise<void>[] = [];
  let sentCount = 0;
  for (let burst = 0; burst < 60; burst++) {
    for (let count = world.random.below(12); count >= 0; count--) {
      const partition = world.random.below(4);
      const value = `${partition}:${sentCount++}`;
      const outcome = producer.send(TOPIC, { value, partition }).then(
        (sent) => void acknowledged.push({ value, partition: sent.partition, offset: sent.offset }),
        (error: unknown) => void failed.set(value, error),
      );
      outcomes.push(outcome);
    }
    await world.time.advance(world.random.below(400));
  }
  await world.until(Promise.all(outcomes), 2_000_000);
  assert.equal(acknowledged.length + failed.size, sentCount, 'every promise settles once');
  await world.until(producer.close());
  // What is still on its way arrives now.
  await world.time.advance(10 * lateMs + 1);
  assert.equal(world.time.pendingCount, 0, 'no timer is left');
  assert.equal(world.network.connections.size, 0, 'no connection is left');
  return { world, brokers, acknowledged, failed, sentCount };
}

function checkExactlyOnceInOrder({ brokers, acknowledged, failed }: Run): void {
  for (const { value, partition, offset } of acknowledged) {
    const { values } = brokers.partitions[partition]!;
    if (offset !== undefined) assert.equal(values[offset], value, 'where it is said to be');
    else assert.ok(values.includes(value));
  }
  for (const { values } of brokers.partitions) {
    const order = values.map((value) => Number(value.split(':')[1]));
    assert.deepEqual(
      order,
      [...new Set(order)].sort((left, right) => left - right),
      'once, and in order',
    );
  }
  for (const [value, error] of failed) assert.ok(error instanceof KafkaError, `${value}: ${error}`);
}

const firstSeed = seedOf();

test('an idempotent producer loses, repeats and reorders nothing that was acknowledged, whatever fails', async () => {
  let faults = 0;
  for (let seed = firstSeed; seed < firstSeed + RUNS; seed++) {
    try {
      const result = await run(seed, { batchBytes: 150 }, 9_000);
      checkExactlyOnceInOrder(result);
      assert.equal(result.failed.size, 0, 'there was time enough for all');
      faults += result.brokers.requests.faults;
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  assert.ok(faults > RUNS, `${faults} faults`);
});

test('what expires is told of, and what comes after it is still once and in order', async () => {
  let expired = 0;
  for (let seed = firstSeed; seed < firstSeed + RUNS; seed++) {
    try {
      const result = await run(seed, { batchBytes: 150, deliveryTimeoutMs: 250 }, 9_000);
      checkExactlyOnceInOrder(result);
      expired += result.failed.size;
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  assert.ok(expired > 0, `${expired} expired`);
});

test('without idempotence nothing that was acknowledged is lost, and every promise settles', async () => {
  for (let seed = firstSeed; seed < firstSeed + RUNS / 2; seed++) {
    const { acknowledged, brokers } = await run(seed, { acks: 1, batchBytes: 150 }, 9_000);
    for (const { value, partition } of acknowledged)
      assert.ok(brokers.partitions[partition]!.values.includes(value), `seed ${seed}: ${value}`);
  }
});
