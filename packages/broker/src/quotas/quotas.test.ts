import assert from 'node:assert/strict';
import test from 'node:test';
import type { ClientQuotaImage } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { ManualTime } from '@moldau/testing';
import { ClientQuotas, QuotaKey } from './client-quotas.ts';
import { ConnectionQuotas } from './connection-quotas.ts';
import { QuotaLevels } from './quota-levels.ts';
import { SampledRate } from './sampled-rate.ts';
import { TokenBucket } from './token-bucket.ts';

const windows = { count: 11, sizeMs: 1000 };

type Entity = { user?: string | null; 'client-id'?: string | null; ip?: string | null };

function entity(parts: Entity) {
  return Object.entries(parts).map(([entityType, entityName]) => ({ entityType, entityName }));
}

function image(parts: Entity, quotas: Record<string, number>): ClientQuotaImage {
  return { entity: entity(parts), quotas: new Map(Object.entries(quotas)) };
}

test('a rate is taken over all windows but the newest, however new it is', () => {
  const rate = new SampledRate();
  rate.record(1000, windows, 50_000);
  assert.equal(rate.perSecond(windows, 50_000), 100);
  assert.equal(rate.perSecond(windows, 50_500), 1000 / 10.5);
  rate.record(500, windows, 51_000);
  assert.equal(rate.perSecond(windows, 51_000), 150);
});

test('a rate forgets what came before its windows', () => {
  const rate = new SampledRate();
  rate.record(1000, windows, 50_000);
  rate.record(300, windows, 60_999);
  assert.equal(rate.perSecond(windows, 60_999), 1300 / 10.999);
  assert.equal(rate.perSecond(windows, 61_000), 300 / 10.001);
  assert.equal(rate.perSecond(windows, 72_000), 0);
});

test('a rate never remembers more windows than there are, however long it lives', () => {
  const rate = new SampledRate();
  for (let nowMs = 0; nowMs < 100_000; nowMs += 100) rate.record(10, windows, nowMs);
  assert.ok(Math.abs(rate.perSecond(windows, 99_900) - 100) < 10);
});

test('who is over the limit waits until the rate has come down to it', () => {
  const rate = new SampledRate();
  rate.record(2000, windows, 50_000);
  assert.equal(rate.throttleMs(200, windows, 50_000), 0);
  assert.equal(rate.throttleMs(100, windows, 50_000), 10_000);
  assert.equal(rate.throttleMs(Number.NaN, windows, 50_000), 0);
});

test('a bucket begins full, may be overdrawn once, and is paid back at its rate', () => {
  const bucket = new TokenBucket();
  assert.equal(bucket.tokens(2, windows, 1000), 22);
  bucket.take(30, 2, windows, 1000);
  assert.equal(bucket.throttleMs(2, windows, 1000), 4000);
  assert.equal(bucket.throttleMs(2, windows, 3000), 2000);
  assert.equal(bucket.throttleMs(2, windows, 5000), 0);
  assert.equal(bucket.tokens(2, windows, 1_000_000), 22);
});

test('the most specific of the eight levels counts', () => {
  const order: Entity[] = [
    { user: 'u', 'client-id': 'c' },
    { user: 'u', 'client-id': null },
    { user: 'u' },
    { user: null, 'client-id': 'c' },
    { user: null, 'client-id': null },
    { user: null },
    { 'client-id': 'c' },
    { 'client-id': null },
  ];
  for (const first of order.keys()) {
    const levels = new QuotaLevels();
    for (const index of order.keys()) {
      const level = order.length - 1 - index;
      if (level >= first) levels.add(entity(order[level]!), level + 1);
    }
    assert.equal(levels.find('u', 'c')?.limit, first + 1);
  }
  assert.equal(new QuotaLevels().find('u', 'c'), undefined);
});

test('who shares a quota depends on the level that it was found at', () => {
  const sharerOf = (parts: Entity, user: string, clientId: string) => {
    const levels = new QuotaLevels();
    levels.add(entity(parts), 1);
    return levels.find(user, clientId)?.sharer;
  };
  const byUser = { user: null };
  assert.equal(sharerOf(byUser, 'u', 'a'), sharerOf(byUser, 'u', 'b'));
  assert.notEqual(sharerOf(byUser, 'u', 'a'), sharerOf(byUser, 'v', 'a'));
  const byClientId = { 'client-id': null };
  assert.equal(sharerOf(byClientId, 'u', 'a'), sharerOf(byClientId, 'v', 'a'));
  const byPair = { user: null, 'client-id': null };
  assert.notEqual(sharerOf(byPair, 'u', 'a'), sharerOf(byPair, 'u', 'b'));
  assert.notEqual(sharerOf(byPair, 'u/a', 'b'), sharerOf(byPair, 'u', 'a/b'));
});

function quotasWith(...images: ClientQuotaImage[]): { quotas: ClientQuotas; time: ManualTime } {
  const time = new ManualTime();
  const quotas = new ClientQuotas({ clock: time, windows: () => windows, mutationWindows: () => windows });
  quotas.update(images);
  return { quotas, time };
}

const ada = { principal: 'User:ada', clientId: 'app' };
const bob = { principal: 'User:bob', clientId: 'app' };

test('a producer over its quota is held up, and another is not', () => {
  const { quotas } = quotasWith(image({ user: 'ada' }, { [QuotaKey.PRODUCE]: 100 }));
  assert.equal(quotas.recordProduced(ada, 1000), 0);
  assert.equal(quotas.recordProduced(ada, 1000), 10_000);
  assert.equal(quotas.recordProduced(bob, 1_000_000), 0);
  assert.equal(quotas.recordFetched(ada, 1_000_000), 0);
});

