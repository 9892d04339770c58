import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ConsumerRecord } from '@moldau/client';
import type { CommandOptions } from '../command-line/command.ts';
import { produce } from './produce-verb.ts';
import { TestCluster } from './testing-cluster.ts';

let cluster: TestCluster;
let folder: string;
before(async () => {
  cluster = await TestCluster.start();
  folder = await mkdtemp(join(tmpdir(), 'moldau-produce-'));
});
after(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

let count = 0;
/** A topic of its own, what came of the command, and what stands in the topic then. */
async function send(
  stdin: string | Uint8Array,
  options: CommandOptions = {},
  files: string[] = [],
  partitions = 1,
) {
  const topic = `produce-${count++}-${process.pid}`;
  await cluster.topic(topic, partitions);
  const ran = await cluster.run([produce], 'produce', { topic, file: files }, options, { stdin });
  return { ...ran, topic, records: await recordsOf(topic, partitions) };
}

async function recordsOf(topic: string, partitions: number): Promise<ConsumerRecord[]> {
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 }));
  await using consumer = cluster.kafka.consumer();
  const assigned = consumer.assign(all);
  const marks = await consumer.watermarks(all);
  let left = marks.reduce((sum, { high }) => sum + high, 0);
  const records: ConsumerRecord[] = [];
  if (left === 0) return records;
  for await (const record of assigned) {
    records.push(record);
    if (--left === 0) break;
  }
  return records;
}

const text = (bytes: Buffer | null): string | null => bytes?.toString() ?? null;
const shown = (records: ConsumerRecord[]) => records.map(({ key, value }) => [text(key), text(value)]);

test('each line of standard input is a record, the last one without its end too', async () => {
  const { code, told, records } = await send('one\ntwo\n\nfour');
  assert.deepEqual([code, told], [0, []]);
  assert.deepEqual(shown(records), [
    [null, 'one'],
    [null, 'two'],
    [null, ''],
    [null, 'four'],
  ]);
});

test('keys stand before a delimiter, and empty parts are null where that is asked for', async () => {
  const delimiter = { keyDelimiter: Buffer.from('::') };
  const lines = 'a::1\nno key\nb::\n::x::y\n';
  assert.deepEqual(shown((await send(lines, delimiter)).records), [
    ['a', '1'],
    [null, 'no key'],
    ['b', ''],
    ['', 'x::y'],
  ]);
  assert.deepEqual(shown((await send(lines, { ...delimiter, null: true })).records).slice(2), [
    ['b', null],
    [null, 'x::y'],
  ]);
});

test('key, headers, partition, time and codec are those of all records', async () => {
  const { code, records } = await send(
    'x;y;',
    {
      ...{
        key: Buffer.from('k'),
        header: [
          ['source', 'shop'],
          ['source', 'web'],
        ],
        partition: 2,
      },
      ...{ timestamp: '@1700000000000', compression: 'zstd', delimiter: Buffer.from(';'), count: 1 },
    },
    [],
    3,
  );
  assert.equal(code, 0);
  assert.equal(records.length, 1);
  const [record] = records;
  assert.deepEqual([text(record!.key), text(record!.value)], ['k', 'x']);
  assert.deepEqual([record!.partition, record!.timestampMs], [2, 1_700_000_000_000]);
  assert.deepEqual(record!.headers.getAll('source').map(text), ['shop', 'web']);
});

test('a file is one record, or its lines are', async () => {
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  await writeFile(first, 'a\nb\n');
  await writeFile(second, 'c');
  assert.deepEqual(shown((await send('', {}, [first, second])).records), [
    [null, 'a\nb\n'],
    [null, 'c'],
  ]);
  assert.deepEqual(shown((await send('', { lines: true }, [first, second])).records), [
    [null, 'a'],
    [null, 'b'],
    [null, 'c'],
  ]);
  const missing = await send('', {}, [join(folder, 'missing')]);
  assert.deepEqual([missing.code, missing.told], [1, [`there is no file ${join(folder, 'missing')}`]]);
});

