// What a configuration key is: its type, default, valid range and one line of documentation, declared once.
//
// Values are parsed as Kafka parses them (Java's number syntax, lists split at commas) and printed as Kafka prints
// them. LONG values beyond 2^53 are only meant as "no limit": the largest LONG is Infinity here and prints as itself.

import { splitList } from './text.ts';

export type ConfigType =
  | 'BOOLEAN'
  | 'STRING'
  | 'INT'
  | 'SHORT'
  | 'LONG'
  | 'DOUBLE'
  | 'LIST'
  | 'CLASS'
  | 'PASSWORD';

export type Importance = 'HIGH' | 'MEDIUM' | 'LOW';

/** read-only: needs a restart. per-broker: may differ between brokers. cluster-wide: also as a default for all brokers. */
export type Update = 'read-only' | 'per-broker' | 'cluster-wide';

export interface ValidRange {
  readonly min?: number;
  readonly max?: number;
  /** A value outside the range that is allowed as well. */
  readonly orElse?: number;
  /** The only values allowed; of a list, of each of its elements. */
  readonly oneOf?: readonly string[];
  readonly ignoreCase?: boolean;
  /** A list without elements, or an empty text, is refused. */
  readonly nonEmpty?: boolean;
  /** Anything else: what is wrong with a value, or undefined. */
  readonly check?: (value: never) => string | undefined;
}

export interface ConfigDefinition<Value = unknown> {
  readonly type: ConfigType;
  /** As it is written in a file; null when the key is unset. */
  readonly defaultText: string | null;
  readonly importance: Importance;
  readonly doc: string;
  readonly update: Update;
  readonly range: ValidRange;
  /** Why the key is accepted and has no effect. */
  readonly inert: string | undefined;
  /** Kafka's default where ours differs. */
  readonly kafkaDefault: string | undefined;
  /** Carries the value's type; never present at run time. */
  readonly value?: Value;
}

export interface DefinitionOptions extends ValidRange {
  readonly importance?: Importance;
  readonly update?: Update;
  readonly inert?: string;
  readonly kafkaDefault?: string;
}

type Nullable<Value, Default> = Default extends null ? Value | null : Value;

/** The largest LONG, which Kafka writes for "no limit". */
export const LONG_MAX = Number.POSITIVE_INFINITY;
const LONG_MAX_TEXT = '9223372036854775807';
export const INT_MAX = 2_147_483_647;
const DOUBLE_MAX_TEXT = '1.7976931348623157E308';

export function bool(
  defaultValue: boolean,
  doc: string,
  options?: DefinitionOptions,
): ConfigDefinition<boolean> {
  return define('BOOLEAN', String(defaultValue), doc, options);
}

export function int<D extends number | null>(defaultValue: D, doc: string, options?: DefinitionOptions) {
  return define<Nullable<number, D>>('INT', numberText(defaultValue), doc, options);
}

export function short(
  defaultValue: number,
  doc: string,
  options?: DefinitionOptions,
): ConfigDefinition<number> {
  return define('SHORT', numberText(defaultValue), doc, options);
}

export function long<D extends number | null>(defaultValue: D, doc: string, options?: DefinitionOptions) {
  return define<Nullable<number, D>>('LONG', numberText(defaultValue), doc, options);
}

export function double(
  defaultValue: number,
  doc: string,
  options?: DefinitionOptions,
): ConfigDefinition<number> {
  return define('DOUBLE', numberText(defaultValue), doc, options);
}

export function string<D extends string | null>(defaultValue: D, doc: string, options?: DefinitionOptions) {
  return define<Nullable<string, D>>('STRING', defaultValue, doc, options);
}

export function list<D extends string | null>(defaultValue: D, doc: string, options?: DefinitionOptions) {
  return define<Nullable<readonly string[], D>>('LIST', defaultValue, doc, options);
}

/** Names a Java class in Kafka; here it is only a text. */
export function className(defaultValue: string | null, doc: string, options?: DefinitionOptions) {
  return define<string | null>('CLASS', defaultValue, doc, options);
}

export function password(doc: string, options?: DefinitionOptions): ConfigDefinition<string | null> {
  return define('PASSWORD', null, doc, options);
}

/** Keys that are accepted and do nothing, for one reason. */
export function inert<T extends Record<string, ConfigDefinition>>(reason: string, definitions: T): T {
  const marked = Object.entries(definitions).map(([name, definition]) => [
    name,
    { ...definition, inert: reason },
  ]);
  return Object.fromEntries(marked) as T;
}

export function isSensitive(definition: ConfigDefinition): boolean {
  return definition.type === 'PASSWORD';
}

function define<Value>(
  type: ConfigType,
  defaultText: string | null,
  doc: string,
  options: DefinitionOptions = {},
): ConfigDefinition<Value> {
  const { importance = 'MEDIUM', update = 'read-only', inert, kafkaDefault, ...range } = options;
  return { type, defaultText, importance, doc, update, range, inert, kafkaDefault };
}

function numberText(value: number | null): string | null {
  if (value === null) return null;
  if (value === LONG_MAX) return LONG_MAX_TEXT;
  return value === Number.MAX_VALUE ? DOUBLE_MAX_TEXT : String(value);
}

/** Up to the last @, for a password may have one. */
const URL_CREDENTIALS = /\/\/\S*@/g;

/** A value that does not fit its key. The message says what is allowed, and never repeats a secret. */
export class ConfigValueError extends Error {
  readonly key: string;