test('bytes that are not sent after all do not count', async () => {
  const { quotas, time } = quotasWith(image({ user: null }, { [QuotaKey.FETCH]: 100 }));
  assert.equal(quotas.recordFetched(ada, 1000), 0);
  assert.equal(quotas.recordFetched(ada, 500), 5000);
  await time.advance(11_000);
  assert.equal(quotas.recordFetched(ada, 500), 0);
  assert.equal(quotas.maxFetchBytes(ada), 1000);
});

test('a fetch without a quota may bring as much as it likes', () => {
  assert.equal(quotasWith().quotas.maxFetchBytes(ada), Number.POSITIVE_INFINITY);
});

test('request time is a percentage of the event loop, and holds up for one window at most', () => {
  const { quotas } = quotasWith(image({ 'client-id': 'app' }, { [QuotaKey.REQUEST]: 1 }));
  assert.ok(quotas.timesRequests);
  assert.equal(quotas.recordTime(ada, 100), 0);
  assert.equal(quotas.recordTime(ada, 5), 500);
  assert.equal(quotas.recordTime(ada, 5000), 1000);
  assert.equal(quotasWith().quotas.timesRequests, false);
});

test('partitions are made as long as the client is not in debt; older clients are only held up', async () => {
  const { quotas, time } = quotasWith(image({ user: 'ada' }, { [QuotaKey.MUTATION]: 1 }));
  const first = quotas.mutations(ada, true);
  first.record(20);
  assert.equal(first.throttleMs, 0);
  const second = quotas.mutations(ada, true);
  assert.throws(
    () => second.record(1),
    new KafkaError(ErrorCode.THROTTLING_QUOTA_EXCEEDED, 'The throttling quota has been exceeded.'),
  );
  assert.equal(second.throttleMs, 9000);
  const older = quotas.mutations(ada, false);
  older.record(1);
  assert.equal(older.throttleMs, 10_000);
  await time.advance(10_000);
  quotas.mutations(ada, true).record(1);
});

test('a quota that is taken back counts no more', () => {
  const { quotas } = quotasWith(image({ user: 'ada' }, { [QuotaKey.PRODUCE]: 1 }));
  assert.ok(quotas.recordProduced(ada, 1000) > 0);
  quotas.update([]);
  assert.equal(quotas.recordProduced(ada, 1000), 0);
});

function connections(brokerRate: number, ...images: ClientQuotaImage[]): ConnectionQuotas {
  const quotas = new ConnectionQuotas({
    windows: () => windows,
    brokerRate: () => brokerRate,
    listenerRate: (name) => (name === 'SLOW' ? 1 : Number.POSITIVE_INFINITY),
    lookup: async (host) => (host === 'example' ? ['10.0.0.9'] : [host]),
  });
  quotas.update(images);
  return quotas;
}

test('connections above the rate are taken on one after the other', () => {
  const quotas = connections(1);
  const delays = Array.from({ length: 13 }, () => quotas.admit('A', '10.0.0.1', 1000).delayMs);
  assert.deepEqual(delays.slice(0, 10), Array(10).fill(0));
  assert.ok(delays[10]! > 0 && delays[11]! > delays[10]! && delays[12]! > delays[11]!, String(delays));
});

test('connections of a listener above its rate are taken on one after the other, those of others at once', () => {
  const quotas = connections(Number.POSITIVE_INFINITY);
  const delays = Array.from({ length: 13 }, () => quotas.admit('SLOW', '10.0.0.1', 1000).delayMs);
  assert.deepEqual(delays.slice(0, 10), Array(10).fill(0));
  assert.ok(delays[10]! > 0 && delays[11]! > delays[10]! && delays[12]! > delays[11]!, String(delays));
  assert.deepEqual(quotas.admit('A', '10.0.0.1', 1000), { isAllowed: true, delayMs: 0 });
});

test('connections of an address above its rate are refused after a while, those of others are not', async () => {
  const rate = { connection_creation_rate: 1 };
  const quotas = connections(
    Number.POSITIVE_INFINITY,
    image({ ip: '10.0.0.1' }, rate),
    image({ ip: 'example' }, rate),
  );
  await new Promise(setImmediate);
  for (const address of ['10.0.0.1', '10.0.0.9']) {
    for (let count = 0; count < 10; count++) assert.ok(quotas.admit('A', address, 1000).isAllowed);
    assert.deepEqual(quotas.admit('A', address, 1000), { isAllowed: false, delayMs: 1000 });
    assert.deepEqual(quotas.admit('A', address, 1000), { isAllowed: false, delayMs: 1000 });
  }
  for (let count = 0; count < 50; count++) assert.ok(quotas.admit('A', '10.0.0.2', 1000).isAllowed);
});

test('how often clients were held up, and for how long, is counted by quota', () => {
  const { quotas } = quotasWith(image({ user: 'ada' }, { [QuotaKey.PRODUCE]: 100, [QuotaKey.MUTATION]: 1 }));
  quotas.recordProduced(ada, 1000);
  const heldUpMs = quotas.recordProduced(ada, 1000) + quotas.recordProduced(ada, 1000);
  const mutations = quotas.mutations(ada, false);
  for (let i = 0; i < 30; i += 1) mutations.record(1);
  const of = (quota: string) => quotas.throttles.find((each) => each.quota === quota)!;
  assert.deepEqual(of(QuotaKey.PRODUCE), { quota: QuotaKey.PRODUCE, count: 2, totalMs: heldUpMs });
  // One request, however many partitions it makes.
  assert.equal(of(QuotaKey.MUTATION).count, 1);
  assert.equal(of(QuotaKey.MUTATION).totalMs, mutations.throttleMs);
  assert.deepEqual(of(QuotaKey.FETCH), { quota: QuotaKey.FETCH, count: 0, totalMs: 0 });
});
