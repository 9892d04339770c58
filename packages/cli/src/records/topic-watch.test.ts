import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '@moldau/testing';
import { TopicWatch } from './topic-watch.ts';

test('topics that are gone are told of once, and asked for only while nothing comes', async () => {
  const time = new ManualTime();
  const asked: string[] = [];
  const gone: string[] = [];
  let missing: string[] = [];
  const watch = new TopicWatch(['a', 'b'], {
    timers: time,
    async missing(topics) {
      asked.push(topics.join());
      return missing;
    },
    whenGone: (topic) => gone.push(topic),
  });
  watch.busy();
  await time.advance(5_000);
  await time.advance(5_000);
  assert.deepEqual([asked, gone], [['a,b'], []]);
  missing = ['a'];
  await time.advance(5_000);
  assert.deepEqual([gone, watch.isEmpty], [['a'], false]);
  missing = ['b'];
  await time.advance(5_000);
  assert.deepEqual([gone, watch.isEmpty], [['a', 'b'], true]);
  await time.advance(50_000);
  assert.deepEqual(asked, ['a,b', 'a,b', 'b']);
  missing = [];
  watch.add(['a', 'c']);
  await time.advance(5_000);
  assert.deepEqual([asked.at(-1), gone, watch.isEmpty], ['a,c', ['a', 'b'], false]);
  watch.end();
});
