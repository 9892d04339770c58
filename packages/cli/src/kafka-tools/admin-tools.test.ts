// The tools that administrate, each once, against one broker. What Kafka's own write is compared in test/kafka-tools.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import { runInProcess } from './testing-tool.ts';

let broker: TestBroker;

before(async () => {
  broker = await startTestBroker({
    settings: [
      'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users=User:ANONYMOUS',
    ],
  });
  await run('kafka-topics', '--create --topic orders --partitions 2');
});
after(async () => await broker.stop());

const run = (tool: string, words: string, input = '') =>
  runInProcess(tool, ['--bootstrap-server', `127.0.0.1:${broker.port}`, ...words.split(' ')], input);

/** What it prints; it must end well and without a word to standard error. */
async function printed(tool: string, words: string): Promise<string> {
  const { out, err, code } = await run(tool, words);
  assert.deepEqual({ err, code }, { err: '', code: 0 }, out);
  return out;
}

function file(name: string, value: unknown): string {
  const path = join(broker.dataDirectory, name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

test('kafka-topics', async () => {
  assert.match(
    await printed('kafka-topics', '--describe --topic orders'),
    /\n\tTopic: orders\tPartition: 1\tLeader: 1\t/,
  );
  const { out, err, code } = await run('kafka-topics', '--create --topic orders');
  assert.equal(code, 1);
  assert.equal(out, "Error while executing topic command : Topic 'orders' already exists.\n");
  assert.match(
    err,
    /ERROR org\.apache\.kafka\.common\.errors\.TopicExistsException: Topic 'orders' already exists\./,
  );
});

test('a file of properties of Java is read, and what is not known there is left out', async () => {
  const path = join(broker.dataDirectory, 'client.properties');
  writeFileSync(
    path,
    '# mine\nbootstrap.servers=127.0.0.1:1\nclient.id = scripts\nssl.truststore.password=x\nno.such=1\nsecurity.protocol=PLAINTEXT\n',
  );
  for (const words of [`--command-config ${path}`, `--command-config=${path}`])
    assert.equal(await printed('kafka-topics', `--list ${words}`), 'orders\n');
});

test('kafka-configs', async () => {
  const done = await printed('kafka-configs', '--alter --topic orders --add-config retention.ms=1000');
  assert.equal(done, 'Completed updating config for topic orders.\n');
  assert.match(
    await printed('kafka-configs', '--describe --topic orders'),
    /^ {2}retention\.ms=1000 sensitive=false synonyms=\{DYNAMIC_TOPIC_CONFIG:retention\.ms=1000/m,
  );
  await printed('kafka-configs', '--alter --user ada --add-config producer_byte_rate=10000000');
  const quotas = await printed('kafka-configs', '--describe --user ada');
  assert.equal(quotas, "Quota configs for user-principal 'ada' are producer_byte_rate=1.0E7\n");
});

test('kafka-consumer-groups and kafka-groups', async () => {
  await printed(
    'kafka-consumer-groups',
    '--reset-offsets --group readers --topic orders --to-latest --execute',
  );
  const { out, err } = await run('kafka-consumer-groups', '--describe --group readers');
  assert.match(out, /^readers +orders +1 +0 +0 +0 +- +- +-$/m);
  assert.equal(err, "\nConsumer group 'readers' has no active members.\n");
  assert.equal(
    await printed('kafka-groups', '--list --group-type classic'),
    `${['GROUP', 'TYPE', 'PROTOCOL'].map((title) => title.padEnd(20)).join(' ')}\nreaders              Classic                                   \n`,
  );
  assert.match(
    await printed('kafka-consumer-groups', '--delete --group readers'),
    /\('readers'\) was successful/,
  );
});

test('kafka-share-groups', async () => {
  await printed(
    'kafka-share-groups',
    '--reset-offsets --group sharers --topic orders --to-earliest --execute',
  );
  assert.match(
    await printed('kafka-share-groups', '--describe --group sharers'),
    /^sharers +orders +0 +0 +/m,
  );
});

test('kafka-get-offsets and kafka-delete-records', async () => {
  assert.equal(await printed('kafka-get-offsets', '--topic orders'), 'orders:0:0\norders:1:0\n');
  const path = file('records.json', { partitions: [{ topic: 'orders', partition: 0, offset: -1 }] });
  assert.match(
    await printed('kafka-delete-records', `--offset-json-file ${path}`),
    /^partition: orders-0\tlow_watermark: 0$/m,
  );
});

test('kafka-log-dirs, kafka-leader-election and kafka-reassign-partitions', async () => {
  const [, , json = ''] = (await printed('kafka-log-dirs', '--describe --topic-list orders')).split('\n');
  assert.equal(JSON.parse(json).brokers[0].logDirs[0].partitions.length, 2);
  assert.equal(
    await printed('kafka-leader-election', '--election-type preferred --topic orders --partition 1'),
    'Valid replica already elected for partitions orders-1\n',
  );
  const path = file('plan.json', {
    version: 1,
    partitions: [{ topic: 'orders', partition: 0, replicas: [1] }],
  });
  assert.match(
    await printed('kafka-reassign-partitions', `--execute --reassignment-json-file ${path}`),
    /\nSuccessfully started partition reassignment for orders-0\n$/,
  );
  assert.match(
    await printed('kafka-reassign-partitions', `--verify --reassignment-json-file ${path}`),
    /^Reassignment of partition orders-0 is completed\.$/m,
  );
});

test('kafka-acls asks before it removes', async () => {
  await printed('kafka-acls', '--add --allow-principal User:ada --operation Read --topic orders');
  const kept = await run('kafka-acls', '--remove --topic orders', 'n\n');
  assert.match(kept.out, /^Are you sure you want to delete all ACLs for resource filter `.*`\? \(y\/n\)\n$/);
  assert.match(
    await printed('kafka-acls', '--list'),
    /principal=User:ada, host=\*, operation=READ, permissionType=ALLOW/,
  );
  await run('kafka-acls', '--remove --topic orders', 'y\n');
  assert.equal(await printed('kafka-acls', '--list'), '');
});

test('kafka-acls asks for each resource', async () => {
  for (const topic of ['a', 'b'])
    await printed('kafka-acls', `--add --allow-principal User:ada --operation Read --topic ${topic}`);
  await run('kafka-acls', '--remove --topic a --topic b', 'y\ny\n');
  assert.equal(await printed('kafka-acls', '--list'), '');
});

test('kafka-configs shows no secrets when it fails', async () => {
  const secret = 'SCRAM-SHA-256=[iterations=4096,password=open sesame]';
  const alter = ['--alter', '--user', 'ada', '--add-config'];
  const brokers = ['--bootstrap-server', `127.0.0.1:${broker.port}`, '--command-config', '/no/file'];
  const { err, code } = await runInProcess('kafka-configs', [...brokers, ...alter, secret]);
  assert.equal(code, 1);
  assert.match(err, /args '.*--add-config SCRAM-SHA-256=\[iterations=4096,password=\*{8}\]'/);
  const misspelt = await runInProcess('kafka-configs', [
    ...['--bootstrap-server', `127.0.0.1:${broker.port}`, ...alter],
    'SCRAM-SHA-256=[rounds=4096,password=open sesame]',
  ]);
  assert.match(misspelt.err, /^Invalid credential property SCRAM_SHA_256=rounds=4096,password=\*{8}\n$/);
  for (const text of [err, misspelt.err]) assert.doesNotMatch(text, /sesame/);
});
