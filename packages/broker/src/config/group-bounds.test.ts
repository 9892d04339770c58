import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokerConfig } from './broker-config.ts';
import { groupConfigProblem } from './group-bounds.ts';

function problem(
  texts: Record<string, string>,
  broker: Parameters<typeof BrokerConfig.of>[0] = {},
): string | undefined {
  return groupConfigProblem(new Map(Object.entries(texts)), BrokerConfig.of(broker));
}

test('what a group chooses stays within the bounds of the broker', () => {
  assert.match(
    problem({ 'consumer.session.timeout.ms': '1000' })!,
    /greater than or equal to group\.consumer\.min\.session\.timeout\.ms \(45000\)/,
  );
  assert.match(problem({ 'share.delivery.count.limit': '11' })!, /group\.share\.max\.delivery\.count\.limit/);
  assert.match(problem({ 'streams.num.standby.replicas': '3' })!, /group\.streams\.max\.standby\.replicas/);
  assert.equal(problem({ 'consumer.session.timeout.ms': '50000' }), undefined);
  assert.equal(
    problem({ 'consumer.session.timeout.ms': '9000' }, { 'group.consumer.min.session.timeout.ms': 8000 }),
    undefined,
  );
});

test('a session lasts longer than the time between heartbeats', () => {
  const broker = {
    'group.consumer.min.session.timeout.ms': 1000,
    'group.consumer.min.heartbeat.interval.ms': 1000,
  };
  assert.match(
    problem({ 'consumer.session.timeout.ms': '5000' }, broker)!,
    /consumer\.session\.timeout\.ms \(5000\) must be greater than consumer\.heartbeat\.interval\.ms \(5000\)/,
  );
  assert.equal(problem({ 'consumer.session.timeout.ms': '5001' }, broker), undefined);
});
