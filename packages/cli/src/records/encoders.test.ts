// What encoders write is what decoders read, and what cannot be written is told with its place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { avroDecoder } from './avro-decoder.ts';
import { avroEncoder } from './avro-encoder.ts';
import { decodedText, decoderOf } from './decoders.ts';
import { type EncoderOptions, encoderOf } from './encoders.ts';

const ORDER_AVRO = JSON.stringify({
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'item', type: 'string' },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'tags', type: { type: 'array', items: 'string' }, default: [] },
    { name: 'scan', type: ['null', 'bytes'], default: null },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['NEW', 'OLD'] }, default: 'NEW' },
    { name: 'size', type: ['int', 'double', 'long'], default: 0 },
  ],
});
const ORDER_PROTO = `syntax = "proto3"; package shop;
enum Kind { NEW = 0; OLD = 1; }
message Order { int64 id = 1; string item_name = 2; repeated int32 counts = 3; map<string, double> prices = 4; bytes scan = 5; Kind kind = 6;
  message Line { string text = 1; } repeated Line lines = 7; }
message Other { string x = 1; }`;

const disk = {
  readFile: (path: string) => Promise.resolve(Buffer.from(path.endsWith('.avsc') ? ORDER_AVRO : ORDER_PROTO)),
};

function encoder(options: Partial<EncoderOptions>) {
  const none = { encoding: undefined, schema: undefined, message: undefined, schemaId: undefined };
  return encoderOf({ ...none, ...options, part: 'value' }, disk).then((found) => found!);
}

async function thereAndBack(options: Partial<EncoderOptions>, text: string): Promise<string> {
  const bytes = (await encoder(options)).ofText(text);
  const { encoding, schema, message } = {
    encoding: undefined,
    schema: undefined,
    message: undefined,
    ...options,
  };
  const decode = await decoderOf({ encoding, schema, message, part: 'value' }, disk);
  const value = decode!(bytes, { topic: 'orders', keyBytes: null });
  return decodedText(value, decode!);
}

const AVRO = { schema: 'order.avsc' };
const PROTO = { schema: 'order.proto', message: 'Order' };

test('what is written is read again as the same', async () => {
  const same: [Partial<EncoderOptions>, string][] = [
    [{ encoding: 'string' }, 'tea'],
    [{ encoding: 'json' }, '{"a":[1,"x"]}'],
    [{ encoding: 'hex' }, '00ff10'],
    [{ encoding: 'base64' }, 'AP8Q'],
    [{ encoding: 'int16' }, '-2'],
    [{ encoding: 'int32' }, '70000'],
    [{ encoding: 'int64' }, '9007199254740993'],
    [{ encoding: 'float' }, '0.5'],
    [{ encoding: 'double' }, '-1e+300'],
    [{ encoding: 'double' }, 'NaN'],
    [{ encoding: 'float' }, '-Infinity'],
    [{ encoding: 'msgpack' }, '{"a":[1,"x",null,9007199254740993]}'],
    [
      AVRO,
      '{"id":9007199254740993,"item":"tea","note":"hot","tags":["a"],"scan":{"bytes":"AP8="},"kind":"OLD","size":{"double":1.5}}',
    ],
    [
      PROTO,
      '{"id":9007199254740993,"item_name":"tea","counts":[1,-2],"prices":{"eur":2.5},"scan":"AP8=","kind":"OLD","lines":[{"text":"x"}]}',
    ],
  ];
  for (const [options, text] of same) {
    const back = await thereAndBack(options, text);
    assert.deepEqual(JSON.parse(quoted(back)), JSON.parse(quoted(withoutUnions(text))), text);
  }
});

