import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestFigures, timesOf } from './request-figures.ts';

const request = { apiKey: 1, apiVersion: 12, sizeBytes: 100, arrivedMs: 10, startedMs: 12, answeredMs: 500 };

describe('figures of requests', () => {
  it('tell the time that a client wanted to wait from the time that we took', () => {
    assert.deepEqual(timesOf({ ...request, waitedMs: 480 }), { queueMs: 2, localMs: 8, waitedMs: 480 });
    const join = timesOf({ ...request, apiKey: 11, waitedMs: 0 });
    assert.deepEqual(join, { queueMs: 2, localMs: 0, waitedMs: 488 });
  });

  it('count requests by version, and their times and bytes', () => {
    const figures = new RequestFigures();
    figures.record({ ...request, waitedMs: 0 }, 501);
    figures.record({ ...request, apiVersion: 0, waitedMs: 0 }, 501);
    const [[apiKey, fetch]] = [...figures.shown()] as [[number, ReturnType<RequestFigures['of']>]];
    assert.equal(apiKey, 1);
    assert.deepEqual([fetch.requestsByVersion[12], fetch.requestsByVersion[0]], [1, 1]);
    assert.deepEqual([fetch.totalMs.sum, fetch.sendMs.sum, fetch.requestBytes], [982, 2, 200]);
  });

  it('find errors at the top of an answer and in its lists, and look at so many entries only', () => {
    const figures = new RequestFigures();
    const errors = (answer: unknown) => {
      figures.countErrors(3, answer);
      const { errors } = figures.of(3);
      const found = [...errors];
      errors.clear();
      return found;
    };
    assert.deepEqual(errors({ errorCode: 25, members: [{ errorCode: 1 }] }), [[25, 1]]);
    assert.deepEqual(
      errors({ errorCode: 0, topics: [{ errorCode: 3 }, { errorCode: 3 }, { errorCode: 0 }] }),
      [[3, 2]],
    );
    assert.deepEqual(errors({ topics: [{ name: 'a', partitions: [{ errorCode: 12 }] }] }), [[12, 1]]);
    assert.deepEqual(errors({ topics: Array(5000).fill({ errorCode: 3 }) }), [[3, 100]]);
    for (const none of [undefined, null, Symbol('none'), {}, { bytes: [1, 2] }])
      assert.deepEqual(errors(none), []);
  });
});
