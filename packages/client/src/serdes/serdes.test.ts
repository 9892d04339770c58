import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SerializationError } from '../errors/kafka-error.ts';
import { topic } from '../topic.ts';
import { checked, json, type StandardSchema } from './json.ts';
import { bigint64, bytes, float32, float64, int16, int32, int64, string } from './primitives.ts';
import { notNull, type Serde } from './serde.ts';

const context = { topic: 't', part: 'value' } as const;

function there<T>(serde: Serde<T>, value: T): Buffer | null {
  const written = serde.serialize(value, context);
  return written === null ? null : Buffer.from(written as string);
}

test('numbers are written as the serializers of Java write them', () => {
  assert.deepEqual(there(int16(), -2), Buffer.from('fffe', 'hex'));
  assert.deepEqual(there(int32(), 1), Buffer.from('00000001', 'hex'));
  assert.deepEqual(there(int64(), -1), Buffer.from('ffffffffffffffff', 'hex'));
  assert.deepEqual(there(float32(), 1.5), Buffer.from('3fc00000', 'hex'));
  assert.deepEqual(there(float64(), 1.5), Buffer.from('3ff8000000000000', 'hex'));
});

test('what was written is read again, and null stays null', () => {
  const back = <T>(serde: Serde<T>, value: T): void => {
    assert.deepEqual(serde.deserialize(there(serde, value), context), value);
    assert.equal(serde.deserialize(serde.serialize(null as T, context) as null, context), null);
  };
  back(bytes(), Buffer.from('ab'));
  back(string(), 'žluťoučký');
  back(json<object>(), { a: [1, null] });
  back(int16(), -0x8000);
  back(int32(), 0x7fffffff);
  back(int64(), Number.MIN_SAFE_INTEGER);
  back(bigint64(), -(2n ** 63n));
  back(float32(), 0.5);
  back(float64(), Math.PI);
});

test('what does not fit is refused with the topic and the part', () => {
  const refusals = [
    () => int16().serialize(0x8000, context),
    () => int32().serialize(1.5, context),
    () => int64().serialize(2 ** 53, context),
    () => bigint64().serialize(2n ** 63n, context),
    () => string().serialize(5 as never, context),
    () => bytes().serialize({} as never, context),
    () => json().serialize(undefined as never, context),
    () => int32().deserialize(Buffer.alloc(3), context),
    () => int64().deserialize(Buffer.from('7fffffffffffffff', 'hex'), context),
    () => json().deserialize(Buffer.from('{'), context),
  ];
  for (const refusal of refusals)
    assert.throws(
      refusal,
      (error) => error instanceof SerializationError && / value .*t\b/.test(error.message),
    );
});

test('notNull refuses null both ways', () => {
  const serde = notNull(string());
  assert.equal(serde.deserialize(Buffer.from('a'), context), 'a');
  assert.throws(() => serde.deserialize(null, context), { code: 'SERIALIZATION_FAILED', topic: 't' });
  assert.throws(() => serde.serialize(null as never, context), { code: 'SERIALIZATION_FAILED' });
});

test('a schema checks what is sent and what is read, and may change what is read', () => {
  const schema: StandardSchema<{ id: number }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof (value as { id?: unknown }).id === 'number'
          ? { value: { id: (value as { id: number }).id } }
          : { issues: [{ message: 'is no number', path: ['id'] }] },
    },
  };
  const serde = json(schema);
  assert.deepEqual(serde.deserialize(Buffer.from('{"id":1,"more":2}'), context), { id: 1 });
  assert.equal(serde.deserialize(null, context), null);
  assert.throws(
    () => serde.deserialize(Buffer.from('{"id":"x"}'), context),
    /does not fit its schema: id: is no number/,
  );
  assert.throws(() => serde.serialize({ id: 'x' } as never, context), /id: is no number/);
  assert.deepEqual(checked(string(), schema).name, 'string');
});

test('a schema that answers later is refused, and its failure is nobody else’s', () => {
  const schema: StandardSchema<string> = {
    '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('late')) },
  };
  assert.throws(() => json(schema).deserialize(Buffer.from('"a"'), context), /synchronous schemas only/);
});

test('a topic without serdes has bytes', () => {
  const plain = topic('t');
  assert.equal(plain.value.name, 'bytes');
  assert.deepEqual(topic('t', { key: string() }).key.deserialize(Buffer.from('k'), context), 'k');
});