/** Bare texts as JSON. */
const quoted = (text: string): string => (/^[[{]/.test(text) ? text : JSON.stringify(text));
/** Unions are shown without a word where what stands there says it. */
const withoutUnions = (text: string): string => text.replace('{"bytes":"AP8="}', '"AP8="');

test('encodings with whole numbers of 64 bits get them exactly, and other numbers however they are spelled', async () => {
  const exact: [Partial<EncoderOptions>, text: string, shown: string][] = [
    [
      { encoding: 'json' },
      '{"n":9007199254740993, "f":[1.10,1e400]}',
      '{"n":9007199254740993,"f":[1.10,1e400]}',
    ],
    [
      { encoding: 'msgpack' },
      '[18446744073709551615,1.50,9007199254740993,1e0]',
      '[18446744073709551615,1.5,9007199254740993,1]',
    ],
    [
      AVRO,
      '{"id":-9223372036854775808,"item":"x","size":{"double":1.50}}',
      '{"id":-9223372036854775808,"item":"x","note":null,"tags":[],"scan":null,"kind":"NEW","size":{"double":1.5}}',
    ],
    [
      PROTO,
      '{"id":9223372036854775807,"counts":[1.0],"prices":{"a":9007199254740993,"b":2.0}}',
      '{"id":9223372036854775807,"counts":[1],"prices":{"a":9007199254740992,"b":2}}',
    ],
  ];
  for (const [options, text, wanted] of exact) assert.equal(await thereAndBack(options, text), wanted);
});

test('fields that are left out are as the schema has them', async () => {
  const wanted = {
    ...{ id: 7, item: 'tea', note: null, tags: [], scan: null, kind: 'NEW', size: { int: 0 } },
  };
  assert.deepEqual(JSON.parse(await thereAndBack(AVRO, '{"id":7,"item":"tea"}')), wanted);
  assert.deepEqual(JSON.parse(await thereAndBack(PROTO, '{"itemName":"tea"}')), { item_name: 'tea' });
});

test('defaults of a schema are whole numbers of 64 bits exactly', () => {
  const schema = (type: string) =>
    `{"type":"record","name":"A","fields":[{"name":"id","type":"${type}","default":9007199254740993}]}`;
  const bytes = avroEncoder(schema('long'), 'a.avsc')({});
  const decoded = avroDecoder(schema('long'), 'a.avsc')(bytes, { topic: 'orders', keyBytes: null });
  assert.deepEqual({ ...(decoded as object) }, { id: 9007199254740993n });
  assert.throws(() => avroEncoder(schema('int'), 'a.avsc'), {
    name: 'UsageError',
    message: /no Avro schema/,
  });
});

test('the number of a schema stands in front, where a registry has it', async () => {
  const text = '{"id":7,"item":"tea"}';
  const [bare, numbered] = await Promise.all([encoder(AVRO), encoder({ ...AVRO, schemaId: 258 })]);
  assert.deepEqual(
    numbered.ofText(text),
    Buffer.concat([Buffer.from('0000000102', 'hex'), bare.ofText(text)]),
  );
  assert.equal((await encoder({ ...PROTO, schemaId: 1 })).ofText('{}').toString('hex'), '000000000100');
  const options = { ...PROTO, schemaId: 3 };
  assert.deepEqual(JSON.parse(await thereAndBack(options, '{"item_name":"tea"}')), { item_name: 'tea' });
});

test('what cannot be written is told with its place', async () => {
  const refused: [Partial<EncoderOptions>, string, RegExp][] = [
    [{ encoding: 'json' }, '{', /no JSON/],
    [{ encoding: 'hex' }, 'abc', /not hexadecimal digits/],
    [{ encoding: 'base64' }, 'ab!c', /not base64/],
    [{ encoding: 'int16' }, '70000', /out of range/],
    [{ encoding: 'int64' }, '1.5', /no whole number/],
    [{ encoding: 'int64' }, '1e300', /no whole number/],
    [{ encoding: 'double' }, 'much', /no number/],
    [AVRO, '{"id":"x","item":"tea"}', /^id is "x", and should be long$/],
    [AVRO, '{"id":7,"item":9007199254740993}', /^item is 9007199254740993, and should be string$/],
    [AVRO, '{"id":7}', /^item is missing, and should be string$/],
    [AVRO, '{"id":7,"item":"tea","itme":1}', /no field itme there: they are id, item,/],
    [AVRO, '{"id":7,"item":"tea","tags":["a",1]}', /^tags\.1 is 1, and should be string$/],
    [AVRO, '{"id":7,"item":"tea","kind":"ODD"}', /^kind is "ODD"/],
    [PROTO, '{"itme":1}', /Order has no field itme: they are id, item_name,/],
    [PROTO, '{"id":"x"}', /^id should be int64$/],
    [PROTO, '{"counts":[1,3000000000]}', /^counts\.1 should be int32$/],
    [PROTO, '{"kind":"ODD"}', /^kind should be one of NEW, OLD$/],
    [PROTO, '{"lines":[{"text":1}]}', /^lines\.0\.text should be string$/],
  ];
  for (const [options, text, message] of refused) {
    const { ofText } = await encoder(options);
    assert.throws(() => ofText(text), { message }, text);
  }
  await assert.rejects(encoder({ encoding: 'avro' }), {
    name: 'UsageError',
    message: /--value-schema FILE\.avsc/,
  });
  await assert.rejects(encoder({ encoding: 'json', schemaId: 1 }), {
    name: 'UsageError',
    message: /avro and protobuf/,
  });
  await assert.rejects(encoder({ schema: 'order.proto' }), {
    name: 'UsageError',
    message: /several messages/,
  });
});
