// The JSON files that Kafka's tools read, and what they say when something in them is not as it should be.

import { JavaError, runtimeError } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';

export const adminProblem = (message: string) =>
  new JavaError('org.apache.kafka.tools.AdminOperationException', message);
export const commandProblem = (message: string) =>
  new JavaError('org.apache.kafka.tools.AdminCommandFailedException', message);
const mappingProblem = (message: string) =>
  new JavaError('com.fasterxml.jackson.databind.JsonMappingException', message);

/** undefined: it is no JSON. @throws JavaError when it cannot be read */
export async function readJson(context: ToolContext, path: string): Promise<unknown> {
  const text = await context.disk.readFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new JavaError('java.io.IOException', `Unable to read file ${path}`);
  });
  return parseJson(text.toString('utf8'));
}

/** undefined: it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw mappingProblem(`Expected JSON object, received ${JSON.stringify(value)}`);
}

/** The object that the file is, of the only version there is. @throws JavaError */
export function documentOf(json: unknown): JsonObject {
  const document = objectOf(json);
  const { version = 1 } = document;
  if (integerOf(version) === 1) return document;
  throw adminProblem(`Not supported version field value ${version}`);
}

export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw mappingProblem(`Expected JSON array, received ${JSON.stringify(value)}`);
}

export function textIn(object: JsonObject, field: string): string {
  const value = fieldOf(object, field);
  if (typeof value === 'string') return value;
  throw mappingProblem(`Expected \`String\` value, received ${JSON.stringify(value)}`);
}

export function integerIn(object: JsonObject, field: string, type: 'Integer' | 'Long' = 'Integer'): number {
  return integerOf(fieldOf(object, field), type);
}

export function integerOf(value: unknown, type: 'Integer' | 'Long' = 'Integer'): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw mappingProblem(`Expected \`${type}\` value, received ${JSON.stringify(value)}`);
}

function fieldOf(object: JsonObject, field: string): unknown {
  if (Object.hasOwn(object, field)) return object[field];
  throw mappingProblem(`No such field exists: \`${field}\``);
}

/** Those that stand there again, once each. */
export function twins<Item>(items: readonly Item[]): Item[] {
  const seen = new Set<Item>();
  const again = new Set<Item>();
  for (const item of items) (seen.has(item) ? again : seen).add(item);
  return [...again];
}

/** As where Java reads a file inside something that may not fail. */
export async function wrappingProblems<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const isWrapped = error instanceof JavaError && /^(java\.io\.|com\.fasterxml\.)/.test(error.javaName);
    throw isWrapped ? runtimeError(error) : error;
  }
}
