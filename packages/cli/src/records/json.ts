// JSON whose numbers stay what they are: 9007199254740993, 1.10 and 1e400 are written as they were read, though doubles do not hold them or spell them
// otherwise.
//
// Invariant: among values that were read such a number is what JSON.rawJSON makes of its text, which JSON.stringify writes as it is; all others are numbers.

/** TypeScript does not know them yet. */
const { rawJSON: rawJson, isRawJSON: isRawJson } = JSON as unknown as {
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

interface RawNumber {
  readonly rawJSON: string;
}

/**
 * Of all texts with a number that a double may spell otherwise: with an exponent, more than 15 digits, a zero at the end of a fraction, a tiny one, or -0.
 * JSON within a text, whose quotes have backslashes, is mostly passed over.
 */
const MAY_CHANGE =
  /(?:^|[[,]|(?:[^\\]|\\\\)"\s*:)\s*-?(?:\d[\d.]{15}|[\d.]+[eE]|\d+\.\d*0(?!\d)|0\.0{6}|(?<=-)0(?![\d.]))/;

/** @throws Error for what is no JSON */
export function parseJson(text: string): unknown {
  // To look at each number by itself takes five times as long.
  return MAY_CHANGE.test(text) ? parsed(text, spelled as Reviver) : parsed(text);
}

/** More digits than a double holds for certain. */
const MAY_ROUND = /\d{16}/;

/** For those who compute: whole numbers that no double holds are bigints, all others doubles. @throws Error for what is no JSON */
export function parseNumbers(text: string, toCompute: (value: unknown) => unknown = withNumbers): unknown {
  return MAY_ROUND.test(text) ? toCompute(parseJson(text)) : parsed(text);
}

/** @throws Error for what is no JSON */
export function checkJson(text: string): void {
  parsed(text);
}

type Reviver = (key: string, value: unknown) => unknown;

function parsed(text: string, reviver?: Reviver): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch (error) {
    throw new Error(`it is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** TypeScript does not know the third argument yet. */
function spelled(_key: string, value: unknown, { source }: { readonly source: string }): unknown {
  return typeof value !== 'number' || String(value) === source ? value : rawJson(source);
}

/** What a number that was read is to compute with: a bigint if it is whole and no double holds it. All else as it is. */
export function numberOf(value: unknown): unknown {
  if (!isRawJson(value)) return value;
  const { rawJSON: source } = value;
  const number = Number(source);
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(source) ? number : BigInt(source);
}

/** The same for all numbers in it. */
export function withNumbers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withNumbers);
  if (isRawJson(value)) return numberOf(value);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withNumbers(each)]));
}

/** What was read or decoded: bytes as base64, bigints as numbers, and NaN and the infinities by their names. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, jsonValue, indent) ?? 'null';
}

function jsonValue(this: Readonly<Record<string, unknown>>, key: string, given: unknown): unknown {
  // Buffers have made an object of themselves already.
  const value = this[key];
  if (typeof value === 'bigint') return rawJson(String(value));
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  if (value instanceof Map) return Object.fromEntries(value);
  return given;
}
