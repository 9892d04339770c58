import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownTopics } from '../subscription.ts';
import { resolveConsumerOptions } from './consumer-options.ts';

test('every option has a value, and what is given by its own name wins over properties', () => {
  const settings = resolveConsumerOptions({
    groupId: 'g',
    fetchMinBytes: 7,
    properties: { 'fetch.min.bytes': 5, 'session.timeout.ms': '6000', 'heartbeat.interval.ms': 2000 },
  });
  assert.deepEqual(
    [settings.fetchMinBytes, settings.sessionTimeoutMs, settings.heartbeatIntervalMs, settings.commit],
    [7, 6_000, 2_000, 'auto'],
  );
});

test('properties have Kafka’s and librdkafka’s names and values', () => {
  const of = (properties: Record<string, string | number | boolean>) =>
    resolveConsumerOptions({ properties });
  assert.equal(of({ 'enable.auto.commit': false }).commit, 'manual');
  assert.equal(of({ 'auto.offset.reset': 'smallest' }).autoOffsetReset, 'earliest');
  assert.deepEqual(of({ 'auto.offset.reset': 'by_duration:P1DT2H0.5S' }).autoOffsetReset, {
    durationMs: 93_600_500,
  });
  assert.equal(of({ 'isolation.level': 'read_committed' }).isolation, 'read-committed');
  assert.equal(of({ 'queued.max.messages.kbytes': 2 }).maxBufferedBytes, 2_048);
  assert.deepEqual(
    of({
      'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor, range',
    }).assignors,
    ['cooperative-sticky', 'range'],
  );
  assert.equal(of({ 'max.poll.records': 5 }).groupId, undefined, 'without a meaning here, and no error');
});

test('what cannot be meant is refused with what would be right', () => {
  const refusals: [Parameters<typeof resolveConsumerOptions>[0], RegExp][] = [
    [{ grupId: 'g' } as object, /did you mean groupId/],
    [{ 'group.id': 'g' } as object, /properties: \{ 'group\.id'/],
    [{ properties: { 'group.idd': 'g' } }, /did you mean group\.id/],
    [{ properties: { 'bootstrap.servers': 'a:1' } }, /belongs to the client/],
    [{ properties: { 'value.deserializer': 'x' } }, /topic\(name/],
    [{ properties: { 'auto.offset.reset': 'yesterday' } }, /by_duration/],
    [{ properties: { 'partition.assignment.strategy': 'mine' } }, /option assignors/],
    [{ groupId: '' }, /groupId is empty/],
    [{ instanceId: 'i' }, /there is no groupId/],
    [{ commit: 'sometimes' as 'auto' }, /auto, manual/],
    [{ autoOffsetReset: 'begin' as 'earliest' }, /earliest/],
    [{ fetchMaxBytes: 1.5 }, /fetchMaxBytes is 1.5/],
    [{ heartbeatIntervalMs: 50_000 }, /several heartbeats/],
  ];
  for (const [options, message] of refusals)
    assert.throws(() => resolveConsumerOptions(options), { code: 'INVALID_OPTIONS', message });
});

test('what is no topic or partition is refused', () => {
  const topics = new KnownTopics();
  assert.throws(() => topics.subscription(['']), { code: 'INVALID_OPTIONS' });
  assert.throws(() => topics.partition({ topic: 't', partition: -1 }), /no partition -1/);
  assert.deepEqual(topics.subscription(['a', /b/, 'a']), { topics: ['a'], patterns: [/b/] });
});