test('envelopes have key, value, headers and time of each record, in several shapes', async () => {
  const lines = [
    { key: 'k', payload: 'v', headers: ['a', '1', 'b', null], ts: 5, partition: 1 },
    { payload: null, headers: { a: ['1', '2'] } },
    { key: 'AAE=', key_encoding: 'base64', payload: { n: 1 }, headers: [{ key: 'a', value: 'x' }] },
  ];
  const input = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const { code, records } = await send(input, { jsonEnvelope: true });
  assert.equal(code, 0);
  assert.deepEqual(shown(records), [
    ['k', 'v'],
    [null, null],
    ['\0\x01', '{"n":1}'],
  ]);
  assert.equal(records[0]!.timestampMs, 5);
  assert.deepEqual(
    records.map(({ headers }) => [...headers].map(([name, value]) => [name, text(value)])),
    [
      [
        ['a', '1'],
        ['b', null],
      ],
      [
        ['a', '1'],
        ['a', '2'],
      ],
      [['a', 'x']],
    ],
  );
  const kept = await send(input, { jsonEnvelope: true, keepPartition: true, partition: 2 }, [], 3);
  assert.deepEqual(kept.records.map(({ partition }) => partition).sort(), [1, 2, 2]);
});

test('a line that is no record is told of by its number, and the others are sent', async () => {
  const json = await send('{"a":1}\n{"a":\n[]\n', { format: 'ndjson' });
  assert.equal(json.code, 1);
  assert.match(json.told.join(), /^moldau: standard input, record 2: it is no JSON: /);
  assert.deepEqual(shown(json.records), [
    [null, '{"a":1}'],
    [null, '[]'],
  ]);
  const nameless = await send('{"key":"k","paylaod":"v"}\n', { jsonEnvelope: true });
  assert.deepEqual(nameless.told, [
    'moldau: standard input, record 1: it has no payload; that of a tombstone is null',
  ]);
  const many = await send('x\n'.repeat(25), { jsonEnvelope: true });
  assert.equal(many.told.length, 12);
  assert.equal(many.told.at(-1), 'moldau: 25 records in all');
});

test('what brokers refuse is told of, and the rest is sent', async () => {
  const { code, told, records } = await send(`${'x'.repeat(1_200_000)}\nsmall\n`);
  assert.equal(code, 1);
  assert.match(
    told.join(),
    /^moldau: "x{40}" was not sent: .* Set max\.message\.bytes of the topic to \d+ or more[^.]*\.$/,
  );
  assert.deepEqual(shown(records), [[null, 'small']]);
  const elsewhere = await send('a\n', { partition: 7 });
  assert.deepEqual([elsewhere.code, elsewhere.told.length], [1, 1]);
  assert.match(elsewhere.told.join(), /The topic has the partitions 0 to 0/);
});

test('files that are too large are told of by their names, and in words of the command', async () => {
  const [small, big, other] = ['small', 'big', 'other'].map((name) => join(folder, name));
  await writeFile(small!, 'small');
  for (const path of [big!, other!]) await writeFile(path!, Buffer.alloc(5_000, 0xff));
  const topic = `produce-${count++}-${process.pid}`;
  await cluster.topic(topic);
  const properties = { 'max.request.size': '3000' };
  const args = { topic, file: [big!, small!, other!] };
  const { code, told } = await cluster.run([produce], 'produce', args, {}, { properties });
  assert.equal(code, 1);
  assert.equal(told.length, 2);
  for (const [index, path] of [big, other].entries()) {
    const said = new RegExp(
      `^moldau: ${path} was not sent: .*-X max\\.request\\.size of the producer allows 3000`,
    );
    assert.match(told[index]!, said);
  }
  assert.deepEqual(shown(await recordsOf(topic, 1)), [[null, 'small']]);
});

test('when no broker can be reached that is said once, and not of each record', async () => {
  const how = { properties: { 'default.api.timeout.ms': 200 }, stdin: 'a\nb\n', brokers: '127.0.0.1:1' };
  const run = (print: boolean) => cluster.run([produce], 'produce', { topic: 'x' }, { print }, how);
  for (const { code, told } of await Promise.all([run(false), run(true)])) {
    assert.deepEqual([code, told.length], [1, 1], told.join('\n'));
    assert.match(told[0]!, /^No broker could be reached; tried this address:\n- 127\.0\.0\.1:1: nothing/);
  }
});

test('offsets of what was sent are printed as JSON lines, in order', async () => {
  const { out, topic } = await send('a\nb\n', { print: true, timestamp: '@7' });
  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [0, 1].map((offset) => ({ topic, partition: 0, offset, timestamp: 7 })),
  );
});

test('options that contradict each other are refused before anything is sent', async () => {
  const { code, told } = await send('a\n', { jsonEnvelope: true, keyDelimiter: Buffer.from(':') });
  assert.equal(code, 2);
  assert.match(told[0]!, /^--key-delimiter: /);
});

