import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { TestCluster } from '../commands/testing-cluster.ts';
import { deserializerOf } from './deserializers.ts';
import { javaLines, lineReader } from './line-message-reader.ts';
import { runInProcess } from './testing-tool.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.stop());

const topicName = (): string => `console-${randomUUID().slice(0, 8)}`;
const run = (tool: string, words: readonly string[], stdin = '') =>
  runInProcess(`kafka-console-${tool}`, ['--bootstrap-server', cluster.brokers, ...words], stdin);

test('lines become records, and records lines again, with all that formatters can show', async () => {
  const topic = topicName();
  await cluster.topic(topic);
  const properties = ['parse.key=true', 'parse.headers=true', 'null.marker=NIL'];
  const produced = await run(
    'producer',
    ['--topic', topic, ...properties.flatMap((each) => ['--reader-property', each])],
    'a:1,b:NIL\tk1\tv1\r\nNIL\tNIL\tNIL',
  );
  assert.deepEqual(produced, { out: '', err: '', code: 0 });
  const shown = ['key', 'offset', 'partition', 'headers', 'timestamp'].map((name) => `print.${name}=true`);
  const consumed = await run('consumer', [
    ...['--topic', topic, '--partition', '0', '--from-beginning', '--max-messages', '2'],
    ...[...shown, 'key.separator=|', 'null.literal=-'].flatMap((each) => ['--formatter-property', each]),
  ]);
  assert.equal(
    consumed.out.replaceAll(/CreateTime:\d{13}/g, 'TIME'),
    'TIME|Partition:0|Offset:0|a:1,b:-|k1|v1\nTIME|Partition:0|Offset:1|NO_HEADERS|-|-\n',
  );
  assert.deepEqual([consumed.err, consumed.code], ['Processed a total of 2 messages\n', 0]);
});

test('a group goes on behind the last record that was shown, and silence ends the reading', async () => {
  const topic = topicName();
  await cluster.topic(topic);
  await run('producer', ['--topic', topic, '--sync'], 'a\nb\nc\n');
  const group = ['--topic', topic, '--group', topic, '--from-beginning'];
  const first = await run('consumer', [...group, '--max-messages', '2']);
  assert.equal(first.out, 'a\nb\n');
  const second = await run('consumer', [...group, '--timeout-ms', '700', '--enable-systest-events']);
  assert.equal(second.out, 'c\nshutdown_complete\n');
  assert.match(
    second.err,
    /^The consumer rebalance protocol .*\n\[.*\] ERROR Error processing message, terminating consumer process: {2}\(org\.apache.*\)\norg\.apache\.kafka\.common\.errors\.TimeoutException: null\nProcessed a total of 1 messages\n$/,
  );
  assert.equal(second.code, 0);
});

test('records of a share group come again when they were released, until they are accepted', async () => {
  const topic = topicName();
  await cluster.topic(topic);
  await cluster.admin.configs.alter({
    ...{ resource: { type: 'group', name: topic }, set: { 'share.auto.offset.reset': 'earliest' } },
  });
  await run('producer', ['--topic', topic], 'a\nb\n');
  const words = ['--topic', topic, '--group', topic, '--property', 'print.delivery=true'];
  const released = await run('share-consumer', [...words, '--max-messages', '2', '--release']);
  assert.match(released.out, /\nDelivery:1\ta\nDelivery:1\tb\n$/);
  const accepted = await run('share-consumer', [...words, '--max-messages', '2']);
  assert.match(accepted.out, /\nDelivery:2\ta\nDelivery:2\tb\n$/);
  const none = await run('share-consumer', [...words, '--timeout-ms', '300']);
  assert.match(none.err, /TimeoutException: null\nProcessed a total of 0 messages\n$/);
  assert.deepEqual([released.code, accepted.code, none.code], [0, 0, 0]);
});

test('a record that cannot be shown ends the tool, or is passed over', async () => {
  const topic = topicName();
  await cluster.topic(topic);
  await run('producer', ['--topic', topic], '12345678\nshort\n12345678\n');
  const words = ['--topic', topic, '--partition', '0', '--offset', '0', '--max-messages', '3'];
  const read = ['--value-deserializer', 'org.apache.kafka.common.serialization.LongDeserializer'];
  const failed = await run('consumer', [...words, ...read]);
  assert.deepEqual([failed.out, failed.code], ['3544952156018063160\n', 1]);
  assert.match(failed.err, /SerializationException: Size of data received by LongDeserializer is not 8/);
  const passed = await run('consumer', [...words, ...read, '--skip-message-on-error']);
  assert.deepEqual([passed.out, passed.code], ['3544952156018063160\n'.repeat(2), 0]);
});

