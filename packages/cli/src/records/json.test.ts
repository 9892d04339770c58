// What is read and written again is spelled as it was, and nothing is missed by the look that decides whether that takes more than JSON.parse.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonText, parseJson, parseNumbers, withNumbers } from './json.ts';

test('numbers keep their spelling wherever they stand', () => {
  const numbers = [
    ...['0', '-0', '0.0', '1.0', '1.10', '10', '-100', '1e5', '1E5', '1e+5', '1.5e-7', '0.0000001', '0.10'],
    ...['9007199254740993', '-9007199254740993', '12345678901234567890', '100000000000000000000000'],
    ...['0.1234567890123456789', '1e400', '-1e400', '1e-400', '0.30000000000000004', '123456789012345'],
  ];
  for (const number of numbers) {
    for (const text of [
      ...[number, ` ${number}\n`, `[${number}]`, `[ 1,\n${number} ]`, `{"a":${number}}`],
      ...[`{"a" :\t${number} ,"b":2}`, `{"__proto__":${number},"1":${number}}`, `{"a":1.0,"a":${number}}`],
      ...[
        `{"":${number}}`,
        `{"a\\\\":${number}}`,
        `{"\\"" : ${number}}`,
        `{"a":"b","\\\\\\"":[[], ${number}]}`,
      ],
    ]) {
      const read = JSON.stringify(parseJson(text));
      const sources = (json: string): string[] =>
        json.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').match(/[-\d][-+.\deE]*/g) ?? [];
      const wanted = text.startsWith('{"a":1.0,') ? [number] : sources(text);
      assert.deepEqual(sources(read), wanted, text);
    }
  }
});

test('numbers of any shape keep their spelling', () => {
  const seed = Date.now() % 1e6;
  let state = seed;
  const below = (bound: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * bound);
  };
  const digits = (count: number): string => Array.from({ length: count }, () => below(10)).join('');
  for (let round = 0; round < 20_000; round++) {
    const whole = String(BigInt(digits(1 + below(22))));
    const fraction = below(2) === 0 ? '' : `.${'0'.repeat(below(8))}${digits(1 + below(18))}`;
    const exponent = below(4) === 0 ? `${'eE'[below(2)]}${['', '+', '-'][below(3)]}${below(400)}` : '';
    const number = `${below(2) === 0 ? '' : '-'}${whole}${fraction}${exponent}`;
    assert.equal(JSON.stringify(parseJson(`[${number}]`)), `[${number}]`, `seed ${seed}`);
  }
});

test('those who compute get whole numbers exactly, and doubles for all others', () => {
  const text =
    '{"a":9007199254740993,"b":[-12345678901234567890,1.50,1e3],"c":{"__proto__":1.0},"d":7,"e":"1.0"}';
  const value = withNumbers(parseJson(text)) as Record<string, unknown>;
  assert.deepEqual(value.a, 9007199254740993n);
  assert.deepEqual(value.b, [-12345678901234567890n, 1.5, 1000]);
  assert.deepEqual(Object.entries(value.c as object), [['__proto__', 1]]);
  assert.deepEqual([value.d, value.e], [7, '1.0']);
  assert.deepEqual(parseNumbers(text), value);
  assert.deepEqual(parseNumbers('[1.50,-0,1e400,1234567890.12345678]'), [
    1.5,
    -0,
    Infinity,
    1234567890.1234567,
  ]);
});

test('what JSON does not have is written as texts and numbers', () => {
  const value = {
    bytes: Buffer.from('x'),
    map: new Map([['a', 2n ** 60n]]),
    none: Number.NaN,
    at: new Date(0),
  };
  assert.equal(
    jsonText(value),
    '{"bytes":"eA==","map":{"a":1152921504606846976},"none":"NaN","at":"1970-01-01T00:00:00.000Z"}',
  );
  assert.throws(() => parseJson('{'), /^Error: it is no JSON: /);
});
