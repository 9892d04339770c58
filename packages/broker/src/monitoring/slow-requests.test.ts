import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SlowRequests } from './slow-requests.ts';

const request = {
  ...{ apiKey: 1, apiVersion: 12, sizeBytes: 100, arrivedMs: 0, startedMs: 10, answeredMs: 700, waitedMs: 0 },
  ...{ clientId: 'c', principal: 'User:ada', clientHost: '/10.0.0.1', listenerName: 'PLAINTEXT' },
};

function watched(thresholdMs: number) {
  const lines: object[] = [];
  const settings = { thresholdMs };
  const slow = new SlowRequests({
    thresholdMs: () => settings.thresholdMs,
    apiName: () => 'Fetch',
    warn: (kind, fields) => void lines.push({ kind, ...fields }),
  });
  return { slow, lines, settings };
}

describe('slow requests', () => {
  it('are told with who asked and where the time went', () => {
    const { slow, lines } = watched(500);
    slow.look(request, 705);
    assert.deepEqual(lines, [
      {
        ...{ kind: 'Fetch', api: 'Fetch', apiVersion: 12, sizeBytes: 100, listenerName: 'PLAINTEXT' },
        ...{ clientId: 'c', principal: 'User:ada', client: '10.0.0.1' },
        ...{ queueMs: 10, handlerMs: 690, waitedMs: 0, sendMs: 5 },
      },
    ]);
    assert.equal(slow.count, 1);
  });

  it('are not those that their clients let wait', () => {
    const { slow, lines } = watched(500);
    slow.look({ ...request, waitedMs: 650 }, 705);
    slow.look({ ...request, apiKey: 11 }, 705);
    assert.deepEqual(lines, []);
  });

  it('are judged by the threshold that is in force, and cut what strangers choose', () => {
    const { slow, lines, settings } = watched(Number.POSITIVE_INFINITY);
    slow.look({ ...request, clientId: 'x'.repeat(30_000) }, 705);
    assert.deepEqual(lines, []);
    settings.thresholdMs = 100;
    slow.configured();
    slow.look({ ...request, clientId: 'x'.repeat(30_000) }, 705);
    assert.ok(JSON.stringify(lines).length < 1000);
  });
});