test('keys and values are written in the encoding that is asked for, from lines and envelopes', async () => {
  const schema = join(folder, 'order.avsc');
  await writeFile(
    schema,
    JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'id', type: 'long' }] }),
  );
  const options = { keyAs: 'int32', valueSchema: schema };
  const lines = await send('1:{"id":7}\n2:{"id":"x"}\n', { ...options, keyDelimiter: Buffer.from(':') });
  assert.equal(lines.code, 1);
  assert.deepEqual(lines.told, [
    'moldau: standard input, record 2: the value cannot be written: id is "x", and should be long',
  ]);
  const envelopes = '{"key":2,"payload":{"id":-1}}\n{"key":"AQ==","key_encoding":"base64","payload":null}\n';
  const { records } = await send(envelopes, { ...options, jsonEnvelope: true });
  const hex = (bytes: Buffer | null) => bytes?.toString('hex') ?? null;
  assert.deepEqual(
    [...lines.records, ...records].map(({ key, value }) => [hex(key), hex(value)]),
    [
      ['00000001', '0e'],
      ['00000002', '01'],
      ['01', null],
    ],
  );
  assert.deepEqual((await send('x', { ...options, key: Buffer.from('k') })).told, [
    '--key: "k" is no number',
  ]);
});

test('numbers of JSON are stored as they are spelled, whatever doubles make of them', async () => {
  const value = '{"id":9007199254740993,"price":1.10,"much":1e400,"list":[12345678901234567890,1.0]}';
  const spaced = value.replaceAll(',', ' , ');
  const envelope = `{"key":9007199254740993,"payload":${spaced},"ts":1.7e12,"headers":["h",1.10,2.0,"x"]}`;
  const plain = await send(`${envelope}\n{"key":1.0,"payload":12345678901234567890}\n`, {
    jsonEnvelope: true,
  });
  assert.deepEqual(plain.told, []);
  assert.deepEqual(shown(plain.records), [
    ['9007199254740993', value],
    ['1.0', '12345678901234567890'],
  ]);
  const [first] = plain.records;
  assert.equal(first!.timestampMs, 1.7e12);
  assert.deepEqual(
    [...first!.headers].map(([name, bytes]) => [name, text(bytes)]),
    [
      ['h', '1.10'],
      ['2.0', 'x'],
    ],
  );
  const as = { keyAs: 'json', valueAs: 'json' };
  const stored = [['9007199254740993', value]];
  const wanted: [input: string, options: CommandOptions][] = [
    [envelope, { ...as, jsonEnvelope: true }],
    [envelope, { keyAs: 'int64', valueAs: 'json', jsonEnvelope: true }],
    [envelope, { keyAs: 'string', valueAs: 'string', jsonEnvelope: true }],
    [envelope, { valueAs: 'json', jsonEnvelope: true }],
    [`9007199254740993|${spaced}`, { ...as, format: '%k|%v\\n' }],
    [`9007199254740993|${spaced}`, { ...as, keyDelimiter: Buffer.from('|') }],
    [`9007199254740993|${spaced}`, { ...as, keyDelimiter: Buffer.from('|'), format: 'ndjson' }],
    [spaced, { ...as, key: Buffer.from('9007199254740993') }],
  ];
  for (const [input, options] of wanted) {
    const { told, records } = await send(input, options);
    assert.deepEqual(told, []);
    const keys =
      options.keyAs === 'int64'
        ? [[records[0]!.key!.readBigInt64BE().toString(), text(records[0]!.value)]]
        : shown(records);
    assert.deepEqual(keys, stored, JSON.stringify(options));
  }
  const numbers = await send('{"key":7.0,"payload":1e3}', {
    jsonEnvelope: true,
    keyAs: 'int64',
    valueAs: 'int32',
  });
  const [{ key, value: thousand } = {}] = numbers.records;
  assert.deepEqual([numbers.told, key!.readBigInt64BE(), thousand!.readInt32BE()], [[], 7n, 1000]);
});

test('a topic that nobody makes is told of with how to make it, or what it was meant to be', async () => {
  const topic = `produce-known-${process.pid}`;
  await cluster.topic(topic);
  const properties = { 'max.block.ms': 0, 'allow.auto.create.topics': false };
  const mistyped = topic.replace('known', 'knwon');
  for (const options of [{}, { print: true }]) {
    const { code, told } = await cluster.run([produce], 'produce', { topic: mistyped }, options, {
      ...{ properties, stdin: 'x\n' },
    });
    assert.equal(code, 1);
    assert.deepEqual(told.slice(1), [
      `moldau: \`moldau topic create ${mistyped}\` makes the topic. Did you mean ${topic}?`,
    ]);
  }
});

