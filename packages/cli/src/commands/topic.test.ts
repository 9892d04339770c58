import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import type { CommandArguments, CommandOptions } from '../command-line/command.ts';
import type { OutputFormat } from '../output/output.ts';
import { runVerb } from '../testing-context.ts';
import { verbs } from './topic.ts';

let broker: TestBroker;
before(async () => {
  broker = await startTestBroker();
});
after(() => broker.stop());

function run(name: string, args: CommandArguments = {}, options: CommandOptions = {}, output?: OutputFormat) {
  const verb = verbs.find((each) => each.name === name)!;
  const brokers = `127.0.0.1:${broker.port}`;
  return runVerb(verb, args, options, output === undefined ? { brokers } : { brokers, output });
}

test('topics are created and listed, with the same keys in every format', async () => {
  const created = await run('create', { topic: ['orders', 'audit'] }, { partitions: 3 }, 'json');
  assert.equal(created.code, 0, created.told.join());
  assert.deepEqual(
    JSON.parse(created.out).map(({ name, partitions }: { name: string; partitions: number }) => [
      name,
      partitions,
    ]),
    [
      ['orders', 3],
      ['audit', 3],
    ],
  );
  assert.equal(
    (await run('list')).out,
    'NAME    PARTITIONS  REPLICAS\naudit            3         1\norders           3         1\n',
  );
  const { id, ...rest } = JSON.parse((await run('list', { pattern: '^o' }, {}, 'ndjson')).out);
  assert.match(id, /^[\w-]{22}$/);
  assert.deepEqual(rest, { name: 'orders', internal: false, partitions: 3, replicationFactor: 1 });
});

test('names that cannot be are refused, and those that are there may be left alone', async () => {
  const wrong = await run('create', { topic: ['a b'] });
  assert.deepEqual([wrong.code, wrong.out], [1, '']);
  assert.match(wrong.told[0]!, /^a b: /);
  assert.equal((await run('create', { topic: ['kept'] })).code, 0);
  const again = await run('create', { topic: ['kept'] });
  assert.deepEqual([again.code, again.told], [1, ["kept: Topic 'kept' already exists."]]);
  assert.equal((await run('create', { topic: ['kept'] }, { ifNotExists: true })).code, 0);
});

test('a dry run creates nothing', async () => {
  const { code, told } = await run('create', { topic: ['never'] }, { dryRun: true });
  assert.deepEqual([code, told], [0, ['nothing was created: this was a dry run']]);
  assert.doesNotMatch((await run('list')).out, /never/);
});

test('a name that is nearly that of a topic is answered with the topic', async () => {
  await run('create', { topic: ['invoices'] });
  const { code, told } = await run('describe', { topic: ['invocies'] });
  assert.equal(code, 1);
  assert.match(told[0]!, / Did you mean invoices\?$/);
  const { told: far } = await run('describe', { topic: ['something-else'] });
  assert.doesNotMatch(far[0]!, /Did you mean/);
});
