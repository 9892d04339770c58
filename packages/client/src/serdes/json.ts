// JSON, and values checked by a validator that follows Standard Schema (standardschema.dev), as zod, valibot and arktype do.

import { SerializationError } from '../errors/kafka-error.ts';
import type { Serde, SerdeContext } from './serde.ts';

/** The part of Standard Schema, version 1, that is used here. */
export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Without a schema, T is taken on trust. With one, values are checked when they are sent and when they are read. */
export function json<T>(schema?: StandardSchema<T>): Serde<T | null> {
  const plain: Serde<T | null> = {
    name: 'json',
    serialize(value, { topic, part }) {
      if (value === null) return null;
      const text: string | undefined = JSON.stringify(value);
      if (text !== undefined) return text;
      throw new SerializationError(
        `The ${part} of a record for ${topic} is ${typeof value}, which JSON cannot write.`,
        { topic },
      );
    },
    deserialize(read, { topic, part }) {
      if (read === null) return null;
      try {
        return JSON.parse(read.toString('utf8')) as T;
      } catch (cause) {
        throw new SerializationError(`The ${part} of a record of ${topic} is no JSON: ${String(cause)}.`, {
          topic,
          cause,
        });
      }
    },
  };
  return schema === undefined ? plain : checked(plain, schema);
}

/** `serde`, with values checked by `schema` when they are sent and when they are read; null passes unchecked. */
export function checked<T>(serde: Serde<unknown>, schema: StandardSchema<T>): Serde<T | null> {
  return {
    name: serde.name,
    serialize(value, context) {
      if (value !== null) conforming(value, schema, context);
      return serde.serialize(value, context);
    },
    deserialize(read, context) {
      const value = serde.deserialize(read, context);
      return value === null ? null : conforming(value, schema, context);
    },
  };
}

function conforming<T>(value: unknown, schema: StandardSchema<T>, { topic, part }: SerdeContext): T {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    // Its outcome is of no use here.
    result.catch(() => {});
    throw new SerializationError(
      `The schema of the ${part}s of ${topic} answers with a promise: serdes take synchronous schemas only.`,
      { topic },
    );
  }
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(describe).join('; ');
  throw new SerializationError(`The ${part} of a record of ${topic} does not fit its schema: ${issues}.`, {
    topic,
  });
}

function describe({ message, path = [] }: SchemaIssue): string {
  const where = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.');
  return where === '' ? message : `${where}: ${message}`;
}
