import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BrokerPhase, healthOf } from './health.ts';
import type { MonitoredLogDir } from './monitored.ts';

const dir: MonitoredLogDir = { path: '/data', offlineReason: undefined, isFull: () => false };
const source = (phase: BrokerPhase, dirs: readonly MonitoredLogDir[] = [dir]) => ({
  phase,
  logDirs: () => dirs,
});

describe('health', () => {
  const expected: [BrokerPhase, live: boolean, started: boolean, ready: boolean][] = [
    ['starting', true, false, false],
    ['running', true, true, true],
    ['stopping', true, true, false],
  ];
  for (const [phase, ...answers] of expected) {
    it(`of a broker that is ${phase} is told to who asks`, () => {
      const found = ['live', 'started', 'ready'].map((probe) => healthOf(probe, source(phase))!);
      assert.deepEqual(
        found.map(({ isHealthy }) => isHealthy),
        answers,
      );
      for (const { isHealthy, body } of found) assert.equal(body.reasons.length > 0, !isHealthy);
    });
  }

  it('says which disk is gone', () => {
    const offlineReason = 'log dir /b is offline: a write failed';
    const report = healthOf('ready', source('running', [dir, { ...dir, path: '/b', offlineReason }]))!;
    assert.deepEqual(report, { isHealthy: false, body: { status: 'not ready', reasons: [offlineReason] } });
  });

  it('says which disk is full, for as long as it is', () => {
    let isFull = true;
    const full = source('running', [dir, { ...dir, path: '/b', isFull: () => isFull }]);
    const reasons = ['no space left in log dir /b: records are refused until there is room again'];
    assert.deepEqual(healthOf('ready', full), { isHealthy: false, body: { status: 'not ready', reasons } });
    assert.ok(healthOf('live', full)!.isHealthy);
    isFull = false;
    assert.ok(healthOf('ready', full)!.isHealthy);
  });

  it('knows three probes', () => {
    assert.equal(healthOf('toString', source('running')), undefined);
  });
});