test('lines are read by a format string, as consume writes them', async () => {
  const format = '<%k|%p|%d|%h> %v\\n';
  const { told, records } = await send('<a|0|7|x=1,y=> one|two\n<b|0|8|> \nno\n<c|x|9|> d\n', {
    format,
    null: true,
  });
  assert.deepEqual(shown(records), [
    ['a', 'one|two'],
    ['b', null],
  ]);
  assert.deepEqual(
    records.map(({ timestampMs, headers }) => [
      timestampMs,
      headers.entries.map(([name, value]) => [name, text(value)]),
    ]),
    [
      [
        7,
        [
          ['x', '1'],
          ['y', ''],
        ],
      ],
      [8, []],
    ],
  );
  assert.deepEqual(told, [
    'moldau: standard input, record 3: it does not begin with "<"',
    'moldau: standard input, record 4: %p is "x", and should be a whole number',
  ]);
  const hex = await send('6162:eA==\nxx\n', { format: '%k{hex}:%v{base64}', header: [['h', '1']] });
  assert.deepEqual(shown(hex.records), [['ab', 'x']]);
  assert.equal(text(hex.records[0]!.headers.get('h') ?? null), '1');
  assert.match(hex.told[0]!, /there is no ":" behind %k/);
  for (const wrong of ['%k%v', '%o %v', '%v{json}', '%'])
    assert.equal((await send('x\n', { format: wrong })).code, 2);
});

test('records of given sizes are read wherever they are cut, whatever they hold', async () => {
  const format = '%K{big16}%k%V{little32}%v%H{hex8}%h{%K{2}%k%V{byte}%v}%d{big64}%p,';
  const record = (key: string | null, value: string | null, headers: [string, string][]): Buffer => {
    const bytes = (width: number, number: number, isLittle = false): Buffer => {
      const buffer = Buffer.alloc(width);
      if (isLittle) buffer.writeIntLE(number, 0, width);
      else buffer.writeIntBE(number, Math.max(0, width - 6), Math.min(6, width));
      return buffer;
    };
    return Buffer.concat([
      ...[bytes(2, key?.length ?? -1), Buffer.from(key ?? '')],
      ...[bytes(4, value?.length ?? -1, true), Buffer.from(value ?? '')],
      Buffer.from(`0${headers.length}`),
      ...headers.flatMap(([name, text]) => [
        Buffer.from(`${name.length}`.padStart(2, '0') + name),
        Buffer.concat([bytes(1, text.length), Buffer.from(text)]),
      ]),
      ...[bytes(8, 1_700_000_000_000), Buffer.from('0,')],
    ]);
  };
  const input = Buffer.concat([
    record('k', 'two\nlines', [
      ['a', '1'],
      ['b', ''],
    ]),
    record(null, 'x'.repeat(200_000), []),
    record('gone', null, []),
  ]);
  const { told, records } = await send(input, { format });
  assert.deepEqual(told, []);
  assert.deepEqual(shown(records), [
    ['k', 'two\nlines'],
    [null, 'x'.repeat(200_000)],
    ['gone', null],
  ]);
  assert.deepEqual(
    [...records[0]!.headers].map(([name, value]) => [name, text(value)]),
    [
      ['a', '1'],
      ['b', ''],
    ],
  );
  assert.equal(records[0]!.timestampMs, 1_700_000_000_000);
  const torn = await send(input.subarray(0, -1), { format });
  assert.deepEqual(torn.told, [
    'record 3 does not match --format, so it ends there: the input ends within it',
  ]);
  assert.equal(torn.records.length, 2);
  assert.deepEqual(shown((await send('3 abc\n2 de', { format: '%V %v\\n' })).records), [
    [null, 'abc'],
    [null, 'de'],
  ]);
  // consume writes 200 so.
  for (const [size, modifier] of [
    ['\xc8', 'byte'],
    ['c8', 'hex8'],
    ['\xc8\0', 'little16'],
  ]) {
    const input = Buffer.concat([Buffer.from(size!, 'latin1'), Buffer.alloc(200, 'x')]);
    const { told, records } = await send(input, { format: `%V{${modifier}}%v` });
    assert.deepEqual([told, shown(records)], [[], [[null, 'x'.repeat(200)]]]);
  }
  const letters = await send('5a abcde', { format: '%V{2} %v' });
  assert.match(letters.told.join(), /%V is "5a", and should be a whole number/);
  const huge = await send('\x7fhuge'.padEnd(8, '\0'), { format: '%V{big64}%v' });
  assert.match(huge.told.join(), /ends there: the size of %v is \d+$/);
  for (const wrong of ['%K%k%v', '%V{big7}%v', '%V%v%h', '%V%v%o'])
    assert.equal((await send('x', { format: wrong })).code, 2, wrong);
});
