import assert from 'node:assert/strict';
import test from 'node:test';
import type { Log } from '@moldau/log';
import { Partition } from './partition.ts';

/** As much of a log as a partition needs to find out that it is ready. */
class SlowLog {
  isReady = false;
  readonly #ready: Promise<void>;
  load: () => void = () => {};

  constructor() {
    this.#ready = new Promise((resolve) => {
      this.load = () => {
        this.isReady = true;
        resolve();
      };
    });
  }

  ready(): Promise<void> {
    return this.#ready;
  }

  onWritten(): void {}
}

test('runs appends in the order asked, also those that come while the first has the log loaded', async () => {
  const log = new SlowLog();
  const partition = new Partition({
    topic: 'topic',
    topicId: 'id',
    index: 0,
    log: log as unknown as Log,
    state: { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] } as never,
    settings: {} as never,
  });
  const order: number[] = [];
  const append = (number: number) => partition.inOrder(() => order.push(number));
  const all = [append(0), append(1)];
  log.load();
  // Every turn from here on is one in which the waiting appends may or may not have run.
  for (let number = 2; number < 10; number += 1) {
    all.push(append(number));
    await Promise.resolve();
  }
  await Promise.all(all);
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
