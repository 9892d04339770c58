// Writes DER, the encoding of X.509: the dozen types that a certificate is made of (ITU-T X.690).
//
// Each function returns one whole element: its tag, its length and its content.

const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

const CONTEXT = 0x80;
const CONSTRUCTED = 0x20;
/** X.509 writes later years with four digits. */
const LAST_UTC_YEAR = 2049;

export function sequence(...elements: readonly Uint8Array[]): Buffer {
  return element(TAG.SEQUENCE, Buffer.concat(elements));
}

export function set(...elements: readonly Uint8Array[]): Buffer {
  return element(TAG.SET, Buffer.concat(elements));
}

export function boolean(value: boolean): Buffer {
  return element(TAG.BOOLEAN, Buffer.of(value ? 0xff : 0));
}

/** A number that is not negative, from its bytes, the highest first. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const significant = first < 0 ? Buffer.of(0) : bytes.subarray(first);
  const isNegative = significant[0]! >= 0x80;
  return element(TAG.INTEGER, isNegative ? Buffer.concat([Buffer.of(0), significant]) : significant);
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return element(TAG.BIT_STRING, Buffer.concat([Buffer.of(unusedBits), bytes]));
}

export function octetString(bytes: Uint8Array): Buffer {
  return element(TAG.OCTET_STRING, bytes);
}

export function utf8String(text: string): Buffer {
  return element(TAG.UTF8_STRING, Buffer.from(text, 'utf8'));
}

/** From its dotted form, as in '2.5.4.3'. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(TAG.OBJECT_IDENTIFIER, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** To the second. */
export function time(wallMs: number): Buffer {
  const digits = new Date(wallMs).toISOString().replace(/\.\d+|[-:T]/g, '');
  const year = Number(digits.slice(0, 4));
  return year > LAST_UTC_YEAR
    ? element(TAG.GENERALIZED_TIME, Buffer.from(digits))
    : element(TAG.UTC_TIME, Buffer.from(digits.slice(2)));
}

/** An element that its place in a structure tells apart: [number] with elements inside, or with bare content. */
export function tagged(number: number, content: Uint8Array, kind: 'constructed' | 'primitive'): Buffer {
  return element(CONTEXT | number | (kind === 'constructed' ? CONSTRUCTED : 0), content);
}

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(tag), length(content.byteLength), content]);
}

function length(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.of(bytes);
  const digits: number[] = [];
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.of(0x80 | digits.length, ...digits);
}

/** Seven bits a byte, all but the last one marked. */
function base128(value: number): number[] {
  const digits = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift(0x80 | (rest % 128));
  return digits;
}
