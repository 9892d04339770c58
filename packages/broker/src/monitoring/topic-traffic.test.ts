import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OTHER_TOPICS, TopicTraffic } from './topic-traffic.ts';

const bytesIn = (traffic: TopicTraffic) => [...traffic.shown()].map(([topic, each]) => [topic, each.bytesIn]);

describe('the traffic of topics', () => {
  it('is shown of so many topics, and of the others together', () => {
    const traffic = new TopicTraffic(2);
    for (const topic of ['a', 'b', 'c', 'd']) {
      traffic.of(topic).bytesIn += 10;
      traffic.of(topic).produceRequests += 1;
    }
    assert.deepEqual(bytesIn(traffic), [
      ['a', 10],
      ['b', 10],
      [OTHER_TOPICS, 20],
    ]);
    assert.equal(traffic.total().bytesIn, 40);
    assert.equal(traffic.leftOutCount, 2);
  });

  it('never falls: a deleted topic stays in the total, and the others are not told apart later', () => {
    const traffic = new TopicTraffic(1);
    traffic.of('a').bytesIn += 1;
    const others = traffic.of('b');
    others.bytesIn += 2;
    others.fetchRequests += 1;
    traffic.remove('a');
    traffic.of('c').bytesIn += 4;
    others.bytesIn += 8;
    assert.deepEqual(bytesIn(traffic), [
      ['c', 4],
      [OTHER_TOPICS, 10],
    ]);
    assert.equal(traffic.total().bytesIn, 15);
  });
});
