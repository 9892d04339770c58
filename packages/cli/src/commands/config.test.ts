import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { verbs } from './config.ts';
import { TestCluster } from './testing-cluster.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.stop());

const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;

test('settings of a topic are set, shown with where they come from, and taken back', async () => {
  const name = unique('orders');
  await cluster.topic(name);
  const change = (verb: string, setting: string[], options = {}) =>
    cluster.json(verbs, verb, { type: 'topic', name, setting }, options);
  const expected = { type: 'topic', resource: name, name: 'retention.ms', from: '604800000', to: '60000' };
  assert.deepEqual(await change('set', ['retention.ms=60000'], { dryRun: true }), [expected]);
  assert.deepEqual(await change('set', ['retention.ms=60000']), [expected]);
  const get = (setting: string[], options = {}) =>
    cluster.run(verbs, 'get', { type: 'topic', name, setting }, options);
  await cluster.until(async () => /retention/.test((await get([])).out));
  assert.match((await get([])).out, /^SETTING +VALUE +FROM\n(.*\n)*retention.ms +60000 +topic\n$/);
  assert.match((await get([], { all: true })).out, /\nsegment.bytes +1073741824 +default\n/);
  assert.match(
    (await get(['retention.ms'], { explain: true })).out,
    /MEANING\nretention.ms +60000 +topic +\w.*\n$/,
  );
  assert.deepEqual((await change('unset', ['retention.ms']))[0].to, null);
  for (const verb of ['get', 'unset']) {
    const typo = await cluster.run(verbs, verb, { type: 'topic', name, setting: ['retention.mss'] });
    assert.equal(typo.code, 1);
    assert.match(typo.told[0]!, /there is no setting retention\.mss.*\. Did you mean retention\.ms\?$/);
  }
  const wrong = await cluster.run(verbs, 'set', { type: 'topic', name, setting: ['retention.ms'] });
  assert.deepEqual([wrong.code, wrong.told], [2, ['expected name=value, not retention.ms']]);
});

test('settings of one broker, and of all, are changed; what is no broker is refused', async () => {
  const [broker] = (await cluster.admin.cluster.describe()).brokers;
  for (const name of [String(broker!.id), 'default']) {
    const args = { type: 'broker', name, setting: ['log.retention.ms=600000'] };
    assert.equal((await cluster.json(verbs, 'set', args))[0].to, '600000');
    const get = () => cluster.json(verbs, 'get', { type: 'brokers', name });
    await cluster.until(async () => (await get()).some((each: { value: string }) => each.value === '600000'));
    await cluster.json(verbs, 'unset', { ...args, setting: ['log.retention.ms'] });
  }
  for (const verb of ['get', 'unset']) {
    const gone = await cluster.run(verbs, verb, { type: 'broker', name: '4711', setting: ['x'] });
    assert.equal(gone.code, 1);
    assert.match(gone.told[0]!, /^there is no broker 4711; there are \d/);
  }
  const unknown = await cluster.run(verbs, 'get', { type: 'broker', name: 'first' });
  assert.equal(unknown.code, 2);
  const type = await cluster.run(verbs, 'get', { type: 'tpoic', name: 'x' });
  assert.match(type.told[0]!, /^expected one of topic, broker, /);
});

test('quotas of users and clients are settings too', async () => {
  const name = unique('ada');
  for (const type of ['user', 'client']) {
    const set = (setting: string) =>
      cluster.run(verbs, 'set', { type, name, setting: [setting] }, {}, { output: 'json' });
    assert.deepEqual(JSON.parse((await set('producer_byte_rate=1000000')).out), [
      { of: `${type} ${name}`, name: 'producer_byte_rate', from: null, to: 1_000_000 },
    ]);
    const get = () => cluster.json(verbs, 'get', { type, name });
    await cluster.until(async () => (await get()).length > 0);
    assert.deepEqual(
      (await get()).map((each: { value: string }) => each.value),
      ['1000000'],
    );
    assert.equal((await set('producer_byte_rate=much')).code, 2);
    const typo = await set('producer_byte_rat=1');
    assert.deepEqual(typo.told, ['there is no limit producer_byte_rat. Did you mean producer_byte_rate?']);
    const [back] = await cluster.json(verbs, 'unset', { type, name, setting: ['producer_byte_rate'] });
    assert.deepEqual([back.from, back.to], [1_000_000, null]);
  }
});

test('a logger that is not there is told of with what was meant, and where they stand', async () => {
  const id = String((await cluster.admin.cluster.describe()).brokers[0]!.id);
  const [known] = await cluster.json(verbs, 'get', { type: 'broker-logger', name: id });
  const { code, told } = await cluster.run(verbs, 'set', {
    ...{ type: 'broker-logger', name: id, setting: [`${known.name}x=INFO`] },
  });
  const lists = `\`moldau config get broker-logger ${id}\` lists them.`;
  const expected = `there is no logger ${known.name}x. Did you mean ${known.name}? ${lists}`;
  assert.deepEqual([code, told], [1, [expected]]);
});
