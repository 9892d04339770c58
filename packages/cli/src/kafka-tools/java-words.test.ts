import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokerError, PartialFailureError } from '@moldau/client/admin';
import { tabbedTable } from './argument-tool.ts';
import { eachOutcome, executionError, illegalArgument, javaMessage, javaText } from './java-errors.ts';
import { columns, hashCode, hashOrder, javaDouble, partitionHash, widthOf } from './java-text.ts';
import { durationMs, timestampOf } from './java-time.ts';
import { placeReplicas } from './reassign-placement.ts';
import { syntaxProblem } from './regex-syntax.ts';
import { topicFilter } from './topic-filter.ts';

test('numbers are written as Java writes them', () => {
  const written = [0, 1, -2.5, 1024, 9_999_999, 1e7, 12_345_678.5, 0.001, 0.0001, Number.NaN].map(javaDouble);
  assert.deepEqual(written, [
    ...['0.0', '1.0', '-2.5', '1024.0', '9999999.0', '1.0E7', '1.23456785E7', '0.001', '1.0E-4', 'NaN'],
  ]);
});

test('columns are as wide as the longest of their values, however many there are', () => {
  const groups = Array.from({ length: 300_000 }, (_, index) => `group-${index}`);
  assert.deepEqual([widthOf(5, groups), widthOf(15, groups)], [12, 15]);
  const lines: string[] = [];
  tabbedTable(
    { out: (line: string) => lines.push(line) } as never,
    ['ID'],
    groups.map((group) => [group]),
  );
  assert.deepEqual([lines.length, lines[0]], [300_001, 'ID          \t']);
});

test('texts and partitions are in the order of a hash map', () => {
  assert.equal(hashCode('orders'), -1008770331);
  const order = (...names: string[]) => hashOrder(names, (name) => name);
  assert.deepEqual(order('version', 'brokers'), ['brokers', 'version']);
  assert.deepEqual(order('partition', 'size', 'offsetLag', 'isFuture'), [
    ...['partition', 'size', 'offsetLag', 'isFuture'],
  ]);
  const partitions = [0, 1, 2].map((partition) => ({ topic: 'orders', partition }));
  assert.equal(partitionHash(partitions[1]!) - partitionHash(partitions[0]!), 31);
  assert.equal(hashOrder(partitions, partitionHash).length, 3);
});

test('columns are padded but for the last', () => {
  assert.equal(columns([5, 3], ['a', 1, 'b']), 'a     1   b');
});

test('errors are told as Java tells them', async () => {
  const plain = new BrokerError(3, { topic: 'a' });
  assert.equal(javaMessage(plain), 'This server does not host this topic-partition.');
  const said = new BrokerError(36, { said: "Topic 'a' already exists." });
  assert.equal(
    javaText(said),
    "org.apache.kafka.common.errors.TopicExistsException: Topic 'a' already exists.",
  );
  assert.equal(javaMessage(executionError(said)), javaText(said));
  assert.equal(javaText(illegalArgument('no')), 'java.lang.IllegalArgumentException: no');
  const outcomes = await eachOutcome(2, async () => {
    throw new PartialFailureError(['done', said]);
  });
  assert.deepEqual(outcomes, ['done', said]);
  assert.equal(javaText(new PartialFailureError(['done', said, plain])), javaText(said));
  assert.deepEqual(await eachOutcome(2, async () => {}), [undefined, undefined]);
});

test('times are in UTC unless they have a zone', () => {
  const utc = Date.UTC(2024, 0, 2, 3, 4, 5, 6);
  assert.equal(timestampOf('2024-01-02T03:04:05.006'), utc);
  assert.equal(timestampOf('2024-01-02T03:04:05.006Z'), utc);
  assert.equal(timestampOf('2024-01-02T05:04:05.006+02:00'), utc);
  assert.throws(() => timestampOf('2024-13-02T03:04:05.006'), { message: /Unparseable date/ });
  assert.throws(() => timestampOf('yesterday'), { message: /does not contain a 'T'/ });
  assert.equal(durationMs('P1DT2H3M4.5S'), 93_784_500);
  assert.equal(durationMs('-PT1M'), -60_000);
  for (const wrong of ['1d', 'P', 'PT', 'P1H']) assert.throws(() => durationMs(wrong), { name: 'JavaError' });
});

test('a filter for topics is a regular expression over the whole name, with commas between alternatives', () => {
  const isMeant = topicFilter('"orders, pay.*"');
  assert.deepEqual(['orders', 'orders2', 'payments', 'repay'].map(isMeant), [true, false, true, false]);
  assert.throws(() => topicFilter('[a'), { message: '[a is an invalid regex.' });
});

test('what RE2 does not know is no regular expression', () => {
  for (const fine of ['a.*', '(?i)a', '(?P<name>a)', '[[:alpha:]]', '\\Aa\\z', 'a{2,3}?'])
    assert.equal(syntaxProblem(fine), undefined, fine);
  for (const wrong of ['[a', '(a', '*', 'a(?=b)', '(a)\\1', 'a**'])
    assert.notEqual(syntaxProblem(wrong), undefined, wrong);
});

test('replicas are spread over brokers, and over racks', () => {
  const current = [0, 1, 2, 3].map((partition) => ({ topic: 'a', partition, replicas: [9, 8] }));
  const brokers = [1, 2, 3, 4].map((id) => ({ id, rack: id <= 2 ? 'left' : 'right' }));
  const placed = placeReplicas(current, brokers, { isRackAware: true });
  assert.deepEqual(new Set(placed.map(({ replicas }) => replicas[0])), new Set([1, 2, 3, 4]));
  for (const { replicas } of placed) {
    assert.equal(new Set(replicas).size, 2);
    assert.equal(new Set(replicas.map((id) => id <= 2)).size, 2, `${replicas} are in one rack`);
  }
  const mixed = [...brokers.slice(1), { id: 5, rack: undefined }];
  assert.throws(() => placeReplicas(current, mixed, { isRackAware: true }), {
    message: /disable-rack-aware/,
  });
  assert.throws(() => placeReplicas(current, brokers.slice(3), { isRackAware: false }), {
    message: /replication factor of 2 cannot be reached because only 1 broker/,
  });
});
