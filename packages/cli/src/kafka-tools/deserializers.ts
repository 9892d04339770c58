// Kafka's own deserializers, by the names of their classes: from bytes to the text that Java makes of the value.

import { JavaError } from './java-errors.ts';
import { javaDouble } from './java-text.ts';

/** @throws JavaError for bytes that are something else */
export type Deserializer = (bytes: Buffer) => string | Buffer;

const PACKAGE = 'org.apache.kafka.common.serialization.';

/** Undefined: there is none of this name here. */
export function deserializerOf(className: string): Deserializer | undefined {
  if (!className.startsWith(PACKAGE)) return undefined;
  const name = className.slice(PACKAGE.length);
  return Object.hasOwn(DESERIALIZERS, name) ? DESERIALIZERS[name] : undefined;
}

const DESERIALIZERS: Readonly<Record<string, Deserializer>> = {
  StringDeserializer: (bytes) => bytes,
  // Java shows where the array is in memory, which helps nobody.
  ByteArrayDeserializer: (bytes) => bytes,
  BytesDeserializer: bytesText,
  ShortDeserializer: (bytes) => String(sized(bytes, 2, 'ShortDeserializer').readInt16BE()),
  IntegerDeserializer: (bytes) => String(sized(bytes, 4, 'IntegerDeserializer').readInt32BE()),
  LongDeserializer: (bytes) => String(sized(bytes, 8, 'LongDeserializer').readBigInt64BE()),
  FloatDeserializer: (bytes) => floatText(sized(bytes, 4, 'Deserializer').readFloatBE()),
  DoubleDeserializer: (bytes) => javaDouble(sized(bytes, 8, 'Deserializer').readDoubleBE()),
  BooleanDeserializer: booleanText,
  UUIDDeserializer: uuidText,
};

function problem(message: string): JavaError {
  return new JavaError('org.apache.kafka.common.errors.SerializationException', message);
}

function sized(bytes: Buffer, wanted: number, name: string): Buffer {
  if (bytes.length === wanted) return bytes;
  throw problem(`Size of data received by ${name} is not ${wanted}`);
}

function booleanText(bytes: Buffer): string {
  const [byte] = sized(bytes, 1, 'BooleanDeserializer');
  if (byte === 1) return 'true';
  if (byte === 0) return 'false';
  throw problem(`Unexpected byte received by BooleanDeserializer: ${byte! > 127 ? byte! - 256 : byte}`);
}

/** Java reads each group of digits by itself, however many there are. */
function uuidText(bytes: Buffer): string {
  const groups = bytes.toString('utf8').split('-');
  if (groups.length !== 5 || groups.some((group) => !/^[0-9a-f]{1,16}$/i.test(group)))
    throw problem('Error parsing data into UUID');
  return groups
    .map((group, index) => {
      const digits = UUID_DIGITS[index]!;
      return group.toLowerCase().padStart(digits, '0').slice(-digits);
    })
    .join('-');
}

const UUID_DIGITS = [8, 4, 4, 4, 12];

function bytesText(bytes: Buffer): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x5c
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}

/** With as few digits as tell it from its neighbours. */
function floatText(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return javaDouble(shorter);
  }
  return javaDouble(value);
}
