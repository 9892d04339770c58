import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { OutgoingRecord } from '@moldau/client';
import { encode } from '@msgpack/msgpack';
import avro from 'avsc';
import type { CommandOptions } from '../command-line/command.ts';
import type { RunOptions } from '../testing-context.ts';
import { Moldau } from '../testing-moldau.ts';
import { consume } from './consume-verb.ts';
import { produce } from './produce-verb.ts';
import { TestCluster } from './testing-cluster.ts';

let cluster: TestCluster;
let folder: string;
before(async () => {
  cluster = await TestCluster.start();
  folder = await mkdtemp(join(tmpdir(), 'moldau-consume-'));
});
after(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

let count = 0;
/** A topic of its own with these records. */
async function topicOf(records: readonly (OutgoingRecord | string)[], partitions = 1): Promise<string> {
  const topic = `consume-${count++}-${process.pid}`;
  await cluster.topic(topic, partitions);
  await using producer = cluster.kafka.producer();
  for (const record of records)
    await producer.send(topic, typeof record === 'string' ? { value: record, partition: 0 } : record);
  return topic;
}

function read(topic: string | readonly string[], options: CommandOptions = {}, how: RunOptions = {}) {
  return cluster.run([consume], 'consume', { topic }, { untilEnd: true, ...options }, how);
}

async function lines(...given: Parameters<typeof read>): Promise<string[]> {
  const { out, code, told } = await read(...given);
  assert.equal(code, 0, told.join());
  return out.split('\n').slice(0, -1);
}

test('values are written line by line, from the start to the end', async () => {
  const topic = await topicOf(['one', 'zwölf', { value: null }]);
  assert.deepEqual(await lines(topic), ['one', 'zwölf', '']);
  assert.deepEqual(await lines(topic, { null: true, keyDelimiter: Buffer.from('|') }), [
    ...['NULL|one', 'NULL|zwölf', 'NULL|NULL'],
  ]);
  assert.deepEqual((await read(topic, { delimiter: Buffer.from('--') })).out, 'one--zwölf----');
});

test('it begins and stops at offsets, times, the last and the first so many', async () => {
  const topic = await topicOf(
    ['a', 'b', 'c', 'd', 'e'].map((value, index) => ({ value, timestampMs: 1000 * index })),
  );
  const from = (offset: string, more: CommandOptions = {}) => lines(topic, { offset, ...more });
  assert.deepEqual(await from('3'), ['d', 'e']);
  assert.deepEqual(await from('-2'), ['d', 'e']);
  assert.deepEqual(await from('-99', { count: 2 }), ['a', 'b']);
  assert.deepEqual(await from('+4'), ['e']);
  assert.deepEqual(await from('1970-01-01T00:00:02Z'), ['c', 'd', 'e']);
  assert.deepEqual(await from('@2000', { count: 1 }), []);
  assert.deepEqual(await from('end'), []);
  assert.deepEqual(await from('start', { until: '2', untilEnd: false }), ['a', 'b']);
  assert.deepEqual(await from('1', { until: '1970-01-01T00:00:03Z', untilEnd: false }), ['b', 'c']);
  const untilEnd = false;
  assert.deepEqual(await from('1:3', { untilEnd }), ['b', 'c']);
  assert.deepEqual(await from(':2', { untilEnd }), ['a', 'b']);
  assert.deepEqual(await from('-2:end', { untilEnd }), ['d', 'e']);
  assert.deepEqual(await from('3:'), ['d', 'e']);
  assert.deepEqual(await from('@1:3', { untilEnd }), ['b', 'c']);
  assert.deepEqual(await from('@1970-01-01T00:00:02Z:end', { untilEnd }), ['c', 'd', 'e']);
  assert.deepEqual(await from('@1970-01-01T00:00:02Z:1970-01-01T00:00:04Z', { untilEnd }), ['c', 'd']);
  assert.deepEqual(await from('@:-2h', { untilEnd }), ['a', 'b', 'c', 'd', 'e']);
  for (const offset of ['1:x', 'x:1', '1:2:3']) assert.equal((await read(topic, { offset })).code, 2, offset);
  const twice = await read(topic, { offset: '1:3', until: '2', untilEnd });
  assert.deepEqual(twice.told, ['--until and the end in --offset 1:3 contradict each other']);
  const wrong = await read(topic, { offset: 'yesterday' });
  assert.deepEqual([wrong.code, wrong.told[0]!.slice(0, 28)], [2, '--offset: expected start, en']);
});

test('several topics, some of their partitions, and topics by their names', async () => {
  const first = await topicOf(
    [0, 1, 2].map((partition) => ({ partition, value: `first ${partition}` })),
    3,
  );
  const second = await topicOf(['second']);
  assert.deepEqual((await lines([`${first}:0,2`, second])).sort(), ['first 0', 'first 2', 'second']);
  assert.deepEqual(await lines(first, { partitions: [1] }), ['first 1']);
  const both = await lines(`^(${first}|${second})$`, { regex: true, format: '%t\\n' });
  assert.deepEqual(both.sort(), [first, first, first, second]);
  assert.match((await read(`${first}:7`)).told.join(), /has no partition 7: they are 0 to 2/);
  assert.match((await read('^nothing-like-it', { regex: true })).told.join(), /no topic matches/);
});

test('it waits for more, and ends when it is interrupted, with all that was read', async () => {
  const topic = await topicOf(['first']);
  const interrupt = new AbortController();
  const running = read(topic, { untilEnd: false }, { signal: interrupt.signal });
  await using producer = cluster.kafka.producer();
  await producer.send(topic, { value: 'second' });
  const enough = await read(topic, { untilEnd: false, count: 2 });
  assert.equal(enough.out, 'first\nsecond\n');
  interrupt.abort();
  assert.equal((await running).code, 130);
});

test('it ends where a transaction ends, and leaves out what was aborted when asked to', async () => {
  const topic = await topicOf([]);
  await using producer = cluster.kafka.producer({ transactionalId: topic });
  for (const value of ['kept', 'aborted']) {
    const transaction = await producer.begin();
    await transaction.send(topic, { value });
    await (value === 'kept' ? transaction.commit() : transaction.abort());
  }
  assert.deepEqual(await lines(topic), ['kept', 'aborted']);
  assert.deepEqual(await lines(topic, { committed: true }), ['kept']);
});

test('a group goes on behind what was written, and not before', async () => {
  const topic = await topicOf(['a', 'b', 'c', 'd']);
  const group = `group-${topic}`;
  assert.deepEqual(await lines(topic, { group, count: 2, untilEnd: false }), ['a', 'b']);
  assert.deepEqual(await lines(topic, { group, grep: /d/ }), ['d']);
  assert.deepEqual(await lines(topic, { group }), []);
  assert.equal((await read(topic, { group, offset: '1' })).code, 2);
});

test('a group that would wait for topics that are not there ends with what is wrong', async () => {
  const topic = await topicOf([]);
  const missing = await read(topic.replace('consume', 'consmue'), { group: 'g', untilEnd: false });
  assert.equal(missing.code, 1);
  assert.match(missing.told.join(), new RegExp(`Did you mean ${topic.slice(0, -1)}`));
  const none = await read('^nothing-like-it', { regex: true, group: 'g' });
  assert.deepEqual([none.code, none.told], [1, ['no topic matches ^nothing-like-it']]);
});

test('envelopes are what produce reads back, whatever the bytes', async () => {
  const bytes = Buffer.from([0, 0xff, 0x80]);
  const from = await topicOf([
    {
      key: 'k',
      value: '{"a":1}',
      headers: [
        ['h', '1'],
        ['n', null],
      ],
      timestampMs: 5,
    },
    { key: bytes, value: bytes, timestampMs: 6, headers: [['b', bytes]] },
    { value: null, timestampMs: 7 },
  ]);
  const { out } = await read(from, { jsonEnvelope: true });
  assert.deepEqual(JSON.parse(out.split('\n')[0]!), {
    ...{ topic: from, partition: 0, offset: 0, tstype: 'create', ts: 5, broker: 1 },
    ...{ headers: ['h', '1', 'n', null], key: 'k', payload: '{"a":1}' },
  });
  const to = await topicOf([]);
  await cluster.run([produce], 'produce', { topic: to }, { jsonEnvelope: true }, { stdin: out });
  assert.equal((await read(to, { jsonEnvelope: true })).out, out.replaceAll(from, to));
});

test('format strings say what is shown of a record', async () => {
  const topic = await topicOf([
    {
      key: 'k',
      value: 'väl',
      headers: [
        ['a', '1'],
        ['b', '2'],
      ],
      timestampMs: Date.UTC(2026, 10, 21, 7, 5, 9),
    },
    { value: null, timestampMs: 0 },
  ]);
  const format = async (text: string) => (await read(topic, { format: text, count: 1 })).out;
  assert.equal(await format('%t/%p/%o %k=%v\\n'), `${topic}/0/0 k=väl\n`);
  assert.equal(await format('%K %V %S %H %T'), `1 4 4 2 ${topic.length}`);
  assert.equal(await format('%h|%h{<%k:%v{hex}>}'), 'a=1,b=2|<a:31><b:32>');
  assert.equal(
    await format('%d{iso} %d{strftime[%Y/%m/%d %T]}'),
    '2026-11-21T07:05:09.000Z 2026/11/21 07:05:09',
  );
  assert.equal(await format('%v{base64}\\x21%%%{%}%o{hex16}'), 'dsOkbA==!%{}0000');
  assert.equal(await format('%V{big32}%V{byte}'), '\0\0\0\x04\x04');
  assert.equal(await format('%d{hex64} %V{hex4} %V{hex} %H{bool}'), '000001a1fcec5488 4 4 true');
  assert.equal(
    await format('%d{go[Mon Jan _2 15:04:05.000 2006]} %d{go##06/1/2 3:04PM Z07:00##}'),
    'Sat Nov 21 07:05:09.000 2026 26/11/21 7:05AM Z',
  );
  assert.equal(await format('%d{strftime{%H}} %v{base64raw}'), '07 dsOkbA');
  assert.equal(await format('%v{unpack[>Bh<b$]} %v{unpack[i$]}'), '118-15452108 1822737270');
  assert.equal((await read(topic, { format: '%i:%k:%V;' })).out, '1:k:4;2::-1;');
  for (const wrong of ['%q', 'xml', '%d{nothing}', '%v{unpack[z]}', '%V{big7}'])
    assert.equal((await read(topic, { format: wrong })).code, 2, wrong);
  const short = await read(topic, { format: '%v{unpack[Q]}', count: 1 });
  assert.match(short.told.join(), /offset 0: unpack needs 8 bytes, and there are 4/);
});

test('JSON is pretty or a line each, and hex is shown with what can be read of it', async () => {
  const topic = await topicOf([
    { key: 'k', value: '{"n":12345678901234567}', timestampMs: 5, headers: [['h', 'v']] },
  ]);
  const shape = {
    ...{ topic, partition: 0, offset: 0, timestamp: 5, headers: [{ name: 'h', value: 'v' }], key: 'k' },
    value: '{"n":12345678901234567}',
  };
  assert.equal((await read(topic, { format: 'json' })).out, `${JSON.stringify(shape, null, 2)}\n`);
  assert.equal((await read(topic, { format: 'ndjson' })).out, `${JSON.stringify(shape)}\n`);
  assert.match(
    (await read(topic, { format: 'hex' })).out,
    /: key 6b, 23 bytes\n00000000 {2}7b 22 .* \{"n":12345678901\n/,
  );
});

test('numbers of JSON are written as they stand in the record, whatever doubles make of them', async () => {
  const value =
    '{"id":9007199254740993,"price":1.10,"much":1e400,"none":-0,"list":[12345678901234567890,1.0]}';
  const topic = await topicOf([
    { key: '9007199254740993', value: ` ${value.replace(',', ' , ')}`, timestampMs: 5 },
  ]);
  const as = { keyAs: 'json', valueAs: 'json' };
  assert.deepEqual(await lines(topic, as), [value]);
  assert.deepEqual(await lines(topic, { ...as, format: '%k %v\\n' }), [`9007199254740993 ${value}`]);
  const [line = ''] = await lines(topic, { ...as, format: 'ndjson' });
  assert.ok(line.endsWith(`"key":9007199254740993,"value":${value}}`), line);
  const [envelope = ''] = await lines(topic, { ...as, jsonEnvelope: true });
  assert.ok(envelope.endsWith(`"key":9007199254740993,"payload":${value}}`), envelope);
  assert.deepEqual(await lines(topic, { valueAs: 'auto' }), [value]);
  const pretty = (await lines(topic, { ...as, format: 'json' })).join('\n');
  assert.match(
    pretty,
    /"key": 9007199254740993,\n {2}"value": \{\n {4}"id": 9007199254740993,\n {4}"price": 1\.10,/,
  );
});

test('doubles that JSON has no number for are shown by their names', async () => {
  const double = Buffer.alloc(8);
  double.writeDoubleBE(Number.NEGATIVE_INFINITY);
  const topic = await topicOf([{ key: encode({ d: Number.NaN }), value: double }]);
  const as = { keyAs: 'msgpack', valueAs: 'double' };
  assert.deepEqual(await lines(topic, { ...as, format: '%k %v\\n' }), ['{"d":"NaN"} -Infinity']);
  const [line = ''] = await lines(topic, { ...as, format: 'ndjson' });
  assert.ok(line.endsWith('"key":{"d":"NaN"},"value":"-Infinity"}'), line);
});

test('filters are all to be met, and only what they let through is counted', async () => {
  const topic = await topicOf([
    { key: 'a', value: '{"n":1,"tags":["x"]}', headers: [['type', 'order']] },
    { key: 'b', value: '{"n":2.5,"tags":[]}', headers: [['type', 'refund']] },
    { key: 'a', value: 'no JSON' },
    { key: null, value: null },
  ]);
  const format = '%o ';
  const shown = async (options: CommandOptions) => (await read(topic, { format, ...options })).out.trim();
  assert.equal(await shown({ key: Buffer.from('a') }), '0 2');
  assert.equal(await shown({ header: ['type'] }), '0 1');
  assert.equal(await shown({ header: ['type=order'], grep: /"n"/ }), '0');
  assert.equal(await shown({ where: 'value.n > 1' }), '1');
  assert.equal(await shown({ where: 'value.n * 2 == 5 || offset == 3 && value == null' }), '1 3');
  assert.equal(await shown({ where: 'value.tags.exists(t, t == "x") && headers.type == "order"' }), '0');
  assert.equal(await shown({ where: 'key == "a"', count: 1 }), '0');
  assert.equal(await shown({ where: 'timestamp < timestamp("2001-01-01T00:00:00Z")' }), '');
  const { told, code } = await read(topic, { where: 'value.n > 1' });
  assert.deepEqual([code, told.length], [0, 1]);
  assert.match(told[0]!, /^moldau: --where could not be applied to 2 records, as at /);
  for (const where of ['value.', 'partition + 1', 'nope == 1'])
    assert.equal((await read(topic, { where })).code, 2);
});

test('expressions compare whole numbers of 64 bits exactly, and all numbers with each other', async () => {
  const topic = await topicOf([
    '{"id":9007199254740993,"n":101,"ids":[9007199254740993]}',
    '{"id":9007199254740992,"n":100.50,"ids":[7]}',
    '{"id":-9223372036854775808,"n":1e3,"ids":[]}',
    '{"id":12345678901234567890,"n":5,"ids":[]}',
    '{"id":1e400,"n":5.0,"ids":[]}',
  ]);
  const met: [where: string, offsets: string][] = [
    ['value.id == 9007199254740993', '0'],
    ['9007199254740993 == value.id', '0'],
    ['value.id == 9007199254740992', '1'],
    ['value.id != 9007199254740993', '1 2 3 4'],
    ['value.id > 9007199254740992', '0 3 4'],
    ['value.id in [9007199254740993, 5]', '0'],
    ['9007199254740993 in value.ids || 7 in value.ids', '0 1'],
    ['value.ids.exists(id, id == 9007199254740993)', '0'],
    ['value == {"id": 9007199254740993, "n": 101, "ids": [9007199254740993]}', '0'],
    ['value.id < -9223372036854775807', '2'],
    ['value.id == 12345678901234567890.0', '3'],
    ['value.id > 1.0e300', '4'],
    ['value.n > 100', '0 1 2'],
    ['value.n > 100.4 && value.n <= 101', '0 1'],
    ['value.n == 5', '3 4'],
    ['value.n / 2 == 50.25', '1'],
    ['value.id == 9007199254740993 && value.id - 1 == 9007199254740992', '0'],
    ['string(value.id) == "9007199254740993"', '0'],
  ];
  for (const [where, offsets] of met) {
    for (const as of [{}, { valueAs: 'json' }, { valueAs: 'auto' }]) {
      const { out, told } = await read(topic, { where, format: '%o ', ...as });
      assert.deepEqual([out.trim(), told], [offsets, []], where);
    }
  }
});

test('keys and values are decoded from what they are said to be', async () => {
  const int64 = Buffer.alloc(8);
  int64.writeBigInt64BE(2n ** 60n);
  const topic = await topicOf([{ key: int64, value: encode({ a: [1, 'x'] }) }]);
  const as = (keyAs: string, valueAs: string) =>
    lines(topic, { keyAs, valueAs, keyDelimiter: Buffer.from(' ') });
  assert.deepEqual(await as('int64', 'msgpack'), ['1152921504606846976 {"a":[1,"x"]}']);
  assert.deepEqual(await as('hex', 'base64'), ['1000000000000000 gaFhkgGheA==']);
  assert.deepEqual(
    await lines(topic, {
      keyAs: 'int64',
      valueAs: 'msgpack',
      format: '%k\\n',
      where: 'key > 5 && value.a[1] == "x"',
    }),
    ['1152921504606846976'],
  );
  const wrong = await read(topic, { valueAs: 'json', keyDelimiter: Buffer.from(' ') });
  assert.deepEqual([wrong.code, wrong.out], [1, ''], 'not even its key');
  assert.match(wrong.told.join(), /partition 0, offset 0: /);
});

test('Avro and Protobuf are read by their schemas, with and without a registry’s prefix', async () => {
  const schema = {
    type: 'record',
    name: 'Order',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'item', type: 'string' },
      {
        name: 'lines',
        type: {
          type: 'array',
          items: { type: 'record', name: 'Line', fields: [{ name: 'n', type: 'int' }] },
        },
      },
    ],
  };
  const order = avro.Type.forSchema(schema as never).toBuffer({ id: 7, item: 'tea', lines: [{ n: 3 }] });
  const prefix = Buffer.from([0, 0, 0, 0, 9]);
  const avroTopic = await topicOf([{ value: order }, { value: Buffer.concat([prefix, order]) }]);
  const avroFile = join(folder, 'order.avsc');
  await writeFile(avroFile, JSON.stringify(schema));
  const wantedOrder = '{"id":7,"item":"tea","lines":[{"n":3}]}';
  assert.deepEqual(await lines(avroTopic, { valueSchema: avroFile }), [wantedOrder, wantedOrder]);
  const where = 'value.id == 7 && value.lines[0].n > 2';
  assert.equal((await lines(avroTopic, { valueSchema: avroFile, where })).length, 2);

  const protoFile = join(folder, 'order.proto');
  await writeFile(
    protoFile,
    'syntax = "proto3"; package shop; message Order { int64 id = 1; string item = 2; }',
  );
  const wanted = '{"id":7,"item":"tea"}';
  const message = Buffer.from([8, 7, 18, 3, ...Buffer.from('tea')]);
  const protoTopic = await topicOf([
    { value: message },
    { value: Buffer.concat([prefix, Buffer.from([0]), message]) },
  ]);
  assert.deepEqual(await lines(protoTopic, { valueSchema: protoFile, message: 'shop.Order' }), [
    wanted,
    wanted,
  ]);
  const { code, told } = await read(protoTopic, { valueSchema: protoFile, message: 'Invoice' });
  assert.equal(code, 2);
  assert.match(told[0]!, /has no message Invoice; it has shop\.Order$/);
});

test('the brokers’ own topics are read like any other', async () => {
  const topic = await topicOf(['a']);
  const group = `group-${topic}`;
  assert.deepEqual(await lines(topic, { group }), ['a']);
  const options = { keyAs: 'auto', valueAs: 'auto', format: 'ndjson', where: `key.group == "${group}"` };
  const records = (await lines('__consumer_offsets', options)).map((line) => JSON.parse(line));
  const { key, value } = records.findLast((record) => record.key.kind === 'OffsetCommitKey');
  assert.deepEqual([key.group, key.topic, key.partition], [group, topic, 0]);
  assert.deepEqual([value.kind, value.offset], ['OffsetCommitValue', 1]);
});

test('as a process it ends with its reader without a word, and with Ctrl-C when that is sent', async () => {
  const topic = await topicOf(
    Array.from({ length: 3 }, (_, index) => ({ value: `${index}`.repeat(200_000) })),
  );
  const moldau = new Moldau();
  try {
    const leaving = moldau.run('consume', topic, '-b', cluster.brokers);
    leaving.child.stdout.once('data', () => leaving.child.stdout.destroy());
    const left = await leaving.ended;
    assert.deepEqual([left.code, left.error], [0, '']);
    const waiting = moldau.run('consume', topic, '-b', cluster.brokers, '-f', '%o ');
    waiting.child.stdout.on('data', () => {
      if (waiting.written.out === '0 1 2 ') waiting.child.kill('SIGINT');
    });
    assert.deepEqual(await waiting.ended, { code: 130, out: '0 1 2 ', error: '' });
  } finally {
    moldau.removeAll();
  }
});
