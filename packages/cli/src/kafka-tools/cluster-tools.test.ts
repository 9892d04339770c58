import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestCluster } from '../commands/testing-cluster.ts';
import { type RanTool, runInProcess } from './testing-tool.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.stop());

const run = (tool: string, ...words: readonly string[]): Promise<RanTool> =>
  runInProcess(`kafka-${tool}`, words);
const ask = (tool: string, ...words: readonly string[]): Promise<RanTool> =>
  run(tool, '--bootstrap-server', cluster.brokers, ...words);

test('what brokers speak is listed by key, with what they do not offer', async () => {
  const { out, code } = await ask('broker-api-versions');
  assert.equal(code, 0);
  assert.match(
    out,
    /^127\.0\.0\.1:\d+ \(id: \d+ rack: null isFenced: false\) -> \(\n\tProduce\(0\): 0 to \d+ \[usable: \d+\],\n/,
  );
  assert.match(out, /\n\tAddRaftVoter\(80\): (UNSUPPORTED|0)/);
});

test('the cluster tells its id and its brokers', async () => {
  assert.match((await run('cluster', 'cluster-id', '-b', cluster.brokers)).out, /^Cluster ID: \S{22}\n$/);
  const { out } = await run('cluster', 'list-endpoints', '--bootstrap-server', cluster.brokers);
  assert.match(out, /^ID {9}HOST .*ENDPOINT_TYPE {2}\n\d+ +127\.0\.0\.1 \d+ +null +unfenced +broker +\n$/);
  const unknown = await run('cluster', 'unregister', '-b', cluster.brokers, '--id', '4711');
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /^org\.apache\.kafka\.common\.errors\.BrokerIdNotRegisteredException: /);
  assert.equal((await run('cluster', 'cluster-id')).code, 1);
});

test('tokens say why they cannot be had', async () => {
  const words = ['--command-config', '/dev/null', '--create', '--max-life-time-period'];
  const refused = await ask('delegation-tokens', ...words, '-1', '--renewer-principal', 'User:etl');
  assert.match(refused.out, /^Calling create token .* renewers :\[User:etl\] , max-life-time-period :-1\n$/);
  assert.match(refused.err, /^org\.apache\.kafka\.common\.errors\.\w+: Delegation Token/);
  const unclear = await ask('delegation-tokens', ...words);
  assert.match(unclear.err, /--max-life-time-period needs a number/);
  assert.deepEqual([refused.code, unclear.code], [1, 1]);
});

test('features are described, mapped and changed', async () => {
  const { out } = await ask('features', 'describe');
  assert.match(out, /^Feature: metadata\.version +SupportedMinVersion: 3\.3-IV3 /m);
  assert.match((await run('features', 'version-mapping', '--release-version', '4.0')).out, /=25 \(4\.0\)\n/);
  const refused = await ask('features', 'upgrade', '--feature', 'none=1', '--dry-run');
  assert.match(refused.out, /^Can not upgrade none to 1\. /);
  assert.deepEqual([refused.err, refused.code], ['1 out of 1 operation(s) failed.\n', 1]);
  assert.deepEqual(await run('features'), {
    ...{ out: '', err: 'Command line error: too few arguments. Type --help for help.', code: 1 },
  });
});

test('transactions are listed, described and ended', async () => {
  const id = 'payments';
  await cluster.topic('orders');
  await using producer = cluster.kafka.producer({ transactionalId: id });
  const open = await producer.begin();
  const { offset } = await open.send('orders', { value: 'a' });
  assert.match((await ask('transactions', 'list')).out, /\npayments\s+\t\d+\s+\t\d+\s+\tOngoing\s+\t\n/);
  const described = await ask('transactions', 'describe', '--transactional-id', id);
  assert.match(described.out, /\tpayments .*\torders-0 +\t\n$/);
  const place = ['--topic', 'orders', '--partition', '0'];
  const producers = await ask('transactions', 'describe-producers', ...place);
  assert.match(producers.out, new RegExp(`\\t${offset} +\\t\\n$`));
  const aborted = await ask('transactions', 'abort', ...place, '--start-offset', String(offset));
  assert.deepEqual(aborted, { out: '', err: '', code: 0 });
  const again = await ask('transactions', 'abort', ...place, '--start-offset', String(offset));
  assert.match(
    again.err,
    /^Could not find any open transactions starting at offset \d+ on partition orders-0\n$/,
  );
  const fenced = await ask('transactions', 'forceTerminateTransaction', '--transactionalId', id);
  assert.deepEqual(fenced, { out: '', err: '', code: 0 });
  await open.abort().catch(() => {});
});
