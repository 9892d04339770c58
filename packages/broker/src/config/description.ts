// What the DescribeConfigs API tells of a key: its value, where it came from, and what stands behind it.

import {
  type ConfigDefinition,
  type ConfigType,
  formatValue,
  isSensitive,
  parseValue,
} from './definition.ts';

/** Kafka's numbers for where a value came from. */
export const ConfigSource = {
  DYNAMIC_TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
  GROUP: 8,
} as const;

export type ConfigSourceCode = (typeof ConfigSource)[keyof typeof ConfigSource];

const TYPE_CODES: Record<ConfigType, number> = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
};

export interface ConfigSynonym {
  readonly name: string;
  /** null when it is a secret. */
  readonly value: string | null;
  readonly source: ConfigSourceCode;
}

export interface ConfigDescription {
  readonly name: string;
  /** null when it is unset or a secret. */
  readonly value: string | null;
  readonly source: ConfigSourceCode;
  readonly readOnly: boolean;
  readonly isSensitive: boolean;
  /** The one in force first. */
  readonly synonyms: readonly ConfigSynonym[];
  /** Kafka's number of the type. */
  readonly type: number;
  readonly documentation: string;
}

export function describe(
  name: string,
  definition: ConfigDefinition,
  options: {
    value: string | null;
    readOnly: boolean;
    /** Also where the type does not say so. */
    isHidden?: boolean;
    synonyms: readonly ConfigSynonym[];
  },
): ConfigDescription {
  const hidden = isSensitive(definition) || options.isHidden === true;
  return {
    name,
    value: hidden ? null : options.value,
    source: options.synonyms[0]?.source ?? ConfigSource.DEFAULT,
    readOnly: options.readOnly,
    isSensitive: hidden,
    synonyms: hidden ? options.synonyms.map((synonym) => ({ ...synonym, value: null })) : options.synonyms,
    type: TYPE_CODES[definition.type],
    documentation:
      definition.inert === undefined
        ? definition.doc
        : `${definition.doc} Has no effect: ${definition.inert}.`,
  };
}

/** As Kafka prints the value of a text that may come from a file; the text itself when it is not valid. */
export function printed(name: string, definition: ConfigDefinition, text: string): string {
  try {
    return formatValue(parseValue(name, definition, text)) ?? text;
  } catch {
    return text;
  }
}
