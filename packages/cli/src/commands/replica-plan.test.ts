import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom, seedOf } from '@moldau/testing';
import { type PlannedBroker, spreadReplicas } from './replica-plan.ts';

const topic = 'orders';
const of = (...replicas: number[][]) =>
  replicas.map((each, partition) => ({ topic, partition, replicas: each }));
const brokers = (...ids: number[]): PlannedBroker[] => ids.map((id) => ({ id }));
const replicasOf = (plan: readonly { replicas: readonly number[] }[]) => plan.map(({ replicas }) => replicas);

test('nothing moves that is even already', () => {
  const even = of([1, 2], [2, 3], [3, 1]);
  assert.deepEqual(spreadReplicas(even, brokers(1, 2, 3)), even);
});

test('copies are added where there is least, and the leaders stay', () => {
  const plan = replicasOf(spreadReplicas(of([1], [2], [3]), brokers(1, 2, 3), 2));
  assert.deepEqual(
    plan.map(([leader]) => leader),
    [1, 2, 3],
  );
  assert.deepEqual(plan.flat().sort(), [1, 1, 2, 2, 3, 3]);
});

test('a broker that is left out gives what it has to the others, and a new one gets its share', () => {
  assert.deepEqual(replicasOf(spreadReplicas(of([3, 1], [1, 2]), brokers(1, 2))), [
    [2, 1],
    [1, 2],
  ]);
  const grown = spreadReplicas(of([1], [1], [2], [2]), brokers(1, 2, 3, 4));
  assert.deepEqual(new Set(replicasOf(grown).flat()), new Set([1, 2, 3, 4]));
});

test('copies of a partition are on racks of their own where there are enough', () => {
  const racks = [
    { id: 1, rack: 'a' },
    { id: 2, rack: 'a' },
    { id: 3, rack: 'b' },
  ];
  for (const { replicas } of spreadReplicas(of([1], [1], [2]), racks, 2)) assert.ok(replicas.includes(3));
});

test('whatever there is, brokers have evenly many replicas, and lead evenly many', () => {
  const random = new SeededRandom(seedOf());
  for (let round = 0; round < 200; round++) {
    const ids = Array.from({ length: 1 + random.below(6) }, (_, index) => index + 1);
    const factor = 1 + random.below(ids.length);
    const partitions = of(
      ...Array.from({ length: 1 + random.below(20) }, () =>
        [...new Set(Array.from({ length: 4 }, () => 1 + random.below(8)))].slice(0, 1 + random.below(3)),
      ),
    );
    const plan = spreadReplicas(partitions, brokers(...ids), factor);
    const loads = ids.map((id) => plan.filter(({ replicas }) => replicas.includes(id)).length);
    assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, JSON.stringify({ partitions, plan }));
    for (const { replicas } of plan) {
      assert.equal(new Set(replicas).size, factor);
      assert.ok(replicas.every((id) => ids.includes(id)));
    }
  }
});
