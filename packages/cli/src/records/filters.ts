// Which records are wanted: by key, headers, a pattern in the value, or an expression in CEL.

import type { ConsumerRecord } from '@moldau/client';
import { UsageError } from '../command-line/errors.ts';
import { guessed } from './auto-decoder.ts';
import type { Decoder } from './decoders.ts';
import { numberOf, parseNumbers } from './json.ts';

export type Filter = (record: ConsumerRecord) => boolean;

export interface FilterOptions {
  readonly key?: Buffer | undefined;
  /** Without a value: whatever it has. */
  readonly headers?: readonly (readonly [name: string, value: string | undefined])[] | undefined;
  readonly grep?: RegExp | undefined;
  readonly where?: string | undefined;
  readonly keyDecoder: Decoder | undefined;
  readonly valueDecoder: Decoder | undefined;
  /** Told of records of which the expression cannot be said, as those without the field that it is about. They are left out. */
  readonly onUnclear: (message: string) => void;
}

/** Undefined: all are. @throws UsageError */
export async function filterOf(options: FilterOptions): Promise<Filter | undefined> {
  const filters: Filter[] = [];
  const { key, headers = [], grep, where } = options;
  if (key !== undefined) filters.push(({ keyBytes }) => keyBytes?.equals(key) === true);
  for (const [name, value] of headers) {
    filters.push((record) =>
      record.headers
        .getAll(name)
        .some((each) => value === undefined || (each !== null && each.toString('utf8') === value)),
    );
  }
  if (grep !== undefined)
    filters.push(({ valueBytes }) => valueBytes !== null && grep.test(valueBytes.toString('utf8')));
  if (where !== undefined) filters.push(await expression(where, options));
  if (filters.length <= 1) return filters[0];
  return (record) => filters.every((filter) => filter(record));
}

const ARITHMETIC: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
};

async function expression(text: string, options: FilterOptions): Promise<Filter> {
  const { Environment } = await import('@marcbachmann/cel-js');
  const environment = new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true })
    .registerVariable('topic', 'string')
    .registerVariable('partition', 'int')
    .registerVariable('offset', 'int')
    .registerVariable('timestamp', 'google.protobuf.Timestamp')
    .registerVariable('key', 'dyn')
    .registerVariable('value', 'dyn')
    .registerVariable('headers', 'map<string, string>');
  // Numbers of JSON are doubles, and people write 1, not 1.0.
  for (const [sign, compute] of Object.entries(ARITHMETIC)) {
    const run = (left: number | bigint, right: number | bigint): number =>
      compute(Number(left), Number(right));
    environment.registerOperator(`double ${sign} int`, run).registerOperator(`int ${sign} double`, run);
  }
  let evaluate: (context: object) => unknown;
  try {
    const parsed = environment.parse(text);
    const { valid, type, error } = parsed.check();
    if (!valid) throw error ?? new Error('it is not valid');
    if (type !== 'bool' && type !== 'dyn')
      throw new Error(`it is of type ${type}, and should be true or false`);
    evaluate = (context) => parsed(context as never);
  } catch (error) {
    throw new UsageError(`--where: ${error instanceof Error ? error.message : error}`);
  }
  return (record) => {
    try {
      return evaluate(new RecordVariables(record, options)) === true;
    } catch (error) {
      const { topic, partition, offset } = record;
      const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
      options.onUnclear(`${topic}, partition ${partition}, offset ${offset}: ${reason}`);
      return false;
    }
  };
}

/** What expressions may name; nothing is decoded that they do not. */
class RecordVariables {
  readonly #record: ConsumerRecord;
  readonly #options: FilterOptions;

  constructor(record: ConsumerRecord, options: FilterOptions) {
    this.#record = record;
    this.#options = options;
  }

  get topic(): string {
    return this.#record.topic;
  }

  get partition(): bigint {
    return BigInt(this.#record.partition);
  }

  get offset(): bigint {
    return BigInt(this.#record.offset);
  }

  get timestamp(): Date {
    return new Date(this.#record.timestampMs);
  }

  get key(): unknown {
    return this.#decoded(this.#record.keyBytes, this.#options.keyDecoder);
  }

  get value(): unknown {
    return this.#decoded(this.#record.valueBytes, this.#options.valueDecoder);
  }

  get headers(): Record<string, string> {
    return Object.fromEntries(
      [...this.#record.headers].map(([name, value]) => [name, value?.toString('utf8') ?? '']),
    );
  }

  #decoded(bytes: Buffer | null, decoder: Decoder | undefined): unknown {
    if (bytes === null) return null;
    const { topic, keyBytes } = this.#record;
    if (decoder === undefined) return guessed(bytes, parsed);
    return plain(decoder(bytes, { topic, keyBytes }));
  }
}

function parsed(text: string): unknown {
  return parseNumbers(text, plain);
}

/** Records of Avro are of classes of their own, with which expressions can do nothing; nor can they with numbers that are kept as texts. */
function plain(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given;
  if (Array.isArray(given)) return given.map(plain);
  const value = numberOf(given);
  // No int of CEL is larger.
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? value : Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array || value instanceof Map || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}