test('internal topics are shown as JSON', async () => {
  const topic = topicName();
  await cluster.topic(topic);
  await run('producer', ['--topic', topic], 'a\n');
  await run('consumer', ['--topic', topic, '--group', topic, '--from-beginning', '--max-messages', '1']);
  const formatter = 'org.apache.kafka.tools.consumer.OffsetsMessageFormatter';
  const words = ['--topic', '__consumer_offsets', '--from-beginning', '--timeout-ms', '500'];
  const { out } = await run('consumer', [...words, '--formatter', formatter]);
  assert.match(
    out,
    new RegExp(
      `\\{"key":\\{"type":1,"data":\\{"group":"${topic}","topic":"${topic}","partition":0\\}\\},"value":\\{"version":\\d,"data":\\{"offset":1,`,
    ),
  );
});

test('without a broker each line is told of once a topic may take no longer to appear', async () => {
  const words = ['--bootstrap-server', '127.0.0.1:1', '--topic', 't', '--max-block-ms', '20'];
  const { err, code } = await runInProcess('kafka-console-producer', words, 'a\nbc\n');
  assert.equal(code, 0);
  assert.equal(err.match(/value: \d bytes with error: \(/g)?.length, 2);
  assert.match(err, /TimeoutException: Topic t not present in metadata after 20 ms\.\n/);
});

test('who waits for a broker that is not there is told so, as Kafka logs it', async () => {
  const told =
    /^\[[\d-]+ [\d:,]+\] WARN no connection: 127\.0\.0\.1:1: nothing listens there.*\(@moldau\/client\)$/m;
  let err = '';
  // It is news after a second; where the machine is busy, the next try is later.
  for (let timeoutMs = 3_000; timeoutMs < 30_000 && !told.test(err); timeoutMs *= 2) {
    const words = ['--bootstrap-server', '127.0.0.1:1', '--topic', 't', '--timeout-ms', String(timeoutMs)];
    ({ err } = await runInProcess('kafka-console-consumer', words));
  }
  assert.match(err, told);
});

test('lines that are no records are told of as Java does', () => {
  const read = (properties: Record<string, string>, line: string) =>
    lineReader(properties)(Buffer.from(line), 7, 0);
  const keyed = { 'parse.key': 'true', 'key.separator': '::' };
  assert.throws(() => read(keyed, 'a:b'), { message: "No key separator found on line number 7: 'a:b'" });
  assert.deepEqual(String(read({ ...keyed, 'ignore.error': 'true' }, 'a:b').value), 'a:b');
  assert.throws(() => read({ 'parse.headers': 'true' }, 'a,b:c\tv'), {
    message: "No header key separator found in pair 'a' on line number 7",
  });
  assert.throws(() => read({ 'null.marker': ',' }, ''), {
    message: 'null.marker and headers.separator may not be equal',
  });
  const lines = [...javaLines(Buffer.from('a\rb\r'))].map(String);
  assert.deepEqual(lines, ['a', 'b']);
});

test('values are shown as Java prints them', () => {
  const shown = (name: string, hex: string) =>
    String(
      deserializerOf(`org.apache.kafka.common.serialization.${name}Deserializer`)!(Buffer.from(hex, 'hex')),
    );
  assert.equal(shown('Double', '3ff0000000000000'), '1.0');
  assert.equal(shown('Double', '4202a05f20000000'), '1.0E10');
  assert.equal(shown('Double', '3f1a36e2eb1c432d'), '1.0E-4');
  assert.equal(shown('Float', '3dcccccd'), '0.1');
  assert.equal(shown('Integer', 'ffffffff'), '-1');
  assert.equal(shown('Bytes', '61ff'), 'a\\xFF');
  assert.equal(shown('Boolean', '01'), 'true');
  assert.equal(deserializerOf('com.example.Own'), undefined);
});

test('a name that no topic can have is told of as Java’s clients tell it', async () => {
  const expected = 'org.apache.kafka.common.errors.InvalidTopicException: Invalid topics: [bad topic]\n';
  for (const tool of ['producer', 'consumer']) {
    const { err } = await run(tool, ['--topic', 'bad topic'], 'a\n');
    assert.ok(err.includes(expected), err);
  }
});
