// Owns seeded random values of a declaration, for tests that compare codecs: edge values often, shallow arrays, nulls
// where the version allows them.

import { type AnyField, type Fields, isNullable, isPresent } from './schema.ts';
import { uuidFromBytes, ZERO_UUID } from './uuid.ts';

/** A number within [0, 1) for each call. */
export type RandomSource = () => number;

/** A small generator whose whole state is its seed (mulberry32). */
export function seededRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const TEXTS = [
  '',
  'a',
  'orders',
  'group.x',
  'héllo',
  '日志',
  '🎻',
  'x'.repeat(41),
  'y'.repeat(127),
  'é'.repeat(300),
];

/** A value of these fields as decoding would yield it: every field present, absent ones at their default. */
export function randomStruct(
  fields: Fields,
  version: number,
  random: RandomSource,
  defaultOf: (field: AnyField) => unknown,
): { [name: string]: unknown } {
  const value: { [name: string]: unknown } = {};
  for (const [name, field] of Object.entries(fields)) {
    const isLeft = !isPresent(field, version) || random() < 0.1;
    value[name] = isLeft ? defaultOf(field) : randomValue(field, version, random, defaultOf);
  }
  return value;
}

function randomValue(
  field: AnyField,
  version: number,
  random: RandomSource,
  defaultOf: (field: AnyField) => unknown,
): unknown {
  const { type } = field;
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const bits = (count: number) => Math.floor(random() * 2 ** count);
  if (isNullable(field, version) && random() < 0.3) return null;
  switch (type.kind) {
    case 'bool':
      return random() < 0.5;
    case 'int8':
      return pick([0, -1, 127, -128, bits(7)]);
    case 'int16':
      return pick([0, -1, 0x7fff, -0x8000, bits(15)]);
    case 'uint16':
      return pick([0, 1, 0xffff, bits(16)]);
    case 'int32':
      return pick([0, -1, 0x7fffffff, -0x80000000, bits(31)]);
    case 'uint32':
      return pick([0, 1, 0xffffffff, bits(32)]);
    case 'int64':
      return pick([0, -1, -5, 2 ** 53 - 1, 1 - 2 ** 53, bits(53), -bits(40), Number.POSITIVE_INFINITY]);
    case 'bits64':
      return BigInt.asIntN(64, (BigInt(bits(32)) << 32n) | BigInt(bits(32)));
    case 'float64':
      return pick([0, -1.5, Number.MAX_VALUE, Number.NEGATIVE_INFINITY, random()]);
    case 'string':
      return pick(TEXTS);
    case 'uuid':
      return random() < 0.2
        ? ZERO_UUID
        : uuidFromBytes(Buffer.from(Array.from({ length: 16 }, () => bits(8))));
    case 'bytes':
    case 'records':
      return Buffer.alloc(pick([0, 1, 20, 127, 128, 1500]), bits(8));
    case 'array': {
      const length = random() < 0.02 ? 130 : Math.floor(random() * 3);
      return Array.from({ length }, () => randomValue(type.element, version, random, defaultOf));
    }
    case 'struct':
      return randomStruct(type.fields, version, random, defaultOf);
  }
}