  constructor(key: string, text: string, definition: ConfigDefinition, problem: string) {
    const shown = isSensitive(definition)
      ? '[hidden]'
      : JSON.stringify(text).replaceAll(URL_CREDENTIALS, '//[hidden]@');
    super(`Invalid value ${shown} for configuration ${key}: ${problem}`);
    this.name = 'ConfigValueError';
    this.key = key;
  }
}

/** @throws ConfigValueError when the text is not of the key's type or outside its range. */
export function parseValue<Value>(key: string, definition: ConfigDefinition<Value>, text: string): Value {
  const refuse = refusal(key, definition, text);
  const value = parseType(definition, text.trim(), refuse);
  checkRange(definition, value, refuse);
  return value as Value;
}

/** The value of a key that nobody set; some defaults of Kafka lie outside their own range. */
export function defaultValue<Value>(key: string, definition: ConfigDefinition<Value>): Value {
  const text = definition.defaultText;
  return (text === null ? null : parseType(definition, text, refusal(key, definition, text))) as Value;
}

function refusal(key: string, definition: ConfigDefinition, text: string): Refuse {
  return (problem) => {
    throw new ConfigValueError(key, text, definition, problem);
  };
}

/** As Kafka prints a value that was parsed: '007' of an INT is '7', a list has no blanks. */
export function formatValue(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'number') return numberText(value);
  return String(value);
}

/** What a key takes, for messages and documentation: 'an INT of at least 1'. */
export function allowed(definition: ConfigDefinition): string {
  const { type, range } = definition;
  const noun = TYPE_NOUNS[type];
  if (range.oneOf !== undefined) {
    return `${type === 'LIST' ? 'a list of' : 'one of'} ${range.oneOf.join(', ')}`;
  }
  const orElse = range.orElse === undefined ? '' : `, or ${numberText(range.orElse)}`;
  if (range.min !== undefined && range.max !== undefined) {
    return `${noun} from ${numberText(range.min)} to ${numberText(range.max)}${orElse}`;
  }
  if (range.min !== undefined) return `${noun} of at least ${numberText(range.min)}${orElse}`;
  if (range.nonEmpty === true) return `${noun} that is not empty`;
  return noun;
}

const TYPE_NOUNS: Record<ConfigType, string> = {
  BOOLEAN: 'true or false',
  STRING: 'a text',
  INT: 'a whole number of 32 bits',
  SHORT: 'a whole number of 16 bits',
  LONG: 'a whole number of 64 bits',
  DOUBLE: 'a number',
  LIST: 'a list with commas',
  CLASS: 'the name of a class',
  PASSWORD: 'a secret',
};

type Refuse = (problem: string) => never;

const WHOLE_NUMBER_LIMITS: Partial<Record<ConfigType, readonly [bigint, bigint]>> = {
  INT: [-2_147_483_648n, 2_147_483_647n],
  SHORT: [-32_768n, 32_767n],
  LONG: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
};

function parseType(definition: ConfigDefinition, text: string, refuse: Refuse): unknown {
  switch (definition.type) {
    case 'BOOLEAN': {
      const lower = text.toLowerCase();
      return lower === 'true' ? true : lower === 'false' ? false : refuse(`expected ${allowed(definition)}`);
    }
    case 'INT':
    case 'SHORT':
    case 'LONG':
      return parseWholeNumber(definition, text, refuse);
    case 'DOUBLE':
      return parseDouble(definition, text, refuse);
    case 'LIST':
      return splitList(text);
    default:
      return text;
  }
}

function parseWholeNumber(definition: ConfigDefinition, text: string, refuse: Refuse): number {
  if (!/^[+-]?\d+$/.test(text)) return refuse(`expected ${allowed(definition)}`);
  const [min, max] = WHOLE_NUMBER_LIMITS[definition.type]!;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  if (value < min || value > max) return refuse(`expected ${allowed(definition)}`);
  return value === WHOLE_NUMBER_LIMITS.LONG![1] ? LONG_MAX : Number(value);
}

function parseDouble(definition: ConfigDefinition, text: string, refuse: Refuse): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?[dDfF]?$/.test(text))
    return refuse(`expected ${allowed(definition)}`);
  return Number.parseFloat(text);
}

function checkRange(definition: ConfigDefinition, value: unknown, refuse: Refuse): void {
  const { range } = definition;
  if (typeof value === 'number' && value !== range.orElse) {
    const isTooSmall = range.min !== undefined && value < range.min;
    const isTooLarge = range.max !== undefined && value > range.max;
    if (isTooSmall || isTooLarge) refuse(`expected ${allowed(definition)}`);
  }
  const texts = Array.isArray(value) ? (value as string[]) : typeof value === 'string' ? [value] : [];
  if (texts.length !== new Set(texts).size) refuse('expected each element once');
  if (range.nonEmpty === true && texts.every((text) => text === ''))
    refuse(`expected ${allowed(definition)}`);
  if (range.oneOf !== undefined && !texts.every((text) => isOneOf(range, text))) {
    refuse(`expected ${allowed(definition)}`);
  }
  const problem = range.check?.(value as never);
  if (problem !== undefined) refuse(problem);
}

function isOneOf({ oneOf = [], ignoreCase }: ValidRange, text: string): boolean {
  if (ignoreCase !== true) return oneOf.includes(text);
  return oneOf.some((each) => each.toLowerCase() === text.toLowerCase());
}
