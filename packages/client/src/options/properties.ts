// Kafka's and librdkafka's names of options. Each room that takes options declares one table of them, from which reading, suggestions and the
// documentation follow. Values may be texts, as from a file, or of their type already.

import { OptionsError } from '../errors/kafka-error.ts';

export type Properties = Readonly<Record<string, string | number | boolean | undefined>>;

/** One name; several may lead to the same option. */
export interface PropertyDefinition {
  /** The name in Kafka's Java client, or in librdkafka. */
  readonly name: string;
  readonly origin: 'kafka' | 'librdkafka' | 'both';
  /** Our option: 'requestTimeoutMs', or a part of one: 'sasl.username'. For names without one, undefined. */
  readonly option: string | undefined;
  readonly type: 'text' | 'number' | 'boolean' | 'choice' | 'ignored' | 'refused';
  /** For 'choice': values in lower case, and what the option becomes. */
  readonly choices?: Readonly<Record<string, unknown>>;
  /** Multiplies a number: 1000 for a property in seconds. */
  readonly factor?: number;
  /** For 'ignored' and 'refused' the reason, and what to do instead. */
  readonly why?: string;
}

export interface PropertyTable<Options> {
  /** Whose they are: 'client', 'producer'. */
  readonly room: string;
  readonly definitions: readonly PropertyDefinition[];
  /** Makes options of what was read, by the `option` of its definition. */
  assemble(values: ReadonlyMap<string, unknown>): Partial<Options>;
}

/** A table whose options are named as they are in the definitions. */
export function plainTable<Options>(
  room: string,
  definitions: readonly PropertyDefinition[],
): PropertyTable<Options> {
  return { room, definitions, assemble: (values) => Object.fromEntries(values) as Partial<Options> };
}

/**
 * The options that these properties mean. `others` are tables of which a name may be by mistake.
 * @throws OptionsError for a name that is not in the table, with the nearest that is, and for a value that cannot be
 */
export function applyProperties<Options>(
  table: PropertyTable<Options>,
  properties: Properties,
  others: readonly PropertyTable<unknown>[] = [],
): Partial<Options> {
  const byName = new Map(table.definitions.map((definition) => [definition.name, definition]));
  const values = new Map<string, unknown>();
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    const definition = byName.get(name);
    if (definition === undefined) throw new OptionsError(unknownProperty(name, table, others));
    if (definition.type === 'refused') throw new OptionsError(`The property ${name}: ${definition.why}.`);
    if (definition.type !== 'ignored') values.set(definition.option ?? name, read(definition, value));
  }
  return values.size === 0 ? {} : table.assemble(values);
}

function read(definition: PropertyDefinition, value: string | number | boolean): unknown {
  const { name, type, choices = {}, factor = 1 } = definition;
  const text = String(value).trim();
  const wrong = (expected: string): OptionsError =>
    new OptionsError(`The property ${name} is '${text}', and takes ${expected}.`);
  if (type === 'number') {
    if (!/^-?\d+(\.\d+)?$/.test(text)) throw wrong('a number');
    return Number(text) * factor;
  }
  if (type === 'boolean') {
    if (!/^(true|false)$/i.test(text)) throw wrong('true or false');
    return text.toLowerCase() === 'true';
  }
  if (type === 'choice') {
    const chosen = text.toLowerCase();
    if (!Object.hasOwn(choices, chosen)) throw wrong(`one of ${Object.keys(choices).join(', ')}`);
    return choices[chosen];
  }
  return text;
}

function unknownProperty(
  name: string,
  table: PropertyTable<unknown>,
  others: readonly PropertyTable<unknown>[],
): string {
  for (const other of others) {
    if (other.definitions.some((definition) => definition.name === name))
      return `The property ${name} belongs to the ${other.room}: give it there.`;
  }
  const names = [table, ...others].flatMap(({ definitions }) => definitions.map((each) => each.name));
  const near = nearest(name, names);
  return `There is no property ${name} of the ${table.room}${near === undefined ? '.' : `: did you mean ${near}?`}`;
}

/** The name that takes fewest changes; undefined when none is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  const wanted = plain(name);
  for (const candidate of names) {
    const distance = changes(wanted, plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Dots, dashes, underscores and capitals are what people mix up most. */
function plain(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1.$2')
    .replace(/[-_]/g, '.')
    .toLowerCase();
}

/** Levenshtein's distance. */
function changes(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[right.length]!;
}
