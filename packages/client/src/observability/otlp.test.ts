import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeMetrics } from './otlp.ts';

type Read = { readonly [field: number]: (Buffer | bigint | Read)[] };

/** Fields of a message, by number; those in `nested` as messages. */
function read(bytes: Buffer, nested: object): Read {
  const fields: { [field: number]: (Buffer | bigint | Read)[] } = {};
  let position = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[position++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (position < bytes.length) {
    const tag = varint();
    const field = tag >> 3;
    let value: Buffer | bigint | Read;
    if (tag % 8 === 0) value = BigInt(varint());
    else if (tag % 8 === 1) {
      value = bytes.subarray(position, position + 8);
      position += 8;
    } else {
      const length = varint();
      value = bytes.subarray(position, position + length);
      position += length;
      const inner = (nested as Record<number, object>)[field];
      if (inner !== undefined) value = read(value, inner);
    }
    fields[field] = [...(fields[field] ?? []), value];
  }
  return fields;
}

const KEY_VALUE = { 2: {} };
const POINT = { 7: KEY_VALUE };
const METRIC = { 5: { 1: POINT }, 7: { 1: POINT } };
const METRICS_DATA = { 1: { 1: { 1: KEY_VALUE }, 2: { 1: {}, 2: METRIC } } };

describe('metrics of OpenTelemetry', () => {
  const written = encodeMetrics({
    resource: { group_id: 'g', long: 'x'.repeat(300) },
    scope: { name: 'scope', version: '1.2' },
    wallMs: 1_767_225_600_123,
    points: [
      { name: 'a.gauge', description: 'of something', value: -1.5, attributes: { node_id: 'node-1' } },
      {
        name: 'a.sum',
        description: '',
        value: 7,
        attributes: {},
        sum: { isDelta: true, sinceWallMs: 1_000 },
      },
      { name: 'whole', description: '', value: 9, attributes: {}, sum: { isDelta: false, sinceWallMs: 0 } },
    ],
  });
  const [all] = read(written, METRICS_DATA)[1] as [Read];
  const [scoped] = all[2] as [Read];
  const metrics = scoped[2] as Read[];
  const text = (value: unknown): string => (value as Buffer).toString();

  it('name the resource and the scope', () => {
    const [resource] = all[1] as [Read];
    const pairs = (resource[1] as Read[]).map((pair) => [
      text(pair[1]![0]),
      text((pair[2]![0] as Read)[1]![0]),
    ]);
    assert.deepEqual(pairs, [
      ['group_id', 'g'],
      ['long', 'x'.repeat(300)],
    ]);
    const [scope] = scoped[1] as [Read];
    assert.deepEqual([text(scope[1]![0]), text(scope[2]![0])], ['scope', '1.2']);
  });

  it('have gauges with their attributes', () => {
    const [gauge] = metrics;
    assert.equal(text(gauge![1]![0]), 'a.gauge');
    assert.equal(text(gauge![2]![0]), 'of something');
    const [point] = (gauge![5]![0] as Read)[1] as [Read];
    assert.equal((point[4]![0] as Buffer).readDoubleLE(), -1.5);
    assert.equal((point[3]![0] as Buffer).readBigUInt64LE(), 1_767_225_600_123_000_000n);
    assert.equal(text((point[7]![0] as Read)[1]![0]), 'node_id');
  });

  it('have sums, of changes or of all, that only grow', () => {
    const sums = metrics.slice(1).map((metric) => metric[7]![0] as Read);
    assert.deepEqual(
      sums.map((sum) => [sum[2]![0], sum[3]![0]]),
      [
        [1n, 1n],
        [2n, 1n],
      ],
    );
    const [point] = sums[0]![1] as [Read];
    assert.equal((point[2]![0] as Buffer).readBigUInt64LE(), 1_000_000_000n);
    assert.equal((point[4]![0] as Buffer).readDoubleLE(), 7);
  });
});
