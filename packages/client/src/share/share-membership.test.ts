// How share consumers join, stay and leave; with time that passes when the test says so.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { seedOf } from '@moldau/testing';
import { ShareWorld } from './testing-share.ts';

const seed = seedOf();

describe(`membership in share groups (seed ${seed})`, () => {
  it('is told once what is read, kept by heartbeats while nothing is asked for, and left at the end', async () => {
    const share = new ShareWorld(seed);
    const consumer = share.consumer({ rack: 'here' });
    consumer.subscribe('things');
    await share.world.time.advance(20_000);
    assert.deepEqual(consumer.assignment, [{ topic: 'things', partition: 0 }]);
    consumer.subscribe(['things', 'others']);
    await share.world.time.advance(1_000);
    await share.world.until(consumer.close());
    const [first, second] = share.heartbeats;
    assert.deepEqual(
      [first!.memberEpoch, first!.subscribedTopicNames, first!.rackId],
      [0, ['things'], 'here'],
    );
    assert.deepEqual([second!.memberEpoch, second!.subscribedTopicNames, second!.rackId], [1, null, null]);
    assert.deepEqual(share.heartbeats.at(-2)!.subscribedTopicNames, ['things', 'others']);
    assert.equal(share.heartbeats.at(-1)!.memberEpoch, -1);
    assert.equal(share.heartbeats.length, 7);
    assert.equal(new Set(share.heartbeats.map(({ memberId }) => memberId)).size, 1);
    assert.equal(share.world.time.pendingCount, 0);
  });

  for (const errorCode of [ErrorCode.FENCED_MEMBER_EPOCH, ErrorCode.UNKNOWN_MEMBER_ID]) {
    it(`begins anew, under the same id, after error ${errorCode}`, async () => {
      const share = new ShareWorld(seed);
      const consumer = share.consumer();
      consumer.subscribe('things');
      await share.world.time.advance(1_000);
      share.heartbeatErrors.push(errorCode);
      await share.world.time.advance(5_000);
      assert.deepEqual(
        share.heartbeats.map(({ memberEpoch }) => memberEpoch),
        [0, 1, 0],
      );
      assert.deepEqual(share.heartbeats.at(-1)!.subscribedTopicNames, ['things']);
      assert.equal(consumer.assignment.length, 1);
      await share.world.until(consumer.close());
    });
  }

  it('asks for the coordinator again when it has moved', async () => {
    const share = new ShareWorld(seed);
    share.heartbeatErrors.push(ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    const consumer = share.consumer();
    consumer.subscribe('things');
    await share.world.time.advance(2_000);
    assert.equal(share.brokers[0]!.received.filter((each) => each.startsWith('10/')).length, 3);
    assert.equal(consumer.assignment.length, 1);
    await share.world.until(consumer.close());
  });

  it('ends with an error that lasts, which whoever reads is given', async () => {
    const share = new ShareWorld(seed);
    share.heartbeatErrors.push(ErrorCode.GROUP_AUTHORIZATION_FAILED);
    const consumer = share.consumer();
    const iterator = consumer.subscribe('things')[Symbol.asyncIterator]();
    await assert.rejects(share.world.until(iterator.next()), {
      code: 'GROUP_AUTHORIZATION_FAILED',
      missingRight: { operation: 'Read', on: 'group sharers' },
    });
    await assert.rejects(share.world.until(consumer.run({ handler() {} })), {
      code: 'GROUP_AUTHORIZATION_FAILED',
    });
    await share.world.until(consumer.close());
    assert.equal(share.heartbeats.length, 1);
    assert.equal(share.world.time.pendingCount, 0);
  });

  it('ends loops that wait when the signal is aborted', async () => {
    const share = new ShareWorld(seed);
    const stop = new AbortController();
    const consumer = share.consumer({ signal: stop.signal });
    const loop = (async () => {
      for await (const _ of consumer.subscribe('things')) assert.fail('there are none');
    })();
    await share.world.time.advance(1_000);
    stop.abort();
    await share.world.until(loop);
    await share.world.until(consumer.close());
    assert.equal(share.world.time.pendingCount, 0);
  });
});
