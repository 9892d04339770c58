import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { checkGoldenLine } from './golden.ts';

for (const [file, count] of [
  ['golden.jsonl.gz', 1482],
  ['golden-batches.jsonl.gz', 65],
] as const) {
  test(`decodes and encodes what Kafka wrote in ${file} as Kafka does`, () => {
    const path = new URL(`../fixtures/${file}`, import.meta.url);
    const lines = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n');
    assert.equal(lines.length, count);
    for (const line of lines) {
      const { subject, differences } = checkGoldenLine(line);
      assert.deepEqual(differences, [], subject);
    }
  });
}

test('names what differs in a line that is wrong', () => {
  const line = { name: 'HeartbeatResponse', version: 0, json: { errorCode: 7 }, hex: '0006' };
  const { subject, differences } = checkGoldenLine(JSON.stringify(line));
  assert.equal(subject, 'HeartbeatResponse version 0');
  assert.match(differences.join('\n'), /the decoded value is {"errorCode":6}, not {"errorCode":7}/);
});

test('reports fields that do not exist, and fields of other versions', () => {
  const check = (json: object) =>
    checkGoldenLine(JSON.stringify({ name: 'HeartbeatResponse', version: 0, json, hex: '0006' })).differences;
  assert.deepEqual(check({ errorCode: 6 }), []);
  assert.deepEqual(check({ errorCode: 6, throttleTimeMs: 0 }), []);
  assert.match(check({ errorCode: 6, unheardOf: 1 }).join(), /there is no field unheardOf/);
  assert.equal(check({ errorCode: 6, throttleTimeMs: 5 }).length, 1);
});

test('refuses a line that is none of the known kinds', () => {
  assert.throws(() => checkGoldenLine('{"name":"x"}'), TypeError);
  assert.throws(() => checkGoldenLine('{'), SyntaxError);
});
