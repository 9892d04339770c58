import assert from 'node:assert/strict';
import { it } from 'node:test';
import { settled } from '@moldau/testing';
import { Clusters } from './clusters.ts';
import { ClientWorld } from './network/testing-network.ts';

it('waits until every client is closed, and then rejects with what went wrong with one', async () => {
  const clusters = new Clusters({ brokers: 'one:9092' }, new ClientWorld(1).ports);
  const lost = new Error('a posted record failed');
  const slow = Promise.withResolvers<void>();
  clusters.endWith(clusters.open('producer'), () => Promise.reject(lost));
  clusters.endWith(clusters.open('consumer'), () => slow.promise);
  let isOver = false;
  const closing = assert.rejects(clusters.close({}), lost).then(() => {
    isOver = true;
  });
  await settled();
  assert.ok(!isOver, 'one is still closing');
  slow.resolve();
  await closing;
});
